// The generator of points, and its provider of sets.
import { describe, expect, test } from "vitest";
import { generatePoints, PointsProvider, standardizePoints } from "../../../src/data";
import { Random, sameClusterShare } from "../../../src/index";
import { placeGroups } from "../../../src/data/datasets/points/grid";

/** Clusters and their sizes. */
function sizesOf(labels: Int32Array): number[] {
  const sizes: number[] = [];
  for (const label of labels) sizes[label] = (sizes[label] ?? 0) + 1;
  return sizes;
}

describe("generatePoints", () => {
  test("every one of the k clusters has a point, for any k and n", () => {
    const random = new Random(1);
    for (const n of [1, 2, 5, 7, 11, 23, 72])
      for (let k = 1; k <= Math.min(n, 7); k++)
        for (let i = 0; i < 20; i++) {
          const { points, labels } = generatePoints({ k, n, random });
          expect(points.shape).toEqual([n, 2]);
          expect(points.data.every(Number.isFinite)).toBe(true);
          const sizes = sizesOf(labels);
          expect(sizes).toHaveLength(k);
          expect(sizes.every((size) => size >= 1)).toBe(true);
        }
  });

  test("one seed gives the same points, another one others", () => {
    const of = (seed: number) => [...generatePoints({ k: 4, random: new Random(seed) }).points.data];
    expect(of(5)).toEqual(of(5));
    expect(of(5)).not.toEqual(of(6));
  });

  test("a fifth of the sets leaves the unit square, none by far; pairs of one cluster are as frequent as in the thesis", () => {
    const random = new Random(2);
    let [outside, farthest, share] = [0, 0, 0];
    const sets = 2500;
    for (let i = 0; i < sets; i++) {
      const { points, labels } = generatePoints({ k: 1 + (i % 5), random });
      const beyond = points.data.reduce((most, value) => Math.max(most, value - 1, -value), 0);
      if (beyond > 0) outside++;
      farthest = Math.max(farthest, beyond);
      share += sameClusterShare(labels) / sets;
    }
    expect(outside / sets).toBeGreaterThan(0.18); // 0.209 in 3,000 sets of the original code
    expect(outside / sets).toBeLessThan(0.24);
    expect(farthest).toBeLessThan(0.27);
    expect(Math.abs(share - 0.447)).toBeLessThan(0.005);
  });

  test("rejects what makes no clustering", () => {
    const random = new Random(0);
    for (const [k, n] of [
      [0, 5],
      [6, 5],
      [1.5, 5],
      [1, NaN],
    ] as const)
      expect(() => generatePoints({ k, n, random })).toThrow("generatePoints: k must be a whole number from 1 to");
  });
});

describe("placeGroups", () => {
  test("groups have cells of their own within the grid, of one to six cells; all kinds occur", () => {
    const random = new Random(3);
    const kinds = new Set<string>();
    for (let i = 0; i < 3000; i++) {
      const { columns, rows, places } = placeGroups(2 + (i % 4), false, random);
      const taken = new Set<number>();
      for (const { x, y, width, height } of places) {
        kinds.add(`${width} x ${height}`);
        expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
        expect(x + width).toBeLessThanOrEqual(columns);
        expect(y + height).toBeLessThanOrEqual(rows);
        for (let cell = 0; cell < width * height; cell++) {
          const index = (y + Math.floor(cell / width)) * columns + x + (cell % width);
          expect(taken.has(index)).toBe(false);
          taken.add(index);
        }
      }
    }
    expect([...kinds].sort()).toEqual(["1 x 1", "1 x 2", "2 x 1", "2 x 2", "2 x 3", "3 x 2"]);
  });

  test("the mistake of the thesis's code draws tall blocks wide", () => {
    const random = new Random(3);
    const layouts = Array.from({ length: 2000 }, () => placeGroups(3, true, random));
    expect(layouts.flatMap(({ places }) => places).some(({ height }) => height === 3)).toBe(false);
    const beyond = layouts.filter(({ columns, places }) => places.some(({ x, width }) => x + width > columns));
    expect(beyond.length).toBeGreaterThan(0);
  });
});

describe("PointsProvider", () => {
  test("sets of the asked length with their labels and counts, each standardised", () => {
    const provider = new PointsProvider({ kMin: 2, kMax: 4 });
    const { items, labels, counts } = provider.sample("train", 40, 31, new Random(4));
    expect(items.shape).toEqual([40, 31, ...provider.itemShape]);
    expect(new Set(counts)).toEqual(new Set([2, 3, 4]));
    for (let b = 0; b < 40; b++) {
      expect(sizesOf(labels.subarray(31 * b, 31 * (b + 1)))).toHaveLength(counts[b]!);
      const points = items.data.subarray(62 * b, 62 * (b + 1));
      const mean = [0, 1].map((axis) => points.filter((_, i) => i % 2 === axis).reduce((a, v) => a + v / 31, 0));
      const squares = points.reduce((sum, value) => sum + value * value, 0);
      expect(Math.hypot(...mean)).toBeLessThan(1e-5);
      expect(squares / 62).toBeCloseTo(1, 5);
    }
  });

  test("the points are those of generatePoints where nothing is standardised", () => {
    const [a, b] = [new Random(5), new Random(5)];
    const { items } = new PointsProvider({ standardize: false }).sample("test", 1, 72, a);
    const k = 1 + b.integer(5);
    expect(items.data).toEqual(generatePoints({ k, random: b }).points.data);
  });

  test("frequencies are those of training sets, and of no others", () => {
    const provider = new PointsProvider({ kMin: 2, kMax: 4, frequencies: [0, 3, 1] });
    const shares = (part: "train" | "test"): number[] => {
      const { counts } = provider.sample(part, 400, 6, new Random(8));
      return [2, 3, 4].map((k) => counts.filter((count) => count === k).length / 400);
    };
    const [two, three, four] = shares("train");
    expect(two).toBe(0);
    expect(Math.abs(three! - 0.75)).toBeLessThan(0.08);
    expect(Math.abs(four! - 0.25)).toBeLessThan(0.08);
    for (const share of shares("test")) expect(Math.abs(share - 1 / 3)).toBeLessThan(0.08);
    for (const frequencies of [
      [1, 1],
      [0, 0, 0],
      [1, -1, 1],
    ])
      expect(() => new PointsProvider({ kMin: 2, kMax: 4, frequencies })).toThrow(
        "PointsProvider: frequencies must be 3 numbers from 0, one above it, got [",
      );
  });

  test("rejects counts and lengths that do not fit", () => {
    expect(() => new PointsProvider({ kMin: 3, kMax: 2 })).toThrow("PointsProvider: kMin and kMax must be whole");
    expect(() => new PointsProvider().sample("train", 1, 4, new Random(0))).toThrow(
      "PointsProvider: sets of 5 clusters need as many points, length 4",
    );
  });

  test("points that coincide become 0", () => {
    const points = new Float32Array(8).fill(3);
    standardizePoints(points);
    expect([...points]).toEqual(new Array(8).fill(0));
  });
});
