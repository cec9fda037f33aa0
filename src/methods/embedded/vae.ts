import { ConvVAE, VAE, VAE_DEFAULTS, VAE_RULES } from "../../generative/models/vae";
import type { VAEOptions } from "../../generative/models/vae";
import { positive, range } from "../../options";
import type { CommonOptions, Method } from "../method";
import { CODER_FLAGS, coderOf, imageShape, preparationFlags, RECONSTRUCTION_FLAGS, withPreparation } from "../reconstruction"; // prettier-ignore
import type { FlatCoders, FlatPreparation } from "../reconstruction";
import { described } from "../schema";
import type { Schema } from "../schema";

/** A bimodal prior by plain options, in place of `prior`. */
export interface FlatPrior {
  readonly priorMean?: number | undefined;
  readonly priorDeviation?: number | undefined;
}

/** Flags of those. */
export const PRIOR_FLAGS: Schema<FlatPrior> = {
  priorMean: {
    rule: range(0),
    default: VAE_DEFAULTS.prior.m,
    help: "of the modes of a bimodal prior, either side of 0",
  },
  priorDeviation: { rule: positive, default: VAE_DEFAULTS.prior.s, help: "of each mode" },
};

/** The prior of the options. */
export const priorOf = ({
  priorMean: m = VAE_DEFAULTS.prior.m,
  priorDeviation: s = VAE_DEFAULTS.prior.s,
}: FlatPrior): VAEOptions["prior"] => ({ m, s });

/** What options of a VAE mean. */
export const VAE_WORDS = {
  divergence: "what holds the latents to the prior",
  beta: "weight of that",
} as const;

/** Options of the VAEs that embed, by plain ones. */
export interface VAEMethodOptions
  extends
    CommonOptions,
    Omit<VAEOptions, "network" | "prior" | "features" | "preparation" | "device" | "seed">,
    FlatPrior,
    FlatPreparation {}

const SHARED: Schema<VAEMethodOptions> = {
  ...RECONSTRUCTION_FLAGS,
  ...described<
    Required<Pick<VAEOptions, "latents" | "styleUnits" | "styleDropout" | "styleAfter" | "divergence" | "beta">>,
    "latents" | "styleUnits" | "styleDropout" | "styleAfter" | "divergence" | "beta"
  >(
    { rules: VAE_RULES, defaults: VAE_DEFAULTS },
    {
      latents: "units that are drawn and held to the prior: where an item is placed",
      styleUnits: "units beside them that only reconstruct",
      styleDropout: "chance that an item is reconstructed without its style units in training",
      styleAfter: "share of the training that is over before the style units join",
      ...VAE_WORDS,
    },
  ),
  ...PRIOR_FLAGS,
  ...preparationFlags({ crop: "all", normalize: "none" }),
};

/** `vae`. */
export const vae: Method<VAEMethodOptions & Pick<FlatCoders, "hidden">> = {
  name: "vae",
  title: "Variational autoencoder",
  summary: "a network learns to give back its items through few units with noise, held to a prior",
  paper: "Kingma and Welling, Auto-encoding variational Bayes, ICLR 2014",
  takes: ["rows", "images"],
  target: "none",
  streams: true,
  clusters: "none",
  network: true,
  options: { ...SHARED, hidden: CODER_FLAGS.hidden },
  suit: ({ itemShape }, given) => (given.inputShape ? {} : { inputShape: itemShape }),
  make: ({ nClusters: _, hidden, priorMean, priorDeviation, ...options }) =>
    new VAE({
      ...withPreparation(options),
      network: coderOf("dense", { hidden }),
      prior: priorOf({ priorMean, priorDeviation }),
    }),
  load: (bytes, { device }) => VAE.load(bytes, device ? { device } : {}),
};

/** `conv-vae`. */
export const convVAE: Method<VAEMethodOptions & Pick<FlatCoders, "channels">> = {
  ...vae,
  name: "conv-vae",
  title: "Convolutional variational autoencoder",
  summary: "convolutions that halve images learn to give them back through few units with noise, held to a prior",
  takes: ["images"],
  options: {
    ...SHARED,
    batchSize: { ...SHARED.batchSize, default: 50 },
    channels: CODER_FLAGS.channels,
  },
  suit: (data, given) => (given.inputShape ? {} : { inputShape: imageShape(data) }),
  make: ({ nClusters: _, channels, priorMean, priorDeviation, ...options }) =>
    new ConvVAE({
      ...withPreparation(options),
      network: coderOf("convolutional", { channels }),
      prior: priorOf({ priorMean, priorDeviation }),
    }),
  load: (bytes, { device }) => ConvVAE.load(bytes, device ? { device } : {}),
};
