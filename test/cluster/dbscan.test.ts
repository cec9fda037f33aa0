import { describe, expect, test } from "vitest";
import { adjustedRandIndex, DBSCAN, requestDevice } from "constella";
import { NdArray } from "../../src/ndarray";
import { uniforms } from "../uniforms";
import { goldenCases } from "./golden";

/** The definition, by all pairs. */
function byDefinition(x: readonly number[][], eps: number, minSamples: number): { labels: number[]; cores: number[] } {
  const near = x.map((a) =>
    x.flatMap((b, j) => (a.reduce((sum, v, c) => sum + (v - b[c]!) ** 2, 0) <= eps * eps ? [j] : [])),
  );
  const cores = x.flatMap((_, i) => (near[i]!.length >= minSamples ? [i] : []));
  const labels = x.map(() => -1);
  let clusters = 0;
  for (const start of cores) {
    if (labels[start] !== -1) continue;
    const stack = [start];
    labels[start] = clusters;
    while (stack.length > 0)
      for (const j of near[stack.pop()!]!) {
        if (labels[j] !== -1) continue;
        labels[j] = clusters;
        if (cores.includes(j)) stack.push(j);
      }
    clusters++;
  }
  return { labels, cores };
}

describe("DBSCAN", () => {
  test.each(goldenCases("dbscan"))("$name", async ({ attrs, input, output }) => {
    const dbscan = new DBSCAN({ eps: attrs["eps"]!, minSamples: attrs["minSamples"]! });
    expect(Array.from(await dbscan.fitPredict(input("x")))).toEqual(output("labels").values);
    const core = new Array<number>(dbscan.labels.length).fill(0);
    for (const i of dbscan.coreSampleIndices) core[i] = 1;
    expect(core).toEqual(output("core").values);
  });

  /** The radius where the ascending distances to the k-th other point bend, by all pairs. */
  function kneeByDefinition(x: readonly number[][], k: number, step = 1): number {
    const distances = x
      .filter((_, i) => i % step === 0)
      .map((a) => Float64Array.from(x, (b) => a.reduce((sum, v, c) => sum + (v - b[c]!) ** 2, 0)).sort()[k]!)
      .map(Math.sqrt)
      .sort((p, q) => p - q);
    const [first, last] = [distances[0]!, distances.at(-1)!];
    const below = distances.map((value, i) => first + ((last - first) * i) / (distances.length - 1) - value);
    return distances[below.indexOf(Math.max(...below))]!;
  }

  test.each([
    [1, 200, 4],
    [2, 300, 5],
    [5, 150, 1],
  ])("finds eps by itself at the knee, in %i dimensions, and keeps it", async (d, n, minSamples) => {
    const random = uniforms(d);
    const x = Array.from({ length: n }, (_, i) => Array.from({ length: d }, () => (i % 3) * 4 + random() ** 3));
    const dbscan = new DBSCAN({ eps: "knee", minSamples });
    expect(() => dbscan.eps).toThrow("DBSCAN.eps: call fit first");
    expect(dbscan.chosen).toEqual({});
    await dbscan.fit(x);
    expect(dbscan.eps).toBeCloseTo(kneeByDefinition(x, Math.max(1, minSamples - 1)), 12);
    expect(dbscan.chosen).toEqual({ eps: dbscan.eps });
    expect(Array.from(dbscan.labels)).toEqual(byDefinition(x, dbscan.eps, minSamples).labels);
    const loaded = await DBSCAN.load(await dbscan.save());
    expect(loaded.eps).toBe(dbscan.eps);
    expect([...(await loaded.predict(x))]).toEqual([...dbscan.labels]);
  });

  test.each([300, 5200])("finds the knee of %i points in twenty dimensions, where no tree helps", async (n) => {
    const [random, d] = [uniforms(20), 20];
    const x = Array.from({ length: n }, (_, i) => Array.from({ length: d }, () => (i % 3) * 4 + random() ** 3));
    const device = await requestDevice("wasm", { threads: 1 });
    const { eps } = await new DBSCAN({ eps: "knee", minSamples: 4, device }).fit(x);
    device.destroy();
    expect(eps / kneeByDefinition(x, 3, Math.ceil(n / 5000))).toBeCloseTo(1, 9);
  });

  test("finds near clusters that are one at larger radii", async () => {
    const random = uniforms(5);
    const disc = (x: number, y: number): number[] => {
      const [angle, r] = [2 * Math.PI * random(), Math.sqrt(random())];
      return [x + r * Math.cos(angle), y + r * Math.sin(angle)];
    };
    // two discs a half apart, and one far from both: two clusters last longer than three
    const x = Array.from({ length: 600 }, (_, i) => disc([0, 2.5, 9][i % 3]!, 0));
    const found = await new DBSCAN({ eps: "stable", minSamples: 5 }).fitPredict(x);
    expect(
      adjustedRandIndex(
        Int32Array.from(x, (_, i) => i % 3),
        found,
      ),
    ).toBeGreaterThan(0.95);
  });

  test("finds eps amid a wide range with as many clusters", async () => {
    const random = uniforms(4);
    // three groups 10 apart, of points that are at most 0.2 apart
    const x = Array.from({ length: 90 }, (_, i) => [10 * (i % 3) + (i % 30) * 0.1 + 0.1 * random(), random() * 0.1]);
    const dbscan = await new DBSCAN({ eps: "stable", minSamples: 3 }).fit(x);
    expect(new Set(dbscan.labels)).toEqual(new Set([0, 1, 2]));
    expect(dbscan.eps).toBeGreaterThan(0.4);
    expect(dbscan.eps).toBeLessThan(7);
    expect(Array.from(dbscan.labels)).toEqual(byDefinition(x, dbscan.eps, 3).labels);
    const square = Array.from({ length: 300 }, () => [random(), random()]);
    const one = await new DBSCAN({ eps: "stable", minSamples: 5 }).fit(square);
    expect(one.labels.filter((label) => label === 0).length).toBeGreaterThan(280);
  });

  test.each(["knee", "stable"] as const)(
    "%s where there is little to find: points that coincide, one point, a grid",
    async (eps) => {
      const labels = async (x: number[][]): Promise<number[]> => [
        ...(await new DBSCAN({ eps, minSamples: 2 }).fitPredict(x)),
      ];
      expect(await labels([[1], [1], [1]])).toEqual([0, 0, 0]);
      expect(await labels([[5]])).toEqual([-1]);
      const grid = Array.from({ length: 12_000 }, (_, i) => [i % 100, Math.floor(i / 100)]);
      expect(new Set(await labels(grid))).toEqual(new Set([0]));
      expect(() => new DBSCAN({ eps: "elbow" as "knee" })).toThrow(/eps must be positive, or knee or stable, got/);
    },
  );

  test.each([
    [1, 200, 0.02, 4],
    [2, 300, 0.06, 5],
    [3, 250, 0.17, 6],
    [7, 150, 0.5, 3],
  ])("agrees with the definition in %i dimensions", async (d, n, eps, minSamples) => {
    const random = uniforms(d);
    const x = Array.from({ length: n }, () => Array.from({ length: d }, random));
    const want = byDefinition(x, eps, minSamples);
    expect(new Set(want.labels).size).toBeGreaterThan(3);
    const dbscan = await new DBSCAN({ eps, minSamples }).fit(x);
    expect(Array.from(dbscan.labels)).toEqual(want.labels);
    expect(Array.from(dbscan.coreSampleIndices)).toEqual(want.cores);
  });

  test.each([
    [13, 70, 0, 1],
    [50, 300, 1e6, 1],
    [50, 130, 0, 1e-150],
    [600, 90, 0, 1e15],
  ])("agrees with the definition by products, in %i dimensions", async (d, n, offset, scale) => {
    const random = uniforms(d + n);
    const minSamples = 4;
    // whole numbers, of which many pairs lie at eps exactly, and rows that coincide
    const x = Array.from({ length: n }, (_, i) =>
      Array.from({ length: d }, () => (i % 3) * 9 + Math.floor(3 * random())),
    );
    const alike = x.map((row, i) => (i % 7 === 6 ? x[i - 3]! : row).map((value) => (value + offset) * scale));
    const squared = alike.flatMap((a, i) =>
      alike.slice(0, i).map((b) => Math.round(a.reduce((sum, value, c) => sum + ((value - b[c]!) / scale) ** 2, 0))),
    );
    const reach = Math.sqrt(squared.sort((a, b) => a - b)[Math.floor(squared.length / 20)]!);
    const want = byDefinition(alike, reach * scale, minSamples);
    expect(new Set(want.labels).size).toBeGreaterThan(1);
    const dbscan = await new DBSCAN({ eps: reach * scale, minSamples }).fit(alike);
    expect(Array.from(dbscan.labels)).toEqual(want.labels);
    expect(Array.from(dbscan.coreSampleIndices)).toEqual(want.cores);
    expect(Array.from(await dbscan.predict(alike))).toEqual(want.labels);
  });

  test("more pairs than are kept: found anew for each pass", async () => {
    const random = uniforms(6);
    const n = 4110;
    const x = new NdArray(
      Float64Array.from({ length: 13 * n }, (_, at) => 90 * Math.floor(at / 13 / (n - 9)) + random()),
      [n, 13],
    );
    const { labels } = await new DBSCAN({ eps: 5, minSamples: 10 }).fit(x);
    expect(labels.every((label, i) => label === (i < n - 9 ? 0 : -1))).toBe(true);
  });

  test("the ball is closed, a point is its own neighbour, a border point joins the first cluster", async () => {
    expect(Array.from(await new DBSCAN({ eps: 1, minSamples: 2 }).fitPredict([[0], [1], [2.5], [3.5], [9]]))).toEqual([
      0, 0, 1, 1, -1,
    ]);
    expect(Array.from(await new DBSCAN({ eps: 0.1, minSamples: 1 }).fitPredict([[5], [7]]))).toEqual([0, 1]);
    // 1 lies within 0.9 of a core point at 1.9 and of one at 0.1; the cluster of the lower row is the first
    const between = [[1.9], [2], [2.1], [2.2], [1], [0.1], [0], [-0.1], [-0.2]];
    expect(Array.from(await new DBSCAN({ eps: 0.9, minSamples: 4 }).fitPredict(between))).toEqual([
      0, 0, 0, 0, 0, 1, 1, 1, 1,
    ]);
  });

  test("twenty thousand points", async () => {
    const random = uniforms(1);
    const n = 20000;
    const x = new NdArray(
      Float32Array.from({ length: 2 * n }, (_, i) => (Math.floor(i / 2) % 4) * 10 + random()),
      [n, 2],
    );
    const labels = await new DBSCAN({ eps: 0.1, minSamples: 5 }).fitPredict(x);
    expect(Array.from(labels.subarray(0, 8))).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    expect(labels.every((label, i) => label === i % 4)).toBe(true);
  });

  test("refuses bad options and data", async () => {
    expect(() => new DBSCAN({ eps: 0 })).toThrow("DBSCAN: eps must be positive, or knee or stable, got 0");
    expect(() => new DBSCAN({ minSamples: 0 })).toThrow("DBSCAN: minSamples must be a whole number from 1, got 0");
    expect(() => new DBSCAN().labels).toThrow("DBSCAN.labels: call fit first");
    await expect(new DBSCAN().fit([[1, NaN]])).rejects.toThrow(/DBSCAN\.fit: .*NaN/);
  });
});
