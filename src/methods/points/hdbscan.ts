import { HDBSCAN, HDBSCAN_OPTIONS } from "../../density/hdbscan";
import type { HDBSCANOptions } from "../../density/hdbscan";
import type { CommonOptions, Method } from "../method";
import { described } from "../schema";

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
  options: described(HDBSCAN_OPTIONS, {
    minClusterSize: "items of a cluster at least",
    minSamples: {
      unset: "as minClusterSize",
      help: "the core distance of an item is that to this many-th neighbour",
    },
    clusterSelectionEpsilon: "clusters born at distances below this are merged upwards",
    clusterSelectionMethod: "excess of mass, or the tree's leaves",
    allowSingleCluster: "all items may be one cluster",
    alpha: "distances are divided by this",
  }),
  make: ({ seed: _, ...options }) => new HDBSCAN(options),
  load: (bytes, { device }) => HDBSCAN.load(bytes, { device }),
};
