// How `.wgsl` and `.wasm` imports become modules, in esbuild and in vitest alike.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { deflateRawSync } from "node:zlib";
import { codesOf } from "./kernels/codes.mjs";
import { declare, sizeOf } from "./kernels/contract.mjs";
import { kernelFiles } from "./kernels/files.mjs";
import { minifyWgsl } from "./kernels/wgsl.mjs";
import { root } from "./root.mjs";

const build = join(root, "build");

/**
 * Large shaders of which a page downloads more than the declarations only when it runs on WebGPU. They are few: in a file of its own a
 * text shares nothing with others, and compresses less.
 */
const LARGE = new Set(["conv2d", "kmeans_assign", "matmul"]);

/** A large shader's text in two: up to its last declaration of a buffer, and the rest. */
function divide(code) {
  const [last] = [...code.matchAll(/var\s*<\s*storage\b[^;]*;/g)].slice(-1);
  const at = last.index + last[0].length;
  return [code.slice(0, at), code.slice(at)];
}

const textOf = async (path, small) => {
  const code = await readFile(path, "utf8");
  return small ? minifyWgsl(code) : code;
};

/**
 * A kernel's source, its codes, and the family whose WebAssembly module has its twin: the folder's namesake. In TypeScript the codes are an
 * enum, of which a bundler puts the numbers where they are used.
 */
async function wgslModule(path, { small = false, typescript = false } = {}) {
  const [name, code] = [basename(path, ".wgsl"), await readFile(path, "utf8")];
  const { declaration, problems } = declare(name, code, relative("", path));
  if (problems.length > 0) throw new Error(`kernel contract:\n  ${problems.join("\n  ")}`);
  const text = await textOf(path, small);
  const codes = codesOf(code).map(({ name, value }) => `${name}${typescript ? " =" : ":"} ${value}`);
  const declared = typescript
    ? `export enum codes { ${codes.join(", ")} }`
    : `export const codes = { ${codes.join(", ")} };`;
  const large = LARGE.has(name);
  const rest = large ? `, rest: () => import(${JSON.stringify(`${resolve(path)}${REST}`)})` : "";
  const size = JSON.stringify(sizeOf(declaration));
  const source = `{ name: "${name}", code: ${JSON.stringify(large ? divide(text)[0] : text)}, size: ${size}${rest}, family }`;
  return `import family from "wasm:${basename(dirname(path))}";\n${declared}\nexport default ${source};`;
}

/** What follows the declarations of a large shader. */
async function restModule(path, { small = false } = {}) {
  const [, rest] = divide(await textOf(path.slice(0, -REST.length), small));
  return `export default ${JSON.stringify(rest)};`;
}

/** Both forms of a family's module, of which a program loads the one that its engine runs; `within`: it has both at once. */
function familyModule(name, within = false) {
  const file = (form) => JSON.stringify(join(build, `wasm/${name}.${form}.wasm`));
  const load = (form) => `${form}: ${within ? `async () => ${form}` : `() => import(${file(form)})`}`;
  const imports = within
    ? `import * as relaxed from ${file("relaxed")}; import * as plain from ${file("plain")};\n`
    : "";
  return `${imports}export default { name: ${JSON.stringify(name)}, ${load("relaxed")}, ${load("plain")} };`;
}

/**
 * A WebAssembly module as text: a family's deflated, as the engine inflates it, in base64; the host's, which are wanted at once, in hexadecimal
 * digits, where what a page is sent by compresses whole bytes.
 */
async function wasmModule(path) {
  const module = await readFile(path);
  const text = path.endsWith(".host.wasm")
    ? module.toString("hex")
    : deflateRawSync(module, { level: 9 }).toString("base64");
  return `export default ${JSON.stringify(text)};`;
}

/** A script that a page has in itself, of the TypeScript file of that name: its text, small, and what a policy names it by. */
async function scriptModule(path) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [path.replace(/\.script$/, ".ts")],
    ...{ bundle: true, format: "iife", target: "es2022", minify: true, write: false, logLevel: "warning" },
  });
  const text = outputFiles[0].text.trim();
  const hash = createHash("sha256").update(text).digest("base64");
  return `export default { text: ${JSON.stringify(text)}, hash: "sha256-${hash}" };`;
}

/** The ending of a module with the rest of a large shader. */
const REST = ".rest";
const LOADERS = { ".wgsl": wgslModule, ".wasm": wasmModule, [REST]: restModule, ".script": scriptModule };
const loaderOf = (path) => LOADERS[path.slice(path.lastIndexOf("."))];
const FAMILY = /^wasm:/;

/**
 * @param {{ small?: boolean, twinless?: readonly string[], within?: string }} options small: shaders as they are published; of a file that is loaded apart,
 * twinless: the families whose kernels run on WebGPU alone; within: the one whose modules are in the file
 * @returns {import("esbuild").Plugin}
 */
export function esbuildPlugin({ small = false, twinless = [], within } = {}) {
  return {
    name: "kernels",
    setup(build) {
      build.onStart(() => {
        try {
          kernelFiles();
        } catch (error) {
          return { errors: [{ text: error.message }] };
        }
      });
      build.onResolve({ filter: FAMILY }, ({ path }) => ({ path, namespace: "family", sideEffects: false }));
      build.onLoad({ filter: FAMILY, namespace: "family" }, ({ path }) => {
        const name = path.replace(FAMILY, "");
        const contents = twinless.includes(name) ? "export default undefined;" : familyModule(name, name === within);
        return { contents, loader: "js", resolveDir: import.meta.dirname };
      });
      build.onResolve({ filter: /\.script$/ }, ({ path, resolveDir }) => ({ path: resolve(resolveDir, path) }));
      build.onResolve({ filter: /\.wgsl\.rest$/ }, ({ path }) => ({ path, sideEffects: false }));
      build.onLoad({ filter: /\.(wgsl|wasm|wgsl\.rest|script)$/ }, async ({ path }) => {
        try {
          const contents = await loaderOf(path)(path, { small, typescript: true });
          return { contents, loader: path.endsWith(".wgsl") ? "ts" : "js", watchFiles: [path] };
        } catch (error) {
          return { errors: [{ text: error.message }] };
        }
      });
    },
  };
}

/** The same for vitest. */
export function vitePlugin() {
  return {
    name: "kernels",
    enforce: "pre",
    buildStart() {
      kernelFiles();
    },
    resolveId(id, importer) {
      if (id.endsWith(REST)) return id;
      if (id.endsWith(".script")) return resolve(dirname(importer), id);
      return FAMILY.test(id) ? `\0${id}` : null;
    },
    async load(id) {
      if (id.startsWith("\0wasm:")) return { code: familyModule(id.slice("\0wasm:".length)), map: null };
      const path = id.split("?")[0];
      const loader = loaderOf(path);
      return loader ? { code: await loader(path), map: null } : null;
    },
  };
}
