import { expect, test } from "vitest";
import { internalMeasures } from "../../src/cli/run/internal-measures";
import { NdArray } from "../../src/ndarray";
import { blobs } from "../cluster/blobs";

test("of more than 10,000 items the silhouette is the simplified one; a single cluster has no measures", () => {
  const x = new NdArray(blobs(10_002, 2, 3, 1), [10_002, 2]);
  const labels = Int32Array.from({ length: 10_002 }, (_, i) => i % 3);
  const found = internalMeasures(x, labels);
  expect(Object.keys(found)).toEqual(["simplifiedSilhouette", "daviesBouldin", "calinskiHarabasz"]);
  expect(found["simplifiedSilhouette"]).toBeGreaterThan(0.5);
  labels.set([-1, -1]);
  expect(Object.keys(internalMeasures(x, labels))[0]).toBe("silhouette"); // 10,000 are left
  expect(internalMeasures(x, labels.fill(0))).toEqual({});
});
