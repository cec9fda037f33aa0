import { runCooperatively } from "../event-loop";
import type { Cooperative } from "../event-loop";
import { orthonormalize, symmetricEigen } from "../cluster/pca/eigen";
import { NdArray } from "../ndarray";
import { stream } from "../random";
import { clusterRows, unitLength } from "./clusters";
import type { RowClustering } from "./clusters";

/** How clusters are read off an embedding: k-means on its rows, or the rotation of it that is nearest to one column a cluster. */
export type LabelAssignment = "kmeans" | "discretize" | "cluster-qr";

/** Rows between two looks at the clock. */
const PIECE = 512;
/** Rounds of a rotation at most, as Yu and Shi's own program has them. */
const ROUNDS = 20;

/** Rows [n, k] of float64. */
interface Rows {
  readonly data: Float64Array;
  readonly n: number;
  readonly k: number;
}

/** Clusters of the rows of an embedding [n, k], as many as it has columns. */
export async function assignLabels(
  rows: NdArray<Float64Array>,
  how: LabelAssignment,
  options: RowClustering,
): Promise<Int32Array<ArrayBuffer>> {
  if (how === "kmeans") return clusterRows(rows, options);
  return how === "discretize" ? discretize(rows, options) : clusterQR(rows, options);
}

const asRows = ({ data, shape }: NdArray<Float64Array>): Rows => ({ data, n: shape[0]!, k: shape[1]! });

/**
 * Labels by the rotation R of the rows, made unit vectors, that brings them nearest to rows of one 1 (Yu and Shi, "Multiclass spectral clustering", ICCV
 * 2003): in turns the labels argmax_c (X R)_c, and R = U Vᵀ of the singular value decomposition U S Vᵀ of the product of Xᵀ with their indicators. Of `nInit` starts,
 * a row and those least like the ones before it, the one with the greatest sum of singular values.
 */
async function discretize(
  embedding: NdArray<Float64Array>,
  { nInit, seed, signal }: RowClustering,
): Promise<Int32Array<ArrayBuffer>> {
  const rows = asRows(unitLength(columnsOfOneLength(embedding)));
  const { n, k } = rows;
  let best: { readonly sum: number; readonly labels: Int32Array<ArrayBuffer> } | undefined;
  for (let start = 0; start < nInit; start++) {
    let rotation = await runCooperatively(unlikeRows(rows, stream(seed, "discretize", start).integer(n)));
    let [before, labels] = [-Infinity, new Int32Array(n)];
    for (let round = 0; round < ROUNDS; round++) {
      signal?.throwIfAborted();
      const overlap = new Float64Array(k * k);
      labels = await runCooperatively(largestColumn(rows, rotation, (value) => value, overlap));
      const { factor, sum } = await polarFactor(overlap, k);
      const hasSettled = Math.abs(sum - before) < Number.EPSILON * n;
      before = sum;
      if (hasSettled) break;
      rotation = factor;
    }
    if (!best || before > best.sum) best = { sum: before, labels };
  }
  return best!.labels;
}

/**
 * Labels by the k rows of an embedding [n, k] that QR with column pivoting finds to be most unlike each other (Damle, Minden and Ying, "Simple, direct and
 * efficient multi-way spectral clustering", 2019): argmax_c |(X U Vᵀ)_c|, U Vᵀ the orthogonal factor of those rows as columns. Nothing is random.
 */
async function clusterQR(
  embedding: NdArray<Float64Array>,
  { signal }: RowClustering,
): Promise<Int32Array<ArrayBuffer>> {
  const rows = asRows(embedding);
  const { data, k } = rows;
  const pivots = await runCooperatively(pivotRows(rows));
  signal?.throwIfAborted();
  const columns = new Float64Array(k * k);
  pivots.forEach((row, c) => {
    for (let i = 0; i < k; i++) columns[i * k + c] = data[row * k + i]!;
  });
  const { factor } = await polarFactor(columns, k);
  return runCooperatively(largestColumn(rows, factor, Math.abs));
}

/** Columns of one length, so that no unit of an eigenvector counts. */
function columnsOfOneLength(embedding: NdArray<Float64Array>): NdArray<Float64Array> {
  const { data, n, k } = asRows(embedding);
  const squares = new Float64Array(k);
  data.forEach((value, i) => (squares[i % k]! += value * value));
  const factors = squares.map((square) => (square > 0 ? Math.sqrt(n / square) : 0));
  return new NdArray(
    data.map((value, i) => value * factors[i % k]!),
    embedding.shape,
  );
}

/** A row and k − 1 more, each the least like those before it by the sum of |cos|, as columns of a rotation [k, k]. */
function* unlikeRows({ data, n, k }: Rows, first: number): Cooperative<Float64Array> {
  const rotation = new Float64Array(k * k);
  const likeness = new Float64Array(n);
  let row = first;
  for (let c = 0; c < k; c++) {
    for (let i = 0; i < k; i++) rotation[i * k + c] = data[row * k + i]!;
    let least = 0;
    for (let at = 0; at < n; at++) {
      let dot = 0;
      for (let i = 0; i < k; i++) dot += data[at * k + i]! * data[row * k + i]!;
      likeness[at]! += Math.abs(dot);
      if (likeness[at]! < likeness[least]!) least = at;
      if (at % PIECE === 0) yield;
    }
    row = least;
  }
  return rotation;
}

/** The column of X R that is largest in each row, the first of equals; sums rows of X by it into the columns of `overlap` [k, k]. */
function* largestColumn(
  { data, n, k }: Rows,
  rotation: Float64Array,
  size: (value: number) => number,
  overlap?: Float64Array,
): Cooperative<Int32Array<ArrayBuffer>> {
  const labels = new Int32Array(n);
  for (let at = 0; at < n; at++) {
    let [largest, label] = [-Infinity, 0];
    for (let c = 0; c < k; c++) {
      let sum = 0;
      for (let i = 0; i < k; i++) sum += data[at * k + i]! * rotation[i * k + c]!;
      if (size(sum) > largest) [largest, label] = [size(sum), c];
    }
    labels[at] = label;
    if (overlap) for (let i = 0; i < k; i++) overlap[i * k + label]! += data[at * k + i]!;
    if (at % PIECE === 0) yield;
  }
  return labels;
}

/** The rows that QR with column pivoting of the transposed takes first: each the longest of what those before it leave. */
function* pivotRows({ data, n, k }: Rows): Cooperative<number[]> {
  const left = data.slice();
  const taken: number[] = [];
  for (let c = 0; c < k; c++) {
    let [row, longest] = [0, -1];
    for (let at = 0; at < n; at++) {
      let square = 0;
      for (let i = 0; i < k; i++) square += left[at * k + i]! ** 2;
      if (square > longest && !taken.includes(at)) [row, longest] = [at, square];
      if (at % PIECE === 0) yield;
    }
    taken.push(row);
    if (longest === 0) continue;
    const direction = left.slice(row * k, (row + 1) * k).map((value) => value / Math.sqrt(longest));
    for (let at = 0; at < n; at++) {
      let dot = 0;
      for (let i = 0; i < k; i++) dot += left[at * k + i]! * direction[i]!;
      for (let i = 0; i < k; i++) left[at * k + i]! -= dot * direction[i]!;
      if (at % PIECE === 0) yield;
    }
  }
  return taken;
}

/** U Vᵀ of A = U S Vᵀ [k, k], orthogonal where A is singular too, and the sum of S: by the eigenvectors of Aᵀ A. */
async function polarFactor(a: Float64Array, k: number): Promise<{ factor: Float64Array; sum: number }> {
  const square = new Float64Array(k * k);
  for (let row = 0; row < k; row++)
    for (let i = 0; i < k; i++) for (let j = 0; j < k; j++) square[i * k + j]! += a[row * k + i]! * a[row * k + j]!;
  const { vectors } = await symmetricEigen(square, k, "assignLabels");
  // rows A v from the largest on, so that what is made up where S is 0 is orthogonal to all that is known
  const left = new Float64Array(k * k);
  let sum = 0;
  for (let c = 0; c < k; c++) {
    const row = left.subarray(c * k, (c + 1) * k);
    for (let i = 0; i < k; i++) for (let j = 0; j < k; j++) row[i]! += a[i * k + j]! * vectors[c * k + j]!;
    sum += Math.hypot(...row);
  }
  await orthonormalize(left, k, k);
  const factor = new Float64Array(k * k);
  for (let c = 0; c < k; c++)
    for (let i = 0; i < k; i++)
      for (let j = 0; j < k; j++) factor[i * k + j]! += left[c * k + i]! * vectors[c * k + j]!;
  return { factor, sum };
}
