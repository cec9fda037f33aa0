import { Random } from "../random";
import { yieldWhenDue } from "../event-loop";
import { symmetricEigen, turnSigns } from "./symmetric-eigen";
import type { Eigen } from "./symmetric-eigen";
import { generate } from "../typed-arrays";

/** A symmetric matrix by what it does to vectors. */
export interface SymmetricOperator {
  readonly n: number;
  /** out = A x for `width` vectors at once, both [n, width], row-major. */
  apply(x: Float64Array, width: number, out: Float64Array): void | Promise<void>;
  /** A bound from above of the eigenvalues, where one is known. */
  readonly bound?: number;
}

/** Options of `smallestEigenvectors`. */
export interface SmallestEigenOptions {
  /** Largest ‖A v − λ v‖ of what is returned, relative to the bound of the eigenvalues. Default 1e-9. */
  readonly tolerance?: number;
  /** Rounds of the filter at most. Default `MOST_ROUNDS`, 300. */
  readonly maxRounds?: number;
  readonly signal?: AbortSignal | undefined;
  /** Where the rounds stood, to go on from to the same bytes. */
  readonly before?: EigenRounds | undefined;
  /** Told where they stand before each round; of small matrices there is none. */
  readonly onRound?: ((rounds: EigenRounds) => void | Promise<void>) | undefined;
}

/** Where the rounds of `smallestEigenvectors` stand. */
export interface EigenRounds {
  /** Done. */
  readonly round: number;
  /** The smallest value that a round found; Infinity before the first. */
  readonly wanted: number;
  /** Vectors that the next round begins with, as columns, [n, `subspaceWidth`]. */
  readonly vectors: Float64Array<ArrayBuffer>;
}

/** Vectors that are filtered where `count` of n are wanted. */
export const subspaceWidth = (n: number, count: number): number =>
  Math.min(n, count + Math.max(6, Math.ceil(count / 2)));

/** Rounds at most where nothing is said. */
export const MOST_ROUNDS = 300;
/** Products of the operator in a round. */
const DEGREE = 20;
/** By how much a round may lift a wanted vector over the last one that is wanted: that one keeps six digits of its own beside it. */
const LIFT = 1e10;
/** Rows up to which all eigenvalues are found, of the matrix itself. */
const SMALL = 200;

/** Standard normal numbers, the same every time. */
function normals(number: number, count: number): Float64Array<ArrayBuffer> {
  const numbers = new Float32Array(count);
  new Random(number).fillNormal(numbers);
  return Float64Array.from(numbers);
}

/** The matrix itself [n, n], symmetric to the last digit. */
export async function matrixOf({ n, apply }: SymmetricOperator): Promise<Float64Array<ArrayBuffer>> {
  const [identity, out] = [new Float64Array(n * n), new Float64Array(n * n)];
  for (let i = 0; i < n; i++) identity[i * n + i] = 1;
  await apply(identity, n, out);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) out[i * n + j] = out[j * n + i] = (out[i * n + j]! + out[j * n + i]!) / 2;
  return out;
}

/**
 * The `count` smallest eigenvalues of a symmetric operator, each as often as it occurs up to `count`, and their eigenvectors: subspace iteration on a few
 * vectors more than are wanted, filtered by Chebyshev polynomials that are small where the unwanted eigenvalues lie (Zhou, Saad, Tiago and Chelikowsky,
 * "Self-consistent-field calculations using Chebyshev-filtered subspace iteration", 2006), with Rayleigh and Ritz's projection each round, in float64.
 * The first vectors are the same every time.
 * @throws when they do not settle within `maxRounds`
 */
export async function smallestEigenvectors(
  operator: SymmetricOperator,
  count: number,
  op: string,
  { tolerance = 1e-9, maxRounds = MOST_ROUNDS, signal, before, onRound }: SmallestEigenOptions = {},
): Promise<Eigen> {
  const { n } = operator;
  if (n <= SMALL) {
    const { values, vectors } = await symmetricEigen(await matrixOf(operator), n, op);
    return { values: values.slice(0, count), vectors: vectors.slice(0, count * n) };
  }
  const width = subspaceWidth(n, count);
  const bound = operator.bound ?? (await boundOf(operator));
  let x = before?.vectors.slice() ?? normals(0, n * width);
  let [y, z] = [new Float64Array(n * width), new Float64Array(n * width)];
  if (!before) await orthonormalize(x, n, width);
  let wanted = before?.wanted ?? Infinity;
  for (let round = before?.round ?? 0; round < maxRounds; round++) {
    signal?.throwIfAborted();
    if (onRound) await onRound({ round, wanted, vectors: x.slice() });
    await operator.apply(x, width, y);
    const { values, vectors } = await symmetricEigen(await products(x, y, n, width), width, op);
    await rotate(x, vectors, n, width);
    await rotate(y, vectors, n, width);
    const residuals = generate(Float64Array, count, (c) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += (y[i * width + c]! - values[c]! * x[i * width + c]!) ** 2;
      return Math.sqrt(sum);
    });
    const worst = residuals.reduce((most, residual) => Math.max(most, residual), 0);
    const scale = Math.max(Math.abs(bound), Math.abs(values[0]!), 1e-300);
    if (worst <= tolerance * scale || width === n || round === maxRounds - 1) {
      if (worst > 1e3 * tolerance * scale && width < n)
        throw new Error(`${op}: the eigenvectors have not settled in ${maxRounds} rounds, got residuals of ${worst}`);
      const rows = new Float64Array(count * n);
      for (let c = 0; c < count; c++) for (let i = 0; i < n; i++) rows[c * n + i] = x[i * width + c]!;
      turnSigns(rows, n);
      return { values: values.slice(0, count), vectors: rows };
    }
    // the filter is small on [low, bound], where the eigenvalues lie that are not wanted
    const low = Math.max(values[width - 1]!, values[0]! + 1e-6 * scale);
    wanted = Math.min(wanted, values[0]!);
    const unwanted = (most: number): { top: number; half: number; middle: number } => {
      const top = Math.max(most, low + 1e-6 * scale);
      return { top, half: (top - low) / 2, middle: (top + low) / 2 };
    };
    let { top, half, middle } = unwanted(bound);
    // by the logarithm: a filter of degree m lifts the value at middle − t half by cosh(m acosh(t))
    const lift = (c: number): number => DEGREE * Math.acosh(Math.max(1, (middle - values[c]!) / half));
    let locked = 0;
    let found = new Deflation(x, values.subarray(0, 0), n, width);
    const rest = async (v: Float64Array, columns: number, image: Float64Array): Promise<void> => {
      await operator.apply(v, columns, image);
      found.move(v, image, columns, low);
    };
    while (residuals[locked]! <= tolerance * scale && lift(locked) > lift(count - 1) + Math.log(LIFT)) {
      found = new Deflation(x, values.subarray(0, ++locked), n, width);
      // without them there is a closer bound, beside which the next may be far, too
      ({ top, half, middle } = unwanted(Math.min(bound, await boundOf({ n, apply: rest }))));
    }
    let sigma = half / ((locked > 0 ? values[locked]! : wanted) - middle);
    const first = sigma;
    // y = A x is there already
    for (let i = 0; i < x.length; i++) y[i] = (y[i]! - middle * x[i]!) * (sigma / half);
    for (let degree = 2; degree <= DEGREE; degree++) {
      const next = 1 / (2 / first - sigma);
      await operator.apply(y, width, z);
      found.move(y, z, width, top);
      const [a, b] = [(2 * next) / half, sigma * next];
      for (let i = 0; i < x.length; i++) z[i] = (z[i]! - middle * y[i]!) * a - b * x[i]!;
      sigma = next;
      [x, y, z] = [y, z, x];
      signal?.throwIfAborted();
      const turned = yieldWhenDue();
      if (turned) await turned;
    }
    [x, y] = [y, x];
    found.restore(x, width);
    await orthonormalize(x, n, width);
  }
  throw new Error(`${op}: maxRounds must be 1 or more, got ${maxRounds}`);
}

/**
 * Vectors that are found, the first columns of x [n, width], kept out of what a filter lifts: A + Σ (to − λ) v vᵀ, where A v = λ v, has them at `to`, with what is
 * not wanted. One that is far below the others would be all that is left of each column in rounding.
 */
class Deflation {
  readonly #vectors: readonly Float64Array[];
  readonly #values: Float64Array;

  constructor(x: Float64Array, values: Float64Array, n: number, width: number) {
    this.#values = values;
    this.#vectors = Array.from(values, (_, v) => generate(Float64Array, n, (i) => x[i * width + v]!));
  }

  /** Makes of A y [n, columns] what the other operator gives. */
  move(y: Float64Array, image: Float64Array, columns: number, to: number): void {
    for (const [v, vector] of this.#vectors.entries()) {
      const parts = new Float64Array(columns);
      for (let at = 0; at < y.length; at++) parts[at % columns]! += vector[Math.floor(at / columns)]! * y[at]!;
      for (let c = 0; c < columns; c++) parts[c]! *= to - this.#values[v]!;
      for (let at = 0; at < y.length; at++) image[at]! += parts[at % columns]! * vector[Math.floor(at / columns)]!;
    }
  }

  /** Puts them back into the first columns. */
  restore(x: Float64Array, width: number): void {
    for (const [v, vector] of this.#vectors.entries())
      for (const [i, value] of vector.entries()) x[i * width + v] = value;
  }
}

/** A bound from above of the eigenvalues: Lanczos' largest Ritz value and what is left of its last vector (Zhou and Li 2011). */
async function boundOf(operator: SymmetricOperator): Promise<number> {
  const { n } = operator;
  const steps = Math.min(n, 12);
  let v = normals(1, n);
  normalize(v);
  let before = new Float64Array(n);
  const w = new Float64Array(n);
  const matrix = new Float64Array(steps * steps);
  let beta = 0;
  for (let step = 0; step < steps; step++) {
    await operator.apply(v, 1, w);
    let alpha = 0;
    for (let i = 0; i < n; i++) alpha += v[i]! * w[i]!;
    matrix[step * steps + step] = alpha;
    const next = new Float64Array(n);
    for (let i = 0; i < n; i++) next[i] = w[i]! - alpha * v[i]! - beta * before[i]!;
    beta = normalize(next);
    if (step + 1 < steps) matrix[step * steps + step + 1] = matrix[(step + 1) * steps + step] = beta;
    [before, v] = [v, next];
    if (beta === 0) break;
  }
  const { values } = await symmetricEigen(matrix, steps, "boundOf");
  return values[steps - 1]! + beta;
}

/** Makes a vector one of length 1, unless it is 0; returns its length. */
function normalize(v: Float64Array): number {
  let sum = 0;
  for (const value of v) sum += value * value;
  const length = Math.sqrt(sum);
  if (length > 0) for (let i = 0; i < v.length; i++) v[i]! /= length;
  return length;
}

/** Rows between two looks at the clock. */
const PIECE = 1024;

/** xᵀ y [width, width], made symmetric. */
async function products(x: Float64Array, y: Float64Array, n: number, width: number): Promise<Float64Array> {
  const sums = new Float64Array(width * width);
  for (let i = 0; i < n; i++) {
    const at = i * width;
    for (let a = 0; a < width; a++) {
      const value = x[at + a]!;
      for (let b = 0, to = a * width; b < width; b++) sums[to + b]! += value * y[at + b]!;
    }
    if (i % PIECE === 0) await yieldWhenDue();
  }
  for (let a = 0; a < width; a++)
    for (let b = 0; b < a; b++)
      sums[a * width + b] = sums[b * width + a] = (sums[a * width + b]! + sums[b * width + a]!) / 2;
  return sums;
}

/** x ← x vectorsᵀ: column c becomes the combination that row c of `vectors` says. */
async function rotate(x: Float64Array, vectors: Float64Array, n: number, width: number): Promise<void> {
  const row = new Float64Array(width);
  for (let i = 0; i < n; i++) {
    const at = i * width;
    row.set(x.subarray(at, at + width));
    for (let c = 0; c < width; c++) {
      let sum = 0;
      for (let a = 0, from = c * width; a < width; a++) sum += row[a]! * vectors[from + a]!;
      x[at + c] = sum;
    }
    if (i % PIECE === 0) await yieldWhenDue();
  }
}

/**
 * Makes the columns of x [n, width] orthonormal, by Cholesky's factor of xᵀx, twice, since once leaves what was rounded away (Yamamoto et al. 2015);
 * by Gram and Schmidt's method where the columns are too nearly dependent for that. A column that depends on those before it becomes a random one.
 */
async function orthonormalize(x: Float64Array, n: number, width: number): Promise<void> {
  for (let pass = 0; pass < 2; pass++) {
    const lengths = new Float64Array(width);
    for (let i = 0; i < n; i++) for (let c = 0; c < width; c++) lengths[c]! += x[i * width + c]! ** 2;
    for (let c = 0; c < width; c++) lengths[c] = lengths[c]! > 0 ? 1 / Math.sqrt(lengths[c]!) : 1;
    for (let i = 0; i < n; i++) for (let c = 0; c < width; c++) x[i * width + c]! *= lengths[c]!;
    const inverse = inverseFactor(await products(x, x, n, width), width);
    if (!inverse) return gramSchmidt(x, n, width);
    await rotate(x, inverse, n, width);
  }
}

/** L⁻¹ of a = L Lᵀ; undefined where a is nearly singular. */
function inverseFactor(a: Float64Array, n: number): Float64Array | undefined {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= l[i * n + k]! * l[j * n + k]!;
      if (i === j && !(sum > 1e-10)) return undefined;
      l[i * n + j] = i === j ? Math.sqrt(sum) : sum / l[j * n + j]!;
    }
  const inverse = new Float64Array(n * n);
  for (let j = 0; j < n; j++)
    for (let i = j; i < n; i++) {
      let sum = i === j ? 1 : 0;
      for (let k = j; k < i; k++) sum -= l[i * n + k]! * inverse[k * n + j]!;
      inverse[i * n + j] = sum / l[i * n + i]!;
    }
  return inverse;
}

async function gramSchmidt(x: Float64Array, n: number, width: number): Promise<void> {
  const columns = Array.from({ length: width }, (_, c) => generate(Float64Array, n, (i) => x[i * width + c]!));
  const random = new Random(2);
  const numbers = new Float32Array(n);
  for (const [c, column] of columns.entries()) {
    for (let attempt = 0; attempt < 4; attempt++) {
      let kept = 1;
      for (let pass = 0; pass < 2; pass++) {
        for (const other of columns.slice(0, c)) {
          let dot = 0;
          for (let i = 0; i < n; i++) dot += column[i]! * other[i]!;
          for (let i = 0; i < n; i++) column[i]! -= dot * other[i]!;
        }
        kept *= normalize(column);
      }
      if (kept > 1e-12) break;
      random.fillNormal(numbers);
      column.set(numbers);
    }
    await yieldWhenDue();
  }
  for (let c = 0; c < width; c++) for (let i = 0; i < n; i++) x[i * width + c] = columns[c]![i]!;
}
