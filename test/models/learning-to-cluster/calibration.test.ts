import { NdArray, Random } from "constella";
import { LearningToCluster } from "constella/sets";
import type { SetClustering } from "constella/sets";
import { agreement, leastAgreements } from "../../../src/models/learning-to-cluster/calibration";
import { turned } from "../../../src/models/learning-to-cluster/views";
import { describe, expect, test } from "vitest";
import { deviceOf } from "../../devices";
import { lineSets } from "./line-sets";
import { begun, FIT, small } from "./small";

describe("the view turned", () => {
  const random = new Random(3);
  const points = new NdArray(
    Float32Array.from({ length: 80 }, (_, i) => (i % 2 === 0 ? 9 : 2) * random.normal() + 40),
    [40, 2],
  );

  test("both axes have one width in every pass, mean 0, and variance 1 together; the first pass is not turned", () => {
    for (let pass = 0; pass < 5; pass++) {
      const { data } = turned(points, pass);
      const axes = [0, 1].map((axis) => data.filter((_, i) => i % 2 === axis));
      const width = axes.map((values) => Math.max(...values) - Math.min(...values));
      expect(width[0]).toBeCloseTo(width[1]!, 4);
      for (const values of axes) expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 3);
      expect(data.reduce((sum, value) => sum + value * value, 0) / 80).toBeCloseTo(1, 4);
    }
    const order = (values: Float32Array): number[] => [...values.keys()].sort((a, b) => values[a]! - values[b]!);
    const column = (data: Float32Array): Float32Array => data.filter((_, i) => i % 2 === 0);
    expect(order(column(turned(points, 0).data))).toEqual(order(column(points.data)));
    expect(order(column(turned(points, 1).data))).not.toEqual(order(column(points.data)));
  });

  test("points that coincide or lie on a line stay finite; items that are no points are refused", () => {
    const same = turned(new NdArray(new Float32Array(6).fill(7), [3, 2]), 1);
    expect([...same.data]).toEqual([0, 0, 0, 0, 0, 0]);
    const line = turned(new NdArray(Float32Array.of(1, 5, 2, 5, 3, 5), [3, 2]), 0);
    expect([...line.data].every(Number.isFinite)).toBe(true);
    expect(() => turned(new NdArray(new Float32Array(6), [2, 3]), 0)).toThrow(
      "view turned: items must be points of the plane, [n, 2], got [2, 3]",
    );
  });
});

describe("agreement", () => {
  /** A clustering of four items with P(2) = p, whose clusters among two are those. */
  const pass = (p: number, labels: readonly number[]): SetClustering => ({
    ...{ k: 2, labels: Int32Array.from(labels), counts: Float32Array.of(1 - p, p) },
    assignments: [
      new NdArray(new Float32Array(4).fill(1), [4, 1]),
      new NdArray(Float32Array.from(labels.flatMap((label) => (label === 0 ? [1, 0] : [0, 1]))), [4, 2]),
    ],
  });
  const same = Uint32Array.of(0, 1, 2, 3);

  test("is P(k) of each pass times how its clusters agree, whatever they are called and in whichever order it saw the items", () => {
    const mean = pass(0.75, [0, 0, 1, 1]);
    expect(agreement([mean], [same], mean)).toBeCloseTo(0.75, 6);
    expect(agreement([pass(0.5, [1, 1, 0, 0]), mean], [same, same], mean)).toBeCloseTo(0.625, 6);
    // items 2, 3, 0, 1
    expect(agreement([pass(1, [1, 1, 0, 0])], [Uint32Array.of(2, 3, 0, 1)], mean)).toBeCloseTo(1, 6);
    // an ARI of −1/2 counts as none
    expect(agreement([pass(1, [0, 1, 0, 1])], [same], mean)).toBe(0);
  });

  test("what all but a share have, for each k that was found often enough, and of all sets for the others", () => {
    const found = Array.from({ length: 100 }, (_, i) => ({ k: 1, agreement: i / 100 }));
    for (let i = 0; i < 50; i++) found.push({ k: 2, agreement: 0.5 + i / 100 });
    found.push({ k: 3, agreement: 0.001 });
    expect(leastAgreements(found, 3, 0.1)).toEqual([
      0.1,
      0.55,
      [...found].map((f) => f.agreement).sort((a, b) => a - b)[15],
    ]);
  });
});

describe("examine", () => {
  const set = [-1, 0.9, -1.1, 0, 1, 0.1].map((x) => [x, 0]);

  test("wants a calibration, which a file keeps and further training forgets", async () => {
    const device = await deviceOf("wasm");
    const model = await begun(device);
    expect(model.calibration).toBeNull();
    await expect(model.examine(set)).rejects.toThrow("LearningToCluster.examine: call calibrate first");
    const calls: number[] = [];
    const made = await model.calibrate(lineSets(), {
      ...{ sets: 60, length: 6, orders: 3, falseAlarms: 0.05 },
      onProgress: (done) => calls.push(done),
    });
    expect(calls).toEqual([25, 50, 60]);
    expect(made).toMatchObject({ sets: 60, length: 6, orders: 3, view: null, falseAlarms: 0.05 });
    expect(made.least).toHaveLength(3);
    const found = await model.examine(set);
    expect(found).toMatchObject(await model.predict(set, { orders: 3 }));
    expect(found.leastAgreement).toBe(made.least[found.k - 1]);
    expect(found.unlike).toBe(found.agreement < found.leastAgreement);
    const { data } = found.assignments[found.k - 1]!;
    const largest = Array.from({ length: 6 }, (_, i) => Math.max(...data.subarray(found.k * i, found.k * (i + 1))));
    expect(found.confidence).toBeCloseTo(
      largest.reduce((sum, p) => sum + p / 6, 0),
      6,
    );
    for (const options of [{}, { weightsOnly: true }]) {
      const loaded = await LearningToCluster.load(await model.save(options), { device });
      expect(loaded.calibration).toEqual(made);
      expect(await loaded.examine(set)).toEqual(found);
      loaded.dispose();
    }
    await model.fit(lineSets(), { ...FIT, iterations: 2, validateEvery: 1 });
    expect(model.calibration).toBeNull();
    model.dispose();
  });

  test("takes as few fresh sets of those it learned for unlike as it was told", async () => {
    const model = small(await deviceOf("wasm"));
    await model.fit(lineSets(), { iterations: 100, batchSize: 16, length: 12, validateEvery: 50, validationSets: 20 });
    await model.calibrate(lineSets(), { sets: 300, length: 12, orders: 4, falseAlarms: 0.02 });
    const { items } = await lineSets().sample("test", 60, 12, new Random(8));
    let alarms = 0;
    for (let i = 0; i < 60; i++)
      alarms += Number((await model.examine(new NdArray(items.data.slice(24 * i, 24 * (i + 1)), [12, 2]))).unlike);
    expect(alarms).toBeLessThanOrEqual(5);
    model.dispose();
  });

  test("options that do not fit", async () => {
    const model = await begun(await deviceOf("wasm"));
    const refused = async (options: object, message: string): Promise<void> =>
      expect(model.calibrate(lineSets(), options)).rejects.toThrow(message);
    await refused({ orders: 1 }, "LearningToCluster.calibrate: orders must be a whole number from 2, got 1");
    await refused({ falseAlarms: 0 }, "LearningToCluster.calibrate: falseAlarms must be in (0, 1), got 0");
    await refused({ passes: 3 }, "unknown option passes");
    await refused({ view: "mirrored", sets: 1, length: 6 }, "view: must be turned or a function, got mirrored");
    model.dispose();
  });
});
