import { evaluateSets, labelsFor } from "constella/sets";
import type { NdArray } from "constella";
import type { LearningToCluster, SetProvider } from "constella/sets";
import { describe, expect, test } from "vitest";
import { deviceOf } from "../../devices";
import { lineSets } from "./line-sets";
import { begun, FIT, small } from "./small";

describe("LearningToCluster, what it is given", () => {
  const model = async (): Promise<LearningToCluster> => small(await deviceOf("wasm"));
  const trained = async (): Promise<LearningToCluster> => begun(await deviceOf("wasm"));
  const provider = (change: Partial<SetProvider>): SetProvider => ({ ...lineSets(), ...change });

  test.each([
    ["an empty set", [], "LearningToCluster.predict: the set must not be empty"],
    ["items of unequal shape", [[1, 2], [1]], "LearningToCluster.predict: the set must not be ragged"],
    [
      "items of another shape",
      [[1, 2, 3]],
      "LearningToCluster.predict: the set must be [1, 2], items of the model's shape",
    ],
    ["NaN", [[1, NaN]], "LearningToCluster.predict: the set must be finite"],
  ])("%s", async (_, set, message) => {
    await expect((await trained()).predict(set)).rejects.toThrow(message);
  });

  test("more clusters than the model tells apart", async () => {
    await expect((await model()).fit(provider({ kMax: 4 }), FIT)).rejects.toThrow(
      "the provider makes sets of up to 4 clusters, the model tells at most 3 apart (kMax)",
    );
  });

  test("a provider whose sets are not as it says", async () => {
    const sets = lineSets();
    const counts: SetProvider["sample"] = (...of) =>
      ({ ...(sets.sample(...of) as object), counts: new Int32Array(8).fill(7) }) as never;
    await expect((await model()).fit(provider({ sample: counts }), FIT)).rejects.toThrow(
      "a set must have 1 to 3 clusters (kMax), got 7 in set 0",
    );
    const labels: SetProvider["sample"] = (...of) =>
      ({ ...(sets.sample(...of) as object), labels: new Int32Array(48).fill(-1) }) as never;
    await expect((await model()).fit(provider({ sample: labels }), FIT)).rejects.toThrow(
      "labels of set 0 must be from 0 to",
    );
    await expect((await model()).fit(provider({ itemShape: [3] }), FIT)).rejects.toThrow(
      "the provider's items are [3], the model takes [2]",
    );
  });

  test("scores of a perfect and of a blind clusterer", async () => {
    const byPlace = ({ data, shape }: NdArray<Float32Array>): number[] =>
      Array.from({ length: shape[0]! }, (_, i) => Math.round(data[2 * i]!) + 1);
    const perfect = await evaluateSets(byPlace, lineSets(), { sets: 60, length: 10 });
    expect(perfect).toEqual({
      ...{ sets: 60, nmi: { mean: 1, standardError: 0 }, bbnNorm: { mean: 1, standardError: 0 } },
      ...{ mr: { mean: 0, standardError: 0 }, countAccuracy: { mean: 1, standardError: 0 } },
    });
    const blind = await evaluateSets(({ shape }) => new Int32Array(shape[0]!), lineSets(), { sets: 60, length: 10 });
    expect(blind.countAccuracy.mean).toBeCloseTo(1 / 3, 0);
    expect(blind.nmi.standardError).toBeGreaterThan(0.03);
  });

  test("forward dropout: P(k) of many runs, and their most frequent values", async () => {
    const learned = await trained();
    const set = [-1, 0.9, -1.1, 0, 1, 0.1].map((x) => [x, 0]);
    const found = await learned.forwardDropout(set, { runs: 30, seed: 2 });
    expect(found.runs.shape).toEqual([30, 3]);
    expect(new Set(found.runs.data).size).toBeGreaterThan(60);
    const total = found.histograms.data.reduce((a, b) => a + b);
    expect(total).toBeCloseTo(3, 4);
    expect(found).toEqual(await learned.forwardDropout(set, { runs: 30, seed: 2 }));
    expect(labelsFor(found, found.k)).toEqual(found.labels);
    learned.dispose();
  });
});
