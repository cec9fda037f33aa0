import { fraction } from "../../options";
import { ESOM } from "../../som";
import type { ESOMOptions } from "../../som";
import { ESOM_OPTIONS } from "../../som/maps/esom-options";
import type { CommonOptions, Method } from "../method";
import { described } from "../schema";

/** Options of an evolving map as plain values. */
export interface ESOMMethodOptions extends CommonOptions, Omit<ESOMOptions, "seed" | "device" | "nClusters"> {
  readonly epsilonQuantile?: number;
}

/** `esom`. */
export const esom: Method<ESOMMethodOptions> = {
  name: "esom",
  title: "Evolving self-organising map",
  summary: "a graph grows a node where an item is far from all, moves those near it, and loses its weakest links",
  paper: "Deng and Kasabov, On-line pattern analysis by evolving self-organizing maps, Neurocomputing 2003",
  takes: ["rows"],
  streams: true,
  target: "optional",
  clusters: "either",
  options: {
    ...described(ESOM_OPTIONS, {
      epsilon: { unset: "by epsilonQuantile", help: "distance within which an item needs no node" },
      gamma: "share of the way that nodes go towards an item",
      order: "of the items",
      beta: "what a link keeps of its strength",
      passes: "over the items",
      pruneEvery: "items from one weakest link that goes to the next; 0: never",
      maxNodes: "at most",
      removeOrphans: "whether nodes without links go",
      minStrength: "of a link within a cluster, where their number is found",
      search: "item by item, or the nodes of a tile of items at once; not the same map",
      tile: "items of a tile",
    }),
    epsilonQuantile: {
      rule: fraction,
      unset: "0.1, or 0.05 where the number of clusters is given",
      help: "the same, as a quantile of the distances of items",
    },
  },
  make: ({ epsilon, epsilonQuantile, ...options }) => {
    const given = epsilon ?? (epsilonQuantile === undefined ? undefined : { quantile: epsilonQuantile });
    return new ESOM({ ...options, ...(given !== undefined && { epsilon: given }) });
  },
  load: (bytes, { device }) => ESOM.load(bytes, device ? { device } : {}),
};
