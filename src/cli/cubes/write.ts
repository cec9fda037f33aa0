// What a clustered cube becomes on the disk: labels with the sky of the input, and the clusters as a table.
import { basename } from "node:path";
import { version } from "../../../package.json";
import { regionStatistics, writeFits, type CardLike, type RegionStatistics } from "../../astronomy";
import { writeCsv } from "../../data/formats/csv/csv";
import { writeNpy } from "../../data/formats/npy/npy";
import { spell } from "../../methods";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { commandLine } from "../command-line";
import type { OutFolder } from "../folder";
import type { CubeData, PixelsOfCube } from "./read";

/** What HISTORY says of a run. */
export interface Made {
  readonly title: string;
  readonly path: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Text as a header can hold it. */
const printable = (text: string): string => text.replace(/[^ -~]/g, "?");

/** Names of an image's axes on the sky. */
export const AXES: Readonly<Record<string, readonly [string, string]>> = {
  equatorial: ["ra", "dec"],
  galactic: ["glon", "glat"],
  ecliptic: ["elon", "elat"],
};

function historyOf({ title, path, settings }: Made, { as }: PixelsOfCube): string[] {
  const options = Object.entries(settings).filter(([name, value]) => value !== undefined && name !== "device");
  return [
    `constella ${version}: ${title} of ${basename(path)}, as ${as}`,
    ...options.map(([name, value]) => `${name} = ${typeof value === "object" ? JSON.stringify(value) : spell(value)}`),
    commandLine(),
  ].map(printable);
}

/** An image or cube with the coordinates of a FITS file that it was made of. */
function skyFile(
  image: NdArray<TypedArray>,
  cube: PixelsOfCube,
  history: readonly string[],
  own: readonly CardLike[],
): Uint8Array {
  const { header, wcs } = cube.fits!;
  const kept = header.cards.filter(({ key }) => /^(OBJECT|TELESCOP|INSTRUME|DATE-OBS)$/.test(key));
  // axes beyond the sky's two are those of the input
  const sky = wcs?.cards().filter((card) => !("key" in card) || card.key !== "WCSAXES") ?? [];
  return writeFits(image, { cards: [...kept, ...sky, ...own], history });
}

/** Labels as integers of the fewest bits. */
export function labelImage({ data, shape }: NdArray<Int32Array>): NdArray<TypedArray> {
  const most = data.reduce((largest, label) => Math.max(largest, label), -1);
  return new NdArray<TypedArray>(most < 2 ** 15 ? Int16Array.from(data) : data, shape);
}

/** Writes the labels of pixels: labels.npy, and of a FITS file labels.fits with its coordinates. */
export async function writePixelLabels(
  out: OutFolder,
  labels: NdArray<Int32Array>,
  cube: PixelsOfCube,
  made: Made,
): Promise<void> {
  await out.write("labels.npy", writeNpy(labels));
  if (!cube.fits) return;
  const cards: CardLike[] = [["COMMENT", "labels are from 0 on, -1 where some band has no data"]];
  await out.write("labels.fits", skyFile(labelImage(labels), cube, historyOf(made, cube), cards));
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
  if (cube.fits) await out.write(`${name}.fits`, skyFile(made2d, cube, historyOf(made, cube), []));
  else await out.write(`${name}.npy`, writeNpy(made2d));
}

/** Writes clusters.csv: of each cluster its pixels, share, area, place in pixels and on the sky, and mean and standard deviation in each band. */
export async function writeClusters(
  out: OutFolder,
  labels: NdArray<Int32Array>,
  cube: CubeData,
): Promise<RegionStatistics> {
  const regions = regionStatistics(cube.cube, labels);
  const { sizes, centers, means, deviations } = regions;
  const [bands] = cube.cube.shape as [number];
  const wcs = cube.fits?.wcs;
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const names = cube.names.map((name) => name.replace(/\s+/g, "_"));
  const columns = [
    ...["cluster", "pixels", "share", "x", "y"],
    ...(wcs ? [...AXES[wcs.system]!, "arcsec2"] : []),
    ...names.flatMap((name) => [`mean_${name}`, `sd_${name}`]),
  ];
  const places = wcs?.pixelToWorld(centers.data);
  const rows = Array.from(sizes).flatMap((size, region) => {
    if (size === 0) return [];
    const [x, y] = centers.data.subarray(2 * region, 2 * region + 2) as unknown as [number, number];
    const sky = wcs && places ? [places[2 * region]!, places[2 * region + 1]!, size * wcs.pixelScale ** 2] : [];
    const spectrum = Array.from({ length: bands }, (_, band) => [
      means.data[region * bands + band]!,
      deviations.data[region * bands + band]!,
    ]).flat();
    return [region, size, size / total, x, y, ...sky, ...spectrum];
  });
  await out.write(
    "clusters.csv",
    writeCsv(new NdArray(Float64Array.from(rows), [rows.length / columns.length, columns.length]), { columns }),
  );
  return regions;
}
