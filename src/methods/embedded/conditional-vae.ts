import { CONDITIONAL_VAE_OPTIONS, ConditionalVAEClustering } from "../../generative/models/conditional-vae-clustering";
import type { ConditionalVAEClusteringOptions } from "../../generative/models/conditional-vae-clustering";
import { isStamp } from "../../generative/preparation-options";
import type { CommonOptions, Method } from "../method";
import { CODER_FLAGS, CODER_KIND, coderOf, imageShape, preparationFlags, RECONSTRUCTION_FLAGS, withPreparation } from "../reconstruction"; // prettier-ignore
import type { FlatCoders, FlatPreparation } from "../reconstruction";
import { described } from "../schema";
import { PRIOR_FLAGS, priorOf, VAE_WORDS } from "./vae";
import type { FlatPrior } from "./vae";

type Own = Omit<ConditionalVAEClusteringOptions, "network" | "prior" | "preparation" | "device" | "seed">;

/** Options of the model by plain ones. */
export interface ConditionalVAEMethodOptions extends CommonOptions, Own, FlatCoders, FlatPrior, FlatPreparation {
  readonly network?: "dense" | "convolutional";
}

/** `conditional-vae`. */
export const conditionalVAE: Method<ConditionalVAEMethodOptions> = {
  name: "conditional-vae",
  title: "Conditional VAE",
  summary:
    "two classes by one unit with noise that must carry what tells items apart, cut in two; stars and galaxies in five-band stamps",
  paper:
    "Kingma, Rezende, Mohamed and Welling, Semi-supervised learning with deep generative models, NIPS 2014, without its labels",
  takes: ["images", "rows"],
  target: "none",
  streams: true,
  clusters: "found",
  network: true,
  options: {
    ...RECONSTRUCTION_FLAGS,
    ...preparationFlags({ crop: "16 of stamps", normalize: "white of stamps" }),
    ...described(CONDITIONAL_VAE_OPTIONS, {
      components: { unset: "40, with convolutions 0", help: "principal axes that the network is given; 0: the items" },
      share: {
        unset: "found by a mixture of two normal distributions",
        help: "known share of class 1, of stamps the stars",
      },
      styleUnits: "units beside the class unit that only reconstruct",
      styleDropout: "chance that an item is reconstructed without its style units in training",
      styleAfter: "share of the training that is over before the style units join",
      ...VAE_WORDS,
    }),
    ...PRIOR_FLAGS,
    network: CODER_KIND,
    ...CODER_FLAGS,
  },
  suit: (data, given) =>
    given.inputShape ? {} : { inputShape: given.network === "convolutional" ? imageShape(data) : [...data.itemShape] },
  remark: ({ itemShape }) =>
    itemShape.length === 3 && !isStamp(itemShape)
      ? `items [${itemShape.join(", ")}] are taken as they are: only stamps [5, s, s] of the bands u g r i z are prepared`
      : undefined,
  make: ({ nClusters: _, network = "dense", hidden, channels, priorMean, priorDeviation, ...options }) =>
    new ConditionalVAEClustering({
      ...withPreparation(options),
      network: coderOf(network, { hidden, channels }),
      prior: priorOf({ priorMean, priorDeviation }),
    }),
  load: (bytes, { device }) => ConditionalVAEClustering.load(bytes, device ? { device } : {}),
};
