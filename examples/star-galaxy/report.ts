// The study as a page of its own.
import * as Plot from "@observablehq/plot";
import {
  clusterColour,
  curves,
  draw,
  drawingDocument,
  html,
  imageGrid,
  renderPage,
  valueTable,
} from "constella/report";
import type { Markup } from "constella/report";
import { spread } from "../spread";
import type { Cell } from "./cells";
import type { Figures } from "./figures";

/** A row of the table. */
export interface Row {
  readonly title: string;
  readonly cells: readonly Cell[];
}

/** What the page says of the run. */
export interface Facts {
  readonly train: number;
  readonly test: number;
  readonly hard: boolean;
}

const CLASSES = ["galaxy", "star"] as const;

function table(rows: readonly Row[]): Markup {
  return valueTable({
    caption: "AUC over seeds",
    corner: "method",
    columns: [
      { name: "mean", best: "largest", decimals: 4 },
      ...[
        { name: "sd", decimals: 4 },
        { name: "min", decimals: 4 },
        { name: "unblended", decimals: 3 },
      ],
      ...[
        { name: "blended", decimals: 3 },
        { name: "style unit", decimals: 3 },
        { name: "seeds", decimals: 0 },
      ],
    ],
    rows: rows.map(({ title, cells }) => {
      const mean = (of: (cell: Cell) => number): number => spread(cells.map(of)).mean;
      const all = spread(cells.map((one) => one.auc));
      return {
        name: title,
        values: [
          ...[all.mean, all.deviation, Math.min(...cells.map((one) => one.auc)), mean((one) => one.unblended)],
          ...[mean((one) => one.blended), mean((one) => one.style ?? NaN), cells.length],
        ],
      };
    }),
  });
}

/** Two numbers of some test stamps, coloured by class. */
function plane(
  page: Document,
  points: readonly (readonly [number, number, number])[],
  name: string,
  axes: readonly [string, string],
): Markup {
  const dots = points.map(([x, y, label]) => ({ x, y, label }));
  const colour = ({ label }: { label: number }): string => clusterColour(label);
  const chart = draw(
    page,
    {
      ariaLabel: `${name}: ${points.length} stamps by class`,
      ...{ width: 460, height: 340, marginLeft: 48, marginBottom: 40 },
      x: { label: axes[0], labelOffset: 36 },
      y: { label: axes[1], grid: true },
      marks: [Plot.dot(dots, { x: "x", y: "y", r: 1.6, fill: colour, fillOpacity: 0.7 })],
    },
    { name, columns: [...axes, "class"], rows: points.map(([x, y, label]) => [x, y, CLASSES[label]!]) },
  );
  return html`<figure>
    <figcaption><b>${name}</b></figcaption>
    ${chart}
    <ul class="legend">
      ${CLASSES.map((title, label) => html`<li><i class="swatch" style="background:${clusterColour(label)}"></i>${title}</li>`)}
    </ul>
  </figure>`;
}

/** How often each AUC occurred among the seeds of each method. */
function aucs(page: Document, rows: readonly Row[]): Markup | undefined {
  const seeded = rows.filter(({ cells }) => cells.length > 1);
  if (seeded.length === 0) return undefined;
  const values = seeded.flatMap(({ title, cells }) => cells.map(({ auc, seed }) => ({ title, auc, seed })));
  const least = Math.min(...values.map(({ auc }) => auc));
  const chart = draw(
    page,
    {
      ariaLabel: `Histograms of AUC over seeds, of ${seeded.length} methods`,
      ...{ width: 940, height: 60 + 44 * seeded.length, marginLeft: 380, marginRight: 30, marginBottom: 40 },
      x: { domain: [Math.floor(20 * least) / 20, 1], label: "AUC", labelOffset: 36 },
      y: { label: "seeds", labelAnchor: "top", ticks: 2, tickSize: 0, axis: "right" },
      fy: { label: null, domain: seeded.map(({ title }) => title), axis: "left", tickSize: 0 },
      marks: [
        Plot.rectY(values, Plot.binX({ y: "count" }, { x: "auc", fy: "title", interval: 0.005, fill: clusterColour(0) } as never)), // prettier-ignore
        Plot.ruleY([0], { stroke: "var(--line)" }),
      ],
    },
    { name: "AUC over seeds", columns: ["method", "seed", "AUC"], rows: values.map(({ title, seed, auc }) => [title, seed, auc]) }, // prettier-ignore
  );
  return html`<figure style="max-width: none">${chart}</figure>`;
}

/** ROC curves of the first seed, some methods a chart. */
function rocs(page: Document, rows: readonly Row[]): Markup | undefined {
  const shown = rows.flatMap(({ title, cells }) => (cells[0]?.shown ? [{ title, ...cells[0].shown.roc, auc: cells[0].auc }] : [])); // prettier-ignore
  const charts = Array.from({ length: Math.ceil(shown.length / 6) }, (_, i) => shown.slice(6 * i, 6 * i + 6));
  return curves(
    page,
    charts.map((part, i) => ({
      ...{ name: `ROC ${i + 1}`, xLabel: "galaxies taken for stars", yLabel: "stars found" },
      series: part.map(({ title, fpr, tpr, auc }) => ({ name: `${title}: AUC ${auc.toFixed(4)}`, x: fpr, y: tpr })),
      last: false,
    })),
  );
}

/** Rows of pictures of one size under their names; lifted, a row's least value is 0. */
function pictures(rows: Figures["reproductions"], caption: string, lift: boolean): Markup {
  const [, height, width] = rows[0]!.pictures.shape as [number, number, number];
  const data = rows.flatMap(({ pictures: { data: own } }) => {
    const least = lift ? own.reduce((a, b) => Math.min(a, b), Infinity) : 0;
    return own.map((value) => value - least);
  });
  let first = 0;
  const named = rows.map(({ name, pictures: { shape } }) => {
    const from = first;
    first += shape[0]!;
    return { name, pictures: Array.from({ length: shape[0]! }, (_, i) => ({ index: from + i })) };
  });
  return imageGrid({ data, shape: [first, height, width] }, named, { caption, stretch: (value) => value });
}

/** The page. */
export async function page(rows: readonly Row[], figures: Figures, { train, test, hard }: Facts): Promise<string> {
  const document = await drawingDocument();
  const lead = `Simulated stamps of 32 × 32 pixels in u, g, r, i and z${hard ? ", the hard setting" : ""}: ${train} to train on without labels, ${test} of another simulation to score. AUC is max(AUC, 1 − AUC).`;
  const traversals = rows.flatMap(({ title, cells }) => {
    const shown = cells[0]?.shown?.traversal;
    return shown ? [{ name: title, pictures: shown }] : [];
  });
  const styled = rows.find(({ cells }) => cells[0]?.method === "cvae")?.cells[0]?.shown?.plane;
  return renderPage({
    title: "Stars and galaxies without labels",
    header: html`<h1>Stars and galaxies without labels</h1>
      <p>${lead}</p>`,
    sections: [
      { id: "auc", title: "Separation", body: table(rows) },
      { id: "seeds", title: "AUC of all seeds", body: aucs(document, rows) },
      { id: "roc", title: "ROC of the first seed", body: rocs(document, rows) },
      {
        id: "traversal",
        title: "Along the class unit",
        body:
          traversals.length > 0 &&
          pictures(traversals, "What the decoder makes of values of the class unit from the 2nd to the 98th per cent of the test stamps, from galaxies to stars; style units at their mean. Band r, or the mean of g, r and i; each picture from 0 to its own largest value.", false), // prettier-ignore
      },
      {
        id: "plane",
        title: "Hidden units by class",
        body: html`<div class="grid">
          ${plane(document, figures.plane, "Two latents of a VAE", ["latent 1", "latent 2"])}
          ${styled && plane(document, styled, "Class unit and style unit of the conditional VAE", ["class unit", "style unit"])}
        </div>`,
      },
      {
        id: "pixels",
        title: "Pixels before and after preparing",
        body: curves(
          document,
          figures.histograms.map(({ preparation, values, bands }) => ({
            ...{
              name: preparation,
              xLabel: "value",
              yLabel: "share of pixels (log)",
              yScale: "log" as const,
              last: false,
            },
            series: bands.map(({ name, counts }) => ({ name, x: values, y: counts.map((count) => count + 1e-6) })),
          })),
        ),
      },
      {
        id: "reproductions",
        title: "Reproductions",
        body: pictures(figures.reproductions, "Band r of test stamps in sky sigmas under asinh, and what the two networks give back.", true), // prettier-ignore
      },
      {
        id: "segmentations",
        title: "Segmentations",
        body: pictures(figures.segmentations, "Pixels clustered by the input and the reconstruction of a residual autoencoder; clusters by their brightness.", true), // prettier-ignore
      },
    ],
  });
}
