import { AGGLOMERATIVE_OPTIONS, AgglomerativeClustering } from "../../density/agglomerative";
import type { LinkageKind } from "../../density/agglomerative";
import type { CommonOptions, Method } from "../method";
import { described } from "../schema";

type Options = { readonly linkage?: LinkageKind } & CommonOptions;

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
  options: described(AGGLOMERATIVE_OPTIONS, {
    linkage: "how far apart clusters are: growth of the squares, farthest, mean or nearest pair",
  }),
  make: ({ device: _device, seed: _seed, ...options }) => new AgglomerativeClustering(options),
  load: (bytes) => AgglomerativeClustering.load(bytes),
};
