import { LearningToCluster } from "constella/sets";
import type { Device } from "constella";
import type { LearningToClusterOptions, SetProvider } from "constella/sets";
import { expect } from "vitest";
import { STILL } from "../untrained";
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

/** Trains a network, and another by steps that move nothing; on the sets that both are trained on, the same ones, what was learned must show. */
export async function trainedOn(
  provider: SetProvider,
  device: Device,
  options: Partial<LearningToClusterOptions>,
  fit: Parameters<LearningToCluster["fit"]>[1],
): Promise<LearningToCluster> {
  const { optimizer = SMALL.optimizer } = options;
  const [model, still] = [
    small(device, options),
    small(device, { ...options, optimizer: { ...optimizer, learningRate: STILL } }),
  ];
  for (const each of [model, still]) await each.fit(provider, fit);
  const [learned, untrained] = [model, still].map(({ history }) => history.at(-1)!.loss);
  expect(learned).toBeLessThan(0.9 * untrained!);
  still.dispose();
  return model;
}
