// Changes to files, drawn at random: to bytes, to text, to what a checkpoint holds.
import type { Random } from "constella";
import { crc32 } from "../../src/data/formats/crc32";
import { readSafetensors, writeSafetensors } from "../../src/data/formats/safetensors";
import { NdArray } from "../../src/ndarray";
import type { TypedArray } from "../../src/ndarray";

/** One of a list. */
export const pick = <T>(random: Random, list: readonly T[]): T => list[random.integer(list.length)]!;

/** A file with bytes turned, cut, doubled or put in: mostly near its ends, where formats keep their structure. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const place = (length: number): number => {
    const span = random.uniform() < 0.7 ? Math.min(300, length) : length;
    const at = random.integer(Math.max(1, span));
    return random.uniform() < 0.75 ? at : Math.max(0, length - 1 - at);
  };
  let out = Uint8Array.from(bytes);
  const kind = random.uniform();
  if (kind < 0.1) out = out.slice(0, place(out.length));
  else if (kind < 0.2) {
    const [begin, size] = [place(out.length), 1 + random.integer(16)];
    const given = Uint8Array.from({ length: size }, (_, i) =>
      kind < 0.15 ? random.integer(256) : (out[begin + i] ?? 255),
    );
    out = Uint8Array.from([...out.subarray(0, begin), ...given, ...out.subarray(begin)]);
  } else if (kind < 0.25) {
    const begin = place(out.length);
    out = Uint8Array.from([...out.subarray(0, begin), ...out.subarray(begin + 1 + random.integer(8))]);
  }
  for (let flips = kind < 0.25 ? random.integer(2) : 1 + random.integer(4); flips > 0 && out.length > 0; flips--) {
    const at = place(out.length);
    const how = random.uniform();
    out[at] = how < 0.25 ? 255 : how < 0.4 ? 0 : how < 0.7 ? out[at]! ^ (1 << random.integer(8)) : random.integer(256);
  }
  return out;
}

/** The same to a PNG file, whose chunks mostly get the checksum that fits, so that decoders go on. */
export function mutatePng(bytes: Uint8Array, random: Random): Uint8Array {
  const out = mutateBytes(bytes, random);
  if (random.uniform() < 0.3) return out;
  const view = new DataView(out.buffer);
  for (let at = 8; at + 12 <= out.length;) {
    const size = view.getUint32(at);
    if (at + 12 + size > out.length) break;
    view.setUint32(at + 8 + size, crc32(out.subarray(at + 4, at + 8 + size)));
    at += 12 + size;
  }
  return out;
}

const TOKENS = [
  ...['"', '""', "\n", "\r\n", ",", ";", "\t", "NaN", "inf", "1e999", "-1e-320", "0x10", "é", "\ufeff", "#", "'"],
  ...["1,5", " ", "1".repeat(400), '"a\nb"', "null", "\0", "٣", "1_000"],
];

/** The same to text: what tables are made of, anywhere. */
export function mutateText(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.uniform() < 0.3) return mutateBytes(bytes, random);
  let text = new TextDecoder().decode(bytes);
  for (let changes = 1 + random.integer(3); changes > 0; changes--) {
    const at = random.integer(text.length + 1);
    text = text.slice(0, at) + pick(random, TOKENS) + text.slice(at + random.integer(4));
  }
  return new TextEncoder().encode(text);
}

const VALUES = [
  ...[null, [], {}, "text", "", -1, 0, 0.5, 1.5, 1e9, 2 ** 31, 1e300, true, false, [null], [[]], [1e9, 1e9], [-1]],
  ...[{ a: null }, "__proto__", "9".repeat(400), [1, 2, 3]],
];

type Json = { [name: string]: unknown };

interface Place {
  readonly in: Json;
  readonly name: string;
}

const copied = ({ in: holder, name }: Place): unknown => structuredClone(holder[name]);

/** A value of a checkpoint's state changed in place. */
function mutateState(state: Json, random: Random): void {
  const places: Place[] = [];
  const walk = (value: unknown, depth: number): void => {
    if (typeof value !== "object" || value === null || depth > 5) return;
    for (const name of Object.keys(value).slice(0, 40)) {
      places.push({ in: value as Json, name });
      walk((value as Json)[name], depth + 1);
    }
  };
  walk(state, 0);
  if (places.length === 0) return;
  const place = pick(random, places);
  const old = place.in[place.name];
  const how = random.uniform();
  if (how < 0.15 && !Array.isArray(place.in)) delete place.in[place.name];
  else if (how < 0.3 && typeof old === "number")
    place.in[place.name] = pick(random, [old + 1, old - 1, -old, old / 3, old * 1e6, old * 2]);
  else if (how < 0.4 && Array.isArray(old)) place.in[place.name] = [...(old as unknown[]), ...(old as unknown[])];
  else if (how < 0.45 && Array.isArray(old)) place.in[place.name] = (old as unknown[]).slice(1);
  else if (how < 0.5) place.in[`${place.name}x`] = old;
  else if (how < 0.6) place.in[place.name] = copied(pick(random, places));
  else place.in[place.name] = structuredClone(pick(random, VALUES));
}

const TYPES = [Float32Array, Float64Array, Int32Array, Uint8Array, Uint32Array, Int16Array];

/** A tensor of a checkpoint changed: its name, shape, type or values, or it is gone. */
function mutateTensor(tensors: Map<string, NdArray<TypedArray>>, random: Random): void {
  const names = [...tensors.keys()];
  if (names.length === 0) return;
  const name = pick(random, names);
  const { data, shape } = tensors.get(name)!;
  const how = random.uniform();
  const numbers = Array.from(data as ArrayLike<number>, Number);
  if (how < 0.15) tensors.delete(name);
  else if (how < 0.25) tensors.set(pick(random, [`${name}x`, "labels", "__proto__", ""]), tensors.get(name)!);
  else if (how < 0.35) tensors.set(name, tensors.get(pick(random, names))!);
  else if (how < 0.5)
    tensors.set(
      name,
      new NdArray(data, pick(random, [[data.length], [...shape, 1], [...shape].reverse(), [1, ...shape]])),
    );
  else if (how < 0.6) {
    const rows = Math.max(0, (shape[0] ?? 1) + pick(random, [-1, -2, -(shape[0] ?? 1)]));
    const size = [rows, ...shape.slice(1)].reduce((a, b) => a * b, 1);
    tensors.set(name, new NdArray(data.slice(0, size), [rows, ...shape.slice(1)]));
  } else if (how < 0.7) tensors.set(name, new NdArray(pick(random, TYPES).from(numbers) as TypedArray, shape));
  else if (how < 0.73)
    tensors.set(
      name,
      new NdArray(
        BigInt64Array.from(numbers, (v) => BigInt(Number.isFinite(v) ? Math.trunc(v) : 0)),
        shape,
      ),
    );
  else if (data.length > 0) {
    for (let count = 1 + random.integer(3); count > 0; count--)
      numbers[random.integer(numbers.length)] = pick(random, [-1, 0, 0.5, 1e9, 3e38, -3e38, 1e-40, NaN, Infinity]);
    const Type = data.constructor as unknown as { from(values: readonly number[]): TypedArray };
    if (!(data instanceof BigInt64Array || data instanceof BigUint64Array))
      tensors.set(name, new NdArray(Type.from(numbers), shape));
  }
}

/** JSON of an object with values changed. */
function mutateJson(json: string, random: Random): string {
  const state = JSON.parse(json) as Json;
  for (let count = 1 + random.integer(3); count > 0; count--) mutateState(state, random);
  return JSON.stringify(state);
}

/** A checkpoint changed: in bytes, or in what it holds and without the checksum that would tell. */
export function mutateCheckpoint(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.uniform() < 0.1) return mutateBytes(bytes, random);
  const { tensors, metadata } = readSafetensors(bytes);
  const changed = { ...metadata, format: "constella checkpoint 1" } as Record<string, string>;
  delete changed["checksum"];
  const how = random.uniform();
  if (how < 0.02) changed[pick(random, Object.keys(changed))] = pick(random, ["", "KMeans", "null", "[]", "{", "0"]);
  else if (how < 0.6) {
    const texts = ["state", "run"].filter((name) => changed[name] !== undefined);
    const name = pick(random, texts);
    changed[name] = mutateJson(changed[name]!, random);
  } else for (let count = 1 + random.integer(2); count > 0; count--) mutateTensor(tensors, random);
  return writeSafetensors(tensors, { metadata: changed });
}
