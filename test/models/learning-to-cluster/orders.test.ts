import { NdArray } from "constella";
import type { SetClustering } from "constella/sets";
import { averageOrders } from "../../../src/models/learning-to-cluster/orders";
import { describe, expect, test } from "vitest";
import { deviceOf } from "../../devices";
import { begun } from "./small";

describe("averageOrders", () => {
  const clustering = (...rows: number[][]): SetClustering => ({
    ...{ k: 2, labels: new Int32Array(rows.length), counts: Float32Array.of(0.25, 0.75) },
    assignments: [
      new NdArray(new Float32Array(rows.length).fill(1), [rows.length, 1]),
      new NdArray(Float32Array.from(rows.flat()), [rows.length, 2]),
    ],
  });

  test("items go back to their places, clusters take the names of the first order, probabilities are averaged", () => {
    const first = clustering([0.75, 0.25], [0.25, 0.75], [1, 0]);
    const second = { ...clustering([0.5, 0.5], [0, 1], [1, 0]), counts: Float32Array.of(0.75, 0.25) }; // items 2, 0, 1; the clusters' names changed over
    const { k, labels, counts, assignments } = averageOrders(
      [first, second],
      [Uint32Array.of(0, 1, 2), Uint32Array.of(2, 0, 1)],
    );
    expect([...counts]).toEqual([0.5, 0.5]);
    expect(k).toBe(1);
    expect([...labels]).toEqual([0, 0, 0]);
    expect([...assignments[1]!.data]).toEqual([0.875, 0.125, 0.125, 0.875, 0.75, 0.25]);
  });

  test("a model's first order is the given one; one seed gives the same clustering", async () => {
    const model = await begun(await deviceOf("wasm"));
    const set = [
      [-1, 0],
      [1, 0],
      [0.9, 0.2],
      [0, 0.5],
    ];
    const [one, same] = [await model.predict(set), await model.predict(set, { orders: 1, seed: 5 })];
    expect(same).toEqual(one);
    const many = await model.predict(set, { orders: 4, seed: 5 });
    expect(many).toEqual(await model.predict(set, { orders: 4, seed: 5 }));
    expect(many.counts.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
    for (const [i, { data }] of many.assignments.entries())
      for (let row = 0; row < 4; row++)
        expect(data.subarray(row * (i + 1), (row + 1) * (i + 1)).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
    // a view is what the network sees: the set mirrored is clustered as the mirrored set, and passes are given one after another
    const mirrored = set.map(([x, y]) => [-x!, y!]);
    const passes: number[] = [];
    const view = (given: NdArray<Float32Array>, pass: number): NdArray<Float32Array> => {
      passes.push(pass);
      return new NdArray(
        given.data.map((value, i) => (i % 2 === 0 ? -value : value)),
        given.shape,
      );
    };
    expect(await model.predict(set, { view })).toEqual(await model.predict(mirrored));
    expect(await model.predict(set, { orders: 3, seed: 5, view })).toEqual(
      await model.predict(mirrored, { orders: 3, seed: 5 }),
    );
    expect(passes).toEqual([0, 0, 1, 2]);
    const fewer = (given: NdArray<Float32Array>): NdArray<Float32Array> => new NdArray(given.data.slice(0, 4), [2, 2]);
    await expect(model.predict(set, { view: fewer })).rejects.toThrow(
      "LearningToCluster.predict: a view must have all",
    );
    await expect(model.predict(set, { orders: 0 })).rejects.toThrow("LearningToCluster.predict: orders must be");
    model.dispose();
  });
});
