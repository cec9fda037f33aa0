import { LearningToCluster } from "constella/sets";
import type { Device } from "constella";
import type { LearningToClusterOptions } from "constella/sets";
import { lineSets } from "./line-sets";

const SMALL = {
  ...{ itemShape: [2], kMax: 3, layers: 3, units: 16, countUnits: 8, seed: 4 },
  pairWeights: { same: 1, different: 1 },
  optimizer: { type: "adam", learningRate: 1e-2 },
} as const satisfies LearningToClusterOptions;

/** A few iterations for it. */
export const FIT = { iterations: 6, batchSize: 8, length: 6, validateEvery: 3, validationSets: 10 } as const;

/** A network that computes in an instant. */
export const small = (device: Device, options: Partial<LearningToClusterOptions> = {}): LearningToCluster =>
  new LearningToCluster({ ...SMALL, device, ...options });

/** The same after a single iteration. */
export const begun = (device: Device, options: Partial<LearningToClusterOptions> = {}): Promise<LearningToCluster> =>
  small(device, options).fit(lineSets(), { ...FIT, iterations: 1, validateEvery: 1 });
