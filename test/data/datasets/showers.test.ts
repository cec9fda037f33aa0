import { describe, expect, test } from "vitest";
import {
  drawHillas,
  factCamera,
  hillas,
  redrawMagic,
  resampleCamera,
  simulateShowers,
  squareGrid,
  SHOWER_COLUMNS,
  type Showers,
} from "../../../src/data";
import { wobbleRegion } from "../../../src/data/datasets/showers/pointing";
import { liMa } from "../../../src/metrics";
import { Random } from "../../../src/random";

const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, v) => sum + v, 0) / values.length;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

describe("the camera", () => {
  const camera = factCamera();

  test("has 1,440 pixels, neighbours 0.11 degrees apart, in a disc about the centre", () => {
    expect(camera.x).toHaveLength(1440);
    const distance = (p: number, q: number) => Math.hypot(camera.x[p]! - camera.x[q]!, camera.y[p]! - camera.y[q]!);
    let nearest = Infinity;
    const neighbours = Array.from({ length: 1440 }, (_, p) => {
      let count = 0;
      for (let q = 0; q < 1440; q++) {
        if (q !== p) nearest = Math.min(nearest, distance(p, q));
        if (q !== p && distance(p, q) < 0.11 + 1e-9) count++;
      }
      return count;
    });
    expect(nearest).toBeCloseTo(0.11, 9);
    expect(neighbours.slice(0, 1000).every((count) => count === 6)).toBe(true);
    expect(Math.abs(mean(camera.x)) + Math.abs(mean(camera.y))).toBeLessThan(0.01);
    const radius = Math.max(...Array.from(camera.x, (x, p) => Math.hypot(x, camera.y[p]!)));
    expect(radius).toBeGreaterThan(2.1);
    expect(radius).toBeLessThan(2.25);
  });

  test("pixelAt finds the nearest pixel", () => {
    const random = new Random(3);
    for (let trial = 0; trial < 500; trial++) {
      const [x, y] = [3.6 * random.uniform() - 1.8, 2.4 * random.uniform() - 1.2];
      let nearest = 0;
      for (let p = 1; p < 1440; p++)
        if (Math.hypot(camera.x[p]! - x, camera.y[p]! - y) < Math.hypot(camera.x[nearest]! - x, camera.y[nearest]! - y))
          nearest = p;
      expect(camera.pixelAt(x, y)).toBe(nearest);
    }
    expect(camera.pixelAt(2.4, 0)).toBe(-1);
    expect(camera.pixelAt(1e6, -1e6)).toBe(-1);
  });
});

describe("resampling", () => {
  const camera = factCamera();
  const grid = squareGrid(camera);

  test("keeps the sum of an image, and an even sky even", () => {
    const random = new Random(1);
    const counts = Float32Array.from({ length: 1440 }, () => random.integer(100));
    const { data, shape } = resampleCamera(counts, grid);
    expect(shape).toEqual([1, 45, 45]);
    expect(Math.abs(mean(data) * 2025 - mean(counts) * 1440)).toBeLessThan(0.05);
    const even = resampleCamera(new Float32Array(1440).fill(1), grid);
    const cell = (((2 * grid.extent) / 45) ** 2 * 2) / Math.sqrt(3) / 0.11 ** 2;
    for (let row = 15; row < 30; row++)
      for (let column = 15; column < 30; column++) expect(even.get(0, row, column)).toBeCloseTo(cell, 5);
    expect(even.get(0, 0, 0)).toBe(0);
  });

  test("a point of light stays where it is: y up, row 0 at the top", () => {
    const counts = new Float32Array(1440);
    counts[camera.pixelAt(-1, 1.5)] = 7;
    const { data } = resampleCamera(counts, grid);
    const cells = [...data.keys()].filter((cell) => data[cell]! > 0);
    const side = (2 * grid.extent) / 45;
    for (const cell of cells) {
      expect(Math.abs(((cell % 45) + 0.5) * side - grid.extent + 1)).toBeLessThan(0.2);
      expect(Math.abs(grid.extent - (Math.floor(cell / 45) + 0.5) * side - 1.5)).toBeLessThan(0.2);
    }
    expect(cells.length).toBeLessThan(10);
  });

  test("takes any camera: turned, in millimetres, or of square pixels", () => {
    const [c, s] = [Math.cos(0.4), Math.sin(0.4)];
    const turned = {
      x: camera.x.map((x, p) => 100 * (c * x - s * camera.y[p]!) + 7),
      y: camera.x.map((x, p) => 100 * (s * x + c * camera.y[p]!)),
    };
    const even = resampleCamera([new Float32Array(1440).fill(1), new Float32Array(1440).fill(2)], squareGrid(turned));
    expect(even.shape).toEqual([2, 45, 45]);
    expect(even.get(1, 20, 24)).toBeCloseTo(2 * even.get(0, 22, 22), 5);
    const squares = { x: [0, 1, 0, 1], y: [1, 1, 0, 0], sides: 4 as const };
    expect([...resampleCamera([1, 2, 3, 4], squareGrid(squares, { size: 2 })).data]).toBeCloseToArray([1, 2, 3, 4], {
      rtol: 1e-6,
      atol: 0,
    });
  });

  test("refuses what is no camera or not its image", () => {
    expect(() => squareGrid({ x: [0, 1], y: [0] })).toThrow(
      "squareGrid: x and y must have one number for each of 2 or more pixels, got 2 and 1",
    );
    expect(() => squareGrid({ x: [0, NaN], y: [0, 0] })).toThrow(
      "squareGrid: coordinates must be finite, got NaN, 0 of pixel 1",
    );
    expect(() => squareGrid({ x: [1, 1], y: [2, 2] })).toThrow("squareGrid: two pixels are in one place");
    expect(() => squareGrid(camera, { size: 0 })).toThrow("squareGrid: size must be a whole number from 1, got 0");
    expect(() => resampleCamera(new Float32Array(100), grid)).toThrow(
      "resampleCamera: images must be [n, 1440] as the grid's camera, got [100]",
    );
    const counts = [new Float32Array(1440), new Float32Array(1440).fill(NaN, 5, 6)];
    expect(() => resampleCamera(counts, grid)).toThrow(
      "resampleCamera: counts must be finite, got NaN at row 1, column 5",
    );
  });
});

describe("Hillas parameters", () => {
  const camera = factCamera();

  test("of a drawn ellipse are those it was drawn from", () => {
    const asked = { size: 20000, x: -0.4, y: 0.7, length: 0.25, width: 0.1, angle: -35, skewness: 0.6 };
    const found = hillas(drawHillas(asked, new Random(4)), camera);
    expect(Math.abs(found.size / asked.size - 1)).toBeLessThan(0.03);
    for (const name of ["x", "y", "length", "width"] as const)
      expect(Math.abs(found[name] - asked[name]), name).toBeLessThan(0.006);
    expect(Math.abs(found.angle - asked.angle)).toBeLessThan(1.5);
    expect(Math.abs(found.skewness - 0.6)).toBeLessThan(0.12);
    expect(found.dist).toBeCloseTo(Math.hypot(found.x, found.y), 12);
    const pointing = (Math.atan2(0.7, -0.4) * 180) / Math.PI - 180;
    expect(Math.abs(found.alpha - Math.abs(pointing + 35))).toBeLessThan(1.5);
  });

  test("two points of light have a length and no width", () => {
    const counts = new Float32Array(1440);
    const [p, q] = [camera.pixelAt(0.5, 0), camera.pixelAt(-0.5, 0)];
    counts[p] = counts[q] = 3;
    const { size, length, width } = hillas(counts, camera);
    expect(size).toBe(6);
    expect(length).toBeCloseTo(Math.hypot(camera.x[p]! - camera.x[q]!, camera.y[p]! - camera.y[q]!) / 2, 10);
    expect(width).toBeCloseTo(0, 6);
    expect(Object.values(hillas(new Float32Array(1440), camera)).every((value) => value === 0)).toBe(true);
  });

  test("what cannot be drawn or measured is refused", () => {
    const ellipse = { size: 100, x: 0, y: 0, length: 0.2, width: 0.1, angle: 0 };
    expect(() => drawHillas({ ...ellipse, width: -1 }, new Random(0))).toThrow(
      "drawHillas: width must be finite and 0 or more, got -1",
    );
    expect(() => drawHillas({ ...ellipse, x: NaN }, new Random(0))).toThrow("drawHillas: x must be finite, got NaN");
    expect(() => hillas([1, 2], camera)).toThrow("hillas: one count a pixel is needed, 2 for 1440 pixels");
  });
});

describe("simulated showers", () => {
  const n = 600;
  const showers = simulateShowers({ n, seed: 7 });
  const of = (label: number, name: (typeof SHOWER_COLUMNS)[number], s: Showers = showers): number[] =>
    [...s.columns[name]].filter((_, row) => s.labels[row] === label);

  test("are finite images of about as many gammas as hadrons", () => {
    expect(showers.images.shape).toEqual([n, 45, 45]);
    expect(showers.images.data.every(Number.isFinite)).toBe(true);
    for (const name of SHOWER_COLUMNS) expect(showers.columns[name].every(Number.isFinite), name).toBe(true);
    expect(Math.abs(mean(showers.labels) - 0.5)).toBeLessThan(0.06);
    expect([...showers.regions].every((region) => region === -1)).toBe(true);
  });

  test("gammas are narrower and shorter than hadrons, point to their source, and have no muons", () => {
    expect(median(of(1, "width"))).toBeLessThan(0.6 * median(of(0, "width")));
    expect(median(of(1, "length"))).toBeLessThan(0.7 * median(of(0, "length")));
    expect(median(of(1, "alpha"))).toBeLessThan(6);
    expect(median(of(0, "alpha"))).toBeGreaterThan(12);
    expect(of(1, "muon").every((photons) => photons === 0)).toBe(true);
    const muons = of(0, "muon").filter((photons) => photons > 0).length / of(0, "muon").length;
    expect(muons).toBeGreaterThan(0.2);
    expect(muons).toBeLessThan(0.6);
  });

  test("have about the same light in both classes, more of it at higher energies, as a power law has them", () => {
    const ratio = median(of(1, "size")) / median(of(0, "size"));
    expect(ratio).toBeGreaterThan(0.75);
    expect(ratio).toBeLessThan(1.3);
    const energies = of(1, "energy").sort((a, b) => a - b);
    expect(energies[0]).toBeGreaterThanOrEqual(0.29);
    const share = (above: number) => energies.filter((energy) => energy > above).length;
    expect(share(1)).toBeGreaterThan(5 * share(5));
    const bright = of(1, "size").filter((_, i) => of(1, "energy")[i]! > 2);
    expect(median(bright)).toBeGreaterThan(1.5 * median(of(1, "size")));
  });

  test("an image holds its photons and noise of mean 0", () => {
    const light = Float64Array.from({ length: n }, (_, row) => {
      const image = showers.images.data.subarray(row * 2025, (row + 1) * 2025);
      return mean(image) * 2025 - showers.columns.size[row]!;
    });
    // of 1,440 pixels, each of variance 0.6 + 0.0625 + 0.15 · 0.6
    expect(Math.abs(mean(light))).toBeLessThan((4 * Math.sqrt(1440 * 0.76)) / Math.sqrt(n) + 2);
    const silent = simulateShowers({ n: 3, seed: 7, noise: { nightSky: 0, electronics: 0, excess: 0 } });
    for (let row = 0; row < 3; row++) {
      const image = silent.images.data.subarray(row * 2025, (row + 1) * 2025);
      expect(mean(image) * 2025).toBeCloseTo(silent.columns.size[row]!, 1);
      expect(Math.min(...image)).toBe(0);
    }
  });

  test("repeat by seed, row by row, whatever n and first are", () => {
    const part = simulateShowers({ n: 20, seed: 7, first: 100 });
    expect(part.images.data).toEqual(showers.images.data.subarray(100 * 2025, 120 * 2025));
    expect(part.labels).toEqual(showers.labels.subarray(100, 120));
    expect(part.columns.theta).toEqual(showers.columns.theta.subarray(100, 120));
    expect(simulateShowers({ n: 20, seed: 8 }).images.data).not.toEqual(showers.images.data.subarray(0, 20 * 2025));
  });

  test("an observation in wobble mode has an excess in the ON region, and hadrons alone have none", () => {
    const count = (s: Showers, keep: (row: number) => boolean): [number, number] => {
      let [on, off] = [0, 0];
      s.regions.forEach((region, row) => {
        if (!keep(row)) return;
        if (region === 0) on++;
        else if (region > 0) off++;
      });
      return [on, off];
    };
    const source = simulateShowers({ n: 3000, seed: 2, pointing: "wobble", gammaShare: 0.05 });
    expect(liMa(...count(source, () => true), 0.2).s).toBeGreaterThan(5);
    const [on, off] = count(source, (row) => source.labels[row] === 0);
    expect(off).toBeGreaterThan(40);
    expect(liMa(on, off, 0.2).s).toBeLessThan(3.5);
    const gammas = source.labels.filter((label) => label === 1).length;
    expect(count(source, (row) => source.labels[row] === 1)[0]).toBeGreaterThan(0.35 * gammas);
    source.columns.sourceX.forEach((x, row) => expect(Math.hypot(x, source.columns.sourceY[row]!)).toBeCloseTo(0.6, 5));
  });

  test("options out of range are refused", () => {
    expect(() => simulateShowers({ n: -1 })).toThrow("simulateShowers: n must be a whole number from 0, got -1");
    expect(() => simulateShowers({ n: 1, gammaShare: 2 })).toThrow(
      "simulateShowers: gammaShare must be from 0 to 1, got 2",
    );
    expect(() => simulateShowers({ n: 1, pointing: "on" as "wobble" })).toThrow(
      "simulateShowers: pointing must be diffuse or wobble, got on",
    );
    expect(simulateShowers({ n: 0 }).images.shape).toEqual([0, 45, 45]);
  });
});

test("wobble regions are six circles about the camera's centre", () => {
  expect(wobbleRegion(0.6, 0.1, [0.6, 0])).toBe(0);
  expect(wobbleRegion(0.3, 0.52, [0.6, 0])).toBe(1);
  expect(wobbleRegion(-0.6, 0, [0.6, 0])).toBe(3);
  expect(wobbleRegion(0, 0, [0.6, 0])).toBe(-1);
  expect(wobbleRegion(0.52, -0.3, [0, 0.6])).toBe(4);
});

describe("redrawn MAGIC events", () => {
  // two rows of the table: a gamma and a hadron
  const table = [
    [28.7967, 16.0021, 2.6449, 0.3918, 0.1982, 27.7004, 22.011, -8.2027, 40.092, 81.8828],
    [93.7035, 37.9432, 3.1454, 0.168, 0.1011, 53.2566, 89.0566, 11.8175, 14.1224, 231.9028],
  ];

  test("have the size and the shape that the table says", () => {
    const images = redrawMagic(table, { seed: 1, noise: { nightSky: 0, electronics: 0, excess: 0 } });
    expect(images.shape).toEqual([2, 45, 45]);
    const light = [0, 1].map((row) => mean(images.data.subarray(row * 2025, (row + 1) * 2025)) * 2025);
    expect(Math.abs(light[0]! / 10 ** 2.6449 - 1)).toBeLessThan(0.2);
    expect(Math.abs(light[1]! / 10 ** 3.1454 - 1)).toBeLessThan(0.2);
    const lit = [0, 1].map((row) => images.data.subarray(row * 2025, (row + 1) * 2025).filter((v) => v > 1).length);
    expect(lit[1]).toBeGreaterThan(2 * lit[0]!);
  });

  test("repeat by seed, and a table of other columns is refused", () => {
    expect(redrawMagic(table, { seed: 1 }).data).toEqual(redrawMagic(table, { seed: 1 }).data);
    expect(redrawMagic(table.slice(0, 1), { seed: 1 }).data).toEqual(
      redrawMagic(table, { seed: 1 }).data.subarray(0, 2025),
    );
    expect(() => redrawMagic([[1, 2]])).toThrow(
      /redrawMagic: the table must have the columns fLength, .*, got 2 columns/,
    );
    expect(() => redrawMagic([table[0]!.map((v, i) => (i === 3 ? NaN : v))])).toThrow(
      "redrawMagic: table must be finite, got NaN at row 0, column 3",
    );
  });
});
