import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { exportsOf } from "../../scripts/kernels/wasm-module.mjs";
import { STAGES } from "../../src/wasm/thread";
import * as core from "../../src/ops";
import * as generative from "../../src/ops/generative";
import * as contrastive from "../../src/ops/losses/contrastive";
import * as masks from "../../src/ops/masks";
import { kernels } from "./kernels";
import { CASES } from "../ops/cases";

/** Ops of the core and of the families with entries of their own. */
const ops = { ...core, ...generative, ...masks, ...contrastive };

const files = (folder: string, extension: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(extension))
    .map((file) => join(folder, file));

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const wasmFunctions = (family: string, form: string): string[] =>
  exportsOf(readFileSync(`build/wasm/${family}.${form}.wasm`)).filter((name) => name !== "memory");

/** The families of kernels by the folders of their shaders. */
const FAMILIES = readdirSync("kernels").sort();

describe("ops and kernels", () => {
  test("every exported op has a row in test/ops/cases, and every row an op", () => {
    const exported = Object.entries(ops).flatMap(([name, value]) => (typeof value === "function" ? [name] : []));
    const rows = new Set(CASES.map(({ op }) => op));
    expect(exported.filter((name) => !rows.has(name))).toEqual([]);
    expect([...rows].filter((name) => !exported.includes(name))).toEqual([]);
  });

  test("every kernel is called after its export in snake_case", () => {
    expect(Object.values(kernels).map(({ name }) => name)).toEqual(Object.keys(kernels).map(snakeCase));
  });

  test("every file of kernels/ is in src/kernels/", () => {
    const names = files("kernels", ".wgsl").map((file) => basename(file, ".wgsl"));
    expect(
      Object.values(kernels)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(names.sort());
  });

  test.each(["plain", "relaxed"] as const)("every kernel has a twin in its family's %s module", (form) => {
    const twins = new Map<string, string[]>();
    for (const { name, packing, family } of Object.values(kernels)) {
      const names = twins.get(family!.name) ?? [];
      twins.set(family!.name, names.concat((packing ? STAGES : [""]).map((stage) => name + stage)));
    }
    expect([...twins.keys()].sort()).toEqual(FAMILIES);
    for (const [family, names] of twins) expect(wasmFunctions(family, form).sort(), family).toEqual(names.sort());
  });
});

/** Names of a file's exported declarations that have no doc comment. */
function undocumented(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const missing: string[] = [];
  const overloads = new Set<string>();
  for (const statement of source.statements) {
    const exported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (!exported) continue;
    const documented = ts.getJSDocCommentsAndTags(statement).length > 0;
    const names = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.map(({ name }) => name.getText())
      : "name" in statement
        ? [(statement as ts.DeclarationStatement).name!.getText()]
        : [];
    for (const name of names) {
      if (documented) overloads.add(name);
      else if (!overloads.has(name)) missing.push(`${file}: ${name}`);
    }
  }
  return missing;
}

describe("documentation", () => {
  test("every export of src has a doc comment", () => {
    // a kernel is documented by the first line of its WGSL, which the contract demands
    const sources = files("src", ".ts").filter(
      (file) => !file.endsWith(".d.ts") && !/^src.kernels.(?!launches)/.test(file),
    );
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.flatMap(undocumented)).toEqual([]);
  });

  test("the reference is made of every entry of the package", () => {
    const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));
    const { exports } = read("package.json") as { exports: Record<string, { types: string }> };
    const sources = Object.values(exports).map(({ types }) =>
      types.replace("./dist/types", "src").replace(".d.ts", ".ts"),
    );
    expect((read("typedoc.json") as { entryPoints: string[] }).entryPoints.sort()).toEqual(sources.sort());
  });

  test("an export without one is found", () => {
    expect(undocumented("test/close.ts")).toEqual(["test/close.ts: Tolerance"]);
  });
});
