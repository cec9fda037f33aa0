import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { uniforms } from "../uniforms";
import { ENDINGS, killable, Killing } from "./killed";
import { folder, program, useProgram } from "./program";

useProgram();

// the same twenty times a method: npm run kill
describe("a run that is killed goes on", async () => {
  const random = uniforms(3);
  let killing: Killing | undefined;

  describe.each((await killable()).map((method) => [method.name, method] as const))("%s", (_, method) => {
    test.each(ENDINGS)("%s", async (ending) => {
      killing ??= new Killing(program, join(folder, "killed"));
      expect(await killing.once(method, ending, 0.7 * random())).toBeUndefined();
    });
  });
});
