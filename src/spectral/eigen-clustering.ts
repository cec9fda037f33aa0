import type { Points } from "../cluster/points";
import type { Device } from "../device";
import { labelsOf, matrixOf, numbersOf } from "../lifecycle/checkpoint";
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import { Model } from "../lifecycle/model";
import { RUN_RULES } from "../lifecycle/progress";
import type { RunOptions } from "../lifecycle/progress";
import { smallestEigenvectors } from "../linear-algebra/smallest-eigen";
import type { SymmetricOperator } from "../linear-algebra/smallest-eigen";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { takeRows } from "../neighbours/rows";
import { seed, integer } from "../options";
import type { Rules } from "../options";
import { clusterRows, unitLength } from "./clusters";
import { asColumns } from "./laplacian";

/** Options of clustering by the eigenvectors of an operator. */
export interface EigenClusteringOptions {
  readonly nClusters: number;
  /** Runs of k-means. Default 10. */
  readonly nInit?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Where to compute; default: a tensor's own device, else one requested at first need. */
  readonly device?: Device | undefined;
}

/** The same, all of them. */
export type EigenClusteringSettings = Required<Omit<EigenClusteringOptions, "device">>;

/** Rules of the options. */
export const EIGEN_RULES: Rules<EigenClusteringSettings> = { nClusters: integer(1), nInit: integer(1), seed };

/** What holds where nothing is given. */
export const EIGEN_DEFAULTS = { nInit: 10, seed: 0 };

interface Result {
  readonly labels: Int32Array<ArrayBuffer>;
  readonly eigenvalues: Float64Array<ArrayBuffer>;
  readonly vectors: NdArray<Float64Array>;
}

/** k-means on the rows, made unit vectors, of the smallest eigenvectors of an operator that the points say. */
export abstract class EigenClustering<Settings extends EigenClusteringSettings> extends Model<Settings> {
  #result: Result | undefined;

  get nClusters(): number {
    return this.settings.nClusters;
  }

  /** The cluster of each point. @throws before `fit`, as all these */
  get labels(): Int32Array<ArrayBuffer> {
    return this.known("labels", this.#result).labels;
  }
  /** The smallest eigenvalues, ascending, [nClusters]. */
  get eigenvalues(): Float64Array<ArrayBuffer> {
    return this.known("eigenvalues", this.#result).eigenvalues;
  }
  /** Their orthonormal eigenvectors as columns, [n, nClusters]. */
  get vectors(): NdArray<Float64Array> {
    return this.known("vectors", this.#result).vectors;
  }

  /**
   * Clusters points x [n, d].
   * @param options `onStep`: after the operator, the eigenvectors and k-means; the loss is the share of the work that is left
   * @throws when x is no finite matrix, or has fewer rows than clusters or neighbours; the signal's reason when aborted
   */
  async fit(x: Points, options: RunOptions = {}): Promise<this> {
    const op = `${this.name}.fit`;
    return this.fitting(options, RUN_RULES, async (fit) => {
      const { signal } = fit;
      const { nClusters, nInit, seed } = this.settings;
      const report = (step: number): void =>
        fit.report({ stage: this.name, epoch: 1, epochs: 1, step, steps: 3, loss: 1 - step / 3 });
      const device = await this.device(x);
      const rows = await takeRows(x, op);
      const { n } = rows;
      if (n < nClusters) throw new Error(`${op}: ${nClusters} clusters need as many points, got ${n}`);
      const operator = await this.operator(new NdArray(rows.data, [n, rows.d]), device, signal);
      report(1);
      await fit.between();
      const { values, vectors } = await smallestEigenvectors(operator, nClusters, op, { signal });
      const columns = asColumns(vectors, nClusters, n);
      report(2);
      await fit.between();
      const labels = await clusterRows(unitLength(columns), { nClusters, nInit, seed, device, signal });
      await fit.between();
      this.#result = { labels, eigenvalues: values, vectors: columns };
      this.learned();
      report(3);
    });
  }

  /** `fit`, then the labels. */
  async fitPredict(x: Points, options: RunOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  protected abstract operator(x: MatrixLike, device: Device, signal: AbortSignal): Promise<SymmetricOperator>;

  protected override own(): Learned {
    const { labels, eigenvalues, vectors } = this.known("save", this.#result);
    return {
      arrays: {
        ...{ labels: new NdArray<TypedArray>(labels), eigenvalues: new NdArray<TypedArray>(eigenvalues) },
        vectors,
      },
    };
  }

  protected override restore(saved: Checkpoint): void {
    const { nClusters } = this;
    const labels = labelsOf(saved, "labels", nClusters);
    const [n = 0] = matrixOf(saved, "vectors", [-1, nClusters])?.shape ?? [];
    if (!labels || labels.length !== n) throw new Error("checkpoint: labels and vectors must be of the same points");
    this.#result = {
      ...{ labels, eigenvalues: numbersOf(saved, "eigenvalues", nClusters) },
      vectors: new NdArray(numbersOf(saved, "vectors", n * nClusters), [n, nClusters]),
    };
  }

  protected override release(): void {
    this.#result = undefined;
  }
}
