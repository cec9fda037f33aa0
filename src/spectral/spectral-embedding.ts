import type { Points } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import { Model } from "../lifecycle/model";
import type { DeviceOption, OptionSet } from "../lifecycle/model";
import { RUN_RULES } from "../lifecycle/progress";
import type { RunOptions } from "../lifecycle/progress";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { integer } from "../options";
import type { SparseMatrix } from "../sparse";
import { AFFINITY_DEFAULTS, AFFINITY_RULES, affinityOf } from "./affinity-kinds";
import type { AffinityOptions, AffinitySettings } from "./affinity-kinds";
import { embeddingOf } from "./laplacian";

/** Options of `SpectralEmbedding`. */
export interface SpectralEmbeddingOptions extends AffinityOptions {
  /** Default 2. */
  readonly nComponents?: number;
}

/** @inline */
type Settings = AffinitySettings & { readonly nComponents: number };

const OPTIONS: OptionSet<Settings> = {
  rules: { ...AFFINITY_RULES, nComponents: integer(1) },
  defaults: { ...AFFINITY_DEFAULTS, nComponents: 2 },
};

/** Eigenvectors of a graph. */
interface Found {
  readonly embedding: NdArray<Float64Array>;
  readonly eigenvalues: Float64Array<ArrayBuffer>;
}

/**
 * Laplacian eigenmaps (Belkin and Niyogi, Neural Computation 2003): the smallest eigenvectors of the random walk on a graph of the points but the first,
 * which is constant, as scikit-learn's `SpectralEmbedding`; there with "knn" by default.
 */
export class SpectralEmbedding extends Model<Settings> {
  #result: Found | undefined;

  /** @throws for an option that is unknown or out of its range */
  constructor(options: SpectralEmbeddingOptions = {}) {
    super("SpectralEmbedding", options, OPTIONS);
  }

  /** [n, nComponents]. @throws before `fit` */
  get embedding(): NdArray<Float64Array> {
    return this.known("embedding", this.#result).embedding;
  }
  /** Eigenvalues of the normalised Laplacian, ascending. @throws before `fit` */
  get eigenvalues(): Float64Array<ArrayBuffer> {
    return this.known("eigenvalues", this.#result).eigenvalues;
  }

  /**
   * Embeds points x [n, d], or the nodes of a graph [n, n].
   * @param options `onStep`: after the affinities and after the eigenvectors; the loss is the share of the work that is left
   * @throws when x is not finite, or not symmetric where it is an affinity; the signal's reason when aborted
   */
  async fit(x: Points | SparseMatrix, options: RunOptions = {}): Promise<this> {
    return this.fitting(options, RUN_RULES, async (fit) => {
      const { signal } = fit;
      const report = (step: number): void =>
        fit.report({ stage: this.name, epoch: 1, epochs: 1, step, steps: 2, loss: 1 - step / 2 });
      const op = "SpectralEmbedding.fit";
      const affinity = await affinityOf(x, op, this.settings, await this.device(x), signal);
      report(1);
      await fit.between();
      const found = await embeddingOf(affinity, { nComponents: this.settings.nComponents }, op, true, signal);
      await fit.between();
      this.#result = { embedding: found.embedding, eigenvalues: found.eigenvalues };
      this.learned();
      report(2);
    });
  }

  /** `fit`, then the embedding. */
  async fitTransform(x: Points | SparseMatrix, options: RunOptions = {}): Promise<NdArray<Float64Array>> {
    return (await this.fit(x, options)).embedding;
  }

  /** @throws when the bytes are no checkpoint of a SpectralEmbedding */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<SpectralEmbedding> {
    return Model.restored("SpectralEmbedding", content, options, (settings) => new SpectralEmbedding(settings));
  }

  protected override own(): Learned {
    const { embedding, eigenvalues } = this.known("save", this.#result);
    return { arrays: { embedding, eigenvalues: new NdArray<TypedArray>(eigenvalues) } };
  }

  protected override restore(saved: Checkpoint): void {
    const { nComponents } = this.settings;
    const [n = 0] = saved.matrix("embedding", [-1, nComponents])?.shape ?? [];
    this.#result = {
      embedding: new NdArray(saved.numbers("embedding", n * nComponents), [n, nComponents]),
      eigenvalues: saved.numbers("eigenvalues", nComponents),
    };
  }

  protected override release(): void {
    this.#result = undefined;
  }
}
