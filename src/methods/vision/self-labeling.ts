import { SELF_LABELING_OPTIONS, SelfLabeling } from "../../models/vision/self-labeling";
import type { SelfLabelingOptions } from "../../models/vision/self-labeling";
import { NETWORK_METHOD_OPTIONS, resumed, suitNetwork, withNetwork } from "./feature-network";
import type { NetworkMethodOptions } from "./feature-network";
import type { Method } from "../method";
import { described } from "../schema";

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
    ...NETWORK_METHOD_OPTIONS,
    ...described(SELF_LABELING_OPTIONS, {
      heads: "classifiers with labels of their own",
      lambda: "exponent of the probabilities in the transport problem",
      tolerance: "Sinkhorn ends when its error is at most this",
      sinkhornIterations: "of an update, at most",
      updates: "of the labels in a training",
      schedule: "when labels are updated",
      updateHeads: "whether an update renews the labels of all heads, or of one head an epoch",
      balance: "whether classes are made exactly equal in size",
      learningRateDrop: "epochs after which the learning rate falls to a tenth, again and again",
    }),
  },
  suit: suitNetwork,
  make: (options) => new SelfLabeling(withNetwork("self-labeling", options)),
  load: (bytes, options) => SelfLabeling.load(bytes, resumed(options)),
};
