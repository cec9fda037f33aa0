import { checkChoice, checkPositive, checkWhole, fitted } from "../checks";
import { DeviceHolder } from "../cluster/points";
import type { Device } from "../device";
import { noGrad } from "../graph";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import { takeRows } from "../neighbours/rows";
import { SparseMatrix } from "../sparse";
import { tensor, tidy } from "../tensor";
import { columnMeans, centeredRows } from "../neighbours/rows";
import { knnAffinity, rbfAffinity } from "./affinity";
import { clusterRows } from "./clusters";
import { spectralEmbedding } from "./laplacian";
import type { SpectralEmbeddingResult } from "./laplacian";

/** Where the weights between points come from: exp(−γ d²), the k nearest neighbours, or a matrix [n, n] given as x. */
export type AffinityKind = "rbf" | "knn" | "precomputed";

/** Options that `SpectralClustering` and `SpectralEmbedding` share. */
export interface AffinityOptions {
  /** Default "rbf". */
  readonly affinity?: AffinityKind;
  /** γ of "rbf". Default 1. */
  readonly gamma?: number;
  /** Neighbours of "knn", the point itself counted. Default 10. */
  readonly nNeighbors?: number;
  readonly device?: Device;
  /** Ends `fit` with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Points of which "rbf" holds all pairs, at most. */
const MOST_PAIRS = 5000;

/** The weights between the rows of x by the options. */
async function affinityOf(
  x: MatrixLike | SparseMatrix,
  op: string,
  options: AffinityOptions,
): Promise<SparseMatrix | MatrixLike> {
  const { affinity = "rbf", gamma = 1, nNeighbors = 10, device, signal } = options;
  if (affinity === "precomputed") return x;
  if (x instanceof SparseMatrix)
    throw new Error(`${op}: a sparse matrix is taken as a precomputed affinity only, got affinity "${affinity}"`);
  const own = device ? { device } : {};
  if (affinity === "knn") return knnAffinity(x, nNeighbors, { ...own, signal });
  const rows = await takeRows(x, op);
  if (rows.n > MOST_PAIRS)
    throw new Error(`${op}: affinity "rbf" holds all pairs of up to ${MOST_PAIRS} points, got ${rows.n}; use "knn"`);
  const holder = new DeviceHolder(device);
  const on = await holder.get(rows.data);
  const points = centeredRows(rows, columnMeans(rows), op);
  const w = tidy(() => noGrad(() => rbfAffinity(tensor(on, points, [rows.n, rows.d]), gamma)));
  try {
    return new NdArray(Float64Array.from(await w.data()), w.shape);
  } finally {
    w.dispose();
    await holder.dispose();
  }
}

function checkAffinity(op: string, { affinity = "rbf", gamma = 1, nNeighbors = 10 }: AffinityOptions): void {
  checkChoice(op, { affinity }, ["rbf", "knn", "precomputed"]);
  checkPositive(op, { gamma });
  checkWhole(op, { nNeighbors }, 1);
}

/** Options of `SpectralEmbedding`. */
export interface SpectralEmbeddingOptions extends AffinityOptions {
  /** Default 2. */
  readonly nComponents?: number;
}

/**
 * Laplacian eigenmaps (Belkin and Niyogi, Neural Computation 2003): the smallest eigenvectors of the random walk on a graph of the points but the first,
 * which is constant, as scikit-learn's `SpectralEmbedding`; there with "knn" by default.
 */
export class SpectralEmbedding {
  readonly #options: SpectralEmbeddingOptions;
  readonly #nComponents: number;
  #result: SpectralEmbeddingResult | undefined;

  /** @throws when an option is out of its range */
  constructor(options: SpectralEmbeddingOptions = {}) {
    const { nComponents = 2 } = options;
    checkWhole("SpectralEmbedding", { nComponents }, 1);
    checkAffinity("SpectralEmbedding", options);
    [this.#options, this.#nComponents] = [options, nComponents];
  }

  /** [n, nComponents]. @throws before `fit` */
  get embedding(): NdArray<Float64Array> {
    return fitted("SpectralEmbedding.embedding", this.#result).embedding;
  }
  /** Eigenvalues of the normalised Laplacian, ascending. @throws before `fit` */
  get eigenvalues(): Float64Array<ArrayBuffer> {
    return fitted("SpectralEmbedding.eigenvalues", this.#result).eigenvalues;
  }

  /** Embeds points x [n, d], or the nodes of a graph [n, n]. @throws when x is not finite, or not symmetric where it is an affinity */
  async fit(x: MatrixLike | SparseMatrix): Promise<this> {
    const { signal } = this.#options;
    const affinity = await affinityOf(x, "SpectralEmbedding.fit", this.#options);
    this.#result = await spectralEmbedding(affinity, this.#nComponents, { dropFirst: true, signal });
    return this;
  }

  /** `fit`, then the embedding. */
  async fitTransform(x: MatrixLike | SparseMatrix): Promise<NdArray<Float64Array>> {
    return (await this.fit(x)).embedding;
  }
}

/** Options of `SpectralClustering`. */
export interface SpectralClusteringOptions extends AffinityOptions {
  readonly nClusters: number;
  /** Runs of k-means. Default 10. */
  readonly nInit?: number;
  /** Default 0. */
  readonly seed?: number;
}

/**
 * Spectral clustering (Shi and Malik, "Normalized cuts and image segmentation", 2000; von Luxburg 2007): k-means on as many smallest eigenvectors of
 * the random walk on a graph of the points as there are clusters, as scikit-learn's. The eigenvectors in float64.
 */
export class SpectralClustering {
  readonly nClusters: number;
  readonly #options: SpectralClusteringOptions;
  #labels: Int32Array<ArrayBuffer> | undefined;
  #result: SpectralEmbeddingResult | undefined;

  /** @throws when an option is out of its range */
  constructor(options: SpectralClusteringOptions) {
    const { nClusters, nInit = 10 } = options;
    checkWhole("SpectralClustering", { nClusters, nInit }, 1);
    checkAffinity("SpectralClustering", options);
    [this.nClusters, this.#options] = [nClusters, options];
  }

  /** The cluster of each point. @throws before `fit`, as all these */
  get labels(): Int32Array<ArrayBuffer> {
    return fitted("SpectralClustering.labels", this.#labels);
  }
  /** The rows that were clustered, [n, nClusters]. */
  get embedding(): NdArray<Float64Array> {
    return fitted("SpectralClustering.embedding", this.#result).embedding;
  }
  /** The smallest eigenvalues of the normalised Laplacian: as many near 0 as there are parts that hardly touch. */
  get eigenvalues(): Float64Array<ArrayBuffer> {
    return fitted("SpectralClustering.eigenvalues", this.#result).eigenvalues;
  }

  /** Clusters points x [n, d], or the nodes of a graph [n, n]. @throws when there are fewer points than clusters, or x is not sound */
  async fit(x: MatrixLike | SparseMatrix): Promise<this> {
    const { nInit = 10, seed = 0, device, signal } = this.#options;
    const { nClusters } = this;
    const affinity = await affinityOf(x, "SpectralClustering.fit", this.#options);
    this.#result = await spectralEmbedding(affinity, nClusters, { signal });
    const on = { ...(device ? { device } : {}), ...(signal ? { signal } : {}) };
    this.#labels = await clusterRows(this.#result.embedding, { nClusters, nInit, seed, ...on });
    return this;
  }

  /** `fit`, then the labels. */
  async fitPredict(x: MatrixLike | SparseMatrix): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x)).labels;
  }
}
