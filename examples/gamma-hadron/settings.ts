// How much of everything the study takes: about nine minutes on two cores for the small setting.
import type { AugmentOptions } from "constella";
import type { Source } from "./images";

/** The methods that train a network without labels, as they are named in files and tables. */
export const METHODS = ["deep-cluster", "online-deep-cluster", "self-labeling"] as const;
export type MethodName = (typeof METHODS)[number];

/** What a classifier with the same labels makes of the images without a network, or of a network that has learned nothing. */
export const TRIVIAL = ["pixels", "brightness", "moments", "brightest", "random-blocks"] as const;
export type TrivialName = (typeof TRIVIAL)[number];

/** Those that a source has: a garment's brightness is no measure of a shower. */
export const trivialOf = (source: Source): readonly TrivialName[] =>
  source === "showers" || source === "magic" ? TRIVIAL : ["pixels", "random-blocks"];

/** What stands beside them. */
export const BASELINES = ["k-means", "mini-batch-k-means"] as const;
export type BaselineName = (typeof BASELINES)[number];

export const TITLES: Readonly<Record<MethodName | BaselineName | TrivialName | "supervised" | "random", string>> = {
  "deep-cluster": "DeepCluster",
  "online-deep-cluster": "ODC",
  "self-labeling": "SeLa",
  "k-means": "k-means",
  "mini-batch-k-means": "mini-batch k-means",
  supervised: "supervised",
  random: "random weights",
  "random-blocks": "random weights, read at the last convolution block",
  pixels: "logistic regression on the pixels",
  brightness: "total brightness alone",
  moments: "six image moments",
  brightest: "the 200 brightest pixels, sorted",
};

/** Images, passes and clusters of a study. */
export interface Setting {
  /** Images that the methods train on. */
  readonly train: number;
  /** Labelled images of the probe, and those that it is measured on. */
  readonly probe: number;
  readonly test: number;
  /** Events of the observation that the significance is taken of, and the share of gammas among them. */
  readonly observation: number;
  readonly gammaShare: number;
  /** Passes of every method, and of the probe. */
  readonly epochs: number;
  readonly probeEpochs: number;
  readonly batchSize: number;
  readonly blocks: number;
  /** Numbers of clusters that the clusterings are compared at. */
  readonly clusters: readonly number[];
  /** Number of clusters of each method in the tables of accuracy and significance. */
  readonly best: Readonly<Record<MethodName, number>>;
  readonly learningRate: Readonly<Record<MethodName | "supervised", number>>;
}

const SMALL: Setting = {
  train: 2000,
  probe: 2000,
  test: 2000,
  observation: 4000,
  gammaShare: 0.1,
  epochs: 6,
  probeEpochs: 30,
  batchSize: 64,
  blocks: 2,
  clusters: [2, 16, 32, 256],
  best: { "deep-cluster": 32, "online-deep-cluster": 32, "self-labeling": 32 },
  learningRate: { "deep-cluster": 0.05, "online-deep-cluster": 0.05, "self-labeling": 0.05, supervised: 0.05 },
};

const SIZES = {
  small: {},
  medium: { train: 5000, test: 4000, epochs: 12 },
  full: { train: 20_000, probe: 8000, test: 5000, observation: 20_000, epochs: 30 },
} as const satisfies Record<string, Partial<Setting>>;

/** How many images and passes. */
export type Size = keyof typeof SIZES;
export const SIZE_NAMES = Object.keys(SIZES) as Size[];

/** The setting of a size. Of ten classes there are more clusters to tell apart, and more layers to tell them apart by. */
export function settingOf(source: Source, size: Size): Setting {
  const manyClasses = source === "fashion-mnist" || source === "mnist";
  const best = { "deep-cluster": 64, "online-deep-cluster": 64, "self-labeling": 64 };
  return { ...SMALL, ...SIZES[size], ...(manyClasses && { best, blocks: 3 }) };
}

/** Options of the methods that are not their defaults. */
export const METHOD_OPTIONS: Readonly<Record<MethodName, Readonly<Record<string, number>>>> = {
  "deep-cluster": {},
  "online-deep-cluster": {},
  "self-labeling": { heads: 4, lambda: 10, updates: 12 },
};

/** A camera has no up or down. */
const ANY_SIDE_UP: AugmentOptions = { flip: { horizontal: 0.5, vertical: 0.5 }, rotate: 180 };
const ANY_SIZE: AugmentOptions = { crop: { scale: [0.3, 1] }, jitter: { brightness: 0.4, contrast: 0.4 } };

/** What changes nothing in what an image shows. */
export const AUGMENTATION: Readonly<Record<Source, AugmentOptions>> = {
  showers: ANY_SIDE_UP,
  magic: ANY_SIDE_UP,
  "fashion-mnist": { flip: 0.5, ...ANY_SIZE },
  mnist: ANY_SIZE,
};
