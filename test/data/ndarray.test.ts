import ndarray from "ndarray";
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  flattenRows,
  toContiguous,
  toFloat32,
  toFloat32Matrix,
  toLabels,
  toSafeIntegers,
  type MatrixLike,
} from "../../src/matrix";
import { NdArray } from "../../src/ndarray";

const iota = (n: number) => Float32Array.from({ length: n }, (_, i) => i);

/** A few views of one array, made by npm's ndarray and by ours. */
const views: [string, (a: NdArray) => NdArray, (a: ndarray.NdArray<Float32Array>) => ndarray.NdArray<Float32Array>][] =
  [
    ["itself", (a) => a, (a) => a],
    ["transposed", (a) => a.T, (a) => a.transpose(2, 1, 0)],
    ["axes 1, 0, 2", (a) => a.transpose(1, 0, 2), (a) => a.transpose(1, 0, 2)],
    ["reversed", (a) => a.step(-1, 1, -1), (a) => a.step(-1, 1, -1)],
    ["every second, backwards", (a) => a.step(1, -2, 2), (a) => a.step(1, -2, 2)],
    ["cut", (a) => a.lo(1, 2, 0).hi(2, 1, 4), (a) => a.lo(1, 2, 0).hi(2, 1, 4)],
    ["picked", (a) => a.pick(null, 2, null), (a) => a.pick(null, 2, null)],
  ];

describe("NdArray and npm's ndarray agree", () => {
  test.each(views)("%s", (_, ours, theirs) => {
    const a = ours(new NdArray(iota(60), [3, 4, 5]));
    const b = theirs(ndarray(iota(60), [3, 4, 5]));
    for (const key of ["shape", "stride", "offset", "dtype", "size", "dimension"] as const)
      expect(a[key]).toEqual(b[key]);
    expect(a.order.map((axis) => Math.abs(a.stride[axis]!))).toEqual(b.order.map((axis) => Math.abs(b.stride[axis]!)));
    const want: number[] = [];
    const visit = (index: number[]): void => {
      if (index.length < b.dimension) for (let i = 0; i < b.shape[index.length]!; i++) visit([...index, i]);
      else {
        want.push(b.get(...index));
        expect(a.get(...index)).toBe(b.get(...index));
        expect(a.index(...index)).toBe(b.index(...index));
      }
    };
    visit([]);
    // Both are taken as input, and ours can be taken over by theirs.
    expect([...toContiguous(a, "test", "a").data]).toEqual(want);
    expect([...toContiguous(b, "test", "b").data]).toEqual(want);
    expect(ndarray(a.data, a.shape, a.stride, a.offset).get(...a.shape.map(() => 0))).toBe(want[0]);
  });

  test("set writes and returns the value", () => {
    const a = new NdArray(new Int32Array(6), [2, 3]).T;
    expect(a.set(2, 1, 42)).toBe(42);
    expect([...a.data]).toEqual([0, 0, 0, 0, 0, 42]);
    const b = new NdArray(new BigInt64Array(2), [2]);
    b.set(1, 7n);
    expect(b.get(1)).toBe(7n);
  });

  test("dtype of every storage", () => {
    for (const Type of [Int8Array, Int16Array, Int32Array, Uint8Array, Uint8ClampedArray, Uint16Array, Uint32Array])
      expect(new NdArray(new Type(1)).dtype).toBe(ndarray(new Type(1)).dtype);
    for (const Type of [Float32Array, Float64Array])
      expect(new NdArray(new Type(1)).dtype).toBe(ndarray(new Type(1)).dtype);
    for (const Type of [BigInt64Array, BigUint64Array])
      expect(new NdArray(new Type(1)).dtype).toBe(ndarray(new Type(1)).dtype);
  });

  test("the types fit each other", () => {
    const ours = new NdArray(iota(6), [2, 3]);
    expectTypeOf(ours).toExtend<ndarray.NdArray<Float32Array>>();
    expectTypeOf(ndarray(iota(6), [2, 3])).toExtend<MatrixLike>();
    expectTypeOf(ours.dtype).toEqualTypeOf<"float32">();
  });

  test("a view that leaves its data is refused", () => {
    expect(() => new NdArray(iota(5), [2, 3])).toThrow(
      "NdArray: array of shape [2, 3] reaches element 5, its data has 5",
    );
    expect(() => new NdArray(iota(6), [2, 3], [-3, 1])).toThrow("reaches element -3");
    expect(() => new NdArray(iota(6), [2, 3], [1])).toThrow("one integer stride an axis");
    expect(() => new NdArray(iota(6), [2, -3])).toThrow("sizes that are integers of 0 or more, got [2, -3]");
    expect(new NdArray(iota(0), [0, 3]).size).toBe(0);
  });
});

describe("matrix input", () => {
  const rows = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  const inputs: [string, MatrixLike][] = [
    ["rows", rows],
    ["typed rows", rows.map((row) => Float64Array.from(row))],
    ["data and shape", { data: [1, 2, 3, 4, 5, 6], shape: [2, 3] }],
    ["ndarray of float64", ndarray(new Float64Array(rows.flat()), [2, 3])],
    ["ndarray of numbers", ndarray(rows.flat(), [2, 3])],
    ["ndarray of BigInts", ndarray(new BigInt64Array([1n, 2n, 3n, 4n, 5n, 6n]), [2, 3])],
    ["transposed ndarray", ndarray(new Float32Array([1, 4, 2, 5, 3, 6]), [3, 2]).transpose(1, 0)],
    ["reversed ndarray", ndarray(new Int16Array([6, 5, 4, 3, 2, 1]), [2, 3]).step(-1, -1)],
    ["generic storage", { data: { length: 6, get: (i: number) => i + 1 }, shape: [2, 3] }],
    ["ours", new NdArray(new Uint8Array(rows.flat()), [2, 3])],
  ];
  test.each(inputs)("%s", (_, x) => {
    const { data, shape } = toFloat32Matrix(x, "test", "x");
    expect(data).toEqual(new Float32Array(rows.flat()));
    expect(shape).toEqual([2, 3]);
  });

  test("contiguous float32 is not copied", () => {
    const data = iota(12);
    expect(toFloat32Matrix({ data, shape: [3, 4] }, "test", "x").data.buffer).toBe(data.buffer);
    const lower = toFloat32Matrix(ndarray(data, [3, 4]).lo(1, 0), "test", "x").data;
    expect(lower.buffer).toBe(data.buffer);
    expect([...lower]).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
  });

  const bad: [string, unknown, string][] = [
    ["a vector", [1, 2], "kmeans: x must be a matrix (rank 2), got shape [2]"],
    [
      "images",
      { data: iota(8), shape: [2, 2, 2] },
      "kmeans: x must be a matrix (rank 2), got shape [2, 2, 2]; see flattenRows",
    ],
    ["ragged rows", [[1, 2], [3]], "kmeans: x must not be ragged, row 1 has 1 values, the first has 2"],
    ["uneven nesting", [[1, 2], 3], "kmeans: x must be evenly nested, got 3 where an array is due, row 1"],
    ["text", [[1, "a"]], 'kmeans: x must hold numbers, got "a" at row 0, column 1'],
    ["null", null, "kmeans: x must be an ndarray, { data, shape } or rows of numbers, got null"],
    ["a number", 3, "got 3"],
    ["another size", { data: iota(5), shape: [2, 2] }, "kmeans: x of shape [2, 2] has 4 elements, its data 5"],
    [
      "too little data",
      { data: iota(3), shape: [2, 2] },
      "kmeans: x of shape [2, 2] reaches element 3, its data has 3",
    ],
    [
      "NaN",
      [
        [1, 2],
        [3, NaN],
      ],
      "kmeans: x must be finite, got NaN at row 1, column 1",
    ],
    ["infinity", [[1, -Infinity]], "kmeans: x must be finite, got -Infinity at row 0, column 1"],
    ["beyond float32", [[1, 1e300]], "kmeans: x must hold numbers that fit float32, got 1e+300 at row 0, column 1"],
    [
      "NaN in a transposed view",
      ndarray(Float32Array.of(1, 2, NaN, 4, 5, 6), [2, 3]).transpose(1, 0),
      "kmeans: x must be finite, got NaN at row 2, column 0",
    ],
  ];
  test.each(bad)("%s is refused", (_, x, message) => {
    expect(() => toFloat32Matrix(x as MatrixLike, "kmeans", "x")).toThrow(message);
  });

  test("any rank", () => {
    expect(toFloat32([1, 2, 3], "test", "x").shape).toEqual([3]);
    expect(toFloat32({ data: [5], shape: [] }, "test", "x").shape).toEqual([]);
    expect(toFloat32([[[1], [2]]], "test", "x").shape).toEqual([1, 2, 1]);
    expect(() => toFloat32([[[1], [NaN]]], "test", "x")).toThrow("test: x must be finite, got NaN at [0, 1, 0]");
    expect(toFloat32([[], []], "test", "x").shape).toEqual([2, 0]);
  });

  test("flattenRows", () => {
    const images = new NdArray(iota(12), [2, 2, 3]);
    expect(flattenRows(images).shape).toEqual([2, 6]);
    expect([...flattenRows(images.transpose(0, 2, 1)).data]).toEqual([0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11]);
    expect(flattenRows(new NdArray(iota(3))).shape).toEqual([3, 1]);
  });
});

describe("labels", () => {
  test("integers of any type", () => {
    for (const x of [
      [3, -1, 2],
      Uint8Array.of(3, 255, 2),
      BigInt64Array.of(3n, -1n, 2n),
      new NdArray(Float32Array.of(3, -1, 2), [3, 1]),
    ])
      expect([...toLabels(x, "nmi", "truth")]).toEqual([3, x instanceof Uint8Array ? 255 : -1, 2]);
  });
  test("anything else is refused", () => {
    expect(() => toLabels([1, 1.5], "nmi", "truth")).toThrow("nmi: truth must be integers of 32 bits, got 1.5 at 1");
    expect(() => toLabels([NaN], "nmi", "truth")).toThrow("NaN at 0");
    expect(() => toLabels([2 ** 31], "nmi", "truth")).toThrow("2147483648 at 0");
    expect(() => toLabels([[1, 2]], "nmi", "truth")).toThrow("nmi: truth must be a vector, got shape [1, 2]");
  });
  test("64-bit integers that are exact as numbers", () => {
    expect([...toSafeIntegers(BigInt64Array.of(-5n, 2n ** 53n - 1n))]).toEqual([-5, 2 ** 53 - 1]);
    expect(() => toSafeIntegers(BigInt64Array.of(1n, 2n ** 53n))).toThrow(
      "at most 2^53 - 1 in size, got 9007199254740992 at 1",
    );
  });
});
