import { JSDOM } from "jsdom";
import { describe, expect, test } from "vitest";
import { renderReport, type ClusteringReport } from "../../src/report";
import { uniformNumbers } from "../../src/report/sample";

/** A run of `n` members in `k` groups around the corners of a k-gon, with everything a report can show. */
function makeRun(n: number, k: number, changes: Partial<ClusteringReport> = {}): ClusteringReport {
  const random = uniformNumbers(11);
  const truth = Uint8Array.from({ length: n }, (_, row) => row % k);
  const labels = Uint32Array.from(truth, (value, row) => (row % 17 === 0 ? (value + 1) % k : (value + 2) % k));
  const embedding = Float32Array.from(
    { length: 2 * n },
    (_, at) => 9 * (at % 2 ? Math.sin : Math.cos)((6.28 * truth[at >> 1]!) / k) + random(),
  );
  const q = new Float32Array(n * k);
  for (let row = 0; row < n; row++) {
    const sure = k === 1 ? 1 : 1 / k + (1 - 1 / k) * random();
    for (let cluster = 0; cluster < k; cluster++)
      q[row * k + cluster] = cluster === labels[row] ? sure : (1 - sure) / (k - 1);
  }
  return {
    title: "Corners",
    method: "DEC",
    summary: "Points around corners.",
    seed: 3,
    device: "WebAssembly, 2 threads",
    versions: { constella: "0.1.0", node: "20.0.0" },
    date: "2026-01-02T03:04:05Z",
    elapsed: 133,
    command: "constella cluster corners.npy --clusters 4",
    options: { nClusters: k, layers: [2, 4, 2], tolerance: 0.001, decay: undefined },
    metrics: { ACC: 0.9412, NMI: 0.88, ARI: 0.85 },
    stages: [
      { name: "k-means", metrics: { ACC: 0.5, NMI: 0.9, inertia: 20 }, seconds: 2 },
      { name: "DEC", metrics: { ACC: 0.9412, NMI: 0.88, inertia: 30 } },
    ],
    curves: [
      {
        name: "Loss",
        xLabel: "step",
        yLabel: "KL",
        yScale: "log",
        series: [{ name: "joint", x: [0, 1, 2], y: [3, 2, 1] }],
      },
    ],
    labels,
    truth,
    classNames: Array.from({ length: k }, (_, index) => `name ${index}`),
    embedding,
    projections: [{ name: "PCA", xy: embedding }],
    q,
    images: {
      data: Uint8Array.from({ length: n * 30 }, () => 255 * random()),
      height: 5,
      width: 6,
      channels: 1,
    },
    table: { features: ["left", "right"], data: embedding },
    inertia: 41.5,
    ...changes,
  };
}

const parse = (text: string) => new JSDOM(text).window.document;
const render = async (run: ClusteringReport) => parse(await renderReport(run));
const sectionIds = (page: Document) => [...page.querySelectorAll("main > section")].map(({ id }) => id);
const textOf = (page: Document, selector: string) =>
  [...page.querySelectorAll(selector)].map(({ textContent }) => textContent.replace(/\s+/g, " ").trim());

const ALL = ["stages", "curves", "embedding", "confusion", "clusters", "features", "certainty", "provenance"];
const nothing = {
  summary: undefined,
  command: undefined,
  metrics: undefined,
  inertia: undefined,
  stages: undefined,
  curves: undefined,
  embedding: undefined,
  projections: undefined,
  q: undefined,
  images: undefined,
  table: undefined,
  truth: undefined,
  classNames: undefined,
};

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

  test("an embedding of two dimensions is drawn as it is", async () => {
    const page = await render(makeRun(60, 3, { projections: undefined }));
    expect(page.querySelectorAll("#embedding figure").length).toBe(2);
    const wide = makeRun(60, 3, { projections: undefined, embedding: new Float32Array(180) });
    expect(sectionIds(await render(wide))).not.toContain("embedding");
  });
});

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

describe("any number of clusters", () => {
  test("one", async () => {
    const page = await render(makeRun(30, 1));
    expect(sectionIds(page)).toEqual(ALL);
    expect(textOf(page, ".lead")[0]).toContain("1 cluster among 30 members");
    expect(page.body.innerHTML).not.toMatch(/NaN|Infinity/);
  });

  test("one member", async () => {
    expect((await render(makeRun(1, 1))).body.innerHTML).not.toMatch(/NaN|Infinity/);
  });

  test("an empty one", async () => {
    const labels = Uint32Array.from({ length: 30 }, (_, row) => (row % 2) * 2);
    const page = await render(makeRun(30, 3, { labels }));
    expect(textOf(page, ".lead")[0]).toContain("1 of them empty");
    expect(textOf(page, ".cluster .empty")).toEqual(["no members"]);
    expect(textOf(page, ".cluster header p")[1]).toBe("0 members");
    expect(page.body.innerHTML).not.toMatch(/NaN|Infinity/);
  });

  test("forty, of four classes", async () => {
    const truth = Uint8Array.from({ length: 800 }, (_, row) => row % 4);
    const page = await render(makeRun(800, 40, { truth }));
    expect(page.querySelectorAll(".cluster").length).toBe(40);
    expect(page.querySelectorAll("#confusion thead th").length).toBe(41);
    expect(page.body.innerHTML).not.toMatch(/NaN|Infinity/);
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
    expect(all.body.innerHTML).not.toMatch(/NaN|Infinity/);
  });
});

describe("safety", () => {
  const evil = `</title></style><script>alert(1)</script><img src=x onerror=alert(2)>"'&`;
  const hostile = makeRun(60, 3, {
    title: evil,
    method: evil,
    summary: evil,
    device: evil,
    versions: { [evil]: evil },
    date: evil,
    command: evil,
    options: { [evil]: evil, list: [evil], nested: { [evil]: evil } },
    metrics: { [evil]: 1, constructor: 2 },
    stages: [{ name: evil, metrics: { [evil]: 1, constructor: 2 } }],
    curves: [{ name: evil, xLabel: evil, yLabel: evil, series: [{ name: evil, x: [1, 2], y: [1, 2] }] }],
    classNames: [evil, evil, evil],
    projections: [{ name: evil, xy: new Float32Array(120).map((_, at) => at) }],
    table: { features: [evil], data: new Float32Array(60) },
  });

  test("whatever a name holds is shown and never becomes markup", async () => {
    const text = await renderReport(hostile);
    const page = parse(text);
    expect(page.querySelectorAll("script, iframe, object, link, base, form, foreignObject").length).toBe(0);
    expect([...page.querySelectorAll("img")].every((image) => image.getAttribute("src")!.startsWith("data:"))).toBe(
      true,
    );
    for (const element of [...page.querySelectorAll("*")])
      for (const { name } of Array.from(element.attributes)) expect(name).not.toMatch(/^on|["'<]/);
    expect(page.title).toBe(evil);
    expect(page.querySelector("h1")!.textContent).toBe(evil);
    expect(page.querySelector("pre")!.textContent).toBe(evil);
    expect(textOf(page, "#features th")).toContain(evil);
    expect(textOf(page, "#curves svg text").some((label) => label.includes(evil))).toBe(true);
    expect(text).not.toContain("<script");
  });

  test("nothing is loaded from anywhere", async () => {
    const text = await renderReport(makeRun(300, 5));
    expect(text.replaceAll(/xmlns(:\w+)?="[^"]*"/g, "")).not.toMatch(/https?:|url\(|@import/);
    const page = parse(text);
    for (const element of [...page.querySelectorAll("[src], [href], [srcset], [data]")]) {
      const address = element.getAttribute("src") ?? element.getAttribute("href")!;
      expect(address).toMatch(/^(data:image\/png;|#)/);
    }
    expect(page.querySelector("meta[http-equiv]")!.getAttribute("content")).toMatch(/^default-src 'none'/);
  });

  test("every drawing and picture has words, every table its headings", async () => {
    const page = await render(makeRun(300, 5));
    expect(page.documentElement.lang).toBe("en");
    for (const svg of [...page.querySelectorAll("svg")]) {
      expect(svg.getAttribute("role")).toBe("img");
      expect(svg.getAttribute("aria-label")!.length).toBeGreaterThan(10);
    }
    for (const table of [...page.querySelectorAll("table")]) {
      expect(table.querySelector("caption")).not.toBeNull();
      expect(table.querySelectorAll("thead th[scope=col]").length).toBeGreaterThan(1);
      for (const row of [...table.querySelectorAll("tbody tr")])
        expect(row.querySelector("th[scope=row]")).not.toBeNull();
    }
    const ids = [...page.querySelectorAll("[id]")].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("size and repetition", () => {
  test("the same run gives the same bytes", async () => {
    const run = makeRun(6000, 7);
    const text = await renderReport(run);
    expect(await renderReport(run)).toBe(text);
    expect(await renderReport({ ...run, seed: 4 })).not.toBe(text);
  });

  test("many members: a sample is drawn, its number is said, the file stays small", async () => {
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
    expect(parse(text).querySelector("#embedding .note")!.textContent).toContain("PCA 4,000 of 50,000");
    expect(text.length).toBeLessThan(500_000);
  });

  test("large colour images are shrunk until forty clusters of them fit", async () => {
    const random = uniformNumbers(2);
    const data = Float32Array.from({ length: 400 * 64 * 64 * 3 }, random);
    const text = await renderReport(makeRun(400, 40, { images: { data, height: 64, width: 64, channels: 3 } }));
    expect(text.length).toBeLessThan(3_000_000);
    expect(Number(parse(text).querySelector("img")!.getAttribute("width"))).toBeGreaterThan(10);
  });
});

describe("runs that do not fit together are refused", () => {
  for (const [message, changes] of [
    ["labels is empty", { labels: [] }],
    ["truth must have 12 labels, 5 given", { truth: [1, 2, 3, 4, 5] }],
    ["q must be [12, columns], 13 values given", { q: new Float32Array(13) }],
    ["q must be [12, 3], 24 values given", { q: new Float32Array(24), nClusters: 3 }],
    ["labels must be integers from -1 (noise) to 2, member 4 has 7", { labels: [0, 1, 2, 0, 7, 0, 0, 0, 0, 0, 0, 0] }],
    [
      "labels must be integers from -1 (noise) to 2, member 1 has 0.5",
      { labels: [0, 0.5, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0] },
    ],
    ["embedding must be [12, columns], 13 values given", { embedding: new Float32Array(13) }],
    ["nClusters must be a positive integer, 0 given", { nClusters: 0, q: undefined }],
    [
      "images must be [12, 2, 2, 1], 7 values given",
      { images: { data: new Uint8Array(7), height: 2, width: 2, channels: 1 } },
    ],
    ["table must be [12, 2], 7 values given", { table: { features: ["a", "b"], data: new Uint8Array(7) } }],
    [
      "projection PCA must have two numbers for each of 12 points, 7 given",
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
