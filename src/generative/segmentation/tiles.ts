import { NdArray } from "../../ndarray";
import type { PreparationOptions } from "../preparation-options";
import { generate } from "../../typed-arrays";

/** A whole image [channels, H, W] as tiles that overlap by half, a row of them at a time. */
export interface Tiles {
  /** [H, W] */
  readonly size: readonly [height: number, width: number];
  /** Rows of tiles. */
  readonly rows: number;
  /** The tiles of a row from 0, [n, channels, height, width]; a pixel without a number is as the middle of its channel. */
  row(i: number): NdArray<Float32Array>;
  /** Puts what was found of the pixels of these, [n, height, width], where they lie in [H, W]: each pixel that of the tile whose middle is nearest, −1 where a channel has no number. */
  put(i: number, found: Int32Array, into: Int32Array): void;
}

/** Where tiles of a length begin, so that they overlap by half and the last ends at the end. */
function beginnings(whole: number, tile: number): number[] {
  const step = Math.max(1, Math.floor(tile / 2));
  const count = Math.ceil((whole - tile) / step) + 1;
  return Array.from({ length: count }, (_, i) => Math.min(i * step, whole - tile));
}

/** The beginning whose tile has its middle nearest to each place. */
function nearest(whole: number, tile: number, begins: readonly number[]): Uint32Array {
  return generate(Uint32Array, whole, (at) => {
    let best = 0;
    begins.forEach((begin, i) => {
      const away = (of: number): number => Math.abs(of + (tile - 1) / 2 - at);
      if (away(begin) < away(begins[best]!)) best = i;
    });
    return best;
  });
}

/** Numbers of a channel that its median is of, at most. */
const SAMPLED = 2 ** 16;

/** The median of the numbers of a channel; 0 where there are none. */
function middleOf(channel: Float32Array): number {
  const step = Math.max(1, Math.floor(channel.length / SAMPLED));
  const sorted = channel.filter((value, i) => i % step === 0 && Number.isFinite(value)).sort();
  return sorted.length > 0 ? sorted[sorted.length >> 1]! : 0;
}

/** The tiles of an image [channels, H, W]. @throws when it has other channels or is smaller than a tile */
export function tilesOf(op: string, image: NdArray<Float32Array>, shape: readonly number[]): Tiles {
  const [channels, height, width] = shape as [number, number, number];
  const [bands = 0, rows = 0, columns = 0] = image.shape;
  if (image.shape.length !== 3 || bands !== channels || rows < height || columns < width)
    throw new Error(
      `${op}: an image must be [${channels}, H, W] of at least ${height} x ${width}, got [${image.shape.join(", ")}]`,
    );
  const [tops, lefts] = [beginnings(rows, height), beginnings(columns, width)];
  const [size, pixels] = [height * width, rows * columns];
  const middles = Array.from({ length: bands }, (_, band) =>
    middleOf(image.data.subarray(band * pixels, (band + 1) * pixels)),
  );
  const isThere = (p: number): boolean => middles.every((_, band) => Number.isFinite(image.data[band * pixels + p]!));
  const [vertical, horizontal] = [nearest(rows, height, tops), nearest(columns, width, lefts)];
  return {
    size: [rows, columns],
    rows: tops.length,
    row: (i) => {
      const tiles = new Float32Array(lefts.length * channels * size);
      let to = 0;
      for (const left of lefts)
        for (const [band, middle] of middles.entries())
          for (let row = 0; row < height; row++) {
            const from = (band * rows + tops[i]! + row) * columns + left;
            for (let p = from; p < from + width; p++, to++) {
              const value = image.data[p]!;
              tiles[to] = Number.isFinite(value) ? value : middle;
            }
          }
      return new NdArray(tiles, [lefts.length, channels, height, width]);
    },
    put: (i, found, into) => {
      for (let row = tops[i]!; row < tops[i]! + height; row++) {
        if (vertical[row] !== i) continue;
        for (let column = 0; column < columns; column++) {
          const j = horizontal[column]!;
          const p = row * columns + column;
          into[p] = isThere(p) ? found[j * size + (row - tops[i]!) * width + column - lefts[j]!]! : -1;
        }
      }
    },
  };
}

/** @throws for a preparation that is of single stamps */
export function checkWhole(op: string, preparation: PreparationOptions = {}): void {
  const { crop, normalize = "none", center = false, neighbours = "keep" } = preparation;
  if (crop !== undefined || normalize !== "none" || center || neighbours !== "keep")
    throw new Error(`${op}: a whole image is prepared by its values alone, got a preparation with crop, normalize, center or neighbours`); // prettier-ignore
}
