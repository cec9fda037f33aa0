// Label mapping: what a classifier makes of features that were learned without labels, as in the comparison on telescope images.
import { fitted } from "../checks";
import type { Device } from "../device";
import { takeFloat32Matrix, toLabels } from "../matrix";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import type { EpochRecord } from "../training/loop";
import { Supervised, shareOfEqual } from "./supervised";
import type { NetworkFitOptions } from "./network-model";

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
  readonly device?: Device;
}

/**
 * A new classifier on frozen features: linear, or a small network. Columns are brought to mean 0 and variance 1 by the features it is
 * fitted on; a constant column becomes 0.
 */
export class LinearProbe {
  readonly options: LinearProbeOptions;
  #model: Supervised | undefined;
  #mean = new Float64Array(0);
  #scale = new Float64Array(0);

  constructor(options: LinearProbeOptions = {}) {
    this.options = options;
  }

  /** One record per epoch. */
  get history(): readonly EpochRecord[] {
    return this.#model?.history ?? [];
  }

  /**
   * Trains the classifier.
   * @param features [n, d], as `transform` of a method gives them
   * @param labels the class of each row, 0 … nClasses − 1
   * @throws when labels are out of range or not one for each row, or a feature is NaN
   */
  async fit(
    features: MatrixLike,
    labels: MatrixLike,
    { epochs = 30, ...options }: NetworkFitOptions = {},
  ): Promise<this> {
    const { hidden = [], weightDecay = 1e-4, learningRate = 0.01, batchSize = 256, seed = 0, device } = this.options;
    const x = await takeFloat32Matrix(features, "LinearProbe.fit", "features");
    const classes = toLabels(labels, "LinearProbe.fit", "labels");
    const {
      nClasses = Math.max(
        2,
        classes.reduce((most, label) => Math.max(most, label + 1), 0),
      ),
    } = this.options;
    this.#measure(x);
    this.#model?.dispose();
    this.#model = new Supervised({
      ...{ network: { type: "mlp", layers: [x.shape[1]!, ...hidden] }, nClasses, schedule: "cosine" },
      ...{ learningRate, weightDecay, batchSize, seed, ...(device && { device }) },
    });
    await this.#model.fit(this.#standardized(x), classes, { epochs, ...options });
    return this;
  }

  /** The most probable class of each row. @throws before `fit` */
  async predict(features: MatrixLike): Promise<Int32Array> {
    return this.#fitted().predict(
      this.#standardized(await takeFloat32Matrix(features, "LinearProbe.predict", "features")),
    );
  }

  /** Probabilities of the classes, [n, nClasses]. @throws before `fit` */
  async probabilities(features: MatrixLike): Promise<NdArray<Float32Array>> {
    const x = await takeFloat32Matrix(features, "LinearProbe.probabilities", "features");
    return this.#fitted().probabilities(this.#standardized(x));
  }

  /** Share of the rows whose predicted class is the known one. @throws before `fit` */
  async score(features: MatrixLike, labels: MatrixLike): Promise<number> {
    const known = toLabels(labels, "LinearProbe.score", "labels");
    return shareOfEqual("LinearProbe.score", await this.predict(features), known);
  }

  /** Frees the classifier. */
  dispose(): void {
    this.#model?.dispose();
    this.#model = undefined;
  }

  #fitted(): Supervised {
    return fitted("LinearProbe", this.#model);
  }

  #measure({ data, shape }: NdArray<Float32Array>): void {
    const [n, d] = shape as [number, number];
    this.#mean = new Float64Array(d);
    this.#scale = new Float64Array(d);
    for (let at = 0; at < data.length; at++) this.#mean[at % d]! += data[at]! / n;
    for (let at = 0; at < data.length; at++) this.#scale[at % d]! += (data[at]! - this.#mean[at % d]!) ** 2 / n;
    this.#scale = this.#scale.map((variance, j) =>
      variance > 1e-12 * (1 + this.#mean[j]! ** 2) ? 1 / Math.sqrt(variance) : 0,
    );
  }

  #standardized({ data, shape }: NdArray<Float32Array>): NdArray<Float32Array> {
    const d = this.#mean.length;
    if (shape[1] !== d) throw new Error(`LinearProbe: the features must have ${d} columns, given ${shape[1]}`);
    return new NdArray(
      data.map((value, at) => (value - this.#mean[at % d]!) * this.#scale[at % d]!),
      [...shape],
    );
  }
}
