import { contiguous, LARGE, largestSize, SMALL } from "../matrix";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import type { Cooperative } from "../event-loop";
import { generate, mapTo } from "../typed-arrays";

/** A matrix in the data's own units: float32, or float64 where float32 cannot hold it. */
export type Matrix = NdArray<Float32Array | Float64Array>;

/** A column is centred when the numbers in it differ by less than this part of their size. */
const APART = 1 / 256;
/** Sizes between which squares and their sums stay far from the ends of float64. */
const [LEAST, MOST] = [1e-100, 1e100];
/** Elements, or rows of a few, that are looked at in a piece of work. */
const PIECE = 2 ** 14;
/** Rows that are looked at first, to tell in which columns numbers differ. */
const SAMPLE = 64;

/**
 * How points are given to a device that computes in float32: as (x − shift) / scale, taken in float64. Columns far from 0 (times,
 * places on a map) are shifted to their mean, and all of it is scaled by a power of two where squares would leave float32; most
 * data need neither, and are not touched.
 */
export class Frame {
  /** Of each column; undefined where none is needed. */
  readonly shift: Float64Array | undefined;
  readonly scale: number;

  constructor(shift: Float64Array | undefined, scale: number) {
    [this.shift, this.scale] = [shift, scale];
  }

  /** Whether points are given as they are. */
  get plain(): boolean {
    return !this.shift && this.scale === 1;
  }

  /** Rows in the data's units as the device has them. */
  into(values: ArrayLike<number>): Float32Array {
    const { shift, scale } = this;
    if (values instanceof Float32Array && this.plain) return values;
    const d = shift?.length ?? 1;
    return generate(Float32Array, values.length, (i) => (values[i]! - (shift?.[i % d] ?? 0)) / scale);
  }

  /** The same of many rows. */
  points(rows: Float32Array): Float32Array {
    const { shift, scale } = this;
    if (this.plain) return rows;
    const d = shift?.length ?? 1;
    const out = new Float32Array(rows.length);
    for (let i = 0, column = 0; i < rows.length; i++) {
      out[i] = (rows[i]! - (shift ? shift[column]! : 0)) / scale;
      if (++column === d) column = 0;
    }
    return out;
  }

  /** Rows of the device in the data's units. */
  back(values: Float32Array, shape: readonly number[]): Matrix {
    const { shift, scale } = this;
    if (this.plain) return new NdArray<Float32Array | Float64Array>(values, shape);
    const d = shift?.length ?? 1;
    const exact = mapTo(Float64Array, values, (v, i) => v * scale + (shift?.[i % d] ?? 0));
    const fits = exact.every((v) => v === 0 || (Math.abs(v) > 1e-37 && Math.abs(v) < 3e38));
    return new NdArray<Float32Array | Float64Array>(shift || !fits ? exact : Float32Array.from(exact), shape);
  }
}

/** The power of two by which numbers of that size are divided. @throws beyond what float64 has the squares of */
export function scaleFor(largest: number, op: string, name = "x"): number {
  if (largest === 0 || (largest >= SMALL && largest <= LARGE)) return 1;
  if (!(largest >= LEAST && largest <= MOST))
    throw new Error(`${op}: the largest of ${name} must be between ${LEAST} and ${MOST} in size, got ${largest}`);
  return 2 ** Math.round(Math.log2(largest));
}

/** Whether a column of numbers from `low` to `high` is shifted to its mean: where they differ little for their size, and are not all one float32. */
function isFar(low: number, high: number): boolean {
  const size = Math.max(Math.abs(low), Math.abs(high));
  return high - low < APART * size && !(low === high && Math.fround(low) === low);
}

/** The frame of columns by the least, the greatest and the mean of each. */
export function frameOf(low: Float64Array, high: Float64Array, mean: Float64Array, op: string): Frame {
  const shift = mean.map((value, c) => (isFar(low[c]!, high[c]!) ? value : 0));
  const largest = shift.reduce((most, s, c) => Math.max(most, Math.abs(low[c]! - s), Math.abs(high[c]! - s)), 0);
  return new Frame(low.some((value, c) => isFar(value, high[c]!)) ? shift : undefined, scaleFor(largest, op));
}

/** Points as a device is given them. */
export interface Framed {
  readonly frame: Frame;
  /** [n, d]; shares memory with x where it is float32 already and needs no frame. */
  readonly points: NdArray<Float32Array>;
}

/**
 * Points x [n, d] in the frame that they need, or shifted as given (`null`: not at all).
 * @throws for ragged rows, another rank, and a value that is NaN or infinite, naming the first one's place
 */
export function* framed(x: MatrixLike, op: string, given?: Float64Array | null): Cooperative<Framed> {
  const { data: source, shape } = yield* contiguous(x, op, "x", true);
  const [n = 0, d = 0] = shape;
  const data = numbers(source);
  const size = n * d;
  if (size === 0) return { frame: new Frame(undefined, 1), points: new NdArray(new Float32Array(0), shape) };
  const shift = given === undefined ? yield* neededShift(data, n, d) : (given ?? undefined);
  const largest = yield* sizeOfLargest(data, d, shift, op);
  const frame = new Frame(shift, scaleFor(largest, op));
  if (frame.plain && data instanceof Float32Array) return { frame, points: new NdArray(data, shape) };
  const points = new Float32Array(size);
  for (let i = 0, column = 0; i < size; i++) {
    points[i] = (data[i]! - (shift ? shift[column]! : 0)) / frame.scale;
    if (++column === d) column = 0;
    if (i % PIECE === 0) yield;
  }
  return { frame, points: new NdArray(points, shape) };
}

/** Numbers of any type; 64-bit integers become float64. */
function numbers(data: TypedArray): Exclude<TypedArray, BigInt64Array | BigUint64Array> {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return mapTo(Float64Array, data, Number);
  return data;
}

/** The least and largest number of each column so far. */
interface Extent {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Takes in what row i of d numbers has in some columns. A loop of its own: engines are slow in generators. */
function widen({ low, high }: Extent, data: ArrayLike<number>, i: number, d: number, columns: Uint32Array): void {
  for (let k = 0; k < columns.length; k++) {
    const c = columns[k]!;
    const v = data[i * d + c]!;
    if (v < low[c]!) low[c] = v;
    if (v > high[c]!) high[c] = v;
  }
}

/** The means of the columns that are far from 0 for how little they vary, 0 for others; undefined where there is no such column. */
function* neededShift(data: ArrayLike<number>, n: number, d: number): Cooperative<Float64Array | undefined> {
  const [low, high] = [new Float64Array(d), new Float64Array(d)];
  let open = new Uint32Array(d);
  for (let c = 0; c < d; c++) {
    low[c] = high[c] = data[c]!;
    open[c] = c;
  }
  const extent = { low, high };
  const step = Math.ceil(n / SAMPLE);
  for (let i = 0, seen = 0; i < n; i += step) {
    widen(extent, data, i, d, open);
    // where a few rows differ by enough all of them do: a number that is larger by its size adds as much to the range
    if (((++seen & (seen - 1)) === 0 && seen > 1) || i + step >= n)
      open = open.filter((c) => APART * Math.abs(data[c]!) > high[c]! - low[c]!);
    if (open.length === 0) return undefined;
    yield;
  }
  for (let i = 0; i < n; i++) {
    widen(extent, data, i, d, open);
    if ((i * open.length) % PIECE < open.length) yield;
  }
  open = open.filter((c) => isFar(low[c]!, high[c]!));
  if (open.length === 0) return undefined;
  const shift = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    for (const c of open) shift[c]! += (data[i * d + c]! - low[c]!) / n;
    if ((i * open.length) % PIECE < open.length) yield;
  }
  for (const c of open) shift[c]! += low[c]!;
  return shift;
}

/** The size of the largest of some elements less their columns' shifts; NaN where one is not finite. */
function largestOf(
  data: ArrayLike<number>,
  d: number,
  shift: Float64Array | undefined,
  begin: number,
  end: number,
): number {
  let largest = 0;
  for (let i = begin, column = begin % d; i < end; i++) {
    const v = Math.abs(shift ? data[i]! - shift[column]! : data[i]!);
    if (!(v <= largest)) {
      if (v - v !== 0) return NaN;
      largest = v;
    }
    if (++column === d) column = 0;
  }
  return largest;
}

/**
 * The size of the largest x − shift.
 * @throws when a number is NaN or infinite
 */
function* sizeOfLargest(
  data: ArrayLike<number>,
  d: number,
  shift: Float64Array | undefined,
  op: string,
): Cooperative<number> {
  let largest = 0;
  const plain = !shift && data instanceof Float32Array;
  const bits = plain ? new Int32Array(data.buffer, data.byteOffset, data.length) : undefined;
  for (let begin = 0; begin < data.length; begin += PIECE) {
    const end = Math.min(data.length, begin + PIECE);
    const own = bits ? largestSize(bits, begin, end) : largestOf(data, d, shift, begin, end);
    if (!(own < Infinity)) {
      for (let i = begin; i < end; i++)
        if (data[i]! - data[i]! !== 0)
          throw new Error(`${op}: x must be finite, got ${data[i]} at row ${Math.floor(i / d)}, column ${i % d}`);
      return Infinity; // of a difference that float64 does not hold
    }
    largest = Math.max(largest, own);
    yield;
  }
  return largest;
}
