import * as c from "constella";
import type { Tensor } from "constella";
import { CONVOLUTION } from "./convolution";
import { AUGMENTATION } from "./augmentation";
import { GENERATIVE } from "./generative";
import { IMAGES } from "./images";
import { CONTRASTIVE } from "./contrastive";
import { LOSSES } from "./losses";
import { MASKS } from "./masks";
import { OBJECTS } from "./objects";
import { PAIRWISE } from "./pairwise";
import { PRINCIPAL_AXES } from "./principal-axes";
import { RECURRENT } from "./recurrent";
import { ROWS } from "./rows";
import { SPECTROGRAM } from "./spectrogram";
import { fold, map, product, zip } from "./reference";
import type { Reference } from "./reference";
import { INDEXING, RANDOM } from "./indexing";

/** One op under test: the call, its reference in float64, and the inputs it is tried on. */
export interface OpCase {
  /** Name of the exported op. */
  readonly op: string;
  /** What distinguishes the row from others of the op. */
  readonly variant?: string;
  readonly call: (...inputs: Tensor[]) => Tensor;
  readonly reference: (...inputs: Reference[]) => Reference;
  /** Shapes of the inputs, one list per trial: among them 1, a prime, and one more than a tile. */
  readonly shapes: readonly (readonly (readonly number[])[])[];
  /** Range of the inputs, one pair for all or one per input; default [-2, 2]. */
  readonly range?: readonly [number, number] | readonly (readonly [number, number])[];
  /** Inputs that are whole numbers (labels, indices): uniform in [0, limit). */
  readonly integers?: Readonly<Record<number, number>>;
  /** Inputs to check the gradient of; default: all that are not integers. None with []. */
  readonly gradients?: readonly number[];
  /** Relative and absolute tolerance of the forward pass; default 1e-5 and 1e-5. */
  readonly rtol?: number;
  readonly atol?: number;
  /** Absolute tolerance of the gradients; default 1e-4 of the largest of a gradient, and at least 1e-7. */
  readonly gradientAtol?: number;
  /** A NaN reaches more than the reference says: it is multiplied by a 0 (a pad, a weight) that the reference leaves out. */
  readonly spreads?: boolean;
}

const VECTORS = [[[1]], [[7]], [[3, 5]], [[2, 3, 257]]] as const;
const PAIRS = [
  [[5], [5]],
  [
    [3, 1],
    [1, 7],
  ],
  [
    [2, 1, 5, 1],
    [4, 1, 3],
  ],
  [[], [6]],
  [[33, 129], [129]],
] as const;

const unary = (
  op: string,
  call: (x: Tensor) => Tensor,
  f: (v: number) => number,
  more: Partial<OpCase> = {},
): OpCase => ({
  op,
  call,
  reference: (x) => map(x!, f),
  shapes: VECTORS,
  ...more,
});

const binary = (
  op: string,
  call: (a: Tensor, b: Tensor) => Tensor,
  f: (u: number, v: number) => number,
  more: Partial<OpCase> = {},
): OpCase => ({
  op,
  call: (a, b) => call(a!, b!),
  reference: (a, b) => zip(a!, b!, f),
  shapes: PAIRS,
  ...more,
});

const total = (values: number[]): number => values.reduce((a, b) => a + b, 0);

const reduction = (
  op: string,
  call: (x: Tensor, axes?: c.Axes, keep?: boolean) => Tensor,
  f: (values: number[]) => number,
): OpCase[] =>
  (
    [
      ["all", null, false, [[1]], [[7, 3]], [[3000]]],
      ["last axis", [-1], false, [[5, 257]], [[3, 2500]], [[1, 1]]],
      ["first axis kept", [0], true, [[13, 5]], [[2500, 3]], [[70, 65]]],
      ["outer and inner", [0, 2], false, [[3, 5, 7]], [[2, 4, 1]]],
    ] as const
  ).map(([variant, axes, keep, ...shapes]) => ({
    op,
    variant,
    call: (x) => call(x!, axes, keep),
    reference: (x) => fold(x!, axes, keep, f),
    shapes: shapes.map((shape) => shape as readonly (readonly number[])[]),
    atol: 1e-4,
  }));

const SHAPES_OF_PRODUCTS: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [7, 5, 3],
  [65, 9, 66],
  [4, 600, 3],
  [6, 512, 5],
  [13, 67, 10],
];

const products: OpCase[] = [false, true].flatMap((transA) =>
  [false, true].map((transB) => ({
    op: "matmul",
    variant: `${transA ? "aᵀ" : "a"} ${transB ? "bᵀ" : "b"}`,
    call: (a, b) => c.matmul(a!, b!, { transA, transB }),
    reference: (a, b) => product(a!, b!, transA, transB),
    shapes: SHAPES_OF_PRODUCTS.map(([m, k, n]) => [transA ? [k, m] : [m, k], transB ? [n, k] : [k, n]]),
    atol: 1e-4,
  })),
);

const activations: OpCase[] = (
  [
    ["relu", (v) => Math.max(v, 0)],
    ["leakyRelu", (v) => (v > 0 ? v : 0.3 * v)],
    ["sigmoid", (v) => 1 / (1 + Math.exp(-v))],
    ["tanh", Math.tanh],
  ] as const satisfies readonly (readonly [c.Activation, (v: number) => number])[]
).map(([activation, f]) => ({
  op: "linear",
  variant: `bias and ${activation}`,
  call: (x, w, b) => c.linear(x!, w!, b, { activation, slope: 0.3 }),
  reference: (x, w, b) =>
    map(
      zip(product(x!, w!, false, true), b!, (u, v) => u + v),
      f,
    ),
  shapes: [
    [[3, 5], [7, 5], [7]],
    [[2, 3, 5], [9, 5], [9]],
    [[66, 4], [9, 4], [9]],
  ],
  atol: 1e-4,
}));

/** Every exported op has at least one row here; test/contract/api.test.ts holds the list against the exports. */
export const CASES: readonly OpCase[] = [
  unary("abs", c.abs, Math.abs),
  unary("neg", c.neg, (v) => -v),
  unary("exp", c.exp, Math.exp),
  unary("log", c.log, Math.log, { range: [0.1, 4] }),
  unary("sqrt", c.sqrt, Math.sqrt, { range: [0.1, 4] }),
  unary("square", c.square, (v) => v * v),
  unary("tanh", c.tanh, Math.tanh),
  unary("sigmoid", c.sigmoid, (v) => 1 / (1 + Math.exp(-v))),
  unary("relu", c.relu, (v) => Math.max(v, 0)),
  unary(
    "leakyRelu",
    (x) => c.leakyRelu(x, 0.3),
    (v) => (v > 0 ? v : 0.3 * v),
  ),
  unary("softplus", c.softplus, (v) => Math.log1p(Math.exp(v)), { range: [-20, 20] }),
  unary("sin", c.sin, Math.sin, { range: [-40, 40] }),
  unary("cos", c.cos, Math.cos, { range: [-40, 40] }),
  ...[-2, -1, -0.5, 0.5, 2, 3, 5].map((exponent) =>
    unary(
      "powScalar",
      (x) => c.powScalar(x, exponent),
      (v) => v ** exponent,
      { variant: `^${exponent}`, range: [0.3, 2] },
    ),
  ),
  unary(
    "powScalar",
    (x) => c.powScalar(x, 7),
    (v) => v ** 7,
    { variant: "odd power of negative numbers", range: [-2, -0.3] },
  ),
  unary(
    "scale",
    (x) => c.scale(x, -2.5),
    (v) => -2.5 * v,
  ),
  unary(
    "shift",
    (x) => c.shift(x, 1.5),
    (v) => v + 1.5,
  ),
  unary(
    "floorAt",
    (x) => c.floorAt(x, 0.25),
    (v) => Math.max(v, 0.25),
  ),
  binary("add", c.add, (u, v) => u + v),
  binary("sub", c.sub, (u, v) => u - v),
  binary("mul", c.mul, (u, v) => u * v),
  binary("div", c.div, (u, v) => u / v, { range: [0.5, 3] }),
  binary("pow", c.pow, (u, v) => u ** v, { range: [0.5, 3] }),
  binary("maximum", c.maximum, Math.max),
  binary("minimum", c.minimum, Math.min),
  binary("equal", c.equal, (u, v) => Number(u === v), { gradients: [] }),
  binary("greater", c.greater, (u, v) => Number(u > v), { gradients: [] }),
  {
    op: "broadcastTo",
    call: (x) => c.broadcastTo(x!, [4, 3, 5]),
    reference: (x) => zip(x!, { shape: [4, 3, 5], data: new Float64Array(60) }, (u) => u),
    shapes: [[[3, 1]], [[5]], [[1, 3, 5]]],
  },
  ...reduction("sum", c.sum, total),
  ...reduction("mean", c.mean, (values) => total(values) / values.length),
  ...reduction("max", c.max, (values) => Math.max(...values)),
  ...reduction("min", c.min, (values) => Math.min(...values)),
  ...products,
  {
    op: "matmul",
    variant: "batches",
    call: (a, b) => c.matmul(a!, b!),
    reference: (a, b) => product(a!, b!),
    shapes: [
      [
        [2, 3, 5],
        [2, 5, 4],
      ],
      [
        [3, 1, 2, 5],
        [2, 5, 4],
      ],
      [
        [4, 2, 5],
        [5, 3],
      ],
      [
        [5, 3],
        [2, 3, 4],
      ],
      [
        [2, 1, 3, 4],
        [1, 3, 4, 2],
      ],
    ],
    atol: 1e-4,
  },
  {
    op: "linear",
    call: (x, w) => c.linear(x!, w!),
    reference: (x, w) => ({
      ...product({ ...x!, shape: [x!.data.length / x!.shape.at(-1)!, x!.shape.at(-1)!] }, w!, false, true),
      shape: [...x!.shape.slice(0, -1), w!.shape[0]!],
    }),
    shapes: [
      [[5], [3, 5]],
      [
        [2, 4, 5],
        [3, 5],
      ],
    ],
  },
  ...activations,
  {
    op: "activationGradient",
    call: (y, dy) => c.activationGradient("tanh", y!, dy!, 0),
    reference: (y, dy) => zip(y!, dy!, (u, v) => v * (1 - u * u)),
    shapes: [
      [[7], [7]],
      [
        [3, 5],
        [3, 5],
      ],
    ],
    gradients: [],
  },
  {
    op: "sumTo",
    call: (x) => c.sumTo(x!, [3, 1]),
    reference: (x) => ({ ...fold(x!, [0, 2], false, total), shape: [3, 1] }),
    shapes: [[[4, 3, 5]]],
    gradients: [],
  },
  {
    op: "reshape",
    call: (x) => c.reshape(x!, [6, -1]),
    reference: (x) => ({ ...x!, shape: [6, x!.data.length / 6] }),
    shapes: [[[2, 3, 5]]],
  },
  { op: "flatten", call: (x) => c.flatten(x!), reference: (x) => ({ ...x!, shape: [2, 15] }), shapes: [[[2, 3, 5]]] },
  ...CONVOLUTION,
  ...CONTRASTIVE,
  ...LOSSES,
  ...INDEXING,
  ...RANDOM,
  ...ROWS,
  ...SPECTROGRAM,
  ...IMAGES,
  ...AUGMENTATION,
  ...PRINCIPAL_AXES,
  ...RECURRENT,
  ...PAIRWISE,
  ...GENERATIVE,
  ...MASKS,
  ...OBJECTS,
];
