import { SPECTRAL_OPTIONS, SpectralClustering } from "../../spectral/spectral-clustering";
import type { SpectralClusteringOptions } from "../../spectral/spectral-clustering";
import type { CommonOptions, Method } from "../method";
import { described } from "../schema";

type Options = Omit<SpectralClusteringOptions, "nClusters"> & CommonOptions;

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
  options: described(SPECTRAL_OPTIONS, {
    affinity: "weights exp(-gamma d²) of all pairs, nearest items, or a matrix of weights in place of the items",
    gamma: "of the weights exp(-gamma d²)",
    nNeighbors: "nearest items, the item itself counted",
    assignLabels:
      "k-means of the eigenvectors, or the rotation nearest to one column a cluster, for clusters of unlike sizes",
    nInit: "runs of k-means or starts of the rotation, of which the best is kept",
  }),
  make: ({ nClusters, ...options }) => new SpectralClustering({ nClusters: nClusters!, ...options }),
  load: (bytes, { device }) => SpectralClustering.load(bytes, { device }),
};
