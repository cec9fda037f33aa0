// node scripts/build.mjs [wasm|bundles FOLDER]: compiles the AssemblyScript modules and bundles library and command line (when sources changed).
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawn } from "node:child_process";
import { bothForms } from "./fused.mjs";
import { packed } from "./lzma.mjs";

export const root = fileURLToPath(new URL("..", import.meta.url));

async function newest(paths) {
  const times = [];
  for (const path of paths) {
    const info = await stat(path).catch(() => null);
    if (info?.isDirectory()) times.push(await newest((await readdir(path)).map((name) => join(path, name))));
    else if (info) times.push(info.mtimeMs);
  }
  return Math.max(0, ...times);
}

/** Whether any of `outputs` is missing or older than the newest of `inputs` (files or folders, relative to the root). */
export async function stale(outputs, inputs) {
  const made = await Promise.all(
    outputs.map((path) =>
      stat(join(root, path)).then(
        (info) => info.mtimeMs,
        () => 0,
      ),
    ),
  );
  return Math.min(...made) < (await newest(inputs.map((path) => join(root, path))));
}

/** Entry of each target of asconfig.json, given here because asc does not read `entries` of a target. */
const TARGETS = { kernels: "wasm/index.ts", host: "wasm/host.ts" };

/** The files that the library embeds, and the module packed into each. */
const PACKED = { kernels: "relaxed", host: "host" };

/** Writes beside the file and renames, so that nobody reads half of it. */
async function replaceFile(path, contents) {
  await writeFile(`${path}.${process.pid}.tmp`, contents);
  await rename(`${path}.${process.pid}.tmp`, path);
}

export async function buildWasm() {
  await mkdir(join(root, "build"), { recursive: true });
  for (const [target, entry] of Object.entries(TARGETS)) {
    if (!(await stale([`build/${target}.wasm`], ["wasm", "asconfig.json"]))) continue;
    const { main } = await import("assemblyscript/asc");
    const { error, stderr } = await main(
      [entry, "--config", "asconfig.json", "--target", target, "--outFile", `build/${target}.${process.pid}.tmp`],
      {
        readFile: undefined,
        stdout: undefined,
      },
    );
    if (error) throw new Error(`asc --target ${target}:\n${stderr.toString()}`);
    await rename(join(root, `build/${target}.${process.pid}.tmp`), join(root, `build/${target}.wasm`));
  }
  if (await stale(["build/relaxed.wasm", "build/plain.wasm"], ["build/kernels.wasm", "scripts/fused.mjs"]))
    for (const [form, bytes] of Object.entries(bothForms(await readFile(join(root, "build/kernels.wasm")))))
      await replaceFile(join(root, `build/${form}.wasm`), bytes);
  for (const [name, source] of Object.entries(PACKED)) {
    if (!(await stale([`build/${name}.packed`], [`build/${source}.wasm`, "scripts/lzma.mjs"]))) continue;
    const module = await readFile(join(root, `build/${source}.wasm`));
    await replaceFile(join(root, `build/${name}.packed`), JSON.stringify(packed(module)));
  }
}

const run = (command, args) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit" });
    child.on("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args.join(" ")}: exit ${code}`)),
    );
  });

/**
 * The bundles by platform. The library's are neutral and share their parts: what of `dependencies` they use stays an import, and the
 * core must work where nothing is installed, so it has none. The worker's source is a file too, for pages whose policy forbids
 * `blob:` workers. The command line is for Node and brings its own copy.
 */
const BUNDLES = [
  {
    platform: "neutral",
    entryPoints: { index: "src/index.ts", data: "src/data/index.ts", report: "src/report/index.ts" },
  },
  { platform: "neutral", entryPoints: { thread: "src/wasm/thread-file.ts" } },
  { platform: "node", entryPoints: { cli: "src/cli/main.ts" } },
];

/** Bundles the library and the command line into a folder. */
async function bundleTo(outdir, { small = false } = {}) {
  const { build } = await import("esbuild");
  const { esbuildPlugin } = await import("./plugin.mjs");
  for (const { platform, entryPoints } of BUNDLES) {
    const { outputFiles } = await build({
      absWorkingDir: root,
      entryPoints,
      outdir,
      chunkNames: "[name]-[hash]",
      splitting: true,
      bundle: true,
      format: "esm",
      platform,
      target: "es2022",
      packages: "external",
      external: ["node:*"],
      sourcemap: small ? false : "linked",
      plugins: [esbuildPlugin({ small })],
      logLevel: "warning",
      write: false,
    });
    const minifyModule = small ? (await import("./minify.mjs")).minifyModule : undefined;
    for (const { path, text } of outputFiles) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, minifyModule ? await minifyModule(path, text) : text);
    }
  }
}

/** Gives relative imports of declarations the file names that TypeScript's `nodenext` resolution and Deno ask for. */
async function completeImports(folder) {
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith(".d.ts")) continue;
    const path = join(folder, name);
    const text = await readFile(path, "utf8");
    const specifiers = new Map();
    for (const [, specifier] of text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]*)"/g)) {
      const target = join(dirname(path), specifier);
      const isFile = await stat(`${target}.d.ts`).catch(() => null);
      specifiers.set(specifier, isFile ? `${specifier}.js` : `${specifier}/index.js`);
    }
    await writeFile(
      path,
      text.replace(
        /((?:from|import)\s*\(?\s*")(\.[^"]*)"/g,
        (_, start, specifier) => `${start}${specifiers.get(specifier)}"`,
      ),
    );
  }
}

/** Whether a process of that number runs. */
function runs(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Runs `work` while no other process runs any of that name: tests build the package side by side. */
async function alone(name, work) {
  const lock = join(root, `build/${name}.lock`);
  await mkdir(dirname(lock), { recursive: true });
  while (
    !(await writeFile(lock, `${process.pid}`, { flag: "wx" }).then(
      () => true,
      () => false,
    ))
  ) {
    const holder = Number(await readFile(lock, "utf8").catch(() => ""));
    if (holder > 0 && !runs(holder)) await rm(lock, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/** Builds what the package holds: modules without white space and declarations, in dist/. */
export const buildDist = () =>
  alone("dist", async () => {
    const inputs = ["src", "package.json", "kernels", "build/kernels.packed", "build/host.packed", "scripts"];
    if (!(await stale(["build/dist.built", "dist/index.js"], inputs))) return;
    await rm(join(root, "dist"), { recursive: true, force: true });
    await bundleTo("dist", { small: true });
    await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.types.json"]);
    await completeImports(join(root, "dist/types"));
    await writeFile(join(root, "build/dist.built"), "");
  });

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.chdir(root);
  await buildWasm();
  if (process.argv[2] === "bundles") await bundleTo(process.argv[3]);
  else if (process.argv[2] !== "wasm") await buildDist();
}
