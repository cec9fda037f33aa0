// How `.wgsl` and `.wasm` imports become modules, in esbuild and in vitest alike.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { declare } from "./contract.mjs";
import { renameExports, shortNames } from "./exports.mjs";
import { kernelFiles } from "./kernel-files.mjs";
import { packed } from "./lzma.mjs";
import { abbreviateWgsl, minifyWgsl } from "./wgsl.mjs";

async function wgslModule(path, small) {
  const [name, code] = [basename(path, ".wgsl"), await readFile(path, "utf8")];
  const { problems } = declare(name, code, relative("", path));
  if (problems.length > 0) throw new Error(`kernel contract:\n  ${problems.join("\n  ")}`);
  return `export default ${JSON.stringify({ name, code: small ? abbreviateWgsl(minifyWgsl(code)) : code })};`;
}

/** What the host module exports is called by short names where the package is published; `esbuildPlugin` renames its uses. */
const hostModule = join(import.meta.dirname, "../build/host.wasm");

async function packedModule(path, small) {
  if (!small || basename(path) !== "host.packed") return `export default ${await readFile(path, "utf8")};`;
  const module = await readFile(hostModule);
  return `export default ${JSON.stringify(packed(renameExports(module, shortNames(module))))};`;
}

const LOADERS = { ".wgsl": wgslModule, ".packed": packedModule };

/**
 * @param {{ small?: boolean }} options small: shaders as they are published
 * @returns {import("esbuild").Plugin}
 */
export function esbuildPlugin({ small = false } = {}) {
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
      if (small) {
        const names = shortNames(readFileSync(hostModule));
        build.initialOptions.mangleProps = new RegExp(`^(${Object.keys(names).join("|")})$`);
        build.initialOptions.mangleCache = names;
      }
      build.onLoad({ filter: /\.(wgsl|packed)$/ }, async ({ path }) => {
        try {
          return {
            contents: await LOADERS[path.slice(path.lastIndexOf("."))](path, small),
            loader: "js",
            watchFiles: [path],
          };
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
    async load(id) {
      const path = id.split("?")[0];
      const loader = LOADERS[path.slice(path.lastIndexOf("."))];
      return loader ? { code: await loader(path), map: null } : null;
    },
  };
}
