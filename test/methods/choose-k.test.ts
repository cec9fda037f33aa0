// How many clusters: every criterion finds the number that was drawn, and one where there is one.
import { KMeans, NdArray } from "constella";
import { chooseK, type Criterion } from "constella/methods";
import { describe, expect, test } from "vitest";
import { stream } from "../../src/random";
import { deviceOf } from "../devices";

/** Normals about the corners of a simplex, `distance` deviations apart. */
function blobs(k: number, d: number, n: number, distance: number, seed = 0): NdArray<Float64Array> {
  const random = stream(seed, "blobs");
  const data = Float64Array.from({ length: n * d }, (_, i) => {
    const [row, column] = [Math.floor(i / d), i % d];
    return random.normal() + (k > 1 && row % k === column % k ? distance / Math.SQRT2 : 0);
  });
  return new NdArray(data, [n, d]);
}

const device = await deviceOf("wasm");
const make = (nClusters: number): KMeans => new KMeans({ nClusters, seed: 0, nInit: 3, device });
const CRITERIA: readonly Criterion[] = [
  "silhouette",
  "simplifiedSilhouette",
  "daviesBouldin",
  "calinskiHarabasz",
  "gap",
  "bic",
  "stability",
];

describe.each(CRITERIA)("%s", (criterion) => {
  test.each([
    [3, 3, 8],
    [5, 6, 10],
  ])("finds %i clusters in %i dimensions", async (k, d, distance) => {
    const x = blobs(k, d, 200, distance);
    const found = await chooseK(make, x, [2, 8], { criterion, device });
    expect(found.k).toBe(k);
    expect(found.reason).toMatch(new RegExp(`^${k}: `));
    expect(new Set(found.labels).size).toBe(k);
    // every cluster is one of the drawn ones
    const pairs = new Set([...found.labels].map((label, i) => `${label} ${i % k}`));
    expect(pairs.size).toBe(k);
  });

  test.each([2, 5])("says one cluster of one normal in %i dimensions", async (d) => {
    const { k, reason, labels } = await chooseK(make, blobs(1, d, 200, 0, 1), [2, 6], { criterion, device });
    expect(k).toBe(1);
    expect(reason).toMatch(/^1: /);
    expect(new Set(labels)).toEqual(new Set([0]));
  });
});

test.each(["silhouette", "daviesBouldin", "calinskiHarabasz"] as const)(
  "a wide range finds no clusters by chance in few uniform points: %s",
  async (criterion) => {
    for (let seed = 0; seed < 4; seed++) {
      const random = stream(seed, "uniform 64");
      const x = new NdArray(
        Float64Array.from({ length: 128 }, () => random.uniform()),
        [64, 2],
      );
      expect((await chooseK(make, x, [2, 12], { criterion, seed, device })).k).toBe(1);
    }
  },
);

test.each(CRITERIA)("%s answers within the range: one cluster is none of those from 3 on", async (criterion) => {
  const { k, scores } = await chooseK(make, blobs(1, 2, 90, 0, 1), [3, 5], {
    criterion,
    references: 4,
    resamples: 4,
    device,
  });
  expect(k).toBeGreaterThanOrEqual(3);
  expect(scores.map((score) => score.k)).toEqual([3, 4, 5]);
});

test("offsets of 1e9 do not matter, and a seed gives the same answer", async () => {
  const x = blobs(3, 2, 120, 10);
  const far = new NdArray(
    x.data.map((value) => value + 1.7e9),
    x.shape,
  );
  const [near, moved, again] = await Promise.all([x, far, far].map((data) => chooseK(make, data, [2, 5], { device })));
  expect([near!.k, moved!.k]).toEqual([3, 3]);
  expect(again).toEqual(moved);
});

test("bad input is one clear line", async () => {
  const x = blobs(2, 2, 20, 5);
  await expect(chooseK(make, x, [2, 20])).rejects.toThrow(
    "chooseK: range must be two whole numbers, 1 <= least <= most < 20 rows, most at least 2, got [2,20]",
  );
  await expect(chooseK(make, [[1, NaN]], [2, 3])).rejects.toThrow(
    "chooseK: x must be finite, got NaN at row 0, column 1",
  );
  const short = { fit: () => Promise.resolve(), labels: new Int32Array(3), dispose: () => undefined };
  await expect(chooseK(() => short as never, x, [2, 3])).rejects.toThrow(
    "chooseK: the model must give each of 20 rows a label, got 3 labels",
  );
  await expect(chooseK(make, x, [2, 3], { criterion: "elbow" as Criterion })).rejects.toThrow(
    `chooseK: criterion must be one of ${CRITERIA.join(", ")}, got elbow`,
  );
  await expect(chooseK(make, x, [2, 3], { references: 2 })).rejects.toThrow(
    "chooseK: references must be 0 or from 3 on, each is held against the others, got 2",
  );
  await expect(chooseK(make, x, [2, 3], { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});
