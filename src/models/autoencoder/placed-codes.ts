// What the methods of N2D's kind share, whatever their network: codes that UMAP places, and a mixture that clusters the places.
import { copy } from "../../kernels/indexing";
import { GaussianMixture } from "../../density/gaussian-mixture";
import { HostMixture } from "../../density/mixture/engine";
import type { Expectation } from "../../density/mixture/engine";
import { largestShares, scoresOf } from "../../density/mixture/parameters";
import type { CovarianceType, MixtureParameters } from "../../density/mixture/parameters";
import { mixtureArrays, restoredMixture } from "../../density/mixture/saved";
import type { Device } from "../../device";
import { withPrefix } from "../../lifecycle/checkpoint";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import type { Fit } from "../../lifecycle/fit";
import type { OptionSet } from "../../lifecycle/model";
import { HISTORY } from "../../lifecycle/progress";
import type { EpochRecord, FitOptions, StepReport } from "../../lifecycle/progress";
import { mapRows } from "../../lifecycle/rows";
import type { RowsLike } from "../../lifecycle/rows";
import { UMAP } from "../../manifold/umap/umap";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { takeRows } from "../../neighbours/rows";
import type { CodeNetwork } from "../../nn/code-network";
import { choice, optional, positive, range, seed as seedRule, integer } from "../../options";
import { AUTOENCODER_DEFAULTS, AUTOENCODER_KERNELS, IMAGE_ROWS_RULES } from "./autoencoder-stages"; // prettier-ignore
import type { ImageRowsOptions } from "./autoencoder-stages";
import { CodeModel } from "./code-model";
import type { Coder } from "./coder";

/** Options of N2D on any network; the defaults of places and mixture are the paper's. */
export interface PlacedCodesOptions extends Pick<ImageRowsOptions, "augment" | "augmentWith"> {
  readonly nClusters: number;
  /** Passes over the data for the whole autoencoder. Default 100; the paper makes 1,000. */
  readonly epochs?: number;
  /** Default 256. */
  readonly batchSize?: number;
  /** Adam's step size. Default 0.001. */
  readonly learningRate?: number;
  /** Neighbours of a code whose distances UMAP keeps, itself counted. Default 20. */
  readonly nNeighbors?: number;
  /** How close UMAP lets places come. Default 0. */
  readonly minDist?: number;
  /** Dimensions of the places. Default: `nClusters`. */
  readonly nComponents?: number | undefined;
  /** Epochs of UMAP, 10,000 at most. Default: 500 up to 10,000 items, else 200. */
  readonly layoutEpochs?: number | undefined;
  /** Of the mixture. Default "full". */
  readonly covarianceType?: CovarianceType;
  /** Mixtures from different beginnings, of which the most likely is kept. Default 10. */
  readonly nInit?: number;
  /** Added to every variance of the mixture. Default 1e-6. */
  readonly regCovar?: number;
  readonly seed?: number;
  /** Default: `requestDevice()`. */
  readonly device?: Device | undefined;
}

/** @inline */
type Defaulted = "nComponents" | "layoutEpochs" | "augment" | "augmentWith";
/** The same, all of them. @inline */
export type PlacedCodesSettings = Required<Omit<PlacedCodesOptions, "device" | Defaulted>> &
  Pick<PlacedCodesOptions, Defaulted>;
/** Options on any network. */
export const PLACED_CODES_OPTIONS = {
  rules: {
    ...{ nClusters: integer(1), epochs: integer(0), batchSize: integer(1), learningRate: positive },
    ...{ nNeighbors: integer(2), minDist: range(0, 1), nComponents: optional(integer(1)) },
    ...{ layoutEpochs: optional(integer(1, 10_000)), nInit: integer(1), regCovar: range(0), seed: seedRule },
    covarianceType: choice("full", "tied", "diag", "spherical"),
    ...{ augment: IMAGE_ROWS_RULES.augment, augmentWith: IMAGE_ROWS_RULES.augmentWith },
  },
  defaults: {
    ...({ epochs: 100, nNeighbors: 20, minDist: 0, covarianceType: "full", nInit: 10, regCovar: 1e-6 } as const),
    batchSize: AUTOENCODER_DEFAULTS.batchSize,
    learningRate: AUTOENCODER_DEFAULTS.learningRate,
    seed: 0,
  },
  kernels: [...AUTOENCODER_KERNELS, copy],
};

/** A method of N2D's kind: its name and options, and its network. */
export interface PlacedCodesKind<S extends PlacedCodesSettings, N extends CodeNetwork> extends OptionSet<S> {
  readonly name: string;
  readonly coder: Coder<S, N>;
}

/** Items as they were clustered: their codes, and where those were placed. */
interface Placed {
  readonly codes: NdArray<Float32Array>;
  readonly places: NdArray<Float32Array>;
}

/** Codes of a trained autoencoder, placed by UMAP, and a mixture of their places. */
export abstract class PlacedCodes<S extends PlacedCodesSettings, N extends CodeNetwork> extends CodeModel<S, N> {
  #placed: Placed | undefined;
  #mixture: MixtureParameters | undefined;
  #labels: Int32Array<ArrayBuffer> | undefined;
  /** Of the mixture. */
  #history: readonly EpochRecord[] = [];

  protected constructor(options: PlacedCodesOptions, kind: PlacedCodesKind<S, N>) {
    super(kind.name, options, kind, kind.coder);
  }

  /** One record per epoch of the autoencoder, then one per iteration of the mixture, whose loss is −ln p of a place, the mean. */
  override get history(): readonly EpochRecord[] {
    return [...super.history, ...this.#history];
  }

  /** Cluster of each item of the data given to `fit`. @throws before `fit` has ended, as the next three */
  get labels(): Int32Array<ArrayBuffer> {
    return this.known("labels", this.#labels).slice();
  }

  /** Where UMAP placed the items that were fitted, [n, nComponents]. */
  get embedding(): NdArray<Float32Array> {
    return this.known("embedding", this.#placed).places;
  }

  /** The mixture's means among the places, [nClusters, nComponents]. */
  get clusterCenters(): NdArray<Float64Array> {
    const { means } = this.known("clusterCenters", this.#mixture);
    return new NdArray(means.slice(), [this.settings.nClusters, this.#dimensions]);
  }

  /** Shares of the clusters in all items, [nClusters], which sum to 1. */
  get weights(): Float64Array<ArrayBuffer> {
    return this.known("weights", this.#mixture).weights.slice();
  }

  /**
   * Trains the autoencoder, places the codes and clusters the places. Goes on where an earlier call or a loaded training stood, then places and clusters
   * anew.
   * @param x items of the network's input size; the same in each call
   * @param options `epochs`: passes for the whole autoencoder, those of earlier calls too, in place of the model's own
   * @throws when items have another size, hold NaN, or are fewer than clusters; when a loss or weight is no
   * longer finite; the signal's reason when aborted
   */
  async fit(x: RowsLike, options: FitOptions = {}): Promise<this> {
    const { batchSize, learningRate } = this.settings;
    const { epochs = this.settings.epochs } = options;
    return this.codingFit(x, options, { epochs, batchSize, learningRate }, async ({ rows, fit }) =>
      this.#cluster(await mapRows(rows, (batch) => this.network.encode(batch), this.chunk), fit),
    );
  }

  /** fit, then the labels. */
  async fitPredict(x: RowsLike, options: FitOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** Codes of x, [n, code]. @throws before `fit` */
  async encode(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.rowsThrough(x, "encode", (batch) => this.network.encode(batch));
  }

  /** Places of x among those of the items that were fitted, [n, nComponents]. @throws before `fit` has ended */
  async transform(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.#place(x, "transform");
  }

  /** Probabilities of the clusters for each row of x, [n, nClusters]. @throws before `fit` has ended */
  async softAssignments(x: RowsLike): Promise<NdArray<Float32Array>> {
    const { resp } = await this.#expect(x, "softAssignments");
    const { nClusters } = this.settings;
    return new NdArray(Float32Array.from(resp), [resp.length / nClusters, nClusters]);
  }

  /** The most probable cluster of each row of x. @throws before `fit` has ended */
  async predict(x: RowsLike): Promise<Int32Array<ArrayBuffer>> {
    return largestShares((await this.#expect(x, "predict")).resp, this.settings.nClusters);
  }

  protected override async checkFit(...[rows, ...rest]: Parameters<CodeModel<S, N>["checkFit"]>): Promise<void> {
    if (rows.count < 2) throw new Error(`${this.name}.fit: neighbours need two rows, got ${rows.count}`);
    return super.checkFit(rows, ...rest);
  }

  protected override own(): Learned {
    const { covarianceType } = this.settings;
    const mixture = this.#mixture;
    const { arrays, state } = super.own();
    return {
      arrays: {
        ...arrays,
        ...(this.#placed && { codes: this.#placed.codes, places: this.#placed.places }),
        ...(this.#labels && { labels: new NdArray<TypedArray>(this.#labels) }),
        ...(mixture && withPrefix("mixture.", mixtureArrays(covarianceType, mixture, this.#dimensions))),
      },
      state: { ...state, mixture: this.#history },
    };
  }

  protected override async restore(saved: Checkpoint): Promise<void> {
    const { settings } = this;
    const { nClusters, covarianceType } = settings;
    const d = this.#dimensions;
    this.#history = saved.entry("mixture", HISTORY);
    const codes = saved.array("codes", [-1, this.coder.code(settings)]);
    const places = codes && saved.array("places", [codes.shape[0]!, d]);
    this.#placed = places && { codes, places };
    this.#labels = saved.labels("labels", nClusters);
    if (this.#labels && this.#labels.length !== places?.shape[0])
      throw new Error(`checkpoint: labels and places must be as many, got ${this.#labels.length} labels`);
    if (this.#labels) this.#mixture = restoredMixture(saved, covarianceType, nClusters, d, "mixture.");
    await super.restore(saved);
  }

  /** Dimensions of the places. */
  get #dimensions(): number {
    return this.settings.nComponents ?? this.settings.nClusters;
  }

  /** Options of UMAP. */
  async #umap() {
    const { nNeighbors, minDist, layoutEpochs, seed } = this.settings;
    return {
      ...{ nComponents: this.#dimensions, nNeighbors, minDist, seed, device: await this.device() },
      ...(layoutEpochs !== undefined && { nEpochs: layoutEpochs }),
    };
  }

  /** Places the codes and clusters the places. The model is at rest meanwhile: what is found is taken over at once. */
  async #cluster(codes: NdArray<Float32Array>, fit: Fit): Promise<void> {
    const { nClusters, covarianceType, nInit, regCovar, seed } = this.settings;
    const { signal } = fit;
    this.#placed = this.#mixture = this.#labels = undefined; // of an earlier fit
    this.#history = [];
    const report = (stage: string, epoch: number, epochs: number, loss = NaN, step = 1): void =>
      fit.report({ stage, epoch, epochs, step, steps: 1, loss });
    report("UMAP", 1, 1, NaN, 0);
    const options = await this.#umap();
    const told = ({ epoch, epochs, step }: StepReport): void => report("UMAP", epoch, epochs, NaN, step);
    using umap = new UMAP(options);
    const places = (await fit.resting(() =>
      umap.fitTransform(codes, { signal, onStep: told }),
    )) as NdArray<Float32Array>;
    await fit.between();
    using mixture = new GaussianMixture({
      ...{ nComponents: nClusters, covarianceType, nInit, regCovar, seed, device: options.device },
    });
    const onStep = (of: StepReport): void => fit.report({ ...of, stage: "mixture" });
    await fit.resting(() => mixture.fit(places, { signal, onStep }));
    const { weights, means, covariances, labels } = mixture;
    this.#placed = { codes, places };
    this.#mixture = { weights, means: means.data, covariances: covariances.data } as MixtureParameters;
    this.#labels = labels;
    this.#history = Array.from(mixture.lowerBoundTrace, (bound, i) => ({
      stage: "mixture",
      epoch: i + 1,
      loss: -bound,
    }));
  }

  async #place(x: RowsLike, op: string): Promise<NdArray<Float32Array>> {
    const { codes, places } = this.known(op, this.#placed);
    using umap = await UMAP.placed(codes, places, await this.#umap());
    return (await umap.transform(
      await this.rowsThrough(x, op, (batch) => this.network.encode(batch)),
    )) as NdArray<Float32Array>;
  }

  async #expect(x: RowsLike, op: string): Promise<Expectation> {
    const mixture = this.known(op, this.#mixture);
    const named = `${this.name}.${op}`;
    const rows = await takeRows(await this.#place(x, op), named);
    return new HostMixture(rows).expectation(scoresOf(this.settings.covarianceType, mixture, this.#dimensions, named)); // prettier-ignore
  }
}
