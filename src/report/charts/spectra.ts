import * as Plot from "@observablehq/plot";
import { formatCount, formatShare, formatTick, formatValue } from "../page/format";
import { html, type Markup } from "../page/markup";
import { draw } from "./chart";
import { clusterColour } from "./palette";

/** The mean and the spread of the members of a cluster in each band. */
export interface ClusterSpectrum {
  readonly name: string;
  readonly cluster: number;
  readonly size: number;
  readonly mean: ArrayLike<number>;
  /** Standard deviations. */
  readonly spread: ArrayLike<number>;
}

/** A cluster in a band. */
interface SpectrumPoint {
  readonly name: string;
  /** Of the spectra. */
  readonly line: number;
  readonly colour: string;
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

/** What `spectra` shows. */
export interface Spectra {
  readonly title: string;
  /** Where the bands lie: wavelengths, or numbers of the bands. Default 1, 2, … */
  readonly positions?: ArrayLike<number>;
  /** Default "band". */
  readonly xLabel?: string;
  readonly yLabel: string;
  readonly clusters: readonly ClusterSpectrum[];
  /** Members that shares are of. Default: those of the clusters. */
  readonly total?: number;
  /** Pixels, of the drawing. Default: 640. */
  readonly width?: number;
}

/**
 * Mean spectra of clusters over wavelength, with a band of one standard deviation either way, and their sizes and shares beside the names.
 * @throws unless means, spreads and positions have one length, two or more
 */
export function spectra(
  page: Document,
  { title, positions, xLabel = "band", yLabel, clusters, total = membersOf(clusters), width = 640 }: Spectra,
): Markup {
  const bands = positions?.length ?? clusters[0]?.mean.length ?? 0;
  for (const { name, mean, spread } of clusters)
    if (mean.length !== bands || spread.length !== bands)
      throw new Error(
        `spectra: ${name} must have ${bands} bands, got ${mean.length} means and ${spread.length} spreads`,
      );
  if (bands < 2) throw new Error(`spectra: two bands or more are needed, got ${bands}`);
  const at = Array.from({ length: bands }, (_, band) => positions?.[band] ?? band + 1);
  const order = at.map((_, band) => band).sort((a, b) => at[a]! - at[b]!);
  const points = clusters.flatMap(({ name, cluster, mean, spread }, line) =>
    order.map((band): SpectrumPoint => ({
      ...{ name, line, colour: clusterColour(cluster), x: at[band]!, y: mean[band]! },
      ...{ low: mean[band]! - spread[band]!, high: mean[band]! + spread[band]! },
    })),
  );
  // a mark for all clusters, not one for each: what a mark costs is many times what a point does
  const ofCluster = { x: "x", z: "line" } as const;
  const chart = draw(
    page,
    {
      ariaLabel: `${title}: ${yLabel} against ${xLabel} of ${clusters.length} clusters`,
      ...{ width, height: width / 2, marginLeft: 56, marginRight: 12, marginTop: 26, marginBottom: 40 },
      x: { label: xLabel, labelOffset: 38, tickFormat: formatTick, ...(!positions && { ticks: numbered(bands) }) },
      y: { label: yLabel, tickSize: 0, grid: true, nice: true, tickFormat: formatTick },
      color: { type: "identity" },
      marks: [
        Plot.areaY(points, { ...ofCluster, y1: "low", y2: "high", fill: "colour", fillOpacity: 0.14 }),
        Plot.lineY(points, { ...ofCluster, y: "y", stroke: "colour", strokeWidth: 1.8 }),
        Plot.dot(points, {
          ...{ x: "x", y: "y", fill: "colour", r: 2.2 },
          title: ({ name, x, y, low }: SpectrumPoint) =>
            `${name}: ${formatValue(y)} ± ${formatValue(y - low)} at ${xLabel} ${formatTick(x)}`,
        }),
      ],
    },
    {
      name: title,
      columns: ["cluster", xLabel, "mean", "standard deviation"],
      rows: points.map(({ name, x, y, low }) => [name, x, y, y - low]),
    },
  );
  const legend = clusters.map(
    ({ name, cluster, size }) =>
      html`<li>
        <i class="swatch" style="background:${clusterColour(cluster)}"></i>${name}
        <b>${formatCount(size)}</b> (${formatShare(total > 0 ? size / total : 0)})
      </li>`,
  );
  return html`<figure>
    <figcaption><b>${title}</b> Bands: one standard deviation either way.</figcaption>
    ${chart}
    <ul class="legend" aria-label="Sizes">
      ${legend}
    </ul>
  </figure>`;
}

/** Ticks at numbers of bands, a dozen at most. */
function numbered(bands: number): number[] {
  const step = Math.ceil(bands / 12);
  return Array.from({ length: Math.ceil(bands / step) }, (_, i) => 1 + i * step);
}

const membersOf = (clusters: readonly ClusterSpectrum[]): number => clusters.reduce((sum, { size }) => sum + size, 0);

/** Means and standard deviations of rows x [n, d] by label; −1 is left out. In float64. @throws unless there is one label a row */
export function clusterSpectra(
  x: ArrayLike<number>,
  d: number,
  labels: ArrayLike<number>,
  nameOf: (cluster: number) => string = (cluster) => `cluster ${cluster}`,
): ClusterSpectrum[] {
  if (x.length !== labels.length * d)
    throw new Error(`clusterSpectra: x must be ${labels.length} rows of ${d}, got ${x.length} values`);
  const sums = new Map<number, { size: number; mean: Float64Array; scatter: Float64Array }>();
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label < 0) continue;
    let found = sums.get(label);
    if (!found) sums.set(label, (found = { size: 0, mean: new Float64Array(d), scatter: new Float64Array(d) }));
    found.size++;
    for (let c = 0; c < d; c++) {
      const value = x[i * d + c]!;
      const shift = value - found.mean[c]!;
      found.mean[c]! += shift / found.size;
      found.scatter[c]! += shift * (value - found.mean[c]!);
    }
  }
  return [...sums]
    .sort(([a], [b]) => a - b)
    .map(([cluster, { size, mean, scatter }]) => ({
      ...{ name: nameOf(cluster), cluster, size, mean },
      spread: scatter.map((value) => Math.sqrt(value / Math.max(1, size - 1))),
    }));
}
