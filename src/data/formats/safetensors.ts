import { toContiguous, type MatrixLike } from "../../matrix";
import { NdArray, sizeOf, type TypedArray } from "../../ndarray";
import { fromBFloat16, fromFloat16, toBFloat16, toFloat16 } from "./half";
import { toBytes, type Bytes } from "./source";
import { mapTo } from "../../typed-arrays";

/** Element types of the format that this reader knows. */
export type SafetensorsType =
  "F64" | "F32" | "F16" | "BF16" | "I64" | "I32" | "I16" | "I8" | "U64" | "U32" | "U16" | "U8" | "BOOL";

/** What a safetensors file holds. */
export interface Safetensors {
  /** By name, in the order of the data. F16 and BF16 are widened to float32, BOOL is Uint8Array, I64 BigInt64Array (see `toSafeIntegers`). */
  readonly tensors: Map<string, NdArray<TypedArray>>;
  /** The file's own type of each tensor. */
  readonly types: Map<string, SafetensorsType>;
  /** The text entries of `__metadata__`. */
  readonly metadata: Record<string, string>;
}

type View<T> = new (buffer: ArrayBuffer, offset: number, length: number) => T;

const TYPES: Record<SafetensorsType, { view: View<TypedArray>; bytes: number }> = {
  F64: { view: Float64Array, bytes: 8 },
  I64: { view: BigInt64Array, bytes: 8 },
  U64: { view: BigUint64Array, bytes: 8 },
  F32: { view: Float32Array, bytes: 4 },
  I32: { view: Int32Array, bytes: 4 },
  U32: { view: Uint32Array, bytes: 4 },
  F16: { view: Uint16Array, bytes: 2 },
  BF16: { view: Uint16Array, bytes: 2 },
  I16: { view: Int16Array, bytes: 2 },
  U16: { view: Uint16Array, bytes: 2 },
  I8: { view: Int8Array, bytes: 1 },
  U8: { view: Uint8Array, bytes: 1 },
  BOOL: { view: Uint8Array, bytes: 1 },
};

const NATURAL: Record<string, SafetensorsType> = {
  Float64Array: "F64",
  Float32Array: "F32",
  BigInt64Array: "I64",
  BigUint64Array: "U64",
  Int32Array: "I32",
  Uint32Array: "U32",
  Int16Array: "I16",
  Uint16Array: "U16",
  Int8Array: "I8",
  Uint8Array: "U8",
  Uint8ClampedArray: "U8",
};

/**
 * Reads a safetensors file: u64le header length, JSON header, data. Arrays may share memory with `content`.
 * Throws `safetensors: …` unless header and data agree entirely: known types, shape times item size equal to each tensor's range,
 * ranges in order without gap or overlap, covering the file to its last byte. Source: huggingface/safetensors, README "Format".
 */
export function readSafetensors(content: Bytes): Safetensors {
  const bytes = toBytes(content);
  if (bytes.length < 8) throw new Error(`safetensors: file is truncated in its header, ${bytes.length} bytes`);
  const headerSize = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (headerSize > bytes.length - 8)
    throw new Error(`safetensors: file is truncated in its header, ${bytes.length} of ${8 + headerSize} bytes`);
  const { __metadata__: metadata = {}, ...entries } = parseHeader(bytes.slice(8, 8 + headerSize));
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === "string"))
    throw new Error("safetensors: __metadata__ must hold text only");
  const data = bytes.subarray(8 + headerSize);
  const ranges = Object.entries(entries)
    .map(([name, entry]) => ({ name, ...parseEntry(name, entry) }))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { name, begin, end } of ranges) {
    if (begin !== at)
      throw new Error(
        `safetensors: tensors must follow each other without gap or overlap, got ${quote(name)} begins at ${begin} not ${at}`,
      );
    at = end;
  }
  if (at !== data.length)
    throw new Error(
      `safetensors: file ${at > data.length ? "is truncated" : "must end after its data"}, tensors need ${8 + headerSize + at} bytes, got ${bytes.length}`,
    );
  const tensors: Safetensors["tensors"] = new Map();
  const types: Safetensors["types"] = new Map();
  for (const { name, type, shape, begin, end } of ranges) {
    tensors.set(name, new NdArray(decode(data.subarray(begin, end), type), shape));
    types.set(name, type);
  }
  return { tensors, types, metadata: metadata as Record<string, string> };
}

/**
 * Writes a safetensors file. Each array is written in its own type, unless `types` says F16 or BF16 (rounded to nearest even) or BOOL
 * (zero and not zero). Widest items come first, so that every tensor is aligned; equal input gives equal bytes.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, MatrixLike>> | ReadonlyMap<string, MatrixLike>,
  {
    metadata,
    types = {},
  }: { metadata?: Readonly<Record<string, string>>; types?: Readonly<Record<string, "F16" | "BF16" | "BOOL">> } = {},
): Uint8Array {
  const given = tensors instanceof Map ? [...tensors] : Object.entries(tensors as Record<string, MatrixLike>);
  const entries = given.map(([name, x]) => {
    if (name === "__metadata__") throw new Error("writeSafetensors: a tensor must not be called __metadata__");
    const { data, shape } = toContiguous(x, "writeSafetensors", name);
    const type = Object.hasOwn(types, name) ? types[name]! : NATURAL[data[Symbol.toStringTag]]!;
    return { name, shape, type, bytes: encode(data, type) };
  });
  entries.sort((a, b) => TYPES[b.type].bytes - TYPES[a.type].bytes);
  let at = 0;
  const header: [string, unknown][] = metadata ? [["__metadata__", metadata]] : [];
  for (const { name, shape, type, bytes } of entries)
    header.push([name, { dtype: type, shape, data_offsets: [at, (at += bytes.length)] }]);
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerSize = Math.ceil(text.length / 8) * 8;
  const out = new Uint8Array(8 + headerSize + at);
  new DataView(out.buffer).setBigUint64(0, BigInt(headerSize), true);
  out.fill(0x20, 8, 8 + headerSize);
  out.set(text, 8);
  let offset = 8 + headerSize;
  for (const { bytes } of entries) {
    out.set(bytes, offset);
    offset += bytes.length;
  }
  return out;
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Error(`safetensors: header must be JSON, got ${oneLine((error as Error).message)}`, { cause: error });
  }
  if (!isObject(header)) throw new Error("safetensors: header must be a JSON object");
  return header;
}

function parseEntry(name: string, entry: unknown) {
  const { dtype, shape, data_offsets: offsets } = isObject(entry) ? entry : {};
  const isSizes = (x: unknown): x is number[] => Array.isArray(x) && x.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (typeof dtype !== "string" || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2)
    throw new Error(
      `safetensors: tensor ${quote(name)} must have a dtype, a shape of sizes and two data_offsets, got ${isObject(entry) ? oneLine(Object.keys(entry).join(", ")) || "nothing" : typeof entry}`,
    );
  if (!Object.hasOwn(TYPES, dtype))
    throw new Error(
      `safetensors: dtype of ${quote(name)} must be one of ${Object.keys(TYPES).join(" ")}, got ${quote(dtype)}`,
    );
  const type = dtype as SafetensorsType;
  const [begin, end] = offsets as [number, number];
  const size = shape.includes(0) ? 0 : sizeOf(shape) * TYPES[type].bytes;
  if (end - begin !== size)
    throw new Error(
      `safetensors: tensor ${quote(name)} of type ${type} and shape [${shape.join(", ")}] has ${size} bytes, its range [${begin}, ${end}) has ${end - begin}`,
    );
  return { type, shape, begin, end };
}

function decode(bytes: Uint8Array, type: SafetensorsType): TypedArray {
  const { view, bytes: itemSize } = TYPES[type];
  const aligned = bytes.byteOffset % itemSize === 0 ? bytes : bytes.slice();
  const raw = new view(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.length / itemSize);
  if (type === "F16") return fromFloat16(raw as Uint16Array);
  return type === "BF16" ? fromBFloat16(raw as Uint16Array) : raw;
}

function encode(data: TypedArray, type: SafetensorsType): Uint8Array {
  if (type === "F16" || type === "BF16") {
    const values = mapTo(Float64Array, data as Float64Array, Number);
    return toBytes(type === "F16" ? toFloat16(values) : toBFloat16(values));
  }
  return type === "BOOL" ? mapTo(Uint8Array, data as Float64Array, (x) => (Number(x) === 0 ? 0 : 1)) : toBytes(data);
}

function isObject(x: unknown): x is Record<string, unknown> {
  return typeof x === "object" && x !== null && !Array.isArray(x);
}

function quote(name: string): string {
  return oneLine(JSON.stringify(name));
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 100 ? `${line.slice(0, 100)}…` : line;
}
