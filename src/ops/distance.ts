import { record } from "../graph";
import * as kernels from "../kernels/linear-algebra";
import { empty, format, run, view } from "../tensor";
import type { Shape, Tensor } from "../tensor";
import { sum } from "./reduce";

/** Workgroups that keep a large GPU busy; fewer output tiles than this, and a long sum is cut into chunks. */
const BUSY = 256;

/** Terms that a chunk of a sum has at least. */
const CHUNK = 256;

/**
 * y_i = scale · Σ_j w_ij (a_i − b_j), the shape of every gradient through squared distances; a [n, d], b [m, d], w [n, m], or
 * [m, n] when `transposed`. Long sums are taken in ordered chunks.
 */
export function weightedDifference(w: Tensor, a: Tensor, b: Tensor, scale: number, transposed = false): Tensor {
  const [n, d] = a.shape as [number, number];
  const m = b.shape[0]!;
  const tiles = Math.ceil(n / 16) * Math.ceil(d / 16);
  const chunks = Math.max(1, Math.min(Math.ceil(m / CHUNK), Math.ceil(BUSY / tiles)));
  const length = Math.ceil(m / chunks);
  const [row, column] = transposed ? [1, n] : [m, 1];
  const y = empty(a.device, [chunks, n, d], "f32", "weightedDifference");
  run(kernels.weightedDifference, { w, a, b, y, n, m, d, chunks, length, row, column, scale });
  return chunks === 1 ? view(y, [n, d]) : sum(y, 0);
}

/** Checks that a is [n, d] and b [m, d], neither of them empty; returns [n, m, d]. */
export function pointSizes(op: string, a: Shape, b: Shape, describe: () => string): [number, number, number] {
  if (a.length !== 2 || b.length !== 2 || a[1] !== b[1] || a.includes(0) || b.includes(0))
    throw new Error(`${op}: both must be non-empty lists of points of one dimension, got ${describe()}`);
  return [a[0]!, b[0]!, a[1]!];
}

/**
 * ‖a_i − b_j‖² for every pair, a [n, d] and b [m, d] → [n, m]. Summed over differences, not expanded to norms and a product:
 * never negative, 0 for equal points, and close points keep their digits. @throws when the dimensions differ
 */
export function pairwiseSquaredDistance(a: Tensor, b: Tensor): Tensor {
  const describe = (): string => `${format(a)} and ${format(b)}`;
  const [n, m, d] = pointSizes("pairwiseSquaredDistance", a.shape, b.shape, describe);
  const y = empty(a.device, [n, m], "f32", "pairwiseSquaredDistance");
  run(kernels.squaredDistance, { a, b, y, n, m, d });
  return record("pairwiseSquaredDistance", y, [a, b], (dy) => [
    () => weightedDifference(dy, a, b, 2),
    () => weightedDifference(dy, b, a, 2, true),
  ]);
}
