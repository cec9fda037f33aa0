import { integer, list } from "../../options";
import { CSOM } from "../../som";
import { CSOM_OPTIONS } from "../../som/maps/csom-layers";
import type { CSOMOptions } from "../../som/maps/csom-layers";
import type { CommonOptions, Method } from "../method";
import { described } from "../schema";

/** Options of a stack of maps as plain values. */
export interface CSOMMethodOptions extends CommonOptions, Pick<CSOMOptions, "epochs" | "init"> {
  readonly grids?: readonly number[];
}

const GRIDS = [10, 10, 3, 3];

/** `csom`. */
export const csom: Method<CSOMMethodOptions> = {
  name: "csom",
  title: "Stack of self-organising maps",
  summary: "each map orders the units of the one below it; clusters are the units of the topmost",
  paper: "this library's definition, by the parameters of the clustering SOM of Brescia et al., DAMEWARE, PASP 2014",
  takes: ["rows"],
  streams: true,
  target: "none",
  clusters: "found",
  options: {
    grids: { rule: list(integer(1), 2), default: GRIDS, help: "rows and columns of each map, from the items up" },
    ...described(CSOM_OPTIONS, { epochs: "passes of each map", init: "how the units begin" }),
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
