import * as c from "constella";
import type { OpCase } from "./index";
import { array, product, zip } from "./reference";
import type { Reference } from "./reference";

const scalar = (value: number): Reference => array([], [value]);

/** The smallest normal number: logarithms are taken of nothing below. */
const TINY = 1.1754943508222875e-38;

/** Mean over sets of the mean over pairs i < j of f. */
function meanOverPairs(labels: Reference, f: (set: number, i: number, j: number, same: boolean) => number): Reference {
  const [batch, n] = labels.shape as [number, number];
  let total = 0;
  for (let z = 0; z < batch; z++)
    for (let i = 0; i < n; i++)
      for (let j = i + 1; j < n; j++) total += f(z, i, j, labels.data[z * n + i] === labels.data[z * n + j]);
  return scalar(n < 2 ? 0 : (2 * total) / (batch * n * (n - 1)));
}

/** Σ_c x_ic y_jc in set z of [batch, n, d] */
function dot(x: Reference, y: Reference, z: number, i: number, j: number): number {
  const [, n, d] = x.shape as [number, number, number];
  let total = 0;
  for (let k = 0; k < d; k++) total += x.data[(z * n + i) * d + k]! * y.data[(z * n + j) * d + k]!;
  return total;
}

const together =
  (counts: Reference, assignments: readonly Reference[]) =>
  (z: number, i: number, j: number): number =>
    assignments.reduce((p, a, k) => p + counts.data[z * assignments.length + k]! * dot(a, a, z, i, j), 0);

/** Shapes of P(k), the assignments for k = 1, 2, 3 and labels. */
const heads = (batch: number, n: number): readonly (readonly number[])[] => [
  [batch, 3],
  ...[1, 2, 3].map((k) => [batch, n, k]),
  [batch, n],
];
/** Ranges in which every P_ij stays between 0 and 1. */
const HEADS: Pick<OpCase, "range" | "integers"> = {
  range: [
    [0.1, 0.3],
    [0.1, 0.5],
    [0.1, 0.5],
    [0.1, 0.5],
    [0, 1],
  ],
  integers: { 4: 3 },
};
const SETS = [heads(1, 1), heads(1, 2), heads(3, 7), heads(2, 11)];
const ASSIGNMENTS = SETS.map((shapes) => shapes.slice(1, 4));

const crossEntropy = (variant: string, more: Partial<OpCase>): OpCase => ({
  op: "pairwiseCrossEntropy",
  variant,
  call: (counts, a1, a2, a3, labels) =>
    c.pairwiseCrossEntropy(counts!, [a1!, a2!, a3!], labels!, { same: 0.7, different: 1.3 }),
  reference: (counts, a1, a2, a3, labels) => {
    const p = together(counts!, [a1!, a2!, a3!]);
    const kept = (v: number): number => Math.min(Math.max(v, 1e-7), 1 - 1e-7);
    return meanOverPairs(labels!, (z, i, j, same) =>
      same ? -0.7 * Math.log(kept(p(z, i, j))) : -1.3 * Math.log(kept(1 - p(z, i, j))),
    );
  },
  shapes: SETS,
  ...HEADS,
  ...more,
});

function divergence(p: Reference, logP: Reference, labels: Reference, margin: number): Reference {
  const kl = (z: number, i: number, j: number): number => dot(p, logP, z, i, i) - dot(p, logP, z, i, j);
  const cost = (value: number, same: boolean): number => (same ? value : Math.max(0, margin - value));
  return meanOverPairs(labels, (z, i, j, same) => cost(kl(z, i, j), same) + cost(kl(z, j, i), same));
}

const logs = (p: Reference): Reference => array(p.shape, p.data.map(Math.log));

function logSoftmaxRows(x: Reference): Reference {
  const d = x.shape.at(-1)!;
  return array(
    x.shape,
    x.data.map((v, at) => {
      const row = x.data.subarray(at - (at % d), at - (at % d) + d);
      return v - Math.log(row.reduce((sum, u) => sum + Math.exp(u), 0));
    }),
  );
}

const LABELLED = [
  [
    [1, 1, 3],
    [1, 1],
  ],
  [
    [2, 5, 4],
    [2, 5],
  ],
  [
    [1, 11, 7],
    [1, 11],
  ],
  [
    [2, 6, 19],
    [2, 6],
  ],
] as const;

/** Squared distances to the mean of one's own cluster. */
function spread(x: Reference, labels: Reference): Reference {
  const [batch, n, d] = x.shape as [number, number, number];
  let total = 0;
  for (let at = 0; at < batch * n; at++) {
    const first = at - (at % n);
    const own = Array.from({ length: n }, (_, j) => first + j).filter((j) => labels.data[j] === labels.data[at]);
    for (let k = 0; k < d; k++) {
      const mean = own.reduce((sum, j) => sum + x.data[j * d + k]!, 0) / own.length;
      total += (x.data[at * d + k]! - mean) ** 2;
    }
  }
  return scalar(total / (batch * n));
}

/** Soft k-means in plain loops; `part` is what is returned. */
function softKMeans(
  points: Reference,
  first: Reference,
  iterations: number,
  part: "assignments" | "centers",
): Reference {
  const x = array(points.shape, points.data.map(Math.tanh));
  const [n, d, k] = [x.shape[0]!, x.shape[1]!, first.shape[0]!];
  let [centers, a] = [first, array([n, k])];
  for (let round = 0; round < iterations; round++) {
    const weights = array(
      [n, k],
      a.data.map((_, at) => {
        const [i, l] = [Math.floor(at / k), at % k];
        let squared = 0;
        for (let t = 0; t < d; t++) squared += (x.data[i * d + t]! - centers.data[l * d + t]!) ** 2;
        return Math.exp(-((1 + Math.sqrt(squared)) ** 2));
      }),
    );
    const rows = product(weights, array([k, 1], new Float64Array(k).fill(1)));
    a = zip(weights, rows, (u, v) => u / v);
    const mass = product(a, array([n, 1], new Float64Array(n).fill(1)), true);
    centers = zip(product(a, x, true), mass, (u, v) => u / (v + 1e-7));
  }
  return part === "centers" ? centers : a;
}

/** Rows of the losses over pairs, of what goes with them, and of soft k-means. */
export const PAIRWISE: readonly OpCase[] = [
  crossEntropy("", {}),
  crossEntropy("several chunks", { shapes: [heads(1, 523)], gradients: [0] }),
  {
    op: "randIndexLoss",
    call: (counts, a1, a2, a3, labels) => c.randIndexLoss(counts!, [a1!, a2!, a3!], labels!),
    reference: (counts, a1, a2, a3, labels) => {
      const p = together(counts!, [a1!, a2!, a3!]);
      return meanOverPairs(labels!, (z, i, j, same) => (same ? 1 - p(z, i, j) : p(z, i, j)));
    },
    shapes: SETS,
    ...HEADS,
  },
  {
    op: "pairProbabilities",
    call: (counts, a1, a2, a3) => c.pairProbabilities(counts!, [a1!, a2!, a3!]),
    reference: (counts, a1, a2, a3) => {
      const [batch, n] = a1!.shape as [number, number];
      const p = together(counts!, [a1!, a2!, a3!]);
      return array(
        [batch, n, n],
        Array.from({ length: batch * n * n }, (_, at) => p(Math.floor(at / n / n), Math.floor(at / n) % n, at % n)),
      );
    },
    shapes: SETS.map((shapes) => shapes.slice(0, 4)),
  },
  {
    op: "pairProbabilitiesByCount",
    call: (a1, a2, a3) => c.pairProbabilitiesByCount([a1!, a2!, a3!]),
    reference: (...assignments) => {
      const [batch, n] = assignments[0]!.shape as [number, number];
      return array(
        [batch, 3, n, n],
        Array.from({ length: batch * 3 * n * n }, (_, at) => {
          const a = assignments[Math.floor(at / n / n) % 3]!;
          return dot(a, a, Math.floor(at / n / n / 3), Math.floor(at / n) % n, at % n);
        }),
      );
    },
    shapes: ASSIGNMENTS,
  },
  {
    op: "clusterCountLoss",
    spreads: true,
    call: (counts, truth) => c.clusterCountLoss(counts!, c.indices(counts!.device, Array<number>(truth!.size).fill(2))),
    reference: (counts) => {
      const [batch, kMax] = counts!.shape as [number, number];
      let total = 0;
      for (let z = 0; z < batch; z++) total -= Math.log(Math.max(counts!.data[z * kMax + 1]!, TINY));
      return scalar(total / batch);
    },
    shapes: [
      [[1, 2], [1]],
      [[7, 5], [7]],
      [[67, 3], [67]],
    ],
    range: [0.05, 1],
    gradients: [0],
  },
  {
    op: "clusterAssignmentLoss",
    spreads: true,
    call: (a1, a2, a3) => c.clusterAssignmentLoss([a1!, a2!, a3!]),
    reference: (...assignments) =>
      [0, 1].reduce<Reference>((total, k) => {
        const [a, b] = [assignments[k]!, assignments[k + 1]!];
        const part = meanOverPairs(
          array(a.shape.slice(0, 2)),
          (z, i, j) => dot(b, b, z, i, j) * (1 - dot(a, a, z, i, j)),
        );
        return scalar(total.data[0]! + part.data[0]! / 2);
      }, scalar(0)),
    shapes: ASSIGNMENTS,
    range: [0.1, 0.5],
  },
  {
    op: "emptyClusterLoss",
    call: (a1, a2, a3) => c.emptyClusterLoss([a1!, a2!, a3!]),
    reference: (...assignments) => {
      let total = 0;
      for (const a of assignments) {
        const [batch, n, k] = a.shape as [number, number, number];
        for (let z = 0; z < batch; z++)
          for (let l = 0; l < k; l++)
            total +=
              Math.max(...Array.from({ length: n }, (_, i) => a.data[(z * n + i) * k + l]!)) /
              (batch * k * assignments.length);
      }
      return scalar(1 - total);
    },
    shapes: ASSIGNMENTS,
    range: [0, 1],
  },
  {
    op: "divergenceLoss",
    call: (p, labels) => c.divergenceLoss(p!, labels!),
    reference: (p, labels) => divergence(p!, logs(p!), labels!, 2),
    shapes: LABELLED,
    range: [
      [0.02, 1],
      [0, 1],
    ],
    integers: { 1: 3 },
    atol: 1e-4,
  },
  {
    op: "divergenceLoss",
    variant: "logits, margin 0.7",
    call: (x, labels) => c.divergenceLoss(x!, labels!, { margin: 0.7, logits: true }),
    reference: (x, labels) => {
      const y = logSoftmaxRows(x!);
      return divergence(array(y.shape, y.data.map(Math.exp)), y, labels!, 0.7);
    },
    shapes: LABELLED,
    integers: { 1: 3 },
  },
  {
    op: "centerLoss",
    call: (x, labels) => c.centerLoss(x!, labels!, 4),
    reference: (x, labels) => spread(x!, labels!),
    shapes: [
      ...LABELLED,
      [
        [1, 70, 2],
        [1, 70],
      ],
    ],
    integers: { 1: 4 },
  },
  ...(["assignments", "centers"] as const).map((part): OpCase => ({
    op: "softKMeans",
    variant: part,
    call: (x, centers) => c.softKMeans(x!, centers!, { iterations: 3 })[part],
    reference: (x, centers) => softKMeans(x!, centers!, 3, part),
    shapes: [
      [
        [1, 1],
        [1, 1],
      ],
      [
        [7, 3],
        [2, 3],
      ],
      [
        [67, 2],
        [5, 2],
      ],
    ],
    range: [-1, 1],
  })),
  {
    op: "softKMeans",
    variant: "sets",
    call: (x, centers) => c.softKMeans(x!, centers!, { iterations: 2 }).assignments,
    reference: (x, centers) => {
      const [sets = 0, n = 0, d = 0] = x!.shape;
      const k = centers!.shape[1]!;
      const parts = Array.from({ length: sets }, (_, set) => {
        const points = array([n, d], x!.data.slice(set * n * d, (set + 1) * n * d));
        return softKMeans(points, array([k, d], centers!.data.slice(set * k * d, (set + 1) * k * d)), 2, "assignments");
      });
      return array([sets, n, k], Float64Array.from(parts.flatMap(({ data }) => [...data])));
    },
    shapes: [
      [
        [2, 7, 3],
        [2, 2, 3],
      ],
      [
        [3, 5, 2],
        [3, 4, 2],
      ],
    ],
    range: [-1, 1],
  },
];
