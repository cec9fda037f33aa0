// node scripts/build.mjs [wasm|bundles FOLDER]: compiles the AssemblyScript modules and bundles library and command line (when sources changed).
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { spawn } from "node:child_process";
import { packageEntries } from "./entries.mjs";
import { writeKernelTypes } from "./kernels/types.mjs";
import { buildWasm } from "./kernels/wasm.mjs";
import { root } from "./root.mjs";
import { stale } from "./stale.mjs";

export { buildWasm, writeKernelTypes };

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
 * @returns {{ platform: string, entryPoints: Record<string, string>, apart?: Record<string, string>, twins?: { twinless: string[], within: string } }[]}
 */
function bundles() {
  const sources = Array.from(packageEntries().values(), ({ source, file }) => [file, source]);
  const { thread, ...library } = Object.fromEntries(sources);
  return [
    { platform: "neutral", entryPoints: library, apart: APART },
    { platform: "neutral", entryPoints: { thread } },
    ...Object.entries(APART).map(([name, source]) => ({
      ...{ platform: "neutral", entryPoints: { [name]: source }, twins: TWINS },
    })),
    { platform: "node", entryPoints: { cli: "src/cli/main.ts" } },
  ];
}

/**
 * What a page loads only when it saves or loads a model, trains on files or on images that a model changes, weighs points, asks for many clusters or clusters wide points, searches for a radius, and the device
 * that it gets: each a file that imports nothing, with its own copy of the few functions that it uses. What a page has anyway would otherwise be cut
 * up by who shares it, of every page through some bundlers, and each piece compresses for itself. They are
 * given plain objects, and give such.
 */
const APART = {
  "checkpoint-file": "src/lifecycle/checkpoint-file.ts",
  "augment-plan": "src/ops/images/augment-plan.ts",
  "shuffle-buffer": "src/data/datasets/shuffle-buffer.ts",
  "scratch-rows": "src/data/datasets/scratch-rows.ts",
  "streamed-points": "src/cluster/streams/streamed-points.ts",
  "webgpu-device": "src/webgpu/device.ts",
  "wasm-device": "src/wasm/device.ts",
  "in-place": "src/wasm/in-place.ts",
  "shared-queue": "src/wasm/shared-queue.ts",
  "posted-queue": "src/wasm/posted-queue.ts",
  "rows-read": "src/cluster/streams/rows-read.ts",
  "restored-kmeans": "src/cluster/kmeans/restored-kmeans.ts",
  "faster-lloyd": "src/cluster/kmeans/faster-lloyd.ts",
  radius: "src/cluster/dbscan/radius.ts",
};

/**
 * Families of those files. `twinless` are launched on WebGPU alone there: a page gets it without its twins. `within` is in the file: where one
 * of them imports files as the page does, a bundler may give both the helper of imports as a third.
 */
const TWINS = { twinless: ["large-k", "sorting"], within: "bounds" };

/**
 * Leaves dynamic imports of those files to the program that loads them.
 * @param {Record<string, string>} apart
 * @returns {import("esbuild").Plugin}
 */
const loadedApart = (apart) => ({
  name: "apart",
  setup(build) {
    const files = new Map(Object.entries(apart).map(([name, source]) => [join(root, source), name]));
    build.onResolve({ filter: /^\.{1,2}\// }, ({ path, kind, resolveDir }) => {
      const name = kind === "dynamic-import" ? files.get(`${join(resolveDir, path)}.ts`) : undefined;
      return name === undefined ? undefined : { path: `./${name}.js`, external: true };
    });
  },
});

/**
 * Leaves WebAssembly and the texts of large shaders to files that are called as they are: a page names many of them, and a hash in a name is what
 * compresses least in it.
 * @param {Record<string, string>} files gets them by name
 * @returns {import("esbuild").Plugin}
 */
const dataApart = (files) => ({
  name: "data",
  setup(build) {
    build.onResolve({ filter: /\.(wasm|rest)$/ }, ({ path, kind, resolveDir }) => {
      if (kind !== "dynamic-import") return undefined;
      const name = basename(path).replace(/\.\w+$/, "");
      files[name] = resolve(resolveDir, path);
      return { path: `./${name}.js`, external: true };
    });
  },
});

/**
 * Puts every method beside the list of them, of a program that shows the options of all: as many files as there are methods and what some of them
 * share take longer to find and to open than one takes to read.
 * @type {import("esbuild").Plugin}
 */
const methodsAtOnce = {
  name: "methods",
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/]methods[\\/]index\.ts$/ }, async ({ path }) => {
      /** @type {string[]} */
      const files = [];
      const list = (await readFile(path, "utf8")).replace(/\(await import\(("[^"]+")\)\)/g, (_, file) => {
        if (!files.includes(file)) files.push(file);
        return `methods${files.indexOf(file)}`;
      });
      const imports = files.map((file, at) => `import * as methods${at} from ${file};`);
      return { contents: `${list}\n${imports.join("\n")}\n`, loader: "ts", resolveDir: dirname(path) };
    });
  },
};

/** Bundles the library and the command line into a folder; small: as they are published, with the names and lines that a debugger shows. Bundlers make them small. */
async function bundleTo(outdir, { small = false } = {}) {
  const { build } = await import("esbuild");
  const { esbuildPlugin } = await import("./plugin.mjs");
  /** @type {Record<string, string>} */
  const data = {};
  for (const { platform, entryPoints, apart = {}, twins } of [
    ...bundles(),
    { platform: "neutral", entryPoints: data },
  ]) {
    const { outputFiles } = await build({
      absWorkingDir: root,
      entryPoints,
      outdir,
      chunkNames: "[name]-[hash]",
      splitting: true,
      bundle: true,
      format: "esm",
      platform: /** @type {import("esbuild").Platform} */ (platform),
      target: "es2022",
      packages: "external",
      external: ["node:*"],
      sourcemap: small ? false : "linked",
      minifySyntax: small,
      plugins: [
        loadedApart(apart),
        dataApart(data),
        ...(platform === "node" ? [methodsAtOnce] : []),
        esbuildPlugin({ small, ...twins }),
      ],
      logLevel: "warning",
      write: false,
    });
    for (const { path, text } of outputFiles) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
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

/** Builds what the package holds: modules and declarations, in dist/. */
export const buildDist = () =>
  alone("dist", async () => {
    const inputs = ["src", "package.json", "kernels", "build/wasm", "build/host", "scripts"];
    if (!(await stale(["build/dist.built", "dist/index.js"], inputs))) return;
    await writeKernelTypes();
    await rm(join(root, "dist"), { recursive: true, force: true });
    await bundleTo("dist", { small: true });
    await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.types.json"]);
    await completeImports(join(root, "dist/types"));
    await writeFile(join(root, "build/dist.built"), "");
  });

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.chdir(root);
  await Promise.all([writeKernelTypes(), buildWasm()]);
  if (process.argv[2] === "bundles") await bundleTo(process.argv[3]);
  else if (process.argv[2] !== "wasm") await buildDist();
}
