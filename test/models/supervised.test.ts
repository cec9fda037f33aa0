import { describe, expect, test } from "vitest";
import { DeepCluster, Supervised } from "constella/vision";
import { describeDevices } from "../devices";
import { digits } from "./digits";
import { expectResumes } from "./resuming";

const OPTIONS = {
  network: { type: "mlp", layers: [64, 48, 24] },
  nClasses: 10,
  learningRate: 0.1,
  batchSize: 32,
  seed: 3,
} as const;

describeDevices("Supervised", (device) => {
  const { x, labels } = digits(193);

  test("learns the digits that it is shown", async () => {
    const model = await new Supervised({ ...OPTIONS, device: await device() }).fit(x, labels, { epochs: 15 });
    expect(await model.score(x, labels)).toBeGreaterThan(0.9);
    const p = await model.probabilities(x);
    expect(p.shape).toEqual([193, 10]);
    for (let i = 0; i < 193; i++)
      expect(p.data.subarray(10 * i, 10 * i + 10).reduce((a, b) => a + b)).toBeCloseTo(1, 4);
    model.dispose();
  });

  test("stopped, saved, loaded and gone on with, it ends where an uninterrupted run does", async () => {
    const made = await device();
    await expectResumes(
      {
        make: () => new Supervised({ ...OPTIONS, device: made }),
        load: (bytes) => Supervised.load(bytes, { device: made }),
        fit: (model, how) => model.fit(x, labels, { epochs: 3, ...how }),
        ask: async (model) => (await model.probabilities(x)).data,
      },
      3,
    );
  });

  test("fine-tuning begins with the other model's features, which stay as they are", async () => {
    const made = await device();
    const { nClasses: _, ...shared } = OPTIONS;
    const other = await new DeepCluster({ ...shared, nClusters: 12, device: made }).fit(x, { epochs: 2 });
    const before = await other.transform(x);
    const model = await new Supervised({ ...OPTIONS, device: made }).startFrom(other);
    expect((await model.transform(x)).data).toEqual(before.data);
    await model.fit(x, labels, { epochs: 2 });
    expect((await other.transform(x)).data).toEqual(before.data);
    expect((await model.transform(x)).data).not.toEqual(before.data);
    other.dispose();
    model.dispose();
  });

  test("labels are checked", async () => {
    const model = new Supervised({ ...OPTIONS, device: await device() });
    const bad = Int32Array.from(labels);
    bad[5] = 10;
    await expect(model.fit(x, bad)).rejects.toThrow("Supervised.fit: labels must be from 0 to 9, got 10 at 5");
    await expect(model.fit(x, labels.subarray(1))).rejects.toThrow(
      "Supervised.fit: labels must be one an item, got 192 for 193 items",
    );
    await model.fit(x, labels, { epochs: 1 });
    const others = labels.map((label) => (label + 1) % 10);
    await expect(model.fit(x, others, { epochs: 2 })).rejects.toThrow(
      "Supervised.fit: training must go on with the same data of 193 items, got others; make a new model for them",
    );
    model.dispose();
  });
});

describe("Supervised's options", () => {
  test("one class is none", () => {
    expect(() => new Supervised({ ...OPTIONS, nClasses: 1 })).toThrow(
      "Supervised: nClasses must be a whole number from 2, got 1",
    );
  });
});
