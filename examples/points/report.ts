// The page of the example: scores of every method, sets with what each makes of them, and how the model was trained.
import * as Plot from "@observablehq/plot";
import { confusionMatrix } from "constella";
import {
  clusterColour,
  curves,
  draw,
  drawingDocument,
  html,
  type Markup,
  renderPage,
  studyHeader,
  valueTable,
} from "constella/report";
import type { CurvePoint } from "./curves";
import { METHODS, type ClusteredSet, type Evaluation, type Method } from "./evaluate";
import { formatEstimate, MEASURE_NAMES, MEASURES } from "../scores";

/** What the page shows. */
export interface PointsReport {
  readonly evaluation: Evaluation;
  readonly latencies: readonly { readonly n: number; readonly milliseconds: number }[];
  readonly trainings: readonly { readonly name: string; readonly points: readonly CurvePoint[] }[];
  readonly parameters: number;
  readonly device: string;
  readonly seed: number;
}

/** Beside the truth. */
const SHOWN: readonly Method[] = ["model", "plusPlus", "dbscanTuned"];

export async function renderPoints(report: PointsReport): Promise<string> {
  const page = await drawingDocument();
  const { evaluation, device, seed, parameters } = report;
  const lead =
    "A network of residual bidirectional LSTM layers reads a set of points it has never seen, and says how many clusters there are and which point belongs to which. It is not told what a cluster is: it has learned that from examples.";
  return renderPage({
    title: "Learning to cluster points",
    header: studyHeader(
      "Learning to cluster points",
      lead,
      `${evaluation.sets} fresh sets of 72 points, seed ${seed} · ${parameters} parameters · ${device}`,
    ),
    sections: [
      { id: "scores", title: "Against k-means and DBSCAN", body: scoreTable(report) },
      {
        id: "sets",
        title: "Sets",
        body: html`<p>
            The first sets of each number of clusters, as they were drawn. Colours of clusters are those of the true
            ones they match best; grey is noise. k-means is told the true number, the model and DBSCAN
            (${METHODS.dbscanTuned.replace("DBSCAN, ", "")}) find it.
          </p>
          <div class="stack">${evaluation.shown.map((set) => setRow(page, set))}</div>`,
      },
      { id: "counts", title: "How many clusters", body: countTable(evaluation) },
      { id: "time", title: "Time", body: timeTable(report) },
      { id: "training", title: "Training", body: trainingCurves(page, report) },
    ],
  });
}

function scoreTable({ evaluation }: PointsReport): Markup {
  const { rows, byCount } = evaluation;
  const names = Object.keys(METHODS) as Method[];
  return html`${valueTable({
    caption: "Means over all sets and their standard errors",
    columns: MEASURES.map((measure) => ({ name: MEASURE_NAMES[measure] })),
    rows: names.map((name) => ({
      name: METHODS[name],
      values: MEASURES.map((measure) => formatEstimate(rows[name][measure])),
    })),
    note: "NMI by the geometric mean; MR, the share of points in a wrong cluster, by the greedy matching of the thesis and by the optimal one. Noise counts as a cluster.",
  })}
  ${valueTable({
    caption: "NMI by the true number of clusters",
    columns: byCount.map(({ k }) => ({ name: `k = ${k}`, best: "largest" })),
    rows: names.map((name) => ({ name: METHODS[name], values: byCount.map(({ rows }) => rows[name].nmi.mean) })),
  })}`;
}

/** The found labels by the names of the true clusters they match; others get names beyond, noise stays −1. */
export function matched(truth: Int32Array, found: Int32Array): Int32Array {
  const { rows, columns } = confusionMatrix(truth, found);
  const names = new Map(
    Array.from(columns, (column, i) => [Number(column), i < rows.length ? Number(rows[i]) : 5 + i]),
  );
  return found.map((label) => (label < 0 ? -1 : names.get(label)!));
}

function panel(page: Document, points: Float32Array, labels: Int32Array, caption: string, note: string): Markup {
  const dots = Array.from(labels, (label, i) => ({ x: points[2 * i]!, y: points[2 * i + 1]!, label }));
  const reach = points.reduce((most, value) => Math.max(most, Math.abs(value)), 0) * 1.06;
  const chart = draw(
    page,
    {
      ariaLabel: `${caption}: ${labels.length} points in ${new Set(labels).size} groups`,
      ...{ width: 220, height: 220, margin: 4 },
      x: { domain: [-reach, reach], axis: null },
      y: { domain: [-reach, reach], axis: null },
      marks: [Plot.dot(dots, { x: "x", y: "y", r: 3, fill: ({ label }: { label: number }) => clusterColour(label) })],
    },
    {
      name: caption,
      columns: ["x", "y", "cluster"],
      rows: dots.map(({ x, y, label }) => [x, y, label]),
    },
  );
  return html`<figure class="scatter" style="flex:1 1 10rem;max-width:14rem">
    <figcaption><b>${caption}</b> ${note}</figcaption>
    ${chart}
  </figure>`;
}

function setRow(page: Document, { points, truth, k, found, labels, scores }: ClusteredSet): Markup {
  const probabilities = Array.from(found.counts, (p, i) => `${i + 1}: ${p.toFixed(2)}`).join("  ");
  return html`<div>
    <div style="display:flex;flex-wrap:wrap;gap:1rem">
      ${panel(page, points, truth, "truth", `k = ${k}`)}
      ${SHOWN.map((name) =>
        panel(
          page,
          points,
          matched(truth, labels[name]),
          name === "model" ? "model" : name === "dbscanTuned" ? "DBSCAN" : "k-means++",
          `${name === "model" ? `k = ${found.k}, ` : ""}MR ${scores[name].mr.toFixed(2)}`,
        ),
      )}
    </div>
    <p class="note">P(k) of the model: ${probabilities}</p>
  </div>`;
}

function countTable({ counts }: Evaluation): Markup {
  return valueTable({
    caption: "Sets by their true number of clusters (rows) and the number that the model finds",
    corner: "true k",
    columns: counts.map((_, i) => ({ name: String(i + 1), decimals: 0 })),
    rows: counts.map((row, i) => ({ name: String(i + 1), values: row })),
  });
}

function timeTable({ latencies }: PointsReport): Markup {
  return valueTable({
    caption: "Time to cluster one set",
    corner: "points",
    columns: [
      { name: "ms", decimals: 1 },
      { name: "µs a point", decimals: 1 },
    ],
    rows: latencies.map(({ n, milliseconds }) => ({
      name: String(n),
      values: [milliseconds, (1000 * milliseconds) / n],
    })),
    note: "Measured while this page was made, on whatever else the machine did.",
  });
}

function trainingCurves(page: Document, { trainings }: PointsReport): Markup | undefined {
  const line = (name: string, { x, y }: { x: number[]; y: number[] }) => ({ name, x, y });
  const of = (value: (point: CurvePoint) => number) =>
    trainings.map(({ name, points }) =>
      line(name, { x: points.map(({ iteration }) => iteration), y: points.map(value) }),
    );
  return curves(page, [
    { name: "NMI", xLabel: "iterations", yLabel: "on validation sets", series: of(({ NMI }) => NMI) },
    {
      name: "Number of clusters found",
      xLabel: "iterations",
      yLabel: "share of validation sets",
      series: of(({ countAccuracy }) => countAccuracy),
    },
    { name: "Loss", xLabel: "iterations", yLabel: "on validation sets", series: of((point) => point.validationLoss) },
  ]);
}
