import { LearningToCluster } from "constella";
import type { Device, LearningToClusterOptions } from "constella";
import { describe, expect, test } from "vitest";
import { describeDevices, deviceOf } from "../devices";
import { lineSets } from "./sets";

const SMALL = {
  ...{ itemShape: [2], kMax: 3, layers: 3, units: 16, countUnits: 8, seed: 4 },
  pairWeights: { same: 1, different: 1 },
  optimizer: { type: "adam", learningRate: 1e-2 },
} as const satisfies LearningToClusterOptions;

const FIT = { iterations: 6, batchSize: 8, length: 6, validateEvery: 3, validationSets: 10 } as const;

const small = (device: Device, options: Partial<LearningToClusterOptions> = {}): LearningToCluster =>
  new LearningToCluster({ ...SMALL, device, ...options });

describe("LearningToCluster", () => {
  test("learns to cluster points on a line, and clusters sets of other lengths", async () => {
    const model = small(await deviceOf("wasm"));
    await model.fit(lineSets(), { ...FIT, iterations: 160, batchSize: 24, length: 8, validateEvery: 40 });
    expect(model.history.map(({ iteration }) => iteration)).toEqual([40, 80, 120, 160]);
    expect(Math.min(...model.history.map(({ validationLoss }) => validationLoss))).toBe(model.best!.loss);
    expect(model.history.at(-1)!.NMI).toBeGreaterThan(0.9);
    const [first, second] = await model.predictSets([
      [
        [-1, 0],
        [1, 0],
        [-1.02, 0],
        [0.98, 0],
        [1, 0.03],
      ],
      [[0, 0]],
    ]);
    const { labels } = first!;
    expect(labels[0]).toBe(labels[2]);
    expect(labels[1]).toBe(labels[3]);
    expect(labels[1]).toBe(labels[4]);
    expect(labels[1]).not.toBe(labels[0]);
    expect(second).toMatchObject({ k: 1, labels: Int32Array.of(0) });
    model.dispose();
  });
});

describeDevices("LearningToCluster", (device) => {
  test("a training that was stopped, saved and loaded ends as one that was not", async () => {
    const own = await device();
    const whole = await small(own).fit(lineSets(), FIT);
    const half = small(own);
    const controller = new AbortController();
    let sampled = 0;
    const provider = lineSets();
    const counting: typeof provider = {
      ...provider,
      sample: (part, batch, length, random) => {
        if (part === "train" && ++sampled === 4) controller.abort(new Error("enough"));
        return provider.sample(part, batch, length, random);
      },
    };
    await expect(half.fit(counting, { ...FIT, signal: controller.signal })).rejects.toThrow("enough");
    const loaded = await LearningToCluster.load(await half.save(), { device: own });
    await loaded.fit(provider, FIT);
    expect(await loaded.save()).toEqual(await whole.save());
    for (const model of [whole, half, loaded]) model.dispose();
  });
});
