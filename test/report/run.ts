import { JSDOM } from "jsdom";
import { renderReport, type ClusteringReport } from "../../src/report";
import { uniforms } from "../uniforms";

/** A run of `n` members in `k` groups around the corners of a k-gon, with everything a report can show. */
export function makeRun(n: number, k: number, changes: Partial<ClusteringReport> = {}): ClusteringReport {
  const random = uniforms(11);
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

/** The page of a report's text. */
export const parse = (text: string) => new JSDOM(text).window.document;
/** The page of a run's report. */
export const render = async (run: ClusteringReport) => parse(await renderReport(run));
/** Names of a page's sections. */
export const sectionIds = (page: Document) => [...page.querySelectorAll("main > section")].map(({ id }) => id);
/** Texts of what a selector finds, white space as one blank. */
export const textOf = (page: Document, selector: string) =>
  [...page.querySelectorAll(selector)].map(({ textContent }) => textContent.replace(/\s+/g, " ").trim());

/** The sections of a report that lacks nothing. */
export const ALL = ["stages", "curves", "embedding", "confusion", "clusters", "features", "certainty", "provenance"];
/** Takes from `makeRun` all that a report can do without. */
export const nothing = {
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

/** What a page says and draws, without what its script is given. */
export const shownIn = (page: Document): string =>
  page.querySelector("main")!.innerHTML.replace(/data-points="[^"]*"/g, "");
