import { EPOCHS } from "../../lifecycle/progress";
import { DipDECK, DIPDECK_EPOCHS, DIPDECK_OPTIONS } from "../../models/embedded/dipdeck";
import type { DipDECKOptions } from "../../models/embedded/dipdeck";
import { CODE_CLUSTERING_WORDS, denseWords, encoderFor, resumedClustering, suitDEC } from "./dec";
import { IMAGE_ROWS_FLAGS, withAugment } from "../vision/feature-network";
import type { ImageRowsMethodOptions } from "../vision/feature-network";
import type { Method } from "../method";
import { described } from "../schema";

/** Options of DipDECK with those of its `fit`. */
export interface DipDECKMethodOptions extends ImageRowsMethodOptions<DipDECKOptions> {
  readonly epochs?: number;
}

/** Numbers of a code: the authors' code. */
const EMBEDDING = 5;

/** `dipdeck`. */
export const dipdeck: Method<DipDECKMethodOptions> = {
  name: "dipdeck",
  title: "DipDECK",
  summary:
    "far too many clusters of an autoencoder's codes, which merge while it learns on where the dip test finds one mode",
  paper: "Leiber, Bauer, Schelling, Böhm and Plant, Dip-based deep embedded clustering with k-estimation, KDD 2021",
  takes: ["rows", "images"],
  target: "none",
  streams: true,
  clusters: "found",
  network: true,
  options: {
    ...described(DIPDECK_OPTIONS, {
      ...denseWords(EMBEDDING),
      ...CODE_CLUSTERING_WORDS,
      initialClusters: "clusters that it begins with; of fewer items as many as those",
      dipThreshold: "merges two clusters from this p-value of their dip test on",
      minClusters: "merges no more at so many clusters",
      maxClusters: { unset: "any number", help: "merges the likeliest pair when training would end with more" },
      sizeRatio: "of a cluster with more than so many times the items of another those near it are tested alone, too",
      clusteringWeight: "weight of the clustering loss beside the reconstruction loss",
      updateInterval: { unset: "a pass", help: "steps between two looks at all the data, after which clusters merge" },
      nInit: "runs of the k-means that places the first centres",
      learningRate: { help: "Adam's step size while clustering", resumable: true },
    }),
    ...IMAGE_ROWS_FLAGS,
    epochs: {
      ...{ rule: EPOCHS, default: DIPDECK_EPOCHS, of: "fit", resumable: true },
      help: "passes over the data while clustering, counted anew after each merge",
    },
  },
  suit: (data, given) => {
    const { updateInterval: _, ...suited } = suitDEC(data, given);
    return { ...suited, ...(!given.layers && { layers: encoderFor(data, EMBEDDING) }) };
  },
  make: ({ epochs: _, ...options }) => new DipDECK(withAugment(options)),
  load: (bytes, options) => DipDECK.load(bytes, resumedClustering(options)),
};
