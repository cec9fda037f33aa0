import { NdArray } from "../../ndarray";
import type { CubesTaken, DataSet, Reading } from "../data/load";
import type { DataOptions } from "../data/options";
import { kebab } from "../option";
import { readCube, rowClasses, type CubeAs, type CubeData } from "./read";

/** A cube as the rows that stand for it, as a method of rows or one of cubes takes it. @throws one line for what is wrong with the file, or the options */
export async function cubeSet(
  path: string,
  options: DataOptions,
  earlier: Reading,
  cubes: CubesTaken,
): Promise<DataSet> {
  if (options.first !== undefined) throw new Error(`--first is for rows, ${path} is a cube`);
  const rows = rowOptions(path, options, earlier, cubes);
  const slice = options.slice ?? earlier.slice;
  const { x, ...cube } = await readCube(path, { ...options, ...rows, slice });
  const { names, of, fits } = cube;
  const { rgb, labels } = options;
  if (rgb && !(rgb.length === 3 && rgb.every((band) => band <= names.length)))
    throw new Error(`--rgb must be three of ${names.length} bands, from 1, got ${rgb.join(",")}`);
  if (labels !== undefined && rows.as === "tiles")
    throw new Error(`--labels is for methods that label items, this one labels pixels of ${path}`);
  const classes = labels === undefined ? undefined : await rowClasses(labels, cube);
  const missing = of.data.reduce((count, row) => count + Number(row < 0), 0);
  const notes = [
    ...(missing > 0 ? [`${path}: ${missing} of ${of.size} pixels lack a value in some band, and are left out`] : []),
    ...(fits && !fits.wcs ? [`${path} has no world coordinates: places are pixels alone`] : []),
  ];
  const common = { path, notes, cube, truth: classes && { labels: classes, classes: null }, ids: null };
  const { as, tileSize: askedSide, ...superpixels } = rows;
  if (as === "tiles") {
    const [, height, width] = cube.cube.shape as [number, number, number];
    const tileSize = askedSide ?? Math.min(TILE, height, width);
    const tiles = tilesWithin(path, cube.cube, of.data, tileSize);
    return { ...common, n: tiles.shape[0]!, raw: tiles, columns: null, isTable: false, reading: { tileSize } };
  }
  if (as === "cube") return { ...common, n: of.size, raw: cube.cube, columns: null, isTable: false };
  return { ...common, n: x.shape[0]!, raw: x, columns: names, isTable: true, reading: { as, slice, ...superpixels } };
}

/** The side of tiles where none is asked for, of fields that are no smaller. */
const TILE = 32;

/** Tiles of a side beside one another, the last ones as far as there is room, in which every pixel has data in every band. @throws where there is none */
function tilesWithin(
  path: string,
  { data, shape }: CubeData["cube"],
  of: Int32Array,
  side: number,
): NdArray<Float32Array> {
  const [bands, height, width] = shape as [number, number, number];
  if (side > Math.min(height, width))
    throw new Error(`--tile-size must be at most the shorter side of ${path}, ${height} x ${width}, got ${side}`);
  const begins = (whole: number): number[] =>
    Array.from({ length: Math.ceil(whole / side) }, (_, i) => Math.min(i * side, whole - side));
  const tiles: Float32Array[] = [];
  for (const top of begins(height))
    for (const left of begins(width)) {
      const tile = new Float32Array(bands * side * side);
      let isComplete = true;
      for (let row = 0; row < side; row++) {
        const from = (top + row) * width + left;
        isComplete &&= of.subarray(from, from + side).every((item) => item >= 0);
        for (let band = 0; band < bands; band++)
          tile.set(
            data.subarray(band * height * width + from, band * height * width + from + side),
            (band * side + row) * side,
          );
      }
      if (isComplete) tiles.push(tile);
    }
  if (tiles.length === 0)
    throw new Error(`${path} has no ${side} x ${side} pixels with data in every band; try a smaller --tile-size`);
  const all = new Float32Array(tiles.length * bands * side * side);
  tiles.forEach((tile, i) => all.set(tile, i * tile.length));
  return new NdArray(all, [tiles.length, bands, side, side]);
}

/** What is clustered of a cube: as is asked, as before, else its pixels. @throws for options that contradict each other */
function rowOptions(
  path: string,
  { as: given, superpixels, superpixelCompactness, tileSize }: DataOptions,
  earlier: Reading,
  cubes: CubesTaken,
): { readonly as: CubeAs } & Pick<Reading, "superpixels" | "superpixelCompactness" | "tileSize"> {
  const asked = Object.entries({ superpixels, superpixelCompactness }).find(([, value]) => value !== undefined)?.[0];
  if (tileSize !== undefined && cubes !== "tiles")
    throw new Error(
      `--tile-size is for methods that segment fields, this one takes ${cubes === "rows" ? "rows" : "cubes"}`,
    );
  if (cubes !== "rows") {
    const own = given === undefined ? asked : "as";
    if (own !== undefined)
      throw new Error(`--${kebab(own)} is for methods that take rows, this one takes ${path} as it is`);
    return cubes === "whole" ? { as: "cube" } : { as: "tiles", tileSize: tileSize ?? earlier.tileSize };
  }
  const as = given ?? (asked === undefined ? (earlier.as ?? "pixels") : "superpixels");
  if (as === "pixels") {
    if (asked !== undefined) throw new Error(`--${kebab(asked)} is for --as superpixels`);
    return { as };
  }
  return {
    as,
    superpixels: superpixels ?? earlier.superpixels,
    superpixelCompactness: superpixelCompactness ?? earlier.superpixelCompactness,
  };
}
