import { PCA } from "../../cluster/pca/pca";
import type { Points } from "../../cluster/points";
import type { Bytes } from "../../data/formats/source";
import type { Device } from "../../device";
import { yieldWhenDue } from "../../event-loop";
import { fill } from "../../kernels/indexing";
import { tsneAttraction, tsneForces, tsneUpdate } from "../../kernels/manifold";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import { Findings } from "../../lifecycle/findings";
import type { Fit } from "../../lifecycle/fit";
import { Model } from "../../lifecycle/model";
import type { DeviceOption, OptionSet } from "../../lifecycle/model";
import { RUN_RULES } from "../../lifecycle/progress";
import type { RunOptions } from "../../lifecycle/progress";
import type { MatrixLike } from "../../matrix";
import { NdArray } from "../../ndarray";
import { neighboursAmong } from "../../neighbours/knn";
import type { Metric } from "../../neighbours/knn";
import { takeRows } from "../../neighbours/rows";
import type { HostRows } from "../../neighbours/rows";
import { choice, either, integer, optional, positive, range, seed as seedRule } from "../../options";
import { stream } from "../../random";
import type { SparseMatrix } from "../../sparse";
import { givenPlaces, keptPlaces, placesRule } from "../first-places";
import { checkPerplexity, givenAffinities, neighbourAffinities } from "./affinities";
import { TsneDescent } from "./descent";
import { affinitiesOf, keptResult, keptStanding, restoredResult, restoredStanding, sameAffinities } from "./kept";
import type { StandingDescent, TsneResult } from "./kept";

/** Options of `TSNE`; the defaults are scikit-learn's. */
export interface TSNEOptions {
  /** 1 to 3. Default 2. */
  readonly nComponents?: number;
  /** Neighbours that a point has, as it were. Default 30. */
  readonly perplexity?: number;
  /** Factor of the affinities in the first iterations. Default 12. */
  readonly earlyExaggeration?: number;
  /** Iterations with that factor and momentum 0.5; 0.8 from then on. Default 250. */
  readonly exaggerationIter?: number;
  /** Default "auto": n over the exaggeration and 4, 50 at least. */
  readonly learningRate?: number | "auto";
  /** Default 1000. */
  readonly maxIter?: number;
  /** The descent ends below this length of the gradient. Default 1e-7. */
  readonly minGradNorm?: number;
  /** Iterations without a lower loss after which it ends. Default 300. */
  readonly nIterWithoutProgress?: number;
  /** First places: "pca" with a deviation of 1e-4 along the first axis, "random" with 1e-4, or given [n, nComponents]. Default "pca". */
  readonly init?: "pca" | "random" | MatrixLike;
  /** Default "euclidean". */
  readonly metric?: Metric;
  /** Default 0. */
  readonly seed?: number;
  /** Where to compute; default: a tensor's own device, else one requested at first need. */
  readonly device?: Device | undefined;
}

/** Options of `TSNE.fit`. */
export interface TSNEFitOptions extends RunOptions {
  /** Affinities [n, n] in place of those of the points, symmetric and summing to 1. */
  readonly probabilities?: SparseMatrix | MatrixLike | undefined;
}

/** @inline */
type Settings = Required<Omit<TSNEOptions, "device">>;

const OPTIONS: OptionSet<Settings> = {
  rules: {
    ...{ nComponents: integer(1, 3), perplexity: range(1), earlyExaggeration: range(1), exaggerationIter: integer(0) },
    ...{ learningRate: either(positive, choice("auto")), maxIter: integer(1), minGradNorm: range(0) },
    ...{ nIterWithoutProgress: integer(1), init: placesRule("pca", "random") },
    ...{ metric: choice("euclidean", "cosine"), seed: seedRule },
  },
  defaults: {
    ...{ nComponents: 2, perplexity: 30, earlyExaggeration: 12, exaggerationIter: 250, learningRate: "auto" },
    ...{ maxIter: 1000, minGradNorm: 1e-7, nIterWithoutProgress: 300, init: "pca", metric: "euclidean", seed: 0 },
  },
  kernels: () => [fill, tsneForces, tsneAttraction, tsneUpdate],
};

const FIT_RULES = {
  ...RUN_RULES,
  probabilities: optional({
    words: "a matrix or a SparseMatrix",
    holds: (value) => typeof value === "object" && value !== null,
  }),
};

/** Iterations between two measurements of the loss. */
const CHECK = 50;

/**
 * t-SNE (van der Maaten and Hinton, JMLR 2008): places whose affinities by Student's t distribution are nearest to those of the points, in
 * Kullback and Leibler's sense. Affinities over 3 × perplexity nearest neighbours, as in the Barnes-Hut form (van der Maaten, JMLR 2014). Every pair's
 * repulsion, by one fused kernel that holds none of them, below 5,000 points and in one or three dimensions; in the plane from 5,000 points on that of a field
 * which is interpolated on a grid (Linderman et al., Nature Methods 2019), to about 1 %: the time of an iteration grows with n and the area of the map.
 * Gains, momentum and stops are scikit-learn's. One seed gives the same bytes on one device every time.
 */
export class TSNE extends Model<Settings> {
  readonly #findings = new Findings<TsneResult, StandingDescent>();

  /** @throws for an option that is unknown or out of its range */
  constructor(options: TSNEOptions = {}) {
    super("TSNE", options, OPTIONS);
  }

  /** The places [n, nComponents]. @throws before `fit`, as all these */
  get embedding(): NdArray {
    return this.known("embedding", this.#findings.result).embedding;
  }
  /** KL(P‖Q) of the places. */
  get klDivergence(): number {
    return this.known("klDivergence", this.#findings.result).divergence;
  }
  /** Iterations that were done. */
  get nIter(): number {
    return this.known("nIter", this.#findings.result).nIter;
  }

  /**
   * Places points x [n, d]. A fit that was stopped, saved and loaded goes on where it stood, after its affinities or amid its iterations, with the same points.
   * @param options `onStep`: after the affinities, every fifty iterations, and after the last; the loss is KL(P‖Q)
   * @throws when the perplexity is not below n − 1, or x is no finite matrix; the signal's reason when aborted
   */
  async fit(x: Points, options: TSNEFitOptions = {}): Promise<this> {
    return this.fitting(options, FIT_RULES, async (fit) => {
      const op = "TSNE.fit";
      const { nComponents, perplexity } = this.settings;
      const rows = await takeRows(x, op);
      const { n, d } = rows;
      const { probabilities } = options;
      const given = probabilities && affinitiesOf(givenAffinities(probabilities, n, op));
      if (!given) checkPerplexity(op, perplexity, n);
      const init = givenPlaces(this.settings.init, n, nComponents, op);
      const device = await this.device(x);
      const before = await this.#findings.enter(op, new NdArray(rows.data, [n, d]));
      if (before && given && !sameAffinities(before.p, given))
        throw new Error(`${op}: a fit goes on with the same probabilities, got others`);
      const p = before?.p ?? given ?? affinitiesOf(await this.#affinities(rows, device, fit.signal));
      const from = this.#findings.stand<StandingDescent>(
        before ?? { n, d, p, iteration: 0, best: Infinity, bestAt: 0 },
      );
      this.learned(); // from now on it can say where it stands
      await fit.between();
      const moving = before?.moving as Awaited<ReturnType<TsneDescent["held"]>> | undefined; // read from a file
      const y = moving?.places.data ?? init ?? (await this.#begin(x, rows, device));
      const descent = new TsneDescent(device, p, y, nComponents, moving);
      try {
        this.#findings.end(await this.#descend(descent, from, fit));
      } catch (error) {
        const held = await descent.held().catch(() => undefined);
        const standing = held?.places.data.every(Number.isFinite)
          ? { ...this.#findings.standing!, moving: held }
          : from;
        this.#findings.stand(standing);
        throw error;
      } finally {
        descent.dispose();
      }
    });
  }

  /** `fit`, then the places. */
  async fitTransform(x: Points, options: TSNEFitOptions = {}): Promise<NdArray> {
    return (await this.fit(x, options)).embedding;
  }

  /** @throws when the bytes are no checkpoint of a TSNE */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<TSNE> {
    return Model.restored("TSNE", content, options, (settings) => new TSNE(settings));
  }

  protected override own(): Learned {
    return this.#findings.kept((result) => this.known("save", result), keptResult, keptStanding);
  }

  protected override restore(saved: Checkpoint): void {
    const { nComponents, maxIter } = this.settings;
    const hasResult = this.#findings.restore(saved, "embedding", (standing, d) =>
      restoredStanding(standing, d(), nComponents, maxIter),
    );
    if (hasResult) this.#findings.restored(restoredResult(saved, nComponents, maxIter));
  }

  protected override release(): void {
    this.#findings.release();
  }

  protected override keptSettings(): object {
    return { ...this.settings, init: keptPlaces(this.settings.init, "TSNE.save") };
  }

  async #affinities(rows: HostRows, device: Device, signal: AbortSignal): Promise<SparseMatrix> {
    const { perplexity, metric } = this.settings;
    const k = Math.min(rows.n - 1, Math.floor(3 * perplexity + 1));
    const near = await neighboursAmong(rows, { k }, "TSNE.fit", { metric, device, signal });
    return neighbourAffinities(near, perplexity, signal);
  }

  async #descend(descent: TsneDescent, from: StandingDescent, fit: Fit): Promise<TsneResult> {
    const { earlyExaggeration, exaggerationIter, maxIter, learningRate, minGradNorm, nIterWithoutProgress } =
      this.settings;
    const rate = learningRate === "auto" ? Math.max(descent.n / earlyExaggeration / 4, 50) : learningRate;
    let { iteration, best, bestAt } = from;
    const stand = async (loss?: number): Promise<void> => {
      this.#findings.stand({ ...from, iteration, best, bestAt, moving: descent.moving });
      const done = { epoch: Math.max(iteration, 1), epochs: maxIter, step: Math.min(iteration, 1), steps: 1 };
      if (loss !== undefined) fit.report({ stage: this.name, ...done, loss, mayEnd: true });
      await fit.between();
    };
    await stand((await descent.loss()).divergence);
    while (iteration < maxIter) {
      const early = iteration < exaggerationIter;
      await descent.step({
        exaggeration: early ? earlyExaggeration : 1,
        momentum: early ? 0.5 : 0.8,
        learningRate: rate,
        minGain: 0.01,
      });
      iteration++;
      if (iteration === exaggerationIter) [best, bestAt] = [Infinity, iteration];
      await yieldWhenDue();
      let divergence: number | undefined;
      if (iteration % CHECK === 0) {
        const now = await descent.loss(early ? earlyExaggeration : 1);
        divergence = now.divergence;
        if (divergence < best) [best, bestAt] = [divergence, iteration];
        if (!early && (now.gradientNorm <= minGradNorm || iteration - bestAt > nIterWithoutProgress)) break;
      }
      if (iteration < maxIter || divergence !== undefined) await stand(divergence);
    }
    const { divergence } = await descent.loss();
    if (iteration % CHECK > 0) await stand(divergence);
    if (!Number.isFinite(divergence))
      throw new Error(`TSNE.fit: the places have run apart, got a loss of ${divergence}; lower learningRate`);
    return { embedding: (await descent.held()).places, divergence, nIter: iteration };
  }

  async #begin(x: Points, { n, d }: HostRows, device: Device): Promise<Float32Array<ArrayBuffer>> {
    const { init, nComponents, seed } = this.settings;
    const places = new Float32Array(n * nComponents);
    if (init === "random" || Math.min(n, d) < nComponents) {
      stream(seed, "TSNE.init").fillNormal(places, 0, 1e-4);
      return places;
    }
    using pca = new PCA({ nComponents, device });
    const { data } = await pca.fitTransform(x);
    let square = 0;
    for (let i = 0; i < data.length; i += nComponents) square += data[i]! ** 2 / n;
    const factor = square > 0 ? 1e-4 / Math.sqrt(square) : 0;
    return data.map((value) => value * factor) as Float32Array<ArrayBuffer>;
  }
}
