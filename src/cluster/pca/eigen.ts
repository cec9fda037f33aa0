import { HostModule, withHost } from "../../host";
import type { Host, HostArray, HostFunctions } from "../../host";
import { yieldWhenDue } from "../../event-loop";
import { mapTo } from "../../typed-arrays";

type HostVector = HostArray<Float64Array>;

/** Functions of wasm/host/eigen.ts. */
type Functions = HostFunctions<"diagonalize" | "dot_f64", number> &
  HostFunctions<
    | "add_two_f64"
    | "reflect"
    | "reflect_products"
    | "reflect_rest"
    | "reflect_update"
    | "accumulate_reflections"
    | "rotate_rows",
    void
  >;

let module: HostModule<Functions> | undefined;

/** Runs `use` with a host of its own and the functions, which are downloaded when they are first wanted. */
async function withFunctions<R>(use: (host: Host, run: Functions) => Promise<R>): Promise<R> {
  const functions = (module ??= new HostModule((await import("../../../build/host/eigen.host.wasm")).default));
  return withHost((host) => use(host, host.of(functions)));
}

/** Multiplications of a piece of work: a millisecond or two. */
const PIECE = 2 ** 20;
/** Numbers that are looked at in a piece, of which each takes several times as long as a multiplication. */
const LOOKED_AT = 2 ** 16;
/** Sweeps in which an eigenvalue must be found. */
const SWEEPS = 100;
/** Rotations that are made before the vectors are turned by them, and numbers of a strip of the vectors: both stay in a core's cache. */
const [ROTATIONS, STRIP] = [2 ** 14, 2 ** 15];

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
export async function symmetricEigen(matrix: Float64Array, d: number, op: string): Promise<Eigen> {
  const scale = (await largestOf(matrix, op)) || 1;
  return withFunctions(async (host, run) => {
    const a = host.f64(d * d);
    for (let i = 0; i < d; i++) {
      const row = a.view.subarray(i * d, (i + 1) * d);
      for (let j = 0; j < d; j++) row[j] = matrix[i * d + j]! / scale;
      await yieldWhenDue();
    }
    const [diagonal, beside, scales, work] = [d, d, d, d].map((length) => host.f64(length));
    await tridiagonalize(run, a.pointer, d, [diagonal!, beside!, scales!, work!]);
    const vectors = host.f64(d * d);
    const rows = Math.max(1, Math.floor((2 * PIECE) / d ** 2));
    for (let begin = 0; begin < d; begin += rows) {
      const end = Math.min(d, begin + rows);
      run.accumulate_reflections(a.pointer, d, scales!.pointer, vectors.pointer, begin, end);
      await yieldWhenDue();
    }
    await diagonalize(host, run, d, diagonal!, beside!, vectors.pointer, op);
    const found = diagonal!.view.slice();
    const order = mapTo(Uint32Array, found, (_, i) => i).sort((i, j) => found[j]! - found[i]! || i - j);
    const sorted = new Float64Array(d * d);
    for (const [to, from] of order.entries()) {
      sorted.set(vectors.view.subarray(from * d, (from + 1) * d), to * d);
      await yieldWhenDue();
    }
    return { values: mapTo(Float64Array, order, (i) => found[i]! * scale), vectors: sorted };
  });
}

/** The size of the largest number. @throws where one is not finite */
async function largestOf(matrix: Float64Array, op: string): Promise<number> {
  let largest = 0;
  for (let begin = 0; begin < matrix.length; begin += LOOKED_AT) {
    const end = Math.min(matrix.length, begin + LOOKED_AT);
    for (let i = begin; i < end; i++) largest = Math.max(largest, Math.abs(matrix[i]!)); // NaN stays
    await yieldWhenDue();
  }
  if (!Number.isFinite(largest)) throw new Error(`${op}: the products of the data are not finite`);
  return largest;
}

/** The tridiagonal form of a matrix at `a`: diagonal, what is beside it, the scales of the reflections; `work` is scratch. */
async function tridiagonalize(run: Functions, a: number, d: number, vectors: readonly HostVector[]): Promise<void> {
  const [diagonal, beside, scales, work] = vectors.map(({ pointer }) => pointer) as [number, number, number, number];
  const scale = vectors[2]!;
  for (let k = 0; k < d; k++) {
    run.reflect(a, d, diagonal, beside, scales, k);
    if (scale.view[k] === 0) continue;
    const size = d - k - 1;
    const rows = Math.max(1, Math.floor(PIECE / size));
    for (let begin = 0; begin < size; begin += rows) {
      run.reflect_products(a, d, scales, work, k, begin, Math.min(size, begin + rows));
      await yieldWhenDue();
    }
    run.reflect_rest(a, d, scales, work, k);
    for (let begin = 0; begin < size; begin += rows) {
      run.reflect_update(a, d, work, k, begin, Math.min(size, begin + rows));
      await yieldWhenDue();
    }
  }
}

/** The eigenvalues of a tridiagonal matrix into `diagonal`, and its vectors turned to match, a strip of their columns after the other. */
async function diagonalize(
  host: Host,
  run: Functions,
  d: number,
  diagonal: HostVector,
  beside: HostVector,
  vectors: number,
  op: string,
): Promise<void> {
  const floor = Number.EPSILON * magnitude(diagonal.view, beside.view);
  const sweeps = Math.max(1, Math.min(SWEEPS, Math.floor(ROTATIONS / d)));
  const columns = Math.max(8, 2 * Math.floor(STRIP / (2 * d)));
  const rotations = host.f64(1 + 3 * d * sweeps);
  for (let [at, tries] = [0, 0]; at < d;) {
    const next = run.diagonalize(diagonal.pointer, beside.pointer, d, rotations.pointer, floor, at, sweeps);
    tries = next === at ? tries + sweeps : 0;
    if (tries > SWEEPS + sweeps) throw new Error(`${op}: the eigenvalues of a matrix of ${d} columns were not found`);
    at = next;
    for (let begin = 0; begin < d; begin += columns) {
      run.rotate_rows(vectors, d, rotations.pointer, begin, Math.min(d, begin + columns));
      await yieldWhenDue();
    }
  }
}

/** The largest sum of neighbours of a tridiagonal matrix. */
function magnitude(diagonal: Float64Array, beside: Float64Array): number {
  return diagonal.reduce((most, value, i) => Math.max(most, Math.abs(value) + Math.abs(beside[i]!)), 0);
}

/**
 * Makes rows [c, d] orthonormal in place, in order, each against those before it (Gram and Schmidt, again where much of a row was taken: Golub and
 * Van Loan, "Matrix Computations", section 5.2.9). A row that has nothing of its own becomes the axis that the others have least of, less what they have.
 * @param orthogonal so many of the first rows are, and want their length alone. Default 0
 */
export function orthonormalize(rows: Float32Array | Float64Array, c: number, d: number, orthogonal = 0): Promise<void> {
  return withFunctions(async (host, run) => {
    for (let i = 0; i < orthogonal; i++) {
      const row = rows.subarray(i * d, (i + 1) * d);
      let square = 0;
      for (let t = 0; t < d; t++) square += row[t]! * row[t]!;
      const factor = 1 / Math.sqrt(square);
      for (let t = 0; t < d; t++) row[t]! *= factor;
      await yieldWhenDue();
    }
    if (orthogonal === c) return;
    const array = host.f64(c * d);
    const covered = new Float64Array(d);
    for (let i = 0; i < c; i++) {
      const given = rows.subarray(i * d, (i + 1) * d);
      array.view.set(given, i * d);
      let own = 1;
      if (i >= orthogonal) {
        const before = norm(run, array.pointer, i, d);
        own = await reduce(run, array.pointer, i, d);
        if (!(own > 1e-4 * before)) {
          const axis = covered.reduce((least, value, t) => (value < covered[least]! ? t : least), 0);
          array.view.subarray(i * d, (i + 1) * d).fill(0)[axis] = 1;
          own = await reduce(run, array.pointer, i, d);
        }
      }
      const row = array.view.subarray(i * d, (i + 1) * d);
      for (let t = 0; t < d; t++) covered[t]! += (row[t]! /= own) ** 2;
      if (i >= orthogonal) given.set(row);
      await yieldWhenDue();
    }
  });
}

/** |row i| */
function norm(run: Functions, rows: number, i: number, d: number): number {
  const row = rows + 8 * i * d;
  return Math.sqrt(run.dot_f64(row, row, d));
}

/** Takes out of row i what it shares with the rows before it; the length that is left. */
async function reduce(run: Functions, rows: number, i: number, d: number): Promise<number> {
  const row = rows + 8 * i * d;
  let length = norm(run, rows, i, d);
  for (;;) {
    for (let t = 0; t < i; t++) {
      const other = rows + 8 * t * d;
      run.add_two_f64(row, -run.dot_f64(row, other, d), other, 0, other, d);
      if ((t * d) % PIECE < d) await yieldWhenDue();
    }
    const left = norm(run, rows, i, d);
    if (left > 0.7 * length || left === 0) return left; // what rounding left of the others is small against it
    length = left;
  }
}
