// What reports of cubes are made of: grids of coordinates, pictures, and the page.
import { describe, expect, test } from "vitest";
import { Wcs } from "../../src/astronomy";
import {
  composite,
  compositeLimits,
  drawCube,
  drawingDocument,
  drawPart,
  labelPicture,
  outlined,
  renderCube,
  renderDrawnCube,
  skyGrid,
  skyPanel,
} from "../../src/report";
import type { ClusteredCube } from "../../src/report";
import { makeRun, nothing, parse, sectionIds, textOf } from "./run";

const sky = (header: Readonly<Record<string, string | number>> = {}) =>
  new Wcs({
    ...{ CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRPIX1: 50.5, CRPIX2: 40.5, CRVAL1: 204.26971, CRVAL2: -29.84933 },
    ...{ CDELT1: -1e-4, CDELT2: 1e-4, ...header },
  });

describe("a grid of coordinates", () => {
  test("lies where the coordinates are, within the image, and says their values", () => {
    const wcs = sky({ CROTA2: 30 });
    const lines = skyGrid(wcs, 100, 80);
    expect(lines.filter(({ axis }) => axis === "longitude").length).toBeGreaterThan(1);
    expect(lines.filter(({ axis }) => axis === "latitude").length).toBeGreaterThan(1);
    for (const { axis, value, pieces } of lines) {
      const places = pieces.flat();
      for (let i = 0; i < places.length; i += 2) {
        const [x, y] = [places[i]!, places[i + 1]!];
        expect(x >= -0.5 && x <= 99.5 && y >= -0.5 && y <= 79.5).toBe(true);
        expect(wcs.pixelToWorld([x, y])[axis === "longitude" ? 0 : 1]).toBeCloseTo(value, 9);
      }
    }
    expect(lines.map(({ text }) => text)).toEqual(
      expect.arrayContaining(["13h37m04s", "13h37m05s", "−29°50′50″", "−29°51′00″"]),
    );
  });

  test("over the seam of right ascension, in degrees elsewhere, of whole degrees", () => {
    const seam = skyGrid(sky({ CRVAL1: 0, CRVAL2: 10, CDELT1: -0.05, CDELT2: 0.05 }), 100, 80);
    const hours = seam.filter(({ axis }) => axis === "longitude").map(({ text }) => text);
    expect(hours).toEqual(["23h50m", "0h00m", "0h10m"]);
    expect(seam.filter(({ axis }) => axis === "latitude").map(({ text }) => text)).toContain("+9°");
    const galactic = skyGrid(sky({ CTYPE1: "GLON-TAN", CTYPE2: "GLAT-TAN", CRVAL1: 1, CRVAL2: -0.2 }), 100, 80);
    expect(galactic[0]!.text).toMatch(/^\d\.\d+°$/);
  });
});

describe("pictures of a cube", () => {
  test("the first row is at the bottom, ratios of bands stay, what lacks a value is told", () => {
    // two rows of two pixels: red 1, 0 / 0, NaN; green half of it
    const red = [1, 0, 0, NaN];
    const planes = { data: [...red, ...red.map((value) => value / 2), 0, 0, 0, 0], shape: [3, 2, 2] };
    const { pixels, width, height } = composite(planes, [0, 0, 0]);
    expect([width, height]).toEqual([2, 2]);
    expect([...pixels.subarray(6, 9)]).toEqual([255, 255, 255]); // row 0, column 0
    expect([...pixels.subarray(3, 6)]).toEqual([40, 42, 48]); // row 1, column 1: NaN
    expect(() => composite(planes, [0, 1, 3])).toThrow("composite: rgb must be three of 3 bands, from 0, got 0, 1, 3");
  });

  test("a large image is averaged down, borders of regions are drawn", () => {
    const [height, width] = [700, 1300];
    const values = Float32Array.from({ length: height * width }, (_, at) => at % width);
    const picture = composite({ data: values, shape: [1, height, width] }, [0, 0, 0]);
    expect([picture.height, picture.width, picture.shrink]).toEqual([234, 434, 3]);
    const regions = { data: values.map((x) => Number(x >= 600)), shape: [height, width] };
    const { pixels } = outlined(picture, regions);
    const yellow = Array.from({ length: 434 }, (_, x) => pixels[3 * x] === 255 && pixels[3 * x + 2] === 64);
    expect(yellow.map((is, x) => (is ? x : -1)).filter((x) => x >= 0)).toEqual([199]);
    expect(() => outlined(picture, { data: [0], shape: [1, 1] })).toThrow(/regions must be as large as the picture/);
  });

  test("a part of an image looks as it does in the whole, labels take the colours that are given", () => {
    const data = Float32Array.from({ length: 4000 }, (_, at) => Math.hypot((at % 100) - 50, Math.floor(at / 100) - 20));
    const whole = composite({ data, shape: [1, 40, 100] }, [0, 0, 0]);
    const limits = compositeLimits({ data, shape: [1, 40, 100] }, [0, 0, 0]);
    const part = composite({ data: data.subarray(0, 1000), shape: [1, 10, 100] }, [0, 0, 0], limits);
    expect([...part.pixels]).toEqual([...whole.pixels.subarray(3 * 3000)]);
    const labels = labelPicture({ data: [0, 1, 2, -1], shape: [2, 2] }, ["#010203", "#040506"]);
    expect([...labels.pixels]).toEqual([1, 2, 3, 138, 143, 152, 1, 2, 3, 4, 5, 6]);
  });

  test("a panel is an image with its grid, told in words", () => {
    const picture = composite({ data: new Float32Array(8000).map((_, i) => i), shape: [1, 80, 100] }, [0, 0, 0]);
    const { text } = skyPanel({ title: "Composite", alt: "grey <F814W>", picture, sky: sky() });
    expect(text).toContain("data:image/png;base64,");
    expect(text).toContain("grey &lt;F814W&gt;");
    expect(text).toContain("13h37m05s");
    expect(skyPanel({ title: "Composite", alt: "grey", picture }).text).not.toContain("<path");
  });
});

describe("the report of a cube", () => {
  const [height, width] = [6, 8];
  const labels = {
    data: Int32Array.from({ length: 48 }, (_, at) => (at === 0 ? -1 : at % 8 < 3 ? 0 : 1)),
    shape: [6, 8],
  };
  const cube: ClusteredCube = {
    bands: { data: Float32Array.from({ length: 144 }, (_, at) => at % 8), shape: [3, height, width] },
    ...{ names: ["J", "<H>", "K"], wavelengths: [1235, 1662, 2159], unit: "Jy", sky: sky(), labels },
    regions: [
      { cluster: 0, size: 17, center: [1, 2.5], mean: [1, 1, 1], spread: [0.5, 0.5, 0.5] },
      { cluster: 1, size: 30, center: [5, 2.5], mean: [5, 5, 5], spread: [1, 1, 1] },
    ],
  };
  const run = { ...makeRun(48, 2), ...nothing, labels: labels.data, nClusters: 2 };

  test("shows the image, spectra and places, the map and components where they are", async () => {
    const page = parse(await renderCube(run, cube));
    expect(sectionIds(page)).toEqual(["image", "spectra", "clusters", "provenance"]);
    expect(page.querySelectorAll("#image image")).toHaveLength(2);
    expect(textOf(page, ".lead")[0]).toMatch(/2 clusters among 48 pixels .* with 2\.1 % of the pixels without data\.$/);
    expect(textOf(page, "#clusters tbody tr")[0]).toMatch(
      /^0 17 36\.2 % \S+ 1\.0, 2\.5 13h37m06\.07s−29°51′10\.9″ 1\.000 ± 0\.500/,
    );
    const full = await renderCube(run, {
      ...cube,
      superpixels: labels,
      map: {
        ...{ rows: 1, columns: 2, topology: "hexagonal", uMatrix: [1, 1], hits: [17, 30], clusters: [0, 1] },
        components: [[1, 5], [1, 5], [1, 5]],
      },
      components: { images: cube.bands, shares: [0.9, 0.08, 0.02] },
    }); // prettier-ignore
    expect(sectionIds(parse(full))).toEqual(["image", "spectra", "clusters", "map", "components", "provenance"]);
    expect(parse(full).querySelectorAll("#map svg")).toHaveLength(6);
    expect(full).toContain("&lt;H&gt;");
    expect(await renderCube(run, cube)).toBe(await renderCube(run, cube));
    // as a worker hands it over, its charts drawn by another
    const drawn = structuredClone(drawCube(run, cube));
    const drawing = await drawingDocument();
    const sections = drawn.sections.map((section) => ({
      ...section,
      parts: section.parts.map((part) => ({ text: drawPart(part, drawing) })),
    }));
    expect(await renderDrawnCube({ ...drawn, sections })).toBe(await renderCube(run, cube));
    const numberOfClusters = {
      reason: "2 by silhouette",
      curve: { name: "Tried", xLabel: "k", yLabel: "score", series: [{ name: "data", x: [2, 3], y: [1, 0] }] },
    };
    expect(textOf(parse(await renderCube({ ...run, numberOfClusters }, cube)), "#number p")[0]).toBe(
      "2 by silhouette.",
    );
  });
});
