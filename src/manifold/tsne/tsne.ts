import { checkPositive, checkRange, checkInteger, fitted, checkNames } from "../../checks";
import { DeviceHolder } from "../../cluster/points";
import { PCA } from "../../cluster/pca";
import type { Device } from "../../device";
import type { MatrixLike } from "../../matrix";
import { NdArray } from "../../ndarray";
import { neighboursAmong } from "../../neighbours/knn";
import type { Metric } from "../../neighbours/knn";
import { takeRows } from "../../neighbours/rows";
import { stream } from "../../random";
import type { SparseMatrix } from "../../sparse";
import { yieldWhenDue } from "../../event-loop";
import { givenPlaces } from "../first-places";
import { checkPerplexity, givenAffinities, neighbourAffinities } from "./affinities";
import { TsneDescent } from "./descent";

/** What `onIteration` is told. */
export interface TsneProgress {
  readonly iteration: number;
  readonly maxIter: number;
  /** KL(P‖Q), measured every 50 iterations. */
  readonly divergence: number;
}

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
  /** Affinities [n, n] in place of those of the points, symmetric and summing to 1. */
  readonly probabilities?: SparseMatrix | MatrixLike;
  /** Default "euclidean". */
  readonly metric?: Metric;
  /** Default 0. */
  readonly seed?: number;
  readonly device?: Device;
  /** Every so many iterations, when the divergence is looked at. */
  readonly onIteration?: (progress: TsneProgress) => void;
  /** Ends `fit` with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Iterations between two measurements of the loss. */
const CHECK = 50;

interface Result {
  readonly embedding: NdArray;
  readonly divergence: number;
  readonly nIter: number;
}

/**
 * t-SNE (van der Maaten and Hinton, JMLR 2008): places whose affinities by Student's t distribution are nearest to those of the points, in
 * Kullback and Leibler's sense. Affinities over 3 × perplexity nearest neighbours, as in the Barnes-Hut form (van der Maaten, JMLR 2014). Every pair's
 * repulsion, by one fused kernel that holds none of them, below 5,000 points and in one or three dimensions; in the plane from 5,000 points on that of a field
 * which is interpolated on a grid (Linderman et al., Nature Methods 2019), to about 1 %: the time of an iteration grows with n and the area of the map.
 * Gains, momentum and stops are scikit-learn's. One seed gives the same bytes on one device every time.
 */
export class TSNE {
  readonly #options: TSNEOptions;
  #result: Result | undefined;

  /** @throws when an option is out of its range */
  constructor(options: TSNEOptions = {}) {
    checkNames<TSNEOptions>("TSNE", options, {
      nComponents: true,
      perplexity: true,
      earlyExaggeration: true,
      exaggerationIter: true,
      learningRate: true,
      maxIter: true,
      minGradNorm: true,
      nIterWithoutProgress: true,
      init: true,
      probabilities: true,
      metric: true,
      seed: true,
      device: true,
      onIteration: true,
      signal: true,
    });
    const {
      nComponents = 2,
      perplexity = 30,
      earlyExaggeration = 12,
      exaggerationIter = 250,
      learningRate = "auto",
    } = options;
    const { maxIter = 1000, minGradNorm = 1e-7, nIterWithoutProgress = 300, init = "pca" } = options;
    checkInteger("TSNE", { nComponents }, 1, 3);
    checkInteger("TSNE", { maxIter, nIterWithoutProgress }, 1);
    checkInteger("TSNE", { exaggerationIter }, 0);
    checkRange("TSNE", { perplexity, earlyExaggeration }, 1);
    checkRange("TSNE", { minGradNorm }, 0);
    if (learningRate !== "auto") checkPositive("TSNE", { learningRate });
    if (typeof init === "string" && init !== "pca" && init !== "random")
      throw new Error(`TSNE: init must be "pca", "random" or a matrix, got ${JSON.stringify(init)}`);
    this.#options = options;
  }

  /** The places [n, nComponents]. @throws before `fit`, as all these */
  get embedding(): NdArray {
    return fitted("TSNE.embedding", this.#result).embedding;
  }
  /** KL(P‖Q) of the places. */
  get klDivergence(): number {
    return fitted("TSNE.klDivergence", this.#result).divergence;
  }
  /** Iterations that were done. */
  get nIter(): number {
    return fitted("TSNE.nIter", this.#result).nIter;
  }

  /** Places points x [n, d]. @throws when the perplexity is not below n − 1, or x is no finite matrix */
  async fit(x: MatrixLike): Promise<this> {
    const op = "TSNE.fit";
    const { nComponents = 2, perplexity = 30, probabilities, metric = "euclidean", signal } = this.#options;
    const rows = await takeRows(x, op);
    const { n } = rows;
    const holder = new DeviceHolder(this.#options.device);
    const device = await holder.get(rows.data);
    try {
      let p: SparseMatrix;
      if (probabilities) p = givenAffinities(probabilities, n, op);
      else {
        checkPerplexity(op, perplexity, n);
        const k = Math.min(n - 1, Math.floor(3 * perplexity + 1));
        p = await neighbourAffinities(await neighboursAmong(rows, { k }, op, { metric, device, signal }), perplexity);
      }
      const descent = new TsneDescent(device, p, await this.#begin(x, n, rows.d, device), nComponents);
      try {
        this.#result = await this.#descend(descent);
      } finally {
        descent.dispose();
      }
    } finally {
      await holder.dispose();
    }
    return this;
  }

  /** `fit`, then the places. */
  async fitTransform(x: MatrixLike): Promise<NdArray> {
    return (await this.fit(x)).embedding;
  }

  async #descend(descent: TsneDescent): Promise<Result> {
    const { earlyExaggeration = 12, exaggerationIter = 250, maxIter = 1000, learningRate = "auto" } = this.#options;
    const { minGradNorm = 1e-7, nIterWithoutProgress = 300, onIteration, signal } = this.#options;
    const rate = learningRate === "auto" ? Math.max(descent.n / earlyExaggeration / 4, 50) : learningRate;
    let [best, bestAt, iteration] = [Infinity, 0, 0];
    while (iteration < maxIter) {
      signal?.throwIfAborted();
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
      if (iteration % CHECK > 0) continue;
      const { divergence, gradientNorm } = await descent.loss(early ? earlyExaggeration : 1);
      onIteration?.({ iteration, maxIter, divergence });
      if (divergence < best) [best, bestAt] = [divergence, iteration];
      if (!early && (gradientNorm <= minGradNorm || iteration - bestAt > nIterWithoutProgress)) break;
    }
    const { divergence } = await descent.loss();
    if (!Number.isFinite(divergence))
      throw new Error(`TSNE.fit: the places have run apart, got a loss of ${divergence}; lower learningRate`);
    return { embedding: new NdArray(await descent.places(), [descent.n, descent.dim]), divergence, nIter: iteration };
  }

  async #begin(x: MatrixLike, n: number, d: number, device: Device): Promise<Float32Array<ArrayBuffer>> {
    const { init = "pca", nComponents = 2, seed = 0 } = this.#options;
    const given = givenPlaces(init, n, nComponents, "TSNE.fit");
    if (given) return given;
    const places = new Float32Array(n * nComponents);
    if (init === "random" || Math.min(n, d) < nComponents) {
      stream(seed, "TSNE.init").fillNormal(places, 0, 1e-4);
      return places;
    }
    const { data } = await new PCA({ nComponents, device }).fitTransform(x);
    let square = 0;
    for (let i = 0; i < data.length; i += nComponents) square += data[i]! ** 2 / n;
    const factor = square > 0 ? 1e-4 / Math.sqrt(square) : 0;
    return data.map((value) => value * factor) as Float32Array<ArrayBuffer>;
  }
}
