import { tensor } from "constella";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeDevices } from "../devices";
import { fillWithGarbage } from "../ops/garbage";
import { uniforms } from "../uniforms";
import { BatchEpoch, batchEpoch, withUnits } from "../../src/som/batch";
import { Grid } from "../../src/som/grid";
import { Blocks, openRows } from "../../src/som/rows";
import { UnitSums, UnitsOnDevice, chunkRows } from "../../src/som/units";

function matrix(n: number, d: number, seed: number, offset = 0): Float32Array {
  const random = uniforms(seed);
  return Float32Array.from({ length: n * d }, () => offset + 2 * random() - 1);
}

/** Nearest and second nearest rows of w in float64, with squared distances. */
function reference(x: Float32Array, w: Float32Array, d: number): [number, number, number][] {
  return Array.from({ length: x.length / d }, (_, i) => {
    const scores = Array.from({ length: w.length / d }, (_, j) => {
      let sum = 0;
      for (let c = 0; c < d; c++) sum += (x[i * d + c]! - w[j * d + c]!) ** 2;
      return sum;
    });
    const order = scores.map((_, j) => j).sort((a, b) => scores[a]! - scores[b]! || a - b);
    return Number.isFinite(scores[0]) ? [order[0]!, order[1] ?? -1, scores[order[0]!]!] : [-1, -1, NaN];
  });
}

describeDevices("kernels of maps in memory full of NaN", (device) => {
  let restore = (): void => {};
  beforeAll(async () => {
    restore = fillWithGarbage(await device());
  });
  afterAll(() => restore());

  test.each([
    [1, 1, 1],
    [7, 3, 2],
    [8, 4, 4],
    [131, 9, 100],
    [300, 17, 33],
    [64, 40, 19],
    [1100, 5, 6],
    [9, 9001, 5],
  ])("nearest centres of %i rows of %i columns among %i", async (n, d, k) => {
    const on = await device();
    const [x, w] = [matrix(n, d, 3), matrix(k, d, 5)];
    if (n > 10) [x[4 * d], x[5 * d + d - 1]] = [NaN, Infinity];
    const units = new UnitsOnDevice(on, k, d, w);
    const points = tensor(on, x, [n, d]);
    const want = reference(x, w, d);
    const { nearest, second, squaredDistances } = await units.winners(points);
    const single = await units.nearest(points);
    expect([...nearest]).toEqual(want.map(([first]) => first));
    expect([...second]).toEqual(want.map(([, next]) => next));
    expect([...single]).toEqual([...nearest]);
    want.forEach(([, , square], i) => {
      if (!Number.isNaN(square)) expect(Math.abs(squaredDistances[i]! - square)).toBeLessThan(1e-5 * (1 + square));
    });
    points.dispose();
    units.dispose();
  });

  test("the lowest of equally near centres, of data far from the origin", async () => {
    const on = await device();
    const w = Float32Array.from([10001, 10003, 10001, 10003, 10007]);
    const units = new UnitsOnDevice(on, 5, 1, w);
    const points = tensor(on, [10002, 10000, 10004, 10006.5], [4, 1]);
    const { nearest, second } = await units.winners(points);
    expect([...nearest]).toEqual([0, 0, 1, 4]);
    expect([...second]).toEqual([1, 2, 3, 1]);
    points.dispose();
    units.dispose();
  });

  test.each([
    [5000, 2, 3],
    [9000, 5, 40],
    [100, 3, 1],
  ])("sums of %i rows of %i columns to %i units", async (n, d, k) => {
    const on = await device();
    const [x, w] = [matrix(n, d, 11), matrix(k, d, 13)];
    x[2 * d] = NaN;
    const units = new UnitsOnDevice(on, k, d, w);
    const points = tensor(on, x, [n, d]);
    const got = new UnitSums(k, d);
    got.add(await units.partials(points));
    const want = new UnitSums(k, d);
    reference(x, w, d).forEach(([unit, , square], i) => {
      if (unit < 0) return;
      want.counts[unit]!++;
      want.distances[unit]! += Math.sqrt(square);
      for (let c = 0; c < d; c++) want.sums[unit * d + c]! += x[i * d + c]!;
    });
    expect([...got.counts]).toEqual([...want.counts]);
    expect(got.rows).toBe(n - 1);
    got.sums.forEach((sum, i) => expect(Math.abs(sum - want.sums[i]!)).toBeLessThan(2e-3));
    expect(got.quantizationError).toBeCloseTo(want.quantizationError, 5);
    points.dispose();
    units.dispose();
  });

  test("how rows are cut does not change an epoch's sums", async () => {
    const on = await device();
    const [n, d] = [10_007, 3];
    const grid = new Grid({ rows: 2, columns: 3 });
    const x = matrix(n, d, 17);
    const codebook = Float64Array.from(matrix(grid.units, d, 19));
    const epochs = await withUnits(on, codebook, grid.units, async (units) => {
      const sums: UnitSums[] = [];
      for (const pieces of [[n], [1, 4095, 3, 5908], [5000, 5007]]) {
        const epoch = new BatchEpoch(units);
        let at = 0;
        for (const piece of pieces) {
          await epoch.add(x.subarray(at * d, (at + piece) * d));
          at += piece;
        }
        sums.push(await epoch.finish());
      }
      const rows = await openRows({ data: x, shape: [n, d] }, "test");
      const blocks = new Blocks(on, rows, chunkRows(grid.units, d));
      sums.push(await batchEpoch(blocks, units, codebook.slice(), grid, { sigma: 1 }));
      blocks.dispose();
      return sums;
    });
    for (const sums of epochs) {
      expect(sums.sums).toEqual(epochs[0]!.sums);
      expect(sums.distances).toEqual(epochs[0]!.distances);
      expect(sums.rows).toBe(n);
    }
  });
});

describe("grids", () => {
  test("neighbours by topology", () => {
    const count = (grid: Grid, of?: 4 | 6 | 8): number[] => grid.neighbours(of).map((near) => near.length);
    expect(count(new Grid({ rows: 2, columns: 3 }))).toEqual([3, 5, 3, 3, 5, 3]);
    expect(count(new Grid({ rows: 2, columns: 3 }), 4)).toEqual([2, 3, 2, 2, 3, 2]);
    expect(count(new Grid({ rows: 4, columns: 4, topology: "hexagonal", toroid: true }))).toEqual(Array(16).fill(6));
    expect(count(new Grid({ rows: 1, columns: 1, toroid: true }))).toEqual([0]);
    expect(new Grid({ rows: 3, columns: 3, topology: "hexagonal" }).neighbours()[3]).toEqual([0, 1, 4, 6, 7]);
  });
  test("what cannot be is refused", () => {
    expect(() => new Grid({ rows: 3, columns: 4, topology: "hexagonal", toroid: true })).toThrow(/rows must be even/);
    // sizes that a file may say cost nothing before they are used
    expect(new Grid({ rows: 4096, columns: 4096 }).units).toBe(2 ** 24);
    expect(() => new Grid({ rows: 1e9, columns: 4 })).toThrow(
      "rows × columns must be at most 2^24 units, got 1000000000 × 4",
    );
    expect(() => new Grid({ rows: 0, columns: 4 })).toThrow(/rows must be a whole number from 1/);
    expect(() => new Grid({ rows: 2, columns: 2 }).neighbours(6)).toThrow(/count must be 4 or 8/);
  });
});
