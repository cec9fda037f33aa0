// DEC, IDEC and N2D on convolutional autoencoders.
import { CONV_DEC, CONV_IDEC, CONV_N2D, ConvDEC, ConvIDEC, ConvN2D } from "../../models/embedded/conv-clustering";
import type {
  ConvCoderOptions,
  ConvDECOptions,
  ConvIDECOptions,
  ConvN2DOptions,
} from "../../models/embedded/conv-clustering";
import { DEC_EPOCHS, resumedClustering, STUDENT_WORDS } from "./dec";
import { AUGMENT_FLAGS, resumedImages, withAugment } from "../vision/feature-network";
import type { ImageRowsMethodOptions } from "../vision/feature-network";
import { GAMMA_WORDS } from "./idec";
import type { DataSummary, Method } from "../method";
import { PLACED_CODES_WORDS } from "./n2d";
import { imageShape } from "../reconstruction";
import { described } from "../schema";
import type { Described } from "../schema";

/** Options of ConvDEC with those of its `fit`. */
export interface ConvDECMethodOptions extends ImageRowsMethodOptions<ConvDECOptions> {
  readonly epochs?: number;
}

/** Options of ConvIDEC with those of its `fit`. */
export interface ConvIDECMethodOptions extends ImageRowsMethodOptions<ConvIDECOptions> {
  readonly epochs?: number;
}

/** What options of the network mean. */
const CONV_WORDS = {
  inputShape: { unset: "that of the data", help: "sizes of an image: 1,28,28" },
  channels: "of convolutions from the input inwards, each of which halves the image",
  code: "numbers of a code",
} as const satisfies Record<keyof ConvCoderOptions, Described>;

/** The sizes of images, where they are not given. */
const suit = (data: DataSummary, given: Partial<ConvCoderOptions>): Partial<ConvCoderOptions> =>
  given.inputShape ? {} : { inputShape: imageShape(data) };

/** What they have in common. */
const COMMON = { takes: ["images"], target: "none", clusters: "given", network: true } as const;

/** `conv-dec`. */
export const convDEC: Method<ConvDECMethodOptions> = {
  ...COMMON,
  name: "conv-dec",
  title: "ConvDEC",
  summary: "DEC of images: a convolutional autoencoder learns codes, then codes and centres sharpen each other",
  paper: "Guo, Zhu, Liu and Yin, Deep embedded clustering with data augmentation, ACML 2018",
  streams: true,
  options: { ...described(CONV_DEC, { ...CONV_WORDS, ...STUDENT_WORDS }), ...AUGMENT_FLAGS, epochs: DEC_EPOCHS },
  suit,
  make: ({ epochs: _, ...options }) => new ConvDEC(withAugment(options)),
  load: (bytes, options) => ConvDEC.load(bytes, resumedClustering(options)),
};

/** `conv-idec`. */
export const convIDEC: Method<ConvIDECMethodOptions> = {
  ...COMMON,
  name: "conv-idec",
  title: "ConvIDEC",
  summary: "ConvDEC that goes on reconstructing its images",
  paper: "Guo, Liu, Zhu and Yin, Deep clustering with convolutional autoencoders, ICONIP 2017",
  streams: true,
  options: {
    ...described(CONV_IDEC, { ...CONV_WORDS, ...STUDENT_WORDS, gamma: GAMMA_WORDS }),
    ...AUGMENT_FLAGS,
    epochs: DEC_EPOCHS,
  },
  suit,
  make: ({ epochs: _, ...options }) => new ConvIDEC(withAugment(options)),
  load: (bytes, options) => ConvIDEC.load(bytes, resumedClustering(options)),
};

/** `conv-n2d`. */
export const convN2D: Method<ImageRowsMethodOptions<ConvN2DOptions>> = {
  ...COMMON,
  name: "conv-n2d",
  title: "ConvN2D",
  summary:
    "N2D of images: UMAP places the codes of a convolutional autoencoder, a Gaussian mixture clusters the places",
  paper:
    "McConville, Santos-Rodriguez, Piechocki and Craddock, N2D, ICPR 2020, on the network of Guo, Liu, Zhu and Yin, ICONIP 2017",
  options: { ...described(CONV_N2D, { ...CONV_WORDS, ...PLACED_CODES_WORDS }), ...AUGMENT_FLAGS },
  suit,
  make: (options) => new ConvN2D(withAugment(options)),
  load: (bytes, options) => ConvN2D.load(bytes, resumedImages(options)),
};
