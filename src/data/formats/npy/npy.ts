import { toContiguous, type MatrixLike } from "../../../matrix";
import { NdArray, sizeOf, type TypedArray } from "../../../ndarray";
import {
  decodeNumbers,
  decodeText,
  fieldSize,
  npyHeaderEnd,
  parseNpyHeader,
  type NpyField,
  type NpyHeader,
  type NpyType,
} from "./header";
import { toBytes, toRandomAccess, type Bytes, type RandomAccess } from "../source";
import { mapTo } from "../../../typed-arrays";

/** An array of text, in row-major order. */
export interface TextArray {
  readonly data: string[];
  readonly shape: number[];
}

/** The fields of a structured array of shape `shape`; a field's own shape follows it: records [n] of [5, 64, 64] are [n, 5, 64, 64]. */
export interface NpyRecords {
  readonly shape: number[];
  readonly fields: Map<string, NdArray<TypedArray> | TextArray>;
}

/** Is this field or array text? */
export function isTextArray(x: NdArray<TypedArray> | TextArray): x is TextArray {
  return Array.isArray(x.data);
}

/**
 * Reads an npy file (format 1.0 to 3.0) of numbers: row-major, whatever the file's order; it may share memory with `content`.
 * bool gives Uint8Array of 0 and 1, f2 Float32Array, i8 and u8 BigInt arrays (see `toSafeIntegers`).
 * Throws `npy: …` for a file that is truncated, corrupt, too long, or holds objects, text or records.
 * Source: numpy.lib.format.
 */
export function readNpy(content: Bytes): NdArray<TypedArray> {
  const { header, data } = open(content);
  return numbers(data, header, header.shape, header.fortranOrder);
}

/** Reads an npy file of text (dtype `U` or `S`). Throws as `readNpy` does. */
export function readNpyText(content: Bytes): TextArray {
  const { header, data } = open(content);
  const { type, shape, fortranOrder } = header;
  if (isRecord(type) || type.kind !== "text") throw new Error(`npy: file must hold text, got ${spell(type)}`);
  return { data: decodeText(rowMajor(data, shape, type.itemSize, fortranOrder), type), shape: [...shape] };
}

/** Reads an npy file of records (a structured dtype), field by field. Throws as `readNpy` does. */
export function readNpyRecords(content: Bytes): NpyRecords {
  const { header, data } = open(content);
  return records(data, header, header.shape, header.fortranOrder);
}

/** Reads an npy file of whatever kind: numbers, text or records. Throws as `readNpy` does. */
export function readNpyAny(content: Bytes): NdArray<TypedArray> | TextArray | NpyRecords {
  const { type } = open(content).header;
  if (isRecord(type)) return readNpyRecords(content);
  return type.kind === "text" ? readNpyText(content) : readNpy(content);
}

/** Writes an npy file, format 1.0, row-major, little-endian. Plain numbers are written as f8. */
export function writeNpy(x: MatrixLike): Uint8Array {
  const { data, shape } = toContiguous(x, "writeNpy", "x");
  const header = npyHeader(shape, data[Symbol.toStringTag]);
  const bytes = new Uint8Array(header.length + data.byteLength);
  bytes.set(header);
  bytes.set(toBytes(data), header.length);
  return bytes;
}

/** What an npy file of that shape, of elements as that typed array has them, begins with. */
export function npyHeader(shape: readonly number[], arrayType: string): Uint8Array {
  return npyHeaderOf(`'${DESCR[arrayType]}'`, shape);
}

/** The same for an element type as Python spells it. */
export function npyHeaderOf(descr: string, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': ${descr}, 'fortran_order': False, 'shape': (${tuple}), }`;
  // Padded so that the data begin at a multiple of 64 bytes.
  const dataOffset = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(dataOffset);
  bytes.set(mapTo(Uint8Array, `\x93NUMPY\x01\x00`, (c) => c.charCodeAt(0)));
  new DataView(bytes.buffer).setUint16(8, dataOffset - 10, true);
  bytes.set(
    mapTo(Uint8Array, `${text.padEnd(dataOffset - 11)}\n`, (c) => c.charCodeAt(0)),
    10,
  );
  return bytes;
}

const DESCR: Record<string, string> = {
  Int8Array: "|i1",
  Int16Array: "<i2",
  Int32Array: "<i4",
  BigInt64Array: "<i8",
  Uint8Array: "|u1",
  Uint8ClampedArray: "|u1",
  Uint16Array: "<u2",
  Uint32Array: "<u4",
  BigUint64Array: "<u8",
  Float32Array: "<f4",
  Float64Array: "<f8",
};

/**
 * An npy file read a few rows at a time, so that it may be larger than memory. A row is what the first index selects.
 * Only the header and the rows asked for are read; of a Fortran-ordered file one piece a column.
 *
 * ```ts
 * const file = await NpyFile.open(blob);            // or openNpy("stamps.npy") where there is a file system
 * const batch = await file.gather([17, 4, 99]);     // [3, ...]
 * ```
 */
export class NpyFile {
  /** Sizes of the whole array; `shape[0]` is the number of rows. */
  readonly shape: readonly number[];
  readonly #header: NpyHeader;
  readonly #source: RandomAccess;

  private constructor(source: RandomAccess, header: NpyHeader) {
    this.#source = source;
    this.#header = header;
    this.shape = header.shape.length === 0 ? [1] : header.shape;
  }

  /** Reads the header; a single record is a file of one row. Throws `npy: …` as `readNpy` does, and for a number, which has no rows. */
  static async open(content: RandomAccess | Blob | Bytes): Promise<NpyFile> {
    const source = toRandomAccess(content);
    const prefix = await readExactly(source, 0, Math.min(12, source.size));
    const header = parseNpyHeader(await readExactly(source, 0, npyHeaderEnd(prefix, source.size)), source.size);
    if (header.shape.length === 0 && !isRecord(header.type))
      throw new Error("npy: file must have rows, got a scalar of shape []");
    return new NpyFile(source, header);
  }

  /** Number of rows. */
  get rows(): number {
    return this.shape[0]!;
  }
  /** Names of the fields, for a file of records; empty for one of numbers. */
  get fieldNames(): string[] {
    const { type } = this.#header;
    return isRecord(type) ? named(type).map((field) => field.name) : [];
  }

  /** Rows [begin, end) of a file of numbers. */
  async slice(begin: number, end: number): Promise<NdArray<TypedArray>> {
    return numbers(await this.#slice(begin, end), this.#header, this.#shapeOf(end - begin), false);
  }
  /** Rows at these indices, in their order, repeats allowed, of a file of numbers. Neighbouring rows are read in one piece. */
  async gather(indices: ArrayLike<number>): Promise<NdArray<TypedArray>> {
    return numbers(await this.#gather(indices), this.#header, this.#shapeOf(indices.length), false);
  }
  /** Rows [begin, end) of a file of records. */
  async sliceRecords(begin: number, end: number): Promise<NpyRecords> {
    return records(await this.#slice(begin, end), this.#header, this.#shapeOf(end - begin), false);
  }
  /** Records at these indices, as `gather`. */
  async gatherRecords(indices: ArrayLike<number>): Promise<NpyRecords> {
    return records(await this.#gather(indices), this.#header, this.#shapeOf(indices.length), false);
  }
  /** Closes the file below. */
  async close(): Promise<void> {
    await this.#source.close?.();
  }

  #shapeOf(rows: number): number[] {
    return [rows, ...this.shape.slice(1)];
  }

  async #slice(begin: number, end: number): Promise<Uint8Array> {
    if (!Number.isInteger(begin) || !Number.isInteger(end) || begin < 0 || end < begin || end > this.rows)
      throw new Error(`npy: rows [${begin}, ${end}) must lie in [0, ${this.rows})`);
    const { dataOffset, itemSize, fortranOrder } = this.#header;
    const columns = sizeOf(this.shape.slice(1));
    if (columns === 0 || begin === end) return new Uint8Array(0);
    if (!fortranOrder || this.shape.length === 1) {
      const rowBytes = columns * itemSize;
      return readExactly(this.#source, dataOffset + begin * rowBytes, dataOffset + end * rowBytes);
    }
    const rows = end - begin;
    const bytes = new Uint8Array(rows * columns * itemSize);
    for (let c = 0; c < columns; c++) {
      const from = dataOffset + (c * this.rows + begin) * itemSize;
      bytes.set(await readExactly(this.#source, from, from + rows * itemSize), c * rows * itemSize);
    }
    return rowMajor(bytes, this.#shapeOf(rows), itemSize, true);
  }

  async #gather(indices: ArrayLike<number>): Promise<Uint8Array> {
    const rowBytes = sizeOf(this.shape.slice(1)) * this.#header.itemSize;
    const bytes = new Uint8Array(indices.length * rowBytes);
    const wanted = Array.from(indices, (row, place) => ({ row, place })).sort((a, b) => a.row - b.row);
    for (const { row } of wanted)
      if (!Number.isInteger(row) || row < 0 || row >= this.rows)
        throw new Error(`npy: row ${row} must be an integer in [0, ${this.rows})`);
    for (let i = 0; i < wanted.length;) {
      const first = wanted[i]!.row;
      let last = first;
      let j = i + 1;
      while (j < wanted.length && wanted[j]!.row <= last + 1) last = wanted[j++]!.row;
      const run = await this.#slice(first, last + 1);
      for (; i < j; i++) {
        const { row, place } = wanted[i]!;
        bytes.set(run.subarray((row - first) * rowBytes, (row - first + 1) * rowBytes), place * rowBytes);
      }
    }
    return bytes;
  }
}

async function readExactly(source: RandomAccess, begin: number, end: number): Promise<Uint8Array> {
  const bytes = await source.read(begin, end);
  if (bytes.length !== end - begin)
    throw new Error(`npy: file is truncated, ${bytes.length} of ${end - begin} bytes read at ${begin}`);
  return bytes;
}

function open(content: Bytes): { header: NpyHeader; data: Uint8Array } {
  const bytes = toBytes(content);
  const header = parseNpyHeader(bytes, bytes.length);
  return { header, data: bytes.subarray(header.dataOffset) };
}

function isRecord(type: NpyHeader["type"]): type is readonly NpyField[] {
  return Array.isArray(type);
}

function named(fields: readonly NpyField[]): NpyField[] {
  return fields.filter((field) => field.type.kind !== "void");
}

function spell(type: NpyHeader["type"]): string {
  if (!isRecord(type)) return type.descr;
  return `records of ${named(type)
    .map((field) => field.name)
    .join(", ")}`;
}

function numbers(
  bytes: Uint8Array,
  { type, itemSize }: NpyHeader,
  shape: readonly number[],
  fortran: boolean,
): NdArray<TypedArray> {
  if (isRecord(type) || type.kind !== "number") throw new Error(`npy: file must hold numbers, got ${spell(type)}`);
  return new NdArray(decodeNumbers(rowMajor(bytes, shape, itemSize, fortran), type), shape);
}

function records(
  bytes: Uint8Array,
  { type, itemSize }: NpyHeader,
  shape: readonly number[],
  fortran: boolean,
): NpyRecords {
  if (!isRecord(type)) throw new Error(`npy: file must hold records, got ${type.descr}`);
  const packed = rowMajor(bytes, shape, itemSize, fortran);
  const fields: NpyRecords["fields"] = new Map();
  for (const field of named(type)) {
    const column = fieldBytes(packed, itemSize, field);
    const fieldShape = [...shape, ...field.shape];
    fields.set(field.name, decode(column, field.type, fieldShape));
  }
  return { shape: [...shape], fields };
}

function decode(bytes: Uint8Array, type: NpyType, shape: number[]): NdArray<TypedArray> | TextArray {
  return type.kind === "text"
    ? { data: decodeText(bytes, type), shape }
    : new NdArray(decodeNumbers(bytes, type), shape);
}

// One field of every record, packed.
function fieldBytes(packed: Uint8Array, recordSize: number, field: NpyField): Uint8Array {
  const size = fieldSize(field);
  if (size === 0) return new Uint8Array(0);
  const out = new Uint8Array((packed.length / recordSize) * size);
  for (let from = field.offset, to = 0; to < out.length; from += recordSize, to += size)
    out.set(packed.subarray(from, from + size), to);
  return out;
}

// Turns items stored first axis fastest (Fortran order) into last axis fastest.
function rowMajor(bytes: Uint8Array, shape: readonly number[], itemSize: number, fortran: boolean): Uint8Array {
  if (!fortran || shape.length < 2) return bytes;
  // The bytes of an item are a last axis of their own.
  const stride: number[] = [];
  for (let axis = 0, step = itemSize; axis < shape.length; step *= shape[axis]!, axis++) stride.push(step);
  const items = new NdArray(bytes, [...shape, itemSize], [...stride, 1]);
  return toContiguous(items, "npy", "data").data as Uint8Array;
}
