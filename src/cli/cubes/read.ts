// Cubes for clustering: FITS images and cubes, single pictures and arrays, as rows that stand for their pixels.
import { cubeItems, openBands, painted, pixelItems, readBands } from "../../astronomy";
import type { CubeItems, OpenedBands, OpenOptions, Wcs } from "../../astronomy";
import { loadMatrix, readFile } from "../../data/formats/files";
import { readImage } from "../../data/formats/images/images";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { requestDevice } from "../../request-device";
import type { DataOptions } from "../data/options";
import { isFits, isPicture } from "./kind";
import { mapTo } from "../../typed-arrays";

/** What is clustered of a cube: its pixels, its superpixels, all of it by a method that takes cubes, or its pixels tile by tile. */
export type CubeAs = "pixels" | "superpixels" | "cube" | "tiles";

/** A cube behind items. */
export interface CubeData extends Pick<CubeItems, "of"> {
  readonly as: CubeAs;
  /** [bands, height, width] */
  readonly cube: NdArray<Float32Array<ArrayBuffer>>;
  /** [height, width], of superpixels. */
  readonly superpixels?: NdArray<Int32Array<ArrayBuffer>>;
  readonly names: readonly string[];
  /** Nanometres, or as they were given; NaN where nothing tells one. */
  readonly wavelengths: readonly number[];
  /** Unit of the values, "" where it is not known. */
  readonly unit: string;
  /** Of a FITS file; its row 0 is at the bottom. */
  readonly fits?: Pick<OpenedBands, "header"> & { readonly wcs: Wcs | undefined };
}

/** What labels of rows need to become labels of pixels. */
export type PixelsOfCube = Pick<CubeData, "of" | "as" | "fits">;

/** What is shown of a cube that is read as it is needed. */
export interface SmallCube extends Pick<CubeData, "names" | "wavelengths" | "unit"> {
  /** Means of `shrink` × `shrink` pixels, [bands, height, width]; read when it is asked for. */
  small(shrink: number): Promise<NdArray<Float32Array>>;
}

/** A cube with the rows that stand for it. */
export interface ReadCube extends CubeData {
  /** [n, bands] */
  readonly x: NdArray<Float32Array<ArrayBuffer>>;
}

/** Values of a cube that are clustered at once. */
const MOST = 2 ** 30;
type Bands = Omit<CubeData, "of" | "as">;

/** Opens the bands of a FITS file. @param hdu its name, or its number */
export const openFits = (
  path: string,
  hdu: string | undefined,
  options: Omit<OpenOptions, "hdu"> = {},
): Promise<OpenedBands> =>
  openBands(path, { ...options, ...(hdu !== undefined && { hdu: /^\d+$/.test(hdu) ? Number(hdu) : hdu }) });

async function readFits(path: string, hdu: string | undefined, slice?: number): Promise<Bands> {
  const opened = await openFits(path, hdu, slice === undefined ? {} : { band: slice });
  try {
    const { bands, height, width, names, wavelengths, unit, header, wcs } = opened;
    checkSize(path, [bands, height, width]);
    const cube = await readBands(opened);
    return { cube: cube as CubeData["cube"], names, wavelengths, unit, fits: { header, wcs } };
  } finally {
    await opened.close();
  }
}

/** A picture's channels, or an array [height, width] or [bands, height, width]. */
async function readPlanes(
  path: string,
  { array, maxPixels, slice }: Pick<DataOptions, "array" | "maxPixels" | "slice">,
): Promise<Bands> {
  const planes = isPicture(path)
    ? channelsFirst(readImage(await readFile(path), { maxPixels }))
    : await loadMatrix(path, array === undefined ? {} : { array });
  const shape = planes.shape.length === 2 ? [1, ...planes.shape] : planes.shape;
  if (shape.length !== 3)
    throw new Error(
      `${path}: a cube must be [height, width] or [bands, height, width], got [${planes.shape.join(", ")}]`,
    );
  checkSize(path, shape);
  const [bands] = shape as [number];
  const names =
    isPicture(path) && bands === 3
      ? ["red", "green", "blue"]
      : Array.from({ length: bands }, (_, i) => `band ${i + 1}`);
  const [first, last] = slice === undefined ? [0, bands] : [slice, slice + 1];
  if (last > bands) throw new Error(`${path}: slice must be from 0 to ${bands - 1}, got ${slice}`);
  const pixels = shape[1]! * shape[2]!;
  const own = planes.data.subarray(first * pixels, last * pixels);
  const cube = new NdArray(mapTo(Float32Array, own as ArrayLike<number>, Number), [last - first, ...shape.slice(1)]);
  return { cube, names: names.slice(first, last), wavelengths: names.slice(first, last).map(() => NaN), unit: "" };
}

function channelsFirst({ data, shape }: NdArray<Uint8Array>): NdArray<TypedArray> {
  const [height, width, channels] = shape as [number, number, number];
  const planes = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) planes[(i % channels) * height * width + Math.floor(i / channels)] = data[i]!;
  return new NdArray<TypedArray>(planes, [channels, height, width]);
}

/** @throws for a cube that is too large for memory, before it is read */
function checkSize(path: string, shape: readonly number[]): void {
  const values = shape.reduce((product, size) => product * size, 1);
  if (values > MOST)
    throw new Error(
      `${path} must have at most ${MOST} values to be clustered at once, got [${shape.join(", ")}]; cut it, or give fewer bands`,
    );
}

/** Names of the bands of a cube. @throws one line that names the file */
export async function bandNames(path: string, options: DataOptions): Promise<readonly string[]> {
  if (!(await isFits(path))) return (await readPlanes(path, options)).names;
  const opened = await openFits(path, options.hdu);
  await opened.close();
  return opened.names;
}

/** What is asked of a cube. */
export type CubeOptions = Pick<
  DataOptions,
  "hdu" | "array" | "maxPixels" | "slice" | "superpixels" | "superpixelCompactness" | "wavelengths"
> & { readonly as: CubeAs };

/** Reads a cube and makes rows of it: of all its pixels with data in every band, or of its superpixels. @throws one line that names the file */
export async function readCube(path: string, options: CubeOptions): Promise<ReadCube> {
  const { as, superpixels, superpixelCompactness } = options;
  const read = (await isFits(path))
    ? await readFits(path, options.hdu, options.slice)
    : await readPlanes(path, options);
  const { cube } = read;
  const { wavelengths = read.wavelengths } = options;
  if (wavelengths.length !== cube.shape[0])
    throw new Error(`--wavelengths must be ${cube.shape[0]}, one a band of ${path}, got ${wavelengths.length}`);
  try {
    if (as !== "superpixels") return { ...read, wavelengths, as, ...pixelItems(cube) };
    // the same on every machine, so that a run goes on with the same rows
    const device = await requestDevice("wasm");
    try {
      return {
        ...read,
        wavelengths,
        as,
        ...(await cubeItems(cube, { as, superpixels, superpixelCompactness, device })),
      };
    } finally {
      device.destroy();
    }
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message.replace(/^\w+: /, "")}`, { cause: error });
  }
}

/** The cluster of each pixel, [height, width], by the labels that a method gave. */
export const pixelLabels = (
  labels: Int32Array | NdArray<Int32Array>,
  cube: Pick<CubeData, "of">,
): NdArray<Int32Array> => (labels instanceof Int32Array ? painted(labels, cube) : labels);

/** Known classes of the pixels of a cube, as classes of the rows that stand for them. @throws for another number of pixels, and for superpixels, which have none */
export async function rowClasses(path: string, { as, of }: Pick<CubeData, "as" | "of">): Promise<Int32Array> {
  if (as === "superpixels") throw new Error("--labels is for --as pixels, superpixels have no classes");
  const image = (await isFits(path)) ? (await readFits(path, undefined)).cube : await loadMatrix(path);
  if (image.data.length !== of.data.length)
    throw new Error(`${path} must have a class for each of ${of.data.length} pixels, got ${image.data.length}`);
  const classes = mapTo(Int32Array, image.data as ArrayLike<number>, Number);
  return as === "cube" || as === "tiles" ? classes : classes.filter((_, at) => of.data[at]! >= 0);
}
