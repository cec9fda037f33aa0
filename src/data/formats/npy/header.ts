import type { TypedArray } from "../../../ndarray";
import { fromFloat16 } from "../half";
import { parsePythonLiteral, type PythonLiteral } from "./python-literal";
import { mapTo } from "../../../typed-arrays";

/** A parsed element type: numbers, text, or nothing of interest (`V`, the padding of aligned records). */
export interface NpyType {
  /** As the file spells it: `<f4`, `|b1`, `<U6`. */
  readonly descr: string;
  readonly kind: "number" | "text" | "void";
  /** Bytes of one element. */
  readonly itemSize: number;
  /** Bytes of the unit whose order may have to be turned: the item, or one character. */
  readonly unit: number;
  readonly littleEndian: boolean;
}

/** One field of a record: elements of a type, in an array of `shape`, `offset` bytes into the record. */
export interface NpyField {
  readonly name: string;
  readonly type: NpyType;
  readonly shape: readonly number[];
  readonly offset: number;
}

/** What the header of an npy file says. */
export interface NpyHeader {
  readonly version: readonly [number, number];
  readonly shape: readonly number[];
  readonly fortranOrder: boolean;
  /** The element type, or for structured arrays the fields. */
  readonly type: NpyType | readonly NpyField[];
  /** Bytes of one element or record. */
  readonly itemSize: number;
  /** Elements: the product of `shape`. */
  readonly count: number;
  /** Where in the file the data begin. */
  readonly dataOffset: number;
}

const MAX_HEADER = 1 << 20;
const PREFIX = 12;

/** How many bytes from the start of a file `parseNpyHeader` needs, out of its first 12. */
export function npyHeaderEnd(prefix: Uint8Array, fileSize: number): number {
  const magic = String.fromCharCode(...prefix.subarray(0, 6));
  if (magic !== "\x93NUMPY".slice(0, magic.length))
    throw new Error(`npy: file must begin with \\x93NUMPY, got ${JSON.stringify(magic)}`);
  if (fileSize < 10 || (prefix[6]! > 1 && fileSize < PREFIX))
    throw new Error(`npy: file is truncated in its header, ${fileSize} bytes`);
  const [major, minor] = [prefix[6]!, prefix[7]!];
  if (major < 1 || major > 3 || minor !== 0)
    throw new Error(`npy: format version must be 1.0, 2.0 or 3.0, got ${major}.${minor}`);
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  const end = major === 1 ? 10 + view.getUint16(8, true) : PREFIX + view.getUint32(8, true);
  if (end > fileSize) throw new Error(`npy: file is truncated in its header, ${fileSize} of ${end} bytes`);
  if (end > MAX_HEADER) throw new Error(`npy: header must be at most ${MAX_HEADER} bytes, got ${end}`);
  return end;
}

/** Reads the header in `bytes` (which may go on after it) and holds what it declares against the file's size. */
export function parseNpyHeader(bytes: Uint8Array, fileSize: number): NpyHeader {
  const dataOffset = npyHeaderEnd(bytes.subarray(0, PREFIX), fileSize);
  const version = [bytes[6]!, bytes[7]!] as const;
  const body = bytes.slice(version[0] === 1 ? 10 : PREFIX, dataOffset);
  let text: string;
  try {
    text = new TextDecoder(version[0] === 3 ? "utf-8" : "latin1", { fatal: true }).decode(body);
  } catch {
    throw new Error("npy: header must be UTF-8 text in format 3.0");
  }
  const fields = parsePythonLiteral(text);
  if (fields === undefined) throw new Error(`npy: header is corrupt, given ${excerpt(text)}`);
  if (!(fields instanceof Map)) throw new Error(`npy: header must be a dictionary, got ${excerpt(text)}`);
  const keys = [...fields.keys()].sort().join(", ");
  if (keys !== "descr, fortran_order, shape")
    throw new Error(
      `npy: header must have the keys descr, fortran_order, shape, got ${keys.replace(/\s+/g, " ") || "none"}`,
    );
  const fortranOrder = fields.get("fortran_order")!;
  if (typeof fortranOrder !== "boolean")
    throw new Error(`npy: fortran_order must be True or False, got ${excerpt(text)}`);
  const shape = parseShape(fields.get("shape")!, text);
  const type = parseType(fields.get("descr")!);
  const itemSize = Array.isArray(type) ? type.reduce((sum, f) => sum + fieldSize(f), 0) : (type as NpyType).itemSize;
  if (itemSize === 0) throw new Error(`npy: elements must have at least one byte, got ${excerpt(text)}`);
  const count = product(shape);
  const end = dataOffset + count * itemSize;
  if (!Number.isSafeInteger(end)) throw new Error(`npy: shape is too large, given [${shape.join(", ")}]`);
  if (end > fileSize)
    throw new Error(
      `npy: file is truncated, shape [${shape.join(", ")}] of ${itemSize}-byte elements needs ${end} bytes, given ${fileSize}`,
    );
  if (end < fileSize) throw new Error(`npy: file must end after its data, got ${fileSize - end} bytes more`);
  return { version, shape, fortranOrder, type, itemSize, count, dataOffset };
}

/** Bytes of a field in one record. */
export function fieldSize(field: NpyField): number {
  return product(field.shape) * field.type.itemSize;
}

function product(shape: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((size, n) => size * n, 1);
}

/** Numbers out of packed bytes; may share memory with them. Half precision is widened, booleans become 0 and 1. */
export function decodeNumbers(bytes: Uint8Array, type: NpyType): TypedArray {
  const ordered = nativeOrder(bytes, type);
  const code = type.descr.slice(1);
  const aligned = ordered.byteOffset % type.itemSize === 0 ? ordered : ordered.slice();
  const args = [aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.length / type.itemSize] as const;
  if (code === "b1") return mapTo(Uint8Array, aligned, (b) => (b === 0 ? 0 : 1));
  if (code === "f2") return fromFloat16(new Uint16Array(...args));
  return new NUMBER_ARRAYS[code]!(...args);
}

/** Text out of packed bytes, one string an element, NUL padding removed. `U` is UTF-32, `S` bytes in UTF-8 or else Latin-1. */
export function decodeText(bytes: Uint8Array, type: NpyType): string[] {
  const ordered = nativeOrder(bytes, type).slice();
  const out: string[] = [];
  for (let begin = 0; begin < ordered.length; begin += type.itemSize) {
    const item = ordered.subarray(begin, begin + type.itemSize);
    out.push(type.unit === 4 ? utf32(item) : byteString(item));
  }
  return out;
}

const NUMBER_ARRAYS: Record<string, new (buffer: ArrayBuffer, offset: number, length: number) => TypedArray> = {
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  i8: BigInt64Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  u8: BigUint64Array,
  f4: Float32Array,
  f8: Float64Array,
};

const HOST_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function nativeOrder(bytes: Uint8Array, { unit, littleEndian }: NpyType): Uint8Array {
  if (unit === 1 || littleEndian === HOST_LITTLE_ENDIAN) return bytes;
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i += unit) for (let b = 0; b < unit; b++) out[i + b] = bytes[i + unit - 1 - b]!;
  return out;
}

function utf32(item: Uint8Array): string {
  let end = item.length / 4;
  const codes = new Uint32Array(item.slice().buffer);
  while (end > 0 && codes[end - 1] === 0) end--;
  let text = "";
  for (let i = 0; i < end; i++) {
    if (codes[i]! > 0x10ffff) throw new Error(`npy: text must be Unicode, got character 0x${codes[i]!.toString(16)}`);
    text += String.fromCodePoint(codes[i]!);
  }
  return text;
}

function byteString(item: Uint8Array): string {
  let end = item.length;
  while (end > 0 && item[end - 1] === 0) end--;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(item.subarray(0, end));
  } catch {
    return new TextDecoder("latin1").decode(item.subarray(0, end));
  }
}

function parseShape(value: PythonLiteral, text: string): number[] {
  const shape = typeof value === "number" ? [value] : value;
  if (!Array.isArray(shape) || shape.length > 64 || !shape.every((n) => Number.isSafeInteger(n) && (n as number) >= 0))
    throw new Error(`npy: shape must be a tuple of at most 64 sizes, got ${excerpt(text)}`);
  return shape as number[];
}

function parseType(value: PythonLiteral): NpyType | NpyField[] {
  if (typeof value === "string") return parseDescr(value);
  if (!Array.isArray(value)) throw new Error(`npy: descr must be text or a list of fields`);
  const fields: NpyField[] = [];
  const names = new Set<string>();
  let offset = 0;
  for (const entry of value) {
    if (!Array.isArray(entry) || entry.length < 2 || entry.length > 3)
      throw new Error(`npy: a field must be (name, type) or (name, type, shape), field ${fields.length} is not`);
    // A name may come with a title: ("title", "name").
    const name = Array.isArray(entry[0]) ? entry[0][1] : entry[0];
    if (typeof name !== "string" || (name !== "" && names.has(name)))
      throw new Error(`npy: fields must have names of their own, field ${fields.length} does not`);
    names.add(name);
    if (typeof entry[1] !== "string") throw new Error(`npy: field ${JSON.stringify(name)} must not be a nested record`);
    const field = {
      name,
      type: parseDescr(entry[1]),
      shape: entry.length === 3 ? parseShape(entry[2]!, `field ${JSON.stringify(name)}`) : [],
      offset,
    };
    if (field.type.kind === "void" && name !== "")
      throw new Error(`npy: field ${JSON.stringify(name)} must hold numbers or text, got ${field.type.descr}`);
    offset += fieldSize(field);
    if (!Number.isSafeInteger(offset)) throw new Error(`npy: field ${JSON.stringify(name)} is too large`);
    fields.push(field);
  }
  return fields;
}

function parseDescr(descr: string): NpyType {
  const match = /^([<>|=])([a-zA-Z])(\d{0,9})$/.exec(descr);
  const kind = match?.[2];
  const size = Number(match?.[3]);
  const littleEndian = match?.[1] === "=" ? HOST_LITTLE_ENDIAN : match?.[1] !== ">";
  if (match && (`${kind}${size}` in NUMBER_ARRAYS || `${kind}${size}` === "f2" || `${kind}${size}` === "b1"))
    return { descr: `${match[1]}${kind}${size}`, kind: "number", itemSize: size, unit: size, littleEndian };
  if (kind === "U" && size > 0) return { descr, kind: "text", itemSize: 4 * size, unit: 4, littleEndian };
  if (kind === "S" && size > 0) return { descr, kind: "text", itemSize: size, unit: 1, littleEndian };
  if (kind === "V") return { descr, kind: "void", itemSize: size, unit: 1, littleEndian };
  const reason = kind === "O" ? "pickled Python objects" : JSON.stringify(descr.slice(0, 40));
  throw new Error(`npy: dtype must be bool, i1-i8, u1-u8, f2, f4, f8, U or S, got ${reason}`);
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text.trim());
}
