import { codes } from "../../../kernels/losses/pairwise_loss.wgsl";
import { noGrad, record } from "../../graph";
import { checkFlag, checkInteger } from "../../checks";
import * as kernels from "../../kernels/losses";
import { empty, format, run, sameShape, tensor } from "../../tensor";
import type { Tensor } from "../../tensor";
import { add, div, floorAt, log, mul, neg, scale, shift, square, sub } from "../elementwise";
import { gatherRows } from "../indexing";
import { concat, stack } from "../layout";
import { matmul } from "../matmul";
import { max, mean, sum } from "../reduce";
import { reshape } from "../shape";
import { logSoftmax, softmax } from "../softmax";

const PAIRWISE = {
  crossEntropy: codes.CROSS_ENTROPY,
  contrastive: codes.CONTRASTIVE,
  disagreement: codes.DISAGREEMENT,
} as const;

/** More features than this do not fit in a thread's work area. */
const MAX_FEATURES = 32768;

/** What the kernels are given beside tensors. */
interface PairwiseLoss {
  readonly op: keyof typeof PAIRWISE;
  readonly same?: number;
  readonly different?: number;
  readonly limit?: number;
  /** 2 where only one of (i, j) and (j, i) is to count. */
  readonly redundant: 1 | 2;
}

/** Sizes of [sets, items, features]. */
function sizesOf(name: string, x: Tensor, labels: Tensor): { batch: number; n: number; d: number } {
  const [batch = 0, n = 0, d = 0] = x.shape;
  if (x.rank !== 3 || x.size === 0 || d > MAX_FEATURES)
    throw new Error(
      `${name}: items must be [sets, items, features], none 0, at most ${MAX_FEATURES} features, got ${format(x)}`,
    );
  if (labels.dtype !== "u32" || !sameShape(labels.shape, [batch, n]))
    throw new Error(`${name}: labels must be u32 of shape [${batch}, ${n}], got ${labels.dtype} of ${format(labels)}`);
  return { batch, n, d };
}

/** What a launch takes: the mean over sets of the mean over pairs. */
function launchParams(name: string, a: Tensor, labels: Tensor, loss: PairwiseLoss) {
  const { batch, n, d } = sizesOf(name, a, labels);
  const { op, same = 1, different = 1, limit = 0, redundant } = loss;
  const scale = n === 1 ? 0 : 2 / redundant / (batch * n * (n - 1));
  return { n, d, batch, op: PAIRWISE[op], same, different, limit, scale };
}

/** The sum of the losses of all ordered pairs, scaled, and its gradient with respect to a; that to b is the same with a and b changed over. */
function pairs(name: string, labels: Tensor, params: ReturnType<typeof launchParams>) {
  return {
    forward: (a: Tensor, b: Tensor): Tensor => {
      const rows = empty(a.device, labels.shape, "f32", name);
      run(kernels.pairwiseLoss, { a, b, labels, rows, ...params });
      return sum(rows);
    },
    backward: (a: Tensor, b: Tensor, dy: Tensor): Tensor => {
      const da = empty(a.device, a.shape, "f32", name);
      run(kernels.pairwiseLossBackward, { a, b, labels, dy, da, ...params });
      return da;
    },
  };
}

/** Mean over sets and pairs i < j of a loss of s_ij = Σ_c w_c f_ic f_jc; f [batch, n, c], w [batch, 1, c]. */
function symmetricPairs(
  name: string,
  f: Tensor,
  w: Tensor,
  labels: Tensor,
  loss: Omit<PairwiseLoss, "redundant">,
): Tensor {
  const { forward, backward } = pairs(name, labels, launchParams(name, f, labels, { ...loss, redundant: 2 }));
  const weighted = noGrad(() => mul(f, w));
  const y = noGrad(() => forward(weighted, f));
  return record(name, y, [f, w], (dy) => {
    let slopes: Tensor | undefined; // Σ_j loss'(s_ij) f_j
    const own = (): Tensor => (slopes ??= backward(weighted, f, dy));
    return [() => scale(mul(own(), w), 2), () => sum(mul(own(), f), 1, true)];
  });
}

/** Mean over sets of the mean over pairs i < j of loss(a_i · b_j) + loss(a_j · b_i). */
function orderedPairs(
  name: string,
  a: Tensor,
  b: Tensor,
  labels: Tensor,
  loss: Omit<PairwiseLoss, "redundant">,
): Tensor {
  const { forward, backward } = pairs(name, labels, launchParams(name, a, labels, { ...loss, redundant: 1 }));
  const y = noGrad(() => forward(a, b));
  return record(name, y, [a, b], (dy) => [() => backward(a, b, dy), () => backward(b, a, dy)]);
}

/** Sets, items and cluster counts of the assignments for 1 … K clusters. */
function checkAssignments(name: string, assignments: readonly Tensor[]): { batch: number; n: number } {
  const [batch = 0, n = 0] = assignments[0]?.shape ?? [];
  const fits = assignments.every((a, i) => sameShape(a.shape, [batch, n, i + 1]));
  if (assignments.length === 0 || !fits || batch * n === 0)
    throw new Error(
      `${name}: assignments must be [sets, items, k] for k = 1, 2, …, got ${assignments.map(format).join(", ") || "none"}`,
    );
  return { batch, n };
}

/** All assignments side by side, [batch, n, K(K + 1)/2], and P(k) for each of their columns, [batch, 1, K(K + 1)/2]. */
function joined(name: string, counts: Tensor, assignments: readonly Tensor[]): { f: Tensor; w: Tensor } {
  const { batch } = checkAssignments(name, assignments);
  const kMax = assignments.length;
  if (!sameShape(counts.shape, [batch, kMax]))
    throw new Error(`${name}: P(k) must be ${format([batch, kMax])}, got ${format(counts)}`);
  const columns = (kMax * (kMax + 1)) / 2;
  const spread = new Float32Array(kMax * columns);
  for (let k = 0, at = 0; k < kMax; k++) for (let l = 0; l <= k; l++) spread[k * columns + at++] = 1;
  const w = matmul(counts, tensor(counts.device, spread, [kMax, columns]));
  return { f: kMax === 1 ? assignments[0]! : concat(assignments, 2), w: reshape(w, [batch, 1, columns]) };
}

/** Options of `pairwiseCrossEntropy`. */
export interface PairwiseCrossEntropyOptions {
  /** Weight of pairs of one cluster, φ₁. Default 1; `pairWeights` gives it from how frequent they are. */
  readonly same?: number;
  /** Weight of pairs of two clusters, φ₀. Default 1. */
  readonly different?: number;
  /** Probabilities are taken within [eps, 1 − eps]; the gradient beyond is that at the bound. Default 1e-7, as Keras. */
  readonly eps?: number;
}

/**
 * The clustering loss L_ca of "Learning to Cluster" (Meier 2018, section 5.4): with P_ij = Σ_k P(k) Σ_l P(l|x_i, k) P(l|x_j, k),
 * −mean(φ₁ y_ij ln P_ij + φ₀ (1 − y_ij) ln(1 − P_ij)) over the pairs i < j of each set, then over sets; y_ij is 1 within a cluster.
 * Memory grows with the number of items, not of pairs; 0 for sets of one item. A scalar.
 * @param counts P(k) [batch, K]
 * @param assignments P(l|x_i, k) [batch, n, k] for k = 1 … K
 * @param labels true clusters, u32 [batch, n]
 * @throws when a shape does not fit the others
 */
export function pairwiseCrossEntropy(
  counts: Tensor,
  assignments: readonly Tensor[],
  labels: Tensor,
  { same = 1, different = 1, eps = 1e-7 }: PairwiseCrossEntropyOptions = {},
): Tensor {
  const { f, w } = joined("pairwiseCrossEntropy", counts, assignments);
  return symmetricPairs("pairwiseCrossEntropy", f, w, labels, { op: "crossEntropy", same, different, limit: eps });
}

/**
 * 1 minus the Rand index with probabilities in place of decisions: mean(y_ij (1 − P_ij) + (1 − y_ij) P_ij) over pairs and sets,
 * with P_ij as in `pairwiseCrossEntropy`, whose arguments it takes. A scalar.
 */
export function randIndexLoss(counts: Tensor, assignments: readonly Tensor[], labels: Tensor): Tensor {
  const { f, w } = joined("randIndexLoss", counts, assignments);
  return symmetricPairs("randIndexLoss", f, w, labels, { op: "disagreement" });
}

/** P_ij(k) = Σ_l P(l|x_i, k) P(l|x_j, k) for k = 1 … K, [batch, K, n, n]; arguments as of `pairwiseCrossEntropy`. For small sets. */
export function pairProbabilitiesByCount(assignments: readonly Tensor[]): Tensor {
  checkAssignments("pairProbabilitiesByCount", assignments);
  return stack(
    assignments.map((a) => matmul(a, a, { transB: true })),
    1,
  );
}

/** P_ij = Σ_k P(k) P_ij(k), the formula also where i = j, [batch, n, n]; arguments as of `pairwiseCrossEntropy`. For small sets. */
export function pairProbabilities(counts: Tensor, assignments: readonly Tensor[]): Tensor {
  const { f, w } = joined("pairProbabilities", counts, assignments);
  return matmul(mul(f, w), f, { transB: true });
}

/**
 * −ln P(k) of the true number of clusters, averaged over sets: L_cc. A scalar.
 * @param counts P(k) for k = 1 … K, [batch, K]
 * @param truth u32 [batch], each from 1 to K
 */
export function clusterCountLoss(counts: Tensor, truth: Tensor): Tensor {
  const [batch = 0, kMax = 0] = counts.shape;
  if (counts.rank !== 2 || truth.dtype !== "u32" || !sameShape(truth.shape, [batch]))
    throw new Error(
      `clusterCountLoss: P(k) must be [sets, K] with as many u32 counts, got ${format(counts)} and ${truth.dtype} ${format(truth)}`,
    );
  const chosen = gatherRows(oneHots(counts, kMax, 1), truth);
  return neg(mean(log(floorAt(sum(mul(counts, chosen), 1), 1.1754944e-38))));
}

/** Rows `first` … `first + n − 1` are those of the identity; the rows before are 0. */
function oneHots(like: Tensor, n: number, first = 0): Tensor {
  const rows = new Float32Array((first + n) * n);
  for (let i = 0; i < n; i++) rows[(first + i) * n + i] = 1;
  return tensor(like.device, rows, [first + n, n]);
}

/** Σ over ordered pairs i ≠ j of a_i · a_j, for [batch, n, k]; a scalar. */
const pairSum = (a: Tensor): Tensor => sub(sum(square(sum(a, 1))), sum(square(a)));

/**
 * Penalty on pairs that are together among k + 1 clusters though apart among k: mean of P_ij(k + 1) (1 − P_ij(k)) over k < K,
 * pairs and sets: L_CA. By Σ_ij (a_i·a_j)(b_i·b_j) = ‖AᵀB‖², without a matrix of pairs. A scalar, 0 for sets of one item or K = 1.
 * @param assignments as of `pairwiseCrossEntropy`
 */
export function clusterAssignmentLoss(assignments: readonly Tensor[]): Tensor {
  const { batch, n } = checkAssignments("clusterAssignmentLoss", assignments);
  const pairCount = batch * n * (n - 1) * (assignments.length - 1);
  let total = scale(sum(assignments[0]!), 0);
  if (pairCount === 0) return total;
  for (let k = 1; k < assignments.length; k++) {
    const [a, b] = [assignments[k - 1]!, assignments[k]!];
    const all = sum(square(matmul(a, b, { transA: true })));
    const own = sum(mul(sum(square(a), 2), sum(square(b), 2)));
    total = add(total, sub(pairSum(b), sub(all, own)));
  }
  return scale(total, 1 / pairCount);
}

/**
 * Penalty on empty clusters: 1 − the mean over k, and over the clusters l of k, of max_i P(l|x_i, k), averaged over sets: L_NE. A scalar.
 * @param assignments as of `pairwiseCrossEntropy`
 */
export function emptyClusterLoss(assignments: readonly Tensor[]): Tensor {
  checkAssignments("emptyClusterLoss", assignments);
  const best = assignments.map((a) => mean(max(a, 1))).reduce((total, part) => add(total, part));
  return shift(scale(best, -1 / assignments.length), 1);
}

/** Options of `divergenceLoss`. */
export interface DivergenceLossOptions {
  /** Divergence in nats from which on items of two clusters cost nothing. Default 2. */
  readonly margin?: number;
  /** x holds logits of the distributions. Default false. */
  readonly logits?: boolean;
}

/**
 * Pairs of items by the Kullback-Leibler divergence of their distributions (Lukic et al. 2016): for each pair, in both directions,
 * KL(p_i‖p_j) within a cluster and max(0, margin − KL(p_i‖p_j)) between two; mean over pairs and sets. A scalar.
 * @param x distributions, [batch, n, d]
 * @param labels true clusters, u32 [batch, n]
 */
export function divergenceLoss(
  x: Tensor,
  labels: Tensor,
  { margin = 2, logits = false }: DivergenceLossOptions = {},
): Tensor {
  checkFlag("divergenceLoss", { logits });
  sizesOf("divergenceLoss", x, labels);
  const logP = logits ? logSoftmax(x, -1) : log(floorAt(x, 1.1754944e-38));
  const p = logits ? softmax(x, -1) : x;
  // KL(p_i‖p_j) = Σ_c p_ic ln p_ic − Σ_c p_ic ln p_jc as one inner product, with a feature more
  const entropy = sum(mul(p, logP), 2, true);
  const ones = tensor(x.device, new Float32Array(entropy.size).fill(1), entropy.shape);
  const [a, b] = [concat([p, entropy], 2), concat([neg(logP), ones], 2)];
  return orderedPairs("divergenceLoss", a, b, labels, { op: "contrastive", limit: margin });
}

/**
 * Simplified centre loss (after Wen et al. 2016): squared distance of items to the mean of their true cluster, averaged over items
 * and sets; gradients pass through the means. A scalar.
 * @param x [batch, n, d]
 * @param labels u32 [batch, n], below `clusters`
 */
export function centerLoss(x: Tensor, labels: Tensor, clusters: number): Tensor {
  const { batch, n } = sizesOf("centerLoss", x, labels);
  checkInteger("centerLoss", { clusters }, 1);
  const members = gatherRows(oneHots(x, clusters), labels);
  const sizes = reshape(floorAt(sum(members, 1), 1), [batch, clusters, 1]);
  const means = div(matmul(members, x, { transA: true }), sizes);
  return scale(sum(square(sub(x, matmul(members, means)))), 1 / (batch * n));
}
