import { MiniBatchKMeans } from "../../cluster";
import type { MiniBatchKMeansOptions } from "../../cluster";
import { MINI_BATCH_OPTIONS } from "../../cluster/kmeans/mini-batch-kmeans";
import type { Method } from "../method";
import { described } from "../schema";

/** `mini-batch-kmeans`. */
export const miniBatchKMeans: Method<MiniBatchKMeansOptions> = {
  name: "mini-batch-kmeans",
  title: "mini-batch k-means",
  summary: "k-means on random batches: each centre is the mean of all items that it was ever given",
  paper: "Sculley, Web-scale k-means clustering, WWW 2010",
  takes: ["rows"],
  target: "none",
  streams:
    "once for their means, in random batches until the inertia falls no more (mostly one to three times as many as there are), and once for the labels",
  clusters: "given",
  options: described(MINI_BATCH_OPTIONS, {
    init: "how the centres begin",
    nInit: "beginnings that are tried on a sample",
    initSize: { unset: "3 × batch size", help: "items that beginnings are compared on" },
    batchSize: "items a step",
    maxIter: "passes over as many items as there are, at most",
    maxNoImprovement: "ends after so many steps without a lower inertia; 0: never",
    reassignmentRatio: "centres with a smaller share of the largest begin anew",
    tolerance: "ends when the centres' shift² is below this × mean variance",
  }),
  make: (options) => new MiniBatchKMeans(options),
  load: (bytes, { device }) => MiniBatchKMeans.load(bytes, { device }),
};
