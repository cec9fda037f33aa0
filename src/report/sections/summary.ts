import type { Analysis } from "./analysis";
import { formatCount, formatDuration, formatShare, formatValue } from "../page/format";
import { html, type Content, type Markup } from "../page/markup";
import type { ClusteringReport, Stage } from "./run";

const MEANINGS: Record<string, string> = {
  acc: "accuracy under the optimal assignment",
  accuracy: "under the optimal assignment",
  nmi: "normalized mutual information",
  ami: "adjusted mutual information",
  ari: "adjusted Rand index",
  ri: "Rand index",
  mi: "mutual information",
  homogeneity: "each cluster holds one class",
  completeness: "each class is in one cluster",
  silhouette: "from −1 to 1, larger is better",
  misclassification: "share outside the assigned cluster",
  inertia: "sum of squared distances to the centers",
  "ari with k-means": "adjusted Rand index with plain k-means of the items",
};
const LOWER_IS_BETTER = ["inertia", "loss", "misclassification"];

const meaning = (name: string) =>
  Object.hasOwn(MEANINGS, name.toLowerCase()) ? MEANINGS[name.toLowerCase()] : undefined;

const plural = (count: number, one: string, many = `${one}s`) => `${formatCount(count)} ${count === 1 ? one : many}`;

/** The date and time of a run, in UTC: 2026-11-22, 02:11 UTC. */
export function formatDate(date: Date | string): string {
  const time = new Date(date);
  if (Number.isNaN(time.getTime())) return String(date);
  const text = time.toISOString();
  return `${text.slice(0, 10)}, ${text.slice(11, 16)} UTC`;
}

/** What the members of a run are, and those in no cluster. */
export interface MemberWords {
  readonly one: string;
  readonly none: string;
}

/** Title, what was found in a sentence, and who did it when. */
export function heading(
  run: ClusteringReport,
  { n, k, sizes, noise }: Analysis,
  { one, none }: MemberWords = { one: "member", none: "left as noise" },
): Markup {
  const empty = sizes.reduce((count, size) => count + (size === 0 ? 1 : 0), 0);
  const rest = [
    empty > 0 && `${formatCount(empty)} of them empty`,
    noise > 0 && `with ${formatShare(noise / n)} of the ${one}s ${none}`,
  ].filter((part) => part !== false);
  const found = `${run.method}: ${plural(k, "cluster")} among ${plural(n, one)} in ${formatDuration(run.elapsed)}${rest.length > 0 ? `, ${rest.join(", ")}` : ""}.`;
  return html`<h1>${run.title}</h1>
    <p class="lead">${run.summary !== undefined && html`${run.summary} `}${found}</p>
    ${run.remarks?.map((remark) => html`<p>To be told of the ${one}s: ${remark}.</p>`)}
    <p class="byline">${formatDate(run.date)} · ${run.device} · seed ${run.seed}</p>`;
}

/** The measures as cards. */
export function cards(run: ClusteringReport): Markup | undefined {
  const metrics = Object.entries(run.metrics ?? {});
  if (run.inertia !== undefined && !metrics.some(([name]) => name.toLowerCase() === "inertia"))
    metrics.push(["Inertia", run.inertia]);
  if (metrics.length === 0) return undefined;
  return html`<ul class="cards" aria-label="Measures">
    ${metrics.map(
      ([name, value]) =>
        html`<li class="card"><strong>${name}</strong><b>${formatValue(value)}</b><span>${meaning(name)}</span></li>`,
    )}
  </ul>`;
}

/** The stages side by side, the best value of each measure marked. */
export function comparison(stages: readonly Stage[] | undefined, lowerIsBetter = LOWER_IS_BETTER as readonly string[]) {
  if (!stages || stages.length === 0) return undefined;
  const lower = new Set(lowerIsBetter.map((name) => name.toLowerCase()));
  const columns = [...new Set(stages.flatMap(({ metrics }) => Object.keys(metrics)))];
  const valueOf = (stage: Stage, column: string) =>
    Object.hasOwn(stage.metrics, column) ? stage.metrics[column]! : NaN;
  const best = columns.map((column) => {
    const values = stages.map((stage) => valueOf(stage, column)).filter(Number.isFinite);
    return values.length < 2 ? NaN : lower.has(column.toLowerCase()) ? Math.min(...values) : Math.max(...values);
  });
  const timed = stages.some(({ seconds }) => seconds !== undefined);
  const rows = stages.map((stage) => {
    const cells = columns.map((column, index): Content => {
      const value = valueOf(stage, column);
      return value === best[index]
        ? html`<td class="best">${formatValue(value, 4)}<span class="hidden"> (best)</span></td>`
        : html`<td>${formatValue(value, 4)}</td>`;
    });
    return html`<tr>
      <th scope="row">${stage.name}</th>
      ${cells}${timed && html`<td>${stage.seconds === undefined ? "–" : formatDuration(stage.seconds)}</td>`}
    </tr>`;
  });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Comparison of the stages">
    <table class="compare">
      <caption>
        The best value of each column is set bold and coloured.
      </caption>
      <thead>
        <tr>
          <th scope="col">Stage</th>
          ${columns.map((column) => html`<th scope="col" title="${meaning(column) ?? column}">${column}</th>`)}
          ${timed && html`<th scope="col">Time</th>`}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function formatOption(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "none";
  if (ArrayBuffer.isView(value) || Array.isArray(value)) {
    const items = Array.from(value as ArrayLike<unknown>, formatOption);
    return items.length > 24 ? `${items.slice(0, 24).join(", ")}, … (${items.length})` : items.join(", ");
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** What is needed to make the same run again: command, options, seed, device, versions. */
export function provenance(run: ClusteringReport): Markup {
  const facts: [string, string][] = [
    ["Method", run.method],
    ["Seed", String(run.seed)],
    ["Device", run.device],
    ["Date", formatDate(run.date)],
    ["Time taken", formatDuration(run.elapsed)],
    ...Object.entries(run.versions),
  ];
  const table = (caption: string, head: string, entries: readonly (readonly [string, string])[]) =>
    entries.length > 0 &&
    html`<table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          <th scope="col">${head}</th>
          <th scope="col">value</th>
        </tr>
      </thead>
      <tbody>
        ${entries.map(
          ([key, value]) =>
            html`<tr>
              <th scope="row">${key}</th>
              <td>${value}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
  const options = Object.entries(run.options).map(([key, value]) => [key, formatOption(value)] as const);
  return html`${run.command !== undefined && html`<pre><code>${run.command}</code></pre>`}
    <div class="made">${table("Run, device and versions", "what", facts)}${table("Options", "option", options)}</div>`;
}
