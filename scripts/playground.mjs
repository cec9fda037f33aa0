// npm run playground [-- --dev] [-- --port 4173] [-- --no-open]: builds the pages of examples/web when their sources changed, serves them, opens them.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildWasm } from "./build.mjs";
import { root } from "./root.mjs";
import { stale } from "./stale.mjs";

const CONFIG = join(root, "examples/web/vite.config.ts");

/** Builds the pages into build/pages. */
export async function buildPages() {
  await buildWasm();
  const inputs = [
    ...["examples/web", "examples/points", "src", "kernels", "wasm", "scripts", "package-lock.json"],
    ...["bench/roofs", "bench/assembly", "test/ops", "test/fixtures"],
  ];
  if (!(await stale(["build/pages/index.html"], inputs))) return;
  const { build } = await import("vite");
  await build({ configFile: CONFIG, logLevel: "warn" });
}

/**
 * Builds and serves the pages.
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function servePages({ port = 4173, open = false } = {}) {
  await buildPages();
  const { preview } = await import("vite");
  const server = await preview({ configFile: CONFIG, logLevel: "warn", preview: { port, open } });
  return { url: server.resolvedUrls.local[0], close: () => server.close() };
}

async function develop({ port, open }) {
  await buildWasm();
  const { createServer } = await import("vite");
  const server = await createServer({ configFile: CONFIG, server: { port, open } });
  await server.listen();
  return { url: server.resolvedUrls.local[0] };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { parseArgs } = await import("node:util");
  const { values } = parseArgs({
    options: { dev: { type: "boolean" }, port: { type: "string", default: "4173" }, "no-open": { type: "boolean" } },
  });
  const options = { port: Number(values.port), open: !values["no-open"] };
  const { url } = await (values.dev ? develop(options) : servePages(options));
  console.log(`constella's pages: ${url} (Ctrl-C ends)`);
}
