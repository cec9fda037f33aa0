import type { Analysis } from "./analysis";
import { formatCount, formatShare, formatValue } from "../page/format";
import { html, type Markup } from "../page/markup";
import { clusterColour } from "../charts/palette";
import type { Pictures } from "../pictures/pictures";
import { idOf, type ClusteringReport, type Table } from "./run";
import { largest } from "./sample";

/** Members shown of each cluster, the most confident. */
export const MEMBERS = 10;
const MAX_CLUSTERS = 60;

/** The clusters that are shown one by one: all of them, or the largest, in order of their number. */
export function shownClusters({ sizes, k }: Analysis): number[] {
  const all = Array.from({ length: k }, (_, cluster) => cluster);
  if (k <= MAX_CLUSTERS) return all;
  return all
    .sort((a, b) => sizes[b]! - sizes[a]! || a - b)
    .slice(0, MAX_CLUSTERS)
    .sort((a, b) => a - b);
}

/** The rows of each cluster. */
function membersOf(labels: ArrayLike<number>, sizes: Float64Array): Uint32Array[] {
  const members = Array.from(sizes, (size) => new Uint32Array(size));
  const filled = new Uint32Array(sizes.length);
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (label >= 0) members[label]![filled[label]!++] = row;
  }
  return members;
}

/** Each cluster with its size, its class and its most confident members. */
export function clusters(run: ClusteringReport, analysis: Analysis, images: Pictures | undefined): Markup {
  const { n, k, sizes, noise, classes, confidence } = analysis;
  const members = membersOf(run.labels, sizes);
  const shown = shownClusters(analysis);
  const largestSize = sizes.reduce((most, size) => Math.max(most, size), 1);
  const rows = shown.map((cluster) => {
    const best = largest(members[cluster]!, (row) => confidence?.of[row] ?? 0, MEMBERS);
    const own = classes?.own[cluster] ?? -1;
    const classFact = (index: number, words: string) =>
      `${words}${classes!.names[index]!}: ${formatShare(classes!.counts[cluster]![index]! / sizes[cluster]!)}`;
    const frequent = classes?.frequent[cluster] ?? -1;
    const facts = [
      `${formatCount(sizes[cluster]!)} ${sizes[cluster] === 1 ? "member" : "members"}`,
      own >= 0 && classFact(own, "class "),
      frequent >= 0 && frequent !== own && classFact(frequent, "but more of class "),
      sizes[cluster]! > 0 &&
        confidence &&
        (confidence.kind === "q"
          ? `mean q ${formatValue(confidence.mean[cluster]!, 2)}`
          : `mean distance ${formatValue(-confidence.mean[cluster]!)}`),
    ].filter((fact) => fact !== false && fact !== undefined);
    const strip =
      best.length === 0
        ? html`<p class="empty">no members</p>`
        : images
          ? html`<div class="strip">
              ${best.map((row) => {
                const name = classes?.names[classes.of[row]!];
                const wrong = classes !== undefined && own >= 0 && classes.of[row] !== own;
                const alt = `member ${idOf(run, row)}${name === undefined ? "" : `, class ${name}`}`;
                return images.picture(row, alt, wrong);
              })}
            </div>`
          : html`<p class="rows">${best.map((row) => idOf(run, row)).join(", ")}</p>`;
    return html`<article class="cluster">
      <header>
        <h3><i class="swatch" style="background:${clusterColour(cluster)}"></i>Cluster ${cluster}</h3>
        <p>${facts.map((fact, index) => html`${index > 0 && " · "}<span>${fact}</span>`)}</p>
        <div class="bar" aria-hidden="true">
          <i
            style="width:${((100 * sizes[cluster]!) / largestSize).toFixed(1)}%;background:${clusterColour(cluster)}"
          ></i>
        </div>
      </header>
      ${strip}
    </article>`;
  });
  const order =
    confidence?.kind === "q"
      ? `The ${MEMBERS} members of each cluster with the largest q, the surest first`
      : confidence
        ? `The ${MEMBERS} members of each cluster nearest its mean in the embedding, the nearest first`
        : `The first ${MEMBERS} members of each cluster`;
  return html`<p class="note">
      ${order}${images ? "" : run.ids ? ", by name" : ", by row number"}. ${run.images?.shows && `${run.images.shows} `}
      ${images && classes && "Framed: of another class than the cluster’s own (the one the optimal assignment gives it, else its most frequent). "}
      ${k > shown.length && `The ${shown.length} largest of ${formatCount(k)} clusters are shown. `}
      ${noise > 0 && `${formatCount(noise)} members (${formatShare(noise / n)}) are noise, in no cluster. `}
    </p>
    <div class="clusters">${rows}</div>`;
}

/** Mean of each feature over each cluster, in standard deviations of the feature from its mean. */
export function profile({ features, data }: Table, labels: ArrayLike<number>, analysis: Analysis): Markup {
  const { n, k, sizes } = analysis;
  const d = features.length;
  const statistics = features.map((name, feature) => {
    let count = 0;
    let sum = 0;
    let squares = 0;
    const sums = new Float64Array(k);
    const counts = new Float64Array(k);
    for (let row = 0; row < n; row++) {
      const value = data[row * d + feature]!;
      if (!Number.isFinite(value)) continue;
      count++;
      const delta = value - sum / Math.max(1, count - 1);
      sum += value;
      squares += delta * (value - sum / count); // Welford
      if (labels[row]! >= 0) {
        sums[labels[row]!]! += value;
        counts[labels[row]!]!++;
      }
    }
    const mean = sum / count;
    const deviation = Math.sqrt(squares / count);
    const means = sums.map((total, cluster) => total / counts[cluster]!);
    const scores = means.map((value) => (deviation > 0 ? (value - mean) / deviation : 0));
    const spread = scores.reduce(
      (total, z, cluster) => total + (Number.isNaN(z) ? 0 : (z * z * sizes[cluster]!) / n),
      0,
    );
    return { name, means, scores, spread };
  });
  const telling = [...statistics].sort((a, b) => b.spread - a.spread).slice(0, 12);
  const shown = shownClusters(analysis);
  const body = shown.map(
    (cluster) =>
      html`<tr>
        <th scope="row"><i class="swatch" style="background:${clusterColour(cluster)}"></i>${cluster}</th>
        ${telling.map(({ means, scores }) => {
          const z = scores[cluster]!;
          const strength = Number.isNaN(z) ? 0 : Math.min(60, Math.round(Math.abs(z) * 30));
          return html`<td
            style="background:color-mix(in srgb, var(${z < 0 ? "--low" : "--high"}) ${strength}%, transparent)"
          >
            ${formatValue(means[cluster]!, 2)}
          </td>`;
        })}
      </tr>`,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Feature means of each cluster">
    <table class="counts profile">
      <caption>
        Mean of each feature in each cluster; colour: how many standard deviations below
        <i class="swatch" style="background:var(--low)"></i>
        or above
        <i class="swatch" style="background:var(--high)"></i>
        the feature’s
        mean.${
          d > telling.length
            ? ` The ${telling.length} features of ${formatCount(d)} that differ most between the clusters.`
            : ""
        }
      </caption>
      <thead>
        <tr>
          <th scope="col">cluster</th>
          ${telling.map(({ name }) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`;
}
