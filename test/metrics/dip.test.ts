import { describe, expect, test } from "vitest";
import { dipStatistic, dipTest } from "../../src/metrics";
import { dipPValue } from "../../src/metrics/dip";
import { generator } from "./labels";

/** The least t with `holds`, which holds from there on. */
function least(holds: (t: number) => boolean): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < 45; step++) {
    const middle = (low + high) / 2;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Height at x of the line through two points. */
const line = ([xa, a]: number[], [xb, b]: number[], x: number): number => a! + ((b! - a!) * (x - xa!)) / (xb! - xa!);

/**
 * Least end of a convex function that passes through bands [x, lower, upper], NaN where none does: a point of it lies under each chord of the others, so that
 * no lower end may lie above a chord of two upper ones, and the last value not below a line from an upper end through a lower one.
 */
function leastEnd(bands: readonly (readonly number[])[]): number {
  let end = bands.at(-1)![1]!;
  for (let j = 0; j < bands.length; j++) {
    const [x, lower, upper] = bands[j]!;
    if (lower! > upper!) return NaN;
    for (const [xi, , above] of bands.slice(0, j)) {
      for (const [xk, , beyond] of bands.slice(j + 1))
        if (line([xi!, above!], [xk!, beyond!], x!) < lower! - 1e-13) return NaN;
      end = Math.max(end, line([xi!, above!], [x!, lower!], bands.at(-1)![0]!));
    }
  }
  return end > bands.at(-1)![2]! + 1e-13 ? NaN : end;
}

/**
 * The dip by its definition: the least d for which, about one of the points, a function convex up to there and concave from there stays within d of the
 * distribution function; it may jump upwards at the mode. Left of a point that function is its share below the point, at it the share up to it.
 */
function definition(x: readonly number[]): number {
  const places = [...new Set(x)].sort((a, b) => a - b);
  const below = places.map((place) => x.filter((value) => value < place).length / x.length);
  const upTo = places.map((place) => x.filter((value) => value <= place).length / x.length);
  const fits = (mode: number, d: number): boolean => {
    // off the mode F is continuous, so that it is near both shares; right of the mode all is turned round
    const left = places
      .slice(0, mode + 1)
      .map((place, i) => [place, Math.max(0, (i < mode ? upTo : below)[i]! - d), below[i]! + d]);
    const right = places
      .map((place, i) => [-place, Math.max(0, 1 - (i > mode ? below : upTo)[i]! - d), 1 - upTo[i]! + d])
      .slice(mode)
      .reverse();
    return leastEnd(left) + leastEnd(right) <= 1 + 1e-12;
  };
  return least((d) => places.some((_, mode) => fits(mode, d)));
}

describe("dipStatistic", () => {
  test.each([2, 3, 4, 5, 6, 8, 11])("definition, n = %i", (n) => {
    const random = generator(n);
    for (let trial = 0; trial < 12; trial++) {
      const kind = trial % 3; // any values, groups, ties
      const x = Array.from({ length: n }, (_, i) =>
        kind === 0 ? random() : kind === 1 ? random() * 0.3 + (i % 2) : Math.floor(random() * 5),
      );
      if (new Set(x).size > 1) expect(dipStatistic(x), String(x)).toBeCloseTo(definition(x), 9);
    }
  });

  test("known values", () => {
    expect(dipStatistic([5])).toBe(1 / 2);
    expect(dipStatistic([3, 3, 3, 3])).toBe(1 / 8);
    expect(dipStatistic(Array.from({ length: 100 }, (_, i) => i))).toBe(1 / 200);
    // two points far apart, each half of the sample: the upper bound
    expect(dipStatistic([...Array(50).fill(0), ...Array(50).fill(1)])).toBe(1 / 4);
  });

  test("neither order nor shift nor scale matters", () => {
    const random = generator(1);
    const x = Array.from({ length: 200 }, (_, i) => Math.round(random() * 64) + 100 * (i % 2));
    const dip = dipStatistic(x);
    expect(dipStatistic([...x].reverse())).toBe(dip);
    expect(dipStatistic(x.map((value) => -value))).toBeCloseTo(dip, 14);
    expect(dipStatistic(x.map((value) => value + 1024))).toBe(dip);
    for (const power of [-1060, -500, 500, 1010]) expect(dipStatistic(x.map((value) => value * 2 ** power))).toBe(dip);
    expect(dipStatistic([-1.7e308, -1.7e308, 1.7e308, 1.7e308])).toBe(1 / 4);
  });

  test("bad input", () => {
    expect(() => dipStatistic([])).toThrow(new Error("dipStatistic: x is empty"));
    expect(() => dipStatistic([1, NaN])).toThrow(new Error("dipStatistic: x must be finite numbers, got NaN at 1"));
    expect(() => dipTest([1, 2, -Infinity])).toThrow(
      new Error("dipTest: x must be finite numbers, got -Infinity at 2"),
    );
    expect(() => dipTest([1, 2], { replicates: 0 })).toThrow(
      new Error("dipTest: replicates must be a whole number from 1, got 0"),
    );
    expect(() => dipTest([1, 2], { seed: -1 })).toThrow(/^dipTest: seed must be a whole number from 0 /u);
  });
});

describe("dipTest", () => {
  test("tells two groups from one", () => {
    const random = generator(2);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const one = Array.from({ length: 300 }, normal);
    const two = one.map((value, i) => value + 5 * (i % 2));
    expect(dipTest(one, { replicates: 300 }).pValue).toBeGreaterThan(0.3);
    expect(dipTest(two, { replicates: 300 }).pValue).toBe(0);
    expect(dipTest(two, { replicates: 300 }).dip).toBe(dipStatistic(two));
  });

  test("p-values of uniform samples are uniform", () => {
    const random = generator(3);
    const p = Array.from(
      { length: 100 },
      (_, seed) => dipTest(Array.from({ length: 40 }, random), { replicates: 100, seed }).pValue,
    );
    const sum = p.reduce((a, b) => a + b, 0);
    expect(Math.abs(sum / p.length - 0.5)).toBeLessThan(4 / Math.sqrt(12 * p.length));
    expect(p.filter((value) => value < 0.1).length).toBeLessThan(25);
  });

  test("the same seed gives the same p-value, and three points have always one mode", () => {
    const x = [1, 2, 4, 7, 11, 2.5, 9];
    expect(dipTest(x, { seed: 5, replicates: 50 })).toEqual(dipTest(x, { seed: 5, replicates: 50 }));
    expect(dipTest([1, 2, 9], { replicates: 20 }).pValue).toBe(1);
  });
});

describe("p-values by the table", () => {
  test("are those of uniform samples of any size, to the spread of both", () => {
    const random = generator(3);
    for (const n of [4, 11, 40, 130, 700])
      for (const power of [1, 1, 0.3]) {
        const x = Float64Array.from({ length: n }, () => Math.abs(random() - 0.5) ** power * (random() < 0.5 ? -1 : 1));
        const { dip, pValue } = dipTest(x, { replicates: 1000 });
        expect(Math.abs(dipPValue(dip, n) - pValue), `n ${n}, dip ${dip}`).toBeLessThan(0.05);
      }
  });

  // R's diptest: qDiptab, the quantiles of a million samples, as its documentation rounds them
  test("are R's", () => {
    expect(dipPValue(0.0471, 100)).toBeCloseTo(0.1, 1);
    expect(dipPValue(1 / 6, 3)).toBe(1);
    expect(dipPValue(0.25, 100)).toBe(0);
    expect(dipPValue(0.005, 100)).toBe(1);
    expect(dipPValue(0.375 / Math.sqrt(1e6), 1e6)).toBeCloseTo(0.5, 1);
  });
});
