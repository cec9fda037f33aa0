import { OPTICS, OPTICS_OPTIONS } from "../../density/optics";
import type { OPTICSOptions } from "../../density/optics";
import type { CommonOptions, Method } from "../method";
import { described } from "../schema";

type Options = Omit<OPTICSOptions, "device"> & CommonOptions;

/** `optics`. */
export const optics: Method<Options> = {
  name: "optics",
  title: "OPTICS",
  summary:
    "items in the order in which dense regions reach them; clusters are the valleys of the distances, the rest is noise",
  paper:
    "Ankerst, Breunig, Kriegel and Sander, OPTICS: ordering points to identify the clustering structure, SIGMOD 1999",
  takes: ["rows"],
  target: "none",
  clusters: "found",
  options: described(OPTICS_OPTIONS, {
    minSamples: "items, itself included, within its core distance of a core point",
    maxEps: { unset: "however far", help: "neighbours lie within this distance" },
    clusterMethod: "clusters between steep flanks of the distances, or DBSCAN's at eps",
    xi: "share by which the distance falls at least from an item to the next on a steep flank",
    minClusterSize: { unset: "as minSamples", help: "items of a cluster at least, by xi" },
    eps: { unset: "as maxEps", help: "radius of a neighbourhood, of dbscan" },
  }),
  make: ({ seed: _, ...options }) => new OPTICS(options),
  load: (bytes, { device }) => OPTICS.load(bytes, { device }),
};
