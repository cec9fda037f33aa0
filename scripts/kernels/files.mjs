// Where the kernels are: kernels/<family>/<name>.wgsl. The folder is for readers only; devices, errors and AssemblyScript know the name.
import { readdirSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { disagreements } from "./codes.mjs";
import { root } from "../root.mjs";

/**
 * The kernels' files in a folder, the library's where none is given, and in the folders in it.
 * @param {string} folder
 * @returns {Map<string, string>} paths by name
 * @throws where two files have one name, or a constant two values
 */
export function kernelFiles(folder = join(root, "kernels")) {
  const files = new Map();
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    if (!file.endsWith(".wgsl")) continue;
    const name = basename(file, ".wgsl");
    const path = relative("", join(folder, file));
    if (files.has(name))
      throw new Error(
        `kernel contract:\n  ${path}:1: second kernel of the name ${name}, after ${files.get(name)}; ` +
          "a kernel is called as its file, in whatever folder, so rename one",
      );
    files.set(name, path);
  }
  const problems = disagreements(files.values());
  if (problems.length > 0) throw new Error(`kernel contract:\n  ${problems.join("\n  ")}`);
  return files;
}
