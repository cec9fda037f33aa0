// DEC, IDEC and N2D of images by convolutions: Guo, Liu, Zhu and Yin, "Deep clustering with convolutional autoencoders", ICONIP 2017; with images changed at
// random, Guo, Zhu, Liu and Yin, "Deep embedded clustering with data augmentation", ACML 2018.
import type { Bytes } from "../../data/formats/source";
import { CoderAutoencoder } from "../../generative/networks/autoencoder";
import { unary } from "../../kernels/elementwise";
import { conv2d, conv2dBackwardWeight } from "../../kernels/images";
import type { Kernel } from "../../kernel";
import type { DeviceOption } from "../../lifecycle/model";
import { RowsModel } from "../../lifecycle/rows-model";
import { integer, sizes } from "../../options";
import { forImages, wholeStage } from "../autoencoder/autoencoder-stages";
import type { Coder } from "../autoencoder/coder";
import { DEC_OBJECTIVE } from "./dec";
import { DEC_LOAD, STUDENT_OPTIONS } from "./dec-options";
import type { DECLoadOptions, StudentOptions, StudentSettings } from "./dec-options";
import { GAMMA, IDEC_OBJECTIVE } from "./idec";
import { PLACED_CODES_OPTIONS, PlacedCodes } from "../autoencoder/placed-codes";
import type { PlacedCodesKind, PlacedCodesOptions, PlacedCodesSettings } from "../autoencoder/placed-codes";
import { StudentClustering } from "./student-clustering";
import type { StudentKind } from "./student-clustering";

/** Options of a convolutional autoencoder under a clustering of its codes. */
export interface ConvCoderOptions {
  /** Sizes of an image, [channels, height, width]. */
  readonly inputShape: readonly number[];
  /** Of convolutions from the input inwards, 3 × 3 pixels each, each of which halves the image; the decoder mirrors them. Default [32, 64, 128]. */
  readonly channels?: readonly number[];
  /** Numbers of a code. Default 10. */
  readonly code?: number;
}

/** @inline */
type ConvSettings = Required<ConvCoderOptions>;

const CONV_RULES = { inputShape: sizes(), channels: sizes(), code: integer(1) };
const CONV_DEFAULTS = { channels: [32, 64, 128], code: 10 };
const CONV_KERNELS: readonly Kernel[] = [conv2d, conv2dBackwardWeight, unary];

const CONVOLUTIONAL: Coder<ConvSettings, CoderAutoencoder> = {
  input: ({ inputShape }) => inputShape,
  image: ({ inputShape }) => inputShape,
  code: ({ code }) => code,
  pictures: true,
  make: (device, { inputShape, channels, code }, random) =>
    new CoderAutoencoder(device, { type: "convolutional", channels }, inputShape, code, random),
  stages: (rows, network, _, pretraining) => [wholeStage(rows, network, pretraining)],
  count: () => 1,
};

/** Options of `ConvDEC`. */
export interface ConvDECOptions extends StudentOptions, ConvCoderOptions {}

/** Options of `ConvIDEC`. */
export interface ConvIDECOptions extends ConvDECOptions {
  /** Weight of the clustering loss beside the reconstruction loss. */
  readonly gamma?: number;
}

/** Options of `ConvN2D`. */
export interface ConvN2DOptions extends PlacedCodesOptions, ConvCoderOptions {}

/** @inline */
type ConvDECSettings = StudentSettings & ConvSettings;
/** @inline */
type ConvIDECSettings = ConvDECSettings & { readonly gamma: number };
/** @inline */
type ConvN2DSettings = PlacedCodesSettings & ConvSettings;

/** Options of ConvDEC. @internal */
export const CONV_DEC: StudentKind<ConvDECSettings, CoderAutoencoder> = {
  name: "ConvDEC",
  rules: { ...STUDENT_OPTIONS.rules, ...CONV_RULES },
  defaults: { ...STUDENT_OPTIONS.defaults, ...CONV_DEFAULTS },
  kernels: () => [...STUDENT_OPTIONS.kernels, ...CONV_KERNELS],
  objective: DEC_OBJECTIVE,
  coder: CONVOLUTIONAL,
};

/** Options of ConvIDEC. @internal */
export const CONV_IDEC: StudentKind<ConvIDECSettings, CoderAutoencoder> = {
  ...CONV_DEC,
  name: "ConvIDEC",
  rules: { ...CONV_DEC.rules, gamma: GAMMA.rule },
  defaults: { ...CONV_DEC.defaults, gamma: GAMMA.default },
  objective: IDEC_OBJECTIVE,
};

/** Options of ConvN2D. @internal */
export const CONV_N2D: PlacedCodesKind<ConvN2DSettings, CoderAutoencoder> = {
  name: "ConvN2D",
  rules: { ...PLACED_CODES_OPTIONS.rules, ...CONV_RULES },
  defaults: { ...PLACED_CODES_OPTIONS.defaults, ...CONV_DEFAULTS },
  kernels: () => [...PLACED_CODES_OPTIONS.kernels, ...CONV_KERNELS],
  coder: CONVOLUTIONAL,
};

/** DEC on the codes of a convolutional autoencoder. */
export class ConvDEC extends StudentClustering<ConvDECSettings, CoderAutoencoder> {
  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: ConvDECOptions) {
    super(options, CONV_DEC);
  }

  /** @throws when the bytes are no checkpoint of a ConvDEC */
  static load(content: Bytes, options: DECLoadOptions = {}): Promise<ConvDEC> {
    const make = (settings: ConvDECOptions): ConvDEC => new ConvDEC(forImages(settings));
    return RowsModel.restored("ConvDEC", content, options, make, DEC_LOAD);
  }
}

/** IDEC on the codes of a convolutional autoencoder, whose reconstruction is kept. */
export class ConvIDEC extends StudentClustering<ConvIDECSettings, CoderAutoencoder> {
  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: ConvIDECOptions) {
    super(options, CONV_IDEC);
  }

  /** @throws when the bytes are no checkpoint of a ConvIDEC */
  static load(content: Bytes, options: DECLoadOptions = {}): Promise<ConvIDEC> {
    const make = (settings: ConvIDECOptions): ConvIDEC => new ConvIDEC(forImages(settings));
    return RowsModel.restored("ConvIDEC", content, options, make, DEC_LOAD);
  }
}

/** N2D on the codes of a convolutional autoencoder. */
export class ConvN2D extends PlacedCodes<ConvN2DSettings, CoderAutoencoder> {
  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: ConvN2DOptions) {
    super(options, CONV_N2D);
  }

  /** @throws when the bytes are no checkpoint of a ConvN2D */
  static load(
    content: Bytes,
    options: DeviceOption & Pick<ConvN2DOptions, "learningRate" | "augmentWith"> = {},
  ): Promise<ConvN2D> {
    const make = (settings: ConvN2DOptions): ConvN2D => new ConvN2D(forImages(settings));
    return RowsModel.restored("ConvN2D", content, options, make, ["device", "learningRate", "augmentWith"]);
  }
}
