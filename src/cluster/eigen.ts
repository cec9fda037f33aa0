import { withHost } from "../host";
import type { Host } from "../host";
import { pause } from "../turn";

/** Multiplications of a piece of work: below a millisecond or two. */
const PIECE = 2 ** 20;
/** Sweeps in which an eigenvalue must be found. */
const SWEEPS = 100;

/** Eigenvalues, descending, and unit vectors as rows. */
export interface Eigen {
  readonly values: Float64Array;
  readonly vectors: Float64Array;
}

/**
 * Eigenvalues of a symmetric matrix [d, d], descending, and its unit eigenvectors as rows, in float64 on the calling thread, which is let go on
 * every few milliseconds. What is less than rounding beside the largest number counts as 0, so that matrices of any rank have them.
 * @throws when numbers of the matrix are not finite
 */
export function symmetricEigen(matrix: Float64Array, d: number, op: string): Promise<Eigen> {
  let largest = 0;
  for (const value of matrix) largest = Math.max(largest, Math.abs(value));
  if (!Number.isFinite(largest)) throw new Error(`${op}: the products of the data are not finite`);
  const scale = largest || 1;
  return withHost(async (host) => {
    const a = host.f64(matrix.map((value) => value / scale));
    const [diagonal, beside, scales, work, vectors] = [d, d, d, d, d * d].map((length) => host.f64(length));
    const { run } = host;
    for (let begin = 0; begin < d;) {
      const end = Math.min(d, begin + Math.max(1, Math.floor(PIECE / (4 * (d - begin) ** 2))));
      run.tridiagonalize(
        ...([a.pointer, d, diagonal!.pointer, beside!.pointer, scales!.pointer, work!.pointer] as const),
        begin,
        end,
      );
      begin = end;
      await pause();
    }
    for (let end = d; end > 0;) {
      const begin = Math.max(0, end - Math.max(1, Math.floor(PIECE / (4 * (d - end + 1) ** 2))));
      run.accumulate_reflections(a.pointer, d, scales!.pointer, vectors!.pointer, begin, end);
      end = begin;
      await pause();
    }
    const floor = Number.EPSILON * magnitude(diagonal!.view, beside!.view);
    const sweeps = Math.max(1, Math.floor(PIECE / (6 * d ** 2)));
    for (let [at, tries] = [0, 0]; at < d;) {
      const next = run.diagonalize(diagonal!.pointer, beside!.pointer, d, vectors!.pointer, floor, at, sweeps);
      tries = next === at ? tries + sweeps : 0;
      if (tries > SWEEPS + sweeps) throw new Error(`${op}: the eigenvalues of a matrix of ${d} columns were not found`);
      at = next;
      await pause();
    }
    const found = diagonal!.view.slice();
    const order = Uint32Array.from(found, (_, i) => i).sort((i, j) => found[j]! - found[i]! || i - j);
    const sorted = new Float64Array(d * d);
    for (const [to, from] of order.entries()) {
      sorted.set(vectors!.view.subarray(from * d, (from + 1) * d), to * d);
      await pause();
    }
    return { values: Float64Array.from(order, (i) => found[i]! * scale), vectors: sorted };
  });
}

/** The largest sum of neighbours of a tridiagonal matrix. */
function magnitude(diagonal: Float64Array, beside: Float64Array): number {
  return diagonal.reduce((most, value, i) => Math.max(most, Math.abs(value) + Math.abs(beside[i]!)), 0);
}

/**
 * Makes rows [c, d] orthonormal in place, in order, each against those before it (Gram and Schmidt, again where much of a row was taken: Golub and
 * Van Loan, "Matrix Computations", section 5.2.9). A row that has nothing of its own becomes the axis that the others have least of, less what they have.
 */
export function orthonormalize(rows: Float64Array, c: number, d: number): Promise<void> {
  return withHost(async (host) => {
    const array = host.f64(rows);
    const covered = new Float64Array(d);
    for (let i = 0; i < c; i++) {
      const before = norm(host, array.pointer, i, d);
      let own = await reduce(host, array.pointer, i, d);
      if (!(own > 1e-4 * before)) {
        const axis = covered.reduce((least, value, t) => (value < covered[least]! ? t : least), 0);
        array.view.subarray(i * d, (i + 1) * d).fill(0)[axis] = 1;
        own = await reduce(host, array.pointer, i, d);
      }
      const row = array.view.subarray(i * d, (i + 1) * d);
      for (let t = 0; t < d; t++) covered[t]! += (row[t]! /= own) ** 2;
      await pause();
    }
    rows.set(array.view);
  });
}

/** |row i| */
function norm(host: Host, rows: number, i: number, d: number): number {
  const row = rows + 8 * i * d;
  return Math.sqrt(host.run.dot_f64(row, row, d));
}

/** Takes out of row i what it shares with the rows before it; the length that is left. */
async function reduce(host: Host, rows: number, i: number, d: number): Promise<number> {
  const row = rows + 8 * i * d;
  let length = norm(host, rows, i, d);
  for (;;) {
    for (let t = 0; t < i; t++) {
      const other = rows + 8 * t * d;
      host.run.add_two_f64(row, -host.run.dot_f64(row, other, d), other, 0, other, d);
      if ((t * d) % PIECE < d) await pause();
    }
    const left = norm(host, rows, i, d);
    if (left > 0.7 * length || left === 0) return left; // what rounding left of the others is small against it
    length = left;
  }
}
