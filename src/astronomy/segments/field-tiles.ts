import { checkInteger } from "../../checks";
import type { NdArrayLike } from "../../matrix";
import { NdArray } from "../../ndarray";
import { inAllBands } from "../bands/source";
import { planesOf } from "../planes";

/** The side of tiles where none is asked for, of fields that are no smaller. */
const SIDE = 32;

/** Options of `fieldTiles`. */
export interface FieldTilesOptions {
  /** Their side in pixels. Default: 32, of smaller fields their shorter side. */
  readonly tileSize?: number | undefined;
}

/** A field as items: what a network of images learns of it. */
export interface FieldTiles {
  /** [n, bands, tileSize, tileSize] */
  readonly tiles: NdArray<Float32Array<ArrayBuffer>>;
  readonly tileSize: number;
}

/** Where tiles of a side begin: beside one another, the last as far as there is room. */
const beginnings = (whole: number, side: number): number[] =>
  Array.from({ length: Math.ceil(whole / side) }, (_, i) => Math.min(i * side, whole - side));

/**
 * The tiles of a field of the sky, [height, width] or [bands, height, width]: squares beside one another, the last of a row or column as far as there is room, row
 * by row; those with a pixel that lacks a number in some band are left out. @throws for tiles larger than the field, and where none is complete
 */
export function fieldTiles(field: NdArrayLike, options: FieldTilesOptions = {}): FieldTiles {
  const op = "fieldTiles";
  const { data, shape } = planesOf(field, op);
  const [bands, height, width] = shape;
  const shorter = Math.min(height, width);
  const { tileSize: side = Math.min(SIDE, shorter) } = options;
  checkInteger(op, { tileSize: side }, 1);
  if (side > shorter)
    throw new Error(`${op}: tileSize must be at most the shorter side of the field, ${height} x ${width}, got ${side}`);
  const has = inAllBands(data, bands);
  const places: number[] = [];
  for (const top of beginnings(height, side))
    for (const left of beginnings(width, side)) {
      const begin = top * width + left;
      let isComplete = true;
      for (let row = 0; row < side && isComplete; row++)
        isComplete = !has.subarray(begin + row * width, begin + row * width + side).includes(0);
      if (isComplete) places.push(begin);
    }
  if (places.length === 0)
    throw new Error(`${op}: no ${side} x ${side} pixels have data in every band; try a smaller tileSize`);
  const tiles = new Float32Array(places.length * bands * side * side);
  let to = 0;
  for (const begin of places)
    for (let band = 0; band < bands; band++)
      for (let row = 0; row < side; row++, to += side) {
        const from = band * height * width + begin + row * width;
        tiles.set(data.subarray(from, from + side), to);
      }
  return { tiles: new NdArray(tiles, [places.length, bands, side, side]), tileSize: side };
}
