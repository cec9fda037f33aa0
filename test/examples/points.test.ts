// Tables 6 and 9 of "Learning to Cluster", and the shipped model, on so few sets that it takes seconds, within the errors of that many.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  dbscanKnee,
  dbscanOf,
  kmeans2,
  standardizeColumns,
  THESIS,
  TUNED,
  tuneDbscan,
} from "../../examples/points/baselines";
import { curveFromCsv, curveToCsv, toCurve } from "../../examples/points/curves";
import { evaluate, latencies } from "../../examples/points/evaluate";
import { matched, renderPoints } from "../../examples/points/report";
import { MODEL } from "../../examples/points/settings";
import { MEASURES, type Estimate } from "../../examples/scores";
import { generatedPoints, randomClusterings, randomLabels } from "../../examples/points/tables";
import { POINT_SETS } from "../../examples/web/playground/worker/samples";
import { PointsProvider, readFile, standardizePoints } from "../../src/data";
import { accuracy, LearningToCluster, NdArray, Random, requestDevice, type Device } from "../../src/index";

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

test("DBSCAN takes a thin arc for a cluster once its eps is searched for, with labels and without", async () => {
  const arc = standardizeColumns(
    Float32Array.from({ length: 144 }, (_, i) => (i % 2 === 0 ? Math.cos : Math.sin)((Math.PI * (i >> 1)) / 71)),
  );
  const truth = new Int32Array(72);
  const thesis = await dbscanOf(THESIS)(arc, 1);
  expect(thesis.filter((label) => label < 0).length).toBeGreaterThan(10);
  expect([...(await dbscanOf(TUNED)(arc, 1))]).toEqual([...truth]);
  expect((await dbscanKnee(arc, 1)).filter((label) => label < 0).length).toBeLessThan(10);
  const agreement = (a: Int32Array, b: Int32Array): number => accuracy(a, b);
  const found = await tuneDbscan([{ points: arc, labels: truth }], agreement);
  expect(found.mean).toBe(1);
});

test("kmeans2 separates what is far apart, and bears points that coincide", () => {
  const points = Float32Array.of(0, 0, 0.1, 0, 0, 0.1, 9, 9, 9.1, 9, 9, 9.1);
  const random = new Random(3);
  const runs = Array.from({ length: 20 }, () => [...kmeans2(standardizeColumns(points), 2, random)].join(""));
  expect(runs).toContain("000111");
  expect([...kmeans2(standardizeColumns(new Float32Array(8)), 2, random)]).toEqual([0, 0, 0, 0]);
});

test("the shipped model is small, finds more than k-means++ that is told k, and does so on a page", async () => {
  const file = await readFile(`${MODEL}/points.safetensors`);
  expect(file.length).toBeLessThan(2e6);
  const model = await LearningToCluster.load(file, { device });
  const evaluation = await evaluate(model, device, { sets: 100, seed: 3, show: 1 });
  const { model: own, told, plusPlus, dbscan, dbscanTuned } = evaluation.rows;
  expect(own.nmi.mean).toBeGreaterThan(0.89);
  expect(own.mr.mean).toBeLessThan(0.09);
  expect(own.nmi.mean).toBeGreaterThan(plusPlus.nmi.mean + 0.03);
  expect(own.mr.mean).toBeLessThan(plusPlus.mr.mean);
  expect(own.nmi.mean).toBeGreaterThan(dbscanTuned.nmi.mean);
  expect(dbscanTuned.nmi.mean).toBeGreaterThan(dbscan.nmi.mean);
  expect(told.mr.mean).toBeLessThanOrEqual(own.mr.mean);
  expect(evaluation.counts.flat().reduce((sum, count) => sum + count, 0)).toBe(100);
  expect(evaluation.shown.map(({ k }) => k)).toEqual([1, 2, 3, 4, 5]);
  const times = await latencies(model, [5, 72], 2);
  expect(times.map(({ n }) => n)).toEqual([5, 72]);
  const points = curveFromCsv(new TextDecoder().decode(await readFile(`${MODEL}/learning-curve.csv`)));
  const parameters = model.network.parameters().reduce((sum, { size }) => sum + size, 0);
  const trainings = [{ name: "residual layers", points }];
  const page = await renderPoints({ evaluation, latencies: times, trainings, parameters, device: "none", seed: 3 });
  expect(page.match(/<svg/g)!.length).toBeGreaterThanOrEqual(5 * 4);
  expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
  model.dispose();
});

test("found clusters take the names of the true ones that they match best", () => {
  const truth = Int32Array.of(2, 2, 2, 0, 0, 1, 1, 1);
  expect([...matched(truth, Int32Array.of(0, 0, 0, 1, 1, 2, 2, 2))]).toEqual([...truth]);
  const [a, b, c, d, ...others] = matched(truth, Int32Array.of(0, 0, 3, -1, 1, 2, 2, 2));
  expect([a, b, d]).toEqual([2, 2, -1]);
  expect([0, 1, 2]).not.toContain(c);
  expect(others).toEqual([0, 1, 1, 1]);
});

test("learning curves go on over phases, and through a CSV file", () => {
  const record = (iteration: number) => ({
    ...{ stage: "", epoch: 1, loss: 1.5, validationLoss: 1.25, countAccuracy: 0.5, NMI: 0.75, learningRate: 0.001 },
    iteration,
  });
  const curve = toCurve([10, 20, 10, 20, 30].map(record));
  expect(curve.map(({ iteration }) => iteration)).toEqual([10, 20, 30, 40, 50]);
  expect(curve.map(({ phase }) => phase)).toEqual([1, 1, 2, 2, 2]);
  expect(curveFromCsv(curveToCsv(curve))).toEqual(curve);
});

describe("whether a set is like those that the shipped model has learned", () => {
  let model: LearningToCluster;
  beforeAll(async () => {
    model = await LearningToCluster.load(await readFile(`${MODEL}/points.safetensors`), { device });
  });
  afterAll(() => model.dispose());

  /** 300 points of a set of the playground, as that shows them to the model, and their groups. */
  const shown = (name: string, seed: number, n = 300) => {
    const { x, truth } = POINT_SETS[name]!();
    const rows = new Random(seed).permutation(truth.length).slice(0, n);
    const points = Float32Array.from({ length: 2 * n }, (_, i) => x.data[2 * rows[i >> 1]! + (i & 1)]!);
    standardizePoints(points);
    return { points: new NdArray(points, [n, 2]), truth: Int32Array.from(rows, (row) => truth[row]!) };
  };

  test.each([
    ["blobs", false],
    ["moons", false],
    ["rings", false],
    ["spirals", true],
  ] as const)("the playground's %s: an accuracy of 0.95, or it says that they are unlike: %s", async (name, unlike) => {
    for (const seed of [0, 1]) {
      const { points, truth } = shown(name, seed);
      const found = await model.examine(points);
      expect(found.unlike).toBe(unlike);
      if (!unlike) expect(accuracy(truth, found.labels)).toBeGreaterThan(0.95);
    }
  });

  test("so few of the moons that there are gaps: what it gets wrong it does not expect to be right", async () => {
    let wrong = 0;
    for (let seed = 0; seed < 6; seed++) {
      const { points, truth } = shown("moons", seed, 72);
      const { labels, confidence } = await model.examine(points);
      expect(confidence).toBeLessThanOrEqual(1.000001);
      if (accuracy(truth, labels) > 0.95) continue;
      wrong++;
      expect(confidence).toBeLessThan(0.95);
    }
    expect(wrong).toBeGreaterThan(0);
  });

  test("fresh sets of the training are like them", async () => {
    const { items } = new PointsProvider().sample("test", 40, 72, new Random(12));
    let alarms = 0;
    for (let i = 0; i < 40; i++)
      alarms += Number((await model.examine(new NdArray(items.data.slice(144 * i, 144 * (i + 1)), [72, 2]))).unlike);
    expect(alarms).toBeLessThanOrEqual(3);
  });
});
