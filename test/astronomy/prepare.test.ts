import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { requestDevice } from "constella";
import {
  alignBands,
  FitsFile,
  fluxFactor,
  openBands,
  prepareBands,
  readBands,
  Wcs,
  wavelengthOf,
  writeFits,
} from "../../src/astronomy";
import type { FitsValue, OpenedBands, PrepareOptions } from "../../src/astronomy";
import { NdArray } from "../../src/ndarray";

const folder = mkdtempSync(join(tmpdir(), "constella-sky-"));
const device = await requestDevice("wasm");

const SKY = {
  ...{ CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRPIX1: 25, CRPIX2: 20, CRVAL1: 204.27, CRVAL2: -29.85 },
  ...{ CDELT1: -1.1e-5, CDELT2: 1.1e-5 },
};

/** A smooth sky, by its place in the first grid. */
const skyAt = (x: number, y: number): number => 10 + Math.sin(x / 5) + Math.cos(y / 7);

interface Made {
  readonly width?: number;
  readonly height?: number;
  readonly cards?: Readonly<Record<string, FitsValue>>;
  readonly value?: (x: number, y: number) => number;
}

/** A band whose pixels are the smooth sky at their place. */
function bandFile({ width = 50, height = 40, cards = {}, value = skyAt }: Made = {}): Uint8Array<ArrayBuffer> {
  const header = { ...SKY, ...cards };
  const [own, first] = [new Wcs(header), new Wcs(SKY)];
  const pixels = Array.from({ length: width * height }, (_, i) => [i % width, Math.floor(i / width)]).flat();
  const places = first.worldToPixel(own.pixelToWorld(pixels));
  const data = Float32Array.from({ length: width * height }, (_, i) => value(places[2 * i]!, places[2 * i + 1]!));
  return writeFits(new NdArray(data, [height, width]), { cards: header });
}

const open = (...files: Uint8Array<ArrayBuffer>[]): Promise<OpenedBands[]> =>
  Promise.all(files.map((file) => openBands(file)));

async function prepared(inputs: OpenedBands[], options: Partial<PrepareOptions> = {}) {
  const out = options.out ?? join(folder, "cube.fits");
  const made = await prepareBands(inputs, { device, ...options, out });
  const file = await FitsFile.open(out);
  const image = file.image();
  const data = await image.read({ type: "float32" });
  await file.close();
  return { made, header: image.header, data };
}

describe("preparing bands", () => {
  test("bands of other grids come to that of the first, cut to what all have, at the places of the sky where they were", async () => {
    const inputs = await open(
      bandFile({ cards: { FILTER: "F438W" } }),
      bandFile({ width: 45, height: 44, cards: { CRPIX1: 22.5, CRPIX2: 24.25, CROTA2: 4, FILTER: "F814W" } }),
    );
    const { made, header, data } = await prepared(inputs);
    expect(made.names).toEqual(["F438W", "F814W"]);
    expect(made.shape).toEqual(data.shape);
    expect(made.box.width).toBeLessThan(50);
    expect(header.get("WAVE1")).toBe(438);
    expect(header.history.join("\n")).toMatch(/^F814W: reprojected, bilinear\ncut to \d+ x \d+ pixels from/);
    const wcs = new Wcs(header);
    const moved = new Wcs(SKY).worldToPixel(wcs.pixelToWorld([3, 5]));
    expect(moved[0]).toBeCloseTo(3 + made.box.x, 9);
    expect(moved[1]).toBeCloseTo(5 + made.box.y, 9);
    let [compared, total] = [0, 0];
    for (let y = 0; y < made.shape[1]; y++)
      for (let x = 0; x < made.shape[2]; x++) {
        const [first, second] = [data.get(0, y, x), data.get(1, y, x)];
        if (Number.isNaN(second)) continue;
        compared++;
        total += Math.abs(second - first);
        expect(first).toBeCloseTo(skyAt(x + made.box.x, y + made.box.y), 4);
        expect(Math.abs(second - first)).toBeLessThan(0.12); // half a pixel at the rim
      }
    expect(compared).toBeGreaterThan(1000);
    expect(total / compared).toBeLessThan(0.005);
  });

  test("widths are matched: afterwards a point is as wide in every band", async () => {
    const star = (fwhm: number) => (x: number, y: number) =>
      Math.exp(-((x - 25) ** 2 + (y - 20) ** 2) / 2 / (fwhm / 0.0396 / 2.3548) ** 2) / fwhm ** 2;
    const fwhm = [0.1, 0.16];
    const { data, header } = await prepared(await open(...fwhm.map((width) => bandFile({ value: star(width) }))), {
      fwhm,
    });
    const peaks = [0, 1].map((band) => Math.max(...data.data.subarray(band * 2000, (band + 1) * 2000)));
    expect(Math.abs(peaks[0]! / peaks[1]! - 1)).toBeLessThan(0.01);
    expect(1 / fwhm[0]! ** 2 / peaks[1]!).toBeGreaterThan(2); // before
    expect(header.get("FWHM1")).toBe(0.16);
  });

  test.each(["minmax", "percentile", "zscale", "asinh"] as const)(
    "normalised to 0 … 1, %s; NaN and outliers out",
    async (normalize) => {
      const value = (x: number, y: number): number =>
        x < 2.5 ? NaN : Math.abs(x - 20) < 0.4 && Math.abs(y - 20) < 0.4 ? 1e4 : skyAt(x, y);
      const { data, made, header } = await prepared(await open(bandFile({ value }), bandFile()), {
        normalize,
        clip: 30,
      });
      expect(made.box).toEqual({ x: 3, y: 0, width: 47, height: 40 });
      const finite = data.data.filter((v) => !Number.isNaN(v));
      expect(finite.length).toBe(data.size - 1);
      expect(Math.min(...finite)).toBe(0);
      if (normalize !== "minmax") expect(Math.max(...finite)).toBe(1);
      expect(header.get("VMIN1")).toBeTypeOf("number");
    },
  );

  test("background goes, by boxes", async () => {
    const value = (x: number, y: number): number => 5 + 0.1 * x + 0.05 * y;
    const { data } = await prepared(await open(bandFile({ value }), bandFile({ value })), { background: [10, 10] });
    expect(Math.abs(data.get(0, 20, 25))).toBeLessThan(0.05);
  });

  test("flags of DQ and errors that are none mask pixels, 1 / ERR² are weights", async () => {
    const extension = (name: string, file: Uint8Array<ArrayBuffer>): Uint8Array => {
      const text = String.fromCharCode(...file);
      const start = "XTENSION= 'IMAGE   '           / extension".padEnd(80);
      const named = text
        .replace(/^.{80}/, start)
        .replace("EXTEND  =                    T".padEnd(80), `EXTNAME = '${name.padEnd(8)}'`.padEnd(80));
      return Uint8Array.from(named, (c) => c.charCodeAt(0));
    };
    const primary = writeFits(new NdArray(new Uint8Array(1), [1]), { cards: { FILTER: "F336W" } });
    const err = new Float32Array(2000).fill(0.5);
    err[7] = 0;
    const dq = new Int16Array(2000);
    [dq[3], dq[4]] = [16, 4];
    const image = (data: Float32Array | Int16Array): Uint8Array<ArrayBuffer> =>
      writeFits(new NdArray<Float32Array | Int16Array>(data, [40, 50]), { cards: SKY });
    const file = Buffer.concat([
      primary,
      extension("SCI", bandFile()),
      extension("ERR", image(err)),
      extension("DQ", image(dq)),
    ]);
    const bands = await openBands(file, { dqBits: 16 });
    const row = await bands.rows(0, 1);
    expect(bands.names).toEqual(["F336W"]);
    expect([...row.keys()].filter((i) => Number.isNaN(row[i]!))).toEqual([3, 7]);
    const weights = await bands.weights!.rows(0, 1);
    expect([weights[2], weights[3], weights[7]]).toEqual([4, 0, 0]);
  });

  test.each([
    [{ BUNIT: "ELECTRONS/S", PHOTFLAM: 2e-19 }, "flam", 2e-19],
    [{ BUNIT: "ELECTRONS", PHOTFLAM: 2e-19, EXPTIME: 100 }, "flam", 2e-21],
    [{ BUNIT: "mJy" }, "Jy", 1e-3],
    [{ BUNIT: "erg/s/cm2/Angstrom", PHOTPLAM: 5000 }, "Jy", (5000 ** 2 / 2.99792458e18) * 1e23],
    [{ BUNIT: "Jy", PHOTPLAM: 5000 }, "flam", 1e-23 * (2.99792458e18 / 5000 ** 2)],
  ] as const)("units: %o to %s", (header, unit, factor) => {
    expect(fluxFactor(header, unit) / factor).toBeCloseTo(1, 12);
  });

  test("wavelengths by filters", () => {
    expect(wavelengthOf({ PHOTPLAM: 4326.23 })).toBeCloseTo(432.623);
    expect(wavelengthOf({ FILTER1: "CLEAR1L", FILTER2: "F160W" })).toBe(1600);
    expect(wavelengthOf({ FILTER: "g" })).toBe(undefined);
  });

  const elsewhere = { CRVAL1: 210 };
  test.each<[string, () => Promise<OpenedBands[]>, Partial<PrepareOptions>, string]>([
    ["one band", () => open(bandFile()), {}, "prepare: there must be two bands or more, got 1"],
    [
      "skies apart",
      () => open(bandFile(), bandFile({ cards: elsewhere })),
      {},
      "prepare: the skies of band and band do not overlap",
    ],
    [
      "no coordinates",
      () => open(bandFile(), writeFits(new NdArray(new Float32Array(4), [2, 2]))),
      {},
      "prepare: band has no world coordinates; bands of one grid are taken as aligned",
    ],
    [
      "sizes",
      () => open(bandFile(), bandFile({ width: 9 })),
      { aligned: true },
      "prepare: aligned bands must have one size, band has [40, 50], band [40, 9]",
    ],
    [
      "all NaN",
      () => open(bandFile(), bandFile({ value: () => NaN })),
      {},
      "prepare: band must have numbers, all of it is NaN",
    ],
    [
      "nothing in common",
      () => open(bandFile({ value: (x) => (x < 20 ? 1 : NaN) }), bandFile({ value: (x) => (x < 20 ? NaN : 1) })),
      {},
      "prepare: no pixel has data in every band",
    ],
    [
      "one value",
      () => open(bandFile(), bandFile({ value: () => 3 })),
      { normalize: "minmax" },
      "normalize: band must have more than one value, all are 3",
    ],
    [
      "widths",
      () => open(bandFile(), bandFile()),
      { fwhm: [1] },
      "prepare: there must be a width for each of 2 bands, got 1",
    ],
  ])("%s: one clear line, and nothing is written", async (_name, make, options, message) => {
    const out = join(folder, "refused.fits");
    await expect(prepareBands(await make(), { device, ...options, out })).rejects.toThrow(message);
    expect(readdirSync(folder).filter((name) => name.includes("refused"))).toEqual([]);
  });

  test("a file that was chosen in a page gives bands its name, and says it where something is wrong", async () => {
    const [first] = await open(bandFile());
    const moved = await openBands(new File([bandFile({ cards: { CRPIX1: 22 } })], "moved.fits"));
    expect(moved.names).toEqual(["moved"]);
    const { source, history } = alignBands([first!, moved], { device });
    expect([source.bands, source.height, source.width]).toEqual([2, 40, 50]);
    expect(history).toEqual(["moved: reprojected, bilinear"]);
    const cube = await readBands(source);
    expect(cube.get(1, 20, 20)).toBeCloseTo(cube.get(0, 20, 20), 3);
    expect(cube.get(1, 20, 49)).toBeCloseTo(skyAt(49, 20), 3);
    expect(cube.get(1, 20, 0)).toBeNaN();
    const far = await openBands(new File([bandFile({ cards: { CRVAL1: 10 } })], "far.fits"));
    expect(() => alignBands([moved, far], { device })).toThrow(
      "prepare: the skies of far.fits and moved.fits do not overlap",
    );
    const aligned = alignBands([first!, moved], { device, aligned: true });
    expect(aligned.history).toEqual([]);
    await expect(openBands(new File(["no"], "notes.fits"))).rejects.toThrow(/^fits: .* \(notes\.fits\)$/);
  });

  test("a spectrum, a cube of four axes, a missing unit", async () => {
    const file = (shape: number[]) => writeFits(new NdArray(new Float32Array(16), shape), { cards: SKY });
    await expect(openBands(file([16]))).rejects.toThrow("openBands: a spectrum is no image, got the shape [16]");
    await expect(openBands(file([2, 2, 2, 2]))).rejects.toThrow(
      "openBands: an image has two axes, a cube three, got the shape [2, 2, 2, 2]",
    );
    await expect(openBands(bandFile(), { unit: "Jy" })).rejects.toThrow("units: the header has no unit (BUNIT)");
  });
});
