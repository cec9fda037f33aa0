import { DCN, DCN_OPTIONS } from "../../models/embedded/dcn";
import type { DCNOptions } from "../../models/embedded/dcn";
import { CODE_CLUSTERING_WORDS, DEC_EPOCHS, denseWords, resumedClustering, suitDEC } from "./dec";
import { IMAGE_ROWS_FLAGS, withAugment } from "../vision/feature-network";
import type { ImageRowsMethodOptions } from "../vision/feature-network";
import type { Method } from "../method";
import { described } from "../schema";

/** Options of DCN with those of its `fit`. */
export interface DCNMethodOptions extends ImageRowsMethodOptions<DCNOptions> {
  readonly epochs?: number;
}

/** `dcn`. */
export const dcn: Method<DCNMethodOptions> = {
  name: "dcn",
  title: "DCN",
  summary: "an autoencoder whose codes keep to the centres of k-means, which follow them",
  paper: "Yang, Fu, Sidiropoulos and Hong, Towards k-means-friendly spaces, ICML 2017",
  takes: ["rows", "images"],
  target: "none",
  streams: true,
  clusters: "given",
  network: true,
  options: {
    ...described(DCN_OPTIONS, {
      ...denseWords(10),
      ...CODE_CLUSTERING_WORDS,
      lambda: "how much codes are drawn to their centres beside the reconstruction",
      learningRate: { help: "Adam's step size while clustering", resumable: true },
    }),
    ...IMAGE_ROWS_FLAGS,
    epochs: DEC_EPOCHS,
  },
  suit: suitDEC,
  make: ({ epochs: _, ...options }) => new DCN(withAugment(options)),
  load: (bytes, options) => DCN.load(bytes, resumedClustering(options)),
};
