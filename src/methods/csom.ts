import { CSOM } from "../som";
import type { CommonOptions, Method } from "./method";
import { oneOf, whole, wholes } from "./schema";

/** Options of a stack of maps as plain values. */
export interface CSOMMethodOptions extends CommonOptions {
  readonly grids?: readonly number[];
  readonly epochs?: number;
  readonly init?: "pca" | "random" | "sample";
}

const GRIDS = [10, 10, 3, 3];

/** `csom`. */
export const csom: Method<CSOMMethodOptions> = {
  name: "csom",
  title: "Stack of self-organising maps",
  summary: "each map orders the units of the one below it; clusters are the units of the topmost",
  paper: "this library's definition, by the parameters of the clustering SOM of Brescia et al., DAMEWARE, PASP 2014",
  takes: ["rows"],
  target: "none",
  clusters: "found",
  options: {
    grids: { kind: wholes(1, 2), default: GRIDS, help: "rows and columns of each map, from the items up" },
    epochs: { kind: whole(1), default: 10, help: "passes of each map" },
    init: { kind: oneOf("pca", "random", "sample"), default: "pca", help: "how the units begin" },
  },
  make: ({ grids = GRIDS, ...options }) => {
    if (grids.length % 2 !== 0)
      throw new Error(`csom: grids must be rows and columns of each map, got ${grids.length} numbers`);
    const layers = Array.from({ length: grids.length / 2 }, (_, i) => ({
      rows: grids[2 * i]!,
      columns: grids[2 * i + 1]!,
    }));
    return new CSOM({ ...options, layers });
  },
  load: (bytes, { device }) => CSOM.load(bytes, device ? { device } : {}),
};
