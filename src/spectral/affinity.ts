import { checkPositive } from "../checks";
import type { MatrixLike } from "../matrix";
import { toContiguous } from "../matrix";
import { NdArray } from "../ndarray";
import { neighboursAmong } from "../neighbours/knn";
import type { KnnOptions, Neighbours } from "../neighbours/knn";
import { takePoints } from "../neighbours/sparse-rows";
import type { GivenRows } from "../neighbours/sparse-rows";
import { pairwiseSquaredDistance } from "../ops/distance";
import { exp, scale } from "../ops/elementwise";
import { SparseMatrix, transposed } from "../sparse";
import { format } from "../tensor";
import type { Tensor } from "../tensor";
import { generate, mapTo } from "../typed-arrays";

/** Weights between all points, as a matrix [n, n]: sparse, or with every value. */
export type Affinity = SparseMatrix | NdArray<Float64Array>;

/**
 * Gaussian affinities w_ij = exp(−γ ‖x_i − x_j‖²) of the rows of x [n, d], [n, n] with ones on the diagonal; with a gradient.
 * @throws when gamma is not positive, or x is no matrix
 */
export function rbfAffinity(x: Tensor, gamma = 1): Tensor {
  checkPositive("rbfAffinity", { gamma });
  return exp(scale(pairwiseSquaredDistance(x, x), -gamma));
}

/** Directed edges from each point to its neighbours, with these weights; `merge` puts the two directions together, of an edge without a way back the weight and 0. */
export function symmetrized(
  { indices }: Neighbours,
  weights: ArrayLike<number>,
  merge: (a: number, b: number) => number,
): SparseMatrix {
  const [n, k] = indices.shape as [number, number];
  const rows = generate(Uint32Array, n + 1, (i) => i * k);
  const back = transposed([n, n], rows, indices.data, weights);
  const there = back.transpose();
  const [starts, columns, values] = [new Uint32Array(n + 1), new Uint32Array(2 * n * k), new Float64Array(2 * n * k)];
  let at = 0;
  for (let i = 0; i < n; i++) {
    let [p, q] = [there.indptr[i]!, back.indptr[i]!];
    const [end, last] = [there.indptr[i + 1]!, back.indptr[i + 1]!];
    while (p < end || q < last) {
      const to = p < end ? there.indices[p]! : n;
      const from = q < last ? back.indices[q]! : n;
      columns[at] = Math.min(to, from);
      if (to === from) values[at] = merge(there.data[p]!, back.data[q]!);
      else values[at] = merge(to < from ? there.data[p]! : back.data[q]!, 0);
      at++;
      if (to <= from) p++;
      if (from <= to) q++;
    }
    starts[i + 1] = at;
  }
  return SparseMatrix.ofParts([n, n], starts, columns.slice(0, at), values.slice(0, at));
}

/**
 * Affinities of neighbours, (C + Cᵀ) / 2 with c_ij = 1 where j is among the k nearest points of i, itself counted, as scikit-learn's
 * `SpectralClustering` takes them: 0, ½ or 1.
 * @throws when k is not from 1 to n
 */
export async function knnAffinity(
  x: MatrixLike | SparseMatrix,
  k: number,
  options: KnnOptions = {},
): Promise<SparseMatrix> {
  return affinityAmong(await takePoints(x, "knnAffinity"), { k }, "knnAffinity", options);
}

/** The same of rows that a method has taken, as `neighboursAmong`. @internal */
export async function affinityAmong(
  rows: GivenRows,
  count: Readonly<Record<string, number>>,
  op: string,
  options: KnnOptions,
): Promise<SparseMatrix> {
  const neighbours = await neighboursAmong(rows, count, op, { ...options, includeSelf: true });
  const ones = new Float64Array(neighbours.indices.size).fill(1);
  return symmetrized(neighbours, ones, (a, b) => (a + b) / 2);
}

/** What the caller gave as affinities. @throws unless it is a symmetric matrix without negative values */
export function takeAffinity(w: SparseMatrix | MatrixLike, op: string): Affinity {
  if (w instanceof SparseMatrix) {
    const [n, m] = w.shape;
    if (n !== m) throw new Error(`${op}: the affinity must be square, got ${format(w)}`);
    const [rows, mirrors] = [w.rowNumbers(), w.mirrors()];
    for (let p = 0; p < w.size; p++)
      checkPair(op, w.data[p]!, mirrors[p]! < 0 ? 0 : w.data[mirrors[p]!]!, rows[p]!, w.indices[p]!);
    return w;
  }
  const { data, shape } = toContiguous(w, op, "affinity");
  const [n, m] = shape;
  if (shape.length !== 2 || n !== m)
    throw new Error(`${op}: the affinity must be a square matrix, got ${format(shape)}`);
  const values = mapTo(Float64Array, data as ArrayLike<number>, Number);
  for (let i = 0; i < n!; i++)
    for (let j = 0; j < n!; j++) checkPair(op, values[i * n! + j]!, values[j * n! + i]!, i, j);
  return new NdArray(values, shape);
}

function checkPair(op: string, value: number, mirrored: number, i: number, j: number): void {
  if (!Number.isFinite(value) || value < 0)
    throw new Error(`${op}: affinities must be finite and not negative, got ${value} at row ${i}, column ${j}`);
  if (Math.abs(value - mirrored) > 1e-6 * Math.max(value, mirrored))
    throw new Error(`${op}: the affinity must be symmetric, got ${value} and ${mirrored} at rows ${i} and ${j}`);
}
