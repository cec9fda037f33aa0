import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import type { Plugin } from "vite";
import { vitePlugin } from "../../scripts/plugin.mjs";

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Headers that every answer carries: threads need an isolated page, and nothing may be sent anywhere. */
const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
};

/** What the built pages may do: run their own code and WebAssembly, and load nothing from elsewhere. */
const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The measuring kernels of the bench's WebAssembly roof, with and without fused multiply-add. */
function roofPlugin(): Plugin {
  const id = "virtual:roof";
  const compile = async (enable: string[]): Promise<string> => {
    const { default: asc } = await import("assemblyscript/asc");
    const source = await readFile(path("../../bench/assembly/roof.ts"), "utf8");
    const options = { runtime: "stub", importMemory: true, optimizeLevel: 3, enable };
    const { binary, stderr } = await asc.compileString(source, options);
    if (!binary) throw new Error(stderr.toString());
    return Buffer.from(binary).toString("base64");
  };
  return {
    name: "roof",
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load: async (source) =>
      source === `\0${id}`
        ? `export const plain = "${await compile(["simd"])}"; export const relaxed = "${await compile(["simd", "relaxed-simd"])}";`
        : undefined,
  };
}

export default defineConfig({
  root: path("."),
  base: "./",
  plugins: [vitePlugin(), roofPlugin()],
  worker: { format: "es", plugins: () => [vitePlugin(), roofPlugin()] },
  resolve: {
    alias: {
      constella: path("../../src/index.ts"),
      jsdom: path("shared/no-jsdom.ts"), // the report draws in the page's own document
    },
  },
  build: {
    outDir: path("../../build/pages"),
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 2000,
    rollupOptions: {
      checks: { pluginTimings: false },
      input: ["index", "playground", "bench", "kernel"].map((name) => path(`${name}.html`)),
    },
  },
  server: { headers: HEADERS, fs: { allow: [path("../..")] } },
  preview: { headers: { ...HEADERS, "Content-Security-Policy": POLICY } },
});
