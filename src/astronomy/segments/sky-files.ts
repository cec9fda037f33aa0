import { writeCsv } from "../../data/formats/csv/csv";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { writeFits, type CardLike, type FitsHeader } from "../fits";
import type { Wcs } from "../sky";
import type { RegionStatistics } from "./regions";

/** What an image has of the file that it was made of. */
export interface SkyOf {
  readonly header: FitsHeader;
  /** Undefined where the file has no world coordinates. */
  readonly wcs: Wcs | undefined;
}

/** Names of an image's axes on the sky. */
const AXES: Readonly<Record<string, readonly [string, string]>> = {
  equatorial: ["ra", "dec"],
  galactic: ["glon", "glat"],
  ecliptic: ["elon", "elat"],
};

/** Text as a header can hold it. */
const printable = (text: string): string => text.replace(/[^ -~]/g, "?");

/** An image or cube as a FITS file, with the object, telescope, date and world coordinates of the one that it was made of. @param history lines of HISTORY */
export function writeSkyImage(
  image: NdArray<TypedArray>,
  { header, wcs }: SkyOf,
  history: readonly string[],
  own: readonly CardLike[] = [],
): Uint8Array {
  const kept = header.cards.filter(({ key }) => /^(OBJECT|TELESCOP|INSTRUME|DATE-OBS)$/.test(key));
  // axes beyond the sky's two are those of the input
  const sky = wcs?.cards().filter((card) => !("key" in card) || card.key !== "WCSAXES") ?? [];
  return writeFits(image, { cards: [...kept, ...sky, ...own], history: history.map(printable) });
}

/** Labels of pixels [height, width] from 0, −1 none, as a FITS file: integers of the fewest bits. */
export function writeLabelImage(
  { data, shape }: NdArray<Int32Array>,
  sky: SkyOf,
  history: readonly string[],
): Uint8Array {
  const most = data.reduce((largest, label) => Math.max(largest, label), -1);
  const image = new NdArray<TypedArray>(most < 2 ** 15 ? Int16Array.from(data) : data, shape);
  return writeSkyImage(image, sky, history, [["COMMENT", "labels are from 0 on, -1 where some band has no data"]]);
}

/** An object of an image: connected pixels. */
export interface SkyObject {
  /** Pixels. */
  readonly area: number;
  /** Of the centroid, from 0. */
  readonly row: number;
  readonly column: number;
  /** Of each band. */
  readonly flux: readonly number[];
}

/** A table of numbers, and the names of its columns. */
export interface SkyTable {
  readonly columns: readonly string[];
  /** [n, columns] */
  readonly values: NdArray<Float64Array<ArrayBuffer>>;
}

/** Objects as a table: of each its number from 1, place in pixels from 0 and on the sky in degrees, pixels, area, and flux in each band. */
export function objectTable(objects: readonly SkyObject[], names: readonly string[], wcs: Wcs | undefined): SkyTable {
  const columns = [
    ...["object", "x", "y", ...(wcs ? AXES[wcs.system]! : []), "pixels", ...(wcs ? ["arcsec2"] : [])],
    ...names.map((name) => `flux_${name.replace(/\s+/g, "_")}`),
  ];
  const places = wcs?.pixelToWorld(objects.flatMap(({ column, row }) => [column, row]));
  const rows = objects.flatMap(({ area, row, column, flux }, i) => [
    ...[i + 1, column, row, ...(places ? places.subarray(2 * i, 2 * i + 2) : []), area],
    ...[...(wcs ? [area * wcs.pixelScale ** 2] : []), ...flux],
  ]);
  return { columns, values: new NdArray(Float64Array.from(rows), [objects.length, columns.length]) };
}

/** `objectTable` as CSV. */
export function writeObjects(objects: readonly SkyObject[], names: readonly string[], wcs: Wcs | undefined): string {
  const { columns, values } = objectTable(objects, names, wcs);
  return writeCsv(values, { columns });
}

/** Regions as CSV: of each its number, pixels, share, place in pixels and on the sky, area, and mean and standard deviation in each band. */
export function writeRegions(
  { sizes, centers, means, deviations }: RegionStatistics,
  names: readonly string[],
  wcs: Wcs | undefined,
): string {
  const bands = names.length;
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const bandNames = names.map((name) => name.replace(/\s+/g, "_"));
  const columns = [
    ...["cluster", "pixels", "share", "x", "y"],
    ...(wcs ? [...AXES[wcs.system]!, "arcsec2"] : []),
    ...bandNames.flatMap((name) => [`mean_${name}`, `sd_${name}`]),
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
  return writeCsv(new NdArray(Float64Array.from(rows), [rows.length / columns.length, columns.length]), { columns });
}
