import { NdArray } from "constella";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  NpyDataset,
  readNpyRecords,
  renderSource,
  simulateStarGalaxyField,
  simulateStarsGalaxies,
  SKY_SIGMA,
  writeNpyRecords,
} from "../../../src/data";

describe("simulated stars and galaxies", () => {
  test("stamp i is the same whatever is simulated with it", () => {
    const all = simulateStarsGalaxies({ n: 6, seed: 5, size: 16 });
    const part = simulateStarsGalaxies({ n: 2, first: 3, seed: 5, size: 16 });
    const width = 5 * 16 * 16;
    expect(part.images.data).toEqual(all.images.data.slice(3 * width, 5 * width));
    expect(part.masks.data).toEqual(all.masks.data.slice(3 * 256, 5 * 256));
    expect(simulateStarsGalaxies({ n: 2, seed: 6, size: 16 }).images.data).not.toEqual(
      all.images.data.slice(0, 2 * width),
    );
  });

  test("shares, sky and fluxes are those asked for", () => {
    const { images, labels, columns, redshift, masks } = simulateStarsGalaxies({
      n: 400,
      seed: 2,
      size: 32,
      blendShare: 0.2,
    });
    const share = labels.reduce((sum, label) => sum + label, 0) / 400;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.4);
    expect(columns.blend.reduce((sum, value) => sum + value, 0) / 400).toBeCloseTo(0.2, 1);
    expect([...redshift].every((z, i) => (z === 0) === (labels[i] === 1))).toBe(true);
    for (let band = 0; band < 5; band++) {
      const corners = Array.from({ length: 400 }, (_, i) => images.data[(i * 5 + band) * 1024]!);
      const deviation = Math.sqrt(corners.reduce((sum, v) => sum + v * v, 0) / 400);
      expect(deviation / SKY_SIGMA[band]!).toBeGreaterThan(0.9);
      expect(deviation / SKY_SIGMA[band]!).toBeLessThan(1.15);
    }
    expect(Math.min(...columns.flux)).toBeGreaterThanOrEqual(150);
    expect(new Set(masks.data)).toEqual(new Set([0, 1, 2]));
  });

  test("a source keeps its flux, and a round galaxy is as wide as its radius says", () => {
    const shape = { sersicIndex: 1, axisRatio: 1, angle: 0, x: 32, y: 31.5, fwhm: 3 };
    const sum = (radius: number): number =>
      renderSource({ ...shape, effectiveRadius: radius }, 64)
        .slice(0, 64 * 64)
        .reduce((a, b) => a + b, 0);
    expect(sum(0)).toBeCloseTo(1, 4);
    expect(sum(3)).toBeCloseTo(1, 3);
    expect(() => renderSource({ ...shape, effectiveRadius: 1, sersicIndex: 3 }, 8)).toThrow(
      "Sersic index must be one of",
    );
  });

  test("options out of range are one line", () => {
    expect(() => simulateStarsGalaxies({ n: 1, size: 4 })).toThrow("size must be a whole number from 8");
    expect(() => simulateStarsGalaxies({ n: 1, flux: [5, 2] })).toThrow(
      "flux must be two ascending positive numbers, got 5 to 2",
    );
  });
});

describe("records", () => {
  const fields = (n: number, first = 0) => ({
    objID: new NdArray(
      BigInt64Array.from({ length: n }, (_, i) => BigInt(first + i)),
      [n],
    ),
    image: new NdArray(
      Float32Array.from({ length: n * 6 }, (_, i) => first * 6 + i),
      [n, 2, 3],
    ),
    class: { data: Array.from({ length: n }, (_, i) => (i % 2 ? "STAR" : "GALAXY")), shape: [n] },
    z: new NdArray(
      Float32Array.from({ length: n }, (_, i) => i / 2),
      [n],
    ),
  });

  test("are read as they were written", () => {
    const { fields: read, shape } = readNpyRecords(writeNpyRecords(fields(3)));
    expect(shape).toEqual([3]);
    expect(read.get("class")!.data).toEqual(["GALAXY", "STAR", "GALAXY"]);
    expect([...(read.get("objID")!.data as BigInt64Array)]).toEqual([0n, 1n, 2n]);
    expect(read.get("image")!.shape).toEqual([3, 2, 3]);
    expect([...(read.get("image")!.data as Float32Array)]).toEqual([...fields(3).image.data]);
  });

  test("of a folder of small files are rows in batches, and their other fields columns", async () => {
    const folder = mkdtempSync(join(tmpdir(), "records-"));
    try {
      for (let i = 0; i < 12; i++)
        writeFileSync(join(folder, `stamp-${String(i).padStart(2, "0")}.npy`), writeNpyRecords(fields(2, 2 * i)));
      const data = await NpyDataset.open(folder, { field: "image" });
      expect([data.length, data.rowShape]).toEqual([24, [2, 3]]);
      const seen: number[] = [];
      for await (const { x, index } of data.batches({ batchSize: 5, seed: 1 })) {
        index.forEach((row, i) => expect(x[i * 6]).toBe(6 * row));
        seen.push(...index);
      }
      expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, i) => i));
      expect((await data.column("class")).slice(0, 3)).toEqual(["GALAXY", "STAR", "GALAXY"]);
      expect(Array.from(await data.column("objID"), Number)).toEqual(Array.from({ length: 24 }, (_, i) => i));
      await expect(data.column("colour")).rejects.toThrow(
        "records must have a field colour, got objID, image, class, z",
      );
      await data.close();
      await expect(NpyDataset.open(folder)).rejects.toThrow("name one as the option field");
      await expect(NpyDataset.open(folder, { field: "class" })).rejects.toThrow("the field class must hold numbers");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("a field has objects of both classes at their places, and the same ones again by its seed", () => {
  const field = simulateStarGalaxyField({ size: 96, n: 12, seed: 3, flux: [2000, 6000] });
  const { image, objects, labels, columns, fwhm } = field;
  expect([image.shape, objects.shape, labels.length]).toEqual([[5, 96, 96], [96, 96], 12]);
  expect(fwhm).toBeGreaterThan(2.9);
  const sums = new Float64Array(12);
  for (let i = 0; i < 12; i++) {
    const [x, y] = [Math.round(columns.x[i]!), Math.round(columns.y[i]!)];
    expect(objects.data[y * 96 + x]).toBeGreaterThan(0);
  }
  objects.data.forEach((number, p) => {
    if (number > 0) sums[number - 1]! += image.data[2 * 96 * 96 + p]!;
  });
  // the flux in r of those with no neighbour near, that lie well within: nearly all of it is where it is above the noise
  const alone = Array.from(sums.keys()).filter((i) => {
    const far = Array.from(sums.keys()).every((j) => j === i || Math.hypot(columns.x[i]! - columns.x[j]!, columns.y[i]! - columns.y[j]!) > 16); // prettier-ignore
    return far && Math.min(columns.x[i]!, columns.y[i]!, 95 - columns.x[i]!, 95 - columns.y[i]!) > 14;
  });
  expect(alone.length).toBeGreaterThan(0);
  for (const i of alone) expect(sums[i]! / columns.flux[i]!).toBeGreaterThan(0.8);
  for (const i of alone) expect(sums[i]! / columns.flux[i]!).toBeLessThan(1.05);
  expect(simulateStarGalaxyField({ size: 96, n: 12, seed: 3, flux: [2000, 6000] }).image.data).toEqual(image.data);
  expect(() => simulateStarGalaxyField({ size: 4 })).toThrow("simulateStarGalaxyField: size must be");
  expect(() => simulateStarGalaxyField({ n: 3, flux: [2, 1] })).toThrow("flux must be two ascending positive numbers");
});
