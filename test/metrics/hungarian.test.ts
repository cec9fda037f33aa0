import { describe, expect, test } from "vitest";
import { hungarian } from "../../src/metrics";
import { NdArray } from "../../src/ndarray";
import { generator, permutations } from "./labels";

/** The least total over all one-to-one maps of the smaller side into the larger. */
function exhaustive(cost: number[][]): number {
  const [r, c] = [cost.length, cost[0]!.length];
  const wide = r <= c ? cost : cost[0]!.map((_, j) => cost.map((row) => row[j]!));
  const maps = permutations(Array.from({ length: Math.max(r, c) }, (_, i) => i));
  return Math.min(...maps.map((map) => wide.reduce((sum, row, i) => sum + row[map[i]!]!, 0)));
}

describe("hungarian", () => {
  test("equals the best of all permutations", () => {
    const random = generator(1);
    for (let round = 0; round < 150; round++) {
      const [r, c] = [1 + Math.floor(random() * 6), 1 + Math.floor(random() * 6)];
      // Every second problem has few distinct integers, hence many ties.
      const draw = () => (round % 2 ? Math.floor(random() * 4) - 1 : random() * 20 - 10);
      const cost = Array.from({ length: r }, () => Array.from({ length: c }, draw));
      const { rows, columns, total } = hungarian(cost);
      expect(total).toBeCloseTo(exhaustive(cost), 10);
      expect(rows.length).toBe(Math.min(r, c));
      expect(new Set(columns).size).toBe(rows.length);
      expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
      expect(rows.reduce((sum, i, p) => sum + cost[i]![columns[p]!]!, 0)).toBeCloseTo(total, 10);
      const negated = cost.map((row) => row.map((value) => -value));
      expect(hungarian(negated, { maximize: true }).total).toBeCloseTo(-total, 10);
    }
  });

  test("a large problem with a known optimum", () => {
    // Costs u_i + v_j + slack, the slack 0 only on a permutation: no assignment can be below the sum of u and v.
    const n = 300;
    const random = generator(2);
    const [u, v] = [0, 1].map(() => Array.from({ length: n }, () => Math.floor(random() * 1000))) as [
      number[],
      number[],
    ];
    const to = (i: number) => (i * 7 + 3) % n;
    const cost = u.map((a, i) => v.map((b, j) => a + b + (j === to(i) ? 0 : 1 + Math.floor(random() * 50))));
    const { columns, total } = hungarian(cost);
    expect(columns).toEqual(u.map((_, i) => to(i)));
    expect(total).toBe([...u, ...v].reduce((sum, value) => sum + value));
  });

  test("strides and empty matrices", () => {
    const cost = new NdArray(Float32Array.of(4, 1, 3, 2, 0, 5, 3, 2, 2), [3, 3]);
    expect(hungarian(cost)).toEqual({ rows: [0, 1, 2], columns: [1, 0, 2], total: 5 });
    expect(hungarian(cost.T)).toEqual({ rows: [0, 1, 2], columns: [1, 0, 2], total: 5 });
    expect(hungarian({ data: [], shape: [0, 4] })).toEqual({ rows: [], columns: [], total: 0 });
  });

  test("errors", () => {
    expect(() => hungarian([1, 2])).toThrow(new Error("hungarian: cost must be a matrix, got shape [2]"));
    const bad = [
      [1, 2],
      [3, NaN],
    ];
    expect(() => hungarian(bad)).toThrow(new Error("hungarian: cost must be finite, got NaN at row 1, column 1"));
  });
});
