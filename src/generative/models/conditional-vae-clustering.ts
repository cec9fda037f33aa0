// Two classes without labels, by the class unit of a conditional VAE: what the network is given, where the unit is cut, and how sure that is.
import { PCA } from "../../cluster/pca/pca";
import { isRowSource } from "../../data/datasets/row-source";
import type { Bytes } from "../../data/formats/source";
import { GaussianMixture } from "../../density/gaussian-mixture";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import type { Fit } from "../../lifecycle/fit";
import { Model } from "../../lifecycle/model";
import type { FitOptions } from "../../lifecycle/progress";
import { mapRows, Rows } from "../../lifecycle/rows";
import type { RowsLike } from "../../lifecycle/rows";
import { flattenRows, takeLearnable } from "../../matrix";
import { thresholdAtPrior } from "../../metrics/threshold";
import { NdArray, sizeOf } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { add, sub } from "../../ops/elementwise";
import { concat } from "../../ops/layout";
import { matmul } from "../../ops/matmul";
import { finite, integer, optional, positive, range, record } from "../../options";
import { tensor } from "../../tensor";
import type { Tensor } from "../../tensor";
import { concentrations, correlation } from "../concentration";
import { isStamp } from "../preparation-options";
import { CHUNK } from "./trained";
import { CONDITIONAL_DEFAULTS, ConditionalVAE, VAE_DEFAULTS, VAE_RULES } from "./vae";
import type { VAELoadOptions, VAEOptions, VAESettings } from "./vae";
import { mapTo } from "../../typed-arrays";

/** Options of `ConditionalVAEClustering`. */
export interface ConditionalVAEClusteringOptions extends Omit<VAEOptions, "latents" | "features"> {
  /** How stamps [5, s, s] are prepared; default: the middle 16 × 16 pixels, `white`, of which what is given takes the place. Other items stay as they are. */
  readonly preparation?: VAEOptions["preparation"];
  /** Principal axes of the items that the network is given, at most; 0: the items themselves. Default 40, with convolutions 0. */
  readonly components?: number | undefined;
  /**
   * Known share of class 1, whose items are then furthest on its side. Default: the unit is cut where a mixture of two normal distributions crosses, which
   * of stamps has fewer right, since the unit of galaxies is no such distribution.
   */
  readonly share?: number | undefined;
}

/** The same with every value. @inline */
type Settings = VAESettings & Pick<ConditionalVAEClusteringOptions, "components" | "share">;

/** What stamps are made of where nothing else is said. */
const STAMPS = { crop: 16, normalize: "white" } as const;
const COMPONENTS = 40;

/** Rules and defaults of its options. @internal */
export const CONDITIONAL_VAE_OPTIONS = {
  rules: { ...VAE_RULES, components: optional(integer(0)), share: optional(range(0, 1)) },
  defaults: { ...VAE_DEFAULTS, ...CONDITIONAL_DEFAULTS } as Partial<Settings>,
};

/** The principal axes of the items that were fitted. */
interface Axes {
  readonly mean: NdArray<Float32Array>;
  /** [components, width] */
  readonly components: NdArray<Float32Array>;
}

/** The cut: p(class 1) = 1 / (1 + exp(−slope (side · unit − threshold))). */
interface Cut {
  /** 1 where class 1 has the higher units, else −1. */
  readonly side: number;
  readonly threshold: number;
  readonly slope: number;
}

const CUT = record({ side: finite, threshold: finite, slope: positive });

/** A component of a mixture. */
interface Normal {
  readonly weight: number;
  readonly mean: number;
  readonly variance: number;
}

/** Where the upper component becomes the likelier one between the two means; half way between them where either is the likelier at both. */
function crossing(low: Normal, high: Normal): number {
  const log = ({ weight, mean, variance }: Normal, x: number): number =>
    Math.log(weight) - 0.5 * Math.log(variance) - (x - mean) ** 2 / (2 * variance);
  const isAbove = (x: number): boolean => log(high, x) > log(low, x);
  let [begin, end] = [low.mean, high.mean];
  if (isAbove(begin) || !isAbove(end)) return (begin + end) / 2;
  for (let i = 0; i < 60; i++) {
    const middle = (begin + end) / 2;
    if (isAbove(middle)) end = middle;
    else begin = middle;
  }
  return end;
}

/** Items that the side of class 1 is found by. */
const LOOKED_AT = 2048;

/** The options with those that suit the items. */
function suited(options: ConditionalVAEClusteringOptions): ConditionalVAEClusteringOptions {
  const { inputShape, preparation } = options;
  if (!Array.isArray(inputShape) || !isStamp(inputShape)) return options;
  const crop = Math.min(STAMPS.crop, inputShape[1]!);
  return { ...options, preparation: { ...STAMPS, crop, ...preparation } };
}

/**
 * Tells two classes apart without labels: items (stamps are prepared, and all reduced to their principal axes) → the class unit of a
 * `ConditionalVAE` → a cut of the unit. Class 1 of stamps is that of the more concentrated objects, the stars; of other items it is the smaller one.
 */
export class ConditionalVAEClustering extends ConditionalVAE {
  declare readonly settings: Readonly<Settings>;
  #axes: Axes | undefined;
  #cut: Cut | undefined;
  #labels: Int32Array<ArrayBuffer> | undefined;

  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: ConditionalVAEClusteringOptions) {
    super(suited(options), "ConditionalVAEClustering", {}, CONDITIONAL_VAE_OPTIONS.rules);
    const { components, network, share } = this.settings;
    if (network.type !== "dense" && components)
      throw new Error(`${this.name}: components must be 0 with convolutions, which take images, got ${components}`);
    if (share === 0 || share === 1)
      throw new Error(`${this.name}: share must leave items in both classes, got ${share}`);
  }

  /** 0 or 1 for each item that was fitted. @throws before `fit` has ended, as the next two */
  get labels(): Int32Array<ArrayBuffer> {
    return this.known("labels", this.#labels).slice();
  }

  /** Where class 1 begins among `scoreSamples`. */
  get threshold(): number {
    return this.known("threshold", this.#cut).threshold;
  }

  /**
   * Learns the unit and where it is cut. Goes on where an aborted or loaded training stood.
   * @throws as `VAE.fit`; for fewer than two items; in words where the class unit carries nothing; for stamps that hold no object, or none in the middle
   */
  override async fit(x: RowsLike, options: FitOptions = {}): Promise<this> {
    return super.fit(x, options);
  }

  /** `fit`, then the labels. */
  async fitPredict(x: RowsLike, options: FitOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** The class unit of each item, the higher the more of class 1, [n]. @throws before `fit` has ended, as the next two */
  async scoreSamples(x: RowsLike): Promise<Float32Array<ArrayBuffer>> {
    const { side } = this.known("scoreSamples", this.#cut);
    const { data } = await this.map(x, "scoreSamples", (batch) => this.network.encoder.encode(batch)["mu"]!);
    return mapTo(Float32Array, data, (unit) => side * unit);
  }

  /** Probabilities of both classes, [n, 2]. */
  async softAssignments(x: RowsLike): Promise<NdArray<Float32Array>> {
    const cut = this.known("softAssignments", this.#cut);
    const scores = await this.scoreSamples(x);
    const shares = new Float32Array(2 * scores.length);
    scores.forEach((score, i) => {
      shares[2 * i + 1] = 1 / (1 + Math.exp(-cut.slope * (score - cut.threshold)));
      shares[2 * i] = 1 / (1 + Math.exp(cut.slope * (score - cut.threshold)));
    });
    return new NdArray(shares, [scores.length, 2]);
  }

  /** The class of each item, 0 or 1. */
  async predict(x: RowsLike): Promise<Int32Array<ArrayBuffer>> {
    const { threshold } = this.known("predict", this.#cut);
    return mapTo(Int32Array, await this.scoreSamples(x), (score) => Number(score > threshold));
  }

  /** The class unit as the network has it, then the style units, [n, 1 + styleUnits]. @throws before `fit` */
  override async transform(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.map(x, "transform", (batch) => {
      const { mu, style } = this.network.encoder.encode(batch);
      return style ? concat([mu!, style], 1) : mu!;
    });
  }

  /** @throws when the bytes are no checkpoint of a ConditionalVAEClustering */
  static override load(
    content: Bytes,
    options: Pick<VAELoadOptions, "device"> = {},
  ): Promise<ConditionalVAEClustering> {
    const make = (settings: ConditionalVAEClusteringOptions): ConditionalVAEClustering =>
      new ConditionalVAEClustering(settings);
    return Model.restored("ConditionalVAEClustering", content, options, make);
  }

  protected override get networkShape(): readonly number[] {
    return this.#axes ? [this.#axes.components.shape[0]!] : super.networkShape;
  }

  /** Axes that are wanted at most. */
  get #wanted(): number {
    const { components, network } = this.settings;
    return components ?? (network.type !== "dense" ? 0 : COMPONENTS);
  }

  protected override async condensed(items: RowsLike, fit: Fit): Promise<RowsLike> {
    const op = `${this.name}.fit`;
    const x = isRowSource(items) ? items : flattenRows(await takeLearnable(items, op, "x"));
    const [n, width] = isRowSource(x) ? [x.length, sizeOf(x.rowShape)] : (x.shape as [number, number]);
    if (n < 2) throw new Error(`${op}: two classes need two items, got ${n}`);
    if (this.#wanted === 0) return items;
    const size = sizeOf(this.preparedShape);
    if (width !== size) throw new Error(`${op}: x must have ${size} values a row, got ${width}`);
    const device = await this.device();
    if (!this.#axes) {
      fit.report({ stage: "principal axes", epoch: 1, epochs: 1, step: 0, steps: 1, loss: NaN });
      await fit.between();
      using pca = new PCA({ nComponents: Math.min(this.#wanted, n, width), seed: this.settings.seed, device });
      await fit.resting(() => pca.fit(x, { signal: fit.signal }));
      const mean = new NdArray(Float32Array.from(pca.mean.data), [width]);
      this.#axes = { mean, components: pca.components };
    }
    const rows = await Rows.from(device, x, op, { passes: 1 });
    try {
      return await fit.resting(() => mapRows(rows, (batch) => this.input(batch), CHUNK));
    } finally {
      rows.dispose();
    }
  }

  protected override input(batch: Tensor): Tensor {
    if (!this.#axes) return batch;
    const { mean, components } = this.#axes;
    const { device } = batch;
    return matmul(sub(batch, tensor(device, mean.data)), tensor(device, components.data, components.shape), {
      transB: true,
    });
  }

  protected override expanded(batch: Tensor): Tensor {
    if (!this.#axes) return batch;
    const { mean, components } = this.#axes;
    const { device } = batch;
    return add(matmul(batch, tensor(device, components.data, components.shape)), tensor(device, mean.data));
  }

  /** Cuts the unit of the items that were fitted. */
  protected override async trained(rows: Rows, items: RowsLike, fit: Fit): Promise<void> {
    const { seed, share } = this.settings;
    this.#cut = this.#labels = undefined; // of an earlier fit
    this.network.eval();
    const codes = await mapRows(
      rows,
      (batch) => {
        const { mu, logvar } = this.network.encoder.encode(batch);
        return concat([mu!, logvar!], 1);
      },
      CHUNK,
    );
    const unit = this.checkedUnit("fit", codes.data);
    await fit.between();
    using mixture = new GaussianMixture({
      ...{ nComponents: 2, covarianceType: "spherical", nInit: 4, precision: "float64", seed },
      device: await this.device(),
    });
    await fit.resting(() => mixture.fit(new NdArray(unit, [unit.length, 1]), { signal: fit.signal }));
    const { means, weights, covariances } = mixture;
    const [low, high] = means.data[1]! > means.data[0]! ? [0, 1] : [1, 0];
    const isSmaller = weights[high]! < 0.5 === (share ?? 0) < 0.5;
    const side = (await this.#concentratedSide(items, unit)) ?? (isSmaller ? 1 : -1);
    const scores = unit.map((value) => side * value);
    const [zero, one] = (side > 0 ? [low, high] : [high, low]).map((j) => ({
      ...{ weight: weights[j]!, mean: side * means.data[j]!, variance: covariances.data[j]! },
    })) as [Normal, Normal];
    const threshold = share === undefined ? crossing(zero, one) : thresholdAtPrior(scores, share).threshold;
    // of ln p(class 1)/p(class 0), where a normal distribution meets another
    const within = Math.min(one.mean, Math.max(zero.mean, threshold));
    const slope = (within - zero.mean) / zero.variance + (one.mean - within) / one.variance;
    if (!(slope > 0 && Number.isFinite(slope) && Number.isFinite(threshold)))
      throw new Error(
        `${this.name}.fit: the class unit must have two sides, got a mixture of means ${zero.mean.toPrecision(3)} and ${one.mean.toPrecision(3)}`,
      );
    this.#cut = { side, threshold, slope };
    this.#labels = mapTo(Int32Array, scores, (score) => Number(score > threshold));
  }

  /** On which side of the unit stamps are more concentrated; undefined for items that are no stamps. */
  async #concentratedSide(items: RowsLike, unit: Float32Array): Promise<number | undefined> {
    if (!isStamp(this.settings.inputShape)) return undefined;
    const n = Math.min(LOOKED_AT, unit.length);
    const shape = this.preparedShape;
    const first = isRowSource(items)
      ? await items.range(0, n)
      : (await takeLearnable(items, `${this.name}.fit`, "x")).data.subarray(0, n * sizeOf(shape));
    return correlation(concentrations(first, shape), unit.subarray(0, n)) < 0 ? -1 : 1;
  }

  protected override own(): Learned {
    const { arrays, state } = super.own();
    return {
      arrays: {
        ...arrays,
        ...(this.#axes && { "axes.mean": this.#axes.mean, "axes.components": this.#axes.components }),
        ...(this.#labels && { labels: new NdArray<TypedArray>(this.#labels) }),
      },
      state: { ...state, ...(this.#cut && { cut: { ...this.#cut } }) },
    };
  }

  protected override async restore(saved: Checkpoint): Promise<void> {
    const width = sizeOf(this.preparedShape);
    const components = saved.array("axes.components", [-1, width]);
    const mean = saved.array("axes.mean", [width]);
    if (!components !== !mean || !components !== (this.#wanted === 0))
      throw new Error("checkpoint: principal axes and their mean must be there where the network is given them");
    this.#axes = components && mean && { components, mean };
    this.#cut = saved.entry<Cut | undefined>("cut", optional(CUT));
    this.#labels = saved.labels("labels", 2);
    await super.restore(saved);
  }
}
