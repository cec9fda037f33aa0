// The report of a run on a cube, and what maps say of its rows.
import type { Estimator } from "../../methods";
import type { ClusteringReport, CubeRun } from "../../report";
import { regionStatistics } from "../../astronomy";
import { NdArray } from "../../ndarray";
import { CSOM, ESOM, SOM } from "../../som";
import type { PixelsOfCube, SmallCube } from "./read";
import { generate } from "../../typed-arrays";

/** What maps say of each row beside its cluster: its unit, and how strongly that answers. */
export function unitsOf(estimator: Estimator): Readonly<Record<string, Int32Array | Float64Array>> {
  if (estimator instanceof ESOM) return { units: estimator.bmu, activation: estimator.activation };
  return estimator instanceof SOM || estimator instanceof CSOM ? { units: estimator.bmu } : {};
}

/** What is found of a cube that is read as it is needed. */
export interface StreamedRun extends Pick<CubeRun, "estimator" | "device" | "rgb"> {
  readonly pixels: PixelsOfCube & SmallCube;
  /** [height, width], −1 none. */
  readonly labels: NdArray<Int32Array>;
}

/** The report of a cube that is read as it is needed, drawn of its small image: labels are those in the middle of what became one pixel. */
export async function reportOfStreamed(run: ClusteringReport, found: StreamedRun): Promise<string> {
  const { shrinkOf, shrunkSky } = await import("../../report");
  const { pixels, labels, ...rest } = found;
  const [rows, columns] = labels.shape as [number, number];
  const shrink = shrinkOf(rows, columns);
  const cube = await pixels.small(shrink);
  const [, height, width] = cube.shape as [number, number, number];
  const middle = (at: number, most: number): number => Math.min(most - 1, at * shrink + (shrink >> 1));
  const of = generate(
    Int32Array,
    height * width,
    (at) => labels.data[middle(Math.floor(at / width), rows) * columns + middle(at % width, columns)]!,
  );
  const small = new NdArray(of, [height, width]);
  const sky = pixels.fits?.wcs;
  const shown = {
    ...{ cube, as: "pixels" as const, names: pixels.names, wavelengths: pixels.wavelengths, unit: pixels.unit },
    fits: { wcs: sky && shrunkSky(sky, shrink) },
  };
  const summary = `Drawn of means of ${shrink} × ${shrink} pixels; clusters.csv is of all pixels.`;
  const told = shrink === 1 ? run : { ...run, summary };
  return reportOfCube(told, { ...rest, cube: shown, labels: small, regions: regionStatistics(cube, small) });
}

/** The report of a cube as one HTML file. @param run as of any other data */
export async function reportOfCube(run: ClusteringReport, found: CubeRun): Promise<string> {
  const { clusteredCube, cubeReport, renderCube } = await import("../../report");
  return renderCube(cubeReport(run, found.labels), await clusteredCube(found));
}
