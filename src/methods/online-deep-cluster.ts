import { OnlineDeepCluster } from "../models/online-deep-cluster";
import type { OnlineDeepClusterOptions } from "../models/online-deep-cluster";
import { NETWORK_OPTIONS, resumed, suitNetwork, withNetwork } from "./feature-network";
import type { NetworkMethodOptions } from "./feature-network";
import type { Method } from "./method";
import { fraction, oneOf, whole } from "./schema";

/** `online-deep-cluster`. */
export const onlineDeepCluster: Method<NetworkMethodOptions<OnlineDeepClusterOptions>> = {
  name: "online-deep-cluster",
  title: "Online deep clustering",
  summary: "as DeepCluster, with labels and centres that change with every batch",
  paper: "Zhan, Xie, Liu, Ong and Loy, Online deep clustering for unsupervised representation learning, CVPR 2020",
  takes: ["images", "rows"],
  target: "none",
  streams: true,
  clusters: "given",
  network: true,
  options: {
    ...NETWORK_OPTIONS,
    kmeansIterations: { kind: whole(1), default: 20, help: "of the k-means that begins" },
    memoryMomentum: { kind: fraction, default: 0.5, help: "share of the new features in an item's memory" },
    centroidInterval: { kind: whole(1), default: 10, help: "steps between two renewals of the centres" },
    minCluster: { kind: whole(1), default: 20, help: "clusters of fewer items are merged and filled anew" },
    assignment: { kind: oneOf("dot", "nearest"), default: "dot", help: "which cluster an item belongs to" },
  },
  suit: suitNetwork,
  make: (options) => new OnlineDeepCluster(withNetwork("online-deep-cluster", options)),
  load: (bytes, options) => OnlineDeepCluster.load(bytes, resumed(options)),
};
