import { readFileSync } from "node:fs";
import { unzipSync, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { fromFloat16 } from "../../../src/data/formats/half";
import { writeNpy } from "../../../src/data/formats/npy/npy";
import { listNpz, readNpz, readNpzArray, writeNpz } from "../../../src/data/formats/npy/npz";
import { NdArray } from "../../../src/ndarray";

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url));

const STORAGE: Record<string, string> = {
  b1: "uint8",
  i1: "int8",
  i2: "int16",
  i4: "int32",
  i8: "bigint64",
  u1: "uint8",
  u2: "uint16",
  u4: "uint32",
  u8: "biguint64",
  f2: "float32",
  f4: "float32",
  f8: "float64",
};

describe.each(["stored.npz", "deflated.npz"])("%s by NumPy", (name) => {
  const file = fixture(name);
  test("every dtype, byte order and memory order", () => {
    const arrays = readNpz(file);
    expect(arrays.size).toBe(42);
    expect([...arrays.keys()]).toEqual(listNpz(file));
    for (const [key, array] of arrays) {
      const code = key.slice(0, 2);
      const kind = code[0]!;
      const want = Array.from({ length: 24 }, (_, i) =>
        kind === "b" ? i % 2 : kind === "u" ? i : kind === "i" ? i - 11 : (i - 11) / 4,
      );
      expect(array.shape, key).toEqual([2, 3, 4]);
      expect(array.dtype, key).toBe(STORAGE[code]);
      expect(Array.from(array.data as ArrayLike<number | bigint>, Number), key).toEqual(want);
    }
  });
  test("one array", () => {
    expect(readNpzArray(file, "f4_be_F").get(1, 2, 3)).toBe(3);
    expect(() => readNpzArray(file, "weights")).toThrow(
      /^npz: no array "weights", the file holds b1_le_C, b1_le_F, i1_le_C/,
    );
  });
});

test("half precision agrees with NumPy, subnormals, infinities and NaN included", () => {
  const arrays = readNpz(fixture("half.npz"));
  expect(arrays.get("half")!.data).toEqual(arrays.get("float")!.data);
  expect(fromFloat16(Uint16Array.of(0x7c00, 0xfc00, 1))).toEqual(Float32Array.of(Infinity, -Infinity, 2 ** -24));
});

describe("writeNpz", () => {
  const arrays = { x: new NdArray(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]), größe: Int32Array.of(-7), empty: [] };
  test.each([true, false])("comes back, compress: %s", (compress) => {
    const file = writeNpz(arrays, { compress });
    const back = readNpz(file);
    expect([...back.keys()]).toEqual(["x", "größe", "empty"]);
    expect(back.get("x")!.shape).toEqual([2, 3]);
    expect(back.get("x")!.data).toEqual(arrays.x.data);
    expect(back.get("größe")!.data).toEqual(Int32Array.of(-7));
    expect(back.get("empty")!.shape).toEqual([0]);
    // Another implementation finds the same members.
    const members = unzipSync(file);
    expect(Object.keys(members)).toEqual(["x.npy", "größe.npy", "empty.npy"]);
    expect(members["x.npy"]).toEqual(writeNpy(arrays.x));
    expect(writeNpz(new Map(Object.entries(arrays)), { compress })).toEqual(file);
  });
  test("a large array of few values is deflated and inflated", () => {
    const zeros = new NdArray(new Float32Array(1 << 20), [1 << 10, 1 << 10]);
    const file = writeNpz({ zeros });
    expect(file.length).toBeLessThan(10_000);
    expect(readNpzArray(file, "zeros").shape).toEqual([1024, 1024]);
  });
});

describe("errors", () => {
  const good = writeNpz({ x: Float32Array.of(1, 2), y: Float32Array.of(3, 4) }, { compress: false });
  const edited = (edit: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(good);
    edit(bytes);
    return new Uint8Array(bytes);
  };
  const directory = Buffer.from(good).indexOf("PK\x01\x02", 0, "latin1");
  const cases: [string, Uint8Array, string][] = [
    ["empty", new Uint8Array(0), "npz: file must begin with PK\\x03\\x04, got 0 bytes"],
    ["another format", writeNpy([1, 2]), "npz: file must begin with PK\\x03\\x04, got other bytes"],
    ["truncated", good.subarray(0, good.length - 1), "npz: file is truncated, its 465 bytes hold no directory"],
    [
      "the same name twice",
      edited((b) => b.write("x", b.lastIndexOf("y.npy"))),
      'names of their own, "x" occurs twice',
    ],
    [
      "a changed value",
      edited((b) => (b[165] = b[165]! ^ 1)),
      'npz: array "x" is corrupt, its length or CRC-32 differs',
    ],
    ["encrypted", edited((b) => (b[directory + 8] = 1)), 'npz: array "x" is encrypted'],
    [
      "another method",
      edited((b) => (b[directory + 10] = 12)),
      'npz: array "x" must be stored or deflated, got method 12',
    ],
    [
      "offset outside",
      edited((b) => b.writeUInt32LE(1e9, directory + 42)),
      'npz: array "x" is corrupt, no member begins at',
    ],
    ["size outside", edited((b) => b.writeUInt32LE(1e9, directory + 20)), 'npz: array "x" is corrupt, it ends at'],
    ["zip64", edited((b) => b.writeUInt16LE(0xffff, b.length - 12)), "npz: archive must be under 4 GiB"],
    [
      "more entries than there are",
      edited((b) => b.writeUInt16LE(3, b.length - 12)),
      "no directory entry for array 2 of 3",
    ],
    [
      "no npy inside",
      zipSync({ "x.npy": Buffer.from("hello there, no array") }),
      'npz: array "x": npy: file must begin',
    ],
  ];
  test.each(cases)("%s", (_, bytes, message) => {
    expect(() => readNpz(bytes)).toThrow(message);
    expect(() => readNpz(bytes)).toThrow(/^npz: [^\n]*$/);
  });
  test("a declared size of gigabytes is not allocated", () => {
    const bytes = Buffer.from(writeNpz({ x: new Float32Array(1000) }));
    bytes.writeUInt32LE(0xfffffff0, bytes.indexOf("PK\x01\x02", 0, "latin1") + 24);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => readNpz(bytes)).toThrow("bytes where 4294967280 are declared");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 24);
  });
});
