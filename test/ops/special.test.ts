import { expect, test } from "vitest";
import { CASES } from "./cases";
import { describeDevices } from "../devices";
import { checkSpecials, trialsOf } from "./special-values";

describeDevices("ops given NaN, infinities and denormals", (device) => {
  for (const row of CASES)
    test(`${row.op}${row.variant ? ` (${row.variant})` : ""}`, async () => {
      const wrong: string[] = [];
      for (const shapes of trialsOf(row)) wrong.push(...(await checkSpecials(await device(), row, shapes)));
      expect(wrong).toEqual([]);
    });
});
