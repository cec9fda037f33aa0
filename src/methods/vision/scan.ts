import { EPOCHS } from "../../lifecycle/progress";
import { SCAN, SCAN_EPOCHS, SCAN_OPTIONS } from "../../models/vision/scan";
import type { SCANOptions } from "../../models/vision/scan";
import { range } from "../../options";
import { AUGMENT_FLAGS, NETWORK_METHOD_OPTIONS, resumed, withNetwork } from "./feature-network";
import type { FlatAugmentOptions, FlatNetworkOptions } from "./feature-network";
import type { DataSummary, Method } from "../method";
import { imageShape } from "../reconstruction";
import { described } from "../schema";

/** Options of SCAN by plain ones, with those of its `fit`. */
export interface SCANMethodOptions
  extends
    Omit<SCANOptions, "network" | "augment" | "clusterAugment">,
    FlatAugmentOptions,
    Pick<FlatNetworkOptions, "itemShape" | "blocks" | "channels" | "hidden" | "epochs"> {
  readonly distort?: number;
  readonly clusterRotate?: number;
}

/** A network that two cores train in minutes. */
const NETWORK = { blocks: 2, channels: 8, hidden: 128 };

/** Degrees that a view is turned by at most, and parts of the width that one pixel of the other changes stands for. */
const [DEGREES, PARTS] = [20, 10];

/** Degrees that an image is turned by at most while it shares a cluster with its neighbours. */
const MILD = 5;

const { itemShape, blocks, channels, hidden, learningRate, momentum, weightDecay, batchSize, statisticsBatches } =
  NETWORK_METHOD_OPTIONS;

/** What suits images, of the options that are not given. */
function suit(
  { itemShape: shape, ...data }: DataSummary,
  given: Partial<SCANMethodOptions>,
): Partial<SCANMethodOptions> {
  const sizes = given.itemShape ?? imageShape({ ...data, itemShape: shape });
  const pixels = Math.ceil(sizes.at(-1)! / PARTS);
  return { itemShape: sizes, ...NETWORK, rotate: DEGREES, crop: pixels, distort: pixels, clusterRotate: MILD };
}

/** The options as the model takes them. @throws where nothing makes views */
function toModel({ distort = 0, clusterRotate = 0, epochs: _, ...options }: SCANMethodOptions): SCANOptions {
  const { augment, ...own } = withNetwork<SCANOptions>("scan", { ...options, network: "vgg" });
  const changes = { ...augment, ...(distort > 0 && { distort: { magnitude: distort } }) };
  if (Object.keys(changes).length === 0)
    throw new Error(
      "scan: flip, rotate, crop or distort must be above 0, what makes two views of an image, got 0 for all",
    );
  return { ...own, augment: changes, ...(clusterRotate > 0 && { clusterAugment: { rotate: clusterRotate } }) };
}

/** `scan`. */
export const scan: Method<SCANMethodOptions> = {
  name: "scan",
  title: "SCAN",
  summary:
    "a network learns to tell changed views of one image from all others, then to give neighbours one cluster, then from what it is sure of",
  paper:
    "Van Gansbeke, Vandenhende, Georgoulis, Proesmans and Van Gool, SCAN: learning to classify images without labels, ECCV 2020, on SimCLR of Chen, Kornblith, Norouzi and Hinton, ICML 2020",
  takes: ["images"],
  target: "none",
  clusters: "given",
  network: true,
  options: {
    itemShape,
    blocks: { ...blocks, unset: `${NETWORK.blocks}` },
    channels: { ...channels, unset: `${NETWORK.channels}` },
    hidden: { ...hidden, unset: `${NETWORK.hidden}` },
    ...{ momentum, weightDecay, batchSize, statisticsBatches },
    learningRate: {
      ...learningRate,
      default: SCAN_OPTIONS.defaults.learningRate!,
      help: "of SGD in pretraining, to 0 by a half cosine",
    },
    ...described(SCAN_OPTIONS, {
      pretrainEpochs: "passes in which views of one image are told from all others",
      temperature: "of the contrastive loss",
      projection: "width of what images are compared by, and neighbours are found by",
      nNeighbors: "nearest images that are to share a cluster with an image",
      heads: "classifiers that learn to cluster by neighbours; the one with the lowest loss is kept",
      clusterEpochs: "passes of clustering by neighbours",
      entropyWeight: "weight of the entropy of the clusters' sizes",
      clusterLearningRate: "of Adam, after pretraining",
      threshold: "probability from which an image counts as one of its cluster's in the last stage",
    }),
    epochs: {
      ...{ rule: EPOCHS, default: SCAN_EPOCHS, of: "fit", resumable: true },
      help: "passes of learning from what it is sure of",
    },
    flip: AUGMENT_FLAGS.flip,
    rotate: {
      rule: AUGMENT_FLAGS.rotate.rule,
      unset: `${DEGREES}`,
      help: "degrees that a view is turned by at most, either way",
    },
    crop: {
      rule: AUGMENT_FLAGS.crop.rule,
      unset: "a tenth of the width",
      help: "pixels that a view is shifted by at most, either way",
    },
    distort: {
      rule: range(0),
      unset: "a tenth of the width",
      help: "pixels that the corners of a grid of four by four are moved by at most, either way, in a view",
    },
    clusterRotate: {
      ...{ rule: AUGMENT_FLAGS.rotate.rule, unset: `${MILD}` },
      help: "degrees that an image is turned by at most while clustering by neighbours",
    },
  },
  suit,
  make: (options) => new SCAN(toModel(options)),
  load: (bytes, options) => SCAN.load(bytes, resumed(options)),
};
