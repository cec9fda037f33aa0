import { expect, test } from "vitest";
import { concat, gatherRows, indices, pad, scatterAddRows, slice, tensor, tidy, transpose } from "constella";
import { describeDevices } from "../devices";

describeDevices("rows by index and layout", (device) => {
  test("labels are gathered as they are", async () => {
    using labels = indices(await device(), [4294967295, 7, 16777217]);
    using y = gatherRows(labels, [2, 0, 2]);
    expect([...(await y.data())]).toEqual([16777217, 4294967295, 16777217]);
  });

  test("an index given as an array is checked, and leaves no tensor behind", async () => {
    const made = await device();
    using x = tensor(made, [1, 2, 3, 4, 5, 6], [3, 2]);
    const { buffers } = made.memory();
    gatherRows(x, [0, 2]).dispose();
    expect(() => gatherRows(x, [0, 3])).toThrow("gatherRows: indices must be from 0 to 2, got 3 at 1");
    expect(() => gatherRows(x, Int32Array.of(-1))).toThrow("gatherRows: indices must be from 0 to 2, got -1 at 0");
    expect(() => gatherRows(x, [0.5])).toThrow("indices: elements must be whole numbers from 0, got 0.5 at 0");
    expect(() => gatherRows(x, x)).toThrow(
      "gatherRows: the index must be a u32 tensor as indices() makes one, got f32",
    );
    expect(() => scatterAddRows(x, [0], x)).toThrow("scatterAddRows: src must be [1, 2] for base [3, 2], got [3, 2]");
    expect(made.memory().buffers).toBe(buffers);
  });

  test("an index on the device that is out of range shows as NaN", async () => {
    const made = await device();
    using x = tensor(made, [1, 2, 3, 4], [2, 2]);
    using index = indices(made, [1, 2]);
    using y = gatherRows(x, index);
    expect([...(await y.data())]).toEqual([3, 4, NaN, NaN]);
    using z = scatterAddRows(x, index, x);
    expect([...(await z.data())]).toEqual([NaN, NaN, 4, 6]);
  });

  test("repeated rows add up in order, to the same bits each time", async () => {
    const made = await device();
    const [n, m, width] = [5, 5000, 33];
    const row = Uint32Array.from({ length: m }, (_, i) => (i * i) % n);
    const values = Float32Array.from({ length: m * width }, (_, i) => Math.fround(Math.sin(i) * 10 ** (i % 5)));
    const want = new Float32Array(n * width);
    values.forEach((value, i) => (want[row[Math.floor(i / width)]! * width + (i % width)]! += value));
    using base = tensor(made, new Float32Array(n * width), [n, width]);
    using src = tensor(made, values, [m, width]);
    using y = scatterAddRows(base, row, src);
    expect([...(await y.data())]).toEqual([...want]);
  });

  test("bad input is named", async () => {
    const made = await device();
    tidy(() => {
      const x = tensor(made, [1, 2, 3, 4, 5, 6], [2, 3]);
      expect(() => slice(x, [0, 2], [2, 4])).toThrow("slice: [0, 2] to [2, 4] is not within [2, 3]");
      expect(() => transpose(x, [0, 0])).toThrow(
        "transpose: perm must name each axis once, got [0, 0] for shape [2, 3]",
      );
      expect(() => pad(x, [[1, 1]])).toThrow(
        "pad: pads must be one pair of whole numbers an axis, got [[1,1]] for shape [2, 3]",
      );
      expect(() => concat([x, transpose(x)], 0)).toThrow("f32 [2, 3] and f32 [3, 2]");
      expect(() => concat([x], 2)).toThrow("concat: the axis must be within the rank 2, got 2");
      expect(() => concat([])).toThrow("concat: tensors must be one or more, got none");
    });
  });
});
