// How `.wgsl` and `.wasm` imports become modules, in esbuild and in vitest alike.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { declare } from "./contract.mjs";

async function wgslModule(path) {
  const { declaration, problems } = declare(basename(path, ".wgsl"), await readFile(path, "utf8"));
  if (problems.length > 0) throw new Error(`kernel contract:\n  ${problems.join("\n  ")}`);
  return `export default ${JSON.stringify(declaration)};`;
}

async function wasmModule(path) {
  return `export default "${(await readFile(path)).toString("base64")}";`;
}

const LOADERS = { ".wgsl": wgslModule, ".wasm": wasmModule };

/** @returns {import("esbuild").Plugin} */
export function esbuildPlugin() {
  return {
    name: "kernels",
    setup(build) {
      build.onLoad({ filter: /\.(wgsl|wasm)$/ }, async ({ path }) => {
        try {
          return { contents: await LOADERS[path.slice(path.lastIndexOf("."))](path), loader: "js", watchFiles: [path] };
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
    async load(id) {
      const path = id.split("?")[0];
      const loader = LOADERS[path.slice(path.lastIndexOf("."))];
      return loader ? { code: await loader(path), map: null } : null;
    },
  };
}
