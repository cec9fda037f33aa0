import { describe, expect, test } from "vitest";
import { FitsHeader, Wcs, writeFits, FitsFile } from "../../src/astronomy";
import { NdArray } from "../../src/ndarray";

const TAN = {
  ...{ CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRPIX1: 303, CRPIX2: 303, CRVAL1: 204.26971, CRVAL2: -29.84933 },
  ...{ CD1_1: -1.1e-5, CD1_2: 0, CD2_1: 0, CD2_2: 1.1e-5 },
};

const close = (got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number): void => {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++) expect(Math.abs(got[i]! - want[i]!)).toBeLessThanOrEqual(tolerance);
};

describe("world coordinates", () => {
  test("the reference pixel is the reference place, a pixel's side is told in arcseconds", () => {
    const wcs = new Wcs(TAN);
    close(wcs.pixelToWorld([302, 302]), [204.26971, -29.84933], 1e-12);
    expect(wcs.pixelScale).toBeCloseTo(0.0396, 12);
    expect(wcs.system).toBe("equatorial");
    const corners = wcs.footprint(605, 605);
    close(wcs.worldToPixel(corners.flat()), [-0.5, -0.5, 604.5, -0.5, 604.5, 604.5, -0.5, 604.5], 1e-6);
  });

  test("axes in the other order, and units other than degrees", () => {
    const swapped = new Wcs({
      ...{ CTYPE1: "DEC--TAN", CTYPE2: "RA---TAN", CRPIX1: 303, CRPIX2: 303, CRVAL1: -29.84933, CRVAL2: 204.26971 },
      ...{ CDELT1: 0.0396, CDELT2: -0.0396, CUNIT1: "arcsec", CUNIT2: "arcsec" },
    });
    expect(swapped.pixelScale).toBeCloseTo(0.0396, 12);
    // CRVAL has the unit of CUNIT as well
    close(swapped.pixelToWorld([302, 302]), [204.26971 / 3600, -29.84933 / 3600], 1e-12);
  });

  test("a part of an image keeps its places, also through a file", async () => {
    const sip = {
      ...TAN,
      CTYPE1: "RA---TAN-SIP",
      CTYPE2: "DEC--TAN-SIP",
      A_ORDER: 2,
      A_2_0: 3e-5,
      B_ORDER: 2,
      B_1_1: -2e-5,
    };
    const wcs = new Wcs(sip);
    const file = await FitsFile.open(
      writeFits(new NdArray(new Float32Array(6), [2, 3]), { cards: wcs.cards(100, 40) }),
    );
    const part = new Wcs(file.image().header);
    close(part.pixelToWorld([7.25, 11]), wcs.pixelToWorld([107.25, 51]), 1e-12);
    close(part.worldToPixel(part.pixelToWorld([7.25, 11, -90, 500])), [7.25, 11, -90, 500], 2e-6);
  });

  test.each([
    [{}, "wcs: the header has no world coordinates (CTYPE1 and CTYPE2)"],
    [{ ...TAN, CTYPE1: "WAVE" }, 'wcs: CTYPE1 must be of the sky, such as RA---TAN, got "WAVE"'],
    [{ ...TAN, CTYPE2: "DEC--TPV" }, "wcs: projections are TAN, SIN, CAR, CTYPE2 is DEC--TPV"],
    [
      { ...TAN, CTYPE2: "RA---TAN" },
      "wcs: CTYPE1 and CTYPE2 must be longitude and latitude of one sky, got RA---TAN and RA---TAN",
    ],
    [{ ...TAN, CD1_1: 0 }, /^wcs: the matrix from pixels to degrees must have an inverse, got \[/],
    [{ ...TAN, CUNIT1: "m" }, 'wcs: CUNIT1 must be an angle, got "m"'],
    [{ ...TAN, PV2_1: 0.2 }, "wcs: projections with parameters are not read, got PV2_1"],
    [{ ...TAN, CPDIS1: "LOOKUP" }, "wcs: distortion by tables is not read, got CPDIS1"],
    [{ ...TAN, CRVAL2: 95 }, "wcs: CRVAL must be a place of the sky, got 204.26971, 95"],
  ])("what is not read is refused by name: %o", (header, message) => {
    expect(() => new Wcs(FitsHeader.of(header))).toThrow(message);
  });
});
