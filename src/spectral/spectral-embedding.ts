import type { Points } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import { Findings } from "../lifecycle/findings";
import { Model } from "../lifecycle/model";
import type { DeviceOption, OptionSet } from "../lifecycle/model";
import { RUN_RULES } from "../lifecycle/progress";
import type { RunOptions } from "../lifecycle/progress";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { integer } from "../options";
import type { SparseMatrix } from "../sparse";
import { AFFINITY_DEFAULTS, AFFINITY_RULES, affinityOf, keepsAffinity } from "./affinity-kinds";
import type { AffinityOptions, AffinitySettings } from "./affinity-kinds";
import { keptSearch, restoredSearch, SEARCH_STEPS, searchEigenvectors, searchStep } from "./eigen-search";
import type { StandingSearch } from "./eigen-search";
import { embeddingOf, laplacianOf, soughtOf } from "./laplacian";
import type { Laplacian } from "./laplacian";

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
  readonly #findings = new Findings<Found, StandingSearch>();

  /** @throws for an option that is unknown or out of its range */
  constructor(options: SpectralEmbeddingOptions = {}) {
    super("SpectralEmbedding", options, OPTIONS);
  }

  /** [n, nComponents]. @throws before `fit` */
  get embedding(): NdArray<Float64Array> {
    return this.known("embedding", this.#findings.result).embedding;
  }
  /** Eigenvalues of the normalised Laplacian, ascending. @throws before `fit` */
  get eigenvalues(): Float64Array<ArrayBuffer> {
    return this.known("eigenvalues", this.#findings.result).eigenvalues;
  }

  /**
   * Embeds points x [n, d], or the nodes of a graph [n, n]. A fit that was stopped, saved and loaded goes on where it stood, with the same points: after its graph
   * of neighbours, or amid the rounds that find the eigenvectors of more than 200 points.
   * @param options `onStep`: after the affinities, before each of the rounds, of which there are 300 at most, and at the end; the loss is the share of these steps
   * that is left
   * @throws when x is not finite, or not symmetric where it is an affinity; the signal's reason when aborted
   */
  async fit(x: Points | SparseMatrix, options: RunOptions = {}): Promise<this> {
    return this.fitting(options, RUN_RULES, async (fit) => {
      const op = "SpectralEmbedding.fit";
      const { settings } = this;
      const report = (step: number): void => fit.report(searchStep(this.name, step, 0));
      const before = await this.#findings.enter(op, x);
      const { operator, eigen } = await searchEigenvectors<SparseMatrix | MatrixLike, Laplacian>(fit, {
        ...{ op, before, keepsGraph: keepsAffinity(settings), report },
        graph: async () => affinityOf(x, op, settings, await this.device(x), fit.signal),
        operator: (affinity) => laplacianOf(affinity, op),
        count: (n) => soughtOf({ nComponents: settings.nComponents }, n, true, op),
        stand: (search) => {
          this.#findings.stand(search);
          this.learned(); // from now on it can say where it stands
        },
      });
      await fit.between();
      const { embedding, eigenvalues } = embeddingOf(eigen, operator, true);
      this.#findings.end({ embedding, eigenvalues });
      this.learned();
      report(SEARCH_STEPS);
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
    return this.#findings.kept(
      (result) => this.known("save", result),
      ({ embedding, eigenvalues }) => ({ embedding, eigenvalues: new NdArray<TypedArray>(eigenvalues) }),
      keptSearch,
    );
  }

  protected override restore(saved: Checkpoint): void {
    const { nComponents } = this.settings;
    const hasResult = this.#findings.restore(saved, "embedding", (standing) =>
      restoredSearch(standing, nComponents + 1, keepsAffinity(this.settings)),
    );
    if (!hasResult) return;
    const [n = 0] = saved.matrix("embedding", [-1, nComponents])?.shape ?? [];
    this.#findings.restored({
      embedding: new NdArray(saved.numbers("embedding", n * nComponents), [n, nComponents]),
      eigenvalues: saved.numbers("eigenvalues", nComponents),
    });
  }

  protected override release(): void {
    this.#findings.release();
  }
}
