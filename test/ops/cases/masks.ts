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

/** Rows of the ops that find and measure objects in masks. */
export const MASKS: readonly OpCase[] = [...COMPONENTS, ...SELECTION, ...MEASURES];
