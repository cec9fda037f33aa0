// node scripts/run.mjs FILE.ts [arguments…]: bundles a TypeScript program of this repository and runs it.
import { spawn } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildWasm } from "./build.mjs";
import { entryPaths } from "./entries.mjs";
import { esbuildPlugin } from "./plugin.mjs";
import { root } from "./root.mjs";
import { gpuEnvironment } from "./runtimes/vulkan.mjs";

/** Bundles that this process has made. */
let bundled = 0;

/**
 * Bundles `entry` for Node, or neutrally for Deno and pages; small: with shaders as they are published. Returns the path of the module.
 * @param {string} entry
 * @param {{ platform?: import("esbuild").Platform, external?: string[], small?: boolean }} options
 */
export async function bundle(entry, { platform = "node", external = [], small = false } = {}) {
  const outfile = join(root, "build/run", `${entry.replace(/[^\w]+/g, "-")}.${process.pid}.${++bundled}.mjs`);
  await mkdir(join(root, "build/run"), { recursive: true });
  await build({
    entryPoints: [resolve(entry)],
    outfile,
    bundle: true,
    format: "esm",
    platform,
    target: "es2022",
    packages: platform === "node" ? "external" : undefined,
    external: ["node:*", ...external],
    alias: entryPaths(),
    sourcemap: "inline",
    plugins: [esbuildPlugin({ small })],
    logLevel: "warning",
  });
  return outfile;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [entry, ...args] = process.argv.slice(2);
  if (!entry) {
    console.error("usage: node scripts/run.mjs FILE.ts [arguments]");
    process.exit(2);
  }
  await buildWasm();
  const module = await bundle(entry);
  const child = spawn(process.execPath, ["--enable-source-maps", module, ...args], {
    stdio: "inherit",
    env: { ...process.env, ...(await gpuEnvironment()) },
  });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => signal === "SIGTERM" && child.kill(signal)); // the terminal sends Ctrl-C to both
  child.on("exit", async (code, signal) => {
    await rm(module, { force: true });
    process.exit(code ?? (signal ? 1 : 0));
  });
}
