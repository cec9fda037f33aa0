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
  /** The row of each pixel, [height, width]; −1 where some band has no data. Made when it is first asked for, and held from then on. */
  readonly of: NdArray<Int32Array<ArrayBuffer>>;
}

/**
 * The pixels of a cube that have data in every band, as rows [n, bands] that are read from it strip by strip, as from a FITS file larger than memory: what
 * `pixelItems` makes of one in memory. It is read once for the places without data; a bit a pixel is held.
 * @throws where no pixel has data in every band, and what reading throws
 */
export async function pixelRows(cube: BandsLike, { memory }: PixelRowsOptions = {}): Promise<PixelRows> {
  const source = bandsOf(cube, "pixelRows");
  const { bands, height, width } = source;
  /** A bit of each pixel, set where every band has data, and of each word of them the rows before it. */
  const bits = new Uint32Array(Math.ceil((height * width) / 32));
  const before = new Uint32Array(bits.length);
  const has = (pixel: number): number => (bits[pixel >>> 5]! >>> (pixel & 31)) & 1;
  let n = 0;
  for (const [begin, end] of stripsOf(source)) {
    const complete = inAllBands(await source.rows(begin, end), bands);
    for (let i = 0, pixel = begin * width; i < complete.length; i++, pixel++) {
      if ((pixel & 31) === 0) before[pixel >>> 5] = n;
      if (complete[i] === 0) continue;
      bits[pixel >>> 5]! |= 1 << (pixel & 31);
      n++;
    }
  }
  if (n === 0) throw new Error("pixelRows: no pixel has data in every band");
  /** Where the rows [begin, end) are, pixels ascending. */
  const placesOf = (begin: number, end: number): Uint32Array => {
    let [word, above] = [0, before.length];
    while (above - word > 1) {
      const middle = (word + above) >> 1;
      if (before[middle]! <= begin) word = middle;
      else above = middle;
    }
    const places = new Uint32Array(end - begin);
    let [pixel, row] = [32 * word, before[word]!];
    for (; row < begin; pixel++) row += has(pixel);
    for (; row < end; pixel++) if (has(pixel) === 1) places[row++ - begin] = pixel;
    return places;
  };
  let rowOf: NdArray<Int32Array<ArrayBuffer>> | undefined;
  const numbered = (): NdArray<Int32Array<ArrayBuffer>> => {
    let row = 0;
    return new NdArray(
      generate(Int32Array, height * width, (pixel) => (has(pixel) === 1 ? row++ : -1)),
      [height, width],
    );
  };
  return {
    ...{ length: n, rowShape: [bands], ...(memory !== undefined && { memory }) },
    get of() {
      return (rowOf ??= numbered());
    },
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
