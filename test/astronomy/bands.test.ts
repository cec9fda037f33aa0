import { expect, test } from "vitest";
import {
  bandsOf,
  cropped,
  FitsFile,
  overlap,
  psfMatched,
  readBands,
  reprojected,
  shrunkBands,
  stack,
  Wcs,
  writeFits,
  zscaleLimits,
} from "../../src/astronomy";
import type { BandSource } from "../../src/astronomy";
import { NdArray } from "../../src/ndarray";
import { describeDevices } from "../devices";
import { uniforms } from "../uniforms";

const TAN = {
  ...{ CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRPIX1: 20, CRPIX2: 15, CRVAL1: 204.27, CRVAL2: -29.85 },
  ...{ CDELT1: -1e-5, CDELT2: 1e-5 },
};

function noise(shape: readonly number[], nans = 0): NdArray<Float32Array> {
  const draw = uniforms(5);
  const size = shape.reduce((product, n) => product * n, 1);
  return new NdArray(
    Float32Array.from({ length: size }, () => (draw() < nans ? NaN : 100 + draw())),
    shape,
  );
}

/** toEqual takes seconds for arrays of this size. */
const bytes = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The same in strips of that many rows, put together. */
async function inStrips(source: BandSource, rows: number): Promise<Float32Array> {
  const { bands, height, width } = source;
  const out = new Float32Array(bands * height * width);
  for (let begin = 0; begin < height; begin += rows) {
    const end = Math.min(height, begin + rows);
    const strip = await source.rows(begin, end);
    for (let band = 0; band < bands; band++)
      out.set(
        strip.subarray(band * (end - begin) * width, (band + 1) * (end - begin) * width),
        (band * height + begin) * width,
      );
  }
  return out;
}

describeDevices("bands of the sky", (device) => {
  test("a grid laid on itself gives the pixels themselves, one shifted by whole pixels those of the shift; NaN stays where it is", async () => {
    const image = noise([1, 30, 40], 0.1);
    const grid = { wcs: new Wcs(TAN), height: 30, width: 40 };
    const same = await readBands(reprojected(image, new Wcs(TAN), grid, { device: await device() }));
    expect(same.data).toEqual(image.data);
    const moved = { ...grid, wcs: new Wcs({ ...TAN, CRPIX1: 23, CRPIX2: 13 }) };
    const shifted = await readBands(reprojected(image, new Wcs(TAN), moved, { device: await device() }));
    for (let y = 0; y < 30; y++)
      for (let x = 0; x < 40; x++) {
        const inside = x - 3 >= 0 && y + 2 < 30;
        expect(shifted.get(0, y, x)).toBe(inside ? image.get(0, y + 2, x - 3) : NaN);
      }
  });

  test("strips and squares do not change what a reprojection gives", async () => {
    const image = noise([2, 600, 700], 0.01);
    const grid = { wcs: new Wcs({ ...TAN, CROTA2: 33, CDELT1: -1.3e-5 }), height: 530, width: 620 };
    const source = reprojected(image, new Wcs(TAN), grid, { device: await device() });
    const whole = await readBands(source);
    expect(Buffer.compare(bytes(await inStrips(source, 97)), bytes(whole.data))).toBe(0);
    expect(whole.data.some((value) => !Number.isNaN(value))).toBe(true);
  });

  test.each(["fill", "extend", "reflect", "wrap"] as const)(
    "strips do not change what matching gives, %s",
    async (boundary) => {
      const cube = noise([3, 23, 31], 0.05);
      const options = { fwhm: [0.2, 0.11, 0.15], pixelScale: 0.04, boundary, fillValue: 7, device: await device() };
      const source = psfMatched(cube, options);
      const whole = await readBands(source);
      expect(await inStrips(source, 4)).toEqual(whole.data);
      expect(whole.data.subarray(0, 713)).toEqual(cube.data.subarray(0, 713)); // the widest band
      expect(Array.from(whole.data, Number.isNaN)).toEqual(Array.from(cube.data, Number.isNaN));
    },
  );

  test("no tensor is left", async () => {
    const before = (await device()).memory().buffers;
    await readBands(psfMatched(noise([2, 9, 9]), { fwhm: [0.1, 0.2], pixelScale: 0.04, device: await device() }));
    await readBands(
      reprojected(noise([9, 9]), new Wcs(TAN), { wcs: new Wcs(TAN), height: 9, width: 9 }, { device: await device() }),
    );
    expect((await device()).memory().buffers).toBe(before);
  });

  test("what cannot be is refused in one line", async () => {
    const on = await device();
    const grid = { wcs: new Wcs(TAN), height: 9, width: 9 };
    const galactic = new Wcs({ ...TAN, CTYPE1: "GLON-TAN", CTYPE2: "GLAT-TAN" });
    expect(() => reprojected(noise([9, 9]), galactic, grid, { device: on })).toThrow(
      "reprojected: both skies must be of one kind, got galactic and equatorial",
    );
    expect(() => psfMatched(noise([2, 9, 9]), { fwhm: [0.1], pixelScale: 0.04, device: on })).toThrow(
      "psfMatched: there must be a width for each of 2 bands, got 1",
    );
    expect(() => psfMatched(noise([1, 9, 9]), { fwhm: [-1], pixelScale: 0.04, device: on })).toThrow(
      "psfMatched: fwhm must be positive, got [-1]",
    );
    expect(() => stack([noise([9, 9]), noise([9, 8])])).toThrow(
      "stack: bands must have one size, got [9, 9] and [9, 8]; reproject them onto one grid",
    );
    expect(() => bandsOf(noise([9]))).toThrow("bands: a spectrum is no image, got the shape [9]");
    expect(() => bandsOf(noise([2, 2, 9, 9]))).toThrow(
      "bands: an image has two axes, a cube three, got the shape [2, 2, 9, 9]",
    );
    expect(() => zscaleLimits([NaN, Infinity])).toThrow(
      "zscaleLimits: there must be a finite value, all are NaN or infinite",
    );
    expect(overlap(grid, { ...grid, wcs: new Wcs({ ...TAN, CRVAL1: 205 }) })).toBe(false);
    expect(overlap(grid, { ...grid, wcs: new Wcs({ ...TAN, CRPIX1: 25 }) })).toBe(true);
  });

  test("parts of stacked files", async () => {
    const open = async (image: NdArray<Float32Array>) => (await FitsFile.open(writeFits(image))).image();
    const [a, b] = [noise([12, 10]), noise([2, 12, 10])];
    const part = cropped(stack([await open(a), await open(b)]), { x: 2, y: 3, width: 5, height: 6 });
    const read = await readBands(part);
    expect(read.shape).toEqual([3, 6, 5]);
    expect(read.get(0, 1, 2)).toBe(a.get(4, 4));
    expect(read.get(2, 5, 0)).toBe(b.get(1, 8, 2));
  });

  test("made smaller: means of the numbers in squares, read in strips", async () => {
    const [height, width, shrink] = [7, 9, 4];
    const image = noise([2, height, width], 0.2);
    const strips: number[] = [];
    const source: BandSource = {
      ...bandsOf(image),
      rows: async (begin, end) => {
        strips.push(end - begin);
        return bandsOf(image).rows(begin, end);
      },
    };
    const small = await shrunkBands(source, shrink);
    expect(small.shape).toEqual([2, 2, 3]);
    for (const [band, y, x] of [
      [0, 0, 0],
      [1, 0, 2],
      [1, 1, 1],
      [0, 1, 2],
    ] as const) {
      const values: number[] = [];
      for (let row = shrink * y; row < Math.min(height, shrink * (y + 1)); row++)
        for (let column = shrink * x; column < Math.min(width, shrink * (x + 1)); column++)
          values.push(image.get(band, row, column));
      const finite = values.filter(Number.isFinite);
      expect(small.get(band, y, x)).toBe(Math.fround(finite.reduce((a, b) => a + b, 0) / finite.length));
    }
    expect(strips).toEqual([height]);
    const empty = await shrunkBands(new NdArray(new Float32Array(4).fill(NaN), [2, 2]), 2);
    expect([...empty.data]).toEqual([NaN]);
    await expect(shrunkBands(image, 1.5)).rejects.toThrow("shrunkBands: shrink must be a whole number from 1, got 1.5");
  });
});
