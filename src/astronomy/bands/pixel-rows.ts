import type { RowSource } from "../../data/datasets/row-source";
import { NdArray } from "../../ndarray";
import { bandsOf, inAllBands, stripRows, stripsOf } from "./source";
import type { BandsLike, BandSource } from "./source";
import { generate } from "../../typed-arrays";

/** Options of `pixelRows`. */
export interface PixelRowsOptions {
  /** Bytes that a method may hold of the rows at a time; default 256 MiB. */
  readonly memory?: number | undefined;
}

/** Pixels of bands as rows that are read when they are needed. */
export interface PixelRows extends RowSource {
  /** The row of each pixel, [height, width]; −1 where some band has no data. */
  readonly of: NdArray<Int32Array<ArrayBuffer>>;
}

/**
 * The pixels of a cube that have data in every band, as rows [n, bands] that are read from it strip by strip, as from a FITS file larger than memory: what
 * `pixelItems` makes of one in memory. It is read once for the places without data; a number a pixel is held.
 * @throws where no pixel has data in every band, and what reading throws
 */
export async function pixelRows(cube: BandsLike, { memory }: PixelRowsOptions = {}): Promise<PixelRows> {
  const source = bandsOf(cube, "pixelRows");
  const { bands, height, width } = source;
  const of = new Int32Array(height * width).fill(-1);
  /** Rows above each line of the image. */
  const above = new Uint32Array(height + 1);
  let n = 0;
  for (const [begin, end] of stripsOf(source)) {
    const has = inAllBands(await source.rows(begin, end), bands);
    for (let y = begin, i = 0; y < end; y++) {
      for (let pixel = y * width; pixel < (y + 1) * width; pixel++) if (has[i++]) of[pixel] = n++;
      above[y + 1] = n;
    }
  }
  if (n === 0) throw new Error("pixelRows: no pixel has data in every band");
  /** Where the rows [begin, end) are, pixels ascending. */
  const placesOf = (begin: number, end: number): Uint32Array => {
    let [line, below] = [0, height];
    while (below - line > 1) {
      const middle = (line + below) >> 1;
      if (above[middle]! <= begin) line = middle;
      else below = middle;
    }
    const places = new Uint32Array(end - begin);
    // as many pixels of the line are before it as rows, or more
    for (let pixel = line * width + begin - above[line]!, row = begin; row < end; pixel++)
      if (of[pixel] === row) places[row++ - begin] = pixel;
    return places;
  };
  return {
    ...{ length: n, rowShape: [bands], of: new NdArray(of, [height, width]), ...(memory !== undefined && { memory }) },
    range: async (begin, end, into) => {
      if (!(Number.isInteger(begin) && Number.isInteger(end) && begin >= 0 && begin <= end && end <= n))
        throw new Error(`pixelRows: rows must be within 0 and ${n}, got ${begin} to ${end}`);
      const out = into?.subarray(0, (end - begin) * bands) ?? new Float32Array((end - begin) * bands);
      await gather(source, placesOf(begin, end), (i) => i, out);
      return out;
    },
    rows: async (index) => {
      const order = generate(Uint32Array, index.length, (i) => i).sort((a, b) => index[a]! - index[b]!);
      const bad = Array.prototype.find.call(index, (row: number) => !(Number.isInteger(row) && row >= 0 && row < n));
      if (bad !== undefined) throw new Error(`pixelRows: rows must be whole numbers from 0 to ${n - 1}, got ${bad}`);
      const out = new Float32Array(index.length * bands);
      const wanted = order.map((place) => placesOf(index[place]!, index[place]! + 1)[0]!);
      await gather(source, wanted, (i) => order[i]!, out);
      return out;
    },
  };
}

/** Reads pixels, ascending, in strips of rows that hold some of them; `placeOf` says where each goes. */
async function gather(
  source: BandSource,
  pixels: Uint32Array,
  placeOf: (i: number) => number,
  out: Float32Array,
): Promise<void> {
  const { bands, height, width } = source;
  const most = stripRows(source);
  for (let i = 0; i < pixels.length;) {
    const begin = Math.floor(pixels[i]! / width);
    // as far as the next pixel is in the row that follows, or the same
    let stop = i;
    let end = begin + 1;
    for (; stop < pixels.length; stop++) {
      const row = Math.floor(pixels[stop]! / width);
      if (row > end || row >= begin + most) break;
      end = Math.max(end, Math.min(row + 1, height));
    }
    const strip = await source.rows(begin, end);
    const size = (end - begin) * width;
    for (; i < stop; i++) {
      const at = pixels[i]! - begin * width;
      for (let band = 0, to = placeOf(i) * bands; band < bands; band++) out[to++] = strip[band * size + at]!;
    }
  }
}
