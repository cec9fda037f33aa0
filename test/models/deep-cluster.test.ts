import { describe, expect, test } from "vitest";
import { nmi, Random } from "constella";
import { DeepCluster } from "constella/vision";
import { uniformSample } from "../../src/models/vision/deep-cluster";
import { describeDevices } from "../devices";
import { digits } from "./digits";
import { STILL } from "./untrained";

const OPTIONS = {
  network: { type: "mlp", layers: [64, 48, 24] },
  nClusters: 12,
  components: 16,
  learningRate: 0.05,
  batchSize: 32,
  seed: 3,
} as const;

describeDevices("DeepCluster", (device) => {
  const { x, labels } = digits(193); // 6 · 32 + 1: a last batch of one is left out

  test("clusters digits, and what it found is what it predicts", async () => {
    const often = { ...OPTIONS, learningRate: 0.1, batchSize: 8, device: await device() };
    const model = await new DeepCluster(often).fit(x, { epochs: 8 });
    const untrained = await new DeepCluster({ ...often, learningRate: STILL }).fit(x, { epochs: 8 });
    expect(model.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(model.history[0]!["nmi"]).toBe(0);
    // a head is new in each epoch: what makes its loss fall is what the network learned
    const gain = (of: DeepCluster): number => of.history[0]!.loss / of.history.at(-1)!.loss;
    expect(gain(model)).toBeGreaterThan(1.3);
    expect(gain(untrained)).toBeLessThan(1.05);
    expect(nmi(labels, model.labels)).toBeGreaterThan(0.65);
    untrained.dispose();
    expect(await model.predict(x)).toEqual(model.labels);
    expect((await model.transform(x)).shape).toEqual([193, 24]);
    model.dispose();
  });

  test.each(["shuffled", "reordered"] as const)("samples %s as well", async (sampling) => {
    const model = await new DeepCluster({ ...OPTIONS, sampling, device: await device() }).fit(x, { epochs: 1 });
    expect(Number.isFinite(model.history[0]!.loss)).toBe(true);
    model.dispose();
  });

  test("a network of the user's own is asked for again", async () => {
    const made = await device();
    const { MLP } = await import("constella");
    const network = (
      ...[on, random]: ConstructorParameters<typeof MLP> extends [infer D, unknown, infer R] ? [D, R] : never
    ) => new MLP(on, { layers: [64, 8] }, random);
    const model = await new DeepCluster({ ...OPTIONS, network, device: made }).fit(x, { epochs: 1 });
    const bytes = await model.save();
    await expect(DeepCluster.load(bytes, { device: made })).rejects.toThrow("give it again as the option network");
    const loaded = await DeepCluster.load(bytes, { device: made, network });
    expect(await loaded.predict(x)).toEqual(model.labels);
    model.dispose();
    loaded.dispose();
  });

  test("data and use", async () => {
    const model = new DeepCluster({ ...OPTIONS, nClusters: 30, device: await device() });
    expect(() => model.labels).toThrow("DeepCluster.labels: call fit first");
    await expect(model.predict(x)).rejects.toThrow("DeepCluster.predict: call fit first");
    await expect(model.fit(digits(20).x)).rejects.toThrow(
      "DeepCluster.fit: nClusters must be at most the number of rows, got 30 for 20 rows",
    );
    await expect(model.fit([[1, 2]])).rejects.toThrow("DeepCluster.fit: x must have 64 values a row, got 2");
    model.dispose();
  });
});

describe("DeepCluster's options", () => {
  test.each([
    [{ nClusters: 0 }, "DeepCluster: nClusters must be a whole number from 1, got 0"],
    [{ components: 1.5 }, "DeepCluster: components must be a whole number from 1, got 1.5"],
    [{ learningRate: 0 }, "DeepCluster: learningRate must be positive, got 0"],
    [{ momentum: 1 }, "DeepCluster: momentum must be in [0, 1), got 1"],
    [{ sampling: "all" as "uniform" }, "DeepCluster: sampling must be one of uniform, shuffled, reordered, got all"],
  ])("%o", (options, message) => {
    expect(() => new DeepCluster({ ...OPTIONS, ...options })).toThrow(message);
  });
});

describe("the label-uniform sample", () => {
  test("serves clusters of 70, 20, 9 and 1 % alike", () => {
    const labels = Uint32Array.from({ length: 1000 }, (_, i) => (i < 700 ? 4 : i < 900 ? 1 : i < 990 ? 2 : 7));
    const shuffled = new Random(1).permutation(1000).map((i) => labels[i]!);
    const sample = uniformSample(shuffled, new Random(2));
    expect(sample.length).toBe(1000);
    const counts = new Map<number, number>();
    for (const i of sample) counts.set(shuffled[i]!, (counts.get(shuffled[i]!) ?? 0) + 1);
    expect([...counts.values()].every((count) => count >= 247 && count <= 251)).toBe(true);
    // no item of the large cluster twice
    const large = [...sample].filter((i) => shuffled[i] === 4);
    expect(new Set(large).size).toBe(large.length);
  });
});
