import * as Plot from "@observablehq/plot";
import type { Analysis, Classes } from "./analysis";
import { draw } from "../charts/chart";
import { formatCount, formatShare } from "../page/format";
import { html, type Markup } from "../page/markup";

const MAX_SIDE = 64;

/** Clusters ordered by the class that the optimal assignment gives them, those without one after them; K stands for the noise. */
export function clusterOrder({ classes, k, noise }: Analysis & { classes: Classes }): number[] {
  const without = classes.names.length;
  const place = (cluster: number) => (classes.matched[cluster]! >= 0 ? classes.matched[cluster]! : without);
  const own = (cluster: number) => (classes.own[cluster]! >= 0 ? classes.own[cluster]! : without);
  const order = Array.from({ length: k }, (_, cluster) => cluster).sort(
    (a, b) => place(a) - place(b) || own(a) - own(b) || a - b,
  );
  return noise > 0 ? [...order, k] : order;
}

/** What goes wrong most: the classes with the most members in one cluster of another class. */
function worstCells({ names, counts, sizes, own }: Classes, k: number): Markup {
  const wrong: { name: string; cluster: number; count: number; share: number }[] = [];
  for (let cluster = 0; cluster < k; cluster++)
    counts[cluster]!.forEach((count, index) => {
      if (count > 0 && own[cluster] !== index)
        wrong.push({ name: names[index]!, cluster, count, share: count / sizes[index]! });
    });
  const worst = wrong.sort((a, b) => b.count - a.count).slice(0, 3);
  if (worst.length === 0) return html`<p>No cluster holds members of a second class.</p>`;
  const parts = worst.map(
    ({ name, cluster, count, share }, index) =>
      html`${index > 0 && "; "}${formatCount(count)} of class <b>${name}</b> (${formatShare(share)} of it) in cluster
        ${cluster}, which is that of <b>${names[own[cluster]!]!}</b>`,
  );
  return html`<p>Most often apart from their class: ${parts}.</p>`;
}

function countsTable({ names, counts }: Classes, order: readonly number[], k: number): Markup {
  const head = order.map((cluster) => html`<th scope="col">${cluster === k ? "noise" : cluster}</th>`);
  const rows = names.map(
    (name, index) =>
      html`<tr>
        <th scope="row">${name}</th>
        ${order.map((cluster) => html`<td>${formatCount(counts[cluster]![index]!)}</td>`)}
      </tr>`,
  );
  return html`<details>
    <summary>The counts as a table</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix as a table">
      <table class="counts">
        <caption>
          Members of each class (row) in each cluster (column)
        </caption>
        <thead>
          <tr>
            <th scope="col">class</th>
            ${head}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
  </details>`;
}

/** The confusion matrix: classes down, clusters across in the order of the optimal assignment; colour is the share of the class, text the count. */
export function confusion(page: Document, analysis: Analysis, sizesFigure: Markup): Markup | undefined {
  const { classes, k } = analysis;
  if (!classes) return undefined;
  const { names, counts, sizes, matched } = classes;
  const order = clusterOrder({ ...analysis, classes });
  if (order.length > MAX_SIDE || names.length > MAX_SIDE)
    return html`<p>
        ${names.length} classes in ${k} clusters are more than a picture of the confusion matrix can show (${MAX_SIDE}
        each way).
      </p>
      ${worstCells(classes, k)}
      <div class="grid">${sizesFigure}</div>`;
  const cells = order.flatMap((cluster, column) =>
    names.map((name, row) => ({
      row,
      column,
      count: counts[cluster]![row]!,
      share: counts[cluster]![row]! / sizes[row]!,
      own: cluster < k && matched[cluster] === row,
      title: `class ${name}, ${cluster === k ? "noise" : `cluster ${cluster}`}: ${formatCount(counts[cluster]![row]!)} of ${formatCount(sizes[row]!)} (${formatShare(counts[cluster]![row]! / sizes[row]!)})`,
    })),
  );
  const side = Math.max(order.length, names.length);
  const cell = side <= 12 ? 46 : side <= 20 ? 34 : 20;
  const longest = names.reduce((most, name) => Math.max(most, name.length), 0);
  const marginLeft = Math.min(150, 34 + 6.5 * longest);
  const small = cell < 30;
  const diagonal = cells.reduce((sum, { own, count }) => sum + (own ? count : 0), 0);
  const text = { x: "column", y: "row", text: small ? () => "" : "count", fontSize: cell > 40 ? 12 : 9.5 } as const;
  const shown = cells.filter(({ count }) => count > 0 && !small);
  const chart = draw(
    page,
    {
      ariaLabel: `Confusion matrix of ${names.length} classes and ${k} clusters; ${formatCount(diagonal)} of ${formatCount(analysis.n)} members are in the cluster assigned to their class. The same counts are in the table below.`,
      width: Math.round(marginLeft + 8 + cell * order.length),
      height: Math.round(50 + cell * names.length * 0.86),
      marginLeft,
      marginRight: 8,
      marginTop: 42,
      marginBottom: 8,
      x: {
        type: "band",
        domain: order.map((_, column) => column),
        axis: "top",
        label: "cluster",
        labelAnchor: "left",
        labelArrow: "none",
        tickSize: 0,
        tickFormat: (column: number) => (order[column] === k ? "noise" : String(order[column])),
        padding: small ? 0.02 : 0.04,
      },
      y: {
        type: "band",
        domain: names.map((_, row) => row),
        label: "class",
        labelArrow: "none",
        tickSize: 0,
        tickFormat: (row: number) => {
          const name = names[row]!;
          return name.length > 18 ? `${name.slice(0, 17)}\u2026` : name;
        },
        padding: small ? 0.02 : 0.04,
      },
      opacity: { type: "identity" },
      marks: [
        Plot.cell(cells, { x: "column", y: "row", fill: "var(--line)", fillOpacity: () => 0.45 }),
        Plot.cell(cells, {
          x: "column",
          y: "row",
          fill: "var(--accent)",
          fillOpacity: ({ share }: { share: number }) => Math.sqrt(share) * 0.98,
          title: "title",
        }),
        Plot.cell(
          cells.filter(({ own }) => own),
          { x: "column", y: "row", fill: "none", stroke: "var(--ink)", strokeWidth: small ? 0.8 : 1.2, inset: 0.5 },
        ),
        Plot.text(
          shown.filter(({ share }) => share < 0.3),
          { ...text, fill: "var(--ink)" },
        ),
        Plot.text(
          shown.filter(({ share }) => share >= 0.3),
          { ...text, fill: "var(--paper)", fontWeight: 600 },
        ),
      ],
    },
    {
      name: "Classes and clusters",
      columns: ["class", ...order.map((cluster) => (cluster === k ? "noise" : `cluster ${cluster}`))],
      rows: names.map((name, row) => [name, ...order.map((cluster) => counts[cluster]![row]!)]),
    },
  );
  return html`${worstCells(classes, k)}
    <div class="${side <= 14 ? "grid" : "stack"}">
      <figure class="matrix">
        <figcaption><b>Confusion matrix</b> classes down, clusters across</figcaption>
        <div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix">
          <div style="min-width:${Math.min(order.length * 29 + marginLeft, 960)}px">${chart}</div>
        </div>
      </figure>
      ${sizesFigure}
    </div>
    <p class="note">
      Colour in the matrix: square root of the share of the class, so that rare mistakes show. Outlined: the cluster
      that the optimal one-to-one assignment gives to the class.
    </p>
    ${countsTable(classes, order, k)}`;
}
