import { CONV_AUTOENCODER_OPTIONS, ConvAutoencoder, RESIDUAL_DEFAULTS, ResidualAutoencoder } from "../../generative/models/conv-autoencoder"; // prettier-ignore
import type { ConvAutoencoderOptions } from "../../generative/models/conv-autoencoder";
import type { CommonOptions, Method } from "../method";
import { imageShape, preparationFlags, RECONSTRUCTION_FLAGS, withPreparation } from "../reconstruction";
import type { FlatPreparation } from "../reconstruction";
import { described } from "../schema";
import type { Schema } from "../schema";

/** Options of autoencoders of images by plain ones. */
export interface ConvAutoencoderMethodOptions
  extends CommonOptions, Omit<ConvAutoencoderOptions, "preparation" | "device" | "seed">, FlatPreparation {}

/** Flags of those. */
export const CONV_AUTOENCODER_FLAGS: Schema<ConvAutoencoderMethodOptions> = {
  ...RECONSTRUCTION_FLAGS,
  ...described(CONV_AUTOENCODER_OPTIONS, {
    batchSize: "items a step",
    channels: "of convolutions from the input inwards, each of which halves the image",
    depth: "residual blocks after each convolution but the last",
    skip: "whether the decoder is shown the encoder's planes beside the code",
    code: "numbers of a code",
  }),
  ...preparationFlags({ crop: "all", normalize: "none" }),
};

/** The same with the defaults of residual autoencoders. */
export const RESIDUAL_FLAGS: Schema<ConvAutoencoderMethodOptions> = {
  ...CONV_AUTOENCODER_FLAGS,
  depth: { ...CONV_AUTOENCODER_FLAGS.depth, default: RESIDUAL_DEFAULTS.depth },
  skip: { ...CONV_AUTOENCODER_FLAGS.skip, default: RESIDUAL_DEFAULTS.skip },
};

/** `conv-autoencoder`. */
export const convAutoencoder: Method<ConvAutoencoderMethodOptions> = {
  name: "conv-autoencoder",
  title: "Convolutional autoencoder",
  summary: "convolutions that halve images learn to give them back through few numbers",
  paper:
    "Masci, Meier, Cireşan and Schmidhuber, Stacked convolutional auto-encoders for hierarchical feature extraction, ICANN 2011",
  takes: ["images"],
  target: "none",
  streams: true,
  clusters: "none",
  network: true,
  options: CONV_AUTOENCODER_FLAGS,
  suit: (data, given) => (given.inputShape ? {} : { inputShape: imageShape(data) }),
  make: ({ nClusters: _, ...options }) => new ConvAutoencoder(withPreparation(options)),
  load: (bytes, { device }) => ConvAutoencoder.load(bytes, { device }),
};

/** `residual-autoencoder`. */
export const residualAutoencoder: Method<ConvAutoencoderMethodOptions> = {
  ...convAutoencoder,
  name: "residual-autoencoder",
  title: "Residual autoencoder",
  summary: "a convolutional autoencoder with residual blocks, and connections from encoder to decoder around the code",
  paper: "Mao, Shen and Yang, Image restoration using very deep convolutional encoder-decoder networks, NIPS 2016",
  options: RESIDUAL_FLAGS,
  make: ({ nClusters: _, ...options }) => new ResidualAutoencoder(withPreparation(options)),
  load: (bytes, { device }) => ResidualAutoencoder.load(bytes, { device }),
};
