import * as Plot from "@observablehq/plot";
import { draw } from "../charts/chart";
import { formatFixed, formatValue } from "../page/format";
import { html, type Content, type Markup } from "../page/markup";
import { clusterColour } from "../charts/palette";
import { pictures, type Pictures } from "../pictures/pictures";
import type { Images } from "./run";
import { valueTable } from "../tables/value-table";

/** One set that a model of sets was given, with everything that it says of it. */
export interface ReportedSet {
  readonly name: string;
  /** Names of the items (default: their numbers). */
  readonly ids?: readonly string[] | undefined;
  /** P(k) for k = 1 … K. */
  readonly counts: ArrayLike<number>;
  /** The number of clusters that is taken. */
  readonly k: number;
  /** Cluster of each item if there were k, for k = 1 … K. */
  readonly labels: readonly ArrayLike<number>[];
  /** True cluster of each item. */
  readonly truth?: ArrayLike<number>;
  /** Measures of the clustering for each k, where the truth is known: NMI, BBN, MR. */
  readonly measures?: readonly Readonly<Record<string, number>>[];
  /** Where to draw the items: [n, 2]. */
  readonly xy?: ArrayLike<number>;
  /** Pictures of the items. */
  readonly images?: Images;
  /** Shares of forward dropout's runs whose P(k) is in each bin of [0, 1]: [K, bins]. */
  readonly dropout?: { readonly runs: number; readonly histograms: ArrayLike<number> };
}

const SIDE = 250;

function check(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new Error(`setPanels: ${rule}`);
}

const itemOf = (ids: readonly string[] | undefined, item: number): string => `item ${ids?.[item] ?? item}`;

/** P(k) as bars, the true k marked. */
function countChart(page: Document, { counts, k, truth }: ReportedSet): Markup {
  const bars = Array.from(counts, (p, i) => ({ k: i + 1, p }));
  const known = truth && new Set(Array.from(truth)).size;
  const words = bars.map(({ k, p }) => `P(${k}) = ${formatValue(p)}`).join(", ");
  const chart = draw(
    page,
    {
      ariaLabel: `Probability of each number of clusters: ${words}`,
      ...{ width: SIDE, height: SIDE, marginLeft: 34, marginRight: 8, marginTop: 22, marginBottom: 34 },
      x: { type: "band", domain: bars.map(({ k }) => k), label: "k", padding: 0.25, tickSize: 0 },
      y: { domain: [0, 1], label: "P(k)", grid: true, ticks: 5, tickSize: 0 },
      color: { type: "identity" },
      marks: [
        Plot.barY(bars, {
          x: "k",
          y: "p",
          fill: (bar: { k: number }) => (bar.k === k ? "var(--accent)" : "var(--muted)"),
        }),
        Plot.text(bars, {
          x: "k",
          y: "p",
          text: ({ p }: { p: number }) => formatFixed(p, 2),
          dy: -7,
          fill: "var(--ink)",
        }),
      ],
    },
    { name: "Number of clusters", columns: ["k", "P(k)"], rows: bars.map(({ k, p }) => [k, p]) },
  );
  return html`<figure>
    <figcaption><b>Number of clusters</b> ${k} found${known !== undefined && `, ${known} true`}</figcaption>
    ${chart}
  </figure>`;
}

/** Forward dropout's values of P(k): a row for each k, darker where more runs are. */
function dropoutChart(page: Document, { counts, dropout }: ReportedSet): Markup | undefined {
  if (!dropout) return undefined;
  const bins = dropout.histograms.length / counts.length;
  check(
    Number.isInteger(bins) && bins > 0,
    `histograms must be ${counts.length} rows, got ${dropout.histograms.length} values`,
  );
  const cells = Array.from(dropout.histograms, (share, i) => ({
    ...{ share, k: Math.floor(i / bins) + 1 },
    ...{ x1: (i % bins) / bins, x2: ((i % bins) + 1) / bins },
  })).filter(({ share }) => share > 0);
  const chart = draw(
    page,
    {
      ariaLabel: `Values of P(k) in ${dropout.runs} runs with dropout`,
      ...{ width: SIDE, height: SIDE, marginLeft: 24, marginRight: 8, marginTop: 10, marginBottom: 34 },
      x: { domain: [0, 1], label: "P(k)", ticks: 5 },
      y: { type: "band", domain: Array.from(counts, (_, i) => i + 1), label: null, tickSize: 0, padding: 0.12 },
      color: { type: "identity" },
      marks: [
        Plot.rect(cells, {
          x1: "x1",
          x2: "x2",
          y: "k",
          fill: "var(--accent)",
          fillOpacity: ({ share }: { share: number }) => share ** 0.5,
          title: ({ share, k, x1, x2 }: (typeof cells)[number]) =>
            `P(${k}) from ${formatFixed(x1, 2)} to ${formatFixed(x2, 2)} in ${Math.round(share * dropout.runs)} runs`,
        }),
      ],
    },
    {
      name: "Forward dropout",
      columns: ["k", "from", "to", "share of the runs"],
      rows: cells.map(({ share, k, x1, x2 }) => [k, x1, x2, share]),
    },
  );
  return html`<figure>
    <figcaption><b>Forward dropout</b> ${dropout.runs} runs for each k</figcaption>
    ${chart}
  </figure>`;
}

/** Points by cluster. */
function points(
  page: Document,
  { xy, ids }: ReportedSet,
  labels: ArrayLike<number>,
  title: Content,
  words: string,
): Markup {
  const dots = Array.from(labels, (cluster, i) => ({ cluster, x: xy![2 * i]!, y: xy![2 * i + 1]! }));
  const extent = (axis: "x" | "y"): [number, number] => [
    Math.min(...dots.map((dot) => dot[axis])),
    Math.max(...dots.map((dot) => dot[axis])),
  ];
  const [x, y] = [extent("x"), extent("y")];
  const half = Math.max(x[1] - x[0], y[1] - y[0], 1e-9) * 0.54;
  const around = ([low, high]: [number, number]): [number, number] => [
    (low + high) / 2 - half,
    (low + high) / 2 + half,
  ];
  const chart = draw(
    page,
    {
      ariaLabel: words,
      ...{ width: SIDE, height: SIDE, margin: 4 },
      x: { domain: around(x), axis: null },
      y: { domain: around(y), axis: null },
      color: { type: "identity" },
      marks: [
        Plot.dot(dots, {
          ...{ x: "x", y: "y", r: 3, fill: ({ cluster }: { cluster: number }) => clusterColour(cluster) },
          title: ({ cluster }: { cluster: number }, i: number) => `${itemOf(ids, i)}, cluster ${cluster + 1}`,
        }),
      ],
    },
    {
      name: words,
      columns: ["item", "x", "y", "cluster"],
      rows: dots.map(({ cluster, x, y }, i) => [ids?.[i] ?? i, x, y, cluster]),
    },
  );
  return html`<figure class="scatter">
    <figcaption>${title}</figcaption>
    ${chart}
  </figure>`;
}

/** Pictures in a row for each cluster. */
function strips(labels: ArrayLike<number>, images: Pictures, { truth, ids }: ReportedSet): Markup {
  const clusters = [...new Set(Array.from(labels))].sort((a, b) => a - b);
  const own = (cluster: number): number[] => Array.from(labels, (_, i) => i).filter((i) => labels[i] === cluster);
  const name = (item: number): string => `${itemOf(ids, item)}${truth ? `, true cluster ${truth[item]! + 1}` : ""}`;
  return html`<div class="pictures">
    ${clusters.map(
      (cluster, i) =>
        html`<b>cluster ${i + 1}</b>
          <div class="row">
            ${own(cluster).map(
              (item) =>
                html`<figure>
                  ${images.picture(item, name(item))}${truth && html`<figcaption>${String.fromCharCode(65 + truth[item]!)}</figcaption>`}
                </figure>`,
            )}
          </div>`,
    )}
  </div>`;
}

/**
 * What a model says of one set: P(k), the clustering for every k with its measures, pictures of the items (Meier 2018, section 13).
 * @throws when arrays of the set do not fit each other
 */
export function setPanels(page: Document, set: ReportedSet): Markup {
  const { counts, labels, k, truth, measures, xy } = set;
  const n = labels[0]?.length ?? 0;
  check(
    labels.length === counts.length && labels.length > 0,
    `labels must be given for each k, got ${labels.length} for ${counts.length}`,
  );
  check(
    labels.every((of) => of.length === n),
    `labels must be ${n} for each k`,
  );
  check(k >= 1 && k <= labels.length, `k must be from 1 to ${labels.length}, got ${k}`);
  check(!truth || truth.length === n, `truth must have ${n} labels, got ${truth?.length}`);
  check(!set.ids || set.ids.length === n, `ids must name ${n} items, got ${set.ids?.length}`);
  check(!xy || xy.length === 2 * n, `xy must have ${2 * n} values, got ${xy?.length}`);
  const shown = pictures(set.images, n * (labels.length + 1));
  const known = truth && new Set(Array.from(truth)).size;
  const titleOf = (count: number): Content =>
    html`<b>k = ${count}</b>${count === k && " found"}${count === known && " true"}`;
  const charts = xy && [
    ...(truth ? [points(page, set, truth, html`<b>True clusters</b>`, "Items by true cluster")] : []),
    ...labels.map((of, i) => points(page, set, of, titleOf(i + 1), `Items by cluster if there were ${i + 1}`)),
  ];
  const rows = labels.map((of, i) => ({
    name: `${i + 1}${i + 1 === k ? " (found)" : ""}${i + 1 === known ? " (true)" : ""}`,
    values: [counts[i]!, new Set(Array.from(of)).size, ...Object.values(measures?.[i] ?? {})],
  }));
  const table = valueTable({
    caption: "The clustering for each number of clusters",
    corner: "k",
    columns: [
      { name: "P(k)" },
      { name: "clusters with members", decimals: 0 },
      ...Object.keys(measures?.[0] ?? {}).map((name) => ({ name })),
    ],
    rows,
  });
  return html`<h3>${set.name}</h3>
    <div class="panels">${countChart(page, set)}${dropoutChart(page, set)}${charts}</div>
    ${shown && strips(labels[k - 1]!, shown, set)}
    ${
      shown &&
      html`<details>
        <summary>The pictures for every other k</summary>
        ${labels.map(
          (of, i) =>
            i + 1 !== k &&
            html`<p>${titleOf(i + 1)}</p>
              ${strips(of, shown, set)}`,
        )}
      </details>`
    }
    ${table}`;
}
