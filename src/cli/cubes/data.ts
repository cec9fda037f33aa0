import { fieldTiles, type FieldTiles } from "../../astronomy";
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
    const { tiles, tileSize } = tilesOf(path, cube, askedSide);
    return { ...common, n: tiles.shape[0]!, raw: tiles, columns: null, isTable: false, reading: { tileSize } };
  }
  if (as === "cube") return { ...common, n: of.size, raw: cube.cube, columns: null, isTable: false };
  return { ...common, n: x.shape[0]!, raw: x, columns: names, isTable: true, reading: { as, slice, ...superpixels } };
}

/** The tiles of a field. @throws one line that names the file */
function tilesOf(path: string, { cube }: CubeData, tileSize: number | undefined): FieldTiles {
  try {
    return fieldTiles(cube, { tileSize });
  } catch (error) {
    const rule = (error as Error).message.replace(/^\w+: /, "").replace("tileSize", "--tile-size");
    throw new Error(`${path}: ${rule}`, { cause: error });
  }
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
