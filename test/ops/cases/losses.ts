import * as c from "constella";
import type { Tensor } from "constella";
import type { OpCase } from "./index";
import { array } from "./reference";
import type { Reference } from "./reference";

const scalar = (value: number): Reference => array([], [value]);

/** |z_i − μ_j|², [n, k] */
function squaredDistances(z: Reference, mu: Reference): Reference {
  const [n, k, d] = [z.shape[0]!, mu.shape[0]!, z.shape[1]!];
  return array(
    [n, k],
    Float64Array.from({ length: n * k }, (_, at) => {
      const [i, j] = [Math.floor(at / k), at % k];
      let s = 0;
      for (let t = 0; t < d; t++) s += (z.data[i * d + t]! - mu.data[j * d + t]!) ** 2;
      return s;
    }),
  );
}

/** Each row divided by its sum, or by `least` where that is larger. */
function normalizeRows({ shape, data }: Reference, least = -Infinity): Reference {
  const k = shape[1]!;
  const sums = Array.from({ length: shape[0]! }, (_, i) =>
    Math.max(
      least,
      data.subarray(i * k, (i + 1) * k).reduce((a, b) => a + b, 0),
    ),
  );
  return array(
    shape,
    data.map((v, at) => v / sums[Math.floor(at / k)]!),
  );
}

function studentT(z: Reference, mu: Reference, alpha: number): Reference {
  const s = squaredDistances(z, mu);
  return normalizeRows(
    array(
      s.shape,
      s.data.map((v) => (1 + v / alpha) ** (-(alpha + 1) / 2)),
    ),
  );
}

/** The smallest normal number: logarithms are taken of nothing below, and no quotient by less. */
const TINY = 1.1754943508222875e-38;
const floored = (v: number): number => Math.max(v, TINY);

const divergence = (p: Reference, q: Reference): number =>
  p.data.reduce((total, v, i) => total + v * Math.log(floored(floored(v) / floored(q.data[i]!))), 0);

function target(q: Reference, f?: Reference): Reference {
  const k = q.shape[1]!;
  const mass = f?.data ?? new Float64Array(k);
  if (!f) q.data.forEach((v, at) => (mass[at % k]! += v));
  const sharpened = array(
    q.shape,
    q.data.map((v, at) => {
      const f = mass[at % k]!;
      return f < TINY && f > -Infinity ? 0 * v : v * (v / f);
    }),
  );
  return normalizeRows(sharpened, TINY);
}

/** Points and centres: one, primes, one more than a tile, and a sum over points in two chunks. */
const POINTS = [
  [
    [1, 1],
    [1, 1],
  ],
  [
    [7, 3],
    [5, 3],
  ],
  [
    [17, 33],
    [19, 33],
  ],
  [
    [300, 2],
    [3, 2],
  ],
  [
    [65, 70],
    [131, 70],
  ],
] as const;

const withTarget = POINTS.map(([z, mu]) => [z, mu, [z[0], mu[0]]] as const);

const VECTORS = [
  [[1], [1]],
  [[7], [7]],
  [
    [3, 257],
    [3, 257],
  ],
  [[5003], [5003]],
] as const;

const pair = (
  op: string,
  call: (a: Tensor, b: Tensor) => Tensor,
  f: (u: number, v: number) => number,
  range: OpCase["range"] = [-2, 2],
): OpCase => ({
  op,
  call: (a, b) => call(a!, b!),
  reference: (a, b) => scalar(a!.data.reduce((sum, u, i) => sum + f(u, b!.data[i]!), 0) / a!.data.length),
  shapes: VECTORS,
  range,
});

/** ln softmax along the middle axis of [outer, n, inner] */
function logSoftmax({ shape, data }: Reference, axis: number): Reference {
  const n = shape[axis]!;
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const out = new Float64Array(data.length);
  for (let start = 0; start < data.length; start++) {
    if (Math.floor(start / inner) % n !== 0) continue;
    const at = Array.from({ length: n }, (_, j) => start + j * inner);
    const largest = Math.max(...at.map((i) => data[i]!));
    const rest = Math.log(at.reduce((sum, i) => sum + Math.exp(data[i]! - largest), 0));
    for (const i of at) out[i] = data[i]! - largest - rest;
  }
  return array(shape, out);
}

const AXES = [
  [-1, [[1]], [[7, 3]], [[3, 257]], [[5, 17]]],
  [0, [[7, 3]], [[17, 5]], [[300, 2]], [[3, 70]]],
  [1, [[2, 3, 5]], [[3, 5, 1]], [[2, 65, 6]]],
] as const;

const softmaxes = AXES.flatMap(([axis, ...shapes]): OpCase[] => {
  const more = { variant: `axis ${axis}`, shapes, range: [-10, 10] as const };
  const place = (x: Reference): number => (axis < 0 ? x.shape.length + axis : axis);
  return [
    {
      op: "softmax",
      call: (x) => c.softmax(x!, axis),
      reference: (x) => {
        const y = logSoftmax(x!, place(x!));
        return array(y.shape, y.data.map(Math.exp));
      },
      ...more,
    },
    { op: "logSoftmax", call: (x) => c.logSoftmax(x!, axis), reference: (x) => logSoftmax(x!, place(x!)), ...more },
  ];
});

type Weigh = (i: number, label: number, weights: Reference | undefined) => number;

const crossEntropy = (
  x: Reference,
  labels: Reference,
  weigh: Weigh,
  weights?: Reference,
  byWeight = true,
): Reference => {
  const y = logSoftmax(x, 1).data;
  const list = [...labels.data].map((label, i) => ({
    loss: -y[i * x.shape[1]! + label]!,
    w: weigh(i, label, weights),
  }));
  const total = list.reduce((sum, { loss, w }) => sum + w * loss, 0);
  return scalar(total / (byWeight ? list.reduce((sum, { w }) => sum + w, 0) : list.length));
};

const LABELLED = [
  [[1, 3], [1]],
  [[7, 3], [7]],
  [[17, 33], [17]],
  [[5, 257], [5]],
  [[300, 2], [300]],
] as const;

const crossEntropies: OpCase[] = [
  {
    op: "crossEntropy",
    call: (x, labels) => c.crossEntropy(x!, labels!),
    reference: (x, labels) => crossEntropy(x!, labels!, () => 1),
    shapes: LABELLED,
    integers: { 1: 2 },
    range: [-10, 10],
  },
  ...(["sum_weights", "mean"] as const).flatMap((normalization): OpCase[] => [
    {
      op: "crossEntropy",
      variant: `rows weighted, ${normalization}`,
      call: (x, labels, weights) => c.crossEntropy(x!, labels!, { weights: weights!, normalization }),
      reference: (x, labels, weights) =>
        crossEntropy(x!, labels!, (i, _, w) => w!.data[i]!, weights, normalization === "sum_weights"),
      shapes: LABELLED.map(([x, labels]) => [x, labels, labels]),
      integers: { 1: 2 },
      range: [
        [-10, 10],
        [0, 1],
        [0.1, 2],
      ],
      gradients: [0],
    },
    {
      op: "crossEntropy",
      variant: `classes weighted, ${normalization}`,
      call: (x, labels, classWeights) => c.crossEntropy(x!, labels!, { classWeights: classWeights!, normalization }),
      reference: (x, labels, weights) =>
        crossEntropy(x!, labels!, (_, label, w) => w!.data[label]!, weights, normalization === "sum_weights"),
      shapes: LABELLED.map(([x, labels]) => [x, labels, [x[1]]]),
      integers: { 1: 2 },
      range: [
        [-10, 10],
        [0, 1],
        [0.1, 2],
      ],
      gradients: [0],
    },
  ]),
  {
    op: "crossEntropySoft",
    call: (x, target) => c.crossEntropySoft(x!, target!),
    reference: (x, target) =>
      scalar(-logSoftmax(x!, 1).data.reduce((sum, v, i) => sum + v * target!.data[i]!, 0) / x!.shape[0]!),
    shapes: LABELLED.map(([x]) => [x, x]),
    range: [
      [-10, 10],
      [0, 1],
    ],
  },
];

/** Rows of the loss functions and what they are made of. */
export const LOSSES: readonly OpCase[] = [
  ...[1, 0.5, 3].map((alpha): OpCase => ({
    op: "studentT",
    variant: `alpha ${alpha}`,
    call: (z, mu) => c.studentT(z!, mu!, alpha),
    reference: (z, mu) => studentT(z!, mu!, alpha),
    shapes: POINTS,
  })),
  {
    op: "decTarget",
    call: (q) => c.decTarget(q!),
    reference: (q) => target(q!),
    shapes: [[[1, 1]], [[7, 3]], [[17, 33]], [[3000, 2]]],
    range: [0.01, 1],
    gradients: [],
  },
  {
    op: "decTarget",
    variant: "given mass",
    call: (q, f) => c.decTarget(q!, f!),
    reference: (q, f) => target(q!, f!),
    shapes: [
      [[7, 3], [3]],
      [[17, 33], [33]],
    ],
    range: [
      [0.01, 1],
      [5, 100],
    ],
    gradients: [],
  },
  ...(["sum", "batchmean"] as const).flatMap((reduction) =>
    [1, 2].map((alpha): OpCase => ({
      op: "decLoss",
      variant: `${reduction}, alpha ${alpha}`,
      call: (z, mu, p) => c.decLoss(z!, mu!, p!, { alpha, reduction }),
      reference: (z, mu, p) =>
        scalar(divergence(p!, studentT(z!, mu!, alpha)) / (reduction === "sum" ? 1 : z!.shape[0]!)),
      shapes: withTarget,
      range: [
        [-2, 2],
        [-2, 2],
        [0.01, 1],
      ],
      gradients: [0, 1],
    })),
  ),
  ...(["sum", "batchmean"] as const).map((reduction): OpCase => ({
    op: "klDivergence",
    variant: reduction,
    call: (p, q) => c.klDivergence(p!, q!, reduction),
    reference: (p, q) => scalar(divergence(p!, q!) / (reduction === "sum" ? 1 : p!.shape[0]!)),
    shapes: VECTORS,
    range: [0.01, 1],
  })),
  pair("mse", c.mse, (u, v) => (u - v) ** 2),
  pair("mae", c.mae, (u, v) => Math.abs(u - v)),
  pair("bce", c.bce, (u, v) => -v * Math.log(floored(u)) - (1 - v) * Math.log(floored(1 - u)), [0.02, 0.98]),
  pair("bceWithLogits", c.bceWithLogits, (u, v) => Math.log1p(Math.exp(u)) - u * v, [
    [-10, 10],
    [0, 1],
  ]),
  ...softmaxes,
  ...crossEntropies,
];
