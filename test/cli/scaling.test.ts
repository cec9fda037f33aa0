import { expect, test } from "vitest";
import type { DataSet } from "../../src/cli/data/load";
import { scaledRows, scalingOf } from "../../src/cli/data/scaling";
import { streamedScaling } from "../../src/cli/streams/scaling";
import { NdArray } from "../../src/ndarray";

const data = (values: Float64Array | Float32Array): DataSet => ({
  ...{
    path: "x.csv",
    n: 3,
    raw: new NdArray<Float64Array | Float32Array>(values, [3, 2]),
    columns: null,
    isTable: true,
    truth: undefined,
  },
});

test("a column of times keeps its differences on every scale, beside one of small numbers", () => {
  const table = data(Float64Array.of(1.7e9, 0.1, 1.7e9 + 40, 0.2, 1.7e9 + 80, 0.3));
  for (const scale of ["none", "unit", "standard", "centered"] as const) {
    const { data: values } = scaledRows(table, scalingOf(table, scale));
    for (const c of [0, 1]) {
      const [a, b, d] = [values[c]!, values[c + 2]!, values[c + 4]!];
      expect(d).toBeGreaterThan(a);
      expect((b - a) / (d - a)).toBeCloseTo(0.5, 4);
    }
  }
  const short = data(Float32Array.of(0, 1, 2, 3, 4, 5));
  expect(scaledRows(short, scalingOf(short, "unit")).data).toBeInstanceOf(Float32Array);
});

test("centered takes means from columns and one number out of all, also of rows that are read", async () => {
  const table = data(Float32Array.of(0, 10, 2, 10, 4, 40));
  const scaling = scalingOf(table, "centered");
  const { data: values } = scaledRows(table, scaling);
  const whole = Math.sqrt((8 + 600) / 6);
  expect([...values].map((value) => value * whole)).toEqual(
    [-2, -10, 0, -10, 2, 20].map((value) => expect.closeTo(value, 5) as number),
  );
  const rows = table.raw.data as Float32Array;
  const source = {
    ...{ length: 3, rowShape: [2] },
    rows: async (index: ArrayLike<number>) =>
      Float32Array.from(Array.from(index).flatMap((row) => [...rows.subarray(2 * row, 2 * row + 2)])),
    range: async (begin: number, end: number) => rows.slice(2 * begin, 2 * end),
  };
  const streamed = await streamedScaling("x.csv", { source, bytes: false } as never, "centered");
  expect(streamed).toEqual({
    kind: "standard",
    means: [2, 20],
    deviations: [expect.closeTo(whole, 10), expect.closeTo(whole, 10)],
  });
});
