import * as c from "constella";
import type { Tensor } from "constella";
import * as g from "../../../src/generative";
import type { OpCase } from "./index";
import { array, sizeOf } from "./reference";
import type { Reference } from "./reference";

const scalar = (value: number): Reference => array([], [value]);
const total = (n: number, f: (i: number) => number): number =>
  Array.from({ length: n }, (_, i) => f(i)).reduce((a, b) => a + b, 0);
const logNormal = (x: number, mean: number, variance: number): number =>
  -0.5 * (Math.log(2 * Math.PI * variance) + (x - mean) ** 2 / variance);
const mixtureLog = (x: number, m: number, s: number): number =>
  Math.log(0.5 * Math.exp(logNormal(x, -m, s * s)) + 0.5 * Math.exp(logNormal(x, m, s * s)));
const klBetween = (mu: number, lv: number, mean: number, s: number): number =>
  Math.log(s) - lv / 2 + (Math.exp(lv) + (mu - mean) ** 2) / (2 * s * s) - 0.5;

const LATENTS = [
  [1, 1],
  [7, 3],
  [65, 2],
] as const;
const repeated = (count: number): (readonly (readonly number[])[])[] =>
  LATENTS.map((shape) => Array.from({ length: count }, () => shape));

/** A term summed over latents and averaged over the batch, of as many inputs as the reference takes. */
const latents = (
  op: string,
  call: (...x: Tensor[]) => Tensor,
  term: (...values: number[]) => number,
  extra: Partial<OpCase> = {},
): OpCase => ({
  op,
  call: (...x) => call(...(x as Tensor[])),
  reference: (...x) =>
    scalar(total(x[0]!.data.length, (i) => term(...x.map((input) => input!.data[i]!))) / x[0]!.shape[0]!),
  shapes: repeated(term.length),
  rtol: 1e-4,
  atol: 1e-4,
  ...extra,
});

const [M, S] = [1.3, 0.6];
const prior = { m: M, s: S };

const DIVERGENCES: readonly OpCase[] = [
  latents("klNormal", g.klNormal, (mu, lv) => 0.5 * (Math.exp(lv) + mu * mu - 1 - lv)),
  latents("gaussianNll", g.gaussianNll, (x, mu, lv) => -logNormal(x, mu, Math.exp(lv))),
  latents("squaredError", g.squaredError, (x, y) => (x - y) ** 2),
  latents(
    "elbo",
    (x, y, mu, lv) => g.elbo(x!, y!, mu!, lv!, { beta: 0.5 }).loss,
    (x, y, mu, lv) => (x - y) ** 2 + 0.25 * (Math.exp(lv) + mu * mu - 1 - lv),
  ),
  latents(
    "jsGeometric",
    (mu, lv) => g.jsGeometric(mu!, lv!, { alpha: 0.3 }),
    (mu, lv) => {
      const precision = 0.7 * Math.exp(-lv) + 0.3;
      const mean = (0.7 * mu * Math.exp(-lv)) / precision;
      const kl = (m: number, v: number): number =>
        0.5 * (-Math.log(precision * v) + precision * (v + (m - mean) ** 2) - 1);
      return 0.7 * kl(mu, Math.exp(lv)) + 0.3 * kl(0, 1);
    },
  ),
  latents("gaussianW2", g.gaussianW2, (a, u, b, v) => (a - b) ** 2 + (Math.exp(u / 2) - Math.exp(v / 2)) ** 2),
  latents(
    "klMixtureBound",
    (mu, lv) => g.klMixtureBound(mu!, lv!, prior),
    (mu, lv) => -Math.log(0.5 * Math.exp(-klBetween(mu, lv, M, S)) + 0.5 * Math.exp(-klBetween(mu, lv, -M, S))),
  ),
  latents(
    "klMixtureMonteCarlo",
    (mu, lv, eps) => g.klMixtureMonteCarlo(mu!, lv!, eps!, prior),
    (mu, lv, eps) => {
      const z = mu + Math.exp(lv / 2) * eps;
      return logNormal(z, mu, Math.exp(lv)) - mixtureLog(z, M, S);
    },
    { gradients: [0, 1] },
  ),
  latents(
    "jsMonteCarlo",
    (mu, lv, eps, draws) => g.jsMonteCarlo(mu!, lv!, eps!, draws!, prior),
    (mu, lv, eps, draw) => {
      const part = (own: number, other: number): number => Math.LN2 - Math.log1p(Math.exp(other - own));
      const posterior = -0.5 * (Math.log(2 * Math.PI) + lv + eps * eps);
      const ofPosterior = part(posterior, mixtureLog(mu + Math.exp(lv / 2) * eps, M, S));
      return 0.5 * (ofPosterior + part(mixtureLog(draw, M, S), logNormal(draw, mu, Math.exp(lv))));
    },
    { gradients: [0, 1] },
  ),
  latents(
    "pointwiseWasserstein",
    (mu, lv) => g.pointwiseWasserstein(mu!, lv!, prior),
    (mu, lv) => (Math.abs(mu) - M) ** 2 + (Math.exp(lv / 2) - S) ** 2,
  ),
  {
    op: "reparameterize",
    call: (mu, lv, eps) => g.reparameterize(mu!, lv!, eps!),
    reference: (mu, lv, eps) =>
      array(
        eps!.shape,
        eps!.data.map((e, i) => mu!.data[i % mu!.data.length]! + Math.exp(lv!.data[i % mu!.data.length]! / 2) * e),
      ),
    shapes: [
      [
        [1, 1],
        [1, 1],
        [1, 1],
      ],
      [
        [5, 3],
        [5, 3],
        [2, 5, 3],
      ],
    ],
    gradients: [0, 1],
  },
];

const sortedColumns = (x: Reference, axis: number): Reference => {
  const inner = sizeOf(x.shape.slice(axis + 1));
  const n = x.shape[axis]!;
  const y = array(x.shape);
  for (let series = 0; series < x.data.length / n; series++) {
    const at = (i: number): number => (Math.floor(series / inner) * n + i) * inner + (series % inner);
    const values = Float64Array.from({ length: n }, (_, i) => x.data[at(i)]!).sort(); // NaN last
    values.forEach((value, i) => (y.data[at(i)] = value));
  }
  return y;
};

const ORDERED: readonly OpCase[] = [
  {
    op: "sort",
    call: (x) => g.sort(x!, 0),
    reference: (x) => sortedColumns(x!, 0),
    shapes: [[[1]], [[7]], [[13, 3]], [[65, 2]], [[1025]], [[2500, 2]]],
  },
  {
    op: "sort",
    variant: "last and middle axes",
    call: (x) => g.sort(g.sort(x!, 1)),
    reference: (x) => sortedColumns(sortedColumns(x!, 1), 2),
    shapes: [[[2, 5, 3]], [[1, 17, 4]]],
  },
  ...([1, 2] as const).map((p): OpCase => ({
    op: "sortedWasserstein",
    variant: `p ${p}`,
    call: (z, q) => g.sortedWasserstein(z!, q!, { p }),
    reference: (z, q) => {
      const [a, b] = [sortedColumns(z!, 0), sortedColumns(q!, 0)];
      return scalar(total(a.data.length, (i) => Math.abs(a.data[i]! - b.data[i]!) ** p) / a.shape[0]!);
    },
    shapes: repeated(2),
    rtol: 1e-4,
  })),
];

/** F Fᵀ + ½ I for each matrix of factors [n, d, d]. */
function covariance(factor: Tensor): Tensor {
  const [, d] = factor.shape as [number, number, number];
  const half = Float32Array.from({ length: d * d }, (_, i) => (i % (d + 1) === 0 ? 0.5 : 0));
  return c.add(c.matmul(factor, factor, { transB: true }), c.tensor(factor.device, half, [d, d]));
}

/** The same in float64 of one 2 x 2 factor. */
function covariance2(f: Float64Array, at: number): [number, number, number] {
  const [a, b, e, h] = f.subarray(at, at + 4) as unknown as [number, number, number, number];
  return [a * a + b * b + 0.5, a * e + b * h, e * e + h * h + 0.5];
}

const FULL: OpCase = {
  op: "gaussianW2Full",
  call: (mu, f, nu, k) => g.gaussianW2Full(mu!, covariance(f!), nu!, covariance(k!)),
  reference: (mu, f, nu, k) => {
    const n = mu!.shape[0]!;
    return scalar(
      total(n, (i) => {
        const [a, b] = [covariance2(f!.data, 4 * i), covariance2(k!.data, 4 * i)];
        const determinant = (a[0] * a[2] - a[1] ** 2) * (b[0] * b[2] - b[1] ** 2);
        const product = a[0] * b[0] + 2 * a[1] * b[1] + a[2] * b[2];
        const shifts = total(2, (j) => (mu!.data[2 * i + j]! - nu!.data[2 * i + j]!) ** 2);
        return shifts + a[0] + a[2] + b[0] + b[2] - 2 * Math.sqrt(product + 2 * Math.sqrt(determinant));
      }) / n,
    );
  },
  shapes: [1, 3, 65].map((n) => [
    [n, 2],
    [n, 2, 2],
    [n, 2],
    [n, 2, 2],
  ]),
  rtol: 1e-4,
  atol: 1e-4,
};

interface Vade {
  readonly joint: Reference;
  readonly gamma: Reference;
  readonly loss: Reference;
}

function vade(
  x: Reference,
  y: Reference,
  mu: Reference,
  lv: Reference,
  eps: Reference,
  pi: Reference,
  mean: Reference,
  spread: Reference,
): Vade {
  const [n, d] = mu.shape as [number, number];
  const k = pi.data.length;
  const z = mu.data.map((m, i) => m + Math.exp(lv.data[i]! / 2) * eps.data[i]!);
  const norm = Math.log(total(k, (j) => Math.exp(pi.data[j]!)));
  const [joint, gamma] = [array([n, k]), array([n, k])];
  let loss = total(x.data.length, (i) => (x.data[i]! - y.data[i]!) ** 2) - 0.5 * total(n * d, (i) => 1 + lv.data[i]!);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < k; j++)
      joint.data[i * k + j] =
        pi.data[j]! -
        norm +
        total(d, (l) => logNormal(z[i * d + l]!, mean.data[j * d + l]!, Math.exp(spread.data[j * d + l]!)));
    const all = Math.log(total(k, (j) => Math.exp(joint.data[i * k + j]!)));
    for (let j = 0; j < k; j++) {
      const log = joint.data[i * k + j]! - all;
      const share = (gamma.data[i * k + j] = Math.exp(log));
      const distance = total(d, (l) => {
        const v = spread.data[j * d + l]!;
        return v + (Math.exp(lv.data[i * d + l]!) + (mu.data[i * d + l]! - mean.data[j * d + l]!) ** 2) / Math.exp(v);
      });
      loss += share * (0.5 * distance - (pi.data[j]! - norm) + log);
    }
  }
  return { joint, gamma, loss: scalar(loss / n) };
}

const VADE_SHAPES = [
  [1, 2, 1, 1],
  [7, 3, 2, 3],
  [33, 5, 4, 2],
].map(([n, features, d, k]) => [
  [n!, features!],
  [n!, features!],
  [n!, d!],
  [n!, d!],
  [n!, d!],
  [k!],
  [k!, d!],
  [k!, d!],
]);

const MIXTURES: readonly OpCase[] = [
  {
    op: "vadeLoss",
    call: (x, y, mu, logvar, eps, logits, means, logvars) =>
      g.vadeLoss(x!, y!, { mu: mu!, logvar: logvar!, eps: eps! }, { logits: logits!, means: means!, logvars: logvars! })
        .loss,
    reference: (...x) => vade(...(x as unknown as Parameters<typeof vade>)).loss,
    shapes: VADE_SHAPES,
    gradients: [0, 1, 2, 3, 5, 6, 7],
    rtol: 1e-4,
    atol: 1e-4,
  },
  ...(["mixtureLogJoint", "mixtureAssignments"] as const).map((op): OpCase => ({
    op,
    call: (z, logits, means, logvars) => g[op](z!, { logits: logits!, means: means!, logvars: logvars! }),
    reference: (z, pi, means, logvars) => {
      const none = array([z!.shape[0]!, 1]);
      const point = array(
        z!.shape,
        z!.data.map(() => -60),
      );
      const { joint, gamma } = vade(none, none, z!, point, array(z!.shape), pi!, means!, logvars!);
      return op === "mixtureLogJoint" ? joint : gamma;
    },
    shapes: VADE_SHAPES.map(([, , mu, , , pi, means, logvars]) => [mu!, pi!, means!, logvars!]),
    rtol: 1e-4,
    atol: 1e-4,
  })),
];

/** Rows of the ops of generative models. */
export const GENERATIVE: readonly OpCase[] = [...DIVERGENCES, ...ORDERED, FULL, ...MIXTURES];
