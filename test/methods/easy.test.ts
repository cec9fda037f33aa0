import { expect, test } from "vitest";
import { describeDevices } from "../devices";
import { METHODS } from "./easy";

// the same in Deno and in Chromium: test/runtime.ts
describeDevices("every method on an easy problem", (device) => {
  for (const [name, run] of Object.entries(METHODS))
    test(name, async () => {
      expect(await run(await device())).toBeUndefined();
    });
});
