// Runs of constella cluster that are killed at random moments: from the first one on there is always a checkpoint, never a temporary file, and
// the run that goes on, or begins again where there was none yet, ends with the numbers of one that was not killed.
import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FitsFile, writeFits } from "../../src/astronomy";
import { writeNpy } from "../../src/data/formats/npy/npy";
import { loadMethods, optionsOf } from "../../src/methods";
import type { AnyMethod } from "../../src/methods";
import { clusters, places, takesCubes } from "../../src/cli/commands/cluster";
import { flagOf } from "../../src/cli/method-options";
import { spell } from "../../src/methods/schema";
import { NdArray } from "../../src/ndarray";
import { trialOf } from "../methods/trial";

/** How a run is ended. */
export const ENDINGS = ["SIGKILL", "SIGTERM", "SIGHUP", "SIGINT twice"] as const;
export type Ending = (typeof ENDINGS)[number];

/** Items of a run. */
const N = 240;
const CHECKPOINT = "checkpoint.safetensors";
/** Files whose contents must be the same. */
const RESULTS = ["labels.npy", "labels.csv", "embedding.npy", "labels.fits", "embedding.fits", "results.csv"];

/** Every method that the command line runs on a file. */
export const killable = async (): Promise<AnyMethod[]> =>
  (await loadMethods()).filter((method) => clusters(method) || places(method));

/** What a process came to. */
interface Ended {
  readonly code: number;
  readonly stderr: string;
}

/** A run that nobody killed: its results, and how long it took to the first checkpoint and from there on. */
interface Whole {
  /** Its command, without the folder of results. */
  readonly begun: readonly string[];
  readonly files: readonly Buffer[];
  readonly before: number;
  readonly milliseconds: number;
}

/** The flags of a run of a method that takes a second or so, from those of a trial. */
function flagsOf(method: AnyMethod, trial: Readonly<Record<string, unknown>>): string[] {
  const options = { ...trial };
  const names = new Set(optionsOf(method).map(([name]) => name));
  const long = { epochs: 60, pretrainEpochs: 60, maxIter: 100, layoutEpochs: 200 };
  for (const [name, value] of Object.entries(long)) if (names.has(name)) options[name] = value;
  return flagsFor(options);
}

/** Options of a method as the command line is given them. */
export const flagsFor = (options: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(options).flatMap(([name, value]) => [flagOf(name), spell(value)]);

/** The command that runs a method. */
export const commandOf = ({ clusters }: AnyMethod): "cluster" | "embed" => (clusters === "none" ? "embed" : "cluster");

/** Items as the pixels of a FITS cube, of methods that take them; one pixel more has no data. */
function asCube({ data, shape }: NdArray<Float32Array>): Uint8Array {
  const [n, d] = shape as [number, number];
  const width = n + 1;
  const planes = Float32Array.from({ length: d * width }, (_, at) =>
    at % width < n ? data[(at % width) * d + Math.floor(at / width)]! : NaN,
  );
  return writeFits(new NdArray(planes, [d, 1, width]));
}

/** Runs of methods in a folder by a program, killed and resumed. */
export class Killing {
  readonly #program: string;
  readonly #folder: string;
  readonly #cubes: boolean;
  readonly #whole = new Map<string, Whole>();

  /** @param program cli.js @param folder of the runs, made where it is missing @param cubes whether items are pixels of a cube, of methods that take one */
  constructor(program: string, folder: string, cubes = false) {
    [this.#program, this.#folder, this.#cubes] = [program, folder, cubes];
  }

  /**
   * Kills a run of a method after a share of the time that it takes from its first checkpoint on, or below 0 before that one, and lets it go on.
   * @returns what is wrong, or undefined
   */
  async once(method: AnyMethod, ending: Ending, share: number): Promise<string | undefined> {
    const whole = await this.#wholeRun(method);
    const out = join(this.#folder, `${method.name}-${ending.replace(" ", "-")}`);
    await rm(out, { recursive: true, force: true });
    const early = share < 0;
    let after = early ? (1 + share) * whole.before : share * whole.milliseconds;
    let killed = await this.#kill(whole.begun, out, ending, after, early);
    // it may be over sooner than it was when it was timed
    for (let again = 0; killed.code === 0 && again < 8; again++) {
      await rm(out, { recursive: true, force: true });
      killed = await this.#kill(whole.begun, out, ending, (after /= 2), early);
    }
    if (killed.code === 0)
      return `it was over before it was killed, ${after.toFixed(0)} ms after ${early ? "it began" : "its first checkpoint"}`;
    const files = await readdir(out).catch((): string[] => []);
    const kept = files.includes(CHECKPOINT);
    if (!kept && !early) return `no checkpoint, exit ${killed.code}: ${killed.stderr}`;
    if (ending !== "SIGKILL" && files.some((name) => name.startsWith("."))) return `left ${files.join(", ")}`;
    const [command, data] = whole.begun;
    const again = await this.#run(kept ? [command!, data!, "--resume", ...DEVICE] : whole.begun, out);
    if (again.code !== 0) return `going on ended with ${again.code}: ${again.stderr}`;
    const left = (await readdir(out)).filter((name) => name.startsWith("."));
    if (left.length > 0) return `left ${left.join(", ")}`;
    const results = await this.#results(out);
    const differs = whole.files.findIndex((file, i) => !file.equals(results[i]!));
    return differs < 0 ? undefined : `${RESULTS[differs]} differs from that of a run that was not killed`;
  }

  async #wholeRun(method: AnyMethod): Promise<Whole> {
    const known = this.#whole.get(method.name);
    if (known) return known;
    await mkdir(this.#folder, { recursive: true });
    const { x, options } = trialOf(method, N);
    const isCube = this.#cubes && takesCubes(method) === "rows";
    const data = `${method.name}.${isCube ? "fits" : "npy"}`;
    await writeFile(join(this.#folder, data), isCube ? asCube(x) : writeNpy(x));
    const begun = [commandOf(method), data, "--method", method.name, ...flagsOf(method, options), ...DEVICE];
    const out = join(this.#folder, `${method.name}-whole`);
    await rm(out, { recursive: true, force: true });
    const begin = performance.now();
    let first = begin;
    const { code, stderr } = await this.#run(begun, out, async () => {
      first = performance.now();
    });
    if (code !== 0) throw new Error(`${method.name}: ${stderr}`);
    const milliseconds = performance.now() - first;
    const whole = { begun, files: await this.#results(out), before: first - begin, milliseconds };
    this.#whole.set(method.name, whole);
    return whole;
  }

  #kill(begun: readonly string[], out: string, ending: Ending, after: number, early: boolean): Promise<Ended> {
    const killing = async (kill: (signal: NodeJS.Signals) => void): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, after));
      if (ending !== "SIGINT twice") return kill(ending);
      kill("SIGINT");
      await new Promise((resolve) => setTimeout(resolve, 20));
      kill("SIGINT");
    };
    return this.#run(begun, out, killing, early);
  }

  /** Runs the program into a folder; `begun` is called when its first checkpoint is there, or at once. */
  async #run(
    args: readonly string[],
    out: string,
    begun?: (kill: (signal: NodeJS.Signals) => void) => Promise<void>,
    atOnce = false,
  ): Promise<Ended> {
    const child = spawn(process.execPath, [this.#program, ...args, "--out", out], {
      cwd: this.#folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (chunk) => (stderr += String(chunk)));
    const ended = new Promise<Ended>((resolve) =>
      child.on("close", (code) => resolve({ code: code ?? -1, stderr: said(stderr) })),
    );
    if (begun) {
      while (!atOnce && child.exitCode === null && !(await readdir(out).catch((): string[] => [])).includes(CHECKPOINT))
        await new Promise((resolve) => setTimeout(resolve, 5));
      await begun((signal) => void child.kill(signal));
    }
    return ended;
  }

  #results(out: string): Promise<Buffer[]> {
    return Promise.all(
      RESULTS.map(async (name) => {
        const content = await readFile(join(out, name)).catch(() => Buffer.alloc(0));
        return name.endsWith(".fits") && content.length > 0 ? valuesOf(content) : content;
      }),
    );
  }
}

/** The values of a FITS image: HISTORY has the command, and that of a run that goes on is another. */
async function valuesOf(content: Uint8Array): Promise<Buffer> {
  const { data } = await (await FitsFile.open(content)).image().read();
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** What a process says of its end: the line of an error that nobody caught, or else its last. */
function said(stderr: string): string {
  const lines = stderr.trim().split("\n");
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1)!;
}

const DEVICE = ["--device", "wasm", "--threads", "1"];
