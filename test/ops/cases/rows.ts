import * as c from "constella";
import type { OpCase } from "./index";
import { array, fold } from "./reference";
import type { Reference } from "./reference";

/** f on each row of the last axis */
function eachRow(x: Reference, f: (row: Float64Array) => ArrayLike<number>): Reference {
  const d = x.shape.at(-1)!;
  const y = new Float64Array(x.data.length);
  for (let at = 0; at < y.length; at += d) y.set(f(x.data.subarray(at, at + d)), at);
  return array(x.shape, y);
}

const total = (row: ArrayLike<number>): number => Array.from(row).reduce((a, b) => a + b, 0);

function layerNorm(x: Reference, gamma: Reference, beta: Reference, eps: number): Reference {
  return eachRow(x, (row) => {
    const mean = total(row) / row.length;
    const variance = total(row.map((v) => (v - mean) ** 2)) / row.length;
    return row.map((v, t) => (gamma.data[t]! * (v - mean)) / Math.sqrt(variance + eps) + beta.data[t]!);
  });
}

/** The place of the first NaN, else of the first of the best. */
const firstBest = (values: number[], best: number): number => {
  const none = values.findIndex(Number.isNaN);
  return none < 0 ? values.indexOf(best) : none;
};

const AXES = [
  [-1, [[1]], [[7, 3]], [[3, 257]], [[5, 17]], [[2, 3000]]],
  [0, [[7, 3]], [[17, 5]], [[300, 2]], [[3, 70]]],
  [1, [[2, 3, 5]], [[3, 5, 1]], [[2, 65, 6]]],
] as const;

/** Rows of the ops that work row by row: normalisation, distances, places of extrema. */
export const ROWS: readonly OpCase[] = [
  {
    op: "layerNorm",
    variant: "one element, whose gradient is 0 as the difference of equal terms",
    call: (x, gamma, beta) => c.layerNorm(x!, gamma!, beta!),
    reference: (x, gamma, beta) => layerNorm(x!, gamma!, beta!, 1e-5),
    shapes: [[[1, 1], [1], [1]]],
    atol: 2e-5,
    gradientAtol: 1e-4, // a device that fuses the product leaves its rounding, 2⁻²⁴ |dy γ|, times 1 / √eps = 316
  },
  {
    op: "layerNorm",
    call: (x, gamma, beta) => c.layerNorm(x!, gamma!, beta!),
    reference: (x, gamma, beta) => layerNorm(x!, gamma!, beta!, 1e-5),
    shapes: [
      [[2], [2], [2]],
      [[7, 5], [5], [5]],
      [[2, 3, 17], [17], [17]],
      [[300, 2], [2], [2]],
      [[2, 257], [257], [257]],
      [[70, 600], [600], [600]],
    ],
    atol: 2e-5,
    range: [
      [-4, 6],
      [-2, 2],
      [-2, 2],
    ],
  },
  {
    op: "l2Normalize",
    call: (x) => c.l2Normalize(x!),
    reference: (x) =>
      eachRow(x!, (row) => {
        const norm = Math.max(1e-12, Math.sqrt(total(row.map((v) => v * v))));
        return row.map((v) => v / norm);
      }),
    shapes: [[[1]], [[7, 3]], [[2, 3, 17]], [[3, 257]]],
  },
  {
    op: "l2Normalize",
    variant: "shorter than eps",
    call: (x) => c.l2Normalize(x!, 100),
    reference: (x) => eachRow(x!, (row) => row.map((v) => v / Math.max(100, Math.sqrt(total(row.map((u) => u * u)))))),
    shapes: [[[7, 3]]],
  },
  {
    op: "pairwiseSquaredDistance",
    call: (a, b) => c.pairwiseSquaredDistance(a!, b!),
    reference: (a, b) => {
      const [n, m, d] = [a!.shape[0]!, b!.shape[0]!, a!.shape[1]!];
      const s = (at: number): number => {
        const [i, j] = [Math.floor(at / m), at % m];
        return total(Array.from({ length: d }, (_, t) => (a!.data[i * d + t]! - b!.data[j * d + t]!) ** 2));
      };
      return array(
        [n, m],
        Float64Array.from({ length: n * m }, (_, at) => s(at)),
      );
    },
    shapes: [
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
        [65, 17],
        [131, 17],
      ],
      [
        [3, 4099],
        [2, 4099],
      ],
    ],
  },
  ...AXES.flatMap(([axis, ...shapes]): OpCase[] => {
    const place = (x: Reference): number => (axis < 0 ? x.shape.length + axis : axis);
    const of = (x: Reference, best: (...values: number[]) => number): Reference =>
      fold(x, [place(x)], false, (values) => firstBest(values, best(...values)));
    return [
      {
        op: "argmax",
        variant: `axis ${axis}`,
        call: (x) => c.argmax(x!, axis),
        reference: (x) => of(x!, Math.max),
        shapes,
        gradients: [],
      },
      {
        op: "argmin",
        variant: `axis ${axis}`,
        call: (x) => c.argmin(x!, axis),
        reference: (x) => of(x!, Math.min),
        shapes,
        gradients: [],
      },
    ];
  }),
];
