import { checkFlag } from "../../../checks";
import { deflateSync } from "fflate";
import type { MatrixLike } from "../../../matrix";
import type { NdArray, TypedArray } from "../../../ndarray";
import { crc32 } from "../crc32";
import { inflateChecked } from "../deflate";
import { readNpy, readNpyAny, writeNpy, type NpyRecords, type TextArray } from "./npy";
import { joinBytes, toBytes, type Bytes } from "../source";

interface Member {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  readonly headerOffset: number;
}

/** Names of the arrays in an npz file, in its order; what else the archive holds is passed over. Throws `npz: …` for a file that is no archive or is corrupt. */
export function listNpz(content: Bytes): string[] {
  return [...readDirectory(toBytes(content)).keys()];
}

/**
 * Reads all arrays of numbers of an npz file (stored or deflated), by name. Throws `npz: …` for a file that is truncated or
 * corrupt (lengths and CRC-32 are checked), names an array twice, or holds anything but numbers.
 */
export function readNpz(content: Bytes): Map<string, NdArray<TypedArray>> {
  const bytes = toBytes(content);
  return new Map([...readDirectory(bytes)].map(([name, member]) => [name, readMember(bytes, member, readNpy)]));
}

/** Reads one array of an npz file, without unpacking the others. Throws as `readNpz` does; an unknown name lists the known. */
export function readNpzArray(content: Bytes, name: string): NdArray<TypedArray> {
  return readNamed(content, name, readNpy);
}

/** Reads one array of whatever kind (numbers, text, records). Throws as `readNpzArray` does. */
export function readNpzAny(content: Bytes, name: string): NdArray<TypedArray> | TextArray | NpyRecords {
  return readNamed(content, name, readNpyAny);
}

/** Writes arrays as an npz file, deflated unless `compress` is false. */
export function writeNpz(
  arrays: Readonly<Record<string, MatrixLike>> | ReadonlyMap<string, MatrixLike>,
  { compress = true }: { compress?: boolean } = {},
): Uint8Array {
  checkFlag("npz", { compress });
  const entries = arrays instanceof Map ? [...arrays] : Object.entries(arrays as Record<string, MatrixLike>);
  const local: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const [key, array] of entries) {
    const name = new TextEncoder().encode(`${key}.npy`);
    const npy = writeNpy(array);
    const packed = compress ? deflateSync(npy) : npy;
    const [method, crc] = [compress ? 8 : 0, crc32(npy)];
    // Version 2.0, UTF-8 names, 1 January 1980: the same arrays give the same bytes.
    const common = fields(
      [2, 20],
      [2, 0x800],
      [2, method],
      [2, 0],
      [2, 0x21],
      [4, crc],
      [4, packed.length],
      [4, npy.length],
    );
    const header = joinBytes([fields([4, LOCAL]), common, fields([2, name.length], [2, 0]), name]);
    const tail = fields([2, name.length], [2, 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]);
    central.push(joinBytes([fields([4, CENTRAL], [2, 20]), common, tail, name]));
    local.push(header, packed);
    offset += header.length + packed.length;
  }
  const directory = joinBytes(central);
  if (offset + directory.length > 0xfffffffe || entries.length > 0xfffe)
    throw new Error(`npz: archive must be under 4 GiB and 65535 arrays, got ${offset} bytes in ${entries.length}`);
  const n = entries.length;
  const end = fields([4, END], [2, 0], [2, 0], [2, n], [2, n], [4, directory.length], [4, offset], [2, 0]);
  return joinBytes([...local, directory, end]);
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;

function fields(...values: [size: 2 | 4, value: number][]): Uint8Array {
  const out: number[] = [];
  for (const [size, value] of values) for (let b = 0; b < size; b++) out.push((value >>> (8 * b)) & 255);
  return Uint8Array.from(out);
}

function readNamed<R>(content: Bytes, name: string, read: (npy: Uint8Array) => R): R {
  const bytes = toBytes(content);
  const directory = readDirectory(bytes);
  const member = directory.get(name);
  if (!member)
    throw new Error(`npz: no array ${JSON.stringify(name)}, the file holds ${[...directory.keys()].join(", ")}`);
  return readMember(bytes, member, read);
}

// The central directory, at the file's end, by array name. Source: PKWARE APPNOTE 4.3.
function readDirectory(bytes: Uint8Array): Map<string, Member> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || ![LOCAL, END].includes(view.getUint32(0, true)))
    throw new Error(
      `npz: file must begin with PK\\x03\\x04, got ${bytes.length < 4 ? `${bytes.length} bytes` : "other bytes"}`,
    );
  // The end record is 22 bytes and a comment of at most 65535.
  const lowest = Math.max(0, bytes.length - 22 - 0xffff);
  let end = bytes.length - 22;
  const isEnd = () => view.getUint32(end, true) === END && end + 22 + view.getUint16(end + 20, true) === bytes.length;
  while (end >= lowest && !isEnd()) end--;
  if (end < lowest) throw new Error(`npz: file is truncated, its ${bytes.length} bytes hold no directory of arrays`);
  const count = view.getUint16(end + 10, true);
  const size = view.getUint32(end + 12, true);
  let at = view.getUint32(end + 16, true);
  if (at === 0xffffffff || size === 0xffffffff || count === 0xffff)
    throw new Error("npz: archive must be under 4 GiB and 65535 arrays (not zip64); save its arrays as npy files");
  if (at + size !== end)
    throw new Error(`npz: file is corrupt, its directory is not [${at}, ${at + size}) but ends at ${end}`);
  const members = new Map<string, Member>();
  const ranges: { begin: number; size: number }[] = [];
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== CENTRAL)
      throw new Error(`npz: file is corrupt, no directory entry for array ${i} of ${count}`);
    const [nameSize, extraSize, commentSize] = [28, 30, 32].map((o) => view.getUint16(at + o, true)) as [
      number,
      number,
      number,
    ];
    const next = at + 46 + nameSize + extraSize + commentSize;
    if (next > end) throw new Error(`npz: file is corrupt, directory entry ${i} is cut`);
    const file = new TextDecoder().decode(bytes.slice(at + 46, at + 46 + nameSize));
    const isArray = file.endsWith(".npy"); // an archive may hold notes and folders beside its arrays
    const name = file.replace(/\.npy$/, "");
    if (isArray && members.has(name))
      throw new Error(`npz: arrays must have names of their own, ${JSON.stringify(name)} occurs twice`);
    if (view.getUint16(at + 8, true) & 1) throw new Error(`npz: array ${JSON.stringify(name)} is encrypted`);
    const [method, crc] = [view.getUint16(at + 10, true), view.getUint32(at + 16, true)];
    const [packedSize, unpackedSize] = [view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
    const headerOffset = view.getUint32(at + 42, true);
    if (isArray) members.set(name, { name, method, crc, packedSize, size: unpackedSize, headerOffset });
    ranges.push({ begin: headerOffset, size: 30 + nameSize + packedSize });
    at = next;
  }
  ranges.sort((a, b) => a.begin - b.begin);
  for (const [i, { begin, size }] of ranges.slice(0, -1).entries())
    if (begin + size <= end && begin + size > ranges[i + 1]!.begin)
      throw new Error(`npz: file is corrupt, its members overlap at byte ${ranges[i + 1]!.begin}`);
  if (at !== end) throw new Error(`npz: file is corrupt, ${end - at} bytes follow the last directory entry`);
  return members;
}

function readMember<R>(bytes: Uint8Array, member: Member, read: (npy: Uint8Array) => R): R {
  const { method, crc, packedSize, size, headerOffset } = member;
  const what = `npz: array ${JSON.stringify(member.name)}`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (headerOffset + 30 > bytes.length || view.getUint32(headerOffset, true) !== LOCAL)
    throw new Error(`${what} is corrupt, no member begins at ${headerOffset}`);
  const begin = headerOffset + 30 + view.getUint16(headerOffset + 26, true) + view.getUint16(headerOffset + 28, true);
  if (begin + packedSize > bytes.length)
    throw new Error(`${what} is corrupt, it ends at ${begin + packedSize} of ${bytes.length} bytes`);
  const packed = bytes.subarray(begin, begin + packedSize);
  let npy = packed;
  if (method === 8) npy = inflateChecked(packed, size, crc, what);
  else if (method !== 0) throw new Error(`${what} must be stored or deflated, got method ${method}`);
  else if (size !== packedSize || crc32(packed) !== crc)
    throw new Error(`${what} is corrupt, its length or CRC-32 differs`);
  try {
    return read(npy);
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}
