// Tables 6 and 9 of "Learning to Cluster", on so few sets that it takes seconds, within the errors of that many.
import { afterAll, beforeAll, expect, test } from "vitest";
import { kmeans2, standardizeColumns } from "../../examples/points/baselines";
import { MEASURES, type Estimate } from "../../examples/points/scores";
import { generatedPoints, randomClusterings, randomLabels } from "../../examples/points/tables";
import { Random, requestDevice, type Device } from "../../src/index";

let device: Device;
beforeAll(async () => {
  device = await requestDevice("wasm", { threads: 0 });
});
afterAll(() => device.destroy());

/** Within four standard errors of both. */
function agree({ mean, error }: Estimate, expected: number, expectedError = 0): void {
  expect(Math.abs(mean - expected)).toBeLessThan(4 * Math.hypot(error, expectedError));
}

test("random labels: every cluster has two members or more", () => {
  const random = new Random(1);
  for (let i = 0; i < 200; i++) {
    const labels = randomLabels(20, 1 + (i % 5), random);
    const sizes = [0, 1, 2, 3, 4].map((l) => labels.filter((label) => label === l).length);
    expect(sizes.filter((size) => size > 0)).toHaveLength(1 + (i % 5));
    expect(sizes.every((size) => size !== 1)).toBe(true);
  }
});

test("table 6: random clusterings of 20 and 72 items", () => {
  const tables = [
    [20, { nmi: 0.3411, bbn: 0.5479, mrGreedy: 0.4236, mr: 0.4124 }],
    [72, { nmi: 0.2329, bbn: 0.4839, mrGreedy: 0.4853, mr: 0.4757 }],
  ] as const;
  for (const [n, expected] of tables) {
    const found = randomClusterings(n, 100, new Random(n));
    for (const measure of MEASURES) expect(Math.abs(found[measure].mean - expected[measure])).toBeLessThan(0.01);
  }
});

test("table 9: k-means and DBSCAN on generated points", async () => {
  const { kmeans2: one, plusPlus, dbscan } = await generatedPoints(150, new Random(9), device);
  agree(one.nmi, 0.7965, 0.0142);
  agree(one.bbn, 0.8333, 0.0093);
  agree(one.mrGreedy, 0.1784, 0.0152);
  agree(plusPlus.nmi, 0.8273, 0.0045);
  agree(plusPlus.mrGreedy, 0.1346, 0.003);
  agree(dbscan.nmi, 0.6768, 0.0201);
  agree(dbscan.bbn, 0.7356, 0.0136);
  agree(dbscan.mrGreedy, 0.2651, 0.0149);
});

test("kmeans2 separates what is far apart, and bears points that coincide", () => {
  const points = Float32Array.of(0, 0, 0.1, 0, 0, 0.1, 9, 9, 9.1, 9, 9, 9.1);
  const random = new Random(3);
  const runs = Array.from({ length: 20 }, () => [...kmeans2(standardizeColumns(points), 2, random)].join(""));
  expect(runs).toContain("000111");
  expect([...kmeans2(standardizeColumns(new Float32Array(8)), 2, random)]).toEqual([0, 0, 0, 0]);
});
