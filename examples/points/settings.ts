// The model that is shipped: its network, and how it is trained.
import type { CalibrateOptions } from "constella";
import type { LearningToClusterOptions } from "constella/sets";

/** Sets that the model is measured on have this many points. */
export const LENGTH = 72;

/** Six residual layers of 96 features on Fourier features of the points, cells that remember a whole set from the start; Adam. */
export const NETWORK = {
  itemShape: [2],
  embedding: { type: "fourier", frequencies: 4 },
  kMax: 5,
  layers: 6,
  units: 96,
  countUnits: 32,
  gates: "sigmoid",
  memory: 72,
  dropout: 0,
  optimizer: { type: "adam", learningRate: 3e-3 },
  schedule: { type: "cosine", warmup: 300, final: 0.01 },
  clipNorm: 1,
  pairWeights: { same: 1.054, different: 0.946 },
  seed: 1,
} as const satisfies LearningToClusterOptions;

/** A part of the training, in which the learning rate rises and falls once. */
export interface Phase {
  readonly length: number;
  readonly iterations: number;
  /** How frequent sets of 1, 2, … clusters are. Default: all alike. */
  readonly frequencies?: readonly number[];
}

/** Short sets first, which cost half as much and teach what a cluster is; last those of many clusters more often, which are harder. */
export const PHASES: readonly Phase[] = [
  { length: 36, iterations: 1000 },
  { length: LENGTH, iterations: 11_000 },
  { length: LENGTH, iterations: 6000, frequencies: [1, 2, 3, 4, 4] },
  { length: LENGTH, iterations: 30_000, frequencies: [1, 2, 3, 4, 4] },
];

export const BATCH = 64;
export const VALIDATE_EVERY = 250;
export const VALIDATION_SETS = 200;

/** How the model learns which sets are unlike those of its training. */
export const CALIBRATION = {
  ...{ sets: 1500, length: LENGTH, orders: 8, view: "turned", falseAlarms: 0.01, seed: 5 },
} as const satisfies CalibrateOptions;

/** Where the shipped model lies, from the root of the repository. */
export const MODEL = "examples/points/model";
