import { AgglomerativeClustering } from "../density/agglomerative";
import type { LinkageKind } from "../density/agglomerative";
import { Labelled } from "./labelled";
import type { Labelling } from "./labelled";
import type { CommonOptions, Method } from "./method";
import { oneOf } from "./schema";

type Options = { readonly linkage?: LinkageKind } & CommonOptions;

const labelling: Labelling<Options> = {
  model: "Agglomerative",
  make: ({ nClusters = 2, linkage = "ward" }, { signal }) =>
    new AgglomerativeClustering({ nClusters, linkage, ...(signal ? { signal } : {}) }),
};

/** `agglomerative`. */
export const agglomerative: Method<Options> = {
  name: "agglomerative",
  title: "agglomerative clustering",
  summary: "the two nearest clusters are joined until as many are left as are asked for",
  paper:
    "Ward, Hierarchical grouping to optimize an objective function, Journal of the American Statistical Association 1963",
  takes: ["rows"],
  target: "none",
  clusters: "given",
  options: {
    linkage: {
      kind: oneOf("ward", "complete", "average", "single"),
      default: "ward",
      help: "how far apart clusters are: growth of the squares, farthest, mean or nearest pair",
    },
  },
  make: (options) => new Labelled(labelling, options),
  load: (bytes, { device }) => Labelled.load(labelling, bytes, device),
};
