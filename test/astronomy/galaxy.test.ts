import { expect, test } from "vitest";
import { cutStamps, fieldTiles, GALAXY_CLASSES, simulateGalaxy, Wcs } from "../../src/astronomy";
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

test("a field becomes tiles beside one another, the last as far as there is room, but for those with pixels that have no data", () => {
  const [height, width] = [5, 8];
  const field = new NdArray(Float32Array.from({ length: 2 * height * width }, (_, i) => i), [2, height, width]); // prettier-ignore
  const begins = (tiles: NdArray<Float32Array>): number[] =>
    Array.from({ length: tiles.shape[0]! }, (_, i) => tiles.data[i * 18]!);
  const { tiles, tileSize } = fieldTiles(field, { tileSize: 3 });
  expect([tileSize, tiles.shape]).toEqual([3, [6, 2, 3, 3]]);
  expect(begins(tiles)).toEqual([0, 3, 5, 16, 19, 21]);
  expect([...tiles.data.subarray(18, 36)]).toEqual([3, 4, 5, 11, 12, 13, 19, 20, 21, 43, 44, 45, 51, 52, 53, 59, 60, 61]); // prettier-ignore
  field.data[40 + 2 * width + 4] = NaN; // in the second band, where four tiles meet
  expect(begins(fieldTiles(field, { tileSize: 3 }).tiles)).toEqual([0, 5, 16, 21]);
  expect(fieldTiles(new NdArray(new Float32Array(20), [4, 5])).tiles.shape).toEqual([2, 1, 4, 4]);
  expect(() => fieldTiles(field, { tileSize: 6 })).toThrow(
    "fieldTiles: tileSize must be at most the shorter side of the field, 5 x 8, got 6",
  );
  expect(() => fieldTiles(field)).toThrow(
    "fieldTiles: no 5 x 5 pixels have data in every band; try a smaller tileSize",
  );
});
