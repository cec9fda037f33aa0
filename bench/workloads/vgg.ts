import references from "./references.json";
import { checkSummary } from "./problems";
import { uniform, type Result } from "../workload";

/** An array of parameters by the shape that PyTorch gives it. */
export interface Parameter {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * One step of SGD with momentum on the two-block VGG: twice [convolution 3 × 3 without bias, batch normalization, ReLU] × 2 and
 * max pooling, then three linear layers, batch normalization and ReLU after the first, ReLU after the second; cross-entropy.
 */
export interface VggProblem {
  readonly batch: number;
  readonly side: number;
  readonly classes: number;
  readonly learningRate: number;
  readonly momentum: number;
  /** [batch, 1, side, side], uniform in [-1, 1). */
  readonly x: Float32Array;
  /** [batch] */
  readonly labels: Uint32Array;
  /** In order: weight, gamma, beta of each convolution; weight, bias, gamma, beta of the first linear layer; weight and bias of the others. */
  readonly parameters: readonly Parameter[];
}

/** Input and output channels, and side of the images, of each convolution. */
export const CONVOLUTIONS = [
  { inputs: 1, outputs: 16, side: 45 },
  { inputs: 16, outputs: 16, side: 45 },
  { inputs: 16, outputs: 32, side: 22 },
  { inputs: 32, outputs: 32, side: 22 },
] as const;
/** Sizes of the linear layers. */
const SIZES = [32 * 11 * 11, 512, 512, 256] as const;
const BATCH = 64;

/** The network as it starts: weights and biases U(±1 / √fan_in), gamma 1, beta 0. */
export function vggProblem(): VggProblem {
  let seed = 60;
  const drawn = (shape: number[], fanIn: number): Parameter => {
    const limit = 1 / Math.sqrt(fanIn);
    return {
      shape,
      values: uniform(
        shape.reduce((a, b) => a * b),
        seed++,
        -limit,
        limit,
      ),
    };
  };
  const norm = (size: number): Parameter[] =>
    [1, 0].map((value) => ({ shape: [size], values: new Float32Array(size).fill(value) }));
  const convolutions = CONVOLUTIONS.flatMap(({ inputs, outputs }) => [
    drawn([outputs, inputs, 3, 3], 9 * inputs),
    ...norm(outputs),
  ]);
  const linear = SIZES.slice(1).flatMap((size, l) => {
    const own = [drawn([size, SIZES[l]!], SIZES[l]!), drawn([size], SIZES[l]!)];
    return l === 0 ? [...own, ...norm(size)] : own;
  });
  return {
    batch: BATCH,
    side: 45,
    classes: SIZES[3],
    learningRate: 0.01,
    momentum: 0.9,
    x: uniform(BATCH * 45 * 45, 50, -1, 1),
    labels: Uint32Array.from({ length: BATCH }, (_, i) => (i * 37) % SIZES[3]),
    parameters: [...convolutions, ...linear],
  };
}

/** Multiply-adds count two: forward, and two gradients of each layer but the first, which has no gradient to its input. */
export function vggFlops(): number {
  const convolutions = CONVOLUTIONS.map(({ inputs, outputs, side }) => 9 * inputs * outputs * side * side);
  const products = [...convolutions, ...SIZES.slice(1).map((size, l) => size * SIZES[l]!)];
  return 2 * BATCH * (3 * products.reduce((a, b) => a + b) - products[0]!);
}

/** Loss and parameters after the first step against a float64 computation (`vgg-reference.ts`). */
export function checkVgg({ parameters }: VggProblem, result: Result): string {
  const starts = parameters.map(({ values }) => values);
  return checkSummary(references.vgg, starts, result);
}
