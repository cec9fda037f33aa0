import { checkInteger, checkNames, checkPositive, checkRange } from "../checks";
import { inverseOf } from "../linear-algebra/cholesky";
import type { SymmetricOperator } from "../linear-algebra/smallest-eigen";
import type { MatrixLike } from "../matrix";
import { KNN_OPTIONS, neighboursAmong } from "../neighbours/knn";
import type { KnnOptions } from "../neighbours/knn";
import { columnMeans, lessOffset } from "../neighbours/rows";
import type { HostRows } from "../neighbours/rows";
import { dotOf, sizesOf, takePoints } from "../neighbours/sparse-rows";
import type { GivenRows } from "../neighbours/sparse-rows";
import { SparseMatrix } from "../sparse";
import { runCooperatively } from "../event-loop";
import type { Cooperative } from "../event-loop";
import { symmetrized } from "./affinity";
import { laplacianOf } from "./laplacian";
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
export async function secOperator(
  x: MatrixLike | SparseMatrix,
  options: SecOperatorOptions = {},
): Promise<SecOperator> {
  const op = "secOperator";
  const rows = await takePoints(x, op);
  const { mu = 0.1, gamma = 1, ...ofAffinity } = options;
  checkRange(op, { mu }, 0);
  checkPositive(op, { gamma });
  return secOperatorOf(await secAffinityOf(rows, ofAffinity, op), rows, { mu, gamma }, op);
}

/** W of rows that a method has taken. @throws `op: …` @internal */
export async function secAffinityOf(
  rows: GivenRows,
  options: Omit<SecOperatorOptions, "mu" | "gamma">,
  op: string,
): Promise<SparseMatrix> {
  const { neighbors = 5, sigma2: given, ...searching } = options;
  checkNames<KnnOptions>(op, searching, KNN_OPTIONS);
  const graph = await neighboursAmong(rows, { neighbors }, op, searching);
  const squared = graph.distances.data.map((distance) => distance * distance);
  const sigma2 = given ?? (squared.reduce((sum, value) => sum + value, 0) / squared.length || 1);
  checkPositive(op, { sigma2 });
  return symmetrized(
    graph,
    squared.map((value) => Math.exp(-value / sigma2)),
    Math.max,
  );
}

/** The operator of W and these rows. @throws `op: …` @internal */
export function secOperatorOf(
  affinity: SparseMatrix,
  rows: GivenRows,
  { mu, gamma }: Required<Pick<SecOperatorOptions, "mu" | "gamma">>,
  op: string,
): SecOperator {
  const laplacian = laplacianOf(affinity, op);
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

/** Products by rows about their means, H X. */
interface CenteredRows {
  readonly n: number;
  readonly d: number;
  /** Xᵀ H X, [d, d]. */
  gram(): Float64Array;
  /** out [d, width] = Xᵀ H v of v [n, width]. */
  project(v: Float64Array, width: number, out: Float64Array): void;
  /** out [n, width] −= H X w of w [d, width]. */
  subtract(w: Float64Array, width: number, out: Float64Array): void;
}

function denseRows(rows: HostRows): CenteredRows {
  const { n, d } = rows;
  const centered = lessOffset(rows, columnMeans(rows)).data;
  return {
    ...{ n, d },
    gram: () => {
      const gram = new Float64Array(d * d);
      for (let at = 0; at < n * d; at += d)
        for (let a = 0; a < d; a++)
          for (let b = 0; b < d; b++) gram[a * d + b]! += centered[at + a]! * centered[at + b]!;
      return gram;
    },
    project: (v, width, out) => {
      for (let i = 0; i < n; i++)
        for (let a = 0; a < d; a++) {
          const value = centered[i * d + a]!;
          for (let c = 0; c < width; c++) out[a * width + c]! += value * v[i * width + c]!;
        }
    },
    subtract: (w, width, out) => {
      for (let i = 0; i < n; i++)
        for (let a = 0; a < d; a++) {
          const value = centered[i * d + a]!;
          for (let c = 0; c < width; c++) out[i * width + c]! -= value * w[a * width + c]!;
        }
    },
  };
}

/** The same of sparse rows, whose means are taken off in the products: the rows keep their zeros. */
function sparseRows(x: SparseMatrix): CenteredRows {
  const [n, d] = x.shape;
  const turned = x.transpose();
  const means = turned.rowSums().map((sum) => sum / n);
  return {
    ...{ n, d },
    gram: () => {
      const gram = new Float64Array(d * d);
      for (let i = 0; i < n; i++)
        for (let p = x.indptr[i]!, end = x.indptr[i + 1]!; p < end; p++) {
          const row = x.indices[p]! * d;
          for (let q = x.indptr[i]!; q < end; q++) gram[row + x.indices[q]!]! += x.data[p]! * x.data[q]!;
        }
      for (let a = 0; a < d; a++) for (let b = 0; b < d; b++) gram[a * d + b]! -= n * means[a]! * means[b]!;
      return gram;
    },
    project: (v, width, out) => {
      turned.multiply(v, width, out);
      const sums = new Float64Array(width);
      for (let i = 0; i < n; i++) for (let c = 0; c < width; c++) sums[c]! += v[i * width + c]!;
      for (let a = 0; a < d; a++) for (let c = 0; c < width; c++) out[a * width + c]! -= means[a]! * sums[c]!;
    },
    subtract: (w, width, out) => {
      const product = new Float64Array(n * width);
      x.multiply(w, width, product);
      const offsets = new Float64Array(width);
      for (let a = 0; a < d; a++) for (let c = 0; c < width; c++) offsets[c]! += means[a]! * w[a * width + c]!;
      for (let i = 0; i < n; i++)
        for (let c = 0; c < width; c++) out[i * width + c]! -= product[i * width + c]! - offsets[c]!;
    },
  };
}

/** H − H X (Xᵀ H X + γ I)⁻¹ Xᵀ H, H taking off means: eigenvalues from 0 to 1. */
function linearPart(given: GivenRows, gamma: number, op: string): SymmetricOperator {
  const rows = given instanceof SparseMatrix ? sparseRows(given) : denseRows(given);
  const { n, d } = rows;
  const gram = rows.gram();
  for (let a = 0; a < d; a++) gram[a * d + a]! += gamma;
  const inverse = inverseOf(gram, d, op);
  const apply = (v: Float64Array, width: number, out: Float64Array): void => {
    const [means, projected, solved] = [
      new Float64Array(width),
      new Float64Array(d * width),
      new Float64Array(d * width),
    ];
    for (let i = 0; i < n; i++) for (let c = 0; c < width; c++) means[c]! += v[i * width + c]! / n;
    rows.project(v, width, projected);
    for (let a = 0; a < d; a++)
      for (let b = 0; b < d; b++)
        for (let c = 0; c < width; c++) solved[a * width + c]! += inverse[a * d + b]! * projected[b * width + c]!;
    for (let i = 0; i < n; i++) for (let c = 0; c < width; c++) out[i * width + c] = v[i * width + c]! - means[c]!;
    rows.subtract(solved, width, out);
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
export async function ldmgiLaplacian(
  x: MatrixLike | SparseMatrix,
  options: LdmgiLaplacianOptions = {},
): Promise<SparseMatrix> {
  return ldmgiLaplacianOf(await takePoints(x, "ldmgiLaplacian"), options, "ldmgiLaplacian");
}

/** The same of rows that a method has taken. @throws `op: …` @internal */
export async function ldmgiLaplacianOf(
  rows: GivenRows,
  { cliqueSize = 5, lambda = 1, ...options }: LdmgiLaplacianOptions,
  op: string,
): Promise<SparseMatrix> {
  checkNames<KnnOptions>(op, options, KNN_OPTIONS);
  checkInteger(op, { cliqueSize }, 2);
  checkPositive(op, { lambda });
  const { indices } = await neighboursAmong(rows, { cliqueSize }, op, { ...options, includeSelf: true });
  const gram = rows instanceof SparseMatrix ? sparseGrams(rows, cliqueSize) : denseGrams(rows, cliqueSize);
  return runCooperatively(sumOfCliques(gram, sizesOf(rows).n, indices.data, cliqueSize, lambda, op));
}

/** Puts the products of the members of a clique, less their mean, into gram [k, k]. */
type GramOf = (members: Int32Array, gram: Float64Array) => void;

function denseGrams({ data, d }: HostRows, k: number): GramOf {
  const points = new Float64Array(k * d);
  return (members, gram) => {
    for (let c = 0; c < d; c++) {
      let mean = 0;
      for (const j of members) mean += data[j * d + c]! / k;
      members.forEach((j, a) => (points[a * d + c] = data[j * d + c]! - mean));
    }
    for (let a = 0; a < k; a++)
      for (let b = 0; b <= a; b++) {
        let sum = 0;
        for (let c = 0; c < d; c++) sum += points[a * d + c]! * points[b * d + c]!;
        gram[a * k + b] = gram[b * k + a] = sum;
      }
  };
}

/** The same of sparse rows: products of rows, less the means of their rows and columns. */
function sparseGrams(x: SparseMatrix, k: number): GramOf {
  const dot = dotOf(x);
  const means = new Float64Array(k);
  return (members, gram) => {
    means.fill(0);
    for (let a = 0; a < k; a++)
      for (let b = 0; b <= a; b++) gram[a * k + b] = gram[b * k + a] = dot(members[a]!, members[b]!);
    for (let a = 0; a < k; a++) for (let b = 0; b < k; b++) means[a]! += gram[a * k + b]! / k;
    const mean = means.reduce((sum, value) => sum + value, 0) / k;
    for (let a = 0; a < k; a++) for (let b = 0; b < k; b++) gram[a * k + b]! += mean - means[a]! - means[b]!;
  };
}

function* sumOfCliques(
  gramOf: GramOf,
  n: number,
  cliques: Int32Array,
  k: number,
  lambda: number,
  op: string,
): Cooperative<SparseMatrix> {
  const size = n * k * k;
  const entries = { rows: new Uint32Array(size), columns: new Uint32Array(size), values: new Float64Array(size) };
  const gram = new Float64Array(k * k);
  for (let i = 0; i < n; i++) {
    const members = cliques.subarray(i * k, (i + 1) * k);
    gramOf(members, gram);
    for (let a = 0; a < k; a++) gram[a * k + a]! += lambda;
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
