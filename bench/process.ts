import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Racer } from "./harness";
import { measureRoof, type Roof, type RoofFigures } from "./roofs/roof";
import type { AnyWorkload, Program } from "./workload";

/** Set to `cpu` by `--cpu`; inherited by the contenders' processes. */
export const CLOCK = "CONSTELLA_BENCH_CLOCK";

/** Milliseconds that a contender has to end in. */
const PATIENCE = 10_000;

/** Milliseconds, of the wall or of this process on all its threads. */
function now(): number {
  if (process.env[CLOCK] !== "cpu") return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

type Command = "prepare" | "run" | "roof";
interface Reply {
  remark?: string;
  ms?: number;
  roof?: RoofFigures;
  error?: string;
}

/** A process of its own that runs this same program; libraries would disturb each other in one. */
class Child {
  readonly #process: ChildProcess;
  #problems = "";

  constructor(args: readonly string[], execArgv: readonly string[]) {
    const options = {
      execArgv: [...process.execArgv, ...execArgv],
      stdio: ["ignore", "ignore", "pipe", "ipc"] as ["ignore", "ignore", "pipe", "ipc"],
    };
    this.#process = fork(fileURLToPath(import.meta.url), args, options);
    this.#process.stderr?.on(
      "data",
      (text: Buffer) => (this.#problems = (this.#problems + text.toString()).slice(-2000)),
    );
  }

  ask(command: Command): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null, signal: string | null): void => {
        const lines = this.#problems.trim().split("\n");
        const last = lines.find((line) => /Error|FATAL/.test(line)) ?? lines.at(-1);
        reject(new Error(`the process ended by ${signal ?? `exit ${code}`}${last ? `: ${last}` : ""}`));
      };
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) {
        onExit(this.#process.exitCode, this.#process.signalCode);
        return;
      }
      this.#process.once("exit", onExit);
      this.#process.once("message", (reply: Reply) => {
        this.#process.off("exit", onExit);
        if (reply.error) reject(new Error(reply.error));
        else resolve(reply);
      });
      this.#process.send(command);
    });
  }

  /** Lets it end, so that it takes its files along; kills what does not. */
  stop(): void {
    this.#process.removeAllListeners();
    if (!this.#process.connected) return;
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), PATIENCE);
    this.#process.once("exit", () => clearTimeout(timer));
    this.#process.disconnect();
  }
}

/** A contender in its own process. */
export function contenderProcess(workload: AnyWorkload, contender: AnyWorkload["contenders"][number]): Racer {
  let child: Child | undefined;
  return {
    name: contender.name,
    prepare: async () => {
      child = new Child(["--contender", workload.name, contender.name], contender.execArgv ?? []);
      const { remark = "", ms = 0 } = await child.ask("prepare");
      return { remark, ms };
    },
    run: async () => (await child!.ask("run")).ms!,
    stop: () => child?.stop(),
  };
}

/** Measures a roof in its own process. */
export async function roofProcess(roof: Roof, execArgv: readonly string[]): Promise<RoofFigures> {
  const child = new Child(["--roof", roof], execArgv);
  try {
    return (await child.ask("roof")).roof!;
  } finally {
    child.stop();
  }
}

/** The other end: answers commands until it is stopped. */
export function serve(answer: (command: Command) => Promise<Reply>): void {
  process.on("message", (command: Command) => {
    answer(command).then(
      (reply) => process.send!(reply),
      (error: unknown) =>
        process.send!({ error: error instanceof Error ? error.message : String(error) } satisfies Reply),
    );
  });
  process.on("disconnect", () => process.exit());
}

async function timed(program: Program): Promise<number> {
  const start = now();
  return (await program.run()) ?? now() - start;
}

/** Serves one contender. */
export function serveContender(workload: AnyWorkload, name: string): void {
  let program: Program | undefined;
  serve(async (command) => {
    if (command === "prepare") {
      const opened = await workload.open(name);
      program = opened.program;
      let ms = 0;
      for (let i = 0; i < workload.validationRuns; i++) ms = await timed(program);
      return { remark: await opened.check(await program.result()), ms };
    }
    return { ms: await timed(program!) };
  });
}

/** Serves one roof. */
export function serveRoof(roof: Roof): void {
  serve(async () => ({ roof: await measureRoof(roof) }));
}
