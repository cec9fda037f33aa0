import { N2D, N2D_OPTIONS } from "../../models/embedded/n2d";
import type { N2DOptions } from "../../models/embedded/n2d";
import { denseWords, encoderFor } from "./dec";
import { IMAGE_ROWS_FLAGS, resumedImages, suitImages, withAugment } from "../vision/feature-network";
import type { ImageRowsMethodOptions } from "../vision/feature-network";
import type { Method } from "../method";
import { described } from "../schema";
import type { Described } from "../schema";

/** What options mean of methods that place codes by UMAP. */
export const PLACED_CODES_WORDS = {
  epochs: { help: "passes over the data for the whole autoencoder", of: "fit", resumable: true },
  batchSize: "items a step",
  learningRate: { help: "of the autoencoder's training", resumable: true },
  nNeighbors: "neighbours of a code that UMAP keeps, itself counted",
  minDist: "how close UMAP lets places come",
  nComponents: { unset: "clusters", help: "dimensions of the places" },
  layoutEpochs: { unset: "500 up to 10,000 items, else 200", help: "epochs of UMAP" },
  covarianceType: "a covariance for each cluster, one for all, variances along the axes, or one variance",
  nInit: "mixtures from different beginnings, of which the most likely is kept",
  regCovar: "added to every variance of the mixture",
} as const satisfies Partial<Record<keyof N2DOptions, Described>>;

/** `n2d`. */
export const n2d: Method<ImageRowsMethodOptions<N2DOptions>> = {
  name: "n2d",
  title: "N2D",
  summary: "an autoencoder learns codes, UMAP places them by their neighbours, a Gaussian mixture clusters the places",
  paper:
    "McConville, Santos-Rodriguez, Piechocki and Craddock, N2D: (not too) deep clustering via clustering the local manifold of an autoencoded embedding, ICPR 2020",
  takes: ["rows", "images"],
  target: "none",
  clusters: "given",
  network: true,
  options: {
    ...described(N2D_OPTIONS, { ...denseWords("clusters"), ...PLACED_CODES_WORDS }),
    ...IMAGE_ROWS_FLAGS,
  },
  suit: (data, given) => ({
    ...(given.layers || given.nClusters === undefined ? {} : { layers: encoderFor(data, given.nClusters) }),
    ...suitImages(data, given),
  }),
  make: (options) => new N2D(withAugment(options)),
  load: (bytes, options) => N2D.load(bytes, resumedImages(options)),
};
