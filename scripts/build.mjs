// node scripts/build.mjs [wasm|bundles FOLDER]: compiles the AssemblyScript modules and bundles library and command line (when sources changed).
import { mkdir, readdir, stat, writeFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawn } from "node:child_process";

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
const TARGETS = { plain: "wasm/index.ts", relaxed: "wasm/index.ts", host: "wasm/host.ts" };

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
}

const run = (command, args) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit" });
    child.on("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args.join(" ")}: exit ${code}`)),
    );
  });

/**
 * The bundles by platform. The library's one is neutral: what of `dependencies` it uses stays an import, and it must work where nothing is
 * installed, so the core has none. The command line is for Node and brings its own copy.
 */
const ENTRIES = {
  neutral: { index: "src/index.ts", data: "src/data/index.ts", report: "src/report/index.ts" },
  node: { cli: "src/cli/main.ts" },
};

/** Bundles the library and the command line into a folder. */
async function bundleTo(outdir) {
  const { build } = await import("esbuild");
  const { esbuildPlugin } = await import("./plugin.mjs");
  for (const [platform, entryPoints] of Object.entries(ENTRIES))
    await build({
      absWorkingDir: root,
      entryPoints,
      outdir,
      bundle: true,
      format: "esm",
      platform,
      target: "es2022",
      packages: "external",
      external: ["node:*"],
      sourcemap: true,
      plugins: [esbuildPlugin()],
      logLevel: "warning",
    });
}

export async function buildDist() {
  if (
    !(await stale(
      ["dist/index.js", "dist/cli.js", "dist/built"],
      ["src", "package.json", "kernels", "build/plain.wasm", "build/relaxed.wasm", "build/host.wasm", "scripts"],
    ))
  )
    return;
  await bundleTo("dist");
  await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.types.json"]);
  await writeFile(join(root, "dist/built"), "");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.chdir(root);
  await buildWasm();
  if (process.argv[2] === "bundles") await bundleTo(process.argv[3]);
  else if (process.argv[2] !== "wasm") await buildDist();
}
