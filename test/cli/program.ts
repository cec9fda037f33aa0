// The command line as users run it: bundled as `npm run build` does, one process a command, in a folder of the test file's own.
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect } from "vitest";
import { NdArray } from "../../src/ndarray";
import { uniforms } from "../uniforms";

export const root = fileURLToPath(new URL("../..", import.meta.url));
const bundles = join(root, `build/cli-test/${process.pid}`);
export const program = join(bundles, "cli.js");
/** Where commands run; of the file under test. */
export let folder = "";
let built: Promise<unknown> | undefined;

/** Builds the program, once a process, and gives this test file a folder. */
export function useProgram(): void {
  beforeAll(async () => {
    await (built ??= promisify(execFile)(process.execPath, [join(root, "scripts/build.mjs"), "bundles", bundles]));
    folder = await mkdtemp(join(tmpdir(), "constella-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
}

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the program itself says on stderr: without the lines of WebGPU's native library. */
export const own = (stderr: string): string[] => stderr.split("\n").filter((line) => line.startsWith("constella: "));

export function constella(...args: string[]): Promise<Result> {
  return run(process.env, ...args);
}

export const run = (env: NodeJS.ProcessEnv, ...args: string[]): Promise<Result> => start(args, env);

/** With what is piped into it. */
export const piped = (input: Uint8Array | string, ...args: string[]): Promise<Result> =>
  start(args, process.env, input);

function start(args: readonly string[], env: NodeJS.ProcessEnv, input?: Uint8Array | string): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...args], { cwd: folder, env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
    if (input !== undefined) child.stdin!.end(input);
  });
}

/** The one line of a refused command. */
export async function refusal(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await constella(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(own(stderr)).toHaveLength(1);
  expect(stderr).not.toMatch(/^\s+at /m);
  return own(stderr)[0]!;
}

export const write = (name: string, content: Uint8Array | string): Promise<void> =>
  writeFile(join(folder, name), content);

/** The files that a folder holds, hidden ones too. */
export const list = async (name: string): Promise<string[]> =>
  (await readdir(join(folder, name)).catch(() => ["none"])).sort();

export const read = (name: string): Promise<Buffer> => readFile(join(folder, name));

export const metricsOf = async (name: string): Promise<Record<string, unknown>> =>
  JSON.parse((await read(`${name}/metrics.json`)).toString()) as Record<string, unknown>;

export const RESULTS = [
  ...["checkpoint.safetensors", "embedding.npy", "labels.csv", "labels.npy", "metrics.json", "report.html"],
];

/** `n` points [n, d] around `k` corners far apart, and whose they are. */
export function blobs(n: number, d: number, k: number): { x: NdArray<Float32Array>; y: Int32Array } {
  const random = uniforms(5);
  const y = Int32Array.from({ length: n }, (_, row) => row % k);
  const data = Float32Array.from({ length: n * d }, (_, at) => {
    const row = Math.floor(at / d);
    return (at % d === y[row] ? 4 : 0) + random();
  });
  return { x: new NdArray(data, [n, d]), y };
}
