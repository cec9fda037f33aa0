import { JSDOM } from "jsdom";
import { beforeAll, describe, expect, test } from "vitest";
import { significanceSweep } from "../../src/metrics";
import {
  drawingDocument,
  heatMap,
  html,
  imageGrid,
  pictureSheet,
  renderPage,
  significanceCurve,
  studyHeader,
  valueTable,
  type Markup,
} from "../../src/report";
import { viridis } from "../../src/report/charts/palette";
import { decode } from "./decode-png";

let page: Document;
beforeAll(async () => {
  page = await drawingDocument();
});

const parse = (markup: Markup): HTMLElement => new JSDOM(markup.text).window.document.body;

const textOf = (element: Element | null | undefined): string =>
  (element?.textContent ?? "").replace(/\s+/g, " ").trim();

/** Three pictures [3, 2, 3]: a ramp, one bright cell with a negative one, all zero. */
const images = {
  data: Float32Array.of(0, 1, 4, 9, 16, 25, -3, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0),
  shape: [3, 2, 3],
};

/** The bytes of a `data:` address. */
const bytesOf = (address: string): Uint8Array => Buffer.from(address.slice(address.indexOf(",") + 1), "base64");

describe("imageGrid", () => {
  test("draws named rows of pictures in viridis, each from 0 to its largest value, by the square root", () => {
    const body = parse(
      imageGrid(images, [
        { name: "surest", pictures: [{ index: 0, caption: "0.99" }, { index: 2 }] },
        { name: "<others>", pictures: [{ index: 1 }] },
      ], { caption: "Simulated & not recorded." }),
    ); // prettier-ignore
    expect([...body.querySelectorAll(".pictures > b")].map(textOf)).toEqual(["surest", "<others>"]);
    expect(textOf(body.querySelector(".note"))).toBe("Simulated & not recorded.");
    const pictures = [...body.querySelectorAll("img")].map((img) => decode(bytesOf(img.getAttribute("src")!)));
    expect(pictures.map(({ width, height, type }) => [width, height, type])).toEqual(Array(3).fill([3, 2, 3]));
    expect([...pictures[0]!.pixels]).toEqual([0, 51, 102, 153, 204, 255]);
    expect([...pictures[1]!.pixels]).toEqual([0, 0, 0, 0, 0, 0]);
    expect([...pictures[2]!.pixels]).toEqual([0, 0, 0, 0, 0, 255]);
    expect(new Uint8Array(pictures[0]!.colours!)).toEqual(viridis());
    expect([...body.querySelectorAll("img")].map((img) => img.getAttribute("alt"))).toEqual(
      ["surest, image 0: 0.99", "surest, image 2", "<others>, image 1"], // prettier-ignore
    );
    const linear = parse(imageGrid(images, [{ name: "a", pictures: [{ index: 0 }] }], { stretch: (value) => value }));
    expect([...decode(bytesOf(linear.querySelector("img")!.getAttribute("src")!)).pixels]).toEqual([
      0, 10, 41, 92, 163, 255,
    ]);
  });

  test("refuses pictures that are not there", () => {
    expect(() => imageGrid(images, [{ name: "a", pictures: [{ index: 3 }] }])).toThrow(
      "imageGrid: pictures are numbered from 0 to 2, given 3",
    );
    expect(() => imageGrid({ data: images.data, shape: [3, 6] }, [])).toThrow(
      "imageGrid: images must be [n, height, width], got [3, 6] and 18 values",
    );
  });
});

test("pictureSheet places pictures in rows with a gap, enlarged", () => {
  const { width, height, type, pixels } = decode(pictureSheet(images, [[0, 1], [1]], { zoom: 2, gap: 1 }));
  expect([width, height, type]).toEqual([2 * (3 + 1 + 3), 2 * (2 + 1 + 2), 3]);
  const at = (x: number, y: number): number => pixels[y * width + x]!;
  expect([at(0, 0), at(2, 0), at(3, 1), at(4, 0), at(5, 3), at(6, 0)]).toEqual([0, 51, 51, 102, 255, 0]);
  expect([at(13, 3), at(12, 2), at(5, 9), at(13, 9)]).toEqual([255, 255, 255, 0]);
  expect(() => pictureSheet(images, [[]])).toThrow("pictureSheet: there is no picture to draw");
  expect(() => pictureSheet(images, [[5]])).toThrow("pictureSheet: pictures are numbered from 0 to 2, given 5");
});

describe("valueTable", () => {
  test("has a row a name, marks the best of a column, dashes for what is missing", () => {
    const body = parse(
      valueTable({
        caption: "Accuracy <simulated>",
        corner: "method",
        columns: [
          { name: "accuracy", best: "largest" },
          { name: "error", best: "smallest", decimals: 1 },
          { name: "by" },
        ],
        rows: [
          { name: "A", values: [0.7, 4, "hand"] },
          { name: "B", values: [0.9, 2, undefined] },
          { name: "C", values: [NaN, 9, 3] },
        ],
        note: "Over three seeds.",
      }),
    );
    const rows = [...body.querySelectorAll("tr")].map((row) => [...row.children].map(textOf));
    expect(rows).toEqual([
      ["method", "accuracy", "error", "by"],
      ["A", "0.700", "4.0", "hand"],
      ["B", "0.900 (best)", "2.0 (best)", "\u2013"],
      ["C", "\u2013", "9.0", "3.000"],
    ]);
    expect(textOf(body.querySelector("caption"))).toBe("Accuracy <simulated>");
    expect(textOf(body.querySelector(".note"))).toBe("Over three seeds.");
  });

  test("refuses rows of another length", () => {
    expect(() => valueTable({ caption: "", columns: [{ name: "a" }], rows: [{ name: "r", values: [1, 2] }] })).toThrow(
      "valueTable: row r must have 1 values, got 2",
    );
  });
});

describe("heatMap", () => {
  const names = ["DeepCluster", "ODC", "labels"];
  const values = [
    [1, 0.58, 0.07],
    [0.58, 1, NaN],
    [0.07, NaN, 1],
  ];

  test("colours a cell for each pair that has a value, and writes it in", () => {
    const body = parse(heatMap(page, { title: "Agreement", measure: "AMI", names, values }));
    const cells = [...body.querySelectorAll("rect")].map((rect) => [textOf(rect), rect.getAttribute("fill")]);
    expect(cells).toHaveLength(7);
    expect(cells[0]).toEqual(["DeepCluster and DeepCluster: AMI 1.000", "rgb(253,231,37)"]);
    expect(cells.find(([title]) => title === "DeepCluster and ODC: AMI 0.580")).toBeTruthy();
    const written = [...body.querySelectorAll("svg g[aria-label=text] text")].map(textOf);
    expect(written.sort()).toEqual(["0.07", "0.07", "0.58", "0.58", "1.00", "1.00", "1.00"]);
    expect(body.querySelector("svg")!.getAttribute("aria-label")).toContain(
      "most between DeepCluster and ODC: AMI 0.580",
    );
    expect(body.querySelector("figcaption")!.textContent).toContain("Agreement");
  });

  test("refuses values that do not fit the names", () => {
    const map = { title: "", measure: "AMI", names };
    expect(() => heatMap(page, { ...map, values: values.slice(1) })).toThrow(
      "heatMap: values must be 3 rows of 3, got 2 rows of 3",
    );
    expect(() => heatMap(page, { ...map, values, names: ["a", "a", "b"] })).toThrow("heatMap: names must differ");
  });
});

describe("significanceCurve", () => {
  const sweep = (scores: number[]) =>
    significanceSweep(
      scores,
      scores.map((_, i) => (i % 3 === 0 ? 0 : 1)),
    ).points;
  const good = sweep(Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? 0.9 : (i % 50) / 50)));
  const poor = sweep(Array.from({ length: 300 }, (_, i) => (i % 47) / 47));

  test("has a line for each method, and names the best of each with its counts", () => {
    const best = good.reduce((most, point) => (point.signed > most.signed ? point : most));
    const body = parse(significanceCurve(page, [{ name: "A & B", points: good }, { name: "poor", points: poor }], { withoutCut: 3 })); // prettier-ignore
    const lines = body.querySelectorAll("svg g[aria-label=line] path");
    expect(lines).toHaveLength(2);
    expect(lines[0]!.getAttribute("d")!.split(/[ML]/)).toHaveLength(14);
    expect(body.querySelectorAll("svg g[aria-label=dot]:not(.hover) circle")).toHaveLength(2);
    const legend = [...body.querySelectorAll(".legend li")].map(textOf);
    expect(legend[0]).toBe(
      `A & B ${best.signed.toFixed(2)} at ${best.threshold.toFixed(2)} (${best.nOn} on, ${best.nOff} off)`,
    );
    expect(legend[2]).toBe("without a cut (dashed) 3.00");
    expect(body.querySelector("svg")!.getAttribute("aria-label")).toContain(`A & B ${best.signed.toFixed(2)} at`);
  });

  test("refuses to draw nothing", () => {
    expect(() => significanceCurve(page, [{ name: "a", points: [] }])).toThrow(
      "significanceCurve: there is no point to draw",
    );
  });
});

describe("renderPage", () => {
  test("is one file without scripts or addresses, sections without a body left out", () => {
    const file = renderPage({
      title: "Gamma & hadron",
      header: studyHeader("Gamma & hadron", "Simulated <showers>.", "today, wasm, seed 1"),
      sections: [
        { id: "tables", title: "Tables", body: valueTable({ caption: "c", columns: [], rows: [] }) },
        { id: "none", title: "None", body: undefined },
        { id: "text", title: "Text", body: [html`<p>one</p>`, "<two>"] },
      ],
    });
    const { document } = new JSDOM(file).window;
    expect([...document.querySelectorAll("section")].map(({ id }) => id)).toEqual(["tables", "text"]);
    expect([...document.querySelectorAll("nav a")].map((a) => a.getAttribute("href"))).toEqual(["#tables", "#text"]);
    expect(textOf(document.querySelector("#text"))).toBe("Text one<two>");
    expect(textOf(document.querySelector("h1"))).toBe("Gamma & hadron");
    expect(file).toContain("default-src 'none'");
    expect(file).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
  });
});
