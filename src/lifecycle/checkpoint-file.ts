// The bytes of checkpoints: loaded when a model is saved or loaded.
import { isObject, show } from "../checks";
import { crc32 } from "../data/formats/crc32";
import { readSafetensors, writeSafetensors } from "../data/formats/safetensors";
import { toBytes } from "../data/formats/source";
import type { Bytes } from "../data/formats/source";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import type { Learned } from "./checkpoint";
import { Checkpoint } from "./saved-checkpoint";

/** Files of the first format have no checksum. */
const FORMATS = ["constella checkpoint 1", "constella checkpoint 2"];

/** The checksum's place while it is not known. */
const UNKNOWN = "00000000";

/** Where the eight digits of the checksum are: the metadata come first in the header, so that no tensor's name can stand before them. */
function checksumAt(file: Uint8Array): number {
  const mark = '"checksum":"';
  const size = Number(new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true));
  const head = new TextDecoder("latin1").decode(file.subarray(0, 8 + size));
  return head.indexOf(mark) + mark.length;
}

/** CRC-32 of a file with zeros for the checksum itself: eight hexadecimal digits. */
function checksumOf(file: Uint8Array, at: number): string {
  const digits = new TextEncoder().encode(UNKNOWN);
  const crc = crc32(file.subarray(at + digits.length), crc32(digits, crc32(file.subarray(0, at))));
  return crc.toString(16).padStart(8, "0");
}

function sealed(
  arrays: Readonly<Record<string, NdArray<TypedArray>>> | ReadonlyMap<string, NdArray<TypedArray>>,
  metadata: Readonly<Record<string, string>>,
  types: Readonly<Record<string, "F16" | "BF16">>,
): Uint8Array {
  const file = writeSafetensors(arrays, { types, metadata: { checksum: UNKNOWN, ...metadata, format: FORMATS[1]! } });
  const at = checksumAt(file);
  file.set(new TextEncoder().encode(checksumOf(file, at)), at);
  return file;
}

/**
 * The bytes of a checkpoint: a safetensors file of the arrays, all rounded to `type` where one is given, with model, state and a checksum
 * over the whole file in its metadata. Reads all arrays at once, so that they are of one moment.
 * @throws when a value is NaN or infinite, naming the array
 */
export async function encodeCheckpoint(
  model: string,
  values: Learned["arrays"],
  state: object,
  type?: "F16" | "BF16",
): Promise<Uint8Array> {
  const json = JSON.stringify(state, (name, value: unknown) => {
    if (typeof value === "number" && !Number.isFinite(value)) throw new NotFinite(name, value);
    return value;
  });
  const read = Object.entries(values).map(async ([name, value]): Promise<[string, NdArray<TypedArray>]> => [
    name,
    "device" in value ? new NdArray<TypedArray>(await value.data(), value.shape) : value,
  ]);
  const arrays = Object.fromEntries(await Promise.all(read));
  for (const [name, { data }] of Object.entries(arrays)) {
    const at = firstNotFinite(data);
    if (at >= 0) throw new NotFinite(name, data[at] as number);
  }
  const types = type ? Object.fromEntries(Object.keys(arrays).map((name) => [name, type])) : {};
  return sealed(arrays, { model, state: json }, types);
}

/** An array of a model has a value that is not finite. */
export class NotFinite extends Error {
  constructor(name: string, value: number) {
    super(`${name} holds ${value}`);
  }
}

function firstNotFinite(values: TypedArray): number {
  if (!(values instanceof Float32Array || values instanceof Float64Array)) return -1;
  for (let i = 0; i < values.length; i++) if (values[i]! - values[i]! !== 0) return i;
  return -1;
}

/** The same checkpoint with further entries in its metadata, and a checksum that covers them. @throws when it is none, or is damaged */
export function withMetadata(content: Bytes, entries: Readonly<Record<string, string>>): Uint8Array {
  const { tensors, types, metadata } = openCheckpoint(content);
  const halves = [...types].filter((entry): entry is [string, "F16" | "BF16"] => /^B?F16$/.test(entry[1]));
  return sealed(tensors, { ...metadata, ...entries, checksum: UNKNOWN }, Object.fromEntries(halves));
}

/** A checkpoint without a model: what its metadata say, and a checksum. */
export const metadataFile = (entries: Readonly<Record<string, string>>): Uint8Array => sealed({}, entries, {});

/** A checkpoint's safetensors file. @throws when it is none, or its checksum differs */
export function openCheckpoint(content: Bytes): ReturnType<typeof readSafetensors> {
  const bytes: unknown = content;
  if (!(bytes instanceof ArrayBuffer) && !ArrayBuffer.isView(bytes) && !isShared(bytes))
    throw new Error(
      `checkpoint: the content of a file must be given, as bytes, got ${typeof bytes === "string" ? "a text; read the file that it names first" : show(bytes)}`,
    );
  const file = readSafetensors(content);
  const { format = "none", checksum } = file.metadata;
  if (!FORMATS.includes(format))
    throw new Error(`checkpoint: the file is a safetensors file but no checkpoint, format ${show(format)}`);
  if (format === FORMATS[0]) return file;
  const whole = toBytes(content);
  if (checksum === undefined || checksumOf(whole, checksumAt(whole)) !== checksum)
    throw new Error("checkpoint: the file is damaged, its checksum differs; take another copy");
  return file;
}

const isShared = (value: unknown): boolean =>
  typeof SharedArrayBuffer !== "undefined" && value instanceof SharedArrayBuffer;

/**
 * Reads what `encodeCheckpoint` wrote.
 * @param Array makes its arrays: the program's `NdArray`
 * @throws when the bytes are no checkpoint, one of another model, or damaged
 */
export function decodeCheckpoint<State = Readonly<Record<string, unknown>>>(
  model: string,
  content: Bytes,
  Array: ConstructorParameters<typeof Checkpoint>[2],
): Checkpoint<State> {
  const { tensors, metadata } = openCheckpoint(content);
  if (metadata["model"] !== model)
    throw new Error(`checkpoint: the file holds a ${show(metadata["model"] ?? "nameless model")}, not a ${model}`);
  let state: unknown;
  try {
    state = JSON.parse(metadata["state"] ?? "");
  } catch (error) {
    throw new Error("checkpoint: the state in the metadata is not JSON", { cause: error });
  }
  if (!isObject(state)) throw new Error(`checkpoint: the state must be an object, got ${show(state)}`);
  const arrays: Record<string, { shape: number[]; data: ArrayLike<number> }> = {};
  for (const [name, { shape, data }] of tensors) {
    if (data instanceof BigInt64Array || data instanceof BigUint64Array)
      throw new Error(`checkpoint: ${show(name)} must not have integers of 64 bits`);
    const bad = firstNotFinite(data);
    if (bad >= 0) throw new Error(`checkpoint: ${show(name)} must be finite, got ${data[bad]} at ${bad}`);
    arrays[name] = { shape: [...shape], data };
  }
  return new Checkpoint(arrays, state as State, Array);
}
