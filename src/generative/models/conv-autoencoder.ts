// Autoencoders of images by convolutions, with residual blocks and connections around the code or without.
import type { Bytes } from "../../data/formats/source";
import type { Device } from "../../device";
import { conv2d, conv2dBackwardWeight } from "../../kernels/images";
import { Model } from "../../lifecycle/model";
import type { DeviceOption, OptionSet } from "../../lifecycle/model";
import type { RowsLike } from "../../lifecycle/rows";
import type { NdArray } from "../../ndarray";
import { scale } from "../../ops/elementwise";
import { squaredError } from "../../ops/generative/gaussian";
import { flag, integer, sizes } from "../../options";
import type { Random } from "../../random";
import type { Tensor } from "../../tensor";
import type { StepContext } from "../../training/loop";
import { CoderAutoencoder } from "../networks/autoencoder";
import { RECONSTRUCTION_DEFAULTS, RECONSTRUCTION_KERNELS, RECONSTRUCTION_RULES, ReconstructionModel } from "./trained";
import type { ReconstructionOptions, ReconstructionSettings } from "./trained";

/** Options of `ConvAutoencoder` and `ResidualAutoencoder`. */
export interface ConvAutoencoderOptions extends ReconstructionOptions {
  /** Of convolutions from the input inwards, each of which halves the image; the decoder mirrors them. Default [16, 24]. */
  readonly channels?: readonly number[];
  /** Residual blocks after each convolution but the last. Default 0, of a residual autoencoder 1. */
  readonly depth?: number;
  /** Whether the decoder is shown the encoder's planes of its sizes beside the code. Default no, of a residual autoencoder yes. */
  readonly skip?: boolean;
  /** Numbers of a code. Default 10. */
  readonly code?: number;
}

/** The same with every value. */
export type ConvAutoencoderSettings = ReconstructionSettings & Required<Omit<ConvAutoencoderOptions, keyof ReconstructionOptions>>; // prettier-ignore

/** Rules and defaults of its options. @internal */
export const CONV_AUTOENCODER_OPTIONS: OptionSet<ConvAutoencoderSettings> = {
  rules: { ...RECONSTRUCTION_RULES, channels: sizes(), depth: integer(0), skip: flag, code: integer(1) },
  defaults: { ...RECONSTRUCTION_DEFAULTS, batchSize: 50, channels: [16, 24], depth: 0, skip: false, code: 10 },
  kernels: () => [...RECONSTRUCTION_KERNELS, conv2d, conv2dBackwardWeight],
};

/** What a residual autoencoder differs in. @internal */
export const RESIDUAL_DEFAULTS = { depth: 1, skip: true } as const;

/** An autoencoder of images [channels, height, width] by convolutions, trained by `fit`; `transform` gives codes. */
export class ConvAutoencoder<S extends ConvAutoencoderSettings = ConvAutoencoderSettings> extends ReconstructionModel<
  S,
  CoderAutoencoder
> {
  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: ConvAutoencoderOptions);
  /** @hidden */
  constructor(options: ConvAutoencoderOptions, name: string, set: OptionSet<S>);
  constructor(
    options: ConvAutoencoderOptions,
    name = "ConvAutoencoder",
    set = CONV_AUTOENCODER_OPTIONS as unknown as OptionSet<S>,
  ) {
    super(name, options, set);
  }

  /** Codes of x, [n, code]. @throws before `fit` */
  async transform(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.map(x, "transform", (batch) => this.network.encode(batch));
  }

  /** x, prepared where it is, as the network gives it back, [n, width]. @throws before `fit` */
  async reconstruct(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.map(x, "reconstruct", (batch) => this.network.forward(batch));
  }

  /** @throws when the bytes are no checkpoint of a ConvAutoencoder */
  static load(content: Bytes, options: DeviceOption = {}): Promise<ConvAutoencoder> {
    const make = (settings: ConvAutoencoderOptions): ConvAutoencoder => new ConvAutoencoder(settings);
    return Model.restored("ConvAutoencoder", content, options, make);
  }

  protected override make(device: Device, random: Random): CoderAutoencoder {
    const { channels, depth, skip, code } = this.settings;
    return new CoderAutoencoder(device, { type: "residual", channels, depth }, this.networkShape, code, random, skip);
  }

  protected override loss(x: Tensor, _context: StepContext, _share: number): Tensor {
    const { sigma } = this.settings;
    return scale(squaredError(x, this.network.forward(x)), 0.5 / (sigma * sigma));
  }
}

/** The same with residual blocks, and connections around the code: it gives its input back better, and its code says less of it. */
export class ResidualAutoencoder extends ConvAutoencoder {
  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: ConvAutoencoderOptions) {
    const { defaults } = CONV_AUTOENCODER_OPTIONS;
    super(options, "ResidualAutoencoder", {
      ...CONV_AUTOENCODER_OPTIONS,
      defaults: { ...defaults, ...RESIDUAL_DEFAULTS },
    });
  }

  /** @throws when the bytes are no checkpoint of a ResidualAutoencoder */
  static override load(content: Bytes, options: DeviceOption = {}): Promise<ResidualAutoencoder> {
    const make = (settings: ConvAutoencoderOptions): ResidualAutoencoder => new ResidualAutoencoder(settings);
    return Model.restored("ResidualAutoencoder", content, options, make);
  }
}
