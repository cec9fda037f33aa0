import { SelfLabeling } from "../models/self-labeling";
import type { SelfLabelingOptions } from "../models/self-labeling";
import { NETWORK_OPTIONS, resumed, suitNetwork, withNetwork } from "./feature-network";
import type { NetworkMethodOptions } from "./feature-network";
import type { Method } from "./method";
import { flag, nonNegative, oneOf, positive, whole } from "./schema";

/** `self-labeling`. */
export const selfLabeling: Method<NetworkMethodOptions<SelfLabelingOptions>> = {
  name: "self-labeling",
  title: "Self-labelling",
  summary: "classes of equal size by optimal transport, and a network that learns to tell them",
  paper:
    "Asano, Rupprecht and Vedaldi, Self-labelling via simultaneous clustering and representation learning, ICLR 2020",
  takes: ["images", "rows"],
  target: "none",
  streams: true,
  clusters: "given",
  network: true,
  options: {
    ...NETWORK_OPTIONS,
    heads: { kind: whole(1), default: 1, help: "classifiers with labels of their own" },
    lambda: { kind: positive, default: 25, help: "exponent of the probabilities in the transport problem" },
    tolerance: { kind: nonNegative, default: 0.1, help: "Sinkhorn ends when its error is at most this" },
    sinkhornIterations: { kind: whole(1), default: 1000, help: "of an update, at most" },
    updates: { kind: whole(1), default: 100, help: "of the labels in a training" },
    schedule: { kind: oneOf("quadratic", "linear"), default: "quadratic", help: "when labels are updated" },
    updateHeads: {
      kind: oneOf("all", "turns"),
      default: "all",
      help: "whether an update renews the labels of all heads, or of one head an epoch",
    },
    balance: { kind: flag, default: false, help: "whether classes are made exactly equal in size" },
    learningRateDrop: {
      kind: whole(1),
      default: 150,
      help: "epochs after which the learning rate falls to a tenth, again and again",
    },
  },
  suit: suitNetwork,
  make: (options) => new SelfLabeling(withNetwork("self-labeling", options)),
  load: (bytes, options) => SelfLabeling.load(bytes, resumed(options)),
};
