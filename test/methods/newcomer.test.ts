// A method that is added as CONTRIBUTING says keeps all that the others keep, and everything that lists methods has it.
import { expect, test } from "vitest";
import { checkMethodOptions, runMethod } from "../../src/methods";
import { accuracy } from "../../src/metrics";
import { methodHelp, methodOptions } from "../../src/cli/method-options";
import { describeConformance } from "./conformance";
import { deviceOf } from "../devices";
import { kMedoids } from "./newcomer";
import { taskOf, trialOf } from "./trial";

describeConformance("a method of a newcomer", [kMedoids]);

test("it finds groups that are well apart", async () => {
  const trial = trialOf(kMedoids);
  const { labels } = await runMethod(kMedoids, taskOf(trial, await deviceOf("wasm")));
  expect(accuracy(trial.truth, labels as Int32Array)).toBe(1);
});

test("flags, help and checks follow from its descriptor", () => {
  expect(methodOptions(kMedoids, [kMedoids], { maxIter: "7" })).toEqual({ maxIter: 7 });
  expect(() => methodOptions(kMedoids, [kMedoids], { maxIter: "0" })).toThrow(
    '--max-iter must be a whole number from 1, got "0"',
  );
  expect(methodHelp(kMedoids)).toContain("--max-iter <N>");
  expect(() => checkMethodOptions(kMedoids, { nClusters: 3, max_iter: 3 })).toThrow(
    "k-medoids: unknown option max_iter, did you mean maxIter?",
  );
});
