import { describe, expect, test } from "vitest";
import { clusterSpectra, drawingDocument, spectra, unitMap } from "../../src/report";

describe("maps of units", () => {
  test("hexagons are drawn as such, squares as squares, each told in words", () => {
    const values = Float64Array.from({ length: 12 }, (_, i) => i / 10);
    const of = { title: "U-matrix", measure: "distance", rows: 3, columns: 4, values };
    const hexagons = unitMap({ ...of, topology: "hexagonal" }).text;
    const corners = (text: string): number[] =>
      [...text.matchAll(/points="([^"]*)"/g)].map(([, points]) => points!.split(" ").length);
    expect(corners(hexagons)).toEqual(Array(12).fill(6));
    expect(corners(unitMap(of).text)).toEqual(Array(12).fill(4));
    expect(hexagons).toContain("unit 5, row 1, column 1: distance 0.5");
    // an odd row is shifted by half a unit
    const points = [...hexagons.matchAll(/points="([^"]*)"/g)].map(([, text]) => text!);
    const left = (unit: number): number =>
      Math.min(...points[unit]!.split(" ").map((corner) => Number(corner.split(",")[0])));
    expect(left(4) - left(0)).toBeCloseTo(left(1) - left(4), 0);
  });
  test("empty units and wrong sizes", () => {
    const of = { title: "hits", measure: "rows", rows: 1, columns: 2 };
    expect(unitMap({ ...of, values: [NaN, 3] }).text).toContain('fill="none"');
    expect(() => unitMap({ ...of, values: [1] })).toThrow("unitMap: values must be 1 x 2, got 1");
  });
});

describe("spectra of clusters", () => {
  test("means and spreads by label", () => {
    const found = clusterSpectra([1, 10, 3, 14, 5, 5, 9, 9], 2, [0, 0, 1, -1]);
    expect(found.map(({ size, mean, spread }) => [size, Array.from(mean), Array.from(spread)])).toEqual([
      [2, [2, 12], [Math.SQRT2, 2 * Math.SQRT2]],
      [1, [5, 5], [0, 0]],
    ]);
    expect(() => clusterSpectra([1, 2, 3], 2, [0])).toThrow(/1 rows of 2, got 3 values/);
  });
  test("a chart over wavelength", async () => {
    const clusters = clusterSpectra([1, 10, 3, 14, 5, 5], 2, [0, 0, 1]);
    const page = await drawingDocument();
    const { text } = spectra(page, { title: "Spectra", yLabel: "flux", xLabel: "nm", positions: [814, 336], clusters });
    expect(text).toContain("<svg");
    expect(text).toContain("cluster 1");
    expect(() => spectra(page, { title: "S", yLabel: "flux", positions: [1, 2, 3], clusters })).toThrow(
      /must have 3 bands/,
    );
  });
});
