// Runs a bundled test program in a page of Chromium, and serves folders to pages.
import { createReadStream } from "node:fs";
import { mkdtemp, copyFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { root } from "./build.mjs";
import { launchChromium } from "./chromium.mjs";
import { bundle } from "./run.mjs";

/** What makes a page cross-origin isolated: with these two it may share memory with its workers. */
export const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
};

/**
 * Serves a folder on a free port of this machine; `headers` go with every file.
 * @returns {Promise<{ url: string, close(): void }>}
 */
export async function serve(folder, headers = {}) {
  const server = createServer(async (request, response) => {
    const path = join(folder, normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname)));
    if (path.endsWith("favicon.ico")) return response.writeHead(204).end();
    const info = await stat(path).catch(() => null);
    if (!info?.isFile()) return response.writeHead(404, headers).end();
    response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "application/octet-stream", ...headers });
    createReadStream(path).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * Runs `entry` in a cross-origin isolated page of a real Chromium; its last line must be `N passed, N failed`. A run that ends
 * without one, and a Chromium that does not start, count as a failure.
 */
export async function runInBrowser(entry) {
  const folder = await mkdtemp(join(tmpdir(), "constella-browser-"));
  const program = await bundle(join(root, entry), { platform: "neutral", small: true });
  await copyFile(program, join(folder, "program.js"));
  await rm(program);
  await writeFile(join(folder, "index.html"), `<!doctype html><script type="module" src="program.js"></script>`);
  const server = await serve(folder, ISOLATED);
  let browser;
  try {
    browser = await launchChromium();
    const page = await browser.newPage();
    const counts = await new Promise((resolve, reject) => {
      page.on("console", (message) => {
        const text = message.text();
        const end = /^(\d+) passed, (\d+) failed$/.exec(text);
        if (end) resolve(end);
        else console.log(text);
      });
      page.on("pageerror", reject);
      page.on("crash", () => reject(new Error("the page crashed")));
      page.on("close", () => reject(new Error("the page was closed")));
      page.goto(`${server.url}index.html`).catch(reject);
    });
    return { name: `Chromium ${browser.version()}`, passed: Number(counts[1]), failed: Number(counts[2]) };
  } catch (error) {
    console.log(`chromium: ${error.message}`);
    return { name: "Chromium", passed: 0, failed: 1 };
  } finally {
    await browser?.close();
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}
