import { N2D } from "../models/n2d";
import type { N2DOptions } from "../models/n2d";
import { encoderFor, sizesInWords } from "./dec";
import type { Method } from "./method";
import { nonNegative, number, oneOf, positive, share, whole, wholes } from "./schema";

/** `n2d`. */
export const n2d: Method<N2DOptions> = {
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
    layers: {
      kind: wholes(1, 2),
      unset: sizesInWords("clusters"),
      help: "sizes of the encoder from the input to the code",
    },
    layerEpochs: { kind: whole(0), default: 0, help: "passes over the data for each layer by itself" },
    epochs: { kind: whole(0), default: 100, help: "passes over the data for the whole autoencoder", of: "fit" },
    batchSize: { kind: whole(1), default: 256, help: "items a step" },
    learningRate: { kind: positive, default: 1e-3, help: "Adam's step size", resumable: true },
    corruption: { kind: share, default: 0.2, help: "share of inputs set to 0 while a layer is trained by itself" },
    nNeighbors: { kind: whole(2), default: 20, help: "neighbours of a code that UMAP keeps, itself counted" },
    minDist: { kind: number({ from: 0, to: 1 }), default: 0, help: "how close UMAP lets places come" },
    nComponents: { kind: whole(1), unset: "clusters", help: "dimensions of the places" },
    layoutEpochs: { kind: whole(1), unset: "500 up to 10,000 items, else 200", help: "epochs of UMAP" },
    covarianceType: {
      kind: oneOf("full", "tied", "diag", "spherical"),
      default: "full",
      help: "a covariance for each cluster, one for all, variances along the axes, or one variance",
    },
    nInit: {
      kind: whole(1),
      default: 10,
      help: "mixtures from different beginnings, of which the most likely is kept",
    },
    regCovar: { kind: nonNegative, default: 1e-6, help: "added to every variance of the mixture" },
  },
  suit: (data, { layers, nClusters }) =>
    layers || nClusters === undefined ? {} : { layers: encoderFor(data, nClusters) },
  make: (options) => new N2D(options),
  load: (bytes, { device, learningRate }) =>
    N2D.load(bytes, { ...(device && { device }), ...(learningRate !== undefined && { learningRate }) }),
};
