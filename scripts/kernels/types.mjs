// Types of the kernels' files for tsc and editors: build/types/kernels/<family>/<name>.wgsl.d.ts, which tsconfig.json lays over the folder.
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { codesOf } from "./codes.mjs";
import { kernelFiles } from "./files.mjs";
import { root } from "../root.mjs";
import { stale } from "../stale.mjs";

const types = join(root, "build/types");

const union = (members) => members.map(({ name }) => JSON.stringify(name)).join(" | ") || "never";

/**
 * What tsc is to know of a kernel: the names of its buffers and of its params, and its codes.
 * @param {import("./contract.mjs").Reflected} declaration
 * @param {string} folder of the declaration, seen from src/
 */
function typesOf({ bindings, params, code }, folder) {
  const source = `import("${folder}src/kernel").KernelSource<${union(bindings)}, ${union(params)}>`;
  const codes = codesOf(code).map(({ name, value }) => `readonly ${name}: ${value}`);
  return `declare const source: ${source};\nexport default source;\nexport declare const codes: { ${codes.join("; ")} };\n`;
}

/** Writes the types of the kernels whose files changed, and removes those of kernels that are gone. */
export async function writeKernelTypes() {
  const written = new Set();
  for (const [name, path] of kernelFiles(join(root, "kernels"))) {
    const file = relative(root, resolve(path));
    const declaration = join(types, `${file}.d.ts`);
    written.add(declaration);
    if (!(await stale([relative(root, declaration)], [file, "scripts/kernels/types.mjs", "scripts/kernels/codes.mjs"])))
      continue;
    const { declare } = await import("./contract.mjs"); // with its parser
    const { declaration: reflected } = declare(name, await readFile(path, "utf8"), file);
    if (!reflected) continue; // the build tells what is wrong with it
    await mkdir(dirname(declaration), { recursive: true });
    await writeFile(declaration, typesOf(reflected, relative(dirname(declaration), root).replaceAll(sep, "/") + "/"));
  }
  for (const file of await readdir(types, { recursive: true, encoding: "utf8" }))
    if (file.endsWith(".d.ts") && !written.has(join(types, file))) await rm(join(types, file));
}
