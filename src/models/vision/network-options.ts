// Options that every method on a feature network has: the network, how it is trained, and what changes its items.
import type { Device } from "../../device";
import type { DeviceOption } from "../../lifecycle/model";
import { NETWORK_RULE } from "../../nn/network-spec";
import type { NetworkSpec } from "../../nn/network-spec";
import type { AugmentOptions } from "../../ops/images/augment-options";
import { integer, positive, range, seed as seedRule, share } from "../../options";
import type { Rules } from "../../options";
import { AUGMENTATION_RULE } from "./image-changes";
import type { Augmentation } from "./image-changes";

/** Options of every method that trains a network. */
export interface NetworkOptions {
  /** The network below the classifier. */
  readonly network: NetworkSpec;
  /** Of SGD. */
  readonly learningRate?: number;
  readonly momentum?: number;
  /** L2 penalty, on every parameter. */
  readonly weightDecay?: number;
  readonly batchSize?: number;
  /**
   * Batches whose mean statistics batch normalisation goes by where features are computed for clustering or for the caller (Wu and
   * Johnson 2021, section 3). 0: the running ones that training leaves, which lag behind weights that change fast. Default 32.
   */
  readonly statisticsBatches?: number;
  readonly seed?: number;
  /** Default: `requestDevice()`. */
  readonly device?: Device | undefined;
  /** What changes images at random in training: options of `augment`, or a function, which `load` wants again. Default: nothing does. */
  readonly augment?: AugmentOptions | Augmentation | undefined;
}

/** Options of `transform`. */
export interface TransformOptions {
  /** A layer of the network by its name (`network.layerNames`): block1, block2, … and hidden of a VGG, hidden1, … of an MLP. Default: the features. */
  readonly at?: string | undefined;
}

/** Options of `load`: what a checkpoint cannot hold. */
export interface LoadOptions extends DeviceOption {
  /** Needed where the network was made by a function. */
  readonly network?: NetworkSpec | undefined;
  readonly augment?: AugmentOptions | Augmentation;
  /** In place of the one that training was begun with. */
  readonly learningRate?: number | undefined;
}

/** Settings that every method keeps in its checkpoints. */
export type NetworkSettings = Required<Omit<NetworkOptions, "device" | "augment">> & Pick<NetworkOptions, "augment">;

/** Settings where the caller gives none: those of the comparison on telescope images. */
export const NETWORK_DEFAULTS = {
  ...{ learningRate: 1e-3, momentum: 0.9, weightDecay: 1e-5, batchSize: 256 },
  ...{ statisticsBatches: 32, seed: 0 },
};

/** Passes over the data where `fit` is told none. */
export const NETWORK_EPOCHS = 50;

/** Rules of the options that all have. */
export const NETWORK_RULES: Rules<NetworkSettings> = {
  ...{ network: NETWORK_RULE, learningRate: positive, momentum: share, weightDecay: range(0), batchSize: integer(1) },
  ...{ statisticsBatches: integer(0), seed: seedRule, augment: AUGMENTATION_RULE },
};
