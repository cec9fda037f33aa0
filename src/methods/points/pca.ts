import { PCA } from "../../cluster";
import type { PCAOptions } from "../../cluster";
import { PCA_OPTIONS } from "../../cluster/pca/pca";
import type { CommonOptions, Method } from "../method";
import { described } from "../schema";

/** `pca`. */
export const pca: Method<PCAOptions & CommonOptions> = {
  name: "pca",
  title: "Principal components",
  summary: "the directions along which the items vary most, and where the items lie along them",
  paper: "Jolliffe, Principal component analysis, 2002",
  takes: ["rows", "images"],
  target: "none",
  streams:
    "once for their means, and once for the products of their columns, or of more than 4,096 columns a few times",
  clusters: "none",
  options: described(PCA_OPTIONS, {
    nComponents: {
      unset: "all there are",
      help: "how many; or below 1 the share of the variance that they have at least",
    },
    solver: "from products of the columns or of the rows, or a random sample; auto: what suits the size",
    whiten: "whether the components are brought to unit variance",
  }),
  make: ({ nClusters: _, ...options }) => new PCA(options),
  load: (bytes, { device }) => PCA.load(bytes, { device }),
};
