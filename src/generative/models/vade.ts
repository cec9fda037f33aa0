// Variational deep embedding: a VAE whose prior is a mixture of Gaussians, its clusters. Jiang, Zheng, Tan, Tang and Zhou, IJCAI 2017.
import type { Bytes } from "../../data/formats/source";
import { GaussianMixture } from "../../density/gaussian-mixture";
import { largestShares } from "../../density/mixture/parameters";
import type { Device } from "../../device";
import { conv2d, conv2dBackwardWeight } from "../../kernels/images";
import * as randomKernels from "../../kernels/random";
import { softmax, softmaxBackward } from "../../kernels/softmax";
import { noGrad } from "../../graph";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import type { Fit } from "../../lifecycle/fit";
import { Model } from "../../lifecycle/model";
import type { DeviceOption, OptionSet } from "../../lifecycle/model";
import type { FitOptions } from "../../lifecycle/progress";
import { mapRows } from "../../lifecycle/rows";
import type { Rows, RowsLike } from "../../lifecycle/rows";
import { NdArray, sizeOf } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { Module } from "../../nn/module";
import { scale } from "../../ops/elementwise";
import { reparameterize, squaredError } from "../../ops/generative/gaussian";
import { mixtureAssignments, vadeLoss } from "../../ops/generative/vade";
import { randomNormal } from "../../ops/random";
import { integer, range } from "../../options";
import type { Random } from "../../random";
import { parameter } from "../../tensor";
import type { Tensor } from "../../tensor";
import type { StepContext } from "../../training/loop";
import type { Stage } from "../../training/training";
import { Decoder, Encoder } from "../networks/coders";
import type { CoderSpec } from "../networks/coders";
import { CHUNK, RECONSTRUCTION_DEFAULTS, RECONSTRUCTION_KERNELS, RECONSTRUCTION_RULES, ReconstructionModel } from "./trained"; // prettier-ignore
import type { ReconstructionOptions, ReconstructionSettings } from "./trained";
import { NETWORK_RULE } from "./vae";

/** Options of `VaDE`. */
export interface VaDEOptions extends ReconstructionOptions {
  readonly nClusters: number;
  /** Layers on either side of the code; default two dense ones of 64. */
  readonly network?: CoderSpec;
  /** Numbers of a code; default 10. */
  readonly latents?: number;
  /** Passes over the data as an autoencoder without noise, before the mixture is placed; default 30. */
  readonly pretrainEpochs?: number;
  /** Mixtures from different beginnings that the codes are given, of which the most likely is kept; default 10. */
  readonly nInit?: number;
  /** Weight of what holds codes to the mixture; default 1. */
  readonly beta?: number;
}

/** @inline */
type Settings = ReconstructionSettings & Required<Omit<VaDEOptions, keyof ReconstructionOptions>>;

/** Rules and defaults of its options. @internal */
export const VADE_OPTIONS: OptionSet<Settings> = {
  rules: {
    ...{ ...RECONSTRUCTION_RULES, nClusters: integer(1), network: NETWORK_RULE, latents: integer(1) },
    ...{ pretrainEpochs: integer(0), nInit: integer(1), beta: range(0) },
  },
  defaults: {
    ...{ ...RECONSTRUCTION_DEFAULTS, network: { type: "dense", sizes: [64, 64] }, latents: 10 },
    ...{ pretrainEpochs: 30, nInit: 10, beta: 1 },
  },
  kernels: ({ network }) => [
    ...[...RECONSTRUCTION_KERNELS, randomKernels.random, softmax, softmaxBackward],
    ...(network.type === "dense" ? [] : [conv2d, conv2dBackwardWeight]),
  ],
};

/** Variances of clusters are no less than this where the mixture is placed. */
const LEAST_VARIANCE = 1e-4;

/** Encoder to means and ln σ², the decoder back, and the mixture: logits of its weights [k], means and ln σ² [k, latents]. */
export class VaDENetwork extends Module {
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly logits: Tensor;
  readonly means: Tensor;
  readonly logvars: Tensor;

  constructor(
    device: Device,
    network: CoderSpec,
    inputShape: readonly number[],
    latents: number,
    nClusters: number,
    random: Random,
  ) {
    super();
    this.encoder = new Encoder(device, network, inputShape, { mu: latents, logvar: latents }, random);
    this.decoder = new Decoder(device, network, inputShape, latents, random);
    const zeros = (...shape: number[]): Tensor => parameter(device, new Float32Array(sizeOf(shape)), shape);
    this.logits = zeros(nClusters);
    this.means = zeros(nClusters, latents);
    this.logvars = zeros(nClusters, latents);
  }

  /** The reconstruction from means. */
  override forward(x: Tensor): Tensor {
    return this.decoder.forward(this.encoder.encode(x)["mu"]!);
  }

  /** p(c|z) at the means of items, [n, k]. */
  assignments(x: Tensor): Tensor {
    const { logits, means, logvars } = this;
    return mixtureAssignments(this.encoder.encode(x)["mu"]!, { logits, means, logvars });
  }
}

/**
 * VaDE: an autoencoder learns codes, a mixture of Gaussians is placed on them, then network and mixture learn together to give items back from codes
 * that are likely by the mixture.
 */
export class VaDE extends ReconstructionModel<Settings, VaDENetwork> {
  #labels: Int32Array<ArrayBuffer> | undefined;

  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: VaDEOptions) {
    super("VaDE", options, VADE_OPTIONS);
  }

  /** Cluster of each item that was fitted. @throws before `fit` has ended */
  get labels(): Int32Array<ArrayBuffer> {
    return this.known("labels", this.#labels).slice();
  }

  /** `fit`, then the labels. */
  async fitPredict(x: RowsLike, options: FitOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** The mixture's means among what `transform` gives, [nClusters, latents]. @throws before `fit` */
  async clusterCenters(): Promise<NdArray<Float32Array>> {
    return this.computing("clusterCenters", async () => {
      const { means } = this.network;
      return new NdArray((await means.data()) as Float32Array, [...means.shape]);
    });
  }

  /** Means of the codes of x, [n, latents]. @throws before `fit`, as the next three */
  async transform(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.map(x, "transform", (batch) => this.network.encoder.encode(batch)["mu"]!);
  }

  /** x, prepared where it is, as the decoder gives it back from means, [n, width]. */
  async reconstruct(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.map(x, "reconstruct", (batch) => this.network.forward(batch));
  }

  /** Probabilities of the clusters at the means of codes, [n, nClusters]. */
  async softAssignments(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.map(x, "softAssignments", (batch) => this.network.assignments(batch));
  }

  /** The most probable cluster of each item. */
  async predict(x: RowsLike): Promise<Int32Array<ArrayBuffer>> {
    return largestShares((await this.softAssignments(x)).data, this.settings.nClusters);
  }

  /** @throws when the bytes are no checkpoint of a VaDE */
  static load(content: Bytes, options: DeviceOption = {}): Promise<VaDE> {
    return Model.restored("VaDE", content, options, (settings: VaDEOptions) => new VaDE(settings));
  }

  protected override make(device: Device, random: Random): VaDENetwork {
    const { network, latents, nClusters } = this.settings;
    return new VaDENetwork(device, network, this.networkShape, latents, nClusters, random);
  }

  protected override stages(rows: Rows, epochs: number, fit: Fit): Stage[] {
    const { pretrainEpochs, sigma } = this.settings;
    const { encoder, decoder } = this.network;
    const error = (x: Tensor): Tensor => scale(squaredError(x, this.network.forward(x)), 0.5 / (sigma * sigma));
    const coders = [...encoder.parameters(), ...decoder.parameters()];
    const clustering = this.stage("clustering", rows, epochs, (x, context) => this.loss(x, context));
    const placed: Stage = {
      ...clustering,
      // with the first step; a training of no steps is placed at its end
      beforeEpoch: async (epoch) => {
        if (epoch === 0) await this.#place(rows, fit);
      },
    };
    return [this.stage("autoencoder", rows, pretrainEpochs, error, coders), placed];
  }

  protected override loss(x: Tensor, { random }: StepContext): Tensor {
    const { latents, sigma, beta } = this.settings;
    const { encoder, decoder, logits, means, logvars } = this.network;
    const { mu, logvar } = encoder.encode(x) as Readonly<Record<"mu" | "logvar", Tensor>>;
    const eps = randomNormal(x.device, [x.shape[0]!, latents], random);
    const xhat = decoder.forward(reparameterize(mu, logvar, eps));
    const unit = 1 / (sigma * Math.SQRT2); // squared errors count ½/σ²
    return vadeLoss(scale(x, unit), scale(xhat, unit), { mu, logvar, eps }, { logits, means, logvars }, { beta }).loss;
  }

  protected override async trained(rows: Rows, _items: RowsLike, fit: Fit): Promise<void> {
    this.#labels = undefined; // of an earlier fit
    if (this.history.every(({ stage }) => stage !== "clustering")) await this.#place(rows, fit);
    this.network.eval();
    const { data } = await mapRows(rows, (batch) => this.network.assignments(batch), CHUNK);
    this.#labels = largestShares(data, this.settings.nClusters);
  }

  /** Places the mixture on the codes as they are. */
  async #place(rows: Rows, fit: Fit): Promise<void> {
    const { nClusters, nInit, seed } = this.settings;
    const { encoder, logits, means, logvars } = this.network;
    const codes = await mapRows(rows, (batch) => noGrad(() => encoder.encode(batch)["mu"]!), CHUNK);
    using mixture = new GaussianMixture({
      ...{ nComponents: nClusters, covarianceType: "diag", nInit, regCovar: LEAST_VARIANCE, seed },
      device: await this.device(),
    });
    await fit.resting(() => mixture.fit(codes, { signal: fit.signal }));
    const write = (to: Tensor, values: Float64Array): void => to.device.write(to.buffer, Float32Array.from(values));
    write(logits, mixture.weights.map(Math.log));
    write(means, mixture.means.data);
    write(logvars, mixture.covariances.data.map(Math.log));
    await this.#narrow(mixture.weights, mixture.covariances.data);
  }

  /** Sets the noise of codes to what varies within clusters: with more, samples of codes would tell nothing of them at first. */
  async #narrow(weights: Float64Array, variances: Float64Array): Promise<void> {
    const { latents } = this.settings;
    const { weight, bias } = this.network.encoder.head.linear;
    const within = Array.from({ length: latents }, (_, d) =>
      weights.reduce((sum, share, j) => sum + share * variances[j * latents + d]!, 0),
    );
    const [w, b] = (await Promise.all([weight.data(), bias!.data()])) as [Float32Array, Float32Array];
    w.fill(0, w.length / 2); // means come first, then ln σ²
    b.set(within.map(Math.log), latents);
    weight.device.write(weight.buffer, w);
    bias!.device.write(bias!.buffer, b);
  }

  protected override own(): Learned {
    const { arrays, state } = super.own();
    const labels = this.#labels;
    return { arrays: { ...arrays, ...(labels && { labels: new NdArray<TypedArray>(labels) }) }, state };
  }

  protected override async restore(saved: Checkpoint): Promise<void> {
    this.#labels = saved.labels("labels", this.settings.nClusters);
    await super.restore(saved);
  }
}
