// The notebook of examples/deno, run in Deno's own Jupyter kernel on the installed package.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startKernel } from "../../scripts/runtimes/jupyter.mjs";
import { runNotebook, type Notebook, type Output } from "../../scripts/notebook.mjs";
import { readImage } from "../../src/data";
import { sameWords } from "./blocks";
import { installPackage, removeFolder, root } from "../installed";

let folder = "";
beforeAll(async () => {
  folder = await installPackage();
});
afterAll(() => removeFolder(folder));

/** What an output shows, by type, as one text each. */
const shown = ({ data = {}, text = [] }: Output): Record<string, string> =>
  Object.fromEntries(Object.entries({ ...data, text }).map(([type, value]) => [type, [value].flat().join("")]));

test("every cell runs, and shows what the notebook is saved with", async () => {
  const notebook = JSON.parse(await readFile(join(root, "examples/deno/showers.ipynb"), "utf8")) as Notebook;
  const cells = notebook.cells.filter(({ cell_type }) => cell_type === "code");
  const outputs = await runNotebook(notebook, folder);
  expect(outputs.length).toBe(cells.length);
  for (const [c, { outputs: saved = [] }] of cells.entries()) {
    expect(outputs[c]!.map(({ output_type }) => output_type)).toEqual(saved.map(({ output_type }) => output_type));
    for (const [i, output] of outputs[c]!.entries()) {
      const [now, before] = [shown(output), shown(saved[i]!)];
      expect(Object.keys(now)).toEqual(Object.keys(before));
      for (const type of ["text", "text/html", "text/markdown"])
        if (!sameWords(now[type] ?? "", before[type] ?? "")) expect(now[type]).toBe(before[type]);
    }
  }
  const all = outputs.flat().map(shown);
  const [png] = all.flatMap((output) => output["image/png"] ?? []);
  expect((await readImage(Buffer.from(png!, "base64"))).shape).toEqual([184, 560, 3]);
  const drawings = all.flatMap((output) => output["image/svg+xml"] ?? []);
  expect(drawings).toHaveLength(2);
  for (const svg of drawings) expect(svg.match(/h0/g)).toHaveLength(2 * 1500);
});

test("a cell that fails is an error with its text", async () => {
  const failing = { cells: [{ cell_type: "code", source: ["const a: number = 1;\n", "a.b.c"] }] } as Notebook;
  await expect(runNotebook(failing, folder)).rejects.toThrow(/TypeError[^]*in the cell\nconst a/);
});

test("what is displayed again takes the place of what was", async () => {
  const kernel = await startKernel(folder);
  try {
    const show = (text: string, update: boolean): string =>
      `await Deno.jupyter.display({ "text/plain": "${text}" }, { raw: true, update: ${update}, display_id: "a" });\n`;
    const outputs = await kernel.execute(`console.log(1); console.log(2);\n${show("old", false)}${show("new", true)}`);
    expect(outputs.map(shown)).toEqual([{ "text/plain": "new", text: "" }, { text: "1\n2\n" }]);
  } finally {
    await kernel.close();
  }
});
