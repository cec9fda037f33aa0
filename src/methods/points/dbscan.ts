import { DBSCAN } from "../../cluster";
import type { DBSCANOptions } from "../../cluster";
import { DBSCAN_OPTIONS } from "../../cluster/dbscan/dbscan";
import type { CommonOptions, Method } from "../method";
import { described } from "../schema";

type Options = Omit<DBSCANOptions, "device"> & CommonOptions;

/** `dbscan`. */
export const dbscan: Method<Options> = {
  name: "dbscan",
  title: "DBSCAN",
  summary: "clusters are what is densely connected, of any shape; the rest is noise",
  paper: "Ester, Kriegel, Sander and Xu, A density-based algorithm for discovering clusters, KDD 1996",
  takes: ["rows"],
  target: "none",
  clusters: "found",
  options: described(DBSCAN_OPTIONS, {
    eps: "radius of a neighbourhood, its border included; knee: where the distances to the neighbours bend; stable: amid the first wide range with as many clusters",
    minSamples: "items in its neighbourhood, itself included, that make a core point",
  }),
  make: ({ seed: _, ...options }) => new DBSCAN(options),
  load: (bytes, { device }) => DBSCAN.load(bytes, { device }),
};
