import { describe, expect, test } from "vitest";
import { clusterSpectra, drawingDocument, nodeMap, renderReport, shownMap, spectra, unitMap } from "../../src/report";
import type { ShownGraph } from "../../src/report";
import { ESOM } from "../../src/som";
import { makeRun } from "./run";

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

describe("graphs of evolving maps", () => {
  test("nodes with their values, links by the distance of their ends", () => {
    const of = { title: "U-matrix", measure: "distance", places: [0, 0, 1, 0, 0, 2], links: [0, 1, 0, 2] };
    const { text } = nodeMap({ ...of, values: [1.5, 1, NaN], linkValues: [1, 2], sizes: [4, 1, 0] });
    expect(text.match(/<circle /g)).toHaveLength(3);
    expect(text).toContain("nodes 0 and 2: distance 2");
    expect(text).toContain("node 2: distance none");
    expect(() => nodeMap({ ...of, values: [1] })).toThrow("nodeMap: values must be 3, one a node, got 1");
    expect(() => nodeMap({ ...of, values: [1, 2, 3], linkValues: [1] })).toThrow(
      "linkValues must be 2, one a link, got 1",
    );
  });
  test("of a fitted map: distances of linked nodes, their means, places on the principal axes, and the section of a report", async () => {
    const x = { data: Float32Array.from({ length: 400 }, (_, i) => Math.sin(i) + 3 * (i % 4)), shape: [100, 4] };
    const esom = await new ESOM({ epsilon: 1 }).fit(x);
    const graph = (await shownMap(esom)) as ShownGraph;
    const { prototypes, links } = esom.map.state();
    const distance = (a: number, b: number): number =>
      Math.hypot(...[0, 1, 2, 3].map((c) => prototypes[4 * a + c]! - prototypes[4 * b + c]!));
    expect(graph.total).toBe(esom.map.size);
    expect([...(graph.links as number[])]).toEqual([...links]);
    const means = Array.from({ length: graph.total }, (_, node) => {
      const own = Array.from({ length: links.length / 2 }, (_, i) => [links[2 * i]!, links[2 * i + 1]!] as const)
        .filter((ends) => ends.includes(node))
        .map(([a, b]) => distance(a, b));
      return own.reduce((sum, value) => sum + value, 0) / own.length;
    });
    Array.from(graph.uMatrix, (value, node) => expect(value).toBeCloseTo(means[node]!, 12));
    expect(graph.axes).toMatch(/^by the first two principal axes of their vectors, .* of the variance$/);
    const page = await renderReport(makeRun(60, 3, { map: graph }));
    expect(page).toContain('<section id="map">');
    await esom.dispose();
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
