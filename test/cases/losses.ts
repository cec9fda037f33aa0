import * as c from "constella";
import type { Tensor } from "constella";
import type { OpCase } from "../cases";
import { array } from "../reference";
import type { Reference } from "../reference";

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

/** Each row divided by its sum. */
function normalizeRows({ shape, data }: Reference): Reference {
  const k = shape[1]!;
  const sums = Array.from({ length: shape[0]! }, (_, i) =>
    data.subarray(i * k, (i + 1) * k).reduce((a, b) => a + b, 0),
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

const divergence = (p: Reference, q: Reference): number =>
  p.data.reduce((total, v, i) => total + v * Math.log(v / q.data[i]!), 0);

function target(q: Reference, f?: Reference): Reference {
  const k = q.shape[1]!;
  const mass = f?.data ?? new Float64Array(k);
  if (!f) q.data.forEach((v, at) => (mass[at % k]! += v));
  return normalizeRows(
    array(
      q.shape,
      q.data.map((v, at) => v ** 2 / mass[at % k]!),
    ),
  );
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
  pair("bce", c.bce, (u, v) => -v * Math.log(u) - (1 - v) * Math.log(1 - u), [0.02, 0.98]),
  pair("bceWithLogits", c.bceWithLogits, (u, v) => Math.log1p(Math.exp(u)) - u * v, [
    [-10, 10],
    [0, 1],
  ]),
];
