import type { GemmProblem, StepProblem } from "../workloads/problems";
import type { RbdlstmProblem } from "../workloads/rbdlstm";
import type { VaeProblem } from "../workloads/vae";
import type { VggProblem } from "../workloads/vgg";
import type { Program } from "../workload";
import { python } from "./python";

/** Where PyTorch computes; on the CPU with one thread. */
export type TorchDevice = "cpu" | "cuda";

const steps = (
  problem: object,
  arrays: Readonly<Record<string, Float32Array>>,
  outputs: readonly string[],
): Promise<Program> => python({ script: "torch_steps.py", packages: ["torch"], problem, arrays, outputs });

/** C = A B */
export const gemm =
  (device: TorchDevice) =>
  ({ n, a, b, repeats }: GemmProblem): Promise<Program> =>
    steps({ kind: "gemm", device, n, repeats }, { a, b }, ["c"]);

/** One training step by `torch.optim.SGD`. */
export const step =
  (device: TorchDevice) =>
  ({ x, weights, biases, ...sizes }: StepProblem): Promise<Program> => {
    const arrays = Object.fromEntries(
      weights.flatMap((weight, l) => [[`w${l}`, weight] as const, [`b${l}`, biases[l]!] as const]),
    );
    return steps({ kind: "step", device, ...sizes }, { x, ...arrays }, ["losses", "parameters"]);
  };

/** One training step of the convolutional network by `torch.optim.SGD`. */
export const vgg =
  (device: TorchDevice) =>
  ({ x, labels, parameters, ...sizes }: VggProblem): Promise<Program> => {
    const arrays = Object.fromEntries(parameters.map(({ values }, p) => [`p${p}`, values] as const));
    const problem = { kind: "vgg", device, ...sizes, shapes: parameters.map(({ shape }) => shape) };
    return steps(problem, { x, labels: Float32Array.from(labels), ...arrays }, ["losses", "parameters"]);
  };

/** One training step of residual bidirectional LSTM layers by `torch.optim.SGD`. */
export const rbdlstm =
  (device: TorchDevice) =>
  ({ x, parameters, ...sizes }: RbdlstmProblem): Promise<Program> => {
    const arrays = Object.fromEntries(parameters.map(({ values }, p) => [`p${p}`, values] as const));
    const problem = { kind: "rbdlstm", device, ...sizes, shapes: parameters.map(({ shape }) => shape) };
    return steps(problem, { x, ...arrays }, ["losses", "parameters"]);
  };

/** One training step of a variational autoencoder by `torch.optim.SGD`. */
export const vae =
  (device: TorchDevice) =>
  ({ x, eps, keep, parameters, ...sizes }: VaeProblem): Promise<Program> => {
    const arrays = Object.fromEntries(parameters.map(({ values }, p) => [`p${p}`, values] as const));
    const problem = { kind: "vae", device, ...sizes, shapes: parameters.map(({ shape }) => shape) };
    return steps(problem, { x, eps, keep, ...arrays }, ["losses", "parameters"]);
  };
