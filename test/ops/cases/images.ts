import * as c from "constella";
import type { OpCase } from "./index";
import { array, fold, sizeOf } from "./reference";
import type { Reference } from "./reference";

const activate = (z: number, slope: number): number => (z > 0 ? z : slope * z);

/** x by channels: place of element i in [c]. */
const channelOf = (x: Reference, i: number): number => Math.floor(i / sizeOf(x.shape.slice(2))) % x.shape[1]!;

interface Moments {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

function momentsOf(x: Reference): Moments {
  const axes = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const average = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const mean = fold(x, axes, false, average).data;
  const squares = array(
    x.shape,
    x.data.map((v, i) => (v - mean[channelOf(x, i)]!) ** 2),
  );
  return { mean, variance: fold(squares, axes, false, average).data };
}

const normalized = (
  x: Reference,
  moments: Moments,
  gamma: number[],
  beta: number[],
  eps: number,
  slope = 1,
): Reference =>
  array(
    x.shape,
    x.data.map((v, i) => {
      const t = channelOf(x, i);
      const z = (gamma[t]! * (v - moments.mean[t]!)) / Math.sqrt(moments.variance[t]! + eps) + beta[t]!;
      return activate(z, slope);
    }),
  );

const withParameters = (shape: readonly number[]): readonly (readonly number[])[] => [shape, [shape[1]!], [shape[1]!]];

const BATCHES = [
  [2, 1],
  [7, 5],
  [13, 3],
  [150, 4],
  [5, 67],
  [3, 2, 5, 5],
  [2, 3, 1, 7],
  [1, 2, 4, 9],
  [4, 3, 2, 2],
  [3, 5, 17, 19],
  [300, 2, 3, 3],
] as const;

const BATCH_NORM: readonly OpCase[] = [
  ...([undefined, "relu", "leakyRelu"] as const).map((activation): OpCase => ({
    op: "batchNorm",
    variant: `training${activation ? `, ${activation}` : ""}`,
    call: (x, gamma, beta) => c.batchNorm(x!, { gamma, beta, eps: 0.01, activation, slope: 0.3 }),
    reference: (x, gamma, beta) =>
      normalized(
        x!,
        momentsOf(x!),
        [...gamma!.data],
        [...beta!.data],
        0.01,
        { relu: 0, leakyRelu: 0.3, linear: 1 }[activation ?? "linear"],
      ),
    shapes: BATCHES.map(withParameters),
    range: [
      [-1, 4],
      [-2, 2],
      [-2, 2],
    ],
    atol: 5e-5,
  })),
  {
    op: "batchNorm",
    variant: "evaluation, relu",
    call: (x, gamma, beta) => {
      const mean = c.full(x!.device, gamma!.shape, 0.5);
      const variance = c.full(x!.device, gamma!.shape, 2.25);
      return c.batchNorm(x!, { gamma, beta, running: { mean, variance }, training: false, activation: "relu" });
    },
    reference: (x, gamma, beta) => {
      const constant = (value: number): Float64Array => gamma!.data.map(() => value);
      const moments = { mean: constant(0.5), variance: constant(2.25) };
      return normalized(x!, moments, [...gamma!.data], [...beta!.data], 1e-5, 0);
    },
    shapes: BATCHES.map(withParameters),
  },
  {
    op: "batchNorm",
    variant: "without gamma and beta",
    call: (x) => c.batchNorm(x!),
    reference: (x) => {
      const constant = (value: number): number[] => new Array<number>(x!.shape[1]!).fill(value);
      return normalized(x!, momentsOf(x!), constant(1), constant(0), 1e-5);
    },
    shapes: [[[7, 3]], [[2, 3, 5, 5]]],
    atol: 5e-5,
  },
  ...([undefined, c.KERAS_BATCH_NORM] as const).flatMap((statistics): OpCase[] =>
    (["mean", "variance"] as const).map((name) => ({
      op: "batchNorm",
      variant: `running ${name} of ${statistics ? "Keras" : "PyTorch"}`,
      call: (x) => {
        const running = {
          mean: c.full(x!.device, [x!.shape[1]!], -0.5),
          variance: c.full(x!.device, [x!.shape[1]!], 3),
        };
        c.batchNorm(x!, { running, ...statistics });
        return running[name];
      },
      reference: (x) => {
        const count = x!.data.length / x!.shape[1]!;
        const { mean, variance } = momentsOf(x!);
        const [share, divisor] = statistics ? [1 - 0.99, count - 1 - 1e-3] : [0.1, count - 1];
        const moved = name === "mean" ? mean : variance.map((v) => (v * count) / divisor);
        return array(
          [x!.shape[1]!],
          moved.map((v) => (1 - share) * (name === "mean" ? -0.5 : 3) + share * v),
        );
      },
      shapes: BATCHES.map((shape) => [shape]),
      gradients: [],
    })),
  ),
];

interface Windows {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

/** f of the values of each window that are within the plane, and of how many the window has. */
function windows(x: Reference, { kernel, stride, padding }: Windows, f: (values: number[]) => number): Reference {
  const [n, channels, h, w] = x.shape as [number, number, number, number];
  const oh = Math.floor((h + 2 * padding[0] - kernel[0]) / stride[0]) + 1;
  const ow = Math.floor((w + 2 * padding[1] - kernel[1]) / stride[1]) + 1;
  const y = array([n, channels, oh, ow]);
  for (let plane = 0, at = 0; plane < n * channels; plane++)
    for (let i = 0; i < oh; i++)
      for (let j = 0; j < ow; j++, at++) {
        const values: number[] = [];
        for (let a = 0; a < kernel[0]; a++)
          for (let b = 0; b < kernel[1]; b++) {
            const [r, k] = [i * stride[0] + a - padding[0], j * stride[1] + b - padding[1]];
            if (r >= 0 && r < h && k >= 0 && k < w) values.push(x.data[(plane * h + r) * w + k]!);
          }
        y.data[at] = f(values);
      }
  return y;
}

const WINDOWS = [
  [[2, 2], [2, 2], [0, 0], [[1, 1, 2, 2]], [[2, 3, 9, 11]], [[1, 2, 4, 19]], [[3, 2, 45, 45]]],
  [[3, 3], [2, 2], [1, 1], [[1, 2, 1, 1]], [[2, 3, 7, 8]]],
  [[2, 3], [1, 2], [1, 0], [[2, 2, 5, 7]]],
  [[2, 2], [3, 3], [0, 0], [[2, 2, 8, 7]]],
  [[4, 1], [3, 1], [2, 0], [[1, 3, 6, 5]]],
  [[2, 2], [1, 2], [0, 0], [[1, 2, 5, 13]]],
] as const;

const POOLING: readonly OpCase[] = [
  ...WINDOWS.flatMap(([kernel, stride, padding, ...shapes]): OpCase[] => {
    const sizes = { kernel, stride, padding };
    const variant = `${kernel.join(" x ")}, stride ${stride.join(" x ")}, padding ${padding.join(" x ")}`;
    return [
      {
        op: "maxPool2d",
        variant,
        call: (x) => c.maxPool2d(x!, kernel, { stride, padding }),
        reference: (x) => windows(x!, sizes, (values) => Math.max(...values)),
        shapes,
        rtol: 0,
        atol: 0,
      },
      {
        op: "avgPool2d",
        variant,
        call: (x) => c.avgPool2d(x!, kernel, { stride, padding }),
        reference: (x) => windows(x!, sizes, (values) => values.reduce((a, b) => a + b, 0) / (kernel[0] * kernel[1])),
        shapes,
      },
    ];
  }),
  {
    op: "globalAvgPool2d",
    call: (x) => c.globalAvgPool2d(x!),
    reference: (x) => fold(x!, [2, 3], false, (values) => values.reduce((a, b) => a + b, 0) / values.length),
    shapes: [[[1, 1, 1, 1]], [[2, 3, 5, 7]], [[3, 5, 33, 9]]],
  },
];

/** The value at (i, j) of each plane of an image enlarged by `scale`. */
function enlarged(
  x: Reference,
  [rows, columns]: readonly [number, number],
  f: (pixel: (r: number, k: number) => number, i: number, j: number) => number,
): Reference {
  const [n, channels, h, w] = x.shape as [number, number, number, number];
  const y = array([n, channels, h * rows, w * columns]);
  for (let plane = 0, at = 0; plane < n * channels; plane++)
    for (let i = 0; i < h * rows; i++)
      for (let j = 0; j < w * columns; j++) {
        const inside = (r: number, size: number): number => Math.min(Math.max(r, 0), size - 1);
        y.data[at++] = f((r, k) => x.data[(plane * h + inside(r, h)) * w + inside(k, w)]!, i, j);
      }
  return y;
}

const UPSAMPLING: readonly OpCase[] = (
  [
    [2, 2],
    [3, 1],
    [5, 4],
  ] as const
).flatMap((scale): OpCase[] => {
  const shapes = [[[1, 1, 1, 1]], [[2, 3, 5, 2]], [[1, 2, 7, 17]]];
  return [
    {
      op: "upsampleNearest",
      variant: `by ${scale.join(" x ")}`,
      call: (x) => c.upsampleNearest(x!, scale),
      reference: (x) => enlarged(x!, scale, (pixel, i, j) => pixel(Math.floor(i / scale[0]), Math.floor(j / scale[1]))),
      shapes,
      rtol: 0,
      atol: 0,
    },
    {
      op: "upsampleBilinear",
      spreads: true,
      variant: `by ${scale.join(" x ")}`,
      call: (x) => c.upsampleBilinear(x!, scale),
      reference: (x) =>
        enlarged(x!, scale, (pixel, i, j) => {
          const [v, u] = [(i + 0.5) / scale[0] - 0.5, (j + 0.5) / scale[1] - 0.5];
          const [r, k] = [Math.floor(v), Math.floor(u)];
          const row = (r: number): number => pixel(r, k) * (1 - u + k) + pixel(r, k + 1) * (u - k);
          return row(r) * (1 - v + r) + row(r + 1) * (v - r);
        }),
      shapes,
    },
  ];
});

const DROPOUT: readonly OpCase[] = [true, false].map((rescale) => ({
  op: "dropout2d",
  variant: rescale ? "rescaled" : "masking noise",
  call: (x) => c.dropout2d(x!, 0.4, new c.Random(11), { rescale }),
  reference: (x) => {
    const random = new c.Random(11);
    const kept = Array.from({ length: x!.shape[0]! * x!.shape[1]! }, () =>
      random.nextUint32() >= Math.round(0.4 * 2 ** 32) ? 1 : 0,
    );
    const width = x!.shape[2]! * x!.shape[3]!;
    return array(
      x!.shape,
      x!.data.map((v, i) => (v * kept[Math.floor(i / width)]!) / (rescale ? 0.6 : 1)),
    );
  },
  shapes: [[[1, 1, 1, 1]], [[3, 5, 1, 1]], [[5, 7, 1, 3]], [[3, 11, 2, 5]], [[4, 9, 17, 19]]],
}));

/** Rows of the ops on images: batch normalisation, pooling, upsampling, dropout of channels. */
export const IMAGES: readonly OpCase[] = [...BATCH_NORM, ...POOLING, ...UPSAMPLING, ...DROPOUT];
