import { checkInteger, checkNames, checkPositive, checkRange } from "../checks";
import { inverseOf } from "../linear-algebra/cholesky";
import type { SymmetricOperator } from "../linear-algebra/smallest-eigen";
import type { MatrixLike } from "../matrix";
import { KNN_OPTIONS, neighboursAmong } from "../neighbours/knn";
import type { KnnOptions } from "../neighbours/knn";
import { columnMeans, lessOffset, takeRows } from "../neighbours/rows";
import type { HostRows } from "../neighbours/rows";
import { SparseMatrix } from "../sparse";
import { runCooperatively } from "../event-loop";
import type { Cooperative } from "../event-loop";
import { symmetrized } from "./affinity";
import { normalizedLaplacian } from "./laplacian";
import type { Laplacian } from "./laplacian";

/** Options of `secOperator`. */
export interface SecOperatorOptions extends KnnOptions {
  /** Neighbours of a point, itself not counted. Default 5. */
  readonly neighbors?: number;
  /** σ² of the weights exp(−d² / σ²). Default: the mean of the squared distances to the neighbours. */
  readonly sigma2?: number;
  /** Weight of the linear part. Default 0.1. */
  readonly mu?: number;
  /** Regularisation of the linear part. Default 1. */
  readonly gamma?: number;
}

/** What spectral embedded clustering minimises over, and its parts. */
export interface SecOperator extends SymmetricOperator {
  /** W, sparse [n, n]. */
  readonly affinity: SparseMatrix;
  /** Its normalised Laplacian. */
  readonly laplacian: Laplacian;
  /** L_g = H − H X (Xᵀ H X + γ I)⁻¹ Xᵀ H, as an operator. */
  readonly linear: SymmetricOperator;
}

/**
 * The operator L + μ L_g of spectral embedded clustering (Nie, Zeng, Tsang, Xu and Zhang, "Spectral embedded clustering", IEEE TNN 2011): L the
 * normalised Laplacian of the weights exp(−d² / σ²) between neighbours, symmetrised by their maximum, L_g the part that is small where a linear map of
 * the points x [n, d] gives the embedding.
 * @throws when an option is out of its range, or x is no finite matrix with more rows than neighbours
 */
export async function secOperator(x: MatrixLike, options: SecOperatorOptions = {}): Promise<SecOperator> {
  return secOperatorOf(await takeRows(x, "secOperator"), options, "secOperator");
}

/** The same of rows that a method has taken. @throws `op: …` @internal */
export async function secOperatorOf(rows: HostRows, options: SecOperatorOptions, op: string): Promise<SecOperator> {
  const { neighbors = 5, mu = 0.1, gamma = 1, sigma2: given, ...searching } = options;
  checkRange(op, { mu }, 0);
  checkPositive(op, { gamma });
  checkNames<KnnOptions>(op, searching, KNN_OPTIONS);
  const graph = await neighboursAmong(rows, { neighbors }, op, searching);
  const squared = graph.distances.data.map((distance) => distance * distance);
  const sigma2 = given ?? (squared.reduce((sum, value) => sum + value, 0) / squared.length || 1);
  checkPositive(op, { sigma2 });
  const affinity = symmetrized(
    graph,
    squared.map((value) => Math.exp(-value / sigma2)),
    Math.max,
  );
  const laplacian = normalizedLaplacian(affinity);
  const linear = linearPart(rows, gamma, op);
  const { n } = laplacian;
  const apply = async (v: Float64Array, width: number, out: Float64Array): Promise<void> => {
    await laplacian.apply(v, width, out);
    const rest = new Float64Array(out.length);
    await linear.apply(v, width, rest);
    for (let i = 0; i < out.length; i++) out[i]! += mu * rest[i]!;
  };
  return { n, bound: 2 + mu, apply, affinity, laplacian, linear };
}

/** H − H X (Xᵀ H X + γ I)⁻¹ Xᵀ H, H taking off means: eigenvalues from 0 to 1. */
function linearPart(rows: HostRows, gamma: number, op: string): SymmetricOperator {
  const { n, d } = rows;
  const centered = lessOffset(rows, columnMeans(rows)).data;
  const gram = new Float64Array(d * d);
  for (let at = 0; at < n * d; at += d)
    for (let a = 0; a < d; a++) for (let b = 0; b < d; b++) gram[a * d + b]! += centered[at + a]! * centered[at + b]!;
  for (let a = 0; a < d; a++) gram[a * d + a]! += gamma;
  const inverse = inverseOf(gram, d, op);
  const apply = (v: Float64Array, width: number, out: Float64Array): void => {
    const [means, projected, solved] = [
      new Float64Array(width),
      new Float64Array(d * width),
      new Float64Array(d * width),
    ];
    for (let i = 0; i < n; i++) for (let c = 0; c < width; c++) means[c]! += v[i * width + c]! / n;
    for (let i = 0; i < n; i++)
      for (let a = 0; a < d; a++) {
        const value = centered[i * d + a]!;
        for (let c = 0; c < width; c++) projected[a * width + c]! += value * v[i * width + c]!;
      }
    for (let a = 0; a < d; a++)
      for (let b = 0; b < d; b++)
        for (let c = 0; c < width; c++) solved[a * width + c]! += inverse[a * d + b]! * projected[b * width + c]!;
    for (let i = 0; i < n; i++) {
      for (let c = 0; c < width; c++) out[i * width + c] = v[i * width + c]! - means[c]!;
      for (let a = 0; a < d; a++) {
        const value = centered[i * d + a]!;
        for (let c = 0; c < width; c++) out[i * width + c]! -= value * solved[a * width + c]!;
      }
    }
  };
  return { n, bound: 1, apply };
}

/** Options of `ldmgiLaplacian`. */
export interface LdmgiLaplacianOptions extends KnnOptions {
  /** Points of a clique, the one in its middle included. Default 5. */
  readonly cliqueSize?: number;
  /** λ, the regularisation of the local maps. Default 1. */
  readonly lambda?: number;
}

/**
 * The Laplacian Σ_i S_i H (X̃ᵢᵀ X̃ᵢ + λ I)⁻¹ H S_iᵀ of local discriminant models and global integration (Yang, Xu, Nie, Yan and Zhuang, "Image
 * clustering using local discriminant models and global integration", IEEE TIP 2010): each point with its nearest ones is a clique, X̃ᵢ its points less
 * their mean, and the sum is small for what a linear discriminant of every clique gives. Sparse [n, n].
 * @throws when an option is out of its range, or x is no finite matrix of at least cliqueSize rows
 */
export async function ldmgiLaplacian(x: MatrixLike, options: LdmgiLaplacianOptions = {}): Promise<SparseMatrix> {
  return ldmgiLaplacianOf(await takeRows(x, "ldmgiLaplacian"), options, "ldmgiLaplacian");
}

/** The same of rows that a method has taken. @throws `op: …` @internal */
export async function ldmgiLaplacianOf(
  rows: HostRows,
  { cliqueSize = 5, lambda = 1, ...options }: LdmgiLaplacianOptions,
  op: string,
): Promise<SparseMatrix> {
  checkNames<KnnOptions>(op, options, KNN_OPTIONS);
  const { data, n, d } = rows;
  checkInteger(op, { cliqueSize }, 2);
  checkPositive(op, { lambda });
  const { indices } = await neighboursAmong(rows, { cliqueSize }, op, { ...options, includeSelf: true });
  return runCooperatively(sumOfCliques(data, n, d, indices.data, cliqueSize, lambda, op));
}

function* sumOfCliques(
  data: Float64Array,
  n: number,
  d: number,
  cliques: Int32Array,
  k: number,
  lambda: number,
  op: string,
): Cooperative<SparseMatrix> {
  const size = n * k * k;
  const entries = { rows: new Uint32Array(size), columns: new Uint32Array(size), values: new Float64Array(size) };
  const [points, gram] = [new Float64Array(k * d), new Float64Array(k * k)];
  for (let i = 0; i < n; i++) {
    const members = cliques.subarray(i * k, (i + 1) * k);
    for (let c = 0; c < d; c++) {
      let mean = 0;
      for (const j of members) mean += data[j * d + c]! / k;
      members.forEach((j, a) => (points[a * d + c] = data[j * d + c]! - mean));
    }
    for (let a = 0; a < k; a++)
      for (let b = 0; b <= a; b++) {
        let sum = a === b ? lambda : 0;
        for (let c = 0; c < d; c++) sum += points[a * d + c]! * points[b * d + c]!;
        gram[a * k + b] = gram[b * k + a] = sum;
      }
    const largest = gram.reduce((most, value) => Math.max(most, value), 0);
    if (!(lambda > 1e-14 * largest))
      throw new Error(
        `${op}: lambda must not be lost beside the squared distances of neighbours, ${largest.toPrecision(3)}, got ${lambda}; scale x, or raise it`,
      );
    const inverse = inverseOf(gram, k, op);
    const sums = new Float64Array(k);
    let total = 0;
    for (let a = 0; a < k; a++) for (let b = 0; b < k; b++) sums[a]! += inverse[a * k + b]!;
    for (let a = 0; a < k; a++) total += sums[a]!;
    for (let a = 0; a < k; a++)
      for (let b = 0; b < k; b++) {
        const at = (i * k + a) * k + b;
        entries.rows[at] = members[a]!;
        entries.columns[at] = members[b]!;
        entries.values[at] = inverse[a * k + b]! - (sums[a]! + sums[b]!) / k + total / (k * k);
      }
    if (i % 16 === 0) yield;
  }
  return SparseMatrix.fromEntries([n, n], entries);
}
