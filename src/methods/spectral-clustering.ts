import { SpectralClustering } from "../spectral/spectral-clustering";
import type { CommonOptions, Method } from "./method";
import { oneOf, positive, whole } from "./schema";

type Options = {
  readonly affinity?: "rbf" | "knn";
  readonly gamma?: number;
  readonly nNeighbors?: number;
  readonly nInit?: number;
} & CommonOptions;

/** `spectral-clustering`. */
export const spectralClustering: Method<Options> = {
  name: "spectral-clustering",
  title: "spectral clustering",
  summary:
    "k-means on the smallest eigenvectors of a random walk between similar items, so that clusters have any shape",
  paper: "Shi and Malik, Normalized cuts and image segmentation, IEEE TPAMI 2000",
  takes: ["rows"],
  target: "none",
  clusters: "given",
  options: {
    affinity: {
      kind: oneOf("rbf", "knn"),
      default: "rbf",
      help: "weights exp(-gamma d²) of all pairs, or nearest items",
    },
    gamma: { kind: positive, default: 1, help: "of the weights exp(-gamma d²)" },
    nNeighbors: { kind: whole(1), default: 10, help: "nearest items, the item itself counted" },
    nInit: { kind: whole(1), default: 10, help: "runs of k-means, of which the best is kept" },
  },
  make: ({ nClusters, ...options }) => new SpectralClustering({ nClusters: nClusters!, ...options }),
  load: (bytes, { device }) => SpectralClustering.load(bytes, { device }),
};
