import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { NpyFile, readNpy, readNpyAny, readNpyRecords, readNpyText, writeNpy } from "../../../src/data/formats/npy/npy";
import type { RandomAccess } from "../../../src/data/formats/source";
import { NdArray, type TypedArray } from "../../../src/ndarray";

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url));

/** An npy file with this header text, as NumPy lays it out. */
function npy(header: string, data: ArrayLike<number> = [], version = 1): Uint8Array {
  const text = new TextEncoder().encode(header);
  const size = version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0];
  return Uint8Array.of(0x93, ...Buffer.from("NUMPY"), version, 0, ...size, ...text, ...Array.from(data));
}
const header = (descr: string, shape: string, order = "False") =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`;

describe("files by NumPy", () => {
  test("aligned records: padding, mixed byte order, text beyond the basic plane, sub-arrays", () => {
    const { shape, fields } = readNpyRecords(fixture("aligned.npy"));
    expect(shape).toEqual([3]);
    expect([...fields.keys()]).toEqual(["flag", "value", "count", "name", "pair"]);
    expect(fields.get("flag")!.data).toEqual(Uint8Array.of(1, 0, 1));
    expect(fields.get("value")!.data).toEqual(Float64Array.of(0.5, -1.25, 3e300));
    expect(fields.get("count")!.data).toEqual(Int16Array.of(-300, 7, 32000));
    expect(fields.get("name")!.data).toEqual(["Zoë", "", "𝛼βγ"]);
    expect(fields.get("pair")!.shape).toEqual([3, 2]);
    expect(fields.get("pair")!.data).toEqual(Int32Array.of(1, 2, 3, 4, 5, 6));
  });
  test("formats 1.0 and 3.0, quotes and titles in field names", () => {
    expect(fixture("unicode_field.npy")[6]).toBe(3);
    expect(readNpyRecords(fixture("latin1_field.npy")).fields.get("größe")!.data).toEqual(Int32Array.of(1, 2));
    expect(readNpyRecords(fixture("unicode_field.npy")).fields.get("大きさ")!.data).toEqual(Int32Array.of(1, 2));
    const { fields } = readNpyRecords(fixture("quoted_field.npy"));
    expect([...fields.keys()]).toEqual([`it's "x"`, "short"]);
    expect(fields.get("short")!.data).toEqual(Float32Array.of(2));
  });
  test("records in Fortran order", () => {
    const { shape, fields } = readNpyRecords(fixture("fortran_records.npy"));
    expect(shape).toEqual([2, 2]);
    expect(fields.get("f0")!.data).toEqual(Int16Array.of(1, 3, 5, 7));
    expect(fields.get("f1")!.data).toEqual(Float32Array.of(2.5, 4.5, 6.5, 8.5));
  });
  test("text", () => {
    expect(readNpyText(fixture("text.npy"))).toEqual({ data: ["cat", "dog", "cat"], shape: [3] });
    expect(readNpyAny(fixture("text.npy"))).toEqual({ data: ["cat", "dog", "cat"], shape: [3] });
  });
});

describe("headers", () => {
  const four = [0, 0, 128, 63];
  test("as old NumPy and other writers spell them", () => {
    expect(readNpy(npy(header("'<f4'", "(1L,)"), four)).shape).toEqual([1]);
    expect(readNpy(npy('{"shape":(1,),"fortran_order":False,"descr":"<f4"}', four)).data).toEqual(Float32Array.of(1));
    expect(readNpy(npy(header("'=i4'", "(1, 1)"), [7, 0, 0, 0], 2)).data).toEqual(Int32Array.of(7));
  });

  const bad: [string, Uint8Array, string][] = [
    ["empty file", new Uint8Array(0), "npy: file is truncated in its header, 0 bytes"],
    ["magic alone", Uint8Array.of(0x93, ...Buffer.from("NUMPY")), "npy: file is truncated in its header, 6 bytes"],
    ["another format", new TextEncoder().encode("PK\x03\x04 something"), "npy: file must begin with \\x93NUMPY, got"],
    ["version", npy(header("'<f4'", "(1,)"), four, 9), "npy: format version must be 1.0, 2.0 or 3.0, got 9.0"],
    [
      "truncated data",
      npy(header("'<f4'", "(2,)"), four),
      "npy: file is truncated, shape [2] of 4-byte elements needs",
    ],
    [
      "trailing bytes",
      npy(header("'<f4'", "(1,)"), [...four, 9]),
      "npy: file must end after its data, got 1 bytes more",
    ],
    ["objects", npy(header("'|O'", "(1,)"), four), "f8, U or S, got pickled Python objects"],
    ["complex", fixture("complex.npy"), 'npy: dtype must be bool, i1-i8, u1-u8, f2, f4, f8, U or S, got "<c8"'],
    ["dates", npy(header("'<M8[ns]'", "(1,)"), four), 'got "<M8[ns]"'],
    ["unsized text", npy(header("'<U0'", "(1000000000000,)")), 'got "<U0"'],
    ["negative size", npy(header("'<f4'", "(-1,)"), four), "npy: shape must be a tuple of at most 64 sizes"],
    ["size beyond integers", npy(header("'<f4'", "(9007199254740993,)")), "npy: shape must be a tuple"],
    ["shape overflow", npy(header("'<f8'", "(4294967296, 4294967296)")), "npy: shape is too large, given [4294967296"],
    ["gigabytes", npy(header("'<f8'", "(1000000000000,)")), "npy: file is truncated, shape [1000000000000]"],
    [
      "records without bytes",
      npy(header("[('a', '<f4', (0,))]", "(1000000000,)")),
      "npy: elements must have at least one byte",
    ],
    ["no dictionary", npy("(1, 2)"), "npy: header must be a dictionary, got"],
    ["missing key", npy("{'descr': '<f4', 'shape': (1,)}", four), "fortran_order, shape, got descr, shape"],
    ["extra key", npy("{'a': 1, 'descr': '<f4', 'fortran_order': True, 'shape': (1,)}", four), "got a, descr"],
    ["order", npy(header("'<f4'", "(1,)", "1"), four), "npy: fortran_order must be True or False, got"],
    ["an expression", npy(header("'<f4'", "(2*3,)"), four), "npy: header is corrupt, given"],
    ["a second value", npy(`${header("'<f4'", "(1,)")} 5`, four), "npy: header is corrupt, given"],
    ["an open quote", npy("{'descr': '<f4", four), "npy: header is corrupt, given"],
    ["deep nesting", npy(header("[".repeat(3000), "(1,)")), "npy: header is corrupt, given"],
    [
      "nested record",
      npy(header("[('a', [('b', '<f4')])]", "(1,)"), four),
      'npy: field "a" must not be a nested record',
    ],
    ["field twice", npy(header("[('a', '<f4'), ('a', '<f4')]", "(1,)"), four), "must have names of their own, field 1"],
    ["raw bytes", npy(header("[('a', '|V4')]", "(1,)"), four), 'npy: field "a" must hold numbers or text, got |V4'],
    [
      "format 3.0, not UTF-8",
      fixture("unicode_field.npy").map((b) => (b === 0xe5 ? 0xff : b)),
      "npy: header must be UTF-8",
    ],
    ["no Unicode", npy(header("'<U1'", "(1,)"), [0, 0, 17, 0]), "npy: text must be Unicode, got character 0x110000"],
  ];
  test.each(bad)("%s", (_, bytes, message) => {
    expect(() => readNpyAny(bytes)).toThrow(message);
    expect(() => readNpyAny(bytes)).toThrow(/^npy: [^\n]*$/);
  });

  test("the wrong reader says what the file holds", () => {
    expect(() => readNpy(fixture("aligned.npy"))).toThrow(
      "npy: file must hold numbers, got records of flag, value, count",
    );
    expect(() => readNpy(fixture("text.npy"))).toThrow("npy: file must hold numbers, got <U3");
    expect(() => readNpyText(npy(header("'<f4'", "(1,)"), four))).toThrow("npy: file must hold text, got <f4");
    expect(() => readNpyRecords(npy(header("'<f4'", "(1,)"), four))).toThrow("npy: file must hold records, got <f4");
  });
});

describe("writeNpy", () => {
  const arrays: TypedArray[] = [
    Int8Array.of(-1, 2, 3, 4, 5, -128),
    Int16Array.of(-1, 2, 3, 4, 5, -32768),
    Int32Array.of(-1, 2, 3, 4, 5, -(2 ** 31)),
    BigInt64Array.of(-1n, 2n, 3n, 4n, 5n, -(2n ** 63n)),
    Uint8Array.of(1, 2, 3, 4, 5, 255),
    Uint16Array.of(1, 2, 3, 4, 5, 65535),
    Uint32Array.of(1, 2, 3, 4, 5, 2 ** 32 - 1),
    BigUint64Array.of(1n, 2n, 3n, 4n, 5n, 2n ** 64n - 1n),
    Float32Array.of(NaN, Infinity, -0, 1e-45, 5, 0.1),
    Float64Array.of(NaN, Infinity, -0, 5e-324, 5, 0.1),
  ];
  test.each(arrays.map((data) => [data.constructor.name, data] as const))("%s comes back", (_, data) => {
    for (const shape of [[6], [2, 3], [3, 1, 2]]) {
      const back = readNpy(writeNpy({ data, shape }));
      expect(back.shape).toEqual(shape);
      expect(back.data).toEqual(data);
    }
    const transposed = readNpy(writeNpy(new NdArray(data, [2, 3]).T));
    expect(transposed.shape).toEqual([3, 2]);
    expect(transposed.get(2, 1)).toEqual(data[5]);
  });
  test("is laid out as NumPy does it", () => {
    const golden = readFileSync(new URL("../../golden/npy/f4_c.npy", import.meta.url));
    expect(Buffer.from(writeNpy(readNpy(golden))).equals(golden)).toBe(true);
  });
  test("rows, scalars, nothing", () => {
    expect(
      readNpy(
        writeNpy([
          [1, 2],
          [3, 4.5],
        ]),
      ).data,
    ).toEqual(Float64Array.of(1, 2, 3, 4.5));
    expect(readNpy(writeNpy({ data: [7], shape: [] })).shape).toEqual([]);
    expect(readNpy(writeNpy(new NdArray(new Float32Array(0), [0, 5]))).shape).toEqual([0, 5]);
  });
  test("a file that does not start at a multiple of the item size is read all the same", () => {
    const file = writeNpy(Float64Array.of(1, 2, 3));
    const shifted = new Uint8Array(file.length + 3);
    shifted.set(file, 3);
    expect(readNpy(shifted.subarray(3)).data).toEqual(Float64Array.of(1, 2, 3));
  });
});

const sameBytes = (a: TypedArray, b: TypedArray) =>
  Buffer.compare(
    Buffer.from(a.buffer, a.byteOffset, a.byteLength),
    Buffer.from(b.buffer, b.byteOffset, b.byteLength),
  ) === 0;

/** A source that counts the bytes read from it. */
function counting(bytes: Uint8Array): RandomAccess & { bytesRead: number; reads: number } {
  return {
    size: bytes.length,
    bytesRead: 0,
    reads: 0,
    async read(begin, end) {
      this.bytesRead += end - begin;
      this.reads++;
      return bytes.slice(begin, end);
    },
  };
}

/** The same array stored first index fastest. */
function fortranFile(data: Float32Array, [rows, columns]: [number, number]): Uint8Array {
  const bytes = writeNpy(new NdArray(data, [rows, columns]).T);
  const text = Buffer.from(bytes).toString("latin1", 0, 128);
  const turned = text.replace("False", "True ").replace(`(${columns}, ${rows})`, `(${rows}, ${columns})`);
  bytes.set(Buffer.from(turned, "latin1"));
  return bytes;
}

describe("NpyFile", () => {
  const [rows, columns] = [3000, 300];
  const data = Float32Array.from({ length: rows * columns }, (_, i) => i % 65521);
  const row = (r: number) => data.slice(r * columns, (r + 1) * columns);
  const files: [string, Uint8Array][] = [
    ["C order", writeNpy({ data, shape: [rows, columns] })],
    ["Fortran order", fortranFile(data, [rows, columns])],
  ];

  test.each(files)("%s: reads the rows asked for and nothing else", async (_, bytes) => {
    expect(sameBytes(readNpy(bytes).data, data)).toBe(true);
    const source = counting(bytes);
    const file = await NpyFile.open(source);
    expect(file.shape).toEqual([rows, columns]);
    expect(source.bytesRead).toBe(12 + 128);
    expect(bytes.length).toBeGreaterThan(3.5e6);

    const slice = await file.slice(1000, 1010);
    expect(slice.shape).toEqual([10, columns]);
    expect(slice.data).toEqual(data.slice(1000 * columns, 1010 * columns));
    expect(source.bytesRead).toBe(140 + 10 * columns * 4);

    const wanted = [2999, 0, 17, 18, 19, 17, 2000];
    const gathered = await file.gather(wanted);
    expect(gathered.shape).toEqual([7, columns]);
    wanted.forEach((r, i) => expect(gathered.data.slice(i * columns, (i + 1) * columns)).toEqual(row(r)));
    // Row 17 twice, but read once.
    expect(source.bytesRead).toBe(140 + (10 + 6) * columns * 4);
  });

  test("neighbouring rows are read in one piece", async () => {
    const source = counting(files[0]![1]);
    const file = await NpyFile.open(source);
    source.reads = 0;
    await file.gather(Uint32Array.of(5, 3, 4, 100, 101));
    expect(source.reads).toBe(2);
  });

  test("a Blob, as a page has it", async () => {
    const file = await NpyFile.open(new Blob([files[0]![1] as Uint8Array<ArrayBuffer>]));
    expect((await file.gather([42])).data).toEqual(row(42));
    expect((await file.slice(5, 5)).shape).toEqual([0, columns]);
  });

  test("records", async () => {
    const bytes = readFileSync(new URL("../../golden/npy/sdss_labelled.npy", import.meta.url));
    const whole = readNpyRecords(bytes).fields;
    const file = await NpyFile.open(bytes);
    expect(file.fieldNames).toEqual(["objID", "image", "class", "z"]);
    const { shape, fields } = await file.gatherRecords([1, 0, 1]);
    expect(shape).toEqual([3]);
    expect(fields.get("class")!.data).toEqual(["GALAXY", "STAR", "GALAXY"]);
    const size = 5 * 64 * 64;
    const images = fields.get("image")!;
    expect(images.shape).toEqual([3, 5, 64, 64]);
    expect(images.data.slice(0, size)).toEqual(whole.get("image")!.data.slice(size));
    const second = (await file.sliceRecords(1, 2)).fields;
    expect(second.get("objID")!.data).toEqual(whole.get("objID")!.data.slice(1));
    await expect(file.slice(0, 1)).rejects.toThrow(
      "npy: file must hold numbers, got records of objID, image, class, z",
    );
  });

  test("what it refuses", async () => {
    const file = await NpyFile.open(files[0]![1]);
    await expect(file.slice(2999, 3001)).rejects.toThrow("npy: rows [2999, 3001) must lie in [0, 3000)");
    await expect(file.slice(5, 4)).rejects.toThrow("npy: rows [5, 4)");
    await expect(file.gather([0, 3000])).rejects.toThrow("npy: row 3000 must be an integer in [0, 3000)");
    await expect(file.gather([0.5])).rejects.toThrow("npy: row 0.5");
    await expect(file.gather([NaN])).rejects.toThrow("npy: row NaN");
    await expect(NpyFile.open(files[0]![1].subarray(0, 1e6))).rejects.toThrow(
      "npy: file is truncated, shape [3000, 300]",
    );
    await expect(NpyFile.open(writeNpy({ data: [1], shape: [] }))).rejects.toThrow(
      "npy: file must have rows, got a scalar",
    );
    const shrunk: RandomAccess = {
      size: files[0]![1].length,
      read: async (a, b) => files[0]![1].slice(a, Math.min(b, 2e6)),
    };
    const late = await NpyFile.open(shrunk);
    await expect(late.slice(2000, 2001)).rejects.toThrow("npy: file is truncated, 0 of 1200 bytes read at");
  });
});
