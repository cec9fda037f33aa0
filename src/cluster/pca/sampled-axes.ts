// Axes from a random sample of what points span.
import { noGrad } from "../../graph";
import { square } from "../../ops/elementwise";
import { matmul } from "../../ops/matmul";
import { randomNormal } from "../../ops/random";
import { mean } from "../../ops/reduce";
import type { Random } from "../../random";
import { tensor, tidy } from "../../tensor";
import type { Tensor } from "../../tensor";
import { yieldWhenDue } from "../../event-loop";
import { orthonormalize, symmetricEigen } from "./eigen";
import { exactAxes, readMatrix, sumOf, widened } from "./principal";
import type { Axes, Kept, Solver } from "./principal";
import { mapTo } from "../../typed-arrays";

/** Directions beyond those asked for. */
const OVERSAMPLES = 10;

/** What finds the axes of centred points, of which `wanted` are asked for, by a solver: from a sample, or all of them, of which some are kept. */
export const findAxes =
  (solver: Solver, wanted: number, kept: Kept, random: Random) =>
  (x: Tensor, rest: Float32Array): Promise<Axes> =>
    solver === "randomized" ? fromSample(x, wanted, random) : exactAxes(x, rest, solver, kept);

/** Directions of the sample, and how often it is multiplied by x xᵀ: as in scikit-learn's "randomized". */
export function sampleSizes(c: number, n: number, d: number): { readonly l: number; readonly rounds: number } {
  return { l: Math.min(c + OVERSAMPLES, n, d), rounds: c < 0.1 * Math.min(n, d) ? 7 : 4 };
}

/**
 * Axes of centred points x [n, d] from a random sample of what they span, sharpened by powers of x xᵀ (Halko, Martinsson and Tropp, "Finding structure
 * with randomness", SIAM Review 2011, algorithms 4.4 and 5.1), with as many oversamples and iterations as scikit-learn's "randomized".
 */
async function fromSample(x: Tensor, c: number, random: Random): Promise<Axes> {
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
    const variances = mapTo(Float64Array, values.subarray(0, c), (value) => Math.max(value, 0) / (n - 1));
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
