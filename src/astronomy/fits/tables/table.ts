import type { RandomAccess } from "../../../data/formats/source";
import type { TextArray } from "../../../data/formats/npy/npy";
import { NdArray, type TypedArray } from "../../../ndarray";
import { fromBigEndian } from "../bytes";
import type { ColumnType, FitsColumn } from "./columns";
import type { Hdu } from "../hdu";
import type { FitsHeader } from "../header/header";
import { TableBytes, viewOf } from "./heap";
import { generate, mapTo } from "../../../typed-arrays";

/** Array types of the numbers of columns; a complex number is two of them. */
const NUMBERS = {
  B: Uint8Array,
  I: Int16Array,
  J: Int32Array,
  K: BigInt64Array,
  E: Float32Array,
  D: Float64Array,
  C: Float32Array,
  M: Float64Array,
} as const;

/** What stands for neither true nor false in a column of logicals. */
const UNDEFINED_LOGICAL = 255;

const isUnscaled = ({ scale, zero }: FitsColumn): boolean => scale === 1 && Number(zero) === 0;

/** Logicals, bits or numbers of a type, from bytes of their own. */
function decode(bytes: Uint8Array, type: ColumnType, count: number): TypedArray {
  if (type === "L") return bytes.map((byte) => (byte === 0x54 ? 1 : byte === 0x46 ? 0 : UNDEFINED_LOGICAL));
  if (type === "X") return generate(Uint8Array, count, (i) => (bytes[i >> 3]! >> (7 - (i & 7))) & 1);
  const Type = NUMBERS[type as keyof typeof NUMBERS];
  if (!Type) throw new Error(`fits: columns of type ${type} are not numbers`);
  return fromBigEndian<TypedArray>(bytes, Type as never);
}

/** A string up to its first zero byte, without trailing blanks. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end))).trimEnd();
}

/** Integers with an offset of half their range, in the type that holds them; undefined for any other scaling. */
function unsigned(values: TypedArray, { scale, zero }: FitsColumn): TypedArray | undefined {
  if (scale !== 1) return undefined;
  if (values instanceof Int16Array && zero === 32768) return mapTo(Uint16Array, values, (v) => v + 32768);
  if (values instanceof Int32Array && zero === 2147483648) return mapTo(Uint32Array, values, (v) => v + 2147483648);
  if (values instanceof Uint8Array && zero === -128) return mapTo(Int8Array, values, (v) => v - 128);
  if (values instanceof BigInt64Array && BigInt(zero) === 1n << 63n)
    return mapTo(BigUint64Array, values, (v) => v + (1n << 63n));
  return undefined;
}

/** A binary table of a FITS file. Columns and rows are read as they are asked for. */
export class FitsTable {
  readonly header: FitsHeader;
  /** EXTNAME, "" where there is none. */
  readonly name: string;
  readonly columns: readonly FitsColumn[];
  /** Number of rows. */
  readonly length: number;
  readonly #bytes: TableBytes;

  /** @hidden */
  constructor(access: RandomAccess, hdu: Hdu) {
    this.#bytes = new TableBytes(access, hdu);
    this.header = hdu.header;
    this.name = hdu.name;
    this.columns = this.#bytes.columns;
    this.length = this.#bytes.rows;
  }

  /**
   * A column's rows [begin, end), of shape [rows, …] by the column's: numbers in their own type, complex ones as pairs on a last axis, logicals as 1, 0
   * and 255 for undefined, bits as 0 and 1, strings without trailing blanks. Unsigned integers and signed bytes have their type; other columns with TSCAL
   * or TZERO become float64, scale · stored + zero, with NaN for TNULL.
   * @throws `fits: …` for a column that is not there, arrays of any length (see `arrays`), rows outside, and where the file is cut
   */
  async read(name: string, begin = 0, end = this.length): Promise<NdArray<TypedArray> | TextArray> {
    const column = this.#column(name);
    if (column.heapType)
      throw new Error(`fits: column ${column.name} holds arrays of any length, read them with arrays()`);
    const packed = await this.#packed(column, begin, end);
    const rows = end - begin;
    if (column.type === "A") return this.#texts(column, packed, rows);
    const pair = column.type === "C" || column.type === "M" ? [2] : [];
    const shape = [rows, ...column.shape, ...pair];
    const values =
      column.type === "X" ? this.#bits(packed, column, rows) : decode(packed, column.type, rows * column.repeat);
    return new NdArray(this.#scaled(values, column), shape);
  }

  /** The same as float64, TNULL as NaN. @throws as `read`, and for strings */
  async numbers(name: string, begin = 0, end = this.length): Promise<NdArray<Float64Array>> {
    const column = this.#column(name);
    const read = await this.read(name, begin, end);
    if (column.type === "A" || typeof read.data[0] === "string")
      throw new Error(`fits: column ${column.name} holds strings, not numbers`);
    const values = mapTo(Float64Array, read.data as ArrayLike<number | bigint>, Number);
    const missing = column.null === undefined || !isUnscaled(column) ? undefined : Number(column.null);
    if (missing !== undefined) values.forEach((value, i) => value === missing && (values[i] = NaN));
    return new NdArray(values, read.shape);
  }

  /** Arrays of any length (formats P and Q), one a row. Throws as `read`. */
  async arrays(name: string, begin = 0, end = this.length): Promise<(TypedArray | string)[]> {
    const column = this.#column(name);
    if (!column.heapType) throw new Error(`fits: column ${column.name} holds ${column.format}, read it with read()`);
    this.#checkRows(begin, end);
    const rows = viewOf(await this.#bytes.readRows(begin, end));
    const found: (TypedArray | string)[] = [];
    for (let row = 0; row < end - begin; row++) {
      const { count, at } = this.#bytes.place(column, rows, row);
      const width = { X: 1 / 8, I: 2, J: 4, K: 8, E: 4, D: 8, C: 8, M: 16 }[column.heapType as string] ?? 1;
      const bytes = await this.#bytes.readHeap(at, at + Math.ceil(count * width));
      found.push(column.heapType === "A" ? text(bytes) : this.#scaled(decode(bytes, column.heapType, count), column));
    }
    return found;
  }

  #column(name: string): FitsColumn {
    const column = this.#bytes.find(name);
    if (column) return column;
    throw new Error(`fits: there is no column ${name}, there are ${this.columns.map((c) => c.name).join(", ")}`);
  }

  #checkRows(begin: number, end: number): void {
    if (!Number.isInteger(begin) || !Number.isInteger(end) || begin < 0 || begin > end || end > this.length)
      throw new Error(`fits: rows must be from 0 to ${this.length}, got ${begin} to ${end}`);
  }

  /** A column's bytes one row after another. */
  async #packed(column: FitsColumn, begin: number, end: number): Promise<Uint8Array> {
    this.#checkRows(begin, end);
    const rows = await this.#bytes.readRows(begin, end);
    const { rowBytes } = this.#bytes;
    const packed = new Uint8Array((end - begin) * column.bytes);
    for (let row = 0; row < end - begin; row++) {
      const from = row * rowBytes + column.offset;
      packed.set(rows.subarray(from, from + column.bytes), row * column.bytes);
    }
    return packed;
  }

  #texts({ shape, repeat }: FitsColumn, packed: Uint8Array, rows: number): TextArray {
    // the fastest of several axes is the length of a string
    const length = shape.length > 1 ? shape.at(-1)! : repeat;
    const outer = shape.slice(0, -1);
    const count = outer.reduce((size, n) => size * n, rows);
    const data = Array.from({ length: count }, (_, i) => text(packed.subarray(i * length, (i + 1) * length)));
    return { data, shape: [rows, ...outer] } as TextArray;
  }

  /** Bits row by row, since each row begins at a whole byte. */
  #bits(packed: Uint8Array, { bytes, repeat }: FitsColumn, rows: number): Uint8Array {
    const out = new Uint8Array(rows * repeat);
    for (let row = 0; row < rows; row++)
      out.set(decode(packed.subarray(row * bytes, (row + 1) * bytes), "X", repeat) as Uint8Array, row * repeat);
    return out;
  }

  #scaled(values: TypedArray, column: FitsColumn): TypedArray {
    if (isUnscaled(column) || column.type === "L" || column.type === "X") return values;
    const found = unsigned(values, column);
    if (found) return found;
    const { scale, zero, null: missing } = column;
    return mapTo(Float64Array, values as ArrayLike<number | bigint>, (stored) =>
      missing !== undefined && Number(stored) === Number(missing) ? NaN : Number(stored) * scale + Number(zero),
    );
  }
}
