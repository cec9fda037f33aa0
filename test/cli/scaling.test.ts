import { expect, test } from "vitest";
import type { DataSet } from "../../src/cli/data/load";
import { scaledRows, scalingOf } from "../../src/cli/data/scaling";
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
  for (const scale of ["none", "unit", "standard"] as const) {
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
