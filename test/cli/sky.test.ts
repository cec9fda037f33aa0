// constella sky prepare and constella sky info.
import { describe, expect, test } from "vitest";
import { FitsFile, writeFits } from "../../src/astronomy";
import type { FitsValue } from "../../src/astronomy";
import { NdArray } from "../../src/ndarray";
import { constella, list, read, refusal, useProgram, write } from "./program";

useProgram();

const SKY = {
  ...{ CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRPIX1: 12, CRPIX2: 10, CRVAL1: 204.27, CRVAL2: -29.85 },
  ...{ CDELT1: -1.1e-5, CDELT2: 1.1e-5 },
};

function band(
  shape: readonly number[],
  cards: Readonly<Record<string, FitsValue>>,
  value = (i: number) => i % 7,
): Uint8Array {
  const size = shape.reduce((product, n) => product * n, 1);
  return writeFits(
    new NdArray(
      Float32Array.from({ length: size }, (_, i) => value(i)),
      shape,
    ),
    { cards },
  );
}

describe("constella sky", () => {
  test("prepare makes a cube of bands, info says what is in it", async () => {
    await write("a.fits", band([20, 24], { ...SKY, FILTER: "F438W" }));
    await write("b.fits", band([22, 24], { ...SKY, FILTER: "F814W", CRPIX1: 10, CRPIX2: 11 }));
    const args = [
      "sky",
      "prepare",
      "a.fits",
      "b.fits",
      "--fwhm",
      "0.07,0.08",
      "--normalize",
      "minmax",
      "--device",
      "wasm",
    ];
    const { code, stdout } = await constella(...args, "--out", "cube.fits");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^cube.fits: 2 bands \(F438W, F814W\) of 22 x 20 pixels, 100.0 % with data in every band\n {2}F814W: reproj/,
    );
    const { header, shape } = (await FitsFile.open(await read("cube.fits"))).image();
    expect(shape).toEqual([2, 20, 22]);
    expect(header.get("CRPIX1")).toBe(10);
    const told = await constella("sky", "info", "cube.fits");
    expect(told.stdout).toMatch(
      /^HDU 0: image, \[2, 20, 22\], BITPIX -32\n {2}TAN, equatorial, 0.0396 arcsec a pixel, centre 204.26/,
    );
    const { hdus } = JSON.parse((await constella("sky", "info", "cube.fits", "--json")).stdout) as {
      hdus: { bands: object[] }[];
    };
    expect(hdus[0]!.bands[1]).toMatchObject({ band: 1, numbers: 440, min: 0, max: 1 });
  });

  test("bad input is refused in one line, and nothing is written", async () => {
    const other = { ...SKY, CRVAL1: 12 };
    await write("far.fits", band([20, 24], other));
    await write("plain.fits", band([20, 24], {}));
    await write(
      "nan.fits",
      band([20, 24], SKY, () => NaN),
    );
    await write("four.fits", band([1, 2, 2, 20, 24].slice(1), SKY));
    await write("spectrum.fits", band([24], SKY));
    await write("text.fits", "no fits at all");
    const prepare = (...args: string[]) => refusal("sky", "prepare", ...args, "--out", "none.fits", "--device", "wasm");
    expect(await prepare("a.fits")).toBe("constella: prepare: there must be two bands or more, got 1");
    expect(await prepare("a.fits", "far.fits")).toBe(
      "constella: prepare: the skies of far.fits and a.fits do not overlap",
    );
    expect(await prepare("a.fits", "plain.fits")).toBe(
      "constella: prepare: plain.fits has no world coordinates; bands of one grid are taken as aligned",
    );
    expect(await prepare("a.fits", "b.fits", "--aligned")).toBe(
      "constella: prepare: aligned bands must have one size, a.fits has [20, 24], b.fits [22, 24]",
    );
    expect(await prepare("a.fits", "nan.fits")).toBe("constella: prepare: nan must have numbers, all of it is NaN");
    expect(await prepare("four.fits", "a.fits")).toBe(
      "constella: openBands: an image has two axes, a cube three, got the shape [2, 2, 20, 24] (four.fits)",
    );
    expect(await prepare("a.fits", "spectrum.fits")).toBe(
      "constella: openBands: a spectrum is no image, got the shape [24] (spectrum.fits)",
    );
    expect(await prepare("a.fits", "b.fits", "--unit", "Jy")).toBe(
      "constella: units: the header has no unit (BUNIT) (a.fits)",
    );
    expect(await prepare("a.fits", "text.fits")).toBe(
      "constella: fits: a file must begin with SIMPLE, this one does not (text.fits)",
    );
    expect(await prepare("a.fits", "b.fits", "--fwhm", "0.07")).toBe(
      "constella: prepare: there must be a width for each of 2 bands, got 1",
    );
    expect(await prepare("a.fits", "gone.fits")).toBe("constella: cannot read gone.fits: no such file");
    expect((await list(".")).filter((name) => name.includes("none"))).toEqual([]);
  });
});
