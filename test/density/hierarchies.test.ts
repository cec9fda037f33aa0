import { NdArray, adjustedRandIndex } from "constella";
import { expect, test } from "vitest";
import { AgglomerativeClustering, HDBSCAN } from "../../src/density";
import type { CondensedTree } from "../../src/density";
import { uniforms } from "../uniforms";
import { reference } from "./hdbscan-reference";

type Rows = number[][];

/** scikit-learn's comparison sets, small: circles, moons, blobs of several widths, stretched blobs, no structure. */
const SETS: Readonly<Record<string, (random: () => number, n: number) => Rows>> = {
  circles: (random, n) => Array.from({ length: n }, (_, i) => {
    const angle = 2 * Math.PI * random();
    return [(i % 2 ? 1 : 0.5) * Math.cos(angle) + 0.1 * random(), (i % 2 ? 1 : 0.5) * Math.sin(angle) + 0.1 * random()];
  }),
  moons: (random, n) => Array.from({ length: n }, (_, i) => {
    const angle = Math.PI * random();
    return i % 2 ? [Math.cos(angle) + 0.1 * random(), Math.sin(angle)] : [1 - Math.cos(angle), 0.5 - Math.sin(angle) + 0.1 * random()];
  }),
  varied: (random, n) => Array.from({ length: n }, (_, i) => {
    const normal = (): number => Array.from({ length: 6 }, random).reduce((a, b) => a + b, -3);
    const width = [1, 2.5, 0.5][i % 3]!;
    return [10 * (i % 3) + width * normal(), 3 * (i % 2) + width * normal()];
  }),
  stretched: (random, n) => Array.from({ length: n }, (_, i) => {
    const [a, b] = [random() + 3 * (i % 3), random()];
    return [0.6 * a - 0.6 * b, -0.4 * a + 0.8 * b];
  }),
  uniform: (random, n) => Array.from({ length: n }, () => [random(), random()]),
  "six columns": (random, n) => Array.from({ length: n }, (_, i) => Array.from({ length: 6 }, () => random() + 2 * (i % 3))),
  "fourteen columns": (random, n) => Array.from({ length: n }, (_, i) => Array.from({ length: 14 }, () => random() + 2 * (i % 3))),
}; // prettier-ignore

/** The same names for clusters as the reference has: their points. */
function written({ n, parents, children, lambdas }: CondensedTree): string[] {
  const members = (cluster: number): number[] =>
    [...children].flatMap((child, e) => (parents[e] !== cluster ? [] : child < n ? [child] : members(child)));
  return [...new Set(parents)]
    .map((cluster) => {
      const own = [...children].flatMap((child, e) =>
        parents[e] === cluster && child < n ? [[child, lambdas[e]!] as const] : [],
      );
      const points = members(cluster).sort((a, b) => a - b);
      return `${points.join()}: ${own.sort((a, b) => a[0] - b[0]).map(([p, lambda]) => `${p} ${lambda.toPrecision(9)}`).join("; ")}`; // prettier-ignore
    })
    .sort();
}

test.each(Object.keys(SETS).flatMap((name) => (["eom", "leaf"] as const).map((method) => [name, method] as const)))(
  "HDBSCAN on %s by %s: labels and condensed tree of the definitions",
  async (name, method) => {
    const x = SETS[name]!(uniforms(11), 90);
    const want = reference(x, 6, 4, method);
    const found = await new HDBSCAN({ minClusterSize: 6, minSamples: 4, clusterSelectionMethod: method }).fit(x);
    expect(written(found.condensedTree)).toEqual(want.tree);
    expect(adjustedRandIndex(Int32Array.from(want.labels), found.labels)).toBe(1);
    expect([...found.labels].map((label) => label < 0)).toEqual(want.labels.map((label) => label < 0));
    found.labels.forEach((label, i) => {
      const probability = found.probabilities[i]!;
      expect(label < 0 ? probability === 0 : probability > 0 && probability <= 1).toBe(true);
      expect(found.outlierScores[i]).toBeGreaterThanOrEqual(0);
      expect(found.outlierScores[i]).toBeLessThanOrEqual(1);
    });
    for (const persistence of found.clusterPersistence) expect(persistence > 0 && persistence <= 1).toBe(true);
  },
);

test("HDBSCAN: duplicates, one blob, merged clusters, bad input", async () => {
  const random = uniforms(4);
  const doubled = [
    ...Array.from({ length: 20 }, () => [0, 0]),
    ...Array.from({ length: 20 }, () => [5 + random(), random()]),
  ];
  const { labels } = await new HDBSCAN().fit(doubled);
  expect(new Set(labels.subarray(0, 20)).size).toBe(1);
  expect(labels[0]).not.toBe(labels[20]);
  const blob = SETS["varied"]!(random, 60).map(([, b]) => [b! % 1, random()]);
  expect(
    Math.max(...(await new HDBSCAN({ minClusterSize: 25, allowSingleCluster: true }).fitPredict(blob))),
  ).toBeLessThanOrEqual(1);
  const three = SETS["six columns"]!(random, 90);
  expect(
    new Set(await new HDBSCAN({ clusterSelectionEpsilon: 100, allowSingleCluster: true }).fitPredict(three)),
  ).toEqual(new Set([0]));
  await expect(new HDBSCAN().fit([[1, 2]])).rejects.toThrow("HDBSCAN.fit: a hierarchy needs two points, got 1");
  expect(() => new HDBSCAN({ minClusterSize: 1 })).toThrow(/minClusterSize must be a whole number from 2, got 1/);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(new HDBSCAN().fit(three, { signal })).rejects.toThrow("enough");
});

test.each(["eom", "leaf"] as const)(
  "HDBSCAN by %s: new points fall into the clusters about them, others into none",
  async (method) => {
    const random = uniforms(8);
    const about = (k: number): number[] => [10 * (k % 3) + random(), 5 * (k % 2) + random(), random()];
    const truth = Int32Array.from({ length: 240 }, (_, i) => i % 6);
    const x = Array.from(truth, about);
    const found = await new HDBSCAN({ minClusterSize: 12, clusterSelectionMethod: method }).fit(x);
    const predicted = await found.predict(x);
    const inside = [...found.labels].filter((label, i) => label >= 0 && predicted[i] === label).length;
    expect(inside).toBeGreaterThan(0.95 * [...found.labels].filter((label) => label >= 0).length);
    if (method === "eom") {
      const others = Array.from({ length: 60 }, (_, i) =>
        about(i % 6).map((value) => 0.25 + 0.5 * (value % 1) + Math.floor(value)),
      );
      const labels = await found.predict(others);
      expect(adjustedRandIndex(truth.subarray(0, 60), labels)).toBe(1);
      labels.forEach((label, i) => expect(label).toBe(found.labels[i % 6]));
    }
    expect([...(await found.predict([[500, 500, 500], [5, 2.5, 40]]))]).toEqual([-1, -1]); // prettier-ignore
    const loaded = await HDBSCAN.load(await found.save());
    expect(await loaded.predict(x)).toEqual(predicted);
    expect(loaded.condensedTree).toEqual(found.condensedTree);
    await expect(loaded.predict([[1, 2]])).rejects.toThrow("HDBSCAN.predict: x must have 3 columns, got 2");
  },
);

/** Merges by looking at all pairs of clusters anew each time. */
function naive(
  x: Rows,
  linkage: "ward" | "complete" | "average" | "single",
): { distances: number[]; steps: number[][][] } {
  let clusters = x.map((_, i) => [i]);
  const distance = (i: number, j: number): number =>
    Math.sqrt(x[i]!.reduce((sum, v, c) => sum + (v - x[j]![c]!) ** 2, 0));
  const centre = (members: number[]): number[] =>
    x[0]!.map((_, c) => members.reduce((sum, i) => sum + x[i]![c]! / members.length, 0));
  const between = (a: number[], b: number[]): number => {
    const pairs = a.flatMap((i) => b.map((j) => distance(i, j)));
    if (linkage === "single") return Math.min(...pairs);
    if (linkage === "complete") return Math.max(...pairs);
    if (linkage === "average") return pairs.reduce((sum, v) => sum + v, 0) / pairs.length;
    const [p, q] = [centre(a), centre(b)];
    return Math.sqrt(
      ((2 * a.length * b.length) / (a.length + b.length)) * p.reduce((sum, v, c) => sum + (v - q[c]!) ** 2, 0),
    );
  };
  const [distances, steps]: [number[], number[][][]] = [[], [clusters]];
  while (clusters.length > 1) {
    let best = { a: 0, b: 1, d: Infinity };
    clusters.forEach((p, a) => clusters.forEach((q, b) => {
      if (a < b && between(p, q) < best.d) best = { a, b, d: between(p, q) };
    })); // prettier-ignore
    distances.push(best.d);
    clusters = [
      ...clusters.filter((_, i) => i !== best.a && i !== best.b),
      [...clusters[best.a]!, ...clusters[best.b]!],
    ];
    steps.push(clusters);
  }
  return { distances, steps };
}

test.each(["ward", "complete", "average", "single"] as const)(
  "%s linkage: merges of all pairs, and every cut",
  async (linkage) => {
    const x = SETS["varied"]!(uniforms(6), 40);
    const { distances, steps } = naive(x, linkage);
    const found = await new AgglomerativeClustering({ nClusters: 3, linkage }).fit(x);
    for (const [i, distance] of distances.entries()) expect(found.distances[i]).toBeCloseTo(distance, 9);
    for (let k = 1; k <= 40; k++) {
      const want = new Int32Array(40);
      steps[40 - k]!.forEach((members, number) => members.forEach((i) => (want[i] = number)));
      expect(adjustedRandIndex(want, found.cut(k))).toBe(1);
    }
    expect(found.labels).toEqual(found.cut(3));
    expect(found.sizes.at(-1)).toBe(40);
    const threshold = (distances[36]! + distances[37]!) / 2;
    expect(await new AgglomerativeClustering({ distanceThreshold: threshold, linkage }).fitPredict(x)).toEqual(
      found.cut(3),
    );
  },
);

test("agglomerative clustering: many columns, one point, bad input", async () => {
  const x = SETS["fourteen columns"]!(uniforms(6), 60);
  const want = Int32Array.from(x, (_, i) => i % 3);
  for (const linkage of ["ward", "single"] as const)
    expect(adjustedRandIndex(want, await new AgglomerativeClustering({ nClusters: 3, linkage }).fitPredict(x))).toBe(1);
  expect([...(await new AgglomerativeClustering({ nClusters: 1 }).fitPredict([[4]]))]).toEqual([0]);
  await expect(new AgglomerativeClustering({ nClusters: 3 }).fit([[1], [2]])).rejects.toThrow(
    /3 clusters need as many points, got 2/,
  );
  await expect(
    new AgglomerativeClustering({ linkage: "complete" }).fit(new NdArray(new Float64Array(5001), [5001, 1])),
  ).rejects.toThrow(/up to 5000 points/);
  expect(() => new AgglomerativeClustering({ nClusters: 2, distanceThreshold: 1 })).toThrow(/not both/);
});
