// The options of methods that cluster codes while the encoder learns: what all share, and what those with Student's t have.
import { LLOYD_KERNELS } from "../../cluster/kmeans/lloyd";
import type { Device } from "../../device";
import * as clustering from "../../kernels/clustering";
import { copy } from "../../kernels/indexing";
import { weightedDifference } from "../../kernels/linear-algebra";
import { sgdMomentum } from "../../kernels/optimizers";
import { argExtremum } from "../../kernels/reduction";
import type { DeviceOption, OptionSet } from "../../lifecycle/model";
import type { CodeNetwork } from "../../nn/code-network";
import { choice, flag, positive, range, seed as seedRule, share, integer } from "../../options";
import type { Tensor } from "../../tensor";
import { AUTOENCODER_DEFAULTS, AUTOENCODER_KERNELS, IMAGE_ROWS_RULES } from "../autoencoder/autoencoder-stages";
import type { ImageRowsOptions } from "../autoencoder/autoencoder-stages";
import { DENSE_DEFAULTS, DENSE_RULES } from "../autoencoder/coder";
import type { DenseOptions } from "../autoencoder/coder";

/** Options of every method that pretrains an autoencoder, and then clusters its codes while it learns on, whoever knows the number of clusters. */
export interface CodeLearningOptions extends Pick<ImageRowsOptions, "augment" | "augmentWith"> {
  /** Steps between two looks at all the data, which renew the labels and the global target. */
  readonly updateInterval?: number;
  /** Training ends when fewer than this share of labels changed between two refreshes. */
  readonly tolerance?: number;
  /** Restarts of the k-means that places the centres. */
  readonly nInit?: number;
  /** Of the clustering phase: of DEC and its kind, SGD with momentum 0.9; of DCN and DipDECK, Adam. */
  readonly learningRate?: number;
  readonly batchSize?: number;
  /** Passes over the data for the whole autoencoder before clustering. */
  readonly pretrainEpochs?: number;
  readonly pretrainBatchSize?: number;
  /** Of the autoencoder before clustering: Adam's step size, or of methods with `autoencoderOptimizer` SGD's. */
  readonly pretrainLearningRate?: number;
  readonly seed?: number;
  /** Default: `requestDevice()`. */
  readonly device?: Device | undefined;
}

/** Options of those that are told the number of clusters. */
export interface CodeClusteringOptions extends CodeLearningOptions {
  readonly nClusters: number;
}

/** Options that need not be in force. @inline */
type Open = "augment" | "augmentWith" | "updateInterval";

/** All that are in force; without an update interval it is a pass over the data. @inline */
export type CodeLearningSettings = Required<Omit<CodeLearningOptions, "device" | Open>> &
  Pick<CodeLearningOptions, Open>;

/** The same, all of them. @inline */
export type CodeClusteringSettings = CodeLearningSettings &
  Required<Pick<CodeClusteringOptions, "nClusters" | "updateInterval">>;

/** Options of the soft assignment by Student's t distribution, and of what sharpens it. */
export interface StudentOptions extends CodeClusteringOptions {
  /** Degrees of freedom of Student's t distribution. */
  readonly alpha?: number;
  /**
   * Over what the target p sharpens q: "global", all the data, refreshed every `updateInterval` steps, as in the paper; or
   * "batch", each minibatch by itself at each step, as several implementations do: noisier, and faster.
   */
  readonly target?: "global" | "batch";
  readonly momentum?: number;
  /** Whether the pretrained network stays as it is and the centres alone are trained: the paper's "DEC without back-propagation". Default false. */
  readonly freezeEncoder?: boolean;
}

/** The same, all of them. @inline */
export type StudentSettings = CodeClusteringSettings &
  Required<Pick<StudentOptions, "alpha" | "target" | "momentum" | "freezeEncoder">>;

/** Options of `DEC`. */
export interface DECOptions extends StudentOptions, DenseOptions {}

/** The same, all of them. @inline */
export type DECSettings = StudentSettings & Required<Omit<DenseOptions, "itemShape">> & Pick<DenseOptions, "itemShape">;

/** Options of `load` of every such method. */
export interface DECLoadOptions extends DeviceOption {
  /** In place of those that training was begun with. */
  readonly learningRate?: number | undefined;
  readonly pretrainLearningRate?: number | undefined;
  /** The op `augment`, where images are changed while training goes on. */
  readonly augmentWith?: ImageRowsOptions["augmentWith"];
}

/** Their names. */
export const DEC_LOAD = ["device", "learningRate", "pretrainLearningRate", "augmentWith"] as const;

/** What a method of DEC's kind minimises beside the clustering loss. */
export interface Objective<S extends StudentSettings> {
  /** The loss of a batch x with codes z. */
  loss(clustering: Tensor, x: Tensor, z: Tensor, network: CodeNetwork, settings: S): Tensor;
  /** What the clustering phase trains beside the centres. */
  trained(network: CodeNetwork): readonly Tensor[];
}

/** Passes of clustering where `fit` is told none. @internal */
export const CLUSTERING_EPOCHS = 100;

/** Options of every method of code clustering. @internal */
export const CODE_CLUSTERING_OPTIONS = {
  rules: {
    ...{ nClusters: integer(1), updateInterval: integer(1), tolerance: range(0), nInit: integer(1) },
    ...{ learningRate: positive, batchSize: integer(1), pretrainEpochs: integer(0), pretrainBatchSize: integer(1) },
    ...{ pretrainLearningRate: positive, seed: seedRule },
    ...{ augment: IMAGE_ROWS_RULES.augment, augmentWith: IMAGE_ROWS_RULES.augmentWith },
  },
  defaults: {
    ...{ updateInterval: 140, tolerance: 1e-3, nInit: 20, batchSize: 256, seed: 0 },
    pretrainBatchSize: AUTOENCODER_DEFAULTS.batchSize,
    pretrainEpochs: AUTOENCODER_DEFAULTS.epochs,
    pretrainLearningRate: AUTOENCODER_DEFAULTS.learningRate,
  },
  kernels: [
    ...AUTOENCODER_KERNELS,
    ...LLOYD_KERNELS,
    clustering.kmeansDistances,
    clustering.studentT,
    copy,
    argExtremum,
  ],
} as const;

/** Options of every method with Student's t. @internal */
export const STUDENT_OPTIONS = {
  rules: {
    ...CODE_CLUSTERING_OPTIONS.rules,
    ...{ alpha: positive, target: choice("global", "batch"), momentum: share },
    freezeEncoder: flag,
  },
  defaults: {
    ...CODE_CLUSTERING_OPTIONS.defaults,
    ...({ alpha: 1, target: "global", learningRate: 0.01, momentum: 0.9, freezeEncoder: false } as const),
  },
  kernels: [
    ...CODE_CLUSTERING_OPTIONS.kernels,
    ...[clustering.decTarget, clustering.studentTBackward, weightedDifference, sgdMomentum],
  ],
} as const;

/** Options of DEC. @internal */
export const DEC_OPTIONS: OptionSet<DECSettings> = {
  rules: { ...STUDENT_OPTIONS.rules, ...DENSE_RULES },
  defaults: {
    ...STUDENT_OPTIONS.defaults,
    ...DENSE_DEFAULTS,
  },
  kernels: () => STUDENT_OPTIONS.kernels,
};
