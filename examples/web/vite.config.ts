import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
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

export default defineConfig({
  root: path("."),
  base: "./",
  plugins: [vitePlugin()],
  worker: { format: "es", plugins: () => [vitePlugin()] },
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
      input: ["index", "playground"].map((name) => path(`${name}.html`)),
    },
  },
  server: { headers: HEADERS, fs: { allow: [path("../..")] } },
  preview: { headers: { ...HEADERS, "Content-Security-Policy": POLICY } },
});
