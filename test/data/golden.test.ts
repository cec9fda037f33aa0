import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isTextArray, NpyFile, readNpy, readNpyRecords } from "../../src/data/npy";
import { readSafetensors } from "../../src/data/safetensors";
import type { NdArray, TypedArray } from "../../src/ndarray";

interface GoldenCase {
  name: string;
  op: string;
  file: string;
  attrs: { path: string; shape: number[]; names?: string[]; strings?: Record<string, string[]> };
  outputs: Record<string, string>;
}

const folder = new URL("../golden/", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, folder));
const cases = JSON.parse(read("index.json").toString()) as GoldenCase[];
const files = new Map([...new Set(cases.map((c) => c.file))].map((file) => [file, readSafetensors(read(file))]));

/** Values as the golden file can hold them: bool and u1 alike, i8 as BigInt. */
function expectSame(got: NdArray<TypedArray>, want: NdArray<TypedArray>): void {
  expect(got.shape).toEqual(want.shape);
  const exact = (a: TypedArray) => Array.from(a as ArrayLike<number | bigint>, (v) => v);
  expect(exact(got.data)).toEqual(exact(want.data));
}

const of = (op: string) => cases.filter((c) => c.op === op).map((c) => [c.name, c] as const);

test("the golden index has cases of each kind", () => {
  for (const op of ["npy_read", "npy_read_structured", "npy_read_error"]) expect(of(op).length).toBeGreaterThan(2);
});

describe("npy_read", () => {
  test.each(of("npy_read"))("%s", async (_, { file, attrs, outputs }) => {
    const want = files.get(file)!.tensors.get(outputs.data!)!;
    const got = readNpy(read(attrs.path));
    expect(got.shape).toEqual(attrs.shape);
    expectSame(got, want);
    if (attrs.shape.length === 0) return;
    const lazy = await NpyFile.open(read(attrs.path));
    expectSame(await lazy.slice(0, lazy.rows), want);
  });
});

describe("npy_read_structured", () => {
  test.each(of("npy_read_structured"))("%s", (_, { file, attrs, outputs }) => {
    const { shape, fields } = readNpyRecords(read(attrs.path));
    expect(shape).toEqual(attrs.shape);
    expect([...fields.keys()]).toEqual(attrs.names);
    for (const [field, key] of Object.entries(outputs)) {
      const got = fields.get(field)!;
      if (isTextArray(got)) throw new Error(`${field} is text`);
      expectSame(got, files.get(file)!.tensors.get(key)!);
    }
    for (const [field, strings] of Object.entries(attrs.strings ?? {}))
      expect(fields.get(field)).toEqual({ data: strings, shape: attrs.shape });
  });
});

describe("npy_read_error", () => {
  test.each(of("npy_read_error"))("%s", async (_, { attrs }) => {
    expect(() => readNpy(read(attrs.path))).toThrow(/^npy: [^\n]*, [^\n]*$/);
    await expect(NpyFile.open(read(attrs.path))).rejects.toThrow(/^npy: /);
  });
});

test("every golden safetensors file is read whole, and every tensor that the index names is there", () => {
  for (const { file, outputs } of cases)
    for (const key of Object.values(outputs)) expect(files.get(file)!.tensors.has(key)).toBe(true);
  const types = new Set([...files.values()].flatMap(({ types }) => [...types.values()]));
  expect(types).toContain("F64");
  expect(types).toContain("I64");
});
