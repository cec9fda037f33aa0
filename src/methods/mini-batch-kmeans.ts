import { MiniBatchKMeans } from "../cluster";
import type { MiniBatchKMeansOptions } from "../cluster";
import { INIT } from "./kmeans";
import type { Method } from "./method";
import { nonNegative, whole } from "./schema";

/** `mini-batch-kmeans`. */
export const miniBatchKMeans: Method<MiniBatchKMeansOptions> = {
  name: "mini-batch-kmeans",
  title: "mini-batch k-means",
  summary: "k-means on random batches: each centre is the mean of all items that it was ever given",
  paper: "Sculley, Web-scale k-means clustering, WWW 2010",
  takes: ["rows"],
  target: "none",
  streams: true,
  clusters: "given",
  options: {
    init: INIT,
    nInit: { kind: whole(1), default: 3, help: "beginnings that are tried on a sample" },
    initSize: { kind: whole(1), unset: "3 × batch size", help: "items that beginnings are compared on" },
    batchSize: { kind: whole(1), default: 1024, help: "items a step" },
    maxIter: { kind: whole(1), default: 100, help: "passes over as many items as there are, at most" },
    maxNoImprovement: {
      kind: whole(0),
      default: 10,
      help: "ends after so many steps without a lower inertia; 0: never",
    },
    reassignmentRatio: {
      kind: nonNegative,
      default: 0.01,
      help: "centres with a smaller share of the largest begin anew",
    },
    tolerance: { kind: nonNegative, default: 0, help: "ends when the centres' shift² is below this × mean variance" },
  },
  make: (options) => new MiniBatchKMeans(options),
  load: (bytes, { device }) => MiniBatchKMeans.load(bytes, { device }),
};
