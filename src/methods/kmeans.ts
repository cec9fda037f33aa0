import { KMeans } from "../cluster";
import type { KMeansOptions } from "../cluster";
import type { Method } from "./method";
import { nonNegative, oneOf, whole } from "./schema";
import type { OptionSpec } from "./schema";

/** How centres begin. */
export const INIT: OptionSpec<"k-means++" | "random"> = {
  kind: oneOf("k-means++", "random"),
  default: "k-means++",
  help: "how the centres begin",
};

/** `kmeans`. */
export const kmeans: Method<KMeansOptions> = {
  name: "kmeans",
  title: "k-means",
  summary:
    "centres move to the mean of their members, members to the nearest centre, by Lloyd's algorithm from k-means++",
  paper: "Lloyd, Least squares quantization in PCM, IEEE Transactions on Information Theory 1982",
  takes: ["rows"],
  target: "none",
  streams: true,
  clusters: "given",
  options: {
    init: INIT,
    nInit: { kind: whole(1), default: 10, help: "runs from different beginnings, of which the best is kept" },
    maxIter: { kind: whole(1), default: 300, help: "iterations of a run at most" },
    tolerance: {
      kind: nonNegative,
      default: 1e-4,
      help: "ends when the centres' shift² is below this × mean variance",
    },
  },
  make: (options) => new KMeans(options),
  load: (bytes, { device }) => KMeans.load(bytes, { device }),
};
