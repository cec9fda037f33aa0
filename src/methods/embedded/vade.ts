import { VADE_OPTIONS, VaDE } from "../../generative/models/vade";
import type { VaDEOptions } from "../../generative/models/vade";
import type { Method } from "../method";
import { CODER_FLAGS, CODER_KIND, coderOf, imageShape, preparationFlags, RECONSTRUCTION_FLAGS, withPreparation } from "../reconstruction"; // prettier-ignore
import type { FlatCoders, FlatPreparation } from "../reconstruction";
import { described } from "../schema";

/** Options of the model by plain ones. */
export interface VaDEMethodOptions
  extends Omit<VaDEOptions, "network" | "preparation" | "nClusters" | "device">, FlatCoders, FlatPreparation {
  readonly nClusters?: number;
  readonly network?: "dense" | "convolutional";
}

/** `vade`. */
export const vade: Method<VaDEMethodOptions> = {
  name: "vade",
  title: "VaDE",
  summary: "a variational autoencoder whose prior is a mixture of normal distributions, one a cluster",
  paper:
    "Jiang, Zheng, Tan, Tang and Zhou, Variational deep embedding: an unsupervised and generative approach to clustering, IJCAI 2017",
  takes: ["rows", "images"],
  target: "none",
  streams: true,
  clusters: "given",
  network: true,
  options: {
    ...RECONSTRUCTION_FLAGS,
    epochs: { ...RECONSTRUCTION_FLAGS.epochs, help: "passes over the data while clustering" },
    ...described(VADE_OPTIONS, {
      latents: "numbers of a code",
      pretrainEpochs: "passes over the data as an autoencoder, before the mixture is placed",
      nInit: "mixtures from different beginnings, of which the most likely is kept",
      beta: "weight of what holds codes to the mixture",
    }),
    network: CODER_KIND,
    ...CODER_FLAGS,
    ...preparationFlags({ crop: "all", normalize: "none" }),
  },
  suit: (data, given) =>
    given.inputShape ? {} : { inputShape: given.network === "convolutional" ? imageShape(data) : [...data.itemShape] },
  make: ({ nClusters, network = "dense", hidden, channels, ...options }) =>
    new VaDE({ ...withPreparation(options), nClusters: nClusters!, network: coderOf(network, { hidden, channels }) }),
  load: (bytes, { device }) => VaDE.load(bytes, { device }),
};
