import type { Points } from "../cluster/points";
import type { Device } from "../device";
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import { Model } from "../lifecycle/model";
import { RUN_RULES } from "../lifecycle/progress";
import type { RunOptions } from "../lifecycle/progress";
import { smallestEigenvectors } from "../linear-algebra/smallest-eigen";
import type { SymmetricOperator } from "../linear-algebra/smallest-eigen";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { seed, integer } from "../options";
import type { Rules } from "../options";
import type { SparseMatrix } from "../sparse";
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

/** An operator whose eigenvectors are divided by `roots` where it has them: those of a random walk then. */
export type ClusteringOperator = SymmetricOperator & { readonly roots?: Float64Array };

interface Result {
  readonly labels: Int32Array<ArrayBuffer>;
  readonly eigenvalues: Float64Array<ArrayBuffer>;
  readonly embedding: NdArray<Float64Array>;
}

/** k-means on the rows of the smallest eigenvectors of an operator that the points say. */
export abstract class EigenClustering<
  Settings extends EigenClusteringSettings,
  X extends Points | SparseMatrix = Points,
> extends Model<Settings> {
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
  /** Their eigenvectors as columns, [n, nClusters]: what was clustered, row by row. */
  get embedding(): NdArray<Float64Array> {
    return this.known("embedding", this.#result).embedding;
  }

  /**
   * Clusters points x [n, d]; where the method takes a graph, its nodes [n, n].
   * @param options `onStep`: after the operator, the eigenvectors and k-means; the loss is the share of the work that is left
   * @throws when x is not finite, or has fewer rows than clusters or neighbours; the signal's reason when aborted
   */
  async fit(x: X, options: RunOptions = {}): Promise<this> {
    const op = `${this.name}.fit`;
    return this.fitting(options, RUN_RULES, async (fit) => {
      const { signal } = fit;
      const { nClusters, nInit, seed } = this.settings;
      const report = (step: number): void =>
        fit.report({ stage: this.name, epoch: 1, epochs: 1, step, steps: 3, loss: 1 - step / 3 });
      const device = await this.device(x);
      const operator = await this.operator(x, op, device, signal);
      const { n, roots } = operator;
      if (n < nClusters) throw new Error(`${op}: ${nClusters} clusters need as many points, got ${n}`);
      report(1);
      await fit.between();
      const { values, vectors } = await smallestEigenvectors(operator, nClusters, op, { signal });
      const embedding = asColumns(vectors, nClusters, n, roots);
      report(2);
      await fit.between();
      const rows = roots ? embedding : unitLength(embedding);
      const labels = await clusterRows(rows, { nClusters, nInit, seed, device, signal });
      await fit.between();
      this.#result = { labels, eigenvalues: values, embedding };
      this.learned();
      report(3);
    });
  }

  /** `fit`, then the labels. */
  async fitPredict(x: X, options: RunOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** The operator of the points, or of the graph. The rows of eigenvectors without `roots` are made unit vectors. */
  protected abstract operator(x: X, op: string, device: Device, signal: AbortSignal): Promise<ClusteringOperator>;

  protected override own(): Learned {
    const { labels, eigenvalues, embedding } = this.known("save", this.#result);
    return {
      arrays: {
        ...{ labels: new NdArray<TypedArray>(labels), eigenvalues: new NdArray<TypedArray>(eigenvalues) },
        embedding,
      },
    };
  }

  protected override restore(saved: Checkpoint): void {
    const { nClusters } = this;
    const labels = saved.labels("labels", nClusters);
    const [n = 0] = saved.matrix("embedding", [-1, nClusters])?.shape ?? [];
    if (!labels || labels.length !== n) throw new Error("checkpoint: labels and embedding must be of the same points");
    this.#result = {
      ...{ labels, eigenvalues: saved.numbers("eigenvalues", nClusters) },
      embedding: new NdArray(saved.numbers("embedding", n * nClusters), [n, nClusters]),
    };
  }

  protected override release(): void {
    this.#result = undefined;
  }
}
