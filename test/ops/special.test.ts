import { expect, test } from "vitest";
import { CASES } from "./cases";
import { describeDevices } from "../devices";
import { SPECIALS, checkSpecial, trialsOf } from "./special-values";

describeDevices("ops given NaN, infinities and denormals", (device) => {
  for (const row of CASES)
    test(`${row.op}${row.variant ? ` (${row.variant})` : ""}`, async () => {
      const wrong: string[] = [];
      for (const shapes of trialsOf(row))
        for (const input of shapes.keys()) {
          if (row.integers?.[input] !== undefined) continue;
          for (const special of SPECIALS) {
            const what = await checkSpecial(await device(), row, shapes, input, special);
            if (what) wrong.push(`${special.name} in input ${input} of ${JSON.stringify(shapes)}: ${what}`);
          }
        }
      expect(wrong).toEqual([]);
    });
});
