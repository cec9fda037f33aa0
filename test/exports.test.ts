// Names that the published package gives what the host module exports.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { renameExports, shortNames } from "../scripts/exports.mjs";

const module = readFileSync("build/host.wasm");
const exportsOf = (bytes: Uint8Array<ArrayBuffer>): string[] =>
  WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name }) => name);

test("exports of the host module are renamed, each to a name of its own, and nothing else is", () => {
  const before = exportsOf(module);
  const names = shortNames(module);
  expect(Object.keys(names)).toEqual(before.filter((name) => name.includes("_")));
  const after = exportsOf(renameExports(module, names));
  expect(after).toEqual(before.map((name) => names[name] ?? name));
  expect(new Set(after).size).toBe(before.length);
  expect(after).toContain("memory");
  expect(exportsOf(renameExports(module, {}))).toEqual(before);
});
