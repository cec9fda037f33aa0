import { expect, test } from "vitest";
import { CASES } from "./cases";
import { describeDevices } from "./devices";
import { checkCase } from "./ops";

describeDevices("ops", (device) => {
  for (const row of CASES)
    for (const shapes of row.shapes)
      test(`${row.op}${row.variant ? ` (${row.variant})` : ""} ${shapes.map((shape) => `[${shape}]`).join(" ")}`, async () => {
        expect(await checkCase(await device(), row, shapes)).toBeUndefined();
      });

  test("nothing leaks", async () => {
    const made = await device();
    const before = made.memory();
    for (const row of CASES.slice(0, 12)) await checkCase(made, row, row.shapes[0]!);
    expect(made.memory().buffers).toBe(before.buffers);
  });
});
