// The charts beside the picture, drawn as the report draws them. Loaded after the page, since Observable Plot is large.
import * as Plot from "@observablehq/plot";
import {
  type ClusteringReport,
  clusterSizes,
  type Curve,
  curves,
  draw,
  drawPart,
  formatShare,
  formatTick,
  html,
  numberOfClusters,
  renderReport,
  spectra,
  unitMap,
} from "constella/report";
import type { Content, DrawnPart, Markup } from "constella/report";
import { turn } from "../../shared/turn";
import { saveFile } from "../files";
import type { Frame, Region } from "../protocol";

const BINS = 20;

/** What confidence means for a method. */
export type ConfidenceKind = "q" | "margin";

const MEANING: Readonly<Record<ConfidenceKind, string>> = {
  q: "largest soft assignment q",
  margin: "1 − distance to the own centre / to the next",
};

function confidenceChart(values: Float32Array, kind: ConfidenceKind): Markup {
  const counts = new Array<number>(BINS).fill(0);
  for (const value of values) counts[Math.min(BINS - 1, Math.floor(value * BINS))]!++;
  const bars = counts.map((count, bin) => ({ x1: bin / BINS, x2: (bin + 1) / BINS, y1: 0, y2: count / values.length }));
  const sure = values.reduce((sum, value) => sum + (value >= 0.5 ? 1 : 0), 0) / values.length;
  const chart = draw(
    document,
    {
      ariaLabel: `Confidences: ${formatShare(sure)} of the items have 0.5 or more`,
      ...{ width: 460, height: 220, marginLeft: 46, marginRight: 12, marginTop: 12, marginBottom: 40 },
      x: { label: MEANING[kind], labelOffset: 38, domain: [0, 1], ticks: 6 },
      y: {
        label: null,
        grid: true,
        ticks: 4,
        tickSize: 0,
        tickFormat: (share: number) => `${formatTick(100 * share)} %`,
      },
      marks: [
        Plot.rectY(bars, { x1: "x1", x2: "x2", y1: "y1", y2: "y2", fill: "var(--accent)", inset: 0.5 }),
        Plot.ruleY([0], { stroke: "var(--muted)" }),
      ],
    },
    {
      name: "Confidences",
      columns: ["from", "to", "share of the items"],
      rows: bars.map(({ x1, x2, y2 }) => [x1, x2, y2]),
    },
  );
  return html`<figure>
    <figcaption><b>Confidences</b></figcaption>
    ${chart}
  </figure>`;
}

/** Why there are so many clusters, the map of units, sizes, confidences and curves of a frame, as HTML; each is a task of its own, so that the page answers between them. */
export async function chartsOf(frame: Frame, kind: ConfidenceKind): Promise<string> {
  const { sizes, noise, confidence, sky, numberOfClusters: tried } = frame;
  const members = sizes.reduce((sum, size) => sum + size, 0);
  const map = sky?.map;
  const parts: readonly (() => Content)[] = [
    () =>
      tried &&
      html`<section>
        <h2>How many clusters</h2>
        ${numberOfClusters(document, tried)}
      </section>`,
    () =>
      map && unitMap({ ...map, title: "U-matrix", measure: "mean distance to the neighbours", values: map.uMatrix }),
    () => members > 0 && clusterSizes(document, { sizes, noise }),
    () => confidence && confidence.length > 0 && confidenceChart(confidence, kind),
    () => curves(document, shownCurves(frame.curves)),
  ];
  const texts: string[] = [];
  for (const part of parts) {
    texts.push(html`${part()}`.text);
    await turn();
  }
  return texts.join("");
}

/** The spectra of what lies at a pixel, as HTML; "" of one band. */
export function spectraOf({ names, wavelengths, unit, total, spectra: clusters }: Region): string {
  if (names.length < 2 || clusters.length === 0) return "";
  const where = wavelengths ? { positions: wavelengths, xLabel: "wavelength (nm)" } : { xLabel: "band" };
  return spectra(document, {
    title: "Spectra",
    yLabel: unit === "" ? "value" : unit,
    clusters,
    total,
    width: 460,
    ...where,
  }).text;
}

/** Curves that have a line to show: one point alone says little. */
const shownCurves = (all: readonly Curve[]): Curve[] =>
  all.filter(({ series }) => series.some(({ x }) => x.length > 1));

/** Gives the user the report of a run as one HTML file. */
export const saveReport = async (run: ClusteringReport): Promise<void> =>
  saveFile(`${run.title.replace(/[^\w]+/g, "-")}.html`, "text/html", await renderReport(run, document));

/** Charts of a report that is made elsewhere, as HTML, each a task of its own. */
export async function chartsOfReport(parts: readonly DrawnPart[]): Promise<string[]> {
  const texts: string[] = [];
  for (const part of parts) {
    texts.push(drawPart(part, document));
    await turn();
  }
  return texts;
}
