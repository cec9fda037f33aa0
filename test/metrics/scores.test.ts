import { describe, expect, test } from "vitest";
import {
  agreement,
  ami,
  auc,
  compareClusterings,
  daviesBouldin,
  liMa,
  nmi,
  rocCurve,
  silhouette,
  significanceSweep,
  SIGNIFICANCE_THRESHOLDS,
  vMeasure,
} from "../../src/metrics";
import { NdArray } from "../../src/ndarray";
import { generator, randomLabels } from "./labels";

const distance = (a: number[], b: number[]): number => Math.hypot(...a.map((value, f) => value - b[f]!));
const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Points of d features and labels of k clusters, every second time with clusters of one member. */
function points(n: number, d: number, k: number, seed: number): { x: number[][]; labels: number[] } {
  const random = generator(seed);
  const labels = randomLabels(n, k, random).map((label, i) => (i < k ? i : label % Math.max(2, k - 1)));
  const x = labels.map((label) => Array.from({ length: d }, () => random() * 2 + label));
  return { x, labels: labels.map((label) => label * 10 - 20) };
}

/** Shapes: one feature, a prime number of them, more than a tile of points. */
const SHAPES = [
  [9, 1, 2],
  [40, 2, 5],
  [70, 7, 4],
  [300, 13, 3],
] as const;

describe("silhouette", () => {
  test.each(SHAPES)("definition, n = %i, d = %i, k = %i", (n, d, k) => {
    const { x, labels } = points(n, d, k, n);
    const clusters = [...new Set(labels)];
    const want = x.map((point, i) => {
      const to = (label: number) =>
        x.filter((_, j) => j !== i && labels[j] === label).map((other) => distance(point, other));
      const own = to(labels[i]!);
      if (own.length === 0) return 0;
      const b = Math.min(...clusters.filter((label) => label !== labels[i]).map((label) => mean(to(label))));
      return (b - mean(own)) / Math.max(b, mean(own));
    });
    const { samples, score } = silhouette(x, labels);
    want.forEach((value, i) => expect(samples[i]).toBeCloseTo(value, 12));
    expect(score).toBeCloseTo(mean(want), 12);
    const columns = x[0]!.map((_, f) => x.map((point) => point[f]!));
    const transposed = new NdArray(Float64Array.from(columns.flat()), [d, n]).T;
    expect(silhouette(transposed, labels).samples).toEqual(samples);
  });

  test("coinciding points score 0", () => {
    expect([...silhouette([[1], [1], [1], [1]], [0, 0, 1, 1]).samples]).toEqual([0, 0, 0, 0]);
  });

  test.each<[string, () => unknown]>([
    ["silhouette: 2 to n - 1 = 2 clusters are needed, given 1", () => silhouette([[0], [1], [2]], [4, 4, 4])],
    ["silhouette: 2 to n - 1 = 2 clusters are needed, given 3", () => silhouette([[0], [1], [2]], [0, 1, 2])],
    ["silhouette: x has 3 rows, labels has 2", () => silhouette([[0], [1], [2]], [0, 1])],
    ["silhouette: x must be a matrix, got shape [3]", () => silhouette([0, 1, 2], [0, 1, 1])],
    ["silhouette: x must be finite, got NaN at row 1, column 0", () => silhouette([[0], [NaN], [2]], [0, 1, 1])],
    [
      "daviesBouldin: x must be finite, got Infinity at row 2, column 0",
      () => daviesBouldin([[0], [1], [Infinity]], [0, 1, 1]),
    ],
  ])("%s", (message, act) => {
    expect(act).toThrow(new Error(message));
  });
});

describe("daviesBouldin", () => {
  test.each(SHAPES)("definition, n = %i, d = %i, k = %i", (n, d, k) => {
    const { x, labels } = points(n, d, k, n + 1);
    const clusters = [...new Set(labels)].map((label) => x.filter((_, i) => labels[i] === label));
    const centers = clusters.map((members) => members[0]!.map((_, f) => mean(members.map((point) => point[f]!))));
    const spreads = clusters.map((members, a) => mean(members.map((point) => distance(point, centers[a]!))));
    const ratios = centers.map((a, i) =>
      Math.max(...centers.flatMap((b, j) => (i === j ? [] : [(spreads[i]! + spreads[j]!) / distance(a, b)]))),
    );
    expect(daviesBouldin(x, labels)).toBeCloseTo(mean(ratios), 12);
  });

  test("clusters with one mean do not count for each other", () => {
    expect(daviesBouldin([[-1], [1], [-2], [2]], [0, 0, 1, 1])).toBe(0);
  });
});

describe("roc", () => {
  test("area is the share of ordered pairs, for scores with ties", () => {
    const random = generator(5);
    for (let round = 0; round < 40; round++) {
      const n = 2 + Math.floor(random() * 60);
      const y = randomLabels(n, 2, random).map((label, i) => (i < 2 ? i : label));
      const score = Array.from({ length: n }, () => Math.floor(random() * 12) - 6 + (round % 2 ? random() : 0));
      let [ordered, pairs] = [0, 0];
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++)
          if (y[i] === 1 && y[j] === 0) {
            pairs += 2;
            ordered += score[i]! > score[j]! ? 2 : score[i]! === score[j]! ? 1 : 0;
          }
      expect(auc(y, score)).toBe(ordered / pairs);
      expect(auc(y, score, { positive: 0 })).toBeCloseTo(1 - ordered / pairs, 14);
      expect(auc(y, score, { signed: false })).toBe(Math.max(ordered / pairs, 1 - ordered / pairs));
      const { fpr, tpr, thresholds } = rocCurve(y, score);
      expect([fpr[0], tpr[0], thresholds[0], fpr.at(-1), tpr.at(-1)]).toEqual([0, 0, Infinity, 1, 1]);
      expect([...thresholds.subarray(1)]).toEqual([...new Set(score)].sort((a, b) => b - a));
      thresholds.forEach((threshold, i) => {
        const called = y.filter((_, j) => score[j]! >= threshold);
        expect(tpr[i]).toBeCloseTo(called.filter((label) => label === 1).length / y.filter((v) => v === 1).length, 14);
      });
    }
  });

  test("order of signed, huge, tiny and infinite scores", () => {
    const score = [-Infinity, -1e300, -1, -1e-310, 0, -0, 1e-310, 1, 1e300, Infinity];
    const y = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1];
    expect([...rocCurve(y, score).thresholds.subarray(1)]).toEqual([...new Set(score)].reverse());
  });

  test("unsupervised example of four samples", () => {
    expect(auc([0, 0, 1, 1, 1], [0.1, 0.4, 0.4, 0.35, 0.8])).toBe(0.75);
  });

  test("errors", () => {
    expect(() => auc([1, 1], [0, 1])).toThrow(
      new Error("auc: both classes are needed, given 2 positives (label 1) among 2"),
    );
    expect(() => rocCurve([0, 2], [0, 1])).toThrow(
      new Error("rocCurve: both classes are needed, given 0 positives (label 1) among 2"),
    );
    expect(() => auc([0, 1], [0, NaN])).toThrow(new Error("auc: score is NaN at 1"));
    expect(() => auc([0, 1], [0])).toThrow(new Error("auc: yTrue has 2 elements, score has 1"));
  });
});

describe("liMa", () => {
  test.each([
    [100, 300, 0.2, 4.2281, 1],
    [1000, 4000, 0.2, 6.1699, 1],
    [5, 0, 0.2, 4.2329, 1],
    [10, 10, 1, 0, 0],
    [0, 50, 0.2, Math.sqrt(100 * Math.log(1.2)), -1],
  ])("n_on %d, n_off %d, alpha %d", (nOn, nOff, alpha, want, sign) => {
    const { s, signed, excess } = liMa(nOn, nOff, alpha);
    expect(s).toBeCloseTo(want, 4);
    expect(signed).toBe(sign * s);
    expect(excess).toBeCloseTo(nOn - alpha * nOff, 12);
  });

  test("errors", () => {
    expect(() => liMa(-1, 2, 0.2)).toThrow(new Error("liMa: nOn must be 0 or more and finite, got -1"));
    expect(() => liMa(1, NaN, 0.2)).toThrow(new Error("liMa: nOff must be 0 or more and finite, got NaN"));
    expect(() => liMa(1, 2, 0)).toThrow(new Error("liMa: alpha must be positive and finite, got 0"));
  });
});

describe("significanceSweep", () => {
  test("counts what reaches each threshold in ON and OFF regions, and finds the best", () => {
    const random = generator(9);
    const n = 4000;
    const regions = Array.from({ length: n }, () => Math.floor(random() * 8) - 1);
    // the source: more events with a high score in region 0
    const scores = regions.map((region) => (region === 0 && random() < 0.5 ? 0.7 + 0.3 * random() : random()));
    const { points, best } = significanceSweep(scores, regions);
    expect(points.map(({ threshold }) => threshold)).toEqual([0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99]); // prettier-ignore
    for (const { threshold, nOn, nOff, s, signed, excess } of points) {
      const passed = regions.filter((_, event) => scores[event]! >= threshold);
      expect(nOn).toBe(passed.filter((region) => region === 0).length);
      expect(nOff).toBe(passed.filter((region) => region > 0).length);
      expect({ s, signed, excess }).toEqual(liMa(nOn, nOff, 0.2));
    }
    expect(best.s).toBe(Math.max(...points.map(({ signed }) => signed)));
    expect(best.threshold).toBeGreaterThanOrEqual(0.6);
    expect(SIGNIFICANCE_THRESHOLDS).toHaveLength(13);
  });

  test("a deficit is never the best where there is less of one, and thresholds and alpha can be chosen", () => {
    const { points, best } = significanceSweep([0.9, 0.2, 0.8, 0.8, 0.2], [0, 0, 1, 2, -1], {
      alpha: 1,
      thresholds: [0.1, 0.5, 2],
    });
    expect(points.map(({ nOn, nOff }) => [nOn, nOff])).toEqual([[2, 2], [1, 2], [0, 0]]); // prettier-ignore
    expect(points[1]!.signed).toBeLessThan(0);
    expect(best.threshold).toBe(0.1);
  });

  test.each<[string, () => unknown]>([
    ["significanceSweep: there must be one region for each of 2 scores, got 1", () => significanceSweep([1, 2], [0])],
    ["significanceSweep: scores must be finite, got NaN at 1", () => significanceSweep([1, NaN], [0, 0])],
    ["significanceSweep: thresholds is empty", () => significanceSweep([1], [0], { thresholds: [] })],
    ["significanceSweep: thresholds must be finite, got NaN", () => significanceSweep([1], [0], { thresholds: [NaN] })],
    ["significanceSweep: regions must be integers of 32 bits, got 0.5 at 0", () => significanceSweep([1], [0.5])],
    ["liMa: alpha must be positive and finite, got 0", () => significanceSweep([1], [0], { alpha: 0 })],
  ])("%s", (message, act) => {
    expect(act).toThrow(new Error(message));
  });
});

describe("compareClusterings", () => {
  test("has every pair once, by name, with the five measures", () => {
    const a = [0, 0, 0, 1, 1, 1, 2, 2, 2];
    const b = [0, 0, 1, 1, 1, 1, 2, 2, 0];
    const pairs = compareClusterings({ truth: a, model: b, again: b });
    expect(pairs.map(({ a, b }) => [a, b])).toEqual([["truth", "model"], ["truth", "again"], ["model", "again"]]); // prettier-ignore
    const { ri, ari, ami: adjusted, v, nmi: normalized } = agreement(a, b);
    expect(pairs[0]).toEqual({ a: "truth", b: "model", ri, ari, ami: adjusted, v, nmi: normalized });
    expect(ri).toBeCloseTo(0.75, 12);
    expect(ari).toBeCloseTo(0.357143, 6);
    expect([adjusted, v]).toEqual([ami(a, b), vMeasure(a, b)]);
    expect(normalized).toBe(nmi(a, b, { average: "geometric" }));
    expect(pairs[2]).toMatchObject({ ri: 1, ari: 1, v: 1 });
    expect(() => compareClusterings({ a, b: [1, 2] })).toThrow(/9.*2/);
  });
});
