import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { GemmProblem, StepProblem } from "../problems";
import type { RbdlstmProblem } from "../rbdlstm";
import type { VggProblem } from "../vgg";
import type { Program, Result } from "../workload";

/** Where PyTorch computes; on the CPU with one thread. */
export type TorchDevice = "cpu" | "cuda";

/** The first interpreter that has PyTorch: `$PYTHON`, the one on the path, the system's. */
function interpreter(): string {
  const candidates = [process.env.PYTHON, "python3", "/usr/bin/python3"].filter((path) => path !== undefined);
  const found = candidates.find((path) => spawnSync(path, ["-c", "import numpy, torch"]).status === 0);
  if (!found) throw new Error(`none of ${candidates.join(", ")} has PyTorch`);
  return found;
}

/** A Python process with the problem in a folder of its own; arrays travel as raw float32 files. It measures its own milliseconds. */
async function start(
  problem: object,
  arrays: Readonly<Record<string, Float32Array>>,
  outputs: readonly string[],
): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), "constella-bench-"));
  await writeFile(join(folder, "problem.json"), JSON.stringify(problem));
  for (const [name, values] of Object.entries(arrays)) await writeFile(join(folder, `${name}.f32`), values);
  const child = spawn(interpreter(), ["bench/torch_steps.py", folder], { stdio: ["pipe", "pipe", "pipe"] });
  process.on("exit", () => child.kill());
  child.stdin.on("error", () => {}); // its end is reported below
  let problems = "";
  child.stderr.on("data", (text: Buffer) => (problems += text.toString()));
  const failed = new Promise<never>((_, reject) => {
    child.on("error", reject);
    child.on("exit", () => reject(new Error(`python3: ${problems.trim().split("\n").at(-1) ?? "ended"}`)));
  });
  failed.catch(() => {});
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => String((await Promise.race([lines.next(), failed])).value);
  const ask = (command: string): Promise<string> => {
    child.stdin.write(`${command}\n`);
    return next();
  };
  await next();
  return {
    run: async () => Number(await ask("run")),
    result: async (): Promise<Result> => {
      await ask("result");
      const entries = outputs.map(async (name): Promise<[string, Float32Array]> => {
        const bytes = await readFile(join(folder, `${name}.f32`));
        return [name, new Float32Array(new Uint8Array(bytes).buffer)];
      });
      const result = Object.fromEntries(await Promise.all(entries));
      await rm(folder, { recursive: true, force: true });
      return result;
    },
  };
}

/** C = A B */
export const gemm =
  (device: TorchDevice) =>
  ({ n, a, b, repeats }: GemmProblem): Promise<Program> =>
    start({ kind: "gemm", device, n, repeats }, { a, b }, ["c"]);

/** One training step by `torch.optim.SGD`. */
export const step =
  (device: TorchDevice) =>
  ({ x, weights, biases, ...sizes }: StepProblem): Promise<Program> => {
    const arrays = Object.fromEntries(
      weights.flatMap((weight, l) => [[`w${l}`, weight] as const, [`b${l}`, biases[l]!] as const]),
    );
    return start({ kind: "step", device, ...sizes }, { x, ...arrays }, ["losses", "parameters"]);
  };

/** One training step of the convolutional network by `torch.optim.SGD`. */
export const vgg =
  (device: TorchDevice) =>
  ({ x, labels, parameters, ...sizes }: VggProblem): Promise<Program> => {
    const arrays = Object.fromEntries(parameters.map(({ values }, p) => [`p${p}`, values] as const));
    const problem = { kind: "vgg", device, ...sizes, shapes: parameters.map(({ shape }) => shape) };
    return start(problem, { x, labels: Float32Array.from(labels), ...arrays }, ["losses", "parameters"]);
  };

/** One training step of residual bidirectional LSTM layers by `torch.optim.SGD`. */
export const rbdlstm =
  (device: TorchDevice) =>
  ({ x, parameters, ...sizes }: RbdlstmProblem): Promise<Program> => {
    const arrays = Object.fromEntries(parameters.map(({ values }, p) => [`p${p}`, values] as const));
    const problem = { kind: "rbdlstm", device, ...sizes, shapes: parameters.map(({ shape }) => shape) };
    return start(problem, { x, ...arrays }, ["losses", "parameters"]);
  };
