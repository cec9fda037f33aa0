import { DeepCluster } from "../models/deep-cluster";
import type { DeepClusterOptions } from "../models/deep-cluster";
import { NETWORK_OPTIONS, resumed, suitNetwork, withNetwork } from "./feature-network";
import type { NetworkMethodOptions } from "./feature-network";
import type { Method } from "./method";
import { oneOf, positive, whole } from "./schema";

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
    ...NETWORK_OPTIONS,
    components: { kind: whole(1), default: 256, help: "features are whitened to, at most" },
    kmeansIterations: { kind: whole(1), default: 20, help: "of k-means, at most" },
    clusterInterval: { kind: whole(1), default: 1, help: "epochs from one clustering to the next" },
    headLearningRate: { kind: positive, unset: "that of the network", help: "of the classifier" },
    sampling: {
      kind: oneOf("uniform", "shuffled", "reordered"),
      default: "uniform",
      help: "which items an epoch trains on",
    },
  },
  suit: suitNetwork,
  make: (options) => new DeepCluster(withNetwork("deep-cluster", options)),
  load: (bytes, options) => DeepCluster.load(bytes, resumed(options)),
};
