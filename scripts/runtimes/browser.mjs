// A real Chromium for the tests: the one on PATH, else npm's @sparticuz/chromium, which needs no root and brings SwiftShader.
import { createReadStream } from "node:fs";
import { access, chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, extname, join, normalize } from "node:path";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { root } from "../root.mjs";
import { bundle } from "../run.mjs";
import { SLOW_ON_SWIFTSHADER } from "./vulkan.mjs";

/** What makes a page cross-origin isolated: with these two it may share memory with its workers. */
export const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const TYPES = {
  ".html": "text/html",
  ".css": "text/css",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
};

/** @returns {import("node:net").AddressInfo} */
const addressOf = (server) => server.address();

/**
 * Serves a folder on a free port of this machine; `headers` go with every file.
 * @param {string} folder
 * @param {Readonly<Record<string, string>>} headers
 * @returns {Promise<{ url: string, close(): void }>}
 */
export async function serve(folder, headers = {}) {
  const server = createServer(async (request, response) => {
    const path = join(folder, normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname)));
    const info = await stat(path).catch(() => null);
    if (path.endsWith("favicon.ico")) return response.writeHead(204).end();
    if (!info?.isFile()) return response.writeHead(404, headers).end();
    response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "application/octet-stream", ...headers });
    createReadStream(path).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return {
    url: `http://127.0.0.1:${addressOf(server).port}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const exists = (path) =>
  access(path).then(
    () => true,
    () => false,
  );

async function onPath(names) {
  for (const folder of (process.env.PATH ?? "").split(delimiter))
    for (const name of names) if (folder && (await exists(join(folder, name)))) return join(folder, name);
  return undefined;
}

/** Unpacks a folder once: into a temporary one first, so that nobody uses half of it. */
async function unpackOnce(name, unpack) {
  const cache = join(root, "node_modules/.cache/constella");
  const folder = join(cache, name);
  if (await exists(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const temporary = await mkdtemp(join(cache, `${name}-`));
  await unpack(temporary);
  await rename(temporary, folder).catch(() => rm(temporary, { recursive: true, force: true }));
  return folder;
}

async function unpackTar(archive, folder) {
  const { extract } = await import("tar");
  const tar = join(folder, "unpacked.tar");
  await writeFile(tar, await promisify(brotliDecompress)(await readFile(archive)));
  await extract({ file: tar, cwd: folder });
  await rm(tar);
}

const packages = join(root, "node_modules/@sparticuz/chromium/bin");

/** npm's Chromium with SwiftShader beside it. */
async function packagedChromium() {
  const folder = await unpackOnce("chromium", async (temporary) => {
    const binary = join(temporary, "chromium");
    await writeFile(binary, await promisify(brotliDecompress)(await readFile(join(packages, "chromium.br"))));
    await chmod(binary, 0o755);
    await unpackTar(join(packages, "swiftshader.tar.br"), temporary);
  });
  return join(folder, "chromium");
}

/** The libraries that Chromium wants and a small system lacks. */
async function packagedLibraries() {
  const folder = await unpackOnce("chromium-libraries", (temporary) =>
    unpackTar(join(packages, "al2023.tar.br"), temporary),
  );
  return (await exists(join(folder, "lib"))) ? join(folder, "lib") : folder;
}

const FLAGS = [
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  `--disable-dawn-features=${SLOW_ON_SWIFTSHADER}`,
  "--js-flags=--expose-gc",
  "--disable-background-networking",
];

/**
 * Starts Chromium without a window.
 * @param {{ packaged?: boolean, args?: string[] }} options packaged: npm's, also where another is on PATH
 * @returns {Promise<import("playwright-core").Browser>}
 * @throws when neither starts
 */
export async function launchChromium({ packaged = false, args = [] } = {}) {
  const { chromium } = await import("playwright-core");
  const start = (executablePath, libraries) =>
    chromium.launch({
      executablePath,
      args: [...FLAGS, ...args],
      env: libraries
        ? { ...process.env, LD_LIBRARY_PATH: [libraries, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":") }
        : process.env,
    });
  const installed = packaged ? undefined : await onPath(["chromium", "chromium-browser", "google-chrome"]);
  const failures = [];
  const attempts = [
    ...(installed ? [() => start(installed)] : []),
    async () => start(await packagedChromium()),
    async () => start(await packagedChromium(), await packagedLibraries()),
  ];
  for (const attempt of attempts) {
    try {
      return await attempt();
    } catch (error) {
      failures.push(String(error.message).split("\n").slice(0, 12).join("\n"));
    }
  }
  throw new Error(`no Chromium starts:\n${failures.join("\n")}`);
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
