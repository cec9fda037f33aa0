import { codes } from "../../../kernels/losses/pair_loss.wgsl";
import { record } from "../../graph";
import * as kernels from "../../kernels/losses";
import { empty, format, run, sameShape, view } from "../../tensor";
import type { Tensor } from "../../tensor";
import type { RowReduction } from "../clustering/dec";
import { sum } from "../reduce";

const PAIR = {
  mse: codes.MSE,
  mae: codes.MAE,
  bce: codes.BCE,
  bceWithLogits: codes.BCE_WITH_LOGITS,
  klDivergence: codes.KL_DIVERGENCE,
} as const;

/** Elements a workgroup or thread adds up at least. */
const PART = 1024;

/** Σ of a vector of parts, as a scalar. */
const total = (parts: Tensor): Tensor => (parts.size === 1 ? view(parts, []) : sum(parts));

/** scale · Σ loss(a, b) over elements, as a scalar. */
function pairLoss(name: keyof typeof PAIR, a: Tensor, b: Tensor, scale: number): Tensor {
  if (!sameShape(a.shape, b.shape))
    throw new Error(`${name}: both tensors must have the same shape, got ${format(a)} and ${format(b)}`);
  const n = a.size;
  if (n === 0) throw new Error(`${name}: nothing to average, shape ${format(a)}`);
  const op = PAIR[name];
  const length = PART * Math.ceil(n / (PART * PART));
  const parts = empty(a.device, [Math.ceil(n / length)], "f32", name);
  run(kernels.pairLoss, { a, b, parts, n, length, op, scale });
  const towards = (side: 0 | 1, dy: Tensor) => (): Tensor => {
    const dx = empty(a.device, a.shape, "f32", name);
    run(kernels.pairLossBackward, { a, b, dy, dx, n, op, side, scale });
    return dx;
  };
  return record(name, total(parts), [a, b], (dy) => [towards(0, dy), towards(1, dy)]);
}

/** Mean squared error: Σ (prediction − target)² / count. A scalar. @throws when the shapes differ */
export const mse = (prediction: Tensor, target: Tensor): Tensor =>
  pairLoss("mse", prediction, target, 1 / prediction.size);

/** Mean absolute error: Σ |prediction − target| / count; the gradient at 0 is 0. A scalar. @throws when the shapes differ */
export const mae = (prediction: Tensor, target: Tensor): Tensor =>
  pairLoss("mae", prediction, target, 1 / prediction.size);

/**
 * Binary cross-entropy of probabilities: −Σ (t ln p + (1 − t) ln(1 − p)) / count, with 0 and 1 taken as the smallest normal
 * float away from them. A scalar. Prefer `bceWithLogits` on the output of a network. @throws when the shapes differ
 */
export const bce = (probability: Tensor, target: Tensor): Tensor =>
  pairLoss("bce", probability, target, 1 / probability.size);

/** `bce(sigmoid(logits), target)`, computed as Σ (ln(1 + eˣ) − x t) / count, finite for every x. @throws when the shapes differ */
export const bceWithLogits = (logits: Tensor, target: Tensor): Tensor =>
  pairLoss("bceWithLogits", logits, target, 1 / logits.size);

/**
 * Kullback-Leibler divergence KL(P‖Q) = Σ p ln(p/q) in nats, 0 where p = 0, with gradients to both; q below the smallest
 * normal float counts as that. `batchmean` (the default) divides by the first size. A scalar. @throws when the shapes differ
 */
export const klDivergence = (p: Tensor, q: Tensor, reduction: RowReduction = "batchmean"): Tensor =>
  pairLoss("klDivergence", p, q, reduction === "sum" ? 1 : 1 / (p.shape[0] ?? 1));
