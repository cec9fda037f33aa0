// Compiles the AssemblyScript modules: each family of kernels, the base that families share, and the computations of the host.
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { codesOf } from "./codes.mjs";
import { constantsOf, exportsOf, importsOf } from "./wasm-module.mjs";
import { root } from "../root.mjs";
import { stale } from "../stale.mjs";

/** Bytes that the constants of a module may take: larger tables are computed at run time. */
const CONSTANTS = 4096;
/** Modules for engines with relaxed SIMD, and for those without. */
const FORMS = { relaxed: [], plain: ["--disable", "relaxed-simd"] };
/** The module that holds the functions and variables that families share. */
const BASE = "base";

const moduleFile = (name, form) => join(root, `build/wasm/${name}.${form}.wasm`);

/** The families of kernels: the folders of wasm/, but for the base and the host's. */
async function families() {
  const entries = await readdir(join(root, "wasm"), { withFileTypes: true });
  const names = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  return names.filter((name) => name !== BASE && name !== "host").sort();
}

/** The modules of the host: the files of wasm/host, each one. They share a memory, so none has constants in it. */
async function hostModules() {
  const files = await readdir(join(root, "wasm/host"));
  return files.map((file) => file.replace(/\.ts$/, "")).sort();
}

const hostFile = (name) => `build/host/${name}.host.wasm`;

async function compileHost(name) {
  const file = join(root, hostFile(name));
  const temporary = await compile(`wasm/host/${name}.ts`, "host", file, []);
  if (constantsOf(await readFile(temporary)).length > 0)
    throw new Error(`wasm/host/${name}.ts: must have no constants in memory, which it shares with the others`);
  await rename(temporary, file);
}

/** Compiles one module beside its place, so that nobody reads half of it. */
async function compile(entry, target, outFile, args, read) {
  const { main } = await import("assemblyscript/asc");
  const temporary = `${outFile}.${process.pid}.tmp`;
  const { error, stderr } = await main(
    [entry, "--config", "asconfig.json", "--target", target, "--outFile", temporary, ...args],
    { readFile: read, stdout: undefined },
  );
  if (error) throw new Error(`asc ${entry}:\n${stderr.toString()}`);
  return temporary;
}

/** Compiles a family in both forms; `shared` has, of each file of the base, what families see of it. */
async function compileFamily(name, memoryBase, shared) {
  for (const [form, args] of Object.entries(FORMS)) {
    const file = moduleFile(name, form);
    const temporary = await compile(
      `wasm/${name}/index.ts`,
      "kernels",
      file,
      ["--memoryBase", String(memoryBase), ...args],
      async (path, folder) => shared[path] ?? readText(join(folder, path)),
    );
    await place(name, temporary, file, memoryBase);
  }
}

/** A source, or of a kernel's shader the codes that it declares: twins import them from the .wgsl file. */
async function readText(path) {
  const shader = path.endsWith(".wgsl.ts") ? path.slice(0, -".ts".length) : undefined;
  if (!existsSync(shader ?? path)) return null;
  const text = await readFile(shader ?? path, "utf8");
  if (shader === undefined) return text;
  return codesOf(text)
    .map(({ name, value }) => `// @ts-ignore: decorator\n@inline\nexport const ${name}: u32 = ${value};`)
    .join("\n");
}

/** What the sources in a folder of wasm/ import from elsewhere, the base apart: shaders, for their codes, and files of other families. */
async function importedBy(folder) {
  const files = (await readdir(join(root, folder), { recursive: true })).filter((file) => file.endsWith(".ts"));
  const texts = await Promise.all(files.map((file) => readFile(join(root, folder, file), "utf8")));
  const found = texts.flatMap((text) => [
    ...Array.from(text.matchAll(/"(?:\.\.\/)+(kernels\/[^"]+\.wgsl)"/g), ([, path]) => path),
    ...Array.from(text.matchAll(/"\.\.\/((?!base\/)[\w-]+\/[\w-]+)"/g), ([, path]) => `wasm/${path}.ts`),
  ]);
  return [...new Set(found)];
}

/** Puts a module where it belongs. @throws when its constants take more than their place */
async function place(name, temporary, file, memoryBase) {
  for (const { begin, end } of constantsOf(await readFile(temporary)))
    if (begin < memoryBase || end > memoryBase + CONSTANTS)
      throw new Error(
        `wasm/${name}: constants from ${begin} to ${end}, outside the ${CONSTANTS} bytes at ${memoryBase}; compute larger tables at run time`,
      );
  await rename(temporary, file);
}

/**
 * The files of wasm/base as families see them: exported functions and variables are imports from the base's module, but for those that
 * are marked `@inline` and constants, which each family compiles for itself.
 */
async function sharedFiles() {
  const { default: ts } = await import("typescript");
  const shared = {};
  const names = new Map();
  for (const file of await readdir(join(root, "wasm/base"))) {
    const text = await readFile(join(root, "wasm/base", file), "utf8");
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    let seen = "";
    let at = 0;
    const declare = (statement, name, declaration) => {
      names.set(name, file);
      seen += `${text.slice(at, statement.getStart(source))}@external("${BASE}", "${name}") export declare ${declaration};`;
      at = statement.end;
    };
    for (const statement of source.statements) {
      const modifiers = ts.canHaveModifiers(statement) ? (statement.modifiers ?? []) : [];
      const kinds = modifiers.map(({ kind }) => kind);
      if (!kinds.includes(ts.SyntaxKind.ExportKeyword) || kinds.includes(ts.SyntaxKind.Decorator)) continue;
      const first = modifiers.at(-1).end;
      if (ts.isFunctionDeclaration(statement))
        declare(statement, statement.name.text, text.slice(first, statement.body.getStart(source)).trim());
      else if (ts.isVariableStatement(statement) && !(statement.declarationList.flags & ts.NodeFlags.Const))
        for (const { name, type } of statement.declarationList.declarations)
          declare(statement, name.getText(source), `let ${name.getText(source)}: ${type.getText(source)}`);
    }
    shared[`wasm/base/${file}`] = seen + text.slice(at);
  }
  return { shared, names };
}

/** Compiles the base with what families import of it, in both forms. */
async function compileBase(names, wanted) {
  const entry = "wasm/base/index.ts";
  const lines = wanted.map((name) => {
    const file = names.get(name);
    if (file === undefined) throw new Error(`wasm: no file of wasm/base exports ${name}`);
    return `export { ${name} } from "./${file.replace(/\.ts$/, "")}";`;
  });
  for (const [form, args] of Object.entries(FORMS)) {
    const file = moduleFile(BASE, form);
    const temporary = await compile(
      entry,
      "kernels",
      file,
      ["--memoryBase", String(CONSTANTS), ...args],
      (path, folder) => (path === entry ? lines.join("\n") : readText(join(folder, path))),
    );
    await place(BASE, temporary, file, CONSTANTS);
  }
}

/** What the device calls in the base itself. */
const CALLED = ["scratch", "set_scratch"];

async function missingOf(names) {
  const wanted = new Set(CALLED);
  for (const name of names)
    for (const form of Object.keys(FORMS))
      for (const { module, name: from } of importsOf(await readFile(moduleFile(name, form))))
        if (module === BASE) wanted.add(from);
  return [...wanted].sort();
}

/** Whether a module's constants lie elsewhere than they should: families have come or gone. */
async function isDisplaced(name, memoryBase) {
  const constants = constantsOf(await readFile(moduleFile(name, "relaxed")));
  return constants.some(({ begin }) => begin < memoryBase || begin >= memoryBase + CONSTANTS);
}

const SOURCES = ["asconfig.json", "scripts/kernels/wasm.mjs", "scripts/kernels/codes.mjs"];
const outputs = (name) => Object.keys(FORMS).map((form) => `build/wasm/${name}.${form}.wasm`);

/** Compiles the modules whose sources changed, families side by side. */
export async function buildWasm() {
  for (const folder of ["build/wasm", "build/host"]) await mkdir(join(root, folder), { recursive: true });
  const names = await families();
  const base = ["wasm/base", ...(await importedBy("wasm/base")), ...SOURCES];
  const work = [];
  for (const [i, name] of names.entries()) {
    const memoryBase = (i + 2) * CONSTANTS;
    if (
      (await stale(outputs(name), [`wasm/${name}`, ...(await importedBy(`wasm/${name}`)), ...base])) ||
      (await isDisplaced(name, memoryBase))
    )
      work.push({ name, memoryBase });
  }
  const onHost = await hostModules();
  const hostIsStale = await stale(onHost.map(hostFile), ["wasm/host", ...SOURCES]);
  if (work.length > 0 || hostIsStale) {
    const halves = [work.filter((_, i) => i % 2 === 0), work.filter((_, i) => i % 2 === 1)];
    await Promise.all(halves.map((jobs, i) => inThread({ jobs, host: hostIsStale && i === 1 ? onHost : [] })));
  }
  const wanted = await missingOf(names);
  const held = (await stale(outputs(BASE), base)) ? [] : exportsOf(await readFile(moduleFile(BASE, "relaxed")));
  if (wanted.some((name) => !held.includes(name))) await inThread({ base: wanted });
  for (const file of await readdir(join(root, "build/wasm")))
    if (file.endsWith(".wasm") && ![BASE, ...names].includes(file.split(".")[0]))
      await rm(join(root, "build/wasm", file), { force: true });
}

/** Compiles in a thread of its own, so that two halves of the families take half the time. */
const inThread = (jobs) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { wasm: jobs } });
    worker.on("error", reject);
    worker.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`asc ended with exit code ${code}`))));
  });

if (!isMainThread && workerData?.wasm) {
  const { jobs = [], host = [], base } = workerData.wasm;
  const { shared, names } = await sharedFiles();
  if (base) await compileBase(names, base);
  for (const { name, memoryBase } of jobs) await compileFamily(name, memoryBase, shared);
  for (const name of host) await compileHost(name);
}
