import ndarray from "ndarray";
import { describe, expect, test } from "vitest";
import * as metrics from "../../src/metrics";
import type { Labels } from "../../src/metrics";
import { generator, permutations, randomLabels, shuffled } from "./labels";

type Metric = (yTrue: Labels, yPred: Labels) => number;

/** In the order of the published table. */
const TABLE: readonly Metric[] = [
  metrics.randIndex,
  metrics.adjustedRandIndex,
  (a, b) => metrics.nmi(a, b, { average: "geometric" }),
  metrics.nmi,
  metrics.ami,
  (a, b) => metrics.ami(a, b, { average: "max" }),
  metrics.homogeneity,
  metrics.completeness,
  metrics.fowlkesMallows,
  metrics.purity,
  metrics.accuracy,
  (a, b) => metrics.misclassificationRate(a, b, { matching: "greedy" }),
  metrics.bbnNorm,
];

const CASES = [
  {
    name: "A",
    y: [0, 0, 0, 1, 1, 1, 1, 0],
    p: [0, 0, 0, 0, 1, 1, 1, 1],
    want: [0.571429, 0.125, 0.188722, 0.188722, 0.083463, 0.083463, 0.188722, 0.188722, 0.5, 0.75, 0.75, 0.25, 0.625],
  },
  {
    name: "B",
    y: [0, 0, 0, 1, 1, 1, 2, 2, 2],
    p: [0, 0, 1, 1, 1, 1, 2, 2, 0],
    want: [
      0.75, 0.357143, 0.5896, 0.58951, 0.408671, 0.398631, 0.57938, 0.6, 0.527046, 0.777778, 0.777778, 0.222222,
      0.685185,
    ],
  },
  {
    name: "C",
    y: [0, 0, 0, 1, 1, 1, 1, 2, 2],
    p: [7, 7, 3, 3, 2, 2, 1, 0, 0],
    want: [
      0.777778, 0.320755, 0.70019, 0.686481, 0.412636, 0.301435, 0.854804, 0.573542, 0.474342, 0.888889, 0.666667,
      0.333333, 0.888889,
    ],
  },
  { name: "D", y: [0, 0, 0, 0], p: [0, 0, 0, 0], want: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1] },
  { name: "E", y: [0, 0, 0, 0], p: [0, 1, 2, 3], want: [0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0.25, 0.75, 1] },
  { name: "F", y: [0, 1, 2, 3], p: [0, 0, 0, 0], want: [0, 0, 0, 0, 0, 0, 0, 1, 0, 0.25, 0.25, 0.75, 0.25] },
  {
    name: "G",
    y: [0, 0, 1, 1],
    p: [0, 1, 0, 1],
    want: [0.333333, -0.5, 0, 0, -0.5, -0.5, 0, 0, 0, 0.5, 0.5, 0.5, 0.5],
  },
  {
    name: "H",
    y: [0, 0, 0, 0, 1, 2, 2, 2, 3, 3, 4, 2, 2, 2, 2, 3, 1, 1, 1, 1],
    p: [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2],
    want: [0.7, 0.243187, 0.485007, 0.478845, 0.349112, 0.291304, 0.413193, 0.569302, 0.445377, 0.55, 0.55, 0.6, 0.47],
  },
];

/** Scores that do not change when the two labellings change places. */
const SYMMETRIC: Record<string, Metric> = {
  accuracy: metrics.accuracy,
  mutualInformation: metrics.mutualInformation,
  "nmi arithmetic": metrics.nmi,
  "nmi geometric": (a, b) => metrics.nmi(a, b, { average: "geometric" }),
  "nmi min": (a, b) => metrics.nmi(a, b, { average: "min" }),
  "nmi max": (a, b) => metrics.nmi(a, b, { average: "max" }),
  ami: metrics.ami,
  "ami geometric": (a, b) => metrics.ami(a, b, { average: "geometric" }),
  "ami min": (a, b) => metrics.ami(a, b, { average: "min" }),
  "ami max": (a, b) => metrics.ami(a, b, { average: "max" }),
  randIndex: metrics.randIndex,
  adjustedRandIndex: metrics.adjustedRandIndex,
  vMeasure: metrics.vMeasure,
  fowlkesMallows: metrics.fowlkesMallows,
};

const ALL: Record<string, Metric> = {
  ...SYMMETRIC,
  misclassificationRate: metrics.misclassificationRate,
  homogeneity: metrics.homogeneity,
  completeness: metrics.completeness,
  purity: metrics.purity,
  bbn: metrics.bbn,
  bbnNorm: metrics.bbnNorm,
};

/** Pairs of small random labellings of many sizes and numbers of clusters. */
function samples(count: number, seed: number): [number[], number[]][] {
  const random = generator(seed);
  return Array.from({ length: count }, () => {
    const n = 1 + Math.floor(random() * 24);
    return [1, 2].map(() => randomLabels(n, 1 + Math.floor(random() * 6), random)) as [number[], number[]];
  });
}

test.each(CASES)("published table, case $name", ({ y, p, want }) => {
  TABLE.forEach((metric, i) => expect(metric(y, p), `column ${i}`).toBeCloseTo(want[i]!, 6 - 1e-9));
});

describe("against definitions", () => {
  test("pairs are counted one by one", () => {
    for (const [a, b] of samples(200, 1)) {
      const counts = { tp: 0, fp: 0, fn: 0, tn: 0 };
      for (let i = 0; i < a.length; i++)
        for (let j = 0; j < i; j++)
          counts[a[i] === a[j] ? (b[i] === b[j] ? "tp" : "fn") : b[i] === b[j] ? "fp" : "tn"]++;
      expect(metrics.pairConfusion(a, b)).toEqual(counts);
      const { tp, fp, fn, tn } = counts;
      const all = tp + fp + fn + tn;
      if (all > 0) expect(metrics.randIndex(a, b)).toBe((tp + tn) / all);
      if (tp > 0) expect(metrics.fowlkesMallows(a, b)).toBeCloseTo(tp / Math.sqrt((tp + fp) * (tp + fn)), 12);
      const expected = ((tp + fp) * (tp + fn)) / all;
      const range = (2 * tp + fp + fn) / 2 - expected;
      if (all > 0 && Math.abs(range) > 1e-9)
        expect(metrics.adjustedRandIndex(a, b)).toBeCloseTo((tp - expected) / range, 12);
    }
  });

  test("accuracy tries every map of clusters to classes", () => {
    const maps = permutations([0, 1, 2, 3, 4, 5]);
    for (const [a, b] of samples(60, 2)) {
      const best = Math.max(...maps.map((map) => a.filter((label, i) => map[b[i]!] === label).length));
      expect(metrics.accuracy(a, b)).toBe(best / a.length);
      expect(metrics.misclassificationRate(a, b)).toBe((a.length - best) / a.length);
      expect(metrics.misclassificationRate(a, b, { matching: "greedy" })).toBeGreaterThanOrEqual(
        (a.length - best) / a.length,
      );
    }
  });

  test("expected mutual information is the mean over all permutations", () => {
    const random = generator(3);
    for (let round = 0; round < 3; round++) {
      const [a, b] = [randomLabels(7, 2 + round, random), randomLabels(7, 4 - round, random)];
      const orders = permutations(b);
      const expected = orders.reduce((sum, order) => sum + metrics.mutualInformation(a, order), 0) / orders.length;
      const mean = (metrics.entropy(a) + metrics.entropy(b)) / 2;
      const want = (metrics.mutualInformation(a, b) - expected) / (mean - expected);
      expect(metrics.ami(a, b)).toBeCloseTo(want, 11);
    }
  });

  test("information from the shares", () => {
    for (const [a, b] of samples(100, 4)) {
      const n = a.length;
      const share = (test: (i: number) => boolean) => a.filter((_, i) => test(i)).length / n;
      const entropy = (x: number[]) =>
        [...new Set(x)].map((label) => share((i) => x[i] === label)).reduce((sum, p) => sum - p * Math.log(p), 0);
      const joint = entropy(a.map((label, i) => label * 1000 + b[i]!));
      const mi = entropy(a) + entropy(b) - joint;
      expect(metrics.entropy(a)).toBeCloseTo(entropy(a), 12);
      expect(metrics.mutualInformation(a, b)).toBeCloseTo(mi, 12);
      if (entropy(a) > 0) expect(metrics.homogeneity(a, b)).toBeCloseTo(mi / entropy(a), 12);
      if (entropy(b) > 0) expect(metrics.completeness(a, b)).toBeCloseTo(mi / entropy(b), 12);
      if (entropy(a) > 0 && entropy(b) > 0 && mi > 1e-9) {
        const [h, c] = [mi / entropy(a), mi / entropy(b)];
        expect(metrics.vMeasure(a, b, { beta: 0.5 })).toBeCloseTo((1.5 * h * c) / (0.5 * h + c), 12);
        expect(metrics.nmi(a, b, { average: "min" })).toBeCloseTo(mi / Math.min(entropy(a), entropy(b)), 12);
        expect(metrics.nmi(a, b, { average: "max" })).toBeCloseTo(mi / Math.max(entropy(a), entropy(b)), 12);
      }
    }
  });

  test("bbn subtracts Q per predicted cluster", () => {
    const { y, p } = CASES[2]!;
    expect(metrics.bbn(y, p)).toBeCloseTo(8, 12);
    expect(metrics.bbn(y, p, { Q: 0.5 })).toBeCloseTo(8 - 0.5 * 5, 12);
  });
});

describe("properties", () => {
  test.each(Object.entries(ALL))("%s does not depend on the names of the labels", (_, metric) => {
    const names = [-7, 1e12, 3, -(2 ** 53 - 1), 0, 44];
    for (const [a, b] of samples(60, 5)) {
      const renamed = metric(
        a.map((label) => names[label]!),
        b.map((label) => -label),
      );
      expect(renamed).toBeCloseTo(metric(a, b), 11);
    }
  });

  test.each(Object.entries(SYMMETRIC))("%s is symmetric", (_, metric) => {
    for (const [a, b] of samples(60, 6)) expect(metric(a, b)).toBeCloseTo(metric(b, a), 11);
  });

  test.each(Object.entries(ALL))("%s of a labelling with itself is perfect", (name, metric) => {
    const entropyOr = {
      mutualInformation: metrics.entropy,
      bbn: (a: number[]) => a.length,
      misclassificationRate: () => 0,
    };
    for (const [a] of samples(60, 7)) {
      if (name === "fowlkesMallows" && new Set(a).size === a.length) continue; // no pair is together: 0 by definition
      const want = name in entropyOr ? entropyOr[name as keyof typeof entropyOr](a) : 1;
      expect(metric(a, a)).toBeCloseTo(want, 12);
    }
  });

  test("random labels score nothing once adjusted", () => {
    const random = generator(8);
    for (const [k, l] of [
      [2, 2],
      [5, 20],
      [50, 50],
    ] as const) {
      const [a, b] = [randomLabels(20000, k, random), randomLabels(20000, l, random)];
      expect(Math.abs(metrics.adjustedRandIndex(a, b))).toBeLessThan(2e-3);
      expect(Math.abs(metrics.ami(a, b))).toBeLessThan(2e-3);
      expect(metrics.mutualInformation(a, b)).toBeGreaterThan(0);
    }
  });

  test("one labelling all apart: ami 0 for every mean", () => {
    const [apart, two] = [Array.from({ length: 12 }, (_, i) => i), Array.from({ length: 12 }, (_, i) => i % 2)];
    for (const average of ["arithmetic", "geometric", "min", "max"] as const) {
      expect(metrics.ami(apart, two, { average })).toBe(0);
      expect(metrics.ami(apart, apart, { average })).toBe(1);
    }
  });
});

describe("greedy misclassification rate", () => {
  const greedy = (y: number[], p: number[]) => metrics.misclassificationRate(y, p, { matching: "greedy" });

  test("a later cluster replaces the one with the most shared members when it is larger than that number", () => {
    // Both clusters belong to class 0 by more than half; 5 shared of 5, then 4 shared of 7 > 5.
    const y = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1];
    const p = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1];
    expect(greedy(y, p)).toBeCloseTo(8 / 12, 12);
    expect(metrics.misclassificationRate(y, p)).toBeCloseTo(4 / 12, 12);
  });

  test("reproduces the mean over random clusterings of 20 elements that the thesis states", () => {
    // Truth and guess have the same k = 1 … 5, each cluster two members or more; the thesis prints 0.4236 ± 0.0033 for 5000 of them.
    const random = generator(9);
    const draw = (k: number) => {
      const labels = Array.from({ length: 20 }, (_, i) => (i < 2 * k ? i % k : Math.floor(random() * k)));
      return shuffled(labels, random);
    };
    let sum = 0;
    for (let k = 1; k <= 5; k++) for (let i = 0; i < 1000; i++) sum += greedy(draw(k), draw(k));
    expect(Math.abs(sum / 5000 - 0.4236)).toBeLessThan(0.006);
  });

  test("negative labels are visited after the others, as a set of them is", () => {
    // Class 1 owns cluster 0 (5 of 5) and cluster -1 (4 of 7): the noise cluster comes last and wins.
    const y = [1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2];
    const p = [0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1];
    expect(greedy(y, p)).toBeCloseTo(8 / 12, 12);
  });
});

describe("tables", () => {
  test("contingency sorts its labels, however far apart", () => {
    const y = [5, -3, 5, 1e15, -3, 5];
    const p = [2, 2, -9, 7, 2, 2];
    const { matrix, rows, columns } = metrics.contingency(y, p);
    expect(rows).toEqual([-3, 5, 1e15]);
    expect(columns).toEqual([-9, 2, 7]);
    expect(matrix.shape).toEqual([3, 3]);
    expect([...matrix.data]).toEqual([0, 2, 0, 1, 2, 0, 0, 0, 1]);
  });

  test("confusionMatrix puts the matches on the diagonal, then free clusters by size", () => {
    const y = [0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 0, 0];
    const p = [3, 3, 3, 0, 0, 0, 5, 1, 1, 1, 4, 4];
    const { matrix, rows, columns } = metrics.confusionMatrix(y, p);
    expect(rows).toEqual([0, 1, 2]);
    expect(columns).toEqual([3, 0, 1, 4, 5]);
    expect([...matrix.data]).toEqual([3, 0, 0, 2, 0, 0, 3, 0, 0, 1, 0, 0, 3, 0, 0]);
  });

  test("confusionMatrix of fewer clusters than classes", () => {
    const { matrix, columns } = metrics.confusionMatrix([0, 1, 1, 2, 2, 2], [8, 9, 9, 8, 8, 8]);
    expect(columns).toEqual([9, 8]);
    expect([...matrix.data]).toEqual([0, 1, 2, 0, 0, 3]);
  });
});

describe("what labels may be", () => {
  const y = [0, 0, 1, 1, 2, 2];
  const p = [1, 1, 0, 0, 0, 2];

  test("typed arrays of every kind, bigints, ndarrays with strides, { data, shape }", () => {
    const want = metrics.nmi(y, p);
    for (const Type of [
      Int8Array,
      Uint8Array,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
      Float32Array,
      Float64Array,
    ])
      expect(metrics.nmi(new Type(y), new Type(p))).toBe(want);
    expect(metrics.nmi(BigInt64Array.from(y, BigInt), BigUint64Array.from(p, BigInt))).toBe(want);
    const pairs = ndarray(Int32Array.from(y.flatMap((label, i) => [label, p[i]!])), [6, 2]);
    expect(metrics.nmi(pairs.pick(null, 0), pairs.pick(null, 1))).toBe(want);
    expect(metrics.nmi({ data: new Uint8Array(y), shape: [6] }, { data: p, shape: [6, 1] })).toBe(want);
  });

  test.each<[string, () => unknown]>([
    ["nmi: label arrays must be of one length, got 8 and 9", () => metrics.nmi(new Int32Array(8), new Int32Array(9))],
    ["accuracy: label arrays must be of one length, got 2 and 1", () => metrics.accuracy([0, 1], [0])],
    ["ami: yTrue must be integers, got 0.5 at 1", () => metrics.ami([0, 0.5], [0, 1])],
    ["purity: yPred must be integers, got NaN at 0", () => metrics.purity([0, 1], [NaN, 1])],
    ["vMeasure: yPred must be integers, got Infinity at 1", () => metrics.vMeasure([0, 1], [1, Infinity])],
    ["bbn: yTrue must be integers, got 9007199254740992 at 0", () => metrics.bbn([2 ** 53], [0])],
    ["randIndex: yTrue is empty", () => metrics.randIndex([], [])],
    ["entropy: labels is empty", () => metrics.entropy(new Uint8Array(0))],
    [
      "contingency: yTrue must be a vector, got shape [2, 2]",
      () => metrics.contingency([[0, 1], [1, 0]], [0, 1]), // prettier-ignore
    ],
    [
      'nmi: average must be arithmetic, geometric, min, max, got "mean"',
      () => metrics.nmi(y, p, { average: "mean" as "min" }),
    ],
    [
      "misclassificationRate: matching must be optimal or greedy, got best",
      () => metrics.misclassificationRate(y, p, { matching: "best" as "greedy" }),
    ],
    ["vMeasure: beta must be 0 or more, got -1", () => metrics.vMeasure(y, p, { beta: -1 })],
    [
      "accuracy: labels must make at most 134217728 cells, got 11587 x 11586",
      () => {
        const apart = Array.from({ length: 11587 }, (_, i) => i);
        return metrics.accuracy(
          apart,
          apart.map((label) => Math.max(label, 1)),
        );
      },
    ],
  ])("%s", (message, act) => {
    expect(act).toThrow(new Error(message));
  });
});
