import type { Bytes } from "../data/formats/source";
import type { SetProvider } from "../data/datasets/sets/provider";
import type { Device } from "../device";
import type { MatrixLike } from "../matrix";
import { LearningToCluster } from "../models/learning-to-cluster";
import type {
  EmbeddingSpec,
  LearningToClusterOptions,
  SetClustering,
  SetFitOptions,
  SetSaveOptions,
} from "../models/learning-to-cluster";
import type { EpochRecord } from "../lifecycle/progress";
import { augmentationOf } from "./feature-network";
import type { CommonOptions, Estimator, EstimatorFitOptions, Method } from "./method";
import { flag, nonNegative, oneOf, positive, share, whole, wholes } from "./schema";

type Model = LearningToClusterOptions;
type Nested = "embedding" | "augment" | "regularizers" | "pairWeights" | "optimizer" | "schedule" | "device" | "seed";

/** Options of Learning to Cluster and of its `fit`, without objects in objects. */
export interface LearningToClusterMethodOptions
  extends CommonOptions, Partial<Omit<Model, Nested>>, Omit<SetFitOptions, "onStep" | "onValidation" | "signal"> {
  readonly embedding?: "identity" | "fourier" | "cnn" | "blstm" | "cnn-lstm";
  readonly blocks?: readonly number[];
  readonly dense?: readonly number[];
  readonly embeddingUnits?: readonly number[];
  readonly rotate?: number;
  readonly crop?: number;
  readonly clusterAssignment?: number;
  readonly emptyCluster?: number;
  readonly center?: number;
  readonly divergence?: number;
  readonly divergenceMargin?: number;
  readonly divergenceHidden?: number;
  readonly sameWeight?: number;
  readonly differentWeight?: number;
  readonly optimizer?: "adadelta" | "adam";
  readonly learningRate?: number;
  readonly schedule?: "constant" | "cosine";
  readonly warmup?: number;
  readonly finalRate?: number;
}

/** `learning-to-cluster`. */
export const learningToCluster: Method<LearningToClusterMethodOptions> = {
  name: "learning-to-cluster",
  title: "Learning to Cluster",
  summary: "learns from example clusterings to cluster sets it has never seen, and to tell how many clusters there are",
  paper: "Meier, Elezi, Amirian, Dürr and Stadelmann, Learning neural models for end-to-end clustering, ANNPR 2018",
  takes: ["sets"],
  target: "needed",
  clusters: "found",
  network: true,
  options: {
    itemShape: { kind: wholes(1, 1), unset: "that of the data", help: "sizes of one item" },
    embedding: {
      kind: oneOf("identity", "fourier", "cnn", "blstm", "cnn-lstm"),
      unset: "identity; cnn for images",
      help: "what makes a vector of an item",
    },
    blocks: { kind: wholes(1, 1), unset: "32,64,128", help: "channels of the convolutions" },
    dense: { kind: wholes(1, 1), unset: "256,256", help: "sizes of the dense layers after them" },
    embeddingUnits: {
      kind: wholes(1, 1),
      unset: "128",
      help: "units of each direction of the LSTM layers of embedding blstm and cnn-lstm; the thesis has two layers",
    },
    principalAxes: { kind: whole(1), help: "that the vectors of a set are projected on" },
    model: {
      kind: oneOf("rbdlstm", "soft-kmeans", "iterative", "iterative-lstm"),
      default: "rbdlstm",
      help: "what clusters",
    },
    kMax: { kind: whole(2), default: 5, help: "most clusters in a set" },
    layers: { kind: whole(1), default: 14, help: "residual bidirectional LSTM layers" },
    units: { kind: whole(2), default: 288, help: "features between them, even" },
    countUnits: { kind: whole(1), default: 128, help: "of the LSTM that counts clusters" },
    residual: { kind: flag, default: true, help: "whether each layer's input is added to its output" },
    gates: { kind: oneOf("hardSigmoid", "sigmoid"), default: "hardSigmoid", help: "of the LSTM layers" },
    memory: { kind: whole(2), unset: "bias 1", help: "items that their cells remember over from the start" },
    softKMeansFeatures: { kind: whole(1), default: 8, help: "that soft-kmeans measures distances in" },
    softKMeansIterations: { kind: whole(1), default: 10, help: "of soft-kmeans" },
    lambda: { kind: nonNegative, default: 5, help: "factor of the pairwise loss" },
    loss: { kind: oneOf("crossEntropy", "randIndex"), default: "crossEntropy", help: "the pairwise loss" },
    sameWeight: { kind: nonNegative, unset: "estimated", help: "weight of pairs of one cluster" },
    differentWeight: { kind: nonNegative, unset: "estimated", help: "weight of pairs of two clusters" },
    clusterAssignment: {
      kind: nonNegative,
      unset: "0",
      help: "factor of the loss of pairs together among k + 1 clusters though apart among k",
    },
    emptyCluster: { kind: nonNegative, unset: "0", help: "factor of the loss of clusters without a member" },
    center: { kind: nonNegative, unset: "0", help: "factor of the center loss on the last layer" },
    divergence: { kind: nonNegative, unset: "0", help: "factor of the divergence loss over the embedding" },
    divergenceMargin: { kind: nonNegative, unset: "2", help: "of the divergence loss, in nats" },
    divergenceHidden: {
      kind: whole(1),
      unset: "none",
      help: "outputs of a layer under its softmax of 128; 256 in the thesis",
    },
    dropout: { kind: share, default: 0.5, help: "share of the counting head's features that is dropped" },
    optimizer: { kind: oneOf("adadelta", "adam"), unset: "adadelta", help: "of the training" },
    learningRate: { kind: positive, unset: "5 for adadelta, 0.001 for adam", help: "of the optimizer" },
    schedule: { kind: oneOf("constant", "cosine"), unset: "constant", help: "of the learning rate" },
    warmup: { kind: whole(0), unset: "0", help: "iterations in which it rises first" },
    finalRate: { kind: share, unset: "0", help: "share of it that cosine ends at" },
    clipNorm: { kind: positive, help: "largest norm of the gradients" },
    rotate: {
      kind: nonNegative,
      unset: "0",
      help: "degrees that an image is turned by at most, either way, in training",
    },
    crop: { kind: whole(0), unset: "0", help: "pixels that an image is shifted by at most, either way, in training" },
    iterations: { kind: whole(1), default: 100_000, help: "steps in all", of: "fit", resumable: true },
    batchSize: { kind: whole(2), default: 32, help: "sets a step", of: "fit" },
    length: { kind: whole(2), default: 72, help: "items of a set", of: "fit" },
    validateEvery: { kind: whole(1), default: 100, help: "iterations between two validations", of: "fit" },
    validationSets: { kind: whole(1), unset: "ten batches", help: "sets of a validation", of: "fit" },
    patience: {
      kind: whole(1),
      default: 15_000,
      help: "iterations without a better validation after which training stops",
      of: "fit",
    },
  },
  suit: ({ itemShape }, { embedding }) => ({
    itemShape,
    ...(embedding === undefined && { embedding: itemShape.length >= 2 ? "cnn" : "identity" }),
  }),
  make: (options) => new LearnedSets(new LearningToCluster(modelOptions(options))),
  load: async (bytes, { device }) => LearnedSets.load(bytes, device),
};

/** What makes a vector of an item. @throws for options of other embeddings */
function embeddingOf({
  embedding = "identity",
  blocks,
  dense,
  embeddingUnits: units,
}: LearningToClusterMethodOptions): EmbeddingSpec {
  const plain = embedding === "identity" || embedding === "fourier";
  if (blocks && (plain || embedding === "blstm"))
    throw new Error("learning-to-cluster: blocks is for embedding cnn and cnn-lstm");
  if (dense && plain) throw new Error("learning-to-cluster: dense is for embedding cnn, blstm and cnn-lstm");
  if (units && (plain || embedding === "cnn"))
    throw new Error("learning-to-cluster: embeddingUnits is for embedding blstm and cnn-lstm");
  if (plain) return embedding === "identity" ? embedding : { type: embedding };
  return {
    ...{ type: embedding, ...(dense && { dense }), ...(units && { units }) },
    ...(blocks && embedding !== "blstm" && { blocks }),
  };
}

/** An object of those entries that are given. */
const given = <T extends object>(entries: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as never;

function modelOptions(options: LearningToClusterMethodOptions): LearningToClusterOptions {
  const { blocks: _blocks, dense: _dense, embedding: _embedding, embeddingUnits: _units, ...others } = options;
  const { rotate, crop, ...rest } = others;
  const {
    iterations: _i,
    batchSize: _b,
    length: _l,
    validateEvery: _v,
    validationSets: _s,
    patience: _p,
    ...model
  } = rest;
  const {
    clusterAssignment,
    emptyCluster,
    center,
    divergence,
    divergenceMargin,
    divergenceHidden,
    sameWeight,
    differentWeight,
    ...more
  } = model;
  const {
    optimizer: type = "adadelta",
    learningRate,
    schedule,
    warmup,
    finalRate,
    itemShape,
    nClusters: _k,
    ...own
  } = more;
  if (!itemShape) throw new Error("learning-to-cluster: itemShape is missing");
  const augment = augmentationOf(given({ rotate, crop }));
  if (augment && itemShape.length < 2) throw new Error("learning-to-cluster: rotate and crop are for images");
  if ((sameWeight === undefined) !== (differentWeight === undefined))
    throw new Error("learning-to-cluster: sameWeight and differentWeight are given together");
  return {
    ...given(own),
    ...{ itemShape, embedding: embeddingOf(options), ...(augment && { augment }) },
    regularizers: given({ clusterAssignment, emptyCluster, center, divergence, divergenceMargin, divergenceHidden }),
    ...(sameWeight !== undefined && { pairWeights: { same: sameWeight, different: differentWeight! } }),
    optimizer: { type, ...given({ learningRate }) },
    schedule: given({ type: schedule, warmup, final: finalRate }),
  };
}

/** Learning to Cluster as methods are run: an epoch is an interval between two validations. */
export class LearnedSets implements Estimator {
  readonly model: LearningToCluster;

  constructor(model: LearningToCluster) {
    this.model = model;
  }

  get settings(): object {
    return this.model.settings;
  }
  get history(): readonly EpochRecord[] {
    return this.model.history;
  }

  async fit(provider: SetProvider, { onEpoch, ...options }: EstimatorFitOptions = {}): Promise<this> {
    await this.model.fit(provider, { ...options, ...(onEpoch && { onValidation: onEpoch }) });
    return this;
  }

  /** Clusters of a set that it has not seen. */
  async cluster(set: MatrixLike): Promise<SetClustering> {
    return this.model.predict(set);
  }

  /** The most probable clustering of a set. */
  async predict(set: MatrixLike): Promise<Int32Array> {
    return (await this.model.predict(set)).labels;
  }

  save(options: SetSaveOptions = {}): Promise<Uint8Array> {
    return this.model.save(options);
  }

  static async load(bytes: Bytes, device: Device | undefined): Promise<LearnedSets> {
    return new LearnedSets(await LearningToCluster.load(bytes, device ? { device } : {}));
  }

  dispose(): void {
    this.model.dispose();
  }
}
