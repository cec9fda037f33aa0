import { describe, expect, test } from "vitest";
import { nmi } from "constella";
import { OnlineDeepCluster } from "constella/vision";
import { describeDevices } from "../devices";
import { digits } from "./digits";
import { STILL } from "./untrained";

const OPTIONS = {
  network: { type: "mlp", layers: [64, 48, 24] },
  nClusters: 12,
  learningRate: 0.05,
  batchSize: 32,
  centroidInterval: 3,
  seed: 3,
} as const;

describeDevices("OnlineDeepCluster", (device) => {
  const { x, labels } = digits(193);

  test.each(["dot", "nearest"] as const)("clusters digits, assigned by %s", async (assignment) => {
    const options = { ...OPTIONS, assignment, device: await device() };
    const model = await new OnlineDeepCluster(options).fit(x, { epochs: 16 });
    const untrained = await new OnlineDeepCluster({ ...options, learningRate: STILL }).fit(x, { epochs: 16 });
    expect(model.history.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
    const gain = (of: OnlineDeepCluster): number => of.history[0]!.loss / of.history.at(-1)!.loss;
    expect(gain(model)).toBeGreaterThan(1.5);
    expect(gain(untrained)).toBeLessThan(1.1);
    untrained.dispose();
    expect(model.history.every(({ loss, clusters }) => Number.isFinite(loss) && clusters === 12)).toBe(true);
    expect(nmi(labels, model.labels)).toBeGreaterThan(0.65);
    const counts = new Array<number>(12).fill(0);
    for (const label of model.labels) counts[label]!++;
    expect(Math.min(...counts)).toBeGreaterThan(0);
    const predicted = await model.predict(x);
    expect(nmi(predicted, model.labels)).toBeGreaterThan(0.6);
    expect(model.clusterCenters.shape).toEqual([12, 24]);
    expect((await model.transform(x)).shape).toEqual([193, 24]);
    model.dispose();
  });

  test("items that are all the same, and as many clusters as items, end without NaN or an endless loop", async () => {
    const same = { data: new Float32Array(20 * 64).fill(0.5), shape: [20, 64] };
    const dead = { data: new Float32Array(20 * 64), shape: [20, 64] };
    for (const [items, nClusters] of [
      [same, 3],
      [same, 20],
      [dead, 3],
    ] as const) {
      const model = await new OnlineDeepCluster({ ...OPTIONS, nClusters, device: await device() }).fit(items, {
        epochs: 2,
      });
      expect(model.history.every(({ loss }) => Number.isFinite(loss))).toBe(true);
      expect(model.clusterCenters.data.every(Number.isFinite)).toBe(true);
      expect(new Set(model.labels).size).toBe(nClusters);
      model.dispose();
    }
  });

  test("data and use", async () => {
    const model = new OnlineDeepCluster({ ...OPTIONS, nClusters: 15, device: await device() });
    expect(() => model.labels).toThrow("OnlineDeepCluster.labels: call fit first");
    await expect(model.predict(x)).rejects.toThrow("OnlineDeepCluster.predict: call fit first");
    await expect(model.fit(digits(10).x)).rejects.toThrow(
      "OnlineDeepCluster.fit: nClusters must be at most the number of rows, got 15 for 10 rows",
    );
    await model.fit(digits(40).x, { epochs: 1 });
    await expect(model.fit(digits(50).x)).rejects.toThrow(
      "OnlineDeepCluster.fit: training must go on with the same data of 40 items, got others; make a new model for them",
    );
    model.dispose();
  });
});

describe("OnlineDeepCluster's options", () => {
  test.each([
    [{ nClusters: 0 }, "OnlineDeepCluster: nClusters must be a whole number from 1, got 0"],
    [{ memoryMomentum: 0 }, "OnlineDeepCluster: memoryMomentum must be above 0 and at most 1, got 0"],
    [{ minCluster: 0 }, "OnlineDeepCluster: minCluster must be a whole number from 1, got 0"],
    [{ assignment: "far" as "dot" }, "OnlineDeepCluster: assignment must be dot or nearest, got far"],
  ])("%o", (options, message) => {
    expect(() => new OnlineDeepCluster({ ...OPTIONS, ...options })).toThrow(message);
  });
});
