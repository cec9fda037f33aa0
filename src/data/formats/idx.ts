import { toContiguous, type MatrixLike } from "../../matrix";
import { NdArray, sizeOf } from "../../ndarray";
import { gunzip, isGzip } from "./deflate";
import { toBytes, type Bytes } from "./source";

/** What an idx file holds. */
export type IdxArray = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

interface IdxType {
  readonly bytes: number;
  readonly make: (length: number) => IdxArray;
  readonly get: (view: DataView, at: number) => number;
  readonly set: (view: DataView, at: number, value: number) => void;
}

const TYPES: Record<number, IdxType> = {
  0x08: {
    bytes: 1,
    make: (n) => new Uint8Array(n),
    get: (v, at) => v.getUint8(at),
    set: (v, at, x) => v.setUint8(at, x),
  },
  0x09: { bytes: 1, make: (n) => new Int8Array(n), get: (v, at) => v.getInt8(at), set: (v, at, x) => v.setInt8(at, x) },
  0x0b: {
    bytes: 2,
    make: (n) => new Int16Array(n),
    get: (v, at) => v.getInt16(at),
    set: (v, at, x) => v.setInt16(at, x),
  },
  0x0c: {
    bytes: 4,
    make: (n) => new Int32Array(n),
    get: (v, at) => v.getInt32(at),
    set: (v, at, x) => v.setInt32(at, x),
  },
  0x0d: {
    bytes: 4,
    make: (n) => new Float32Array(n),
    get: (v, at) => v.getFloat32(at),
    set: (v, at, x) => v.setFloat32(at, x),
  },
  0x0e: {
    bytes: 8,
    make: (n) => new Float64Array(n),
    get: (v, at) => v.getFloat64(at),
    set: (v, at, x) => v.setFloat64(at, x),
  },
};

const CODES: Record<string, number> = {
  Uint8Array: 0x08,
  Uint8ClampedArray: 0x08,
  Int8Array: 0x09,
  Int16Array: 0x0b,
  Int32Array: 0x0c,
  Float32Array: 0x0d,
  Float64Array: 0x0e,
};

/**
 * Reads an idx file, the format of MNIST: 0, 0, type, rank, the sizes as big-endian u32, the elements row-major and big-endian.
 * A gzip file of one is unpacked first. Bytes (u8) share memory with `content`. Throws `idx: …` for a file that is truncated,
 * corrupt, or too long.
 */
export function readIdx(content: Bytes): NdArray<IdxArray> {
  let bytes = toBytes(content);
  if (isGzip(bytes)) bytes = gunzip(bytes, "idx");
  if (bytes.length < 4) throw new Error(`idx: file is truncated in its header, ${bytes.length} bytes`);
  const [zero0, zero1, code = 0, rank = 0] = bytes;
  const type = TYPES[code];
  if (zero0 !== 0 || zero1 !== 0 || type === undefined || rank === 0)
    throw new Error(
      `idx: file must begin with 0, 0, a type of 8, 9, 11, 12, 13 or 14, a rank; given ${bytes.subarray(0, 4).join(", ")}`,
    );
  const dataOffset = 4 + 4 * rank;
  if (bytes.length < dataOffset)
    throw new Error(`idx: file is truncated in its header, ${bytes.length} bytes, rank ${rank}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = shape.includes(0) ? 0 : sizeOf(shape);
  const end = dataOffset + size * type.bytes;
  if (end !== bytes.length)
    throw new Error(
      `idx: file ${end > bytes.length ? "is truncated" : "must end after its data"}, shape [${shape.join(", ")}] needs ${end} bytes, got ${bytes.length}`,
    );
  if (code === 0x08) return new NdArray<IdxArray>(bytes.subarray(dataOffset), shape);
  const data = type.make(size);
  for (let i = 0; i < size; i++) data[i] = type.get(view, dataOffset + i * type.bytes);
  return new NdArray(data, shape);
}

/** Writes an idx file of u8, i8, i16, i32, f32 or f64 elements (plain numbers become f64). */
export function writeIdx(x: MatrixLike): Uint8Array {
  const { data, shape, dtype } = toContiguous(x, "writeIdx", "x");
  const code = CODES[data[Symbol.toStringTag]];
  if (code === undefined) throw new Error(`writeIdx: x must be u8, i8, i16, i32, f32 or f64, got ${dtype}`);
  if (shape.length === 0 || shape.length > 255 || shape.some((n) => n > 0xffffffff))
    throw new Error(`writeIdx: x must have a rank of 1 to 255 and sizes under 2^32, got shape [${shape.join(", ")}]`);
  const type = TYPES[code]!;
  const dataOffset = 4 + 4 * shape.length;
  const bytes = new Uint8Array(dataOffset + data.length * type.bytes);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, code, shape.length]);
  shape.forEach((n, axis) => view.setUint32(4 + 4 * axis, n));
  for (let i = 0; i < data.length; i++) type.set(view, dataOffset + i * type.bytes, Number(data[i]));
  return bytes;
}
