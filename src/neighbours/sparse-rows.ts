import type { Points } from "../cluster/points";
import { runCooperatively } from "../event-loop";
import type { Cooperative } from "../event-loop";
import { SparseMatrix } from "../sparse";
import { format } from "../tensor";
import { takeRows } from "./rows";
import type { HostRows } from "./rows";

/** Rows on the host: each value, or those that are stored. */
export type GivenRows = HostRows | SparseMatrix;

/** How many rows and columns. */
export const sizesOf = (rows: GivenRows): { readonly n: number; readonly d: number } =>
  rows instanceof SparseMatrix ? { n: rows.shape[0], d: rows.shape[1] } : rows;

/** Values that are looked at in a piece of work. */
const PIECE = 2 ** 14;

/** `takeRows`, but a sparse matrix stays one. @throws unless x is [n, d], not empty, and finite */
export async function takePoints(x: Points | SparseMatrix, op: string, name = "x"): Promise<GivenRows> {
  return x instanceof SparseMatrix ? runCooperatively(checked(x, op, name)) : takeRows(x, op, name);
}

function* checked(x: SparseMatrix, op: string, name: string): Cooperative<SparseMatrix> {
  if (x.shape.includes(0)) throw new Error(`${op}: ${name} has no elements, got shape ${format(x)}`);
  for (let i = 0; i < x.shape[0]; i++) {
    for (let p = x.indptr[i]!; p < x.indptr[i + 1]!; p++)
      if (!Number.isFinite(x.data[p]!))
        throw new Error(`${op}: ${name} must be finite, got ${x.data[p]} at row ${i}, column ${x.indices[p]}`);
    if (i % 256 === 0) yield;
  }
  return x;
}

/** x_i · x_j of rows i and j, by ascending column. */
export const dotOf =
  ({ indptr, indices, data }: SparseMatrix): ((i: number, j: number) => number) =>
  (i, j) => {
    let [p, q, sum] = [indptr[i]!, indptr[j]!, 0];
    const [end, last] = [indptr[i + 1]!, indptr[j + 1]!];
    while (p < end && q < last) {
      const [a, b] = [indices[p]!, indices[q]!];
      if (a === b) sum += data[p]! * data[q]!;
      if (a <= b) p++;
      if (b <= a) q++;
    }
    return sum;
  };

/** Σ x² of each row, in the order of `dotOf`. @throws unless they fit float64 */
export function squaresOf({ shape, indptr, data }: SparseMatrix, op: string): Float64Array<ArrayBuffer> {
  const squares = new Float64Array(shape[0]);
  for (let i = 0; i < squares.length; i++) {
    for (let p = indptr[i]!; p < indptr[i + 1]!; p++) squares[i]! += data[p]! * data[p]!;
    if (!Number.isFinite(squares[i]!)) throw new Error(`${op}: squares of x must fit float64, got more at row ${i}`);
  }
  return squares;
}

/** Rows of length 1. @throws when a row has no direction */
export function unitSparseRows(x: SparseMatrix, op: string): SparseMatrix {
  const { shape, indptr, indices } = x;
  const data = new Float64Array(x.size);
  for (let i = 0; i < shape[0]; i++) {
    const row = x.data.subarray(indptr[i]!, indptr[i + 1]!);
    const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (largest === 0) throw new Error(`${op}: a row of zeros has no cosine, got one at row ${i}`);
    const scale = 1 / (largest * Math.sqrt(row.reduce((sum, value) => sum + (value / largest) ** 2, 0)));
    row.forEach((value, at) => (data[indptr[i]! + at] = value * scale));
  }
  return SparseMatrix.ofParts(shape, indptr, indices, data);
}

/** What is asked: the k nearest points to each query. */
export interface Search<Rows> {
  readonly queries: Rows;
  readonly points: Rows;
  readonly k: number;
  /** The queries are the points, and none is its own neighbour. */
  readonly own: boolean;
}

/**
 * Numbers and squared distances of the k nearest points [m, d] to each query [n, d], [n, k] each, in float64 on the host: ‖x‖² + ‖y‖² − 2 x · y, whose
 * products are summed column by column over the points that have one, so that nothing is laid out with its zeros. The work is that of all pairs of values in
 * one column, and n · m comparisons.
 */
export function* nearestSparseRows(
  { queries, points, k, own }: Search<SparseMatrix>,
  op: string,
  onRow: (done: number) => void,
): Cooperative<[Uint32Array<ArrayBuffer>, Float64Array<ArrayBuffer>]> {
  const [n, m] = [queries.shape[0], points.shape[0]];
  const columns = points.transpose();
  const lengths = squaresOf(points, op);
  const asked = queries === points ? lengths : squaresOf(queries, op);
  const [indices, squared] = [new Uint32Array(n * k), new Float64Array(n * k)];
  const products = new Float64Array(m);
  for (let i = 0; i < n; i++) {
    products.fill(0);
    for (let p = queries.indptr[i]!; p < queries.indptr[i + 1]!; p++) {
      const [value, column] = [queries.data[p]!, queries.indices[p]!];
      const [begin, end] = [columns.indptr[column]!, columns.indptr[column + 1]!];
      for (let at = begin; at < end;) {
        const stop = Math.min(end, at + PIECE);
        for (; at < stop; at++) products[columns.indices[at]!]! += value * columns.data[at]!;
        yield;
      }
    }
    const [near, far] = [indices.subarray(i * k, (i + 1) * k), squared.subarray(i * k, (i + 1) * k).fill(Infinity)];
    for (let begin = 0; begin < m; begin += PIECE) {
      for (let j = begin; j < Math.min(m, begin + PIECE); j++) {
        const distance = Math.max(0, asked[i]! + lengths[j]! - 2 * products[j]!);
        if (distance >= far[k - 1]! || (own && j === i)) continue;
        let at = k - 1;
        for (; at > 0 && far[at - 1]! > distance; at--) {
          far[at] = far[at - 1]!;
          near[at] = near[at - 1]!;
        }
        far[at] = distance;
        near[at] = j;
      }
      yield;
    }
    onRow(i + 1);
  }
  return [indices, squared];
}
