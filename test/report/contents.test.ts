import { describe, expect, test } from "vitest";
import { makeRun, nothing, render, textOf } from "./run";

describe("contents", () => {
  test("cards, with inertia last", async () => {
    const page = await render(makeRun(60, 3));
    expect(textOf(page, ".card strong")).toEqual(["ACC", "NMI", "ARI", "Inertia"]);
    expect(textOf(page, ".card b")).toEqual(["0.941", "0.880", "0.850", "41.500"]);
  });

  test("the best of each column is marked: the largest, of inertia the smallest", async () => {
    const page = await render(makeRun(60, 3));
    const rows = [...page.querySelectorAll(".compare tbody tr")].map((row) =>
      [...row.querySelectorAll("td")].map((cell) => `${cell.className}${cell.textContent}`),
    );
    expect(rows).toEqual([
      ["0.5000", "best0.9000 (best)", "best20.0000 (best)", "2.00\u00a0s"],
      ["best0.9412 (best)", "0.8800", "30.0000", "–"],
    ]);
    const own = await render(makeRun(60, 3, { lowerIsBetter: ["NMI"] }));
    expect(textOf(own, ".compare .best")).toEqual(["0.9412 (best)", "0.8800 (best)", "30.0000 (best)"]);
  });

  test("the confusion matrix: counts as a table, columns in the order of the assignment", async () => {
    // cluster 2 holds class 0, cluster 0 class 1, cluster 1 class 2
    const truth = [0, 0, 0, 1, 1, 1, 2, 2, 2];
    const labels = [2, 2, 0, 0, 0, 0, 1, 1, 1];
    const page = await render(makeRun(9, 3, { ...nothing, truth, labels, classNames: ["a", "b", "c"] }));
    expect(textOf(page, "#confusion thead th")).toEqual(["class", "2", "0", "1"]);
    const body = [...page.querySelectorAll("#confusion tbody tr")].map((row) =>
      [...row.children].map(({ textContent }) => textContent),
    );
    expect(body).toEqual([
      ["a", "2", "1", "0"],
      ["b", "0", "3", "0"],
      ["c", "0", "0", "3"],
    ]);
    expect(textOf(page, "#confusion > p")[0]).toBe(
      "Most often apart from their class: 1 of class a (33.3 % of it) in cluster 0, which is that of b.",
    );
    expect(page.querySelector("#confusion svg")!.getAttribute("aria-label")).toContain("8 of 9 members");
    expect([...page.querySelectorAll("#confusion svg title")].map(({ textContent }) => textContent)).toContain(
      "class a, cluster 0: 1 of 3 (33.3\u00a0%)",
    );
  });

  test("the surest members by q, and the least sure with their two choices", async () => {
    const q = [0.9, 0.1, 0.6, 0.4, 0.95, 0.05, 0.2, 0.8, 0.45, 0.55];
    const labels = [0, 0, 0, 1, 1];
    const page = await render(makeRun(5, 2, { ...nothing, labels, q }));
    expect(textOf(page, ".cluster .rows")).toEqual(["2, 0, 1", "3, 4"]);
    expect(textOf(page, ".doubts li")[0]).toBe("4 1 0.55 0 0.45");
    expect(textOf(page, "#certainty > p")[0]).toBe("40.0 % of the members have a largest q of 0.9 or more.");
    expect(textOf(page, ".cluster header p")).toEqual(["3 members · mean q 0.82", "2 members · mean q 0.68"]);
  });

  test("without q the members nearest the mean of their cluster are typical", async () => {
    const embedding = [0, 1, 5, 100, 101, 108]; // means 2 and 103
    const page = await render(makeRun(6, 2, { ...nothing, labels: [0, 0, 0, 1, 1, 1], embedding }));
    expect(textOf(page, ".cluster .rows")).toEqual(["1, 0, 2", "4, 3, 5"]);
    expect(textOf(page, "#certainty h2")).toEqual(["Outliers"]);
    expect(textOf(page, ".doubts li b")[0]).toBe("5");
    expect(page.querySelector("#certainty svg")).toBeNull();
  });

  test("pictures: ten for each cluster, named, framed where their class is another", async () => {
    const run = makeRun(200, 4);
    const page = await render(run);
    const pictures = [...page.querySelectorAll(".cluster .strip img")];
    expect(pictures.length).toBe(40);
    for (const picture of [...page.querySelectorAll("img")]) {
      expect(picture.getAttribute("alt")).toMatch(/^member \d+, class name \d$/);
      expect(picture.getAttribute("src")).toMatch(/^data:image\/png;base64,iVBORw0KGgo[\w+/=]+$/);
      expect([picture.getAttribute("width"), picture.getAttribute("height")]).toEqual(["6", "5"]);
    }
    const wrong = pictures.filter((picture) => picture.parentElement!.classList.contains("wrong"));
    const rows = (all: Element[]) => all.map((picture) => Number(/\d+/.exec(picture.getAttribute("alt")!)![0]));
    expect(wrong.length).toBeGreaterThan(0);
    for (const row of rows(wrong)) expect(row % 17).toBe(0);
    for (const row of rows(pictures)) if (row % 17 === 0) expect(rows(wrong)).toContain(row);
  });

  test("features: means, the most different first", async () => {
    const table = { features: ["same", "differs"], data: [1, 0, 1, 0, 1, 10, 1, 10] };
    const page = await render(makeRun(4, 2, { ...nothing, labels: [0, 0, 1, 1], table }));
    expect(textOf(page, "#features thead th")).toEqual(["cluster", "differs", "same"]);
    expect(textOf(page, "#features tbody td")).toEqual(["0.00", "1.00", "10.00", "1.00"]);
  });

  test("seed, device, versions, options and command", async () => {
    const page = await render(makeRun(60, 3));
    const rows = Object.fromEntries(
      [...page.querySelectorAll("#provenance tbody tr")].map((row) => [
        row.children[0]!.textContent,
        row.children[1]!.textContent,
      ]),
    );
    expect(rows).toMatchObject({
      Seed: "3",
      Device: "WebAssembly, 2 threads",
      constella: "0.1.0",
      node: "20.0.0",
      layers: "2, 4, 2",
      tolerance: "0.001",
      decay: "none",
    });
    expect(textOf(page, "pre")).toEqual(["constella cluster corners.npy --clusters 4"]);
  });
});

describe("figures", () => {
  const saved = (page: Document, ending: string): string[] =>
    [...page.querySelectorAll(`a[download$="${ending}"]`)].map((link) =>
      decodeURIComponent(link.getAttribute("href")!.replace(/^[^,]*,/, "")),
    );

  test("every figure can be saved, as a drawing that stands by itself", async () => {
    const page = await render(makeRun(60, 3));
    const figures = [...page.querySelectorAll("figure svg")];
    const drawings = saved(page, ".svg");
    expect(drawings).toHaveLength(figures.length);
    const { DOMParser } = page.defaultView!;
    for (const text of drawings) {
      const { documentElement: svg } = new DOMParser().parseFromString(text, "image/svg+xml");
      expect(svg.tagName).toBe("svg");
      expect(svg.querySelector("style")!.textContent).toContain("--accent:");
      expect(svg.querySelector(".hover")).toBeNull();
    }
  });

  test("its numbers too: those of the confusion matrix, and of the points with their clusters and classes", async () => {
    const truth = [0, 0, 0, 1, 1, 1];
    const labels = [1, 1, 0, 0, 0, 0];
    const xy = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    const projections = [{ name: "PCA", xy, axes: ["PC 1, 80.0 % of the variance", "PC 2, 20.0 %"] as const }];
    const page = await render(makeRun(6, 2, { ...nothing, truth, labels, projections, classNames: ["a, b", "c"] }));
    const [points, confusion] = saved(page, ".csv");
    expect(points!.split("\n").slice(0, 3)).toEqual([
      'member,"PC 1, 80.0 % of the variance","PC 2, 20.0 %",cluster,class',
      '0,0,1,1,"a, b"',
      '1,2,3,1,"a, b"',
    ]);
    expect(confusion).toBe('class,cluster 1,cluster 0\n"a, b",2,1\nc,0,3\n');
  });

  test("axes have names, points and bars tell what they are, and every group is in the legend", async () => {
    const projections = [
      {
        name: "PCA",
        xy: Array.from({ length: 120 }, (_, i) => Math.sin(i)),
        axes: ["PC 1, 60 %", "PC 2, 30 %"] as const,
      },
    ];
    const page = await render(makeRun(60, 3, { projections }));
    expect(textOf(page, "#embedding figure:first-child svg text")).toEqual(
      expect.arrayContaining(["PC 1, 60 %", "PC 2, 30 %"]),
    );
    expect(textOf(page, "#embedding .hover title")[0]).toMatch(/^member 0, cluster \d$/);
    expect(textOf(page, "#embedding figure:first-child .legend li")).toHaveLength(3);
    expect(textOf(page, "#curves .hover title")[0]).toMatch(/: [\d.]+ at /);
  });

  test("names stay in the frame", async () => {
    const n = 40;
    const xy = Array.from({ length: n }, (_, i) => [i < n / 2 ? 0 : 10, i < n / 2 ? 0 : 1]).flat();
    const truth = Array.from({ length: n }, (_, i) => (i < n / 2 ? 0 : 1));
    const classNames = ["a name of a class that is long", "another long name of a class"];
    const run = makeRun(n, 2, { ...nothing, labels: truth, truth, classNames, projections: [{ name: "P", xy }] });
    const page = await render(run);
    const svg = page.querySelector("#embedding figure:last-of-type svg")!;
    const width = Number(svg.getAttribute("width"));
    for (const text of [...svg.querySelectorAll("text")]) {
      const x = Number(/translate\(([\d.-]+),/.exec(text.getAttribute("transform") ?? "")?.[1]);
      const half = 0.3 * 15 * text.textContent!.length;
      expect(x - half).toBeGreaterThanOrEqual(0);
      expect(x + half).toBeLessThanOrEqual(width);
    }
  });

  test("there is no chart of one dot, nor an axis that leaves the range of q", async () => {
    const curves = [{ name: "Loss", xLabel: "epoch", yLabel: "loss", series: [{ name: "loss", x: [1], y: [0.5] }] }];
    const one = await render(
      makeRun(5, 1, { ...nothing, curves, labels: [0, 0, 0, 0, 0], q: [0.4, 0.6, 0.5, 0.7, 0.9], projections: [] }),
    );
    expect(one.querySelector("#curves")).toBeNull();
    expect(textOf(one, "#certainty figcaption b")).toEqual(["How sure the members are"]);
    const two = await render(makeRun(4, 2, { ...nothing, labels: [0, 0, 1, 1], q: [1, 0, 0.9, 0.1, 0, 0, 0.1, 0.9] }));
    const ticks = textOf(two, "#certainty figure:last-child svg [aria-label='x-axis tick label'] text").map(Number);
    expect(Math.min(...ticks)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...ticks)).toBeLessThanOrEqual(1);
  });
});
