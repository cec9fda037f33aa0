import { noGrad } from "../../graph";
import { mul, sub } from "../../ops/elementwise";
import { slice } from "../../ops/layout";
import { matmul } from "../../ops/matmul";
import { mean } from "../../ops/reduce";
import { tensor, tidy } from "../../tensor";
import type { Tensor } from "../../tensor";
import { yieldWhenDue } from "../../event-loop";
import { orthonormalize, symmetricEigen } from "./eigen";

/** Rows and columns up to which all eigenvalues of the smaller side are found. */
const EXACT = 1024;
/** An axis is clear of what rounding adds to it above this share of the largest variance. */
const CLEAR = 1e-5;
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
async function fromCovariance(x: Tensor, rest: Float32Array, kept: Kept): Promise<Axes> {
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
async function fromGram(x: Tensor, kept: Kept): Promise<Axes> {
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
export const widened = (values: Float32Array, d: number): Promise<Float64Array> =>
  copyRows(values, new Float64Array(values.length), d);

/** The first c rows of d numbers in float32. */
const rounded = (values: Float64Array, c: number, d: number): Promise<Float32Array> =>
  copyRows(values, new Float32Array(c * d), d);

/** The sum of numbers. */
export const sumOf = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);

/**
 * Axes of points x [n, d] as they lie on a device, each turned so that its loading of largest size is positive, and the means of the columns.
 * @param find finds them, of points about their means, and of what float32 left of those
 * @param between is awaited once the means are known
 */
export async function axesAboutMean(
  x: Tensor,
  solver: Solver,
  find: (x: Tensor, rest: Float32Array) => Promise<Axes>,
  between?: () => Promise<void>,
): Promise<Axes & { readonly mean: Float64Array }> {
  const { x: own, mean, rest } = await centred(x, solver !== "covariance");
  try {
    await between?.();
    const axes = await find(own, rest);
    await turnSigns(axes.components, mean.length);
    return { ...axes, mean };
  } finally {
    own.dispose();
  }
}

/** Axes by the products of the smaller side, all of them: of centred points, and what float32 left of their means. */
export const exactAxes = (x: Tensor, rest: Float32Array, solver: Solver, kept: Kept): Promise<Axes> =>
  solver === "covariance" ? fromCovariance(x, rest, kept) : fromGram(x, kept);

/** x less its column means, those means and what float32 left of them: x − m, m, mean of x − m. */
async function centred(x: Tensor, twice: boolean): Promise<{ x: Tensor; mean: Float64Array; rest: Float32Array }> {
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
