import references from "./references.json";
import { checkSummary } from "./problems";
import type { Parameter } from "./vgg";
import { uniform, type Result } from "../workload";

/**
 * One step of SGD with momentum on residual bidirectional LSTM layers, y = x + BLSTM(x), from zero states; the loss is the mean
 * of the squared outputs. The recurrent core of "Learning to Cluster".
 */
export interface RbdlstmProblem {
  /** Sequences, and their steps. */
  readonly batch: number;
  readonly steps: number;
  /** Of the input and of every output; half of them are the units of a direction. */
  readonly features: number;
  readonly layers: number;
  readonly learningRate: number;
  readonly momentum: number;
  /** [batch, steps, features], uniform in [-1, 1). */
  readonly x: Float32Array;
  /** For each layer and direction in order: input weight [4h, features], recurrent weight [4h, h], bias [4h]; gates i, f, g, o. */
  readonly parameters: readonly Parameter[];
}

/** Arrays of parameters of a direction. */
export const PER_DIRECTION = 3;

/** Four layers of 288 features as they start: everything U(±1 / √units). */
export function rbdlstmProblem(): RbdlstmProblem {
  const [batch, steps, features, layers] = [25, 72, 288, 4];
  const h = features / 2;
  let seed = 100;
  const drawn = (shape: number[]): Parameter => ({
    shape,
    values: uniform(
      shape.reduce((a, b) => a * b),
      seed++,
      -1 / Math.sqrt(h),
      1 / Math.sqrt(h),
    ),
  });
  const parameters = Array.from({ length: 2 * layers }, () => [
    drawn([4 * h, features]),
    drawn([4 * h, h]),
    drawn([4 * h]),
  ]).flat();
  const x = uniform(batch * steps * features, 90, -1, 1);
  return { batch, steps, features, layers, learningRate: 1, momentum: 0.9, x, parameters };
}

/** Multiply-adds count two: products with the input and with the state before, forward, and two gradients of each but the first layer's input's. */
export function rbdlstmFlops(): number {
  const [rows, features, layers] = [25 * 72, 288, 4];
  const h = features / 2;
  const input = rows * 8 * h * features;
  const recurrent = rows * 8 * h * h;
  return 2 * (3 * layers * (input + recurrent) - input);
}

/** Loss and parameters after the first step against a float64 computation (`rbdlstm-reference.ts`). */
export function checkRbdlstm({ parameters }: RbdlstmProblem, result: Result): string {
  const starts = parameters.map(({ values }) => values);
  return checkSummary(references.rbdlstm, starts, result);
}
