import { drawingDocument } from "../charts/document";
import { clusterColour } from "../charts/palette";
import { curves } from "../charts/curves";
import { spectra, type ClusterSpectrum } from "../charts/spectra";
import { unitMap } from "../charts/unit-map";
import { formatCount, formatShare, formatValue } from "../page/format";
import { html, type Markup } from "../page/markup";
import { renderPage, type PageSection } from "../page/page";
import { analyse } from "../sections/analysis";
import type { ClusteringReport } from "../sections/run";
import { cards, comparison, heading, provenance } from "../sections/summary";
import { chosenBands, composite, greyPicture, labelPicture, outlined, type Planes } from "./composite";
import { latitudeText, longitudeText, type SkyCoordinates } from "./grid";
import { skyPanel } from "./panel";
import type { UnitGrid } from "./units";

/** A region of the image: a cluster, or a superpixel. */
export interface ShownRegion {
  readonly cluster: number;
  /** Pixels. */
  readonly size: number;
  /** Mean place (x, y) in pixels from 0. */
  readonly center: readonly [x: number, y: number];
  /** In each band. */
  readonly mean: ArrayLike<number>;
  /** Standard deviations. */
  readonly spread: ArrayLike<number>;
}

/** A map of units, as self-organising maps have them: one value a unit. */
export interface ShownMap extends UnitGrid {
  readonly hits: ArrayLike<number>;
  readonly clusters: ArrayLike<number>;
  /** The units' values in each band. */
  readonly components: readonly ArrayLike<number>[];
}

/** Principal components of the bands. */
export interface ShownComponents {
  /** [components, height, width] */
  readonly images: Planes;
  /** Of all bands' variance, one a component. */
  readonly shares: ArrayLike<number>;
}

/** What a report shows of a cube beside the run. */
export interface ClusteredCube {
  /** [bands, height, width], row 0 at the bottom. */
  readonly bands: Planes;
  readonly names: readonly string[];
  /** Of the bands, where they are known; in `wavelengthUnit`, default nm. */
  readonly wavelengths?: readonly number[] | undefined;
  readonly wavelengthUnit?: string;
  /** Of the values, "" where it is not known. */
  readonly unit: string;
  /** Numbers of the bands that are red, green and blue, from 0. Default: the longest wavelength to the shortest. */
  readonly rgb?: readonly number[] | undefined;
  /** Without them no grid is drawn. */
  readonly sky?: SkyCoordinates | undefined;
  /** The cluster of each pixel [height, width], −1 none. */
  readonly labels: Planes;
  /** [height, width], −1 none. */
  readonly superpixels?: Planes | undefined;
  readonly regions: readonly ShownRegion[];
  readonly map?: ShownMap | undefined;
  readonly components?: ShownComponents | undefined;
}

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

function spectraOf(
  page: Document,
  { names, wavelengths, wavelengthUnit = "nm", unit, regions }: ClusteredCube,
): Markup | undefined {
  if (names.length < 2) return undefined;
  const shown = largest(regions, MOST_SPECTRA).map(({ cluster, size, mean, spread }): ClusterSpectrum => ({
    ...{ cluster, size, mean, spread },
    name: `cluster ${cluster}`,
  }));
  const isKnown = wavelengths?.every(Number.isFinite) ?? false;
  const chart = spectra(page, {
    ...{ title: "Mean spectra", yLabel: unit === "" ? "value" : unit, clusters: shown },
    ...(isKnown ? { positions: wavelengths!, xLabel: `wavelength (${wavelengthUnit})` } : { xLabel: "band" }),
  });
  const left = regions.length - shown.length;
  return html`${chart}${
    left > 0 &&
    html`<p class="note">
      The ${shown.length} largest of ${formatCount(regions.length)} clusters; clusters.csv has all.
    </p>`
  }`;
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

function mapFigures(
  { rows, columns, topology, uMatrix, hits, clusters, components }: ShownMap,
  names: readonly string[],
): Markup {
  const of = { rows, columns, topology };
  return html`<div class="grid">
      ${unitMap({ ...of, title: "U-matrix", measure: "mean distance to the neighbours", values: uMatrix })}
      ${unitMap({ ...of, title: "Hits", measure: "pixels", values: hits })}
      ${unitMap({ ...of, title: "Clusters of units", measure: "cluster", values: clusters, categories: true })}
    </div>
    <h3>Component planes: the units’ values in each band</h3>
    <div class="panels">
      ${components.map((values, band) => unitMap({ ...of, title: names[band]!, measure: "value", values }))}
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

/**
 * Renders the clustering of a cube as one HTML file: the image and its clusters side by side with a grid of coordinates, spectra, places and sizes, the map
 * of units and principal components where there are some. As `renderReport`: no script, no address outside the file, the same bytes for the same run.
 * @param run of the pixels, as far as a cube does not say it better: its labels are those of the pixels, one after the other
 */
export async function renderCube(run: ClusteringReport, cube: ClusteredCube, page?: Document): Promise<string> {
  const document = page ?? (await drawingDocument());
  const { title, stages, lowerIsBetter, curves: training } = run;
  const analysis = analyse(run);
  const sections: PageSection[] = [
    { id: "image", title: "The image", body: pictures(cube, analysis.k) },
    { id: "spectra", title: "Spectra", body: spectraOf(document, cube) },
    { id: "clusters", title: "The clusters", body: table(cube) },
    { id: "map", title: "The map", body: cube.map && mapFigures(cube.map, cube.names) },
    {
      id: "components",
      title: "Principal components",
      body: cube.components && componentFigures(cube.components, cube.sky),
    },
    { id: "stages", title: "Comparison", body: comparison(stages, lowerIsBetter) },
    { id: "curves", title: "Training", body: training && training.length > 0 && curves(document, training) },
    { id: "provenance", title: "How this was made", body: provenance(run) },
  ];
  const head = heading(run, analysis, { one: "pixel", none: "without data" });
  return renderPage({ title, header: html`${head} ${cards(run)}`, sections });
}
