// Variational autoencoders: Kingma & Welling, ICLR 2014; with any divergence, prior and weight of it, and free units beside the latents.
import type { Bytes } from "../../data/formats/source";
import type { Device } from "../../device";
import type { Kernel } from "../../kernel";
import { permuteSeries, sortBlocks, sortExchange } from "../../kernels/generative";
import { conv2d, conv2dBackwardWeight } from "../../kernels/images";
import * as randomKernels from "../../kernels/random";
import { noGrad } from "../../graph";
import { Model } from "../../lifecycle/model";
import type { RowsLike } from "../../lifecycle/rows";
import { NdArray } from "../../ndarray";
import { Module } from "../../nn/module";
import { squaredError, reparameterize } from "../../ops/generative/gaussian";
import type { Bimodal } from "../../ops/generative/mixture";
import { add, mul, scale } from "../../ops/elementwise";
import { concat, ones } from "../../ops/layout";
import { dropout, randomNormal } from "../../ops/random";
import {
  callable,
  choice,
  either,
  optional,
  positive,
  range,
  record,
  share as shareRule,
  sizes,
  integer,
} from "../../options";
import type { Random } from "../../random";
import { tensor, tidy } from "../../tensor";
import type { Tensor } from "../../tensor";
import type { StepContext } from "../../training/loop";

import { betaAt, divergence, DIVERGENCES } from "../divergences";
import type { Beta, DivergenceName } from "../divergences";
import { Decoder, Encoder } from "../networks/coders";
import type { CoderSpec } from "../networks/coders";
import { RECONSTRUCTION_DEFAULTS, RECONSTRUCTION_KERNELS, RECONSTRUCTION_RULES, ReconstructionModel } from "./trained";
import type { ReconstructionOptions, ReconstructionSettings } from "./trained";
import { generate } from "../../typed-arrays";

/** Options of a variational autoencoder. */
export interface VAEOptions extends ReconstructionOptions {
  /** Layers on either side of the code; default two dense ones of 64. */
  readonly network?: CoderSpec;
  /** Units that are drawn and held to the prior; default 2. */
  readonly latents?: number;
  /** Units beside them that only reconstruct: no noise, no prior; default 0. */
  readonly styleUnits?: number;
  /** Chance that an item is reconstructed without its style units in training, so that the latents have to carry what they can; default 0.5. */
  readonly styleDropout?: number;
  /** Share of the training that is over before the style units join, so that they do not take what the latents ought to carry; default 0, of a `ConditionalVAE` 0.1. */
  readonly styleAfter?: number;
  /** What holds the latents to the prior; default `normal`. */
  readonly divergence?: DivergenceName;
  /** Of the divergences to a bimodal prior; default m 2, s 0.5. */
  readonly prior?: Bimodal;
  /** Weight of the divergence; default 1. */
  readonly beta?: Beta;
  /** Where the error is measured, of items [n, width]; default: where they are. A checkpoint does not hold it: `load` wants it again. */
  readonly features?: (x: Tensor) => Tensor;
}

/** The same with every value. */
export type VAESettings = ReconstructionSettings &
  Required<Omit<VAEOptions, "device" | "features" | "preparation">> &
  Pick<VAEOptions, "features">;

/** Options of `load`: what a checkpoint cannot hold. */
export interface VAELoadOptions {
  readonly device?: Device;
  /** Where the error is measured, where the model was made with it. */
  readonly features?: (x: Tensor) => Tensor;
}

/** What training launches with these settings. */
const vaeKernels = ({ network, styleUnits, divergence }: VAESettings): readonly Kernel[] => [
  ...RECONSTRUCTION_KERNELS,
  randomKernels.random,
  ...(styleUnits > 0 ? [randomKernels.dropout] : []),
  ...(network.type !== "dense" ? [conv2d, conv2dBackwardWeight] : []),
  ...(divergence === "aggregate-wasserstein" ? [sortBlocks, sortExchange, permuteSeries] : []),
];

/** What a network is made by: `inputShape` is that of what it is given. */
type VAENetworkSpec = Pick<VAESettings, "network" | "inputShape" | "latents" | "styleUnits">;

/** Encoder to means, ln σ² and style, and the decoder back. */
export class VAENetwork extends Module {
  readonly encoder: Encoder;
  readonly decoder: Decoder;

  constructor(device: Device, { network, inputShape, latents, styleUnits }: VAENetworkSpec, random: Random) {
    super();
    this.encoder = new Encoder(
      device,
      network,
      inputShape,
      { mu: latents, logvar: latents, style: styleUnits },
      random,
    );
    this.decoder = new Decoder(device, network, inputShape, latents + styleUnits, random);
  }

  /** The reconstruction from means and style. */
  override forward(x: Tensor): Tensor {
    const { mu, style } = this.encoder.encode(x);
    return this.decoder.forward(style ? concat([mu!, style], 1) : mu!);
  }
}

/** Values of options that are not given. */
export const VAE_DEFAULTS = {
  ...RECONSTRUCTION_DEFAULTS,
  ...{
    latents: 2,
    styleUnits: 0,
    styleDropout: 0.5,
    styleAfter: 0,
    divergence: "normal" as const,
    prior: { m: 2, s: 0.5 },
    beta: 1,
  },
  network: { type: "dense", sizes: [64, 64] },
} as const;

/** Options of `load`. */
const LOADED = ["device", "features"];

/** What a coder may be. */
export const NETWORK_RULE = either(
  record({ type: choice("dense"), sizes: sizes() }),
  record({ type: choice("convolutional"), channels: sizes() }),
  record({ type: choice("residual"), channels: sizes(), depth: integer(0) }),
);
const BETA = either(range(0), record({ from: range(0), to: range(0), over: positive }));

/** What they must be. */
export const VAE_RULES = {
  ...RECONSTRUCTION_RULES,
  ...{
    network: NETWORK_RULE,
    latents: integer(1),
    styleUnits: integer(0),
    styleDropout: shareRule,
    styleAfter: range(0, 1),
    beta: BETA,
  },
  ...{ divergence: choice(...DIVERGENCES), prior: record({ m: optional(range(0)), s: optional(positive) }) },
  features: optional(callable),
};

/** A variational autoencoder of rows or images, by default with dense layers and KL to N(0, I). */
export class VAE extends ReconstructionModel<VAESettings, VAENetwork> {
  constructor(options: VAEOptions);
  /** @hidden */
  constructor(options: VAEOptions, name: string, defaults?: object, rules?: object);
  constructor(options: VAEOptions, name = "VAE", defaults: object = {}, rules: object = {}) {
    super(name, options, {
      rules: { ...VAE_RULES, ...rules },
      defaults: { ...VAE_DEFAULTS, ...defaults },
      kernels: vaeKernels,
    });
  }

  /** Means of the latents of x, [n, latents]. */
  async transform(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.map(x, "transform", (batch) => this.network.encoder.encode(batch)["mu"]!);
  }

  /** ln σ² of the latents of x, [n, latents]. */
  async logVariances(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.map(x, "logVariances", (batch) => this.network.encoder.encode(batch)["logvar"]!);
  }

  /** Style units of x, [n, styleUnits]. @throws where there are none */
  async style(x: RowsLike): Promise<NdArray<Float32Array>> {
    if (this.settings.styleUnits === 0) throw new Error(`${this.name}.style: the model must have style units, got 0`);
    return this.map(x, "style", (batch) => this.network.encoder.encode(batch)["style"]!);
  }

  /** x, prepared where it is, as the decoder gives it back from means and style, [n, width]. */
  async reconstruct(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.map(x, "reconstruct", (batch) => this.expanded(this.network.forward(batch)));
  }

  /** Items of codes [n, latents + styleUnits], for traversals: [n, width]. @throws when codes have another size */
  async decode(codes: NdArray<Float32Array>): Promise<NdArray<Float32Array>> {
    const { latents, styleUnits } = this.settings;
    const [n, size] = codes.shape as [number, number];
    if (codes.shape.length !== 2 || size !== latents + styleUnits)
      throw new Error(
        `${this.name}.decode: codes must be [n, ${latents + styleUnits}], got [${codes.shape.join(", ")}]`,
      );
    return this.computing("decode", async () => {
      const z = tensor(await this.built(), codes.data, [n, size]);
      const x = tidy(() => noGrad(() => this.expanded(this.network.decoder.forward(z))));
      const data = (await x.data()) as Float32Array;
      z.dispose();
      x.dispose();
      return new NdArray(data, [n, data.length / n]);
    });
  }

  /** @throws when the bytes are no checkpoint of a VAE */
  static load(content: Bytes, options: VAELoadOptions = {}): Promise<VAE> {
    return Model.restored("VAE", content, options, (settings: VAEOptions) => new VAE(settings), LOADED);
  }

  protected override make(device: Device, random: Random): VAENetwork {
    return new VAENetwork(device, { ...this.settings, inputShape: this.networkShape }, random);
  }

  protected override loss(x: Tensor, { random }: StepContext, share: number): Tensor {
    const { latents, styleDropout, styleAfter, sigma, divergence: name, prior, beta, features } = this.settings;
    const { encoder, decoder } = this.network;
    const { mu, logvar, style } = encoder.encode(x) as Readonly<Record<"mu" | "logvar", Tensor>> & { style?: Tensor };
    const n = x.shape[0]!;
    const eps = randomNormal(x.device, [n, latents], random);
    const z = reparameterize(mu, logvar, eps);
    const kept =
      style && share < styleAfter
        ? scale(style, 0)
        : style && styleDropout > 0
          ? mul(style, dropout(ones(x.device, [n, 1]), styleDropout, random))
          : style;
    const xhat = decoder.forward(kept ? concat([z, kept], 1) : z);
    const error = features ? squaredError(features(x), features(xhat)) : squaredError(x, xhat);
    const reconstruction = scale(error, 0.5 / (sigma * sigma));
    const term = divergence(name, { mu, logvar, eps }, random, prior);
    const weight = betaAt(beta, share);
    return term && weight > 0 ? add(reconstruction, scale(term, weight)) : reconstruction;
  }
}

/** A VAE whose encoder and decoder are convolutional: of images [channels, height, width]. */
export class ConvVAE extends VAE {
  constructor(options: VAEOptions) {
    super(options, "ConvVAE", { network: { type: "convolutional", channels: [16, 24] }, batchSize: 50 });
  }

  /** @throws when the bytes are no checkpoint of a ConvVAE */
  static override load(content: Bytes, options: VAELoadOptions = {}): Promise<ConvVAE> {
    return Model.restored("ConvVAE", content, options, (settings: VAEOptions) => new ConvVAE(settings), LOADED);
  }
}

/** How a conditional VAE differs from a plain one where the caller gives nothing. */
export const CONDITIONAL_DEFAULTS = { latents: 1, styleUnits: 1, styleAfter: 0.1, divergence: "mixture" } as const;

/** A unit whose means vary by less than this share of its noise says nothing of the items. */
const CARRYING = 0.01;

/**
 * A conditional VAE without labels: one class unit that is drawn and held to a bimodal prior, and style units that only reconstruct and are left out
 * for a share of the items, so that the class unit has to say what tells items apart most. `score` is the class unit's mean.
 */
export class ConditionalVAE extends VAE {
  constructor(options: VAEOptions);
  /** @hidden */
  constructor(options: VAEOptions, name: string, defaults: object, rules: object);
  constructor(options: VAEOptions, name = "ConditionalVAE", defaults: object = {}, rules: object = {}) {
    super(options, name, { ...CONDITIONAL_DEFAULTS, ...defaults }, rules);
    if (this.settings.latents !== 1)
      throw new Error(`${name}: latents must be 1, the class unit, got ${this.settings.latents}`);
  }

  /** The class unit of each item, [n]. @throws when it is the same for all: it carries nothing then */
  async score(x: RowsLike): Promise<Float32Array> {
    const { data } = await this.map(x, "score", (batch) => {
      const { mu, logvar } = this.network.encoder.encode(batch);
      return concat([mu!, logvar!], 1);
    });
    return this.checkedUnit("score", data);
  }

  /**
   * The means of the class unit, of rows of means and ln σ². A unit that an encoder does not use has the same mean for all, within its own noise
   * (Burda, Grosse and Salakhutdinov, ICLR 2016, appendix C). @throws where it carries nothing
   */
  protected checkedUnit(op: string, codes: Float32Array): Float32Array<ArrayBuffer> {
    const n = codes.length / 2;
    const means = generate(Float32Array, n, (i) => codes[2 * i]!);
    const mean = means.reduce((sum, value) => sum + value, 0) / n;
    const deviation = Math.sqrt(means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n);
    let noise = 0;
    for (let i = 0; i < n; i++) noise += Math.exp(codes[2 * i + 1]!) / n;
    if (n > 1 && !(deviation > CARRYING * Math.sqrt(noise)))
      throw new Error(
        `${this.name}.${op}: the class unit carries nothing: its means vary by ${deviation.toPrecision(2)} over ${n} items, its noise is ${Math.sqrt(noise).toPrecision(2)}; raise styleDropout or lower beta`,
      );
    return means;
  }

  /** @throws when the bytes are no checkpoint of a ConditionalVAE */
  static override load(content: Bytes, options: VAELoadOptions = {}): Promise<ConditionalVAE> {
    const make = (settings: VAEOptions): ConditionalVAE => new ConditionalVAE(settings);
    return Model.restored("ConditionalVAE", content, options, make, LOADED);
  }
}
