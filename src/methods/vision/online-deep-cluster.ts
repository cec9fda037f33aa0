import { ONLINE_OPTIONS, OnlineDeepCluster } from "../../models/vision/online-deep-cluster";
import type { OnlineDeepClusterOptions } from "../../models/vision/online-deep-cluster";
import { NETWORK_METHOD_OPTIONS, resumed, suitNetwork, withNetwork } from "./feature-network";
import type { NetworkMethodOptions } from "./feature-network";
import type { Method } from "../method";
import { described } from "../schema";

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
    ...NETWORK_METHOD_OPTIONS,
    ...described(ONLINE_OPTIONS, {
      kmeansIterations: "of the k-means that begins",
      memoryMomentum: "share of the new features in an item's memory",
      centroidInterval: "steps between two renewals of the centres",
      minCluster: "clusters of fewer items are merged and filled anew",
      assignment: "which cluster an item belongs to",
    }),
  },
  suit: suitNetwork,
  make: (options) => new OnlineDeepCluster(withNetwork("online-deep-cluster", options)),
  load: (bytes, options) => OnlineDeepCluster.load(bytes, resumed(options)),
};
