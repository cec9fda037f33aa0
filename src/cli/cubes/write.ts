// What a clustered cube becomes on the disk: labels with the sky of the input, and the clusters as a table.
import { basename } from "node:path";
import { version } from "../../../package.json";
import {
  regionStatistics,
  writeLabelImage,
  writeObjects,
  writeRegions,
  writeSkyImage,
  type RegionStatistics,
} from "../../astronomy";
import { writeNpy } from "../../data/formats/npy/npy";
import type { SegmentedImage } from "../../generative";
import { runHistory } from "../../methods";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { commandLine } from "../command-line";
import type { OutFolder } from "../run/folder";
import type { CubeData, PixelsOfCube } from "./read";

/** What HISTORY says of a run. */
export interface Made {
  readonly title: string;
  readonly path: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

const historyOf = ({ title, path, settings }: Made, { as }: PixelsOfCube): string[] =>
  runHistory({ version, title, name: basename(path), as, settings, command: commandLine() });

/** Writes the labels of pixels: labels.npy, and of a FITS file labels.fits with its coordinates. */
export async function writePixelLabels(
  out: OutFolder,
  labels: NdArray<Int32Array>,
  cube: PixelsOfCube,
  made: Made,
): Promise<void> {
  await out.write("labels.npy", writeNpy(labels));
  if (!cube.fits) return;
  await out.write("labels.fits", writeLabelImage(labels, cube.fits, historyOf(made, cube)));
}

/** Writes values of the rows as planes of the pixels that they stand for, NaN elsewhere: NAME.npy, or of a FITS file NAME.fits. values [n] or [n, planes] */
export async function writePlanes(
  out: OutFolder,
  name: string,
  values: NdArray<Float32Array | Float64Array | Int32Array>,
  cube: CubeData,
  made: Made,
): Promise<void> {
  const { data, shape } = cube.of;
  const pixels = data.length;
  const [, planes = 1] = values.shape;
  const isWhole = values.data instanceof Int32Array;
  const image = isWhole ? new Int32Array(planes * pixels).fill(-1) : new Float32Array(planes * pixels).fill(NaN);
  for (let at = 0; at < pixels; at++)
    if (data[at]! >= 0)
      for (let plane = 0; plane < planes; plane++)
        image[plane * pixels + at] = values.data[data[at]! * planes + plane]!;
  const made2d = new NdArray<TypedArray>(image, values.shape.length === 1 ? shape : [planes, ...shape]);
  if (cube.fits) await out.write(`${name}.fits`, writeSkyImage(made2d, cube.fits, historyOf(made, cube)));
  else await out.write(`${name}.npy`, writeNpy(made2d));
}

/** Writes what was found of a field: mask.npy, of a FITS file mask.fits, and objects.csv. Returns the clusters of its pixels. */
export async function writeField(
  out: OutFolder,
  { labels, mask, objects }: SegmentedImage,
  cube: CubeData,
  made: Made,
): Promise<NdArray<Int32Array>> {
  if (cube.fits) await out.write("mask.fits", writeSkyImage(mask, cube.fits, historyOf(made, cube)));
  else await out.write("mask.npy", writeNpy(mask));
  await out.write("objects.csv", writeObjects(objects, cube.names, cube.fits?.wcs));
  return labels;
}

/** Writes clusters.csv: of each cluster its pixels, share, area, place in pixels and on the sky, and mean and standard deviation in each band. */
export async function writeClusters(
  out: OutFolder,
  labels: NdArray<Int32Array>,
  cube: CubeData,
): Promise<RegionStatistics> {
  const regions = regionStatistics(cube.cube, labels);
  await out.write("clusters.csv", writeRegions(regions, cube.names, cube.fits?.wcs));
  return regions;
}
