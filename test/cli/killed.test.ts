import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { uniforms } from "../uniforms";
import { ENDINGS, killable, Killing, type Ending } from "./killed";
import { folder, program, useProgram } from "./program";

useProgram();

/** Of each method: what no program hears of, and one of the signals that it does hear, which are the same code in all. Three neighbours in the list have all. */
const endingsOf = (at: number): readonly Ending[] => [ENDINGS[0], ENDINGS[1 + (at % (ENDINGS.length - 1))]!];

// every ending of every method, twenty times: npm run kill
describe("a run that is killed goes on", async () => {
  const random = uniforms(3);
  let killing: Killing | undefined;

  describe.each((await killable()).map((method, at) => [method.name, method, at] as const))("%s", (_, method, at) => {
    test.each(endingsOf(at))("%s", async (ending) => {
      killing ??= new Killing(program, join(folder, "killed"));
      expect(await killing.once(method, ending, 0.7 * random())).toBeUndefined();
    });
  });
});
