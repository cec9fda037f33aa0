// What a run on a cube leaves in its folder.
import { BandPCA, type RegionStatistics } from "../../astronomy";
import type { Device } from "../../device";
import type { Estimator } from "../../methods";
import type { NdArray } from "../../ndarray";
import type { ClusteredCube, ClusteringReport, Planes, ShownMap } from "../../report";
import { unitGrid } from "../../report/sky/units";
import { CSOM, ESOM, SOM } from "../../som";
import type { CubeData } from "./read";

/** Principal components that are shown. */
const COMPONENTS = 3;

/** Planes with row 0 at the bottom, as reports take them. */
function upward({ data, shape }: NdArray<Float32Array | Int32Array>, { fits }: CubeData): Planes {
  if (fits) return { data, shape };
  const [height, width] = shape.slice(-2) as [number, number];
  const turned = data.slice();
  const rows = data.length / width;
  for (let row = 0; row < rows; row++) {
    const plane = Math.floor(row / height);
    const to = plane * height + (height - 1 - (row % height));
    turned.set(data.subarray(row * width, (row + 1) * width), to * width);
  }
  return { data: turned, shape };
}

/** The map of units of a self-organising map, or of the topmost of a stack. */
function mapOf(estimator: Estimator): ShownMap | undefined {
  const grid = unitGrid(estimator);
  if (grid && estimator instanceof SOM) {
    const bands = estimator.codebook.shape[1]!;
    return {
      ...{ ...grid, hits: estimator.hits, clusters: estimator.unitLabels },
      components: Array.from({ length: bands }, (_, band) => estimator.componentPlane(band)),
    };
  }
  if (grid && estimator instanceof CSOM) {
    const top = estimator.layers.length - 1;
    const units = grid.rows * grid.columns;
    const { data, shape } = estimator.codebook(top);
    const bands = shape[1]!;
    return {
      ...{ ...grid, hits: estimator.hits(top) },
      clusters: Int32Array.from({ length: units }, (_, unit) => unit),
      components: Array.from({ length: bands }, (_, band) =>
        Float64Array.from({ length: units }, (_, unit) => data[unit * bands + band]!),
      ),
    };
  }
  return undefined;
}

/** What maps say of each row beside its cluster: its unit, and how strongly that answers. */
export function unitsOf(estimator: Estimator): Readonly<Record<string, Int32Array | Float64Array>> {
  if (estimator instanceof ESOM) return { units: estimator.bmu, activation: estimator.activation };
  return estimator instanceof SOM || estimator instanceof CSOM ? { units: estimator.bmu } : {};
}

/** Principal components of the bands, of cubes that have several. */
async function componentsOf(cube: CubeData, device: Device): Promise<ClusteredCube["components"]> {
  const [bands] = cube.cube.shape as [number];
  const pixels = cube.of.data.reduce((count, row) => count + Number(row >= 0), 0);
  if (bands < 2 || pixels < 2) return undefined;
  const pca = await new BandPCA({ nComponents: Math.min(COMPONENTS, bands), device }).fit(cube.cube);
  return { images: upward(pca.transform(cube.cube), cube), shares: pca.explainedVarianceRatio };
}

/** What a run on a cube is reported with. */
export interface CubeRun {
  readonly cube: CubeData;
  /** [height, width] */
  readonly labels: NdArray<Int32Array>;
  readonly regions: RegionStatistics;
  readonly estimator: Estimator;
  readonly device: Device;
  /** Numbers of the bands that are red, green and blue, from 1. */
  readonly rgb?: readonly number[] | undefined;
  /** What is said of the run as of any other. */
  readonly run: ClusteringReport;
}

/** The report of a cube as one HTML file. */
export async function reportOfCube({ cube, labels, regions, estimator, device, rgb, run }: CubeRun): Promise<string> {
  const { renderCube } = await import("../../report");
  const { names, wavelengths, unit, superpixels } = cube;
  const bands = names.length;
  const { sizes, centers, means, deviations } = regions;
  const shown = upward(labels, cube);
  const isKnown = wavelengths.every(Number.isFinite);
  // what is said of rows is no matter of the pixels
  const { embedding: _, table: _table, truth: _truth, q: _q, images: _images, ...rest } = run;
  return renderCube(
    { ...rest, labels: labels.data },
    {
      ...{ bands: upward(cube.cube, cube), names, unit, labels: shown },
      ...(isKnown && { wavelengths }),
      rgb: rgb ? rgb.map((band) => band - 1) : names.join() === "red,green,blue" ? [0, 1, 2] : undefined,
      sky: cube.fits?.wcs,
      superpixels: cube.as === "cube" ? shown : superpixels && upward(superpixels, cube),
      regions: Array.from(sizes).flatMap((size, cluster) => {
        if (size === 0) return [];
        const [from, to] = [cluster * bands, (cluster + 1) * bands];
        return [
          {
            ...{ cluster, size, center: [centers.data[2 * cluster]!, centers.data[2 * cluster + 1]!] as const },
            ...{ mean: means.data.subarray(from, to), spread: deviations.data.subarray(from, to) },
          },
        ];
      }),
      map: mapOf(estimator),
      components: await componentsOf(cube, device),
    },
  );
}
