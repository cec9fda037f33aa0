import { KMeans } from "../../cluster";
import type { KMeansOptions } from "../../cluster";
import { KMEANS_OPTIONS } from "../../cluster/kmeans/kmeans";
import type { Method } from "../method";
import { described } from "../schema";

/** `kmeans`. */
export const kmeans: Method<KMeansOptions> = {
  name: "kmeans",
  title: "k-means",
  summary:
    "centres move to the mean of their members, members to the nearest centre, by Lloyd's algorithm from k-means++",
  paper: "Lloyd, Least squares quantization in PCM, IEEE Transactions on Information Theory 1982",
  takes: ["rows"],
  target: "none",
  streams: "once for their means, and once an iteration",
  clusters: "given",
  options: described(KMEANS_OPTIONS, {
    init: "how the centres begin",
    nInit: "runs from different beginnings, of which the best is kept",
    maxIter: "iterations of a run at most",
    tolerance: "ends when the centres' shift² is below this × mean variance",
  }),
  make: (options) => new KMeans(options),
  load: (bytes, { device }) => KMeans.load(bytes, { device }),
};
