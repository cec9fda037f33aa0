import { HDBSCAN } from "../density/hdbscan";
import type { HDBSCANOptions } from "../density/hdbscan";
import type { CommonOptions, Method } from "./method";
import { flag, nonNegative, oneOf, positive, whole } from "./schema";

type Options = Omit<HDBSCANOptions, "device"> & CommonOptions;

/** `hdbscan`. */
export const hdbscan: Method<Options> = {
  name: "hdbscan",
  title: "HDBSCAN",
  summary: "clusters are the regions that stay dense over the widest range of scales; the rest is noise",
  paper:
    "Campello, Moulavi, Zimek and Sander, Hierarchical density estimates for data clustering, visualization, and outlier detection, ACM TKDD 2015",
  takes: ["rows"],
  target: "none",
  clusters: "found",
  options: {
    minClusterSize: { kind: whole(2), default: 5, help: "items of a cluster at least" },
    minSamples: {
      kind: whole(1),
      unset: "as minClusterSize",
      help: "the core distance of an item is that to this many-th neighbour",
    },
    clusterSelectionEpsilon: {
      kind: nonNegative,
      default: 0,
      help: "clusters born at distances below this are merged upwards",
    },
    clusterSelectionMethod: {
      kind: oneOf("eom", "leaf"),
      default: "eom",
      help: "excess of mass, or the tree's leaves",
    },
    allowSingleCluster: { kind: flag, default: false, help: "all items may be one cluster" },
    alpha: { kind: positive, default: 1, help: "distances are divided by this" },
  },
  make: ({ seed: _, ...options }) => new HDBSCAN(options),
  load: (bytes, { device }) => HDBSCAN.load(bytes, { device }),
};
