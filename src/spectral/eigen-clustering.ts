import { checkWhole, fitted } from "../checks";
import type { Device } from "../device";
import { smallestEigenvectors } from "../linear-algebra/smallest-eigen";
import type { SymmetricOperator } from "../linear-algebra/smallest-eigen";
import type { MatrixLike } from "../matrix";
import type { NdArray } from "../ndarray";
import { clusterRows, unitLength } from "./clusters";
import { asColumns } from "./laplacian";

/** Options of clustering by the eigenvectors of an operator. */
export interface EigenClusteringOptions {
  readonly nClusters: number;
  /** Runs of k-means. Default 10. */
  readonly nInit?: number;
  /** Default 0. */
  readonly seed?: number;
  readonly device?: Device;
  /** Ends `fit` with the signal's reason. */
  readonly signal?: AbortSignal;
}

interface Result {
  readonly labels: Int32Array<ArrayBuffer>;
  readonly eigenvalues: Float64Array<ArrayBuffer>;
  readonly vectors: NdArray<Float64Array>;
}

/** k-means on the rows, made unit vectors, of the smallest eigenvectors of an operator that the points say. */
export abstract class EigenClustering {
  readonly nClusters: number;
  readonly #settings: EigenClusteringOptions;
  readonly #name: string;
  #result: Result | undefined;

  constructor(name: string, settings: EigenClusteringOptions) {
    const { nClusters, nInit = 10 } = settings;
    checkWhole(name, { nClusters, nInit }, 1);
    [this.nClusters, this.#settings, this.#name] = [nClusters, settings, name];
  }

  /** The cluster of each point. @throws before `fit`, as all these */
  get labels(): Int32Array<ArrayBuffer> {
    return fitted(`${this.#name}.labels`, this.#result).labels;
  }
  /** The smallest eigenvalues, ascending, [nClusters]. */
  get eigenvalues(): Float64Array<ArrayBuffer> {
    return fitted(`${this.#name}.eigenvalues`, this.#result).eigenvalues;
  }
  /** Their orthonormal eigenvectors as columns, [n, nClusters]. */
  get vectors(): NdArray<Float64Array> {
    return fitted(`${this.#name}.vectors`, this.#result).vectors;
  }

  /** Clusters points x [n, d]. @throws when x is no finite matrix, or has fewer rows than clusters or neighbours */
  async fit(x: MatrixLike): Promise<this> {
    const { nInit = 10, seed = 0, device, signal } = this.#settings;
    const op = `${this.#name}.fit`;
    const { nClusters } = this;
    const operator = await this.operator(x);
    const { n } = operator;
    if (n < nClusters) throw new Error(`${op}: ${nClusters} clusters need as many points, got ${n}`);
    const { values, vectors } = await smallestEigenvectors(operator, nClusters, op, { signal });
    const columns = asColumns(vectors, nClusters, n);
    const on = { ...(device ? { device } : {}), ...(signal ? { signal } : {}) };
    const labels = await clusterRows(unitLength(columns), { nClusters, nInit, seed, ...on });
    this.#result = { labels, eigenvalues: values, vectors: columns };
    return this;
  }

  /** `fit`, then the labels. */
  async fitPredict(x: MatrixLike): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x)).labels;
  }

  protected abstract operator(x: MatrixLike): Promise<SymmetricOperator>;
}
