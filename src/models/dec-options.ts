// The options of DEC and of the methods of its kind.
import { LLOYD_KERNELS } from "../cluster/lloyd";
import type { Device } from "../device";
import * as clustering from "../kernels/clustering";
import { copy } from "../kernels/indexing";
import { weightedDifference } from "../kernels/linear-algebra";
import { sgdMomentum } from "../kernels/optimizers";
import { argExtremum } from "../kernels/reduction";
import type { DeviceOption, OptionSet } from "../lifecycle/model";
import type { Autoencoder } from "../nn/autoencoder";
import { choice, positive, range, seed as seedRule, share, sizes, integer } from "../options";
import type { Tensor } from "../tensor";
import { AUTOENCODER_DEFAULTS, AUTOENCODER_KERNELS, IMAGE_ROWS_RULES } from "./autoencoder-stages";
import type { ImageRowsOptions } from "./autoencoder-stages";

/** Options of `DEC`. */
export interface DECOptions extends ImageRowsOptions {
  /** Sizes of the encoder from the input to the embedding, [784, 500, 500, 2000, 10]. */
  readonly layers: readonly number[];
  readonly nClusters: number;
  /** Degrees of freedom of Student's t distribution. */
  readonly alpha?: number;
  /**
   * Over what the target p sharpens q: "global", all the data, refreshed every `updateInterval` steps, as in the paper; or
   * "batch", each minibatch by itself at each step, as several implementations do: noisier, and faster.
   */
  readonly target?: "global" | "batch";
  /** Steps between two looks at all the data, which renew the labels and the global target. */
  readonly updateInterval?: number;
  /** Training ends when fewer than this share of labels changed between two refreshes. */
  readonly tolerance?: number;
  /** Restarts of the k-means that places the centres. */
  readonly nInit?: number;
  /** Of the clustering phase: SGD with momentum 0.9. */
  readonly learningRate?: number;
  readonly momentum?: number;
  readonly batchSize?: number;
  /** Passes over the data for each layer by itself before clustering. */
  readonly layerEpochs?: number;
  /** Passes over the data for the whole autoencoder before clustering. */
  readonly pretrainEpochs?: number;
  readonly pretrainBatchSize?: number;
  /** Adam's step size before clustering. */
  readonly pretrainLearningRate?: number;
  /** Share of inputs set to zero while a layer is trained by itself. */
  readonly corruption?: number;
  readonly seed?: number;
  /** Default: `requestDevice()`. */
  readonly device?: Device | undefined;
}

/** The same, all of them. @inline */
export type DECSettings = Required<Omit<DECOptions, "device" | keyof ImageRowsOptions>> & ImageRowsOptions;

/** Options of `DEC.load` and `IDEC.load`. */
export interface DECLoadOptions extends DeviceOption {
  /** In place of those that training was begun with. */
  readonly learningRate?: number | undefined;
  readonly pretrainLearningRate?: number | undefined;
  /** The op `augment`, where images are changed while training goes on. */
  readonly augmentWith?: ImageRowsOptions["augmentWith"];
}

/** Their names. */
export const DEC_LOAD = ["device", "learningRate", "pretrainLearningRate", "augmentWith"] as const;

/** A method of this kind: its options, and what it minimises beside the clustering loss. @internal */
export interface Objective<S extends DECSettings> extends OptionSet<S> {
  readonly name: string;
  /** The loss of a batch x with codes z. */
  loss(clustering: Tensor, x: Tensor, z: Tensor, network: Autoencoder, settings: S): Tensor;
  /** What the clustering phase trains beside the centres. */
  trained(network: Autoencoder): readonly Tensor[];
}

/** Passes of clustering where `fit` is told none. @internal */
export const CLUSTERING_EPOCHS = 100;

/** Options of every method of this kind. @internal */
export const DEC_OPTIONS: OptionSet<DECSettings> = {
  rules: {
    ...{ layers: sizes(2), nClusters: integer(1), alpha: positive, target: choice("global", "batch") },
    ...{ updateInterval: integer(1), tolerance: range(0), nInit: integer(1), learningRate: positive, momentum: share },
    ...{ batchSize: integer(1), layerEpochs: integer(0), pretrainEpochs: integer(0), pretrainBatchSize: integer(1) },
    ...{ pretrainLearningRate: positive, corruption: share, seed: seedRule, ...IMAGE_ROWS_RULES },
  },
  defaults: {
    ...{ alpha: 1, target: "global", updateInterval: 140, tolerance: 1e-3, nInit: 20 },
    ...{ learningRate: 0.01, momentum: 0.9, batchSize: 256, seed: 0 },
    pretrainBatchSize: AUTOENCODER_DEFAULTS.batchSize,
    layerEpochs: AUTOENCODER_DEFAULTS.layerEpochs,
    pretrainEpochs: AUTOENCODER_DEFAULTS.epochs,
    pretrainLearningRate: AUTOENCODER_DEFAULTS.learningRate,
    corruption: AUTOENCODER_DEFAULTS.corruption,
  },
  kernels: () => [
    ...AUTOENCODER_KERNELS,
    ...LLOYD_KERNELS,
    clustering.kmeansDistances,
    clustering.decTarget,
    clustering.studentT,
    clustering.studentTBackward,
    copy,
    weightedDifference,
    argExtremum,
    sgdMomentum,
  ],
};
