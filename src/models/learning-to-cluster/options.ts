import { setKernels } from "./networks/kernels";
import type { Device } from "../../device";
import type { OptionSet } from "../../lifecycle/model";
import {
  choice,
  either,
  flag,
  optional,
  positive,
  range,
  record,
  seed as seedRule,
  share,
  sizes,
  integer,
} from "../../options";
import type { Rule } from "../../options";
import { AUGMENT_RULE } from "../../ops/images/augment-options";
import type { AugmentOptions } from "../../ops/images/augment-options";
import type { LSTMOptions } from "../../ops/sequences/recurrent";
import { EMBEDDING_RULE } from "./networks/embedding";
import type { EmbeddingSpec } from "./networks/embedding";

/** Which optimizer, as plain data: it is part of a checkpoint. */
export type SetOptimizer =
  | {
      readonly type: "adadelta";
      /** Factor of the whole step. Default 5, as in the thesis. */
      readonly learningRate?: number;
      readonly rho?: number;
      readonly eps?: number;
    }
  | {
      readonly type: "adam";
      /** Default 1e-3. */
      readonly learningRate?: number;
      readonly betas?: readonly [number, number];
      readonly eps?: number;
    };

/** How the learning rate goes on over the iterations of `fit`. */
export interface RateSchedule {
  /** `cosine`: half a cosine down to `final` times the learning rate at the last iteration. Default `constant`. */
  readonly type?: "constant" | "cosine";
  /** Iterations in which the rate rises in a straight line first. Default 0. */
  readonly warmup?: number;
  /** Share of the learning rate that `cosine` ends at. Default 0. */
  readonly final?: number;
}

/** Factors of further terms of the loss; 0, the default, leaves a term out. */
export interface SetRegularizers {
  /** Of `clusterAssignmentLoss`: pairs together among k + 1 clusters though apart among k. */
  readonly clusterAssignment?: number;
  /** Of `emptyClusterLoss`: clusters without a member. */
  readonly emptyCluster?: number;
  /** Of `centerLoss` on the features of the last layer. */
  readonly center?: number;
  /** Of `divergenceLoss` on a softmax of 128 outputs over the embedding. */
  readonly divergence?: number;
  /**
   * Outputs of a rectified dense layer under those 128, which are then not rectified: 256 in the thesis (256 → 128 → softmax). Default: none, and the 128
   * are rectified, as in its code.
   */
  readonly divergenceHidden?: number;
  /** Of that loss, in nats. Default 2. */
  readonly divergenceMargin?: number;
}

/** What turns embedded items into clusters. */
export type SetNetworkType = "rbdlstm" | "soft-kmeans" | "iterative" | "iterative-lstm";

/** Options of `LearningToCluster`. */
export interface LearningToClusterOptions {
  /** Sizes of one item: [2] for points, [1, 64, 64] for images, [height, width] for spectrograms. */
  readonly itemShape: readonly number[];
  /** What makes a vector of an item. Default "identity". */
  readonly embedding?: EmbeddingSpec;
  /** What training does to items that are images, [height, width] or [channels, height, width], each drawn for itself. Default: nothing. */
  readonly augment?: AugmentOptions;
  /**
   * Axes, those along which the vectors of a set vary most (`principalAxes`), that the vectors are projected on before they are seen
   * together; k clusters differ along k − 1 axes, so kMax − 1 keep what tells them apart. Every set then lies in the same few numbers,
   * whatever its classes are; gradients pass with the axes held fixed. Default: none, the vectors as they are (as in the thesis).
   */
  readonly principalAxes?: number;
  /** Most clusters in a set. Default 5. */
  readonly kMax?: number;
  /**
   * `rbdlstm` (the default): residual bidirectional LSTM layers. Alternatives of chapter 4, which the thesis found no better:
   * `soft-kmeans`, layers of the same kind under k-means with gradients (as printed: `layers` 2, `residual` false), and `iterative`, where
   * every item exchanges messages with every other in each of `layers` rounds, at a cost that grows with the square of the set; the messages to an
   * item are averaged, or, with `iterative-lstm`, read by a bidirectional LSTM, from states that are zero at first, as the thesis prints it.
   */
  readonly model?: SetNetworkType;
  /** Default 14. */
  readonly layers?: number;
  /** Features between layers, half of them for each direction; even. Default 288. */
  readonly units?: number;
  /** Units of each direction of the LSTM under the number of clusters. Default 128. */
  readonly countUnits?: number;
  /** Add each layer's input to its output; false only to show what that is for (Table 8). Default true. */
  readonly residual?: boolean;
  /** Gates of every LSTM. Default "hardSigmoid", as Keras had when the thesis was written. */
  readonly gates?: LSTMOptions["gates"];
  /** Items over which the layers' cells are to remember from the start, as `memory` of `LSTM`. Default: Keras's bias of 1. */
  readonly memory?: number;
  /** Share of the count head's features that training drops. Default 0.5. */
  readonly dropout?: number;
  /** Features that `soft-kmeans` measures distances in. Default 8. */
  readonly softKMeansFeatures?: number;
  /** Rounds of `soft-kmeans`. Default 10. */
  readonly softKMeansIterations?: number;
  /** Factor of the pairwise loss beside that of the number of clusters. Default 5. */
  readonly lambda?: number;
  /** The pairwise loss: weighted cross-entropy, or the Rand index with probabilities. Default "crossEntropy". */
  readonly loss?: "crossEntropy" | "randIndex";
  readonly regularizers?: SetRegularizers;
  /** Weights of pairs of one cluster and of two; `estimate` (the default) takes them from sampled sets (`pairWeights`). */
  readonly pairWeights?: "estimate" | { readonly same: number; readonly different: number };
  readonly optimizer?: SetOptimizer;
  readonly schedule?: RateSchedule;
  /** Largest norm of all gradients together; default: no limit. */
  readonly clipNorm?: number;
  readonly seed?: number;
  /** Default: `requestDevice()`. */
  readonly device?: Device | undefined;
}

/** Options that may be left out. @inline */
type Absent = "augment" | "clipNorm" | "memory" | "principalAxes";

/** Options with their defaults, as a checkpoint keeps them. */
export type SetSettings = Required<Omit<LearningToClusterOptions, "device" | Absent>> &
  Pick<LearningToClusterOptions, Absent>;

const DEFAULTS = {
  ...{ embedding: "identity", kMax: 5, model: "rbdlstm", layers: 14, units: 288, countUnits: 128, residual: true },
  ...{ gates: "hardSigmoid", dropout: 0.5, softKMeansFeatures: 8, softKMeansIterations: 10, lambda: 5 },
  ...{ loss: "crossEntropy", regularizers: {}, pairWeights: "estimate", optimizer: { type: "adadelta" } },
  ...{ schedule: {}, seed: 0 },
} as const satisfies Omit<Required<LearningToClusterOptions>, "itemShape" | "device" | Absent>;

/** What factors of further losses must be. @internal */
export const REGULARIZERS: OptionSet<SetRegularizers>["rules"] = {
  ...{ clusterAssignment: optional(range(0)), emptyCluster: optional(range(0)), center: optional(range(0)) },
  ...{ divergence: optional(range(0)), divergenceMargin: optional(range(0)) },
  divergenceHidden: optional(integer(1)),
};

/** What weights of pairs must be. @internal */
export const PAIR_WEIGHTS = { same: range(0), different: range(0) };

/** What the learning rate must be, whatever the optimizer. @internal */
export const LEARNING_RATE = range(0);

/** What its course must be. @internal */
export const RATE_SCHEDULE = {
  ...{ type: optional(choice("constant", "cosine")), warmup: optional(integer(0)), final: optional(range(0, 1)) },
};

const OPTIMIZER = either(
  record({
    ...{ type: choice("adadelta"), learningRate: optional(LEARNING_RATE), rho: optional(range(0, 1)) },
    eps: optional(range(0)),
  }),
  record({
    ...{ type: choice("adam"), learningRate: optional(LEARNING_RATE), eps: optional(range(0)) },
    betas: optional({
      words: "two numbers",
      holds: (value) => Array.isArray(value) && value.length === 2 && value.every(Number.isFinite),
    }),
  }),
);

const EVEN: Rule<number> = {
  words: "an even number from 2, half for each direction",
  holds: (value) => integer(2).holds(value) && (value as number) % 2 === 0,
  spelled: { as: "number", step: 1, min: 2 },
};

/** Options of `LearningToCluster`. */
export const SET_OPTIONS: OptionSet<SetSettings> = {
  rules: {
    ...{ itemShape: sizes(), embedding: EMBEDDING_RULE, augment: optional(AUGMENT_RULE) },
    ...{
      principalAxes: optional(integer(1)),
      kMax: integer(2),
      model: choice("rbdlstm", "soft-kmeans", "iterative", "iterative-lstm"),
    },
    ...{ layers: integer(1), units: EVEN, countUnits: integer(1), residual: flag },
    ...{ gates: choice("sigmoid", "hardSigmoid"), memory: optional(range(3)), dropout: share },
    ...{ softKMeansFeatures: integer(1), softKMeansIterations: integer(1), lambda: range(0) },
    ...{ loss: choice("crossEntropy", "randIndex"), regularizers: record(REGULARIZERS) },
    pairWeights: either(choice("estimate"), record(PAIR_WEIGHTS)),
    ...{ optimizer: OPTIMIZER, clipNorm: optional(positive), seed: seedRule },
    schedule: record(RATE_SCHEDULE),
  },
  defaults: DEFAULTS,
  kernels: setKernels,
};

/** Learning rate at an iteration of `iterations`. */
export function rateAt({ optimizer, schedule }: SetSettings, iteration: number, iterations: number): number {
  const rate = optimizer.learningRate ?? (optimizer.type === "adam" ? 1e-3 : 5);
  const { type = "constant", warmup = 0, final = 0 } = schedule;
  if (iteration < warmup) return (rate * (iteration + 1)) / warmup;
  if (type === "constant") return rate;
  const share = Math.min(1, (iteration - warmup) / Math.max(1, iterations - warmup));
  return rate * (final + ((1 - final) * (1 + Math.cos(Math.PI * share))) / 2);
}
