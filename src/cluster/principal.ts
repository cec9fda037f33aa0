import { noGrad } from "../graph";
import { mul, square, sub } from "../ops/elementwise";
import { slice } from "../ops/layout";
import { matmul } from "../ops/matmul";
import { randomNormal } from "../ops/random";
import { mean } from "../ops/reduce";
import type { Random } from "../random";
import { tensor, tidy } from "../tensor";
import type { Tensor } from "../tensor";
import { yieldWhenDue } from "../event-loop";
import { orthonormalize, symmetricEigen } from "./eigen";

/** Rows and columns up to which all eigenvalues of the smaller side are found. */
const EXACT = 1024;
/** An axis is clear of what rounding adds to it above this share of the largest variance. */
const CLEAR = 1e-5;
/** Directions beyond those asked for. */
const OVERSAMPLES = 10;

/** How the axes are found: from the products of the columns, those of the rows, or from a random sample of the range. */
export const SOLVERS = ["covariance", "gram", "randomized"] as const;
/** The same as a type. */
export type Solver = (typeof SOLVERS)[number];

/** What was found: axes of unit length as rows [c, d], the variance along each, and that of all the data. */
export interface Axes {
  readonly components: Float32Array;
  readonly variances: Float64Array;
  readonly total: number;
}

/** The smaller side's products, unless both sides are large and few of the axes are wanted. */
export function chooseSolver(n: number, d: number, components: number): Solver {
  const most = Math.min(n, d);
  if (most > EXACT && 4 * components <= most) return "randomized";
  return n < d ? "gram" : "covariance";
}

/** How many of the variances are kept, given all of them and the data's. */
export type Kept = (variances: Float64Array, total: number) => number;

/** Axes of centred points x [n, d] by the products of their columns; `rest` [d], which the float32 means left over, is taken out of them. */
export async function fromCovariance(x: Tensor, rest: Float32Array, kept: Kept): Promise<Axes> {
  const [n, d] = x.shape as [number, number];
  const products = await readMatrix(() => matmul(x, x, { transA: true }));
  const covariance = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    // Σ (x − r)(x − r)ᵀ = Σ x xᵀ − n r rᵀ
    for (let j = 0; j < d; j++) covariance[i * d + j] = (products[i * d + j]! - n * rest[i]! * rest[j]!) / (n - 1);
    await yieldWhenDue();
  }
  return axesOf(covariance, d, kept);
}

/** Axes of a covariance [d, d], which it overwrites. */
export async function axesOf(covariance: Float64Array, d: number, kept: Kept): Promise<Axes> {
  const { values, vectors } = await symmetricEigen(covariance, d, "PCA.fit");
  const variances = values.map((value) => Math.max(value, 0));
  const total = sumOf(variances);
  const c = kept(variances, total);
  return { components: await rounded(vectors, c, d), variances: variances.slice(0, c), total };
}

/** Axes of centred points x [n, d], n < d, by the products of their rows: an eigenvector v of x xᵀ gives the axis xᵀ v. */
export async function fromGram(x: Tensor, kept: Kept): Promise<Axes> {
  const [n, d] = x.shape as [number, number];
  const products = await readMatrix(() => matmul(x, x, { transB: true }));
  const { values, vectors } = await symmetricEigen(await widened(products, n), n, "PCA.fit");
  const variances = values.map((value) => Math.max(value, 0) / (n - 1));
  const total = sumOf(variances);
  const c = kept(variances, total);
  const clear = values.subarray(0, c).filter((value) => value > CLEAR * values[0]!).length;
  const weights = await rounded(vectors, c, n);
  for (let i = 0; i < clear; i++)
    for (let j = 0, length = Math.sqrt(values[i]!); j < n; j++) weights[i * n + j]! /= length;
  const components = await readMatrix(() => {
    const axes = matmul(tensor(x.device, weights, [c, n]), x);
    // what rounding left of the axes before each is small: once less that, they are as orthogonal as float32 has them
    const before = new Float32Array(c * c);
    for (let k = 0; k < clear; k++) before.fill(1, k * c, k * c + k);
    const shared = mul(matmul(axes, axes, { transB: true }), tensor(x.device, before, [c, c]));
    return sub(axes, matmul(shared, axes));
  });
  await orthonormalize(components, c, d, clear);
  return { components, variances: variances.slice(0, c), total };
}

/** Directions of the sample, and how often it is multiplied by x xᵀ: as in scikit-learn's "randomized". */
export function sampleSizes(c: number, n: number, d: number): { readonly l: number; readonly rounds: number } {
  return { l: Math.min(c + OVERSAMPLES, n, d), rounds: c < 0.1 * Math.min(n, d) ? 7 : 4 };
}

/**
 * Axes of centred points x [n, d] from a random sample of what they span, sharpened by powers of x xᵀ (Halko, Martinsson and Tropp, "Finding structure
 * with randomness", SIAM Review 2011, algorithms 4.4 and 5.1), with as many oversamples and iterations as scikit-learn's "randomized".
 */
export async function fromSample(x: Tensor, c: number, random: Random): Promise<Axes> {
  const [n, d] = x.shape as [number, number];
  const { device } = x;
  const { l, rounds } = sampleSizes(c, n, d);
  let range = noGrad(() => tidy(() => matmul(x, randomNormal(device, [d, l], random))));
  try {
    for (let round = 0; round < rounds; round++) {
      range = await orthonormalColumns(range);
      range = replaced(range, (q) => matmul(x, q, { transA: true }));
      range = await orthonormalColumns(range);
      range = replaced(range, (q) => matmul(x, q));
    }
    range = await orthonormalColumns(range);
    // B = Qᵀ x, whose singular vectors are those of x
    const b = await widened(await readMatrix(() => matmul(range, x, { transA: true })), d);
    const [mean2] = await readMatrix(() => mean(square(x)));
    const products = new Float64Array(l * l);
    for (let i = 0; i < l; i++)
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let t = 0; t < d; t++) sum += b[i * d + t]! * b[j * d + t]!;
        products[i * l + j] = products[j * l + i] = sum;
        await yieldWhenDue();
      }
    const { values, vectors } = await symmetricEigen(products, l, "PCA.fit");
    const components = await combined(vectors, b, c, l, d);
    const variances = Float64Array.from(values.subarray(0, c), (value) => Math.max(value, 0) / (n - 1));
    return { components, variances, total: Math.max((mean2! * n * d) / (n - 1), sumOf(variances)) };
  } finally {
    range.dispose();
  }
}

/** The first c combinations of l rows [l, d], made orthonormal. */
export async function combined(
  weights: Float64Array,
  rows: Float64Array,
  c: number,
  l: number,
  d: number,
): Promise<Float32Array> {
  const components = new Float32Array(c * d);
  for (let i = 0; i < c; i++) {
    const row = new Float64Array(d);
    for (let j = 0; j < l; j++) {
      const weight = weights[i * l + j]!;
      for (let t = 0; t < d; t++) row[t]! += weight * rows[j * d + t]!;
      await yieldWhenDue();
    }
    components.set(row, i * d);
  }
  await orthonormalize(components, c, d);
  return components;
}

/** Columns of y [n, l] made orthonormal, by the eigenvectors of their products, twice: once leaves what float32 rounds away. Frees y. */
export async function orthonormalColumns(y: Tensor): Promise<Tensor> {
  const l = y.shape[1]!;
  for (let pass = 0; pass < 2; pass++) {
    const products = await widened(await readMatrix(() => matmul(y, y, { transA: true })), l);
    const { values, vectors } = await symmetricEigen(products, l, "PCA.fit");
    const [largest = 0] = values;
    const factors = values.map((value) => (value > 1e-7 * largest ? 1 / Math.sqrt(value) : 0)); // the rest is rounding
    const weights = new Float64Array(l * l);
    for (let i = 0; i < l; i++) for (let j = 0; j < l; j++) weights[j * l + i] = vectors[i * l + j]! * factors[i]!;
    y = replaced(y, (columns) => matmul(columns, tensor(columns.device, weights, [l, l])));
  }
  return y;
}

/** f(x), which takes the place of x. */
function replaced(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  const y = tidy(() => noGrad(() => f(x)));
  x.dispose();
  return y;
}

/** How many of the variances, descending, add up to `share`. */
export function forShare(variances: Float64Array, share: number): number {
  let [sum, count] = [0, 0];
  while (count < variances.length && (count === 0 || sum < share)) sum += variances[count++]!;
  return count;
}

/** Turns rows of d numbers so that the number of largest size is positive. */
export async function turnSigns(rows: Float32Array, d: number): Promise<void> {
  for (let at = 0; at < rows.length; at += d) {
    let largest = 0;
    for (let t = at; t < at + d; t++) if (Math.abs(rows[t]!) > Math.abs(largest)) largest = rows[t]!;
    if (largest < 0) for (let t = at; t < at + d; t++) rows[t] = -rows[t]!;
    await yieldWhenDue();
  }
}

/** Elements that are copied at a stretch. */
const STRETCH = 2 ** 20;

/** The elements of a matrix that ops make, a few rows at a time where it is large. */
export async function readMatrix(f: () => Tensor): Promise<Float32Array<ArrayBuffer>> {
  const y = tidy(() => noGrad(f));
  try {
    const [rows, columns] = y.rank === 2 ? (y.shape as [number, number]) : [1, y.size];
    const step = Math.max(1, Math.floor(STRETCH / columns));
    if (rows <= step) return (await y.data()) as Float32Array<ArrayBuffer>;
    const out = new Float32Array(y.size);
    for (let begin = 0; begin < rows; begin += step) {
      const part = tidy(() => noGrad(() => slice(y, [begin, 0], [Math.min(rows, begin + step), columns])));
      out.set(await part.data().finally(() => part.dispose()), begin * columns);
      await yieldWhenDue();
    }
    return out;
  } finally {
    y.dispose();
  }
}

/** As many rows of d numbers as `to` holds, copied into it. */
async function copyRows<T extends Float32Array | Float64Array>(
  values: Float32Array | Float64Array,
  to: T,
  d: number,
): Promise<T> {
  for (let at = 0; at < to.length; at += d) {
    to.set(values.subarray(at, at + d), at);
    await yieldWhenDue();
  }
  return to;
}

/** Rows of d numbers in float64. */
const widened = (values: Float32Array, d: number): Promise<Float64Array> =>
  copyRows(values, new Float64Array(values.length), d);

/** The first c rows of d numbers in float32. */
const rounded = (values: Float64Array, c: number, d: number): Promise<Float32Array> =>
  copyRows(values, new Float32Array(c * d), d);

const sumOf = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);

/** x less its column means, those means and what float32 left of them: x − m, m, mean of x − m. */
export async function centred(
  x: Tensor,
  twice: boolean,
): Promise<{ x: Tensor; mean: Float64Array; rest: Float32Array }> {
  const parts = tidy(() =>
    noGrad(() => {
      const center = mean(x, [0]);
      const once = sub(x, center);
      const rest = mean(once, [0]);
      return [twice ? sub(once, rest) : once, center, rest] as const;
    }),
  );
  const [points, ...means] = parts;
  const [center, rest] = (await Promise.all(means.map((part) => part.data()))) as [Float32Array, Float32Array];
  for (const part of means) part.dispose();
  const sums = new Float64Array(center.length);
  for (let i = 0; i < sums.length; i++) sums[i] = center[i]! + rest[i]!;
  return { x: points, mean: sums, rest };
}
