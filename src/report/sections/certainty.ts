import * as Plot from "@observablehq/plot";
import { analyse, isCorrect, type Analysis } from "./analysis";
import { shownClusters } from "./clusters";
import { draw } from "../charts/chart";
import { formatCount, formatShare, formatTick, formatValue } from "../page/format";
import { html, type Markup } from "../page/markup";
import { clusterColour } from "../charts/palette";
import type { Pictures } from "../pictures/pictures";
import { idOf, type ClusteringReport } from "./run";
import { largest } from "./sample";

/** Rows shown of those that q is least sure of. */
export const LEAST_SURE = 20;
const BINS = 25;

/** Members of each cluster, and of none. */
export interface ClusterSizes {
  readonly sizes: ArrayLike<number>;
  /** Default: 0. */
  readonly noise?: number;
}

/** Sizes of the clusters of a run as bars, or those that were counted. @throws as `renderReport` */
export function clusterSizes(page: Document, run: ClusteringReport | ClusterSizes): Markup {
  if ("labels" in run) return sizesChart(page, analyse(run));
  const sizes = Float64Array.from(run.sizes);
  const { noise = 0 } = run;
  return sizesChart(page, { n: sizes.reduce((sum, size) => sum + size, noise), k: sizes.length, sizes, noise });
}

/** Sizes of the clusters as bars; where classes are known, the part of the assigned class is full and the rest pale. */
export function sizesChart(page: Document, analysis: Analysis): Markup {
  const { sizes, classes, n } = analysis;
  const shown = shownClusters(analysis);
  const bars = shown.map((cluster) => {
    const most = classes?.own[cluster] ?? -1;
    const main = classes ? (most >= 0 ? classes.counts[cluster]![most]! : 0) : sizes[cluster]!;
    const text = formatCount(sizes[cluster]!);
    const words = `cluster ${cluster}: ${text}${classes && most >= 0 ? `, ${formatCount(main)} of class ${classes.names[most]!}` : ""}`;
    return { cluster, size: sizes[cluster]!, main, text, words };
  });
  const chart = draw(
    page,
    {
      ariaLabel: `Sizes of ${shown.length} clusters: ${bars.map(({ cluster, text }) => `${cluster}: ${text}`).join(", ")}`,
      width: 460,
      height: Math.max(80, 24 + bars.length * (bars.length > 20 ? 15 : 24)),
      marginLeft: 34,
      marginRight: 48,
      marginTop: 4,
      marginBottom: 20,
      x: {
        label: null,
        ticks: 4,
        grid: true,
        domain: [0, Math.max(1, ...bars.map(({ size }) => size))],
        tickFormat: formatTick,
      },
      y: { type: "band", domain: shown, label: null, tickSize: 0, padding: 0.22 },
      marks: [
        Plot.barX(bars, {
          ...{ x: "size", y: "cluster", fillOpacity: 0.35, title: "words" },
          fill: ({ cluster }: { cluster: number }) => clusterColour(cluster),
        }),
        Plot.barX(bars, {
          ...{ x: "main", y: "cluster", title: "words" },
          fill: ({ cluster }: { cluster: number }) => clusterColour(cluster),
        }),
        Plot.text(bars, { x: "size", y: "cluster", text: "text", textAnchor: "start", dx: 5, fill: "var(--ink)" }),
      ],
      color: { type: "identity" },
    },
    {
      name: "Cluster sizes",
      columns: ["cluster", "members", ...(classes ? ["of its class"] : [])],
      rows: bars.map(({ cluster, size, main }) => [cluster, size, ...(classes ? [main] : [])]),
    },
  );
  return html`<figure>
    <figcaption><b>Cluster sizes</b>${classes && " full: of its own class"}</figcaption>
    ${chart}
    <p class="note">Equal clusters would have ${formatCount(n / sizes.length)} members each.</p>
  </figure>`;
}

/** Mean of the largest q in each cluster, as dots on the scale of q. */
function meansChart(page: Document, analysis: Analysis): Markup | undefined {
  const shown = shownClusters(analysis).filter((cluster) => analysis.sizes[cluster]! > 0);
  const dots = shown.map((cluster) => ({ cluster, mean: analysis.confidence!.mean[cluster]! }));
  if (dots.length < 2) return undefined; // of one cluster the histogram says as much
  const chart = draw(
    page,
    {
      ariaLabel: `Mean largest q: ${dots.map(({ cluster, mean }) => `cluster ${cluster}: ${formatValue(mean, 2)}`).join(", ")}`,
      width: 460,
      height: Math.max(80, 24 + dots.length * (dots.length > 20 ? 15 : 24)),
      marginLeft: 34,
      marginRight: 48,
      marginTop: 4,
      marginBottom: 20,
      x: { label: null, domain: [0, 1], ticks: 5, grid: true },
      y: { type: "point", domain: shown, label: null, tickSize: 0 },
      color: { type: "identity" },
      marks: [
        Plot.ruleY(dots, { x1: 0, x2: "mean", y: "cluster", stroke: "var(--line)", strokeWidth: 1.5 }),
        Plot.dot(dots, {
          ...{ x: "mean", y: "cluster", r: 4.5 },
          fill: ({ cluster }: { cluster: number }) => clusterColour(cluster),
          title: ({ cluster, mean }: { cluster: number; mean: number }) => `cluster ${cluster}: ${formatValue(mean)}`,
        }),
        Plot.text(dots, {
          x: "mean",
          y: "cluster",
          text: ({ mean }: { mean: number }) => formatValue(mean, 2),
          textAnchor: "start",
          dx: 9,
          fill: "var(--ink)",
        }),
      ],
    },
    {
      name: "Mean of the largest q",
      columns: ["cluster", "mean of the largest q"],
      rows: dots.map(({ cluster, mean }) => [cluster, mean]),
    },
  );
  return html`<figure>
    <figcaption><b>Mean of the largest q in each cluster</b></figcaption>
    ${chart}
  </figure>`;
}

function histogram(page: Document, run: ClusteringReport, analysis: Analysis): Markup {
  const { n, k, classes, confidence } = analysis;
  const low = Math.max(0, Math.min(1 / k, 0.9));
  const right = new Float64Array(BINS);
  const wrong = new Float64Array(BINS);
  for (let row = 0; row < n; row++) {
    const bin = Math.floor(((confidence!.of[row]! - low) / (1 - low)) * BINS);
    const counts = classes && !isCorrect(classes, run.labels, row) ? wrong : right;
    if (!Number.isNaN(bin)) counts[Math.min(BINS - 1, Math.max(0, bin))]!++;
  }
  const edge = (bin: number) => low + ((1 - low) * bin) / BINS;
  const bars = Array.from(right, (count, bin) => ({ x1: edge(bin), x2: edge(bin + 1), y1: 0, y2: count }));
  const above = Array.from(wrong, (count, bin) => ({
    x1: edge(bin),
    x2: edge(bin + 1),
    y1: right[bin]!,
    y2: right[bin]! + count,
  })).filter(({ y1, y2 }) => y2 > y1);
  const sure = confidence!.of.reduce((sum, value) => sum + (value >= 0.9 ? 1 : 0), 0);
  const bar = { x1: "x1", x2: "x2", y1: "y1", y2: "y2", inset: 0.5 } as const;
  const wordsOf = ({ x1, x2, y1, y2 }: (typeof bars)[number]): string =>
    `${formatCount(y2 - y1)} members from ${formatValue(x1, 2)} to ${formatValue(x2, 2)}`;
  const chart = draw(
    page,
    {
      ariaLabel: `Histogram of the largest q of each member; ${formatShare(sure / n)} of the members have 0.9 or more`,
      width: 460,
      height: 240,
      marginLeft: 52,
      marginRight: 12,
      marginTop: 26,
      marginBottom: 40,
      x: { label: "largest q", labelOffset: 38, domain: [low, 1], ticks: 6 },
      y: { label: "members", grid: true, ticks: 5, tickSize: 0, tickFormat: formatTick },
      marks: [
        Plot.rectY(bars, { ...bar, fill: "var(--accent)", title: wordsOf }),
        Plot.rectY(above, { ...bar, fill: "var(--high)", title: wordsOf }),
        Plot.ruleY([0], { stroke: "var(--muted)" }),
      ],
    },
    {
      name: "Largest q",
      columns: ["from", "to", "members", ...(classes ? ["in another cluster than their class"] : [])],
      rows: bars.map(({ x1, x2 }, bin) => [x1, x2, right[bin]! + wrong[bin]!, ...(classes ? [wrong[bin]!] : [])]),
    },
  );
  return html`<figure>
    <figcaption><b>How sure the members are</b></figcaption>
    ${chart}
    ${
      classes &&
      html`<ul class="legend">
        <li><i class="swatch" style="background:var(--accent)"></i>in the cluster of their class</li>
        <li><i class="swatch" style="background:var(--high)"></i>in another</li>
      </ul>`
    }
  </figure>`;
}

/** What the histogram says, in a sentence. */
function finding(run: ClusteringReport, { n, classes, confidence }: Analysis): Markup {
  let sure = 0;
  let sureRight = 0;
  let restRight = 0;
  for (let row = 0; row < n; row++) {
    const isSure = confidence!.of[row]! >= 0.9;
    const right = classes !== undefined && isCorrect(classes, run.labels, row);
    if (isSure) sure++;
    if (right && isSure) sureRight++;
    if (right && !isSure) restRight++;
  }
  const quality =
    classes &&
    (sure === 0
      ? ` Of all members ${formatShare(restRight / n)} are in the cluster of their class.`
      : sure === n
        ? ` Of them ${formatShare(sureRight / n)} are in the cluster of their class.`
        : ` Of them ${formatShare(sureRight / sure)} are in the cluster of their class, of the others ${formatShare(restRight / (n - sure))}.`);
  return html`<p>${formatShare(sure / n)} of the members have a largest q of 0.9 or more.${quality}</p>`;
}

/** The two largest columns of a row of q. */
function firstTwo(q: ArrayLike<number>, row: number, columns: number): [number, number] {
  const order = Array.from({ length: columns }, (_, column) => column);
  const [first, second] = largest(order, (column) => q[row * columns + column]!, 2);
  return [first ?? 0, second ?? -1];
}

function* range(end: number): Generator<number> {
  for (let row = 0; row < end; row++) yield row;
}

function leastSure(run: ClusteringReport, analysis: Analysis, images: Pictures | undefined): Markup {
  const { n, classes, confidence } = analysis;
  const rows = largest(range(n), (row) => -confidence!.of[row]!, LEAST_SURE);
  const columns = run.q ? run.q.length / n : 0;
  const items = rows.map((row) => {
    const name = classes?.names[classes.of[row]!];
    const label = run.labels[row]!;
    const [first, second] = run.q ? firstTwo(run.q, row, columns) : [label, -1];
    const chances = [first, second]
      .filter((cluster) => cluster >= 0)
      .map(
        (cluster, place) =>
          html`${place > 0 && " "}<span
              ><i class="swatch" style="background:${clusterColour(cluster)}"></i><b>${cluster}</b> ${
                run.q ? formatValue(run.q[row * columns + cluster]!, 2) : formatValue(-confidence!.of[row]!, 2)
              }</span
            >`,
      );
    const alt = `member ${idOf(run, row)}${name === undefined ? "" : `, class ${name}`}`;
    return html`<li>
      ${images ? images.picture(row, alt) : html`<b>${idOf(run, row)}</b>`}
      <div>${chances}</div>
      ${name !== undefined && html`<em>is ${name}</em>`}
    </li>`;
  });
  const what =
    confidence!.kind === "q"
      ? "The members with the smallest largest q, and their first two choices: cluster, q"
      : "The members farthest from the mean of their cluster in the embedding: cluster, distance";
  return html`${confidence!.kind === "q" && html`<h3>The least sure</h3>`}
    <p class="note">${what}.</p>
    <ul class="${images ? "doubts pictured" : "doubts"}">
      ${items}
    </ul>`;
}

/** How sure the assignment is: sizes, histogram of the largest q, means by cluster, and the members at the lower end. */
export function certainty(
  page: Document,
  run: ClusteringReport,
  analysis: Analysis,
  images: Pictures | undefined,
): Markup | undefined {
  if (!analysis.confidence) return undefined;
  const soft = analysis.confidence.kind === "q";
  return html`${soft && finding(run, analysis)}
  ${soft && html`<div class="grid">${histogram(page, run, analysis)}${meansChart(page, analysis)}</div>`}
  ${leastSure(run, analysis, images)}`;
}
