import { describe, expect, test } from "vitest";
import { nmi } from "constella";
import { SelfLabeling } from "constella/vision";
import { describeDevices } from "../devices";
import { digits } from "./digits";
import { expectResumes } from "./resuming";
import { STILL } from "./untrained";

const OPTIONS = {
  network: { type: "mlp", layers: [64, 48, 24] },
  nClusters: 10,
  learningRate: 0.05,
  batchSize: 32,
  updates: 12,
  sinkhornIterations: 40,
  seed: 3,
} as const;

describeDevices("SelfLabeling", (device) => {
  const { x, labels } = digits(193);

  test("fills all classes evenly, and they are those of digits in part", async () => {
    const model = new SelfLabeling({ ...OPTIONS, heads: 2, balance: true, device: await device() });
    await model.fit(x, { epochs: 6 });
    for (const head of [0, 1]) {
      const counts = new Array<number>(10).fill(0);
      for (const label of model.labelsOf(head)) counts[label]!++;
      expect(Math.max(...counts) - Math.min(...counts)).toBe(1);
      expect((await model.predict(x, head)).length).toBe(193);
    }
    expect(model.labels).toEqual(model.labelsOf(0));
    const untrained = new SelfLabeling({
      ...OPTIONS,
      heads: 2,
      balance: true,
      learningRate: STILL,
      device: await device(),
    });
    await untrained.fit(x, { epochs: 6 });
    const measures = (of: SelfLabeling): number[] => [
      nmi(labels, of.labels),
      nmi(of.labelsOf(0), of.labelsOf(1)),
      of.history[0]!.loss / of.history.at(-1)!.loss,
    ];
    const bounds = [0.47, 0.45, 1.2];
    measures(model).forEach((value, i) => expect(value).toBeGreaterThan(bounds[i]!));
    measures(untrained).forEach((value, i) => expect(value).toBeLessThan(bounds[i]!));
    untrained.dispose();
    expect(model.history.length).toBe(6);
    expect((await model.transform(x)).shape).toEqual([193, 24]);
    model.dispose();
  });

  test("with a linear schedule and alternating heads it goes on as one that was not stopped", async () => {
    const options = {
      ...OPTIONS,
      heads: 2,
      schedule: "linear",
      updateHeads: "alternating",
      device: await device(),
    } as const;
    await expectResumes(
      {
        make: () => new SelfLabeling(options),
        load: (bytes) => SelfLabeling.load(bytes, { device: options.device }),
        fit: (model, how) => model.fit(x, { epochs: 3, ...how }),
        ask: async (model) => [model.labels, model.labelsOf(1), (await model.transform(x)).data],
      },
      4,
    );
  });

  test("items that are all the same end without NaN, in classes of equal size", async () => {
    const same = { data: new Float32Array(20 * 64).fill(0.5), shape: [20, 64] };
    const model = await new SelfLabeling({ ...OPTIONS, balance: true, device: await device() }).fit(same, {
      epochs: 2,
    });
    expect(model.history.every(({ loss }) => Number.isFinite(loss))).toBe(true);
    const counts = new Array<number>(10).fill(0);
    for (const label of model.labels) counts[label]!++;
    expect(counts).toEqual(new Array<number>(10).fill(2));
    model.dispose();
  });

  test("data and use", async () => {
    const model = new SelfLabeling({ ...OPTIONS, nClusters: 30, device: await device() });
    expect(() => model.labels).toThrow("SelfLabeling.labels: call fit first");
    await expect(model.fit(digits(20).x)).rejects.toThrow(
      "SelfLabeling.fit: nClusters must be at most the number of rows, got 30 for 20 rows",
    );
    model.dispose();
  });
});

describe("SelfLabeling's options", () => {
  test.each([
    [{ nClusters: 0 }, "SelfLabeling: nClusters must be a whole number from 1, got 0"],
    [{ heads: 0 }, "SelfLabeling: heads must be a whole number from 1, got 0"],
    [{ lambda: -1 }, "SelfLabeling: lambda must be positive, got -1"],
    [{ schedule: "cubic" as "linear" }, "SelfLabeling: schedule must be quadratic or linear, got cubic"],
    [{ updateHeads: "none" as "all" }, "SelfLabeling: updateHeads must be all or alternating, got none"],
  ])("%o", (options, message) => {
    expect(() => new SelfLabeling({ ...OPTIONS, ...options })).toThrow(message);
  });
});
