import { html, type Markup } from "../page/markup";
import { formatShare } from "../page/format";
import { pictures } from "../pictures/pictures";
import { idOf, type ClusteringReport } from "./run";

/** Pictures in a row. */
const ABREAST = 10;

const strip = (drawn: readonly Markup[]): Markup => html`<div class="strip">${drawn}</div>`;

/** What a network gives back: what the centres look like, and some members with their decoded pictures below them. */
export function decodedPictures(run: ClusteringReport): Markup | undefined {
  const { decoded } = run;
  if (!decoded) return undefined;
  const { corruption } = decoded;
  const { data, height, width, channels } = decoded.images;
  const count = data.length / (height * width * channels);
  const drawn = pictures(decoded.images, count)!;
  const m = decoded.rows.length;
  const rows = Array.from({ length: Math.ceil(m / ABREAST) }, (_, i) =>
    Array.from(decoded.rows).slice(ABREAST * i, ABREAST * (i + 1)),
  );
  const first = (corruption === undefined ? 2 : 4) * m;
  const centers = Array.from({ length: count - first }, (_, cluster) =>
    drawn.picture(first + cluster, `centre of cluster ${cluster}, decoded`),
  );
  return html`${
      centers.length > 0 &&
      html`<p class="note">The centre of each cluster, decoded: cluster 0 first.</p>
        ${strip(centers)}`
    }
    <p class="note">Items taken at random, and below each what the network gives back of it.</p>
    ${rows.map(
      (some, i) => html`
        ${strip(some.map((row, j) => drawn.picture(ABREAST * i + j, `member ${idOf(run, row)}, as it is given`)))}
        ${strip(some.map((row, j) => drawn.picture(m + ABREAST * i + j, `member ${idOf(run, row)}, given back`)))}
      `,
    )}
    ${
      corruption !== undefined &&
      html`<p class="note">
          The same with ${formatShare(corruption)} of their values set to 0, and below each what the network makes of
          it.
        </p>
        ${rows.map(
          (some, i) => html`
            ${strip(some.map((row, j) => drawn.picture(2 * m + ABREAST * i + j, `member ${idOf(run, row)}, broken`)))}
            ${strip(some.map((row, j) => drawn.picture(3 * m + ABREAST * i + j, `member ${idOf(run, row)}, mended`)))}
          `,
        )}`
    }`;
}
