import { codes } from "../../../kernels/losses/cross_entropy.wgsl";
import { noGrad, record } from "../../graph";
import * as kernels from "../../kernels/losses";
import { empty, format, run, sameShape } from "../../tensor";
import type { Tensor } from "../../tensor";
import { div, mul } from "../elementwise";
import { sum } from "../reduce";
import { logSoftmax, seriesOf } from "../softmax";

const GOAL = { labels: codes.LABELS, distribution: codes.DISTRIBUTION } as const;
const WEIGHTING = { none: codes.UNWEIGHTED, rows: codes.BY_ROW, classes: codes.BY_CLASS } as const;

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions {
  /** A weight for each row, [n]. */
  weights?: Tensor;
  /** A weight for each class, [k]; a row's weight is that of its label. */
  classWeights?: Tensor;
  /** What the weighted sum is divided by: the sum of the weights (the default), or the number of rows. */
  normalization?: "sum_weights" | "mean";
}

/** Per row: its part of the loss, max and ln Σ e^(x − max), and its weight. */
interface Rows {
  readonly parts: Tensor;
  readonly stats: Tensor;
  readonly mass: Tensor;
}

function forward(x: Tensor, goal: Tensor, op: number, weights: Tensor, weighting: number, scale: number): Rows {
  const [n, k] = x.shape as [number, number];
  const parts = empty(x.device, [n], "f32", "crossEntropy");
  const stats = empty(x.device, [n, 2], "f32", "crossEntropy");
  const mass = empty(x.device, [n], "f32", "crossEntropy");
  const { lanes } = seriesOf("crossEntropy", x, 1);
  run(kernels.crossEntropy, { x, goal, weights, parts, stats, mass, n, k, lanes, op, weighting, scale });
  return { parts, stats, mass };
}

function towardsLogits(x: Tensor, goal: Tensor, op: number, { stats, mass }: Rows, dy: Tensor, scale: number): Tensor {
  const dx = empty(x.device, x.shape, "f32", "crossEntropy");
  const [n, k] = x.shape as [number, number];
  run(kernels.crossEntropyBackward, { x, goal, stats, mass, dy, dx, n, k, op, scale });
  return dx;
}

function checkLogits(op: string, x: Tensor): void {
  if (x.rank !== 2 || x.size === 0) throw new Error(`${op}: logits must be [n, k], got ${format(x)}`);
}

/**
 * Cross-entropy of logits [n, k] against labels [n] (u32): the mean over rows of −ln softmax(x)_label; with weights
 * Σ w_i ce_i / Σ w_i, or / n for `normalization: "mean"`. A scalar, with a gradient to the logits. A label of k or more
 * leaves its row out: loss, gradient and weight 0. @throws when shapes or types do not fit
 */
export function crossEntropy(logits: Tensor, labels: Tensor, options: CrossEntropyOptions = {}): Tensor {
  checkLogits("crossEntropy", logits);
  const [n, k] = logits.shape as [number, number];
  const { weights, classWeights, normalization = "sum_weights" } = options;
  if (labels.dtype !== "u32" || !sameShape(labels.shape, [n]))
    throw new Error(
      `crossEntropy: labels must be u32 of shape [${n}], got ${labels.dtype} of ${format(labels)}; crossEntropySoft takes distributions`,
    );
  if (weights && classWeights) throw new Error("crossEntropy: weights or classWeights, both were given");
  if (weights && !sameShape(weights.shape, [n]))
    throw new Error(`crossEntropy: weights must be of shape [${n}], got ${format(weights)}`);
  if (classWeights && !sameShape(classWeights.shape, [k]))
    throw new Error(`crossEntropy: classWeights must be of shape [${k}], got ${format(classWeights)}`);
  const given = weights ?? classWeights;
  const weighting = WEIGHTING[weights ? "rows" : classWeights ? "classes" : "none"];
  const divide = given !== undefined && normalization === "sum_weights";
  const scale = divide ? 1 : 1 / n;
  const rows = forward(logits, labels, GOAL.labels, given ?? logits, weighting, scale);
  const total = divide ? sum(rows.mass) : undefined;
  const loss = total ? div(sum(rows.parts), total) : sum(rows.parts);
  return record("crossEntropy", loss, [logits], (dy) => [
    () => towardsLogits(logits, labels, GOAL.labels, rows, total ? div(dy, total) : dy, scale),
  ]);
}

/**
 * Cross-entropy of logits [n, k] against distributions [n, k]: the mean over rows of −Σ_j t_j ln softmax(x)_j. A scalar, with
 * gradients to both. @throws when the shapes differ
 */
export function crossEntropySoft(logits: Tensor, target: Tensor): Tensor {
  checkLogits("crossEntropySoft", logits);
  if (target.dtype !== "f32" || !sameShape(logits.shape, target.shape))
    throw new Error(
      `crossEntropySoft: target must be f32 of shape ${format(logits)}, got ${target.dtype} of ${format(target)}`,
    );
  const scale = 1 / logits.shape[0]!;
  const rows = forward(logits, target, GOAL.distribution, logits, WEIGHTING.none, scale);
  return record("crossEntropySoft", sum(rows.parts), [logits, target], (dy) => [
    () => towardsLogits(logits, target, GOAL.distribution, rows, dy, scale),
    () => noGrad(() => mul(logSoftmax(logits), mul(dy, -scale))),
  ]);
}
