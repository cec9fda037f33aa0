import { describe, expect, test } from "vitest";
import { describeDevices, deviceOf } from "../devices";
import { STILL } from "../models/untrained";
import { LEARNERS, METHODS } from "./easy";

// the same in Deno and in Chromium: test/runtime.ts
describeDevices("every method on an easy problem", (device) => {
  for (const [name, run] of Object.entries(METHODS))
    test(name, async () => {
      expect(await run(await device())).toBeUndefined();
    });
});

describe("what is not trained does not pass for trained", () => {
  test.each(Object.entries(LEARNERS))("%s", async (_, run) => {
    const still = { learningRate: STILL, pretrainLearningRate: STILL };
    expect(await run(await deviceOf("wasm"), still)).toMatch(/nothing was learned|score 0(\.[0-8]|$)/);
  });
});
