import * as c from "constella";
import type { OpCase } from "./index";
import { array } from "./reference";
import type { Reference } from "./reference";

/** Where position i of an axis of `places` looks in one of `count`: two pixels and the share of the second. */
function source(i: number, count: number, places: number, mode: string): [number, number, number] {
  if (mode === "nearest") return [Math.floor((i * count) / places), 0, 0];
  if (mode === "nearest-exact") return [Math.floor(((2 * i + 1) * count) / (2 * places)), 0, 0];
  const at = Math.max(((i + 0.5) * count) / places - 0.5, 0);
  return [Math.floor(at), Math.min(Math.floor(at) + 1, count - 1), at - Math.floor(at)];
}

function resized(x: Reference, [oh, ow]: readonly [number, number], mode: string): Reference {
  const [n, channels, h, w] = x.shape as [number, number, number, number];
  const y = array([n, channels, oh, ow]);
  for (let at = 0; at < y.data.length; at++) {
    const [r, below, down] = source(Math.floor(at / ow) % oh, h, oh, mode);
    const [col, right, across] = source(at % ow, w, ow, mode);
    const start = Math.floor(at / (oh * ow)) * h * w;
    const value = (i: number, j: number): number => x.data[start + i * w + j]!;
    if (mode !== "bilinear") {
      y.data[at] = value(r, col);
      continue;
    }
    const upper = (1 - across) * value(r, col) + across * value(r, right);
    const lower = (1 - across) * value(below, col) + across * value(below, right);
    y.data[at] = (1 - down) * upper + down * lower;
  }
  return y;
}

const IMAGES = [[[1, 1, 1, 1]], [[1, 2, 4, 5]], [[2, 1, 11, 3]], [[1, 3, 8, 8]]] as const;

const RESIZING: readonly OpCase[] = (
  [
    [1, 1],
    [7, 9],
    [16, 5],
    [3, 17],
  ] as const
).flatMap((size): OpCase[] => [
  {
    op: "bilinearResize",
    variant: size.join(" x "),
    call: (x) => c.bilinearResize(x!, size),
    reference: (x) => resized(x!, size, "bilinear"),
    shapes: IMAGES,
  },
  ...(["nearest", "nearest-exact"] as const).map((mode): OpCase => ({
    op: "nearestResize",
    variant: `${mode}, ${size.join(" x ")}`,
    call: (x) => c.nearestResize(x!, size, { mode }),
    reference: (x) => resized(x!, size, mode),
    shapes: IMAGES,
  })),
]);

/** Channels of x [n, c, h, w], normalised. */
function standardized(x: Reference): Reference {
  const [, channels, h, w] = x.shape as [number, number, number, number];
  const of = (at: number): number => Math.floor(at / (h * w)) % channels;
  const y = array(x.shape);
  for (let channel = 0; channel < channels; channel++) {
    const own = [...x.data.keys()].filter((at) => of(at) === channel);
    const mean = own.reduce((sum, at) => sum + x.data[at]!, 0) / own.length;
    const variance = own.reduce((sum, at) => sum + (x.data[at]! - mean) ** 2, 0) / own.length;
    for (const at of own) y.data[at] = (x.data[at]! - mean) / Math.sqrt(variance + 1e-8) / Math.sqrt(channels);
  }
  return y;
}

function unit(x: Reference): Reference {
  const [, channels, h, w] = x.shape as [number, number, number, number];
  return array(
    x.shape,
    x.data.map((value, at) => {
      const first = Math.floor(at / (channels * h * w)) * channels * h * w + (at % (h * w));
      let square = 1e-12;
      for (let channel = 0; channel < channels; channel++) square += x.data[first + channel * h * w]! ** 2;
      return value / Math.sqrt(square);
    }),
  );
}

function joined(a: Reference, b: Reference): Reference {
  const [n, ca, h, w] = a.shape as [number, number, number, number];
  const cb = b.shape[1]!;
  const y = array([n, ca + cb, h, w]);
  for (let i = 0; i < n; i++) {
    y.data.set(a.data.subarray(i * ca * h * w, (i + 1) * ca * h * w), i * (ca + cb) * h * w);
    y.data.set(b.data.subarray(i * cb * h * w, (i + 1) * cb * h * w), (i * (ca + cb) + ca) * h * w);
  }
  return y;
}

const NORMALIZED = { none: (x: Reference) => x, l2: unit, standardize: standardized };

const SOBEL = [
  [-1, 0, 1],
  [-2, 0, 2],
  [-1, 0, 1],
] as const;

const FEATURES: readonly OpCase[] = [
  ...(["none", "l2", "standardize"] as const).flatMap((normalize): OpCase[] =>
    (["bilinear", "nearest"] as const).map((mode) => ({
      op: "hypercolumn",
      variant: `${normalize}, ${mode}`,
      call: (a, b) => c.hypercolumn([a!, b!], { size: [6, 5], mode, normalize }),
      reference: (a, b) => {
        const of = NORMALIZED[normalize];
        return joined(of(resized(a!, [6, 5], mode)), of(resized(b!, [6, 5], mode)));
      },
      shapes: [
        [
          [2, 2, 6, 5],
          [2, 3, 3, 4],
        ],
        [
          [1, 1, 7, 3],
          [1, 2, 2, 2],
        ],
      ],
      gradientAtol: 1e-5,
      rtol: 1e-4,
      atol: 1e-4,
    })),
  ),
  ...(["gx", "gy"] as const).map((name): OpCase => ({
    op: "sobel",
    variant: name,
    call: (x) => c.sobel(x!)[name],
    reference: (x) => {
      const [, , h, w] = x!.shape as [number, number, number, number];
      return array(
        x!.shape,
        x!.data.map((_, at) => {
          const [r, col] = [Math.floor(at / w) % h, at % w];
          let sum = 0;
          for (let i = -1; i <= 1; i++)
            for (let j = -1; j <= 1; j++)
              if (r + i >= 0 && r + i < h && col + j >= 0 && col + j < w)
                sum += (name === "gx" ? SOBEL[i + 1]![j + 1]! : SOBEL[j + 1]![i + 1]!) * x!.data[at + i * w + j]!;
          return sum;
        }),
      );
    },
    shapes: IMAGES,
    atol: 1e-4,
  })),
];

/** Cell histograms of x [n, c, h, w] by angles in degrees. */
function cellsOf(x: Reference, bins: number, cell: number): Reference {
  const [n, channels, h, w] = x.shape as [number, number, number, number];
  const [rows, columns] = [Math.floor(h / cell), Math.floor(w / cell)];
  const y = array([n, rows, columns, bins]);
  for (let i = 0; i < n; i++)
    for (let r = 0; r < rows * cell; r++)
      for (let col = 0; col < columns * cell; col++) {
        let [dr, dc, size] = [0, 0, 0];
        for (let channel = 0; channel < channels; channel++) {
          const at = (a: number, b: number): number => x.data[((i * channels + channel) * h + a) * w + b]!;
          const down = r > 0 && r + 1 < h ? at(r + 1, col) - at(r - 1, col) : 0;
          const across = col > 0 && col + 1 < w ? at(r, col + 1) - at(r, col - 1) : 0;
          const own = Math.hypot(down, across);
          if (own > size || Number.isNaN(own)) [dr, dc, size] = [down, across, own];
        }
        const flat = dr !== 0 && Math.abs(dc) === Infinity; // almost along the rows, to one side or the other
        const degrees = Number.isNaN(size)
          ? 0
          : flat
            ? dr * dc > 0
              ? 0
              : 179
            : ((Math.atan2(dr, dc) * 180) / Math.PI + 360) % 180;
        const bin = Math.min(bins - 1, Math.floor((degrees * bins) / 180));
        y.data[((i * rows + Math.floor(r / cell)) * columns + Math.floor(col / cell)) * bins + bin]! +=
          size / (cell * cell);
      }
  return y;
}

function blocksOf(cells: Reference, side: number, normalize: (block: number[]) => number[]): Reference {
  const [n, rows, columns, bins] = cells.shape as [number, number, number, number];
  const blocks: number[] = [];
  for (let i = 0; i < n; i++)
    for (let r = 0; r + side <= rows; r++)
      for (let col = 0; col + side <= columns; col++) {
        const block: number[] = [];
        for (let a = 0; a < side; a++)
          for (let b = 0; b < side; b++) {
            const start = ((i * rows + r + a) * columns + col + b) * bins;
            block.push(...cells.data.subarray(start, start + bins));
          }
        blocks.push(...normalize(block));
      }
  return array([n, rows - side + 1, columns - side + 1, side, side, bins], blocks);
}

const length = (block: number[]): number[] => {
  const norm = Math.sqrt(block.reduce((sum, v) => sum + v * v, 1e-10));
  return block.map((v) => v / norm);
};
const NORMS = {
  L1: (block: number[]) => block.map((v) => v / (block.reduce((sum, u) => sum + u, 0) + 1e-5)),
  L2: length,
  "L2-Hys": (block: number[]) => length(length(block).map((v) => Math.min(v, 0.2))),
};

const HISTOGRAMS: readonly OpCase[] = [
  {
    op: "hog",
    variant: "cells",
    call: (x) => c.hog(x!, { orientations: 7, pixelsPerCell: 3, blockNorm: "none" }),
    reference: (x) => cellsOf(x!, 7, 3),
    shapes: [[[1, 1, 3, 3]], [[2, 3, 10, 13]], [[1, 2, 9, 30]]],
    gradients: [],
    atol: 1e-4,
  },
  ...(["L1", "L2", "L2-Hys"] as const).map((blockNorm): OpCase => ({
    op: "hog",
    variant: blockNorm,
    call: (x) => c.hog(x!, { pixelsPerCell: 4, cellsPerBlock: 2, blockNorm }),
    reference: (x) => blocksOf(cellsOf(x!, 9, 4), 2, NORMS[blockNorm]),
    shapes: [[[1, 1, 8, 8]], [[2, 3, 13, 17]]],
    gradients: [],
    rtol: 1e-4,
    atol: 1e-4,
  })),
];

const PULL: OpCase = {
  op: "decGradient",
  call: (z, mu) => c.decGradient(z!, mu!).gradient,
  reference: (z, mu) => {
    const [n, d] = z!.shape as [number, number];
    const k = mu!.shape[0]!;
    const squared = (i: number, j: number): number =>
      Array.from({ length: d }, (_, l) => (z!.data[i * d + l]! - mu!.data[j * d + l]!) ** 2).reduce((a, b) => a + b, 0);
    const normalizedRows = (x: number[][]): number[][] =>
      x.map((row) => row.map((v) => v / row.reduce((a, b) => a + b, 0)));
    const grid = (f: (i: number, j: number) => number): number[][] =>
      Array.from({ length: n }, (_, i) => Array.from({ length: k }, (_, j) => f(i, j)));
    const q = normalizedRows(grid((i, j) => 1 / (1 + squared(i, j))));
    const mass = Array.from({ length: k }, (_, j) => q.reduce((sum, row) => sum + row[j]!, 0));
    const p = normalizedRows(grid((i, j) => (mass[j] === 0 ? 0 : q[i]![j]! ** 2 / mass[j]!)));
    const y = array([n, d]);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < k; j++)
        for (let l = 0; l < d; l++)
          y.data[i * d + l]! +=
            (2 * (p[i]![j]! - q[i]![j]!) * (z!.data[i * d + l]! - mu!.data[j * d + l]!)) / (1 + squared(i, j));
    return y;
  },
  shapes: [
    [
      [1, 1],
      [1, 1],
    ],
    [
      [7, 3],
      [4, 3],
    ],
    [
      [65, 2],
      [3, 2],
    ],
  ],
  gradients: [],
  atol: 1e-4,
};

/** Rows of the ops that describe objects in images. */
export const OBJECTS: readonly OpCase[] = [...RESIZING, ...FEATURES, ...HISTOGRAMS, PULL];
