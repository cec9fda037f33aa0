// The entries that package.json exports: where their sources are.
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "./root.mjs";

/**
 * The source of each entry by its specifier: `constella`, `constella/data`, …
 * @returns {Map<string, { source: string, file: string }>} paths from the root, and the names of the files in dist/ without their ending
 */
export function packageEntries() {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return new Map(
    Object.entries(exports).map(([entry, { types, default: file }]) => [
      entry.replace(".", "constella"),
      { source: types.replace("./dist/types", "src").replace(".d.ts", ".ts"), file: basename(file, ".js") },
    ]),
  );
}

/** For Vite: programs of this repository import entries of the package by name, and get the sources. */
export const entryAliases = () =>
  Array.from(packageEntries(), ([entry, { source }]) => ({
    find: new RegExp(`^${entry}$`),
    replacement: join(root, source),
  }));

/** The same for esbuild. */
export const entryPaths = () =>
  Object.fromEntries(Array.from(packageEntries(), ([entry, { source }]) => [entry, join(root, source)]));
