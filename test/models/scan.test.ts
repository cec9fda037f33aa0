import { describe, expect, test } from "vitest";
import { accuracy, NdArray, Random } from "constella";
import { SCAN } from "constella/vision";
import { describeDevices } from "../devices";
import { expectResumes } from "./resuming";
import { STILL } from "./untrained";

const SIDE = 12;

/** n pictures of 12 × 12: rings, crosses and pairs of bars, each somewhere, bright or pale, in noise. */
function shapes(n: number): { x: NdArray<Float32Array>; labels: Int32Array } {
  const random = new Random(7);
  const labels = Int32Array.from({ length: n }, (_, i) => i % 3);
  const x = new NdArray(new Float32Array(n * SIDE * SIDE), [n, SIDE, SIDE]);
  labels.forEach((label, i) => {
    const [top, left] = [5.5 + random.uniform(), 5.5 + random.uniform()];
    const light = 0.8 + 0.2 * random.uniform();
    for (let at = 0; at < SIDE * SIDE; at++) {
      const [down, across] = [Math.floor(at / SIDE) - top, (at % SIDE) - left];
      const [far, near] = [Math.max(Math.abs(down), Math.abs(across)), Math.min(Math.abs(down), Math.abs(across))];
      const ring = Math.abs(Math.hypot(down, across) - 3) < 0.8;
      const drawn = [ring, near < 0.8 && far < 4, Math.abs(Math.abs(across) - 2.5) < 0.8 && Math.abs(down) < 4][label]!;
      x.data[i * SIDE * SIDE + at] = Number(drawn) * light + 0.05 * random.uniform();
    }
  });
  return { x, labels };
}

const OPTIONS = {
  network: { type: "vgg", input: [1, SIDE, SIDE], blocks: 2, channels: 4, hidden: 16 },
  augment: { rotate: 10, crop: { padding: 1 }, distort: { magnitude: 1 } },
  clusterAugment: { rotate: 5 },
  ...{
    nClusters: 3,
    learningRate: 0.05,
    pretrainEpochs: 10,
    clusterEpochs: 10,
    heads: 3,
    nNeighbors: 8,
    projection: 16,
    batchSize: 16,
    seed: 1,
  },
} as const;

describeDevices("SCAN", (device, type) => {
  const { x, labels } = shapes(192);

  // conformance has the same on both devices
  if (type === "wasm")
    test("goes on as one that was not stopped, between its stages as well", async () => {
      const options = {
        ...OPTIONS,
        ...{ pretrainEpochs: 1, clusterEpochs: 1, threshold: 0.3, device: await device() },
      };
      const few = new NdArray(x.data.subarray(0, 40 * SIDE * SIDE), [40, SIDE, SIDE]);
      for (const reports of [1, 3, 5])
        await expectResumes(
          {
            make: () => new SCAN(options),
            load: (bytes) => SCAN.load(bytes, { device: options.device }),
            fit: (model, how) => model.fit(few, { epochs: 2, ...how }),
            ask: async (model) => [model.labels, (await model.softAssignments(few)).data],
          },
          reports,
        );
    });

  test("data and use", async () => {
    const model = new SCAN({ ...OPTIONS, device: await device() });
    expect(() => model.labels).toThrow("SCAN.labels: call fit first");
    await expect(model.predict(x)).rejects.toThrow("SCAN.predict: call fit first");
    const few = new NdArray(x.data.subarray(0, 8 * SIDE * SIDE), [8, SIDE, SIDE]);
    await expect(model.fit(few)).rejects.toThrow(
      "SCAN.fit: nNeighbors must be less than the number of items, got 8 for 8",
    );
    await expect(model.fit([[1, 2]])).rejects.toThrow("SCAN.fit: x must have 144 values a row, got 2");
    model.dispose();
    const { augment: _, ...plain } = OPTIONS;
    const blind = new SCAN({ ...plain, device: await device() });
    await expect(blind.fit(x)).rejects.toThrow(
      "SCAN.fit: augment must be given, what makes two views of an item, got none",
    );
    blind.dispose();
  });

  if (type === "wasm")
    test("finds shapes wherever they stand, which an untrained network does not", async () => {
      const made = await device();
      const model = await new SCAN({ ...OPTIONS, device: made }).fit(x, { epochs: 2 });
      const still = { learningRate: STILL, clusterLearningRate: STILL };
      const untrained = await new SCAN({ ...OPTIONS, ...still, device: made }).fit(x, { epochs: 2 });
      expect(accuracy(labels, model.labels)).toBeGreaterThan(0.95);
      expect(accuracy(labels, untrained.labels)).toBeLessThan(0.8);
      const losses = (of: SCAN): number[] =>
        of.history.filter(({ stage }) => stage === "SCAN.pretrain").map(({ loss }) => loss);
      expect(losses(model).at(-1)!).toBeLessThan(0.8 * losses(untrained)[0]!);
      expect(model.history.map(({ stage, epoch }) => `${stage} ${epoch}`).slice(-3)).toEqual([
        "SCAN.cluster 10",
        "SCAN.selflabel 1",
        "SCAN.selflabel 2",
      ]);
      expect(await model.predict(x)).toEqual(model.labels);
      const p = await model.softAssignments(x);
      expect(p.shape).toEqual([192, 3]);
      expect(p.data[0]! + p.data[1]! + p.data[2]!).toBeCloseTo(1, 5);
      for (const either of [model, untrained]) either.dispose();
    });
});

describe("SCAN's options", () => {
  test.each([
    [{ nClusters: 0 }, "SCAN: nClusters must be a whole number from 1, got 0"],
    [{ temperature: 0 }, "SCAN: temperature must be positive, got 0"],
    [{ heads: 0 }, "SCAN: heads must be a whole number from 1, got 0"],
    [{ threshold: 1.5 }, "SCAN: threshold must be from 0 to 1, got 1.5"],
  ])("%o", (options, message) => {
    expect(() => new SCAN({ ...OPTIONS, ...options })).toThrow(message);
  });
});
