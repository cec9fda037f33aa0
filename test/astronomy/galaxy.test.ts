import { expect, test } from "vitest";
import { cutStamps, GALAXY_CLASSES, simulateGalaxy, Wcs } from "../../src/astronomy";
import { NdArray } from "../../src/ndarray";

test("a simulated galaxy has nine bands, all classes, missing borders, its sky, and is the same for a seed", () => {
  const { cube, truth, filters, cards } = simulateGalaxy({ size: 96, seed: 3 });
  expect(cube.shape).toEqual([9, 96, 96]);
  expect(filters.map(({ name }) => name)).toContain("F657N");
  const counts = GALAXY_CLASSES.map((_, label) => truth.data.filter((value) => value === label).length);
  expect(Math.min(...counts)).toBeGreaterThan(50);
  expect(counts.reduce((sum, n) => sum + n, 0)).toBe(96 * 96);
  for (let band = 0; band < 9; band++) {
    const missing = cube.data.subarray(band * 9216, (band + 1) * 9216).filter(Number.isNaN).length;
    expect(missing).toBeGreaterThan(0);
    expect(missing).toBeLessThan(900);
  }
  // lines of hydrogen stand out in HII regions, red light among old stars
  const mean = (band: number, label: number): number => {
    const values = Array.from(truth.data, (value, i) => (value === label ? cube.data[band * 9216 + i]! : NaN)).filter(
      (value) => !Number.isNaN(value),
    );
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  expect(mean(6, 3)).toBeGreaterThan(1.5 * mean(8, 3));
  expect(mean(8, 1)).toBeGreaterThan(3 * mean(0, 1));
  const header = Object.fromEntries(
    cards.map((card) => [(card as [string, string])[0], (card as [string, string])[1]]),
  );
  expect(new Wcs(header).pixelScale).toBeCloseTo(0.0396, 9);
  expect(simulateGalaxy({ size: 96, seed: 3 }).cube.data).toEqual(cube.data);
  expect(simulateGalaxy({ size: 96, seed: 4 }).truth.data).not.toEqual(truth.data);
  expect(() => simulateGalaxy({ size: 8 })).toThrow("simulateGalaxy: size must be a whole number from 32, got 8");
});

test("stamps are cut around places, and what reaches beyond the data is left out", () => {
  const [height, width] = [9, 11];
  const image = new NdArray(Float32Array.from({ length: 2 * height * width }, (_, i) => i), [2, height, width]); // prettier-ignore
  image.data[0] = NaN;
  const { stamps, index } = cutStamps(image, [5, 4, 0, 0, 5.4, 4.4, 1, 1, 10, 8, NaN, 3], 3);
  expect([...index]).toEqual([0, 2]);
  expect(stamps.shape).toEqual([2, 2, 3, 3]);
  expect([...stamps.data.subarray(0, 9)]).toEqual([37, 38, 39, 48, 49, 50, 59, 60, 61]);
  expect([...stamps.data.subarray(9, 18)]).toEqual([136, 137, 138, 147, 148, 149, 158, 159, 160]);
  expect([...cutStamps(image, [4.6, 4.4], 4).stamps.data.subarray(0, 2)]).toEqual([36, 37]);
  expect(() => cutStamps(image, [1], 3)).toThrow("cutStamps: places must be pairs of x and y, got 1 numbers");
});
