import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { methodNames } from "../../src/methods";
import { uniforms } from "../uniforms";
import { ENDINGS, killable, Killing } from "./killed";
import { folder, program, useProgram } from "./program";

useProgram();

// the same twenty times a method: npm run kill
describe("a run that is killed goes on", () => {
  const random = uniforms(3);
  let killing: Killing | undefined;

  test.each(methodNames.flatMap((name) => ENDINGS.map((ending) => [name, ending] as const)))(
    "%s, %s",
    async (name, ending) => {
      const method = (await killable()).find((each) => each.name === name);
      if (!method) return; // not of the command line's rows: constella learn has its own test
      killing ??= new Killing(program, join(folder, "killed"));
      expect(await killing.once(method, ending, 0.7 * random())).toBeUndefined();
    },
  );
});
