import { DEEP_CLUSTER_OPTIONS, DeepCluster } from "../../models/vision/deep-cluster";
import type { DeepClusterOptions } from "../../models/vision/deep-cluster";
import { NETWORK_METHOD_OPTIONS, resumed, suitNetwork, withNetwork } from "./feature-network";
import type { NetworkMethodOptions } from "./feature-network";
import type { Method } from "../method";
import { described } from "../schema";

/** `deep-cluster`. */
export const deepCluster: Method<NetworkMethodOptions<DeepClusterOptions>> = {
  name: "deep-cluster",
  title: "DeepCluster",
  summary: "k-means names the features, the network learns to tell the names, epoch by epoch",
  paper: "Caron, Bojanowski, Joulin and Douze, Deep clustering for unsupervised learning of visual features, ECCV 2018",
  takes: ["images", "rows"],
  target: "none",
  streams: true,
  clusters: "given",
  network: true,
  options: {
    ...NETWORK_METHOD_OPTIONS,
    ...described(DEEP_CLUSTER_OPTIONS, {
      components: "features are whitened to, at most",
      kmeansIterations: "of k-means, at most",
      clusterInterval: "epochs from one clustering to the next",
      headLearningRate: { unset: "that of the network", help: "of the classifier" },
      sampling: "which items an epoch trains on",
    }),
  },
  suit: suitNetwork,
  make: (options) => new DeepCluster(withNetwork("deep-cluster", options)),
  load: (bytes, options) => DeepCluster.load(bytes, resumed(options)),
};
