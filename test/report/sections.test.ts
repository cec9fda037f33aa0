import { describe, expect, test } from "vitest";
import type { ClusteringReport } from "../../src/report";
import { ALL, makeRun, nothing, render, sectionIds, textOf } from "./run";

describe("sections", () => {
  test("every one is there when its data is, and is linked to", async () => {
    const page = await render(makeRun(200, 4));
    expect(sectionIds(page)).toEqual(ALL);
    expect([...page.querySelectorAll("nav a")].map((link) => link.getAttribute("href"))).toEqual(
      ALL.map((id) => `#${id}`),
    );
    expect(page.title).toBe("Corners");
    expect(page.querySelectorAll("h1").length).toBe(1);
    expect(textOf(page, ".lead")).toEqual(["Points around corners. DEC: 4 clusters among 200 members in 2 min 13 s."]);
    expect(textOf(page, ".byline")).toEqual(["2026-01-02, 03:04 UTC · WebAssembly, 2 threads · seed 3"]);
  });

  for (const [absent, changes] of [
    ["stages", { stages: undefined }],
    ["stages", { stages: [] }],
    ["curves", { curves: undefined }],
    ["curves", { curves: [{ name: "a", xLabel: "x", yLabel: "y", series: [{ name: "s", x: [], y: [] }] }] }],
    ["curves", { curves: [{ name: "a", xLabel: "x", yLabel: "y", series: [{ name: "s", x: [1], y: [NaN] }] }] }],
    ["embedding", { projections: [] }],
    ["features", { table: undefined }],
    ["certainty", { q: undefined, embedding: undefined }],
  ] as [string, Partial<ClusteringReport>][])
    test(`no ${absent} without its data (${JSON.stringify(changes)})`, async () => {
      expect(sectionIds(await render(makeRun(60, 3, changes)))).toEqual(ALL.filter((id) => id !== absent));
    });

  test("labels alone make a report", async () => {
    const page = await render(makeRun(60, 3, nothing));
    expect(sectionIds(page)).toEqual(["sizes", "clusters", "provenance"]);
    expect(page.querySelector(".cards")).toBeNull();
    expect(page.querySelector("pre")).toBeNull();
    expect(textOf(page, ".cluster .rows")[0]).toMatch(/^\d+(, \d+){9}$/);
  });

  test("members have their names wherever they are spoken of, escaped, else their numbers", async () => {
    const ids = Array.from({ length: 60 }, (_, row) => `<b>photo ${row}</b>.png`);
    const named = /^<b>photo \d+<\/b>\.png$/;
    const page = await render(makeRun(60, 3, { ids, images: undefined }));
    for (const list of textOf(page, ".cluster .rows")) for (const name of list.split(", ")) expect(name).toMatch(named);
    for (const name of textOf(page, ".doubts b:first-child")) expect(name).toMatch(named);
    expect(textOf(page, "#embedding .hover title")[0]).toBe("member <b>photo 0</b>.png, cluster 1");
    expect(textOf(page, "#clusters .note")[0]).toContain("by name");
    const pictured = await render(makeRun(60, 3, { ids }));
    for (const picture of pictured.querySelectorAll("#clusters img, #certainty img"))
      expect(picture.getAttribute("alt")).toMatch(/^member <b>photo \d+<\/b>\.png, class name \d$/);
    await expect(render(makeRun(60, 3, { ids: ["a"] }))).rejects.toThrow(
      "renderReport: ids must name 60 members, got 1",
    );
  });

  test("an embedding of two dimensions is drawn as it is", async () => {
    const page = await render(makeRun(60, 3, { projections: undefined }));
    expect(page.querySelectorAll("#embedding figure").length).toBe(2);
    const wide = makeRun(60, 3, { projections: undefined, embedding: new Float32Array(180) });
    expect(sectionIds(await render(wide))).not.toContain("embedding");
  });
});
