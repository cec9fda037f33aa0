import { isObject } from "../../checks";
import type { Device } from "../../device";
import type { OptionSet } from "../../lifecycle/model";
import {
  checkedOptions,
  choice,
  either,
  flag,
  fraction,
  optional,
  positive,
  range,
  record,
  seed,
  integer,
} from "../../options";
import { ROW_ORDERS } from "../order";
import type { RowOrder } from "../order";

/** ε and γ of a pass over the rows. */
export interface ESOMPass {
  /** A distance, or a quantile of the distances of random pairs of rows. */
  readonly epsilon: number | { readonly quantile: number };
  readonly gamma: number;
}

/** Options of `ESOM`. */
export interface ESOMOptions {
  /**
   * Radius within which a row needs no node of its own, and width of the activation: a distance, or a quantile of the distances of random pairs of rows.
   * Default: the quantile 0.1, between the 5 and 20 % that keep maps of a few dozen to a few hundred nodes; 0.05 with `nClusters`, since what is cut must be
   * finer than the clusters.
   */
  readonly epsilon?: ESOMPass["epsilon"];
  /** Share of the way that nodes go towards a row. Default 0.2. */
  readonly gamma?: number;
  /** Passes over the rows, or ε and γ of each. Default 1. */
  readonly passes?: number | readonly ESOMPass[];
  /**
   * How rows come to `fit`: in random order, another in each pass, or as they are given. Neighbours in an image are alike, and a map that grows row by row of
   * it is another, and worse. `partialFit` takes rows as they come. Default "shuffled".
   */
  readonly order?: RowOrder;
  /** What a link keeps of its strength when its node wins again. Default 0.8. */
  readonly beta?: number;
  /** The weakest link is deleted after so many rows; 0: never. Default 50. */
  readonly pruneEvery?: number;
  /** Default 1,000. */
  readonly maxNodes?: number;
  /** A node that loses its last link is deleted. Default true. */
  readonly removeOrphans?: boolean;
  /**
   * Clusters into which spectral clustering cuts the nodes, linked by the rows that have them as nearest and second nearest (see `SOM`). Default: the connected
   * components, as many as there are.
   */
  readonly nClusters?: number;
  /** Where the number is found: links weaker than this do not make a cluster; 0: all do, and one cluster is the rule. Default 0.01, gaps of one and a half ε. */
  readonly minStrength?: number;
  /**
   * `exact`: one row after the other, as published. `tiled`: the nearest nodes of `tile` rows are sought at once on the device, in the map as it was before
   * them; then the rows take their steps in order, each among its two nodes and those that the tile has made. Faster on large maps, and not the same: a row
   * does not see how the others of its tile have moved the rest of the map. With a tile of one row it is the same but for float32. Default "exact".
   */
  readonly search?: "exact" | "tiled";
  /** Rows of a tile. Default 1,024. */
  readonly tile?: number;
  /** Of the pairs that a quantile is taken of. Default 0. */
  readonly seed?: number;
  readonly device?: Device | undefined;
}

/** What is in force. */
export type ESOMSettings = Required<Omit<ESOMOptions, "device" | "nClusters">> & Pick<ESOMOptions, "nClusters">;

const EPSILON = either(positive, record({ quantile: fraction }));

/** The options of an evolving map: their rules and defaults. */
export const ESOM_OPTIONS: OptionSet<ESOMSettings> = {
  rules: {
    ...{ epsilon: EPSILON, gamma: range(0, 1) },
    passes: either(integer(1, 1e6), {
      words: "a list of one or more with epsilon and gamma of each",
      holds: (value) => Array.isArray(value) && value.length > 0,
    }),
    ...{
      beta: range(0, 1),
      pruneEvery: integer(0),
      maxNodes: integer(1, 1e6),
      removeOrphans: flag,
      minStrength: range(0),
    },
    ...{ order: choice(...ROW_ORDERS), nClusters: optional(integer(1)) },
    ...{ search: choice("exact", "tiled"), tile: integer(1, 1e6), seed },
  },
  defaults: {
    ...{ epsilon: { quantile: 0.1 }, gamma: 0.2, passes: 1, beta: 0.8, pruneEvery: 50, maxNodes: 1000 },
    ...{ order: "shuffled", removeOrphans: true, minStrength: 0.01, search: "exact", tile: 1024, seed: 0 },
  },
};

/** Options with those that follow from others. */
export function completed(options: ESOMOptions): ESOMOptions {
  if (!isObject(options)) return options;
  const { nClusters, epsilon = { quantile: 0.05 } }: ESOMOptions = options;
  return nClusters === undefined ? options : { ...options, epsilon };
}

/** ε and γ of each pass. @throws for a pass that has others */
export function passesOf({ passes, epsilon, gamma }: ESOMSettings): readonly ESOMPass[] {
  if (typeof passes === "number") return Array<ESOMPass>(passes).fill({ epsilon, gamma });
  return passes.map((pass, i) =>
    checkedOptions<ESOMPass>(`ESOM: passes[${i}]`, pass, { epsilon: EPSILON, gamma: range(0, 1) }, {}),
  );
}
