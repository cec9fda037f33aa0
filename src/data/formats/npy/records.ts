import type { NdArray, TypedArray } from "../../../ndarray";
import { sizeOf } from "../../../ndarray";
import { npyHeaderOf } from "./npy";
import type { TextArray } from "./npy";

/** Fields of n records by name, each [n, …]: numbers, or text, which is written as wide as `width` says. */
export type RecordFields = Readonly<Record<string, NdArray<TypedArray> | TextArray>>;

const TYPES: Readonly<Record<string, string>> = {
  BigInt64Array: "<i8",
  Int32Array: "<i4",
  Uint8Array: "|u1",
  Float32Array: "<f4",
  Float64Array: "<f8",
};

interface Packed {
  readonly descr: string;
  /** Bytes of the field in a record. */
  readonly size: number;
  /** Writes the field of record i at a place. */
  readonly put: (i: number, to: DataView, at: number) => void;
}

function packer(name: string, field: NdArray<TypedArray> | TextArray, width: number): Packed {
  const shape = field.shape.slice(1);
  const count = sizeOf(shape);
  const tail = shape.length === 0 ? "" : `, (${shape.length === 1 ? `${shape[0]},` : shape.join(", ")})`;
  const { data } = field;
  if (Array.isArray(data)) {
    const put: Packed["put"] = (i, to, at) => {
      for (let k = 0; k < count; k++)
        [...data[i * count + k]!]
          .slice(0, width)
          .forEach((c, j) => to.setUint32(at + 4 * (k * width + j), c.codePointAt(0)!, true));
    };
    return { descr: `('${name}', '<U${width}'${tail})`, size: 4 * width * count, put };
  }
  const numbers = data as TypedArray;
  const type = TYPES[numbers[Symbol.toStringTag]];
  if (!type) throw new Error(`npy: a field of records cannot be a ${numbers[Symbol.toStringTag]}, ${name}`);
  const size = numbers.BYTES_PER_ELEMENT * count;
  const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  return {
    descr: `('${name}', '${type}'${tail})`,
    size,
    put: (i, to, at) =>
      new Uint8Array(to.buffer, to.byteOffset + at, size).set(bytes.subarray(i * size, (i + 1) * size)),
  };
}

/** What an npy file of n records with such fields begins with; text is `width` characters wide. */
export function npyRecordsHeader(fields: RecordFields, n: number, width = 6): Uint8Array {
  const packed = Object.entries(fields).map(([name, field]) => packer(name, field, width).descr);
  return npyHeaderOf(`[${packed.join(", ")}]`, [n]);
}

/** The bytes of records, one after the other, as the header says. @throws when fields have different numbers of rows */
export function packRecords(fields: RecordFields, width = 6): Uint8Array {
  const list = Object.entries(fields).map(([name, field]) => packer(name, field, width));
  const rows = new Set(Object.values(fields).map(({ shape }) => shape[0]!));
  if (rows.size !== 1)
    throw new Error(`npy: fields of records must have one number of rows, got ${[...rows].join(", ")}`);
  const n = [...rows][0]!;
  const record = list.reduce((sum, { size }) => sum + size, 0);
  const bytes = new Uint8Array(n * record);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < n; i++) {
    let at = i * record;
    for (const { size, put } of list) {
      put(i, view, at);
      at += size;
    }
  }
  return bytes;
}

/** Writes records [n] as an npy file (a structured dtype), as SDSS's stamps are kept; text as U of `width` characters. */
export function writeNpyRecords(fields: RecordFields, { width = 6 }: { readonly width?: number } = {}): Uint8Array {
  const body = packRecords(fields, width);
  const header = npyRecordsHeader(fields, Object.values(fields)[0]!.shape[0]!, width);
  const bytes = new Uint8Array(header.length + body.length);
  bytes.set(header);
  bytes.set(body, header.length);
  return bytes;
}
