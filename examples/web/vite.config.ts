import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import type { Plugin } from "vite";
import { entryAliases } from "../../scripts/entries.mjs";
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

/** AssemblyScript's measuring kernels in base64. */
async function compileRoof(enable: string[]): Promise<string> {
  const { default: asc } = await import("assemblyscript/asc");
  const source = await readFile(path("../../bench/assembly/roof.ts"), "utf8");
  const options = { runtime: "stub", importMemory: true, optimizeLevel: 3, enable };
  const { binary, stderr } = await asc.compileString(source, options);
  if (!binary) throw new Error(stderr.toString());
  return Buffer.from(binary).toString("base64");
}

let roof: Promise<string> | undefined;

async function roofModule(): Promise<string> {
  const [plain, relaxed] = [await compileRoof(["simd"]), await compileRoof(["simd", "relaxed-simd"])];
  return `export const plain = "${plain}"; export const relaxed = "${relaxed}";`;
}

/** The bench's WebAssembly roof, with and without fused multiply-add, as a module. */
function roofPlugin(): Plugin {
  const id = "virtual:roof";
  return {
    name: "roof",
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load: (source) => (source === `\0${id}` ? (roof ??= roofModule()) : undefined),
  };
}

export default defineConfig({
  root: path("."),
  base: "./",
  plugins: [vitePlugin(), roofPlugin()],
  worker: {
    format: "es",
    plugins: () => [vitePlugin(), roofPlugin()],
    rollupOptions: { checks: { pluginTimings: false } },
  },
  resolve: {
    alias: [
      ...entryAliases(),
      { find: "linkedom/worker", replacement: path("shared/no-linkedom.ts") }, // the report draws in the page's own document
    ],
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
