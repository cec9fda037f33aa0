// Label mapping: what a classifier makes of features that were learned without labels, as in the comparison on telescope images.
import { isObject } from "../../checks";
import { openSource } from "../../cluster/streams/blocks";
import { survey } from "../../cluster/streams/survey";
import { isRowSource } from "../../data/datasets/row-source";
import type { RowSource } from "../../data/datasets/row-source";
import { mapRowSource } from "../../data/datasets/row-views";
import type { Bytes } from "../../data/formats/source";
import type { Device } from "../../device";
import { withPrefix } from "../../lifecycle/checkpoint";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import { Model } from "../../lifecycle/model";
import type { DeviceOption, OptionSet } from "../../lifecycle/model";
import type { RowsLike } from "../../lifecycle/rows";
import { FIT_RULES } from "../../lifecycle/progress";
import type { EpochRecord, FitOptions } from "../../lifecycle/progress";
import { takeFloat32Matrix, takeLearnable, toLabels } from "../../matrix";
import type { MatrixLike } from "../../matrix";
import { NdArray, sizeOf } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { list, optional, positive, range, seed as seedRule, integer } from "../../options";
import { Supervised, shareOfEqual } from "./supervised";

/** Options of `LinearProbe`. */
export interface LinearProbeOptions {
  /** Default: one more than the largest label. */
  readonly nClasses?: number;
  /** Sizes of layers between the features and the classes; default none: the probe is linear. [512]: a small network. */
  readonly hidden?: readonly number[];
  /** Of SGD with momentum 0.9, at first; it falls to 0 along half a cosine. Default 0.01. */
  readonly learningRate?: number;
  readonly weightDecay?: number;
  readonly batchSize?: number;
  readonly seed?: number;
  /** Default: `requestDevice()`. */
  readonly device?: Device | undefined;
}

/** @inline */
type Settings = Required<Omit<LinearProbeOptions, "device" | "nClasses">> & Pick<LinearProbeOptions, "nClasses">;

const OPTIONS: OptionSet<Settings> = {
  rules: {
    ...{ nClasses: optional(integer(2)), hidden: list(integer(1)), learningRate: positive, weightDecay: range(0) },
    ...{ batchSize: integer(1), seed: seedRule },
  },
  defaults: { hidden: [], learningRate: 0.01, weightDecay: 1e-4, batchSize: 256, seed: 0 },
};

/** A classifier, and how columns are brought to mean 0 and variance 1 for it. */
interface Found {
  readonly model: Supervised;
  readonly mean: Float64Array;
  readonly scale: Float64Array;
}

/**
 * A new classifier on frozen features: linear, or a small network. Columns are brought to mean 0 and variance 1 by the features it is
 * fitted on; a constant column becomes 0.
 */
export class LinearProbe extends Model<Settings> {
  #found: Found | undefined;

  /** @throws for an option that is unknown or out of its range */
  constructor(options: LinearProbeOptions = {}) {
    super("LinearProbe", options, OPTIONS);
  }

  /** One record per epoch. */
  override get history(): readonly EpochRecord[] {
    return this.#found?.model.history ?? [];
  }

  /**
   * Trains the classifier from the beginning.
   * @param features [n, d], a matrix or rows that are read, as `transform` of a method gives them
   * @param labels the class of each row, 0 … nClasses − 1
   * @param options `epochs`: default 30
   * @throws when labels are out of range or not one for each row, or a feature is NaN; the signal's reason when aborted
   */
  async fit(features: RowsLike, labels: MatrixLike, options: FitOptions = {}): Promise<this> {
    return this.fitting(options, FIT_RULES, async (fit) => {
      const { hidden, weightDecay, learningRate, batchSize, seed } = this.settings;
      const x = isRowSource(features) ? features : await takeLearnable(features, "LinearProbe.fit", "features", true);
      const found = await measured(x, () => fit.between());
      const classes = toLabels(labels, "LinearProbe.fit", "labels");
      const most = classes.reduce((largest, label) => Math.max(largest, label + 1), 2);
      const { nClasses = most } = this.settings;
      const model = new Supervised({
        ...{ network: { type: "mlp", layers: [found.mean.length, ...hidden] }, nClasses, schedule: "cosine" },
        ...{ learningRate, weightDecay, batchSize, seed, device: await this.device() },
      });
      const { epochs = 30, onEpoch } = options;
      try {
        await model.fit(standardized(x, found), classes, {
          ...{ epochs, signal: fit.signal, onStep: (report) => fit.report(report) },
          onEpoch: (record) => fit.resting(() => onEpoch?.(record)),
        });
      } catch (error) {
        model.dispose();
        throw error;
      }
      this.#found?.model.dispose();
      this.#found = { model, ...found };
      this.learned();
    });
  }

  /** The most probable class of each row. @throws before `fit` */
  async predict(features: RowsLike): Promise<Int32Array<ArrayBuffer>> {
    const found = this.known("predict", this.#found);
    return this.computing("predict", async () =>
      found.model.predict(standardized(await taken(features, "predict"), found)),
    );
  }

  /** Probabilities of the classes, [n, nClasses]. @throws before `fit` */
  async probabilities(features: RowsLike): Promise<NdArray<Float32Array>> {
    const found = this.known("probabilities", this.#found);
    return this.computing("probabilities", async () =>
      found.model.probabilities(standardized(await taken(features, "probabilities"), found)),
    );
  }

  /** Share of the rows whose predicted class is the known one. @throws before `fit` */
  async score(features: RowsLike, labels: MatrixLike): Promise<number> {
    const known = toLabels(labels, "LinearProbe.score", "labels");
    return shareOfEqual("LinearProbe.score", await this.predict(features), known);
  }

  /** @throws when the bytes are no checkpoint of a LinearProbe */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<LinearProbe> {
    return Model.restored("LinearProbe", content, options, (settings) => new LinearProbe(settings));
  }

  protected override own(): Learned {
    const { model, mean, scale } = this.known("save", this.#found);
    const { arrays, state } = model.parts();
    return {
      arrays: {
        ...withPrefix("model.", arrays),
        mean: new NdArray<TypedArray>(mean),
        scale: new NdArray<TypedArray>(scale),
      },
      state: { model: state },
    };
  }

  protected override async restore(saved: Checkpoint): Promise<void> {
    const { model: inner } = saved.state;
    if (!isObject(inner) || !isObject(inner["settings"]))
      throw new Error("checkpoint: the classifier's state must be there");
    const mean = saved.numbers("mean", saved.arrays["mean"]?.data.length ?? 0);
    const scale = saved.numbers("scale", mean.length);
    const model = await Supervised.ofParts(saved.of(saved.below("model."), inner), await this.device());
    this.#found = { model, mean, scale };
  }

  protected override release(): void {
    this.#found?.model.dispose();
    this.#found = undefined;
  }
}

type Taken = NdArray<Float32Array> | RowSource;

/** Features [n, d]: a matrix of finite numbers, or rows that are read. */
const taken = async (features: RowsLike, method: string): Promise<Taken> =>
  isRowSource(features) ? features : takeFloat32Matrix(features, `LinearProbe.${method}`, "features");

/** Means of the columns, and 1 / standard deviation; 0 where a column is constant. */
async function measured(x: Taken, rest: () => Promise<void>): Promise<Pick<Found, "mean" | "scale">> {
  const { mean, variance } = isRowSource(x) ? await surveyed(x, rest) : momentsOf(x);
  return { mean, scale: variance.map((value, j) => (value > 1e-12 * (1 + mean[j]! ** 2) ? 1 / Math.sqrt(value) : 0)) };
}

async function surveyed(
  x: RowSource,
  rest: () => Promise<void>,
): Promise<{ mean: Float64Array; variance: Float64Array }> {
  const { mean, squares } = await survey(openSource(x, "LinearProbe.fit"), "LinearProbe.fit", rest);
  return { mean, variance: squares.map((value) => value / x.length) };
}

function momentsOf({ data, shape }: NdArray<Float32Array>): { mean: Float64Array; variance: Float64Array } {
  const [n, d] = shape as [number, number];
  const mean = new Float64Array(d);
  const variance = new Float64Array(d);
  for (let at = 0; at < data.length; at++) mean[at % d]! += data[at]! / n;
  for (let at = 0; at < data.length; at++) variance[at % d]! += (data[at]! - mean[at % d]!) ** 2 / n;
  return { mean, variance };
}

function standardized(x: Taken, { mean, scale }: Pick<Found, "mean" | "scale">): Taken {
  const d = mean.length;
  const width = isRowSource(x) ? sizeOf(x.rowShape) : x.shape[1];
  if (width !== d) throw new Error(`LinearProbe: the features must have ${d} columns, got ${width}`);
  const brought = (rows: Float32Array): Float32Array =>
    rows.map((value, at) => (value - mean[at % d]!) * scale[at % d]!);
  return isRowSource(x) ? mapRowSource(x, brought) : new NdArray(brought(x.data), [...x.shape]);
}
