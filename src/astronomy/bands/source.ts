import { NdArray, type TypedArray } from "../../ndarray";
import { FitsImage, type Region } from "../fits";
import { mapTo } from "../../typed-arrays";

/**
 * Bands of one size that are read in strips of rows: what the steps of a preparation take from one another, so that no step needs all of a mosaic in
 * memory. Values are float32, NaN where a band has none.
 */
export interface BandSource {
  readonly bands: number;
  readonly height: number;
  readonly width: number;
  /** Rows [begin, end) of all bands, [bands, end − begin, width]. */
  rows(begin: number, end: number): Promise<Float32Array>;
}

/** What stands for bands: a source, an image or cube of a FITS file, or an array [height, width] or [bands, height, width]. */
export type BandsLike = BandSource | FitsImage | { readonly data: TypedArray; readonly shape: readonly number[] };

const isSource = (x: BandsLike): x is BandSource => "rows" in x && "bands" in x;

/** Sizes of an image or cube as bands. @throws for a spectrum, and for more than three axes */
function sizesOf(shape: readonly number[], op: string): [bands: number, height: number, width: number] {
  // leading axes of one element say nothing
  const kept = [...shape];
  while (kept.length > 3 && kept[0] === 1) kept.shift();
  if (kept.length === 2) return [1, kept[0]!, kept[1]!];
  if (kept.length === 3) return [kept[0]!, kept[1]!, kept[2]!];
  const what = kept.length < 2 ? "a spectrum is no image" : "an image has two axes, a cube three";
  throw new Error(`${op}: ${what}, got the shape [${shape.join(", ")}]`);
}

/** @throws unless rows lie within a source */
export function checkRows(begin: number, end: number, height: number): void {
  if (!Number.isInteger(begin) || !Number.isInteger(end) || begin < 0 || begin > end || end > height)
    throw new Error(`bands: rows must be from 0 to ${height}, got ${begin} to ${end}`);
}

/** Rows [begin, end) of all bands of an image or cube of a shape, or of one of them. */
export function rowsRegion(shape: readonly number[], begin: number, end: number, band?: number): Region {
  const [bands, , width] = sizesOf(shape, "bands");
  const [from, to] = band === undefined ? [0, bands] : [band, band + 1];
  const lead = shape.slice(0, Math.max(0, shape.length - 3)).map(() => 0);
  const isCube = shape.length > 2;
  return {
    start: [...lead, ...(isCube ? [from] : []), begin, 0],
    stop: [...lead.map(() => 1), ...(isCube ? [to] : []), end, width],
  };
}

/** One band of an image or cube of a file as a source. @throws for one that it lacks */
export function bandOf(image: FitsImage, band: number, op = "bands"): BandSource {
  const { bands, height, width } = bandsOf(image, op);
  if (!(Number.isInteger(band) && band >= 0 && band < bands))
    throw new Error(`${op}: band must be from 0 to ${bands - 1}, got ${band}`);
  const rows = async (begin: number, end: number): Promise<Float32Array> =>
    (await image.read({ region: rowsRegion(image.shape, begin, end, band), type: "float32" })).data;
  return { bands: 1, height, width, rows };
}

/** Bands of a file or an array as a source. @throws `op: …` for a spectrum, a cube of four axes, and no pixels */
export function bandsOf(x: BandsLike, op = "bands"): BandSource {
  if (isSource(x)) return x;
  const [bands, height, width] = sizesOf(x.shape, op);
  if (bands * height * width === 0)
    throw new Error(`${op}: there are no pixels, got the shape [${x.shape.join(", ")}]`);
  if (x instanceof FitsImage) {
    const rows = async (begin: number, end: number): Promise<Float32Array> =>
      (await x.read({ region: rowsRegion(x.shape, begin, end), type: "float32" })).data;
    return { bands, height, width, rows };
  }
  const { data } = x instanceof NdArray ? contiguous(x) : x;
  return {
    ...{ bands, height, width },
    rows: async (begin, end) => {
      checkRows(begin, end, height);
      const out = new Float32Array(bands * (end - begin) * width);
      for (let band = 0; band < bands; band++) {
        const from = (band * height + begin) * width;
        const part = data.subarray(from, from + (end - begin) * width);
        const to = band * (end - begin) * width;
        if (part instanceof BigInt64Array || part instanceof BigUint64Array)
          out.set(mapTo(Float64Array, part, Number), to);
        else out.set(part, to);
      }
      return out;
    },
  };
}

/** Elements in row-major order. */
function contiguous(x: NdArray<TypedArray>): { readonly data: TypedArray } {
  let step = 1;
  let isDense = x.offset === 0 && x.data.length === x.size;
  for (let axis = x.shape.length - 1; axis >= 0; step *= x.shape[axis]!, axis--)
    isDense &&= x.shape[axis] === 1 || x.stride[axis] === step;
  if (isDense) return x;
  const out = new Float64Array(x.size);
  for (let i = 0; i < out.length; i++) {
    let at = x.offset;
    for (let axis = x.shape.length - 1, rest = i; axis >= 0; axis--) {
      at += (rest % x.shape[axis]!) * x.stride[axis]!;
      rest = Math.floor(rest / x.shape[axis]!);
    }
    out[i] = Number(x.data[at]!);
  }
  return { data: out };
}

/** Rows of a strip, so that all bands of it have at most some million values. */
export const stripRows = ({ bands, width }: BandSource, values = 2 ** 22): number =>
  Math.max(1, Math.floor(values / (bands * width)));

/** The strips of a source, from the top. */
export function* stripsOf(
  source: BandSource,
  rows = stripRows(source),
): Generator<readonly [begin: number, end: number]> {
  for (let begin = 0; begin < source.height; begin += rows) yield [begin, Math.min(begin + rows, source.height)];
}

/** All of a source, [bands, height, width]. */
export async function readBands(source: BandsLike): Promise<NdArray<Float32Array>> {
  const bands = bandsOf(source);
  const { height, width } = bands;
  const out = new Float32Array(bands.bands * height * width);
  for (const [begin, end] of stripsOf(bands)) {
    const rows = await bands.rows(begin, end);
    const size = (end - begin) * width;
    for (let band = 0; band < bands.bands; band++)
      out.set(rows.subarray(band * size, (band + 1) * size), (band * height + begin) * width);
  }
  return new NdArray(out, [bands.bands, height, width]);
}

/** Several bands, or cubes, as one cube. @throws unless all have the same height and width */
export function stack(parts: readonly BandsLike[]): BandSource {
  const sources = parts.map((part) => bandsOf(part, "stack"));
  const [first] = sources;
  if (!first) throw new Error("stack: there must be at least one band");
  const other = sources.find(({ height, width }) => height !== first.height || width !== first.width);
  if (other)
    throw new Error(
      `stack: bands must have one size, got [${first.height}, ${first.width}] and [${other.height}, ${other.width}]; reproject them onto one grid`,
    );
  const { height, width } = first;
  const bands = sources.reduce((count, source) => count + source.bands, 0);
  return {
    ...{ bands, height, width },
    rows: async (begin, end) => {
      const out = new Float32Array(bands * (end - begin) * width);
      let at = 0;
      for (const source of sources) {
        const rows = await source.rows(begin, end);
        out.set(rows, at);
        at += rows.length;
      }
      return out;
    },
  };
}

/** A part of an image: where it begins, and its size in pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A part of every band. @throws unless it lies within them */
export function cropped(source: BandsLike, { x, y, width, height }: Box): BandSource {
  const from = bandsOf(source, "cropped");
  const integral = [x, y, width, height].every(Number.isInteger);
  if (!integral || x < 0 || y < 0 || width < 1 || height < 1 || x + width > from.width || y + height > from.height)
    throw new Error(
      `cropped: a part must lie within [${from.height}, ${from.width}], got ${width} x ${height} at ${x}, ${y}`,
    );
  return {
    ...{ bands: from.bands, height, width },
    rows: async (begin, end) => {
      checkRows(begin, end, height);
      const rows = await from.rows(y + begin, y + end);
      const out = new Float32Array(from.bands * (end - begin) * width);
      for (let row = 0; row < from.bands * (end - begin); row++)
        out.set(rows.subarray(row * from.width + x, row * from.width + x + width), row * width);
      return out;
    },
  };
}

/** Whether a pixel has a number in every band, row by row. */
export function inAllBands(rows: Float32Array, bands: number): Uint8Array {
  const size = rows.length / bands;
  const has = new Uint8Array(size).fill(1);
  for (let at = 0; at < rows.length;)
    for (let i = 0; i < size; i++, at++) if (!(rows[at]! - rows[at]! === 0)) has[i] = 0;
  return has;
}

/** Grows a box by the pixels of a strip that have data in every band. */
export class CommonBox {
  readonly #width: number;
  #left = Infinity;
  #right = -1;
  #top = -1;
  #bottom = Infinity;
  /** Pixels with data in every band. */
  count = 0;

  constructor(width: number) {
    this.#width = width;
  }

  /** Takes in rows of all bands that begin at row `begin`. */
  add(rows: Float32Array, bands: number, begin: number): void {
    const has = inAllBands(rows, bands);
    for (let i = 0; i < has.length; i++) {
      if (!has[i]) continue;
      const x = i % this.#width;
      const y = begin + Math.floor(i / this.#width);
      this.count++;
      this.#left = Math.min(this.#left, x);
      this.#right = Math.max(this.#right, x);
      this.#bottom = Math.min(this.#bottom, y);
      this.#top = Math.max(this.#top, y);
    }
  }

  /** The smallest box of all these pixels; undefined where there are none. */
  get box(): Box | undefined {
    if (this.count === 0) return undefined;
    const [x, y] = [this.#left, this.#bottom];
    return { x, y, width: this.#right - x + 1, height: this.#top - y + 1 };
  }
}
