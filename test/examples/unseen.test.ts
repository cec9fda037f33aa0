import { NdArray, Random, requestDevice } from "constella";
import { LearningToCluster } from "constella/sets";
import { ClassSets } from "../../src/data";
import type { SetProvider } from "constella/sets";
import { describe, expect, test } from "vitest";
import { MixedSets } from "../../examples/speakers/mixed";
import { cut } from "../../examples/speakers/voices";
import { bestThreshold, evaluate, METHODS, orOne } from "../../examples/unseen/evaluate";
import { renderUnseen } from "../../examples/unseen/report";
import type { StudyTest, UnseenStudy } from "../../examples/unseen/study";

/** Pictures [1, 2, 4] of ten classes of six: class c has a level of its own, c apart. */
const labels = Array.from({ length: 60 }, (_, i) => Math.floor(i / 6));
const images = {
  data: Float32Array.from({ length: 60 * 8 }, (_, i) => 10 * labels[Math.floor(i / 8)]! + (i % 7) / 10),
  shape: [60, 1, 2, 4],
};
const provider = new ClassSets(images, labels, { kMax: 3, shares: [0.4, 0.3, 0.3], replacement: false });
const LENGTH = 6;

describe("classes never seen", () => {
  test("k-means that is told k finds levels far apart, and every set is scored once by each method", async () => {
    const device = await requestDevice("wasm", { threads: 1 });
    const model = new LearningToCluster({ itemShape: [1, 2, 4], kMax: 3, layers: 1, units: 4, countUnits: 2, device });
    const fit = { iterations: 2, batchSize: 2, length: LENGTH, validationSets: 2 };
    await model.fit(provider, { ...fit, validateEvery: 1 });
    const evaluation = await evaluate(model, device, provider, "test", { sets: 30, length: LENGTH, seed: 1, show: 2 });
    const { rows, gains, counts, countAccuracy, shown } = evaluation;
    expect(rows.values.nmi.mean).toBeCloseTo(1, 12);
    expect(rows.values.mr.mean).toBe(0);
    // without layers before it, the embedding is the item
    expect(rows.embedding).toEqual(rows.values);
    expect(gains.embedding.nmi.mean).toBeCloseTo(rows.orders.nmi.mean - 1, 12);
    expect(gains.embedding.nmi.error).toBeCloseTo(rows.orders.nmi.error, 12);
    // levels far apart: silhouettes of two and three of them are near 1, those within one are not
    expect(rows.found.nmi.mean).toBeCloseTo(1, 12);
    expect(evaluation.threshold).toBeGreaterThan(0.2);
    expect(evaluation.threshold).toBeLessThan(0.98);
    expect(counts.flat().reduce((a, b) => a + b)).toBe(30);
    expect(countAccuracy).toBeCloseTo((counts[0]![0]! + counts[1]![1]! + counts[2]![2]!) / 30, 12);
    expect(shown.map(({ items }) => items.shape)).toEqual([
      [LENGTH, 1, 2, 4],
      [LENGTH, 1, 2, 4],
    ]);

    const study: UnseenStudy = {
      title: "Levels",
      lead: "Some.",
      origin: "Made here.",
      provider,
      tests: [],
      model: {},
      fit,
    };
    const tested: StudyTest = { id: "unseen", title: "Never seen", provider, part: "test" };
    const page = await renderUnseen({
      ...{ study, evaluations: [[tested, evaluation]], model, device: "a device", command: "a command" },
    });
    for (const title of Object.values(METHODS)) expect(page).toContain(title.replaceAll("'", "&#39;"));
    for (const section of ["unseen", "unseen-sets", "learning", "protocol"])
      expect(page).toContain(`<section id="${section}">`);
    expect(page.match(/data:image\/png/g)!.length).toBe(2 * LENGTH);
    model.dispose();
    device.destroy();
  });
});

test("the rule for one cluster: the threshold of largest mean NMI, below which a set is one", () => {
  const set = (score: number, truth: number[], labels = [0, 0, 1, 1]) => ({
    ...{ found: { score, labels: Int32Array.from(labels) }, truth: Int32Array.from(truth) },
  });
  const [one, two] = [
    [0, 0, 0, 0],
    [0, 0, 1, 1],
  ] as const;
  const sets = [set(0.2, [...one]), set(0.3, [...one]), set(0.7, [...two]), set(0.8, [...two])];
  expect(bestThreshold(sets)).toBeCloseTo(0.5, 12);
  expect(bestThreshold(sets.slice(2))).toBe(-1); // no set of one cluster: never one
  expect([...orOne(sets[0]!.found, 0.5)]).toEqual([0, 0, 0, 0]);
  expect([...orOne(sets[2]!.found, 0.5)]).toEqual([0, 0, 1, 1]);
});

describe("speech", () => {
  test("recordings are cut into windows that do not overlap", () => {
    const mel = new NdArray(
      Uint8Array.from({ length: 2 * 3 * 7 }, (_, i) => i),
      [2, 1, 3, 7],
    );
    const { windows, labels: voices } = cut({ mel, steps: [7, 5], names: ["a", "b"] }, 2);
    expect([windows.shape, voices]).toEqual([
      [5, 1, 3, 2],
      [0, 0, 0, 1, 1],
    ]);
    expect([...windows.data.subarray(6, 12)]).toEqual([2, 3, 9, 10, 16, 17]);
    expect([...windows.data.subarray(24)]).toEqual([23, 24, 30, 31, 37, 38]);
  });

  test("sets come from each of a part's providers", async () => {
    const constant = (value: number, itemShape = [2]): SetProvider => ({
      ...{ itemShape, kMax: 2 },
      sample: (_, batch, length) => ({
        items: new NdArray(new Float32Array(batch * length * 2).fill(value), [batch, length, 2]),
        labels: new Int32Array(batch * length),
        counts: new Int32Array(batch).fill(1),
      }),
    });
    const mixed = new MixedSets({ train: [constant(1), constant(1), constant(2)], test: [constant(3)] });
    const { items, labels: found, counts } = await mixed.sample("train", 300, 4, new Random(1));
    expect([items.shape, found.length, counts.length]).toEqual([[300, 4, 2], 1200, 300]);
    const ones = Array.from({ length: 300 }, (_, i) => items.data[8 * i]!).filter((value) => value === 1).length;
    expect(ones).toBeGreaterThan(170);
    expect(ones).toBeLessThan(230);
    expect((await mixed.sample("test", 2, 4, new Random(1))).items.data).toEqual(new Float32Array(16).fill(3));
    await expect(mixed.sample("validation", 1, 4, new Random(1))).rejects.toThrow(
      "MixedSets: validation has no provider",
    );
    expect(() => new MixedSets({ train: [constant(1), constant(1, [3])] })).toThrow("[3] and [2]");
    expect(() => new MixedSets({})).toThrow("there must be a provider");
  });
});
