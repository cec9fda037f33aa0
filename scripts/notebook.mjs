// node scripts/notebook.mjs FILE.ipynb [OUT.ipynb]: runs a notebook's cells in Deno's Jupyter kernel, in the notebook's folder, and saves it with what they show.
import { readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildDist, buildWasm } from "./build.mjs";
import { startKernel } from "./runtimes/jupyter.mjs";

/** @typedef {import("./runtimes/jupyter.mjs").Output} Output */

/**
 * A notebook, as far as it is run.
 * @typedef {{
 *   readonly cells: readonly {
 *     readonly cell_type: string,
 *     readonly source: readonly string[],
 *     readonly outputs?: readonly Output[],
 *   }[],
 * }} Notebook
 */

/**
 * Outputs of each cell of code, in order.
 * @param {Notebook} notebook
 * @param {string} folder
 * @returns {Promise<Output[][]>}
 * @throws with the cell and what it printed when one fails
 */
export async function runNotebook(notebook, folder) {
  const kernel = await startKernel(folder);
  const all = [];
  try {
    for (const { source } of notebook.cells.filter(({ cell_type }) => cell_type === "code")) {
      const outputs = await kernel.execute(source.join(""));
      const error = outputs.find(({ output_type }) => output_type === "error");
      if (error) throw new Error(`${error.traceback.join("\n")}\nin the cell\n${source.join("")}`);
      all.push(outputs);
    }
  } finally {
    await kernel.close();
  }
  return all;
}

/** As Jupyter writes it: text as a list of lines. */
const lines = (text) => text.match(/[^\n]*\n|[^\n]+/g) ?? [];

/** @param {Output} output */
function savedOutput({ data, text, ...output }) {
  if (text !== undefined) return { ...output, text: lines(text) };
  const saved = Object.entries(data).map(([type, value]) => [
    type,
    typeof value === "string" && !/^image\/(png|jpeg)/.test(type) ? lines(value) : value,
  ]);
  return { ...output, data: Object.fromEntries(saved) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildWasm();
  await buildDist();
  const [file, out = file] = process.argv.slice(2);
  const notebook = JSON.parse(await readFile(file, "utf8"));
  const outputs = await runNotebook(notebook, dirname(resolve(file)));
  let number = 0;
  for (const cell of notebook.cells) {
    if (cell.cell_type !== "code") continue;
    cell.outputs = outputs[number++].map(savedOutput);
    cell.execution_count = number;
    for (const output of cell.outputs) if (output.output_type === "execute_result") output.execution_count = number;
  }
  await writeFile(out, `${JSON.stringify(notebook, null, 1)}\n`);
}
