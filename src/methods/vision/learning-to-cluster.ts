import type { Bytes } from "../../data/formats/source";
import type { SetProvider } from "../../data/datasets/sets/provider";
import type { Device } from "../../device";
import type { MatrixLike } from "../../matrix";
import { LearningToCluster } from "../../models/learning-to-cluster";
import type {
  EmbeddingSpec,
  LearningToClusterOptions,
  SetClustering,
  SetFitOptions,
  SetRegularizers,
  SetSaveOptions,
} from "../../models/learning-to-cluster";
import { EMBEDDING_SIZES } from "../../models/learning-to-cluster/networks/embedding";
import {
  LEARNING_RATE,
  PAIR_WEIGHTS,
  RATE_SCHEDULE,
  REGULARIZERS,
  SET_OPTIONS,
} from "../../models/learning-to-cluster/options";
import { SET_FIT } from "../../models/learning-to-cluster/trainer";
import { ROTATION } from "../../ops/images/augment-options";
import { choice, integer, sizes } from "../../options";
import type { EpochRecord } from "../../lifecycle/progress";
import { augmentationOf } from "./feature-network";
import type { CommonOptions, Estimator, EstimatorFitOptions, Method } from "../method";
import { described } from "../schema";

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
    itemShape: { rule: sizes(), unset: "that of the data", help: "sizes of one item" },
    embedding: {
      rule: choice("identity", "fourier", "cnn", "blstm", "cnn-lstm"),
      unset: "identity; cnn for images",
      help: "what makes a vector of an item",
    },
    blocks: { rule: EMBEDDING_SIZES.blocks, unset: "32,64,128", help: "channels of the convolutions" },
    dense: { rule: EMBEDDING_SIZES.dense, unset: "256,256", help: "sizes of the dense layers after them" },
    embeddingUnits: {
      rule: EMBEDDING_SIZES.units,
      unset: "128",
      help: "units of each direction of the LSTM layers of embedding blstm and cnn-lstm; the thesis has two layers",
    },
    ...described(SET_OPTIONS, {
      principalAxes: "that the vectors of a set are projected on",
      model: "what clusters",
      kMax: "most clusters in a set",
      layers: "residual bidirectional LSTM layers",
      units: "features between them, even",
      countUnits: "of the LSTM that counts clusters",
      residual: "whether each layer's input is added to its output",
      gates: "of the LSTM layers",
      memory: { unset: "bias 1", help: "items that their cells remember over from the start" },
      softKMeansFeatures: "that soft-kmeans measures distances in",
      softKMeansIterations: "of soft-kmeans",
      lambda: "factor of the pairwise loss",
      loss: "the pairwise loss",
    }),
    sameWeight: { rule: PAIR_WEIGHTS.same, unset: "estimated", help: "weight of pairs of one cluster" },
    differentWeight: { rule: PAIR_WEIGHTS.different, unset: "estimated", help: "weight of pairs of two clusters" },
    ...described<SetRegularizers, keyof SetRegularizers>(
      { rules: REGULARIZERS, defaults: {} },
      {
        clusterAssignment: {
          unset: "0",
          help: "factor of the loss of pairs together among k + 1 clusters though apart among k",
        },
        emptyCluster: { unset: "0", help: "factor of the loss of clusters without a member" },
        center: { unset: "0", help: "factor of the center loss on the last layer" },
        divergence: { unset: "0", help: "factor of the divergence loss over the embedding" },
        divergenceMargin: { unset: "2", help: "of the divergence loss, in nats" },
        divergenceHidden: { unset: "none", help: "outputs of a layer under its softmax of 128; 256 in the thesis" },
      },
    ),
    ...described(SET_OPTIONS, { dropout: "share of the counting head's features that is dropped" }),
    optimizer: { rule: choice("adadelta", "adam"), unset: "adadelta", help: "of the training" },
    learningRate: { rule: LEARNING_RATE, unset: "5 for adadelta, 0.001 for adam", help: "of the optimizer" },
    schedule: { rule: RATE_SCHEDULE.type, unset: "constant", help: "of the learning rate" },
    warmup: { rule: RATE_SCHEDULE.warmup, unset: "0", help: "iterations in which it rises first" },
    finalRate: { rule: RATE_SCHEDULE.final, unset: "0", help: "share of it that cosine ends at" },
    ...described(SET_OPTIONS, { clipNorm: "largest norm of the gradients" }),
    rotate: {
      rule: ROTATION,
      unset: "0",
      help: "degrees that an image is turned by at most, either way, in training",
    },
    crop: { rule: integer(0), unset: "0", help: "pixels that an image is shifted by at most, either way, in training" },
    ...described(SET_FIT, {
      iterations: { help: "steps in all", of: "fit", resumable: true },
      batchSize: { help: "sets a step", of: "fit" },
      length: { help: "items of a set", of: "fit" },
      validateEvery: { help: "iterations between two validations", of: "fit" },
      validationSets: { unset: "ten batches", help: "sets of a validation", of: "fit" },
      patience: { help: "iterations without a better validation after which training stops", of: "fit" },
    }),
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
