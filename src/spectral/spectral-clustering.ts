import type { Points } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import { labelsOf, matrixOf, numbersOf } from "../lifecycle/checkpoint";
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import { Model } from "../lifecycle/model";
import type { DeviceOption, OptionSet } from "../lifecycle/model";
import { RUN_RULES } from "../lifecycle/progress";
import type { RunOptions } from "../lifecycle/progress";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { seed, integer } from "../options";
import type { SparseMatrix } from "../sparse";
import { AFFINITY_DEFAULTS, AFFINITY_RULES, affinityOf } from "./affinity-kinds";
import type { AffinityOptions, AffinitySettings } from "./affinity-kinds";
import { clusterRows } from "./clusters";
import { spectralEmbedding } from "./laplacian";

/** Options of `SpectralClustering`. */
export interface SpectralClusteringOptions extends AffinityOptions {
  readonly nClusters: number;
  /** Runs of k-means. Default 10. */
  readonly nInit?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** @inline */
type Settings = AffinitySettings & Required<Omit<SpectralClusteringOptions, keyof AffinityOptions>>;

const OPTIONS: OptionSet<Settings> = {
  rules: { ...AFFINITY_RULES, nClusters: integer(1), nInit: integer(1), seed },
  defaults: { ...AFFINITY_DEFAULTS, nInit: 10, seed: 0 },
};

/** Clusters, and the eigenvectors that they are read off. */
interface Found {
  readonly labels: Int32Array<ArrayBuffer>;
  readonly embedding: NdArray<Float64Array>;
  readonly eigenvalues: Float64Array<ArrayBuffer>;
}

/**
 * Spectral clustering (Shi and Malik, "Normalized cuts and image segmentation", 2000; von Luxburg 2007): k-means on as many smallest eigenvectors of
 * the random walk on a graph of the points as there are clusters, as scikit-learn's. The eigenvectors in float64.
 */
export class SpectralClustering extends Model<Settings> {
  #result: Found | undefined;

  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: SpectralClusteringOptions) {
    super("SpectralClustering", options, OPTIONS);
  }

  get nClusters(): number {
    return this.settings.nClusters;
  }

  /** The cluster of each point. @throws before `fit`, as all these */
  get labels(): Int32Array<ArrayBuffer> {
    return this.known("labels", this.#result).labels;
  }
  /** The rows that were clustered, [n, nClusters]. */
  get embedding(): NdArray<Float64Array> {
    return this.known("embedding", this.#result).embedding;
  }
  /** The smallest eigenvalues of the normalised Laplacian: as many near 0 as there are parts that hardly touch. */
  get eigenvalues(): Float64Array<ArrayBuffer> {
    return this.known("eigenvalues", this.#result).eigenvalues;
  }

  /**
   * Clusters points x [n, d], or the nodes of a graph [n, n].
   * @param options `onStep`: after the affinities, the eigenvectors and k-means; the loss is the share of the work that is left
   * @throws when there are fewer points than clusters, or x is not sound; the signal's reason when aborted
   */
  async fit(x: Points | SparseMatrix, options: RunOptions = {}): Promise<this> {
    return this.fitting(options, RUN_RULES, async (fit) => {
      const { signal } = fit;
      const { nClusters, nInit, seed } = this.settings;
      const device = await this.device(x);
      const report = (step: number): void =>
        fit.report({ stage: this.name, epoch: 1, epochs: 1, step, steps: 3, loss: 1 - step / 3 });
      const affinity = await affinityOf(x, "SpectralClustering.fit", this.settings, device, signal);
      report(1);
      await fit.between();
      const { embedding, eigenvalues } = await spectralEmbedding(affinity, nClusters, { signal });
      report(2);
      await fit.between();
      const labels = await clusterRows(embedding, { nClusters, nInit, seed, device, signal });
      await fit.between();
      this.#result = { labels, embedding, eigenvalues };
      this.learned();
      report(3);
    });
  }

  /** `fit`, then the labels. */
  async fitPredict(x: Points | SparseMatrix, options: RunOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** @throws when the bytes are no checkpoint of a SpectralClustering */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<SpectralClustering> {
    return Model.restored("SpectralClustering", content, options, (settings) => new SpectralClustering(settings));
  }

  protected override own(): Learned {
    const { labels, embedding, eigenvalues } = this.known("save", this.#result);
    return {
      arrays: {
        labels: new NdArray<TypedArray>(labels),
        ...{ embedding, eigenvalues: new NdArray<TypedArray>(eigenvalues) },
      },
    };
  }

  protected override restore(saved: Checkpoint): void {
    const { nClusters } = this;
    const labels = labelsOf(saved, "labels", nClusters);
    const [n = 0] = matrixOf(saved, "embedding", [-1, nClusters])?.shape ?? [];
    if (!labels || labels.length !== n) throw new Error("checkpoint: labels and embedding must be of the same points");
    this.#result = {
      labels,
      embedding: new NdArray(numbersOf(saved, "embedding", n * nClusters), [n, nClusters]),
      eigenvalues: numbersOf(saved, "eigenvalues", nClusters),
    };
  }

  protected override release(): void {
    this.#result = undefined;
  }
}
