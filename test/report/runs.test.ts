import { describe, expect, test } from "vitest";
import { renderReport, type ClusteringReport } from "../../src/report";
import { unpacked } from "../../src/report/plane/unpacked";
import { uniforms } from "../uniforms";
import { ALL, makeRun, nothing, parse, render, sectionIds, shownIn, textOf } from "./run";

describe("any number of clusters", () => {
  test("one", async () => {
    const page = await render(makeRun(30, 1));
    expect(sectionIds(page)).toEqual(ALL);
    expect(textOf(page, ".lead")[0]).toContain("1 cluster among 30 members");
    expect(shownIn(page)).not.toMatch(/NaN|Infinity/);
  });

  test("one member", async () => {
    expect(shownIn(await render(makeRun(1, 1)))).not.toMatch(/NaN|Infinity/);
  });

  test("an empty one", async () => {
    const labels = Uint32Array.from({ length: 30 }, (_, row) => (row % 2) * 2);
    const page = await render(makeRun(30, 3, { labels }));
    expect(textOf(page, ".lead")[0]).toContain("1 of them empty");
    expect(textOf(page, ".cluster .empty")).toEqual(["no members"]);
    expect(textOf(page, ".cluster header p")[1]).toBe("0 members");
    expect(shownIn(page)).not.toMatch(/NaN|Infinity/);
  });

  test("forty, of four classes", async () => {
    const truth = Uint8Array.from({ length: 800 }, (_, row) => row % 4);
    const page = await render(makeRun(800, 40, { truth }));
    expect(page.querySelectorAll(".cluster").length).toBe(40);
    expect(page.querySelectorAll("#confusion thead th").length).toBe(41);
    expect(shownIn(page)).not.toMatch(/NaN|Infinity/);
  });

  test("two hundred: the largest are shown and the number is said", async () => {
    const page = await render(makeRun(2000, 200, { images: undefined }));
    expect(page.querySelectorAll(".cluster").length).toBe(60);
    expect(page.querySelector("#clusters .note")!.textContent).toContain("The 60 largest of 200 clusters");
    expect(page.querySelector("#confusion")!.textContent).toContain("200 classes in 200 clusters are more than");
  });

  test("noise", async () => {
    const labels = Int32Array.from({ length: 40 }, (_, row) => (row % 4) - 1);
    const page = await render(makeRun(40, 4, { labels, q: undefined }));
    expect(textOf(page, ".lead")[0]).toContain(
      "3 clusters among 40 members in 2 min 13 s, with 25.0 % of the members left as noise",
    );
    expect(textOf(page, "#confusion thead th").at(-1)).toBe("noise");
    const all = await render(makeRun(5, 1, { ...nothing, truth: [0, 0, 1, 1, 1], labels: [-1, -1, -1, -1, -1] }));
    expect(shownIn(all)).not.toMatch(/NaN|Infinity/);
  });
});

describe("size and repetition", () => {
  test("the same run gives the same bytes", async () => {
    const run = makeRun(6000, 7);
    const text = await renderReport(run);
    expect(await renderReport(run)).toBe(text);
    expect(await renderReport({ ...run, seed: 4 })).not.toBe(text);
  });

  test("many members: all are there, a sample is drawn without scripts, its number is said, the file stays small", async () => {
    const text = await renderReport(
      makeRun(50_000, 10, {
        images: undefined,
        curves: [
          {
            name: "Loss",
            xLabel: "step",
            yLabel: "loss",
            series: ["a", "b"].map((name) => ({
              name,
              x: Float64Array.from({ length: 100_000 }, (_, step) => step),
              y: new Float64Array(100_000).fill(0.5),
            })),
          },
        ],
      }),
    );
    const page = parse(text);
    const note = page.querySelector("#embedding .note")!.textContent.replace(/\s+/g, " ");
    expect(note).toContain("All 50,000 members are shown. Without scripts, and in a saved drawing, 2,500 of them are.");
    const { told, array } = await unpacked(page.querySelector("[data-points]")!.getAttribute("data-points")!);
    expect(array("xy0", "u16")!.length).toBe(100_000);
    expect(array("groups1", "i32")!.length).toBe(50_000);
    expect(array("pictures", "u8")).toBeUndefined();
    expect((told as { groups: unknown[] }).groups).toHaveLength(2);
    expect(text.length).toBeLessThan(900_000);
  });

  test("large colour images are shrunk until forty clusters of them fit", async () => {
    const random = uniforms(2);
    const data = Float32Array.from({ length: 400 * 64 * 64 * 3 }, random);
    const text = await renderReport(makeRun(400, 40, { images: { data, height: 64, width: 64, channels: 3 } }));
    expect(text.length).toBeLessThan(3_000_000);
    expect(Number(parse(text).querySelector("img")!.getAttribute("width"))).toBeGreaterThan(10);
  });
});

describe("runs that do not fit together are refused", () => {
  for (const [message, changes] of [
    ["labels is empty", { labels: [] }],
    ["truth must have 12 labels, got 5", { truth: [1, 2, 3, 4, 5] }],
    ["q must be [12, columns], got 13 values", { q: new Float32Array(13) }],
    ["q must be [12, 3], got 24 values", { q: new Float32Array(24), nClusters: 3 }],
    ["labels must be integers from -1 (noise) to 2, member 4 has 7", { labels: [0, 1, 2, 0, 7, 0, 0, 0, 0, 0, 0, 0] }],
    [
      "labels must be integers from -1 (noise) to 2, member 1 has 0.5",
      { labels: [0, 0.5, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0] },
    ],
    ["embedding must be [12, columns], got 13 values", { embedding: new Float32Array(13) }],
    ["nClusters must be a positive integer, got 0", { nClusters: 0, q: undefined }],
    [
      "images must be [12, 2, 2, 1], got 7 values",
      { images: { data: new Uint8Array(7), height: 2, width: 2, channels: 1 } },
    ],
    ["table must be [12, 2], got 7 values", { table: { features: ["a", "b"], data: new Uint8Array(7) } }],
    [
      "projection PCA must have two numbers for each of 12 points, got 7",
      { projections: [{ name: "PCA", xy: new Float32Array(7) }] },
    ],
    ["projection PCA names member 12 of 12", { projections: [{ name: "PCA", xy: [0, 0], index: [12] }] }],
    [
      "curve a, series s: 2 x values and 1 y values",
      { curves: [{ name: "a", xLabel: "x", yLabel: "y", series: [{ name: "s", x: [1, 2], y: [1] }] }] },
    ],
  ] as [string, Partial<ClusteringReport>][])
    test(message, async () => {
      await expect(renderReport(makeRun(12, 3, changes))).rejects.toThrow(`renderReport: ${message}`);
    });
});
