import { ESOM } from "../som";
import type { ESOMOptions } from "../som";
import type { CommonOptions, Method } from "./method";
import { flag, fraction, nonNegative, number, oneOf, positive, whole } from "./schema";

/** Options of an evolving map as plain values. */
export interface ESOMMethodOptions
  extends
    CommonOptions,
    Pick<
      ESOMOptions,
      "gamma" | "beta" | "pruneEvery" | "maxNodes" | "removeOrphans" | "minStrength" | "search" | "tile"
    > {
  readonly epsilon?: number;
  readonly epsilonQuantile?: number;
  readonly passes?: number;
}

/** `esom`. */
export const esom: Method<ESOMMethodOptions> = {
  name: "esom",
  title: "Evolving self-organising map",
  summary: "a graph grows a node where an item is far from all, moves those near it, and loses its weakest links",
  paper: "Deng and Kasabov, On-line pattern analysis by evolving self-organizing maps, Neurocomputing 2003",
  takes: ["rows"],
  target: "optional",
  clusters: "found",
  options: {
    epsilon: { kind: positive, unset: "by epsilonQuantile", help: "distance within which an item needs no node" },
    epsilonQuantile: { kind: fraction, default: 0.1, help: "the same, as a quantile of the distances of items" },
    gamma: { kind: number({ from: 0, to: 1 }), default: 0.2, help: "share of the way that nodes go towards an item" },
    beta: { kind: number({ from: 0, to: 1 }), default: 0.8, help: "what a link keeps of its strength" },
    passes: { kind: whole(1), default: 1, help: "over the items" },
    pruneEvery: { kind: whole(0), default: 50, help: "items from one weakest link that goes to the next; 0: never" },
    maxNodes: { kind: whole(1), default: 1000, help: "at most" },
    removeOrphans: { kind: flag, default: true, help: "whether nodes without links go" },
    minStrength: { kind: nonNegative, default: 0.01, help: "of a link within a cluster" },
    search: {
      kind: oneOf("exact", "tiled"),
      default: "exact",
      help: "item by item, or the nodes of a tile of items at once; not the same map",
    },
    tile: { kind: whole(1), default: 1024, help: "items of a tile" },
  },
  make: ({ epsilon, epsilonQuantile = 0.1, ...options }) =>
    new ESOM({ ...options, epsilon: epsilon ?? { quantile: epsilonQuantile } }),
  load: (bytes, { device }) => ESOM.load(bytes, device ? { device } : {}),
};
