import { drawingDocument } from "../charts/document";
import { clusterColour } from "../charts/palette";
import { curves } from "../charts/curves";
import { spectra, type ClusterSpectrum, type Spectra } from "../charts/spectra";
import { formatCount, formatShare, formatValue } from "../page/format";
import { html, trusted, type Content, type Markup } from "../page/markup";
import { renderPage, type PageSection } from "../page/page";
import { mapFigures } from "../maps/figures";
import { analyse } from "../sections/analysis";
import { clusterSizes, type ClusterSizes } from "../sections/certainty";
import type { ClusteringReport, Curve } from "../sections/run";
import { cards, comparison, heading, provenance } from "../sections/summary";
import { chosenBands, composite, greyPicture, labelPicture, outlined, type Planes } from "./composite";
import type { ClusteredCube, ShownComponents, ShownRegion } from "./cube";
import { latitudeText, longitudeText, type SkyCoordinates } from "./grid";
import { skyPanel } from "./panel";

/** Spectra, and rows of the table of clusters, that are shown at most: the largest. */
const [MOST_SPECTRA, MOST_ROWS] = [12, 60];

/** The largest regions, in order of their numbers. */
const largest = (regions: readonly ShownRegion[], most: number): ShownRegion[] =>
  [...regions]
    .sort((a, b) => b.size - a.size || a.cluster - b.cluster)
    .slice(0, most)
    .sort((a, b) => a.cluster - b.cluster);

function pictures({ bands, names, rgb, wavelengths, labels, superpixels, sky }: ClusteredCube, k: number): Markup {
  const chosen = rgb ?? chosenBands(bands.shape[0]!, wavelengths);
  const colours = composite(bands, chosen);
  const isGrey = new Set(chosen).size === 1;
  const words = isGrey
    ? names[chosen[0]!]!
    : ["red", "green", "blue"].map((colour, i) => `${colour} ${names[chosen[i]!]!}`).join(", ");
  const panels = [
    skyPanel({ title: "Composite", caption: words, alt: `The image, ${words}`, picture: colours, sky }),
    skyPanel({
      title: superpixels === labels ? "Superpixels" : "Clusters",
      caption: `${formatCount(k)} over the image${superpixels === labels ? ", in 24 colours" : ""}`,
      ...{ alt: `The cluster of each pixel, ${k} in all`, picture: labelPicture(labels), sky },
    }),
  ];
  if (superpixels)
    panels.push(
      skyPanel({
        ...{ title: "Superpixels over the composite", alt: "Borders of the superpixels over the image" },
        picture: outlined(colours, superpixels),
      }),
    );
  return html`<div class="grid sky-panels">${panels}</div>`;
}

/** What a chart of the spectra shows, and of how many clusters; nothing of one band. */
function spectraOf({ names, wavelengths, wavelengthUnit = "nm", unit, regions }: ClusteredCube): DrawnPart[] {
  if (names.length < 2) return [];
  const shown = largest(regions, MOST_SPECTRA).map(({ cluster, size, mean, spread }): ClusterSpectrum => ({
    ...{ cluster, size, mean, spread },
    name: `cluster ${cluster}`,
  }));
  const isKnown = wavelengths?.every(Number.isFinite) ?? false;
  const left = regions.length - shown.length;
  return [
    {
      spectra: {
        ...{ title: "Mean spectra", yLabel: unit === "" ? "value" : unit, clusters: shown },
        ...(isKnown ? { positions: wavelengths!, xLabel: `wavelength (${wavelengthUnit})` } : { xLabel: "band" }),
      },
    },
    ...(left > 0
      ? [
          drawn(
            html`<p class="note">
              The ${shown.length} largest of ${formatCount(regions.length)} clusters; clusters.csv has all.
            </p>`,
          ),
        ]
      : []),
  ];
}

function table({ regions, sky, names }: ClusteredCube): Markup {
  const shown = largest(regions, MOST_ROWS);
  const total = regions.reduce((sum, { size }) => sum + size, 0);
  const places = sky && Array.from(sky.pixelToWorld(shown.flatMap(({ center }) => [...center])));
  const rows = shown.map(({ cluster, size, center, mean, spread }, i) => {
    const where = places
      ? [
          longitudeText(places[2 * i]!, sky.system, sky.system === "equatorial" ? 0.01 : 1),
          latitudeText(places[2 * i + 1]!, sky.system, sky.system === "equatorial" ? 0.1 : 1),
        ]
      : [];
    return html`<tr>
      <th scope="row"><i class="swatch" style="background:${clusterColour(cluster)}"></i>${cluster}</th>
      <td>${formatCount(size)}</td>
      <td>${formatShare(size / total)}</td>
      ${sky && html`<td>${formatValue(size * sky.pixelScale ** 2)}</td>`}
      <td>${formatValue(center[0], 1)}, ${formatValue(center[1], 1)}</td>
      ${where.map((text) => html`<td>${text}</td>`)}
      ${names.map((_, band) => html`<td>${formatValue(mean[band]!)} ± ${formatValue(spread[band]!)}</td>`)}
    </tr>`;
  });
  const axes = sky?.system === "equatorial" ? ["RA", "Dec"] : ["longitude", "latitude"];
  return html`<div class="scroll" tabindex="0" role="region" aria-label="The clusters">
    <table class="counts">
      <caption>
        Places are means over the pixels of a cluster, from 0; values are mean ± standard
        deviation.${regions.length > shown.length && ` The ${shown.length} largest of ${formatCount(regions.length)}.`}
      </caption>
      <thead>
        <tr>
          <th scope="col">cluster</th>
          <th scope="col">pixels</th>
          <th scope="col">share</th>
          ${sky && html`<th scope="col">area (arcsec²)</th>`}
          <th scope="col">x, y</th>
          ${sky && axes.map((name) => html`<th scope="col">${name}</th>`)}
          ${names.map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function componentFigures({ images, shares }: ShownComponents, sky: SkyCoordinates | undefined): Markup {
  const [count, height, width] = images.shape as [number, number, number];
  const of = (component: number): Planes => ({
    data: Array.prototype.slice.call(images.data, component * height * width, (component + 1) * height * width),
    shape: [height, width],
  });
  return html`<div class="grid">
    ${Array.from({ length: count }, (_, component) =>
      skyPanel({
        title: `Component ${component + 1}`,
        caption: `${formatShare(shares[component]!)} of the variance`,
        ...{ alt: `Principal component ${component + 1} of the bands`, picture: greyPicture(of(component)), sky },
      }),
    )}
  </div>`;
}

/** A part of a section: markup that is drawn, or what a chart shows that is drawn where there is a document. */
export type DrawnPart =
  | { readonly text: string }
  | { readonly spectra: Spectra }
  | { readonly sizes: ClusterSizes }
  | { readonly curves: readonly Curve[] };

/** The report of a cube as far as no document is needed: plain data that a worker hands to its page. */
export interface DrawnCube {
  readonly title: string;
  /** Markup. */
  readonly header: string;
  readonly sections: readonly { readonly id: string; readonly title: string; readonly parts: readonly DrawnPart[] }[];
}

const drawn = (body: Content): DrawnPart => ({ text: html`${body}`.text });

/**
 * Draws the pictures, tables and maps of a clustered cube. @param run of the pixels, as far as a cube does not say it better: its labels are those of the
 * pixels, one after the other
 */
export function drawCube(run: ClusteringReport, cube: ClusteredCube): DrawnCube {
  const { title, stages, lowerIsBetter, curves: training = [], numberOfClusters } = run;
  const analysis = analyse(run);
  const { k, sizes } = analysis;
  const isSuperpixels = cube.superpixels === cube.labels;
  const optional = (body: Markup | undefined): DrawnPart[] => (body ? [drawn(body)] : []);
  const sections: DrawnCube["sections"] = [
    { id: "image", title: "The image", parts: [drawn(pictures(cube, k))] },
    { id: "spectra", title: "Spectra", parts: spectraOf(cube) },
    {
      id: "clusters",
      title: "The clusters",
      parts: [...(isSuperpixels ? [] : [{ sizes: { sizes } }]), drawn(table(cube))],
    },
    { id: "map", title: "The map", parts: optional(cube.map && mapFigures(cube.map, cube.names, "pixels")) },
    {
      id: "components",
      title: "Principal components",
      parts: optional(cube.components && componentFigures(cube.components, cube.sky)),
    },
    {
      id: "number",
      title: "How many clusters",
      parts: numberOfClusters
        ? [drawn(html`<p>${numberOfClusters.reason}.</p>`), { curves: [numberOfClusters.curve] }]
        : [],
    },
    { id: "stages", title: "Comparison", parts: optional(comparison(stages, lowerIsBetter)) },
    { id: "curves", title: "Training", parts: [{ curves: training }] },
    { id: "provenance", title: "How this was made", parts: [drawn(provenance(run))] },
  ];
  const head = heading(run, analysis, { one: "pixel", none: "without data" });
  return { title, header: html`${head} ${cards(run)}`.text, sections };
}

/** A part as markup, "" where there is nothing to show. */
export function drawPart(part: DrawnPart, page: Document): string {
  if ("text" in part) return part.text;
  const body =
    "spectra" in part
      ? spectra(page, part.spectra)
      : "sizes" in part
        ? html`<div class="grid">${clusterSizes(page, part.sizes)}</div>`
        : curves(page, part.curves);
  return body?.text ?? "";
}

/** The HTML file of a drawn cube; where charts are left a document is needed for them. @param cube what `drawCube` gave: its markup is trusted */
export async function renderDrawnCube({ title, header, sections }: DrawnCube, page?: Document): Promise<string> {
  const isDrawn = sections.every(({ parts }) => parts.every((part) => "text" in part));
  const document = isDrawn ? undefined : (page ?? (await drawingDocument()));
  const shown = sections.map(({ id, title, parts }): PageSection => {
    const texts = parts
      .map((part) => ("text" in part ? part.text : drawPart(part, document!)))
      .filter((text) => text !== "");
    return { id, title, body: texts.length > 0 && texts.map(trusted) };
  });
  return renderPage({ title, header: trusted(header), sections: shown });
}

/**
 * Renders the clustering of a cube as one HTML file: the image and its clusters side by side with a grid of coordinates, spectra, places and sizes, the map
 * of units and principal components where there are some. As `renderReport`: no script, no address outside the file, the same bytes for the same run.
 * @param run as `drawCube` takes it
 */
export const renderCube = (run: ClusteringReport, cube: ClusteredCube, page?: Document): Promise<string> =>
  renderDrawnCube(drawCube(run, cube), page);
