import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fromFloat16, toBFloat16, toFloat16 } from "../../../src/data/formats/half";
import { readSafetensors, writeSafetensors } from "../../../src/data/formats/safetensors";
import { NdArray } from "../../../src/ndarray";

function file(header: unknown, dataBytes: number): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}
const x = { dtype: "F32", shape: [2], data_offsets: [0, 8] };

describe("round trip", () => {
  const arrays = {
    f64: Float64Array.of(NaN, 0.1),
    f32: new NdArray(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]).T,
    i64: BigInt64Array.of(-(2n ** 63n)),
    u64: BigUint64Array.of(2n ** 64n - 1n),
    i32: Int32Array.of(-1),
    u32: Uint32Array.of(2 ** 32 - 1),
    i16: Int16Array.of(-2, 3, 4),
    u16: Uint16Array.of(65535),
    i8: Int8Array.of(-128),
    u8: Uint8Array.of(255),
    scalar: { data: [7], shape: [] },
    empty: new NdArray(new Float32Array(0), [0, 3]),
  };
  const bytes = writeSafetensors(arrays, { metadata: { epoch: "12", note: "größer" } });

  test("values, shapes, types, metadata", () => {
    const { tensors, types, metadata } = readSafetensors(bytes);
    expect(metadata).toEqual({ epoch: "12", note: "größer" });
    expect([...tensors.keys()].sort()).toEqual(Object.keys(arrays).sort());
    expect(tensors.get("f32")!.shape).toEqual([3, 2]);
    expect(tensors.get("f32")!.data).toEqual(Float32Array.of(1, 4, 2, 5, 3, 6));
    expect(tensors.get("scalar")!.shape).toEqual([]);
    expect(tensors.get("empty")!.shape).toEqual([0, 3]);
    for (const name of ["f64", "i64", "u64", "i32", "u32", "i16", "u16", "i8", "u8"] as const) {
      expect(tensors.get(name)!.data).toEqual(arrays[name]);
      expect(types.get(name)).toBe(name.toUpperCase());
    }
  });
  test("tensors are aligned and the header is padded to 8", () => {
    const size = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(size % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + size)));
    for (const name of ["f64", "i64", "u64"]) expect(header[name].data_offsets[0] % 8).toBe(0);
    for (const name of ["f32", "i32", "u32"]) expect(header[name].data_offsets[0] % 4).toBe(0);
    for (const name of ["i16", "u16"]) expect(header[name].data_offsets[0] % 2).toBe(0);
  });
  test("the same input gives the same bytes; a file that begins at an odd byte is read", () => {
    expect(writeSafetensors(new Map(Object.entries(arrays)), { metadata: { epoch: "12", note: "größer" } })).toEqual(
      bytes,
    );
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(readSafetensors(shifted.subarray(1)).tensors.get("f64")!.data).toEqual(arrays.f64);
  });
  test("a golden file is written again with the same tensors", () => {
    const golden = readSafetensors(readFileSync(new URL("../../golden/io.safetensors", import.meta.url)));
    const again = readSafetensors(writeSafetensors(golden.tensors));
    expect(again.types).toEqual(golden.types);
    for (const [name, array] of golden.tensors) {
      expect(again.tensors.get(name)!.shape).toEqual(array.shape);
      expect(again.tensors.get(name)!.data).toEqual(array.data);
    }
  });
  test("F16, BF16 and BOOL", () => {
    const values = Float32Array.of(1, -2.5, 0, 65504);
    const { tensors, types } = readSafetensors(
      writeSafetensors(
        { h: values, b: values, t: values, constructor: values },
        { types: { h: "F16", b: "BF16", t: "BOOL" } },
      ),
    );
    expect(Object.fromEntries(types)).toEqual({ h: "F16", b: "BF16", t: "BOOL", constructor: "F32" });
    expect(tensors.get("h")!.data).toEqual(values);
    expect(tensors.get("b")!.data).toEqual(Float32Array.of(1, -2.5, 0, 65536));
    expect(tensors.get("t")!.data).toEqual(Uint8Array.of(1, 1, 0, 1));
  });
  test("a tensor must not be called __metadata__", () => {
    expect(() => writeSafetensors({ __metadata__: [1] })).toThrow(
      "writeSafetensors: a tensor must not be called __metadata__",
    );
  });
});

describe("half precision", () => {
  test("every binary16 number comes back, and every midpoint goes to the even neighbour", () => {
    const bits = Uint16Array.from({ length: 0x7c01 }, (_, i) => i);
    const values = fromFloat16(bits);
    expect(Buffer.from(toFloat16(values).buffer).equals(Buffer.from(bits.buffer))).toBe(true);
    expect(
      Buffer.from(toFloat16(values.map((v) => -v)).buffer).equals(Buffer.from(bits.map((b) => b | 0x8000).buffer)),
    ).toBe(true);
    let wrong = 0;
    for (let i = 0; i < 0x7bff; i++) {
      const middle = (values[i]! + values[i + 1]!) / 2;
      const [even] = toFloat16([middle]);
      const [below, above] = toFloat16([middle * (1 - 2 ** -30), middle * (1 + 2 ** -30)]);
      if (even !== i + (i % 2) || below !== i || above !== i + 1) wrong++;
    }
    expect(wrong).toBe(0);
    expect([...toFloat16([65519, 65520, NaN, -1e9])]).toEqual([0x7bff, 0x7c00, 0x7e00, 0xfc00]);
  });
  test("bfloat16 rounds to nearest even", () => {
    expect([...toBFloat16([1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, -1, Infinity, NaN, 3.4e38])]).toEqual([
      0x3f80, 0x3f80, 0x3f82, 0xbf80, 0x7f80, 0x7fc0, 0x7f80,
    ]);
  });
});

describe("errors", () => {
  test.each<[string, Uint8Array, string]>([
    ["empty", new Uint8Array(0), "safetensors: file is truncated in its header, 0 bytes"],
    ["header cut", file({ x }, 8).subarray(0, 30), "safetensors: file is truncated in its header, 30 of"],
    ["header of exabytes", new Uint8Array(16).fill(255), "safetensors: file is truncated in its header"],
    ["data cut", file({ x }, 7), "safetensors: file is truncated, tensors need"],
    ["too long", file({ x }, 9), "safetensors: file must end after its data"],
    ["no JSON", file("{'x': 1}", 0), "safetensors: header must be JSON"],
    ["not UTF-8", file('{"x"}', 0).fill(0xff, 10, 11), "safetensors: header must be JSON"],
    ["a list", file([x], 8), "safetensors: header must be a JSON object"],
    [
      "an entry that is none",
      file({ x: 5 }, 0),
      'safetensors: tensor "x" must have a dtype, a shape of sizes and two data_offsets, got number',
    ],
    ["no offsets", file({ x: { dtype: "F32", shape: [2] } }, 8), "two data_offsets, got dtype, shape"],
    ["deep nesting", file(`{"x":${"[".repeat(1e5)}${"]".repeat(1e5)}}`, 0), "safetensors: "],
    ["unknown dtype", file({ x: { ...x, dtype: "F8_E4M3" } }, 8), 'dtype of "x" must be one of F64 I64 U64 F32'],
    ["inherited name as dtype", file({ x: { ...x, dtype: "toString" } }, 8), 'got "toString"'],
    ["shape and range differ", file({ x: { ...x, shape: [3] } }, 8), "shape [3] has 12 bytes, its range [0, 8) has 8"],
    [
      "negative size",
      file({ x: { ...x, shape: [-2] } }, 8),
      "must have a dtype, a shape of sizes and two data_offsets",
    ],
    [
      "fractional size",
      file({ x: { ...x, shape: [0.5] } }, 2),
      "must have a dtype, a shape of sizes and two data_offsets",
    ],
    ["shape overflow", file({ x: { ...x, shape: [2 ** 40, 2 ** 40] } }, 8), "its range [0, 8) has 8"],
    ["end before begin", file({ x: { ...x, data_offsets: [8, 0] } }, 8), "its range [8, 0) has -8"],
    ["gap", file({ x: { ...x, data_offsets: [4, 12] } }, 12), '"x" begins at 4 not 0'],
    ["overlap", file({ x, y: { ...x, data_offsets: [4, 12] } }, 12), '"y" begins at 4 not 8'],
    [
      "the same name twice",
      file(`{"x":${JSON.stringify(x)},"x":{"dtype":"U8","shape":[1],"data_offsets":[8,9]}}`, 9),
      "begins at 8 not 0",
    ],
    ["metadata of numbers", file({ __metadata__: { a: 1 }, x }, 8), "safetensors: __metadata__ must hold text only"],
  ])("%s", (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(message);
    expect(() => readSafetensors(bytes)).toThrow(/^safetensors: [^\n]*$/);
  });
  test("a tensor called __proto__ is a tensor", () => {
    const { tensors } = readSafetensors(file(`{"__proto__":${JSON.stringify(x)}}`, 8));
    expect([...tensors.keys()]).toEqual(["__proto__"]);
  });
});
