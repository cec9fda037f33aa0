import { NdArray } from "../../ndarray";

/** A whole image as tiles that overlap, and the way back of masks of them. */
export interface Tiles {
  /** [n, channels, height, width] */
  readonly tiles: NdArray<Float32Array>;
  /** Masks [n, height, width], one after the other, to one [H, W], each pixel that of the tile whose middle is nearest. */
  join(masks: Uint8Array): NdArray<Uint8Array>;
}

/** Where tiles of a length begin, so that they overlap by half and the last ends at the end. */
function beginnings(whole: number, tile: number): number[] {
  const step = Math.max(1, Math.floor(tile / 2));
  const count = Math.ceil((whole - tile) / step) + 1;
  return Array.from({ length: count }, (_, i) => Math.min(i * step, whole - tile));
}

/** The beginning whose tile has its middle nearest to each place. */
function nearest(whole: number, tile: number, begins: readonly number[]): Uint32Array {
  return Uint32Array.from({ length: whole }, (_, at) => {
    let best = 0;
    begins.forEach((begin, i) => {
      const away = (of: number): number => Math.abs(of + (tile - 1) / 2 - at);
      if (away(begin) < away(begins[best]!)) best = i;
    });
    return best;
  });
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
  const size = height * width;
  const tiles = new Float32Array(tops.length * lefts.length * channels * size);
  let to = 0;
  for (const top of tops)
    for (const left of lefts)
      for (let band = 0; band < channels; band++)
        for (let row = 0; row < height; row++, to += width) {
          const from = (band * rows + top + row) * columns + left;
          tiles.set(image.data.subarray(from, from + width), to);
        }
  const [vertical, horizontal] = [nearest(rows, height, tops), nearest(columns, width, lefts)];
  return {
    tiles: new NdArray(tiles, [tops.length * lefts.length, channels, height, width]),
    join: (masks) => {
      const mask = new Uint8Array(rows * columns);
      for (let p = 0; p < mask.length; p++) {
        const [row, column] = [Math.floor(p / columns), p % columns];
        const [i, j] = [vertical[row]!, horizontal[column]!];
        mask[p] = masks[(i * lefts.length + j) * size + (row - tops[i]!) * width + column - lefts[j]!]!;
      }
      return new NdArray(mask, [rows, columns]);
    },
  };
}
