// What a report shows of a clustered cube: regions, principal components, and the map of units where there is one.
import { BandPCA, type RegionStatistics } from "../../astronomy";
import { inAllBands } from "../../astronomy/bands/source";
import type { Device } from "../../device";
import type { Estimator } from "../../methods";
import type { NdArray } from "../../ndarray";
import type { ClusteringReport } from "../sections/run";
import type { Planes } from "./composite";
import { shownMap } from "../maps/shown";
import type { ClusteredCube } from "./cube";
import type { SkyCoordinates } from "./grid";

/** Principal components that are shown, and bands of which they are. */
const [COMPONENTS, MOST_BANDS] = [3, 256];

/** A cube whose pixels were clustered. */
export interface FittedCube {
  /** [bands, height, width] */
  readonly cube: NdArray<Float32Array>;
  /** What of it was clustered; "cube": all of it, into superpixels; "tiles": its pixels, tile by tile. */
  readonly as: "pixels" | "superpixels" | "cube" | "tiles";
  /** [height, width], of superpixels. */
  readonly superpixels?: NdArray<Int32Array>;
  readonly names: readonly string[];
  /** Nanometres, or as they were given; NaN where nothing tells one. */
  readonly wavelengths: readonly number[];
  /** Unit of the values, "" where it is not known. */
  readonly unit: string;
  /** Of a FITS file; its row 0 is at the bottom. */
  readonly fits?: { readonly wcs: SkyCoordinates | undefined };
}

/** What was found of a cube. */
export interface CubeRun {
  readonly cube: FittedCube;
  /** [height, width], −1 none. */
  readonly labels: NdArray<Int32Array>;
  readonly regions: RegionStatistics;
  /** Whose map of units is shown, where it has one. */
  readonly estimator?: Estimator | undefined;
  readonly device: Device;
  /** Numbers of the bands that are red, green and blue, from 1. */
  readonly rgb?: readonly number[] | undefined;
}

/** Planes with row 0 at the bottom, as reports take them. */
function upward({ data, shape }: NdArray<Float32Array | Int32Array>, { fits }: FittedCube): Planes {
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

/** Principal components of the bands, of cubes that have several; not of hundreds, whose products take more time than all else. */
async function componentsOf(cube: FittedCube, device: Device): Promise<ClusteredCube["components"]> {
  const { data, shape } = cube.cube;
  const [bands] = shape as [number];
  const complete = inAllBands(data, bands).reduce((count, has) => count + Number(has), 0);
  if (bands < 2 || bands > MOST_BANDS || complete < 2) return undefined;
  const pca = await new BandPCA({ nComponents: Math.min(COMPONENTS, bands), device }).fit(cube.cube);
  return { images: upward(pca.transform(cube.cube), cube), shares: pca.explainedVarianceRatio };
}

/** A run of rows as one of the pixels that they stand for: what is said of rows is no matter of the pixels. @param labels [height, width] */
export function cubeReport(run: ClusteringReport, labels: NdArray<Int32Array>): ClusteringReport {
  const {
    embedding: _,
    table: _table,
    truth: _truth,
    q: _q,
    images: _images,
    ids: _ids,
    projections: _seen,
    ...rest
  } = run;
  return { ...rest, labels: labels.data };
}

/** What `drawCube` and `renderCube` show of a clustered cube. */
export async function clusteredCube(run: CubeRun): Promise<ClusteredCube> {
  const { cube, labels, regions, estimator, device, rgb } = run;
  const { names, wavelengths, unit, superpixels } = cube;
  const bands = names.length;
  const { sizes, centers, means, deviations } = regions;
  const shown = upward(labels, cube);
  const isKnown = wavelengths.every(Number.isFinite);
  return {
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
    map: estimator && (await shownMap(estimator)),
    components: await componentsOf(cube, device),
  };
}
