import * as c from "constella";
import * as g from "../../../src/generative";
import type { OpCase } from "./index";
import { array } from "./reference";
import type { Reference } from "./reference";

/** Labels and count of the components of one plane, by flooding from each first pixel. */
function flood(mask: Float64Array, h: number, w: number, corners: boolean): { labels: Float64Array; count: number } {
  const labels = new Float64Array(h * w);
  let count = 0;
  for (let first = 0; first < h * w; first++) {
    if (!mask[first] || labels[first]) continue;
    count++;
    const queue = [first];
    labels[first] = count;
    for (let p = queue.pop(); p !== undefined; p = queue.pop())
      for (let dr = -1; dr <= 1; dr++)
        for (let dc = -1; dc <= 1; dc++) {
          const [r, col] = [Math.floor(p / w) + dr, (p % w) + dc];
          if (r < 0 || r >= h || col < 0 || col >= w || (!corners && dr !== 0 && dc !== 0)) continue;
          const q = r * w + col;
          if (!mask[q] || labels[q]) continue;
          labels[q] = count;
          queue.push(q);
        }
  }
  return { labels, count };
}

function components(mask: Reference, corners: boolean): { labels: Reference; counts: number[] } {
  const [n, h, w] = mask.shape as [number, number, number];
  const labels = array(mask.shape);
  const counts = Array.from({ length: n }, (_, i) => {
    const plane = flood(mask.data.subarray(i * h * w, (i + 1) * h * w), h, w, corners);
    labels.data.set(plane.labels, i * h * w);
    return plane.count;
  });
  return { labels, counts };
}

/** area … columnVariance of the pixels of a plane that hold `number`. */
function statistics(labels: Float64Array, w: number, number: number): number[] {
  const pixels = [...labels.keys()].filter((p) => labels[p] === number).map((p) => [Math.floor(p / w), p % w] as const);
  const n = pixels.length;
  if (n === 0) return [0, NaN, NaN, 0, 0, 0, 0, NaN, NaN, NaN];
  const mean = (f: (r: number, col: number) => number): number =>
    pixels.reduce((sum, [r, col]) => sum + f(r, col), 0) / n;
  const [row, column] = [mean((r) => r), mean((_, col) => col)];
  const [rows, columns] = [pixels.map(([r]) => r), pixels.map(([, col]) => col)];
  return [
    ...[n, row, column, Math.min(...rows), Math.min(...columns), Math.max(...rows) + 1, Math.max(...columns) + 1],
    ...[
      mean((r) => (r - row) ** 2),
      mean((r, col) => (r - row) * (col - column)),
      mean((_, col) => (col - column) ** 2),
    ],
  ];
}

/** The number picked in a plane. */
function picked(labels: Float64Array, count: number, h: number, w: number, by: "centre" | "largest"): number {
  const score = (number: number): number => {
    const [middleRow, middleColumn] = [Math.floor(h / 2), Math.floor(w / 2)];
    const own = [...labels.keys()].filter((p) => labels[p] === number);
    if (by === "largest") return -own.length;
    return Math.min(...own.map((p) => (Math.floor(p / w) - middleRow) ** 2 + ((p % w) - middleColumn) ** 2));
  };
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  return numbers.reduce((best, number) => (best === 0 || score(number) < score(best) ? number : best), 0);
}

const PLANES = [[[1, 1, 1]], [[2, 5, 7]], [[3, 16, 17]], [[1, 33, 40]]] as const;

const COMPONENTS: readonly OpCase[] = ([4, 8] as const).flatMap((connectivity): OpCase[] => [
  {
    op: "connectedComponents",
    variant: `labels, ${connectivity} neighbours`,
    call: (mask) => g.connectedComponents(mask!, { connectivity }).labels,
    reference: (mask) => components(mask!, connectivity === 8).labels,
    shapes: PLANES,
    integers: { 0: 2 },
    gradients: [],
  },
  {
    op: "connectedComponents",
    variant: `count, ${connectivity} neighbours`,
    call: (mask) => g.connectedComponents(mask!, { connectivity }).count,
    reference: (mask) => array([mask!.shape[0]!], components(mask!, connectivity === 8).counts),
    shapes: PLANES,
    integers: { 0: 2 },
    gradients: [],
  },
]);

const SELECTION: readonly OpCase[] = (["centre", "largest"] as const).flatMap((by): OpCase[] => {
  const reference = (mask: Reference): { mask: Reference; rows: Reference } => {
    const [n, h, w] = mask.shape as [number, number, number];
    const { labels, counts } = components(mask, true);
    const chosen = array(mask.shape);
    const rows = array([n, 10]);
    for (let i = 0; i < n; i++) {
      const plane = labels.data.subarray(i * h * w, (i + 1) * h * w);
      const number = picked(plane, counts[i]!, h, w, by);
      plane.forEach((label, p) => (chosen.data[i * h * w + p] = Number(number > 0 && label === number)));
      rows.data.set(statistics(chosen.data.subarray(i * h * w, (i + 1) * h * w), w, 1), 10 * i);
    }
    return { mask: chosen, rows };
  };
  const shared = { op: "selectObject", shapes: PLANES, integers: { 0: 2 }, gradients: [] };
  return [
    {
      ...shared,
      variant: `mask, ${by}`,
      call: (mask) => g.selectObject(mask!, { by }).mask,
      reference: (mask) => reference(mask!).mask,
    },
    {
      ...shared,
      variant: `statistics, ${by}`,
      call: (mask) => g.selectObject(mask!, { by }).statistics,
      reference: (mask) => reference(mask!).rows,
    },
  ];
});

const MEASURES: readonly OpCase[] = [
  {
    op: "componentStatistics",
    call: (labels) => g.componentStatistics(labels!, 4),
    reference: (labels) => {
      const [n, h, w] = labels!.shape as [number, number, number];
      const rows = Array.from({ length: 4 * n }, (_, at) =>
        statistics(
          labels!.data.subarray(Math.floor(at / 4) * h * w, (Math.floor(at / 4) + 1) * h * w),
          w,
          (at % 4) + 1,
        ),
      );
      return array([n, 4, 10], rows.flat());
    },
    shapes: PLANES,
    integers: { 0: 5 },
    gradients: [],
    rtol: 1e-4,
    atol: 1e-4,
  },
  {
    op: "componentSums",
    call: (image, labels) => g.componentSums(image!, labels!, 3),
    reference: (image, labels) => {
      const [n, bands, h, w] = image!.shape as [number, number, number, number];
      const y = array([n, 3, bands]);
      image!.data.forEach((value, at) => {
        const i = Math.floor(at / (bands * h * w));
        const label = labels!.data[i * h * w + (at % (h * w))]!;
        if (label > 0 && label <= 3) y.data[(i * 3 + label - 1) * bands + (Math.floor(at / (h * w)) % bands)]! += value;
      });
      return y;
    },
    shapes: [
      [
        [1, 1, 1, 1],
        [1, 1, 1],
      ],
      [
        [2, 3, 5, 7],
        [2, 5, 7],
      ],
      [
        [1, 5, 33, 17],
        [1, 33, 17],
      ],
    ],
    integers: { 1: 5 },
    gradients: [],
    rtol: 1e-4,
    atol: 1e-4,
  },
];

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

/** Rows of the ops that find and describe objects in images. */
export const OBJECTS: readonly OpCase[] = [
  ...COMPONENTS,
  ...SELECTION,
  ...MEASURES,
  ...RESIZING,
  ...FEATURES,
  ...HISTOGRAMS,
  PULL,
];
