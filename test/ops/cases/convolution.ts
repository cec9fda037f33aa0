import * as c from "constella";
import type { OpCase } from "./index";
import { array, map } from "./reference";
import type { Reference } from "./reference";

type Pair = readonly [number, number];
type Four = [number, number, number, number];

/** y of the given size with w [o,c,kh,kw] over x [n,c,h,w], which is 0 outside; `before` zeros lie above and left of it. */
function correlate(
  x: Reference,
  w: Reference,
  b: Reference | undefined,
  stride: Pair,
  before: Pair,
  size: Pair,
): Reference {
  const [n, channels, h, width] = x.shape as Four;
  const [o, , kh, kw] = w.shape as Four;
  const y = array([n, o, ...size]);
  let at = 0;
  for (let i = 0; i < n; i++)
    for (let m = 0; m < o; m++)
      for (let row = 0; row < size[0]; row++)
        for (let column = 0; column < size[1]; column++, at++) {
          let total = b ? b.data[m]! : 0;
          for (let k = 0; k < channels; k++)
            for (let t = 0; t < kh; t++)
              for (let u = 0; u < kw; u++) {
                const [r, s] = [row * stride[0] + t - before[0], column * stride[1] + u - before[1]];
                const inside = r >= 0 && r < h && s >= 0 && s < width;
                const pixel = inside ? x.data[((i * channels + k) * h + r) * width + s]! : 0;
                total += w.data[((m * channels + k) * kh + t) * kw + u]! * pixel;
              }
          y.data[at] = total;
        }
  return y;
}

const padded = (x: Reference, w: Reference, stride: Pair, padding: Pair): Pair =>
  [2, 3].map(
    (axis, i) => Math.floor((x.shape[axis]! + 2 * padding[i]! - w.shape[axis]!) / stride[i]!) + 1,
  ) as unknown as Pair;

function convolved(
  x: Reference,
  w: Reference,
  b?: Reference,
  stride: Pair = [1, 1],
  padding: Pair = [0, 0],
): Reference {
  return correlate(x, w, b, stride, padding, padded(x, w, stride, padding));
}

/** Each pixel of x stamps w [c,o,kh,kw] onto y. */
function stamped(
  x: Reference,
  w: Reference,
  b: Reference | undefined,
  stride: Pair,
  padding: Pair,
  extra: Pair,
): Reference {
  const [n, channels, h, width] = x.shape as Four;
  const [, o, kh, kw] = w.shape as Four;
  const oh = (h - 1) * stride[0] - 2 * padding[0] + kh + extra[0];
  const ow = (width - 1) * stride[1] - 2 * padding[1] + kw + extra[1];
  const y = array([n, o, oh, ow]);
  y.data.forEach((_, at) => (y.data[at] = b ? b.data[Math.floor(at / (oh * ow)) % o]! : 0));
  for (let i = 0; i < n; i++)
    for (let k = 0; k < channels; k++)
      for (let row = 0; row < h; row++)
        for (let column = 0; column < width; column++)
          for (let m = 0; m < o; m++)
            for (let t = 0; t < kh; t++)
              for (let u = 0; u < kw; u++) {
                const [r, s] = [row * stride[0] + t - padding[0], column * stride[1] + u - padding[1]];
                if (r >= 0 && r < oh && s >= 0 && s < ow)
                  y.data[((i * o + m) * oh + r) * ow + s]! +=
                    x.data[((i * channels + k) * h + row) * width + column]! * w.data[((k * o + m) * kh + t) * kw + u]!;
              }
  return y;
}

const strided = (variant: string, stride: Pair, padding: Pair, shapes: OpCase["shapes"]): OpCase => ({
  op: "conv2d",
  variant,
  call: (x, w, b) => c.conv2d(x!, w!, b, { stride, padding }),
  reference: (x, w, b) => convolved(x!, w!, b, stride, padding),
  shapes,
  atol: 1e-4,
});

const transposed = (variant: string, stride: Pair, padding: Pair, extra: Pair, shapes: OpCase["shapes"]): OpCase => ({
  op: "convTranspose2d",
  variant,
  spreads: true,
  call: (x, w, b) => c.convTranspose2d(x!, w!, b, { stride, padding, outputPadding: extra }),
  reference: (x, w, b) => stamped(x!, w!, b, stride, padding, extra),
  shapes,
  atol: 1e-4,
});

/** Shapes of x and weight, with a bias where the third is given. */
const shapes = (...list: (readonly [x: Four, weight: Four, bias?: boolean])[]): OpCase["shapes"] =>
  list.map(([x, weight, bias]) => (bias ? [x, weight, [weight[0]]] : [x, weight]));

const transposedShapes = (...list: (readonly [x: Four, weight: Four])[]): OpCase["shapes"] =>
  list.map(([x, weight]) => [x, weight, [weight[1]]]);

/** Convolutions: sizes of 1, primes, more than a tile of channels or pixels, images of one row, kernels as large as x. */
export const CONVOLUTION: readonly OpCase[] = [
  strided(
    "",
    [1, 1],
    [0, 0],
    shapes(
      [
        [1, 1, 1, 1],
        [1, 1, 1, 1],
      ],
      [[2, 3, 5, 7], [4, 3, 3, 3], true],
      [[1, 5, 11, 3], [7, 5, 1, 1], true],
      [
        [3, 2, 1, 9],
        [5, 2, 1, 4],
      ],
      [[2, 3, 6, 5], [3, 3, 6, 5], true],
      [
        [1, 70, 4, 13],
        [18, 70, 1, 1],
      ],
      [
        [2, 45, 7, 21],
        [3, 45, 3, 3],
      ],
    ),
  ),
  strided(
    "padded",
    [1, 1],
    [1, 1],
    shapes(
      [[1, 1, 1, 1], [1, 1, 3, 3], true],
      [[2, 3, 5, 4], [6, 3, 3, 3], true],
      [
        [1, 1, 45, 45],
        [16, 1, 3, 3],
      ],
      [[2, 16, 10, 17], [17, 16, 3, 3], true],
      [
        [1, 3, 9, 40],
        [66, 3, 3, 3],
      ],
      [
        [33, 2, 2, 2],
        [3, 2, 3, 3],
      ],
      [[1, 90, 5, 9], [9, 90, 3, 3], true],
    ),
  ),
  strided(
    "stride 2",
    [2, 2],
    [1, 1],
    shapes(
      [[2, 3, 7, 8], [5, 3, 3, 3], true],
      [
        [1, 2, 1, 1],
        [2, 2, 3, 3],
      ],
      [
        [3, 9, 12, 37],
        [11, 9, 5, 5],
      ],
    ),
  ),
  strided(
    "uneven",
    [3, 2],
    [0, 2],
    shapes(
      [[2, 2, 8, 9], [3, 2, 2, 5], true],
      [
        [1, 3, 13, 4],
        [4, 3, 4, 1],
      ],
    ),
  ),
  strided("stride over the kernel", [4, 3], [0, 1], shapes([[2, 3, 9, 11], [5, 3, 2, 1], true])),
  strided("padding over the kernel", [1, 2], [4, 3], shapes([[2, 2, 3, 3], [3, 2, 2, 3], true])),
  strided(
    "wide",
    [1, 1],
    [1, 2],
    shapes(
      [
        [1, 2, 3, 600],
        [3, 2, 3, 5],
      ],
      [
        [1, 1, 40, 3],
        [2, 1, 38, 5],
      ],
    ),
  ),
  strided(
    "far apart",
    [2, 60],
    [0, 0],
    shapes([
      [1, 20, 3, 125],
      [3, 20, 1, 1],
    ]),
  ),
  strided(
    "more weights than a thread packs at once",
    [1, 1],
    [0, 0],
    shapes(
      [
        [1, 300, 3, 3],
        [300, 300, 3, 3],
      ],
      [
        [1, 1, 36, 42],
        [2, 1, 35, 40],
      ],
    ),
  ),
  {
    op: "conv2d",
    variant: "same",
    call: (x, w) => c.conv2d(x!, w!, undefined, { padding: "same", stride: [1, 2] }),
    reference: (x, w) => {
      const size = [x!.shape[2]!, Math.ceil(x!.shape[3]! / 2)] as const;
      const before = (axis: number, stride: number): number =>
        Math.floor(Math.max(0, (size[axis]! - 1) * stride + w!.shape[2 + axis]! - x!.shape[2 + axis]!) / 2);
      return correlate(x!, w!, undefined, [1, 2], [before(0, 1), before(1, 2)], size);
    },
    shapes: shapes(
      [
        [2, 3, 5, 8],
        [4, 3, 4, 3],
      ],
      [
        [1, 2, 3, 7],
        [3, 2, 5, 2],
      ],
    ),
    atol: 1e-4,
  },
  ...(
    [
      ["relu", (v: number) => Math.max(v, 0)],
      ["leakyRelu", (v: number) => (v > 0 ? v : 0.3 * v)],
      ["sigmoid", (v: number) => 1 / (1 + Math.exp(-v))],
      ["tanh", Math.tanh],
    ] as const
  ).map(([activation, f]): OpCase => ({
    op: "conv2d",
    variant: `bias and ${activation}`,
    call: (x, w, b) => c.conv2d(x!, w!, b, { padding: 1, activation, slope: 0.3 }),
    reference: (x, w, b) => map(convolved(x!, w!, b, [1, 1], [1, 1]), f),
    shapes: shapes([[2, 3, 5, 9], [6, 3, 3, 3], true]),
    atol: 1e-4,
  })),
  transposed(
    "",
    [1, 1],
    [0, 0],
    [0, 0],
    transposedShapes(
      [
        [1, 1, 1, 1],
        [1, 1, 1, 1],
      ],
      [
        [2, 3, 5, 7],
        [3, 4, 3, 3],
      ],
      [
        [1, 5, 7, 9],
        [5, 9, 1, 1],
      ],
    ),
  ),
  transposed(
    "stride 2",
    [2, 2],
    [1, 1],
    [1, 1],
    transposedShapes(
      [
        [2, 3, 4, 5],
        [3, 5, 3, 3],
      ],
      [
        [1, 18, 6, 20],
        [18, 7, 4, 4],
      ],
    ),
  ),
  transposed(
    "uneven",
    [3, 2],
    [0, 1],
    [2, 0],
    transposedShapes([
      [2, 3, 3, 6],
      [3, 4, 2, 5],
    ]),
  ),
  {
    op: "convTranspose2d",
    variant: "bias and relu",
    call: (x, w, b) => c.convTranspose2d(x!, w!, b, { stride: 2, activation: "relu" }),
    reference: (x, w, b) => map(stamped(x!, w!, b, [2, 2], [0, 0], [0, 0]), (v) => Math.max(v, 0)),
    shapes: transposedShapes([
      [2, 3, 3, 4],
      [3, 5, 2, 2],
    ]),
    atol: 1e-4,
  },
];
