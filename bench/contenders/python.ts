// Contenders in Python: libraries that the user's own interpreter has, each in a process that measures its own milliseconds.
import { spawn, spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Program, Result } from "../workload";

/** What a contender in Python is given. */
export interface PythonProblem {
  /** A file beside this one that ends in `serve.serve(…)`. */
  readonly script: string;
  /** Packages that it imports. */
  readonly packages: readonly string[];
  /** What JSON holds of the problem. */
  readonly problem: object;
  /** Read by `serve.array(name, *shape)` with these element types. */
  readonly arrays: Readonly<Record<string, Float32Array | Float64Array | Int32Array | Uint8Array>>;
  /** What `serve.save` writes, as float32. */
  readonly outputs: readonly string[];
  /** Environment of the process, for the number of threads that libraries read there. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Variables that hold the libraries of numerical Python to so many threads. */
export const threadVariables = (threads: number): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"].map((name) => [
      name,
      `${threads}`,
    ]),
  );

/** The first interpreter that has the packages: `$PYTHON`, the one on the path, the system's. */
export function interpreter(packages: readonly string[]): string {
  const candidates = [process.env.PYTHON, "python3", "/usr/bin/python3"].filter((path) => path !== undefined);
  const imports = ["numpy", ...packages].join(", ");
  const found = candidates.find((path) => spawnSync(path, ["-c", `import ${imports}`]).status === 0);
  if (!found) throw new Error(`none of ${candidates.join(", ")} has ${imports}`);
  return found;
}

const suffixOf = (values: PythonProblem["arrays"][string]): string =>
  values instanceof Float32Array
    ? "f32"
    : values instanceof Float64Array
      ? "f64"
      : values instanceof Int32Array
        ? "i32"
        : "u8";

/** A process with the problem in a folder of its own; arrays travel as raw files. */
export async function python({ script, packages, problem, arrays, outputs, env }: PythonProblem): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), "constella-bench-"));
  await writeFile(join(folder, "problem.json"), JSON.stringify(problem));
  for (const [name, values] of Object.entries(arrays))
    await writeFile(join(folder, `${name}.${suffixOf(values)}`), values);
  const child = spawn(interpreter(packages), [`bench/contenders/${script}`, folder], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  process.on("exit", () => {
    child.kill("SIGKILL"); // it may be stopped
    rmSync(folder, { recursive: true, force: true }); // a contender may read of it in every run
  });
  child.stdin.on("error", () => {}); // its end is reported below
  let problems = "";
  child.stderr.on("data", (text: Buffer) => (problems += text.toString()));
  const failed = new Promise<never>((_, reject) => {
    child.on("error", reject);
    child.on("exit", () => reject(new Error(`python3: ${problems.trim().split("\n").at(-1) ?? "ended"}`)));
  });
  failed.catch(() => {});
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { done, value } = await Promise.race([lines.next(), failed]);
    return done ? failed : value;
  };
  const ask = (command: string): Promise<string> => {
    child.stdin.write(`${command}\n`);
    return next();
  };
  /** Stops it between its turns, in which threads of its libraries would poll (OpenBLAS' for tens of milliseconds) in the time of whoever comes next. */
  const inTurn = async (command: string): Promise<string> => {
    const stops = process.platform !== "win32";
    if (stops) child.kill("SIGCONT");
    try {
      return await ask(command);
    } finally {
      if (stops) child.kill("SIGSTOP");
    }
  };
  await next();
  return {
    run: async () => Number(await inTurn("run")),
    result: async (): Promise<Result> => {
      await inTurn("result");
      const entries = outputs.map(async (name): Promise<[string, Float32Array]> => {
        const bytes = await readFile(join(folder, `${name}.f32`));
        return [name, new Float32Array(new Uint8Array(bytes).buffer)];
      });
      return Object.fromEntries(await Promise.all(entries));
    },
  };
}
