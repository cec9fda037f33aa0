// The packed tarball in a fresh folder: in Node, in Deno, for TypeScript, through Vite and esbuild; and how large it is.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build as esbuild } from "esbuild";
import { build as vite } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { denoBinary } from "../scripts/runtimes/deno.mjs";
import * as ops from "../src/ops";
import { describeInChromium } from "./browser/installed";
import { addPackage, execute, installPackage, removeFolder, root } from "./installed";
import { kernels } from "./contract/kernels";

let folder = "";
beforeAll(async () => {
  folder = await installPackage();
});
afterAll(() => removeFolder(folder));

const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);

/** Two blobs: k-means must separate them. */
const program = (specifier: string): string => `
import { KMeans, requestDevice } from "${specifier}";
const points = Array.from({ length: 40 }, (_, i) => [i % 2 ? 5 : 0, (i % 10) / 10]);
const device = await requestDevice();
const { labels } = await new KMeans({ nClusters: 2, seed: 0, device }).fit(points);
const agree = labels.every((label, i) => label === labels[i % 2]) && labels[0] !== labels[1];
console.log(device.type, agree);
device.destroy();`;

describe("the installed package", () => {
  test("holds modules, declarations and documents, and nothing that only builds or tests it", async () => {
    const files = await readdir(join(folder, "node_modules/constella"), { recursive: true });
    for (const file of ["README.md", "LICENSE", "CHANGELOG.md", "dist/index.js", "dist/thread.js", "dist/cli.js"])
      expect(files).toContain(file);
    expect(files.filter((file) => /^(src|test|kernels|wasm|scripts|build)\b|\.map$|\.wgsl$/.test(file))).toEqual([]);
    expect(JSON.parse(await readFile(join(folder, "node_modules/constella/package.json"), "utf8"))).toMatchObject({
      sideEffects: false,
      type: "module",
    });
  });

  test("shows functions and lines to who debugs", async () => {
    await write(
      "stack.mjs",
      `import { KMeans } from "constella";
await new KMeans({ nClusters: 3 }).fit([[1], [2]]).catch(({ stack }) => console.log(stack));`,
    );
    const frames = (await execute(folder, process.execPath, ["stack.mjs"])).split("\n").slice(1);
    const own = frames.filter((frame) => frame.includes("/constella/dist/"));
    expect(own.join("\n")).toMatch(/ withPoints \(.*KMeans\.fitting \(/s);
    for (const frame of own) expect(Number(/:(\d+):\d+\)?$/.exec(frame)![1])).toBeGreaterThan(10);
  });

  test("clusters in Node without WebGPU, and says how to get it", async () => {
    await write("cluster.mjs", program("constella"));
    expect(await execute(folder, process.execPath, ["cluster.mjs"])).toBe("wasm true\n");
    await write(
      "refused.mjs",
      `import { requestDevice } from "constella"; await requestDevice("webgpu").catch(({ message }) => console.log(message));`,
    );
    expect(await execute(folder, process.execPath, ["refused.mjs"])).toBe(
      "webgpu: this runtime has no WebGPU; in Node install it with `npm install webgpu`\n",
    );
  });

  test("what a device throws is a DeviceError of the program, though the device is a file of its own", async () => {
    await write(
      "errors.mjs",
      `import { DeviceError, requestDevice } from "constella";
const device = await requestDevice("wasm", { threads: 0, maxBytes: 2 ** 26 });
try { device.alloc(2 ** 27); } catch (error) { console.log(error instanceof DeviceError, new Error() instanceof DeviceError); }
await requestDevice("wasm", { threads: -1 }).catch((error) => console.log(error instanceof DeviceError));`,
    );
    expect(await execute(folder, process.execPath, ["errors.mjs"])).toBe("true false\nfalse\n");
  });

  test("clusters in Node on npm's webgpu, once it is installed", async () => {
    await addPackage(folder, "webgpu");
    await write("gpu.ts", program("constella").replace("requestDevice()", `requestDevice("webgpu")`));
    await esbuild({
      entryPoints: [join(folder, "gpu.ts")],
      outfile: join(folder, "gpu.mjs"),
      bundle: true,
      format: "esm",
      platform: "node",
    });
    expect(await execute(folder, process.execPath, ["gpu.mjs"])).toBe("webgpu true\n");
  });

  test("has the command line", async () => {
    const told = await execute(folder, join(folder, "node_modules/.bin/constella"), ["--version"]);
    expect(told).toMatch(/^constella \d+\.\d+\.\d+ \(Node v\d+\.\d+\.\d+; \S.*\)\n$/);
  });

  test("clusters in Deno, as npm:constella and by an import map", async () => {
    const deno = await denoBinary();
    const device = `requestDevice("wasm")`;
    await write("npm.ts", program("npm:constella").replace("requestDevice()", device));
    await write("map.ts", program("constella").replace("requestDevice()", device));
    await write("map.json", JSON.stringify({ imports: { constella: "./node_modules/constella/dist/index.js" } }));
    const offline = ["run", "--quiet", "--no-remote", "--allow-read", "--allow-env", "--allow-sys"];
    expect(await execute(folder, deno, [...offline, "--node-modules-dir=manual", "npm.ts"])).toBe("wasm true\n");
    expect(await execute(folder, deno, [...offline, "--no-npm", "--import-map=map.json", "map.ts"])).toBe(
      "wasm true\n",
    );
  });

  test("has complete types, by the strictest rules of resolution and without those of Node", async () => {
    await write(
      "typed.ts",
      `import { DEC, KMeans, requestDevice, grad, matmul, parameter, sum, type Device, type Tensor } from "constella";
import { readNpy } from "constella/data";
const device: Device = await requestDevice("wasm", { threads: 2 });
const x: Tensor = parameter(device, [1, 2, 3, 4], [2, 2]);
const [dx]: Tensor[] = grad(sum(matmul(x, x)), [x]);
const labels: Int32Array = (await new KMeans({ nClusters: 2, device }).fit([[1], [2]])).labels;
const shape: readonly number[] = readNpy(new Uint8Array()).shape;
// @ts-expect-error nClusters is a number
new DEC({ layers: [2, 2], nClusters: "two" });
console.log(dx, labels, shape);`,
    );
    const lib = ["es2023", "esnext.disposable", "dom", "dom.iterable"];
    const { exports } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { exports: object };
    const every = Object.keys(exports).map(
      (entry, i) => `export * as e${i} from "${entry.replace(".", "constella")}";`,
    );
    await write("every.ts", every.join("\n"));
    const compilerOptions = { noEmit: true, strict: true, target: "es2022", lib, types: [], module: "nodenext" };
    const files = ["typed.ts", "every.ts"];
    await write(
      "tsconfig.json",
      JSON.stringify({ compilerOptions: { ...compilerOptions, skipLibCheck: false }, files }),
    );
    await execute(folder, process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "."]);
  });
});

describeInChromium(() => folder);

type Bundler = "vite" | "esbuild";
/**
 * What a page downloads, file by file, gzipped: JavaScript with the shaders in it (on WebGPU also the large ones in files of their own), and on the WASM device the modules that its engine runs, among
 * them those of the calling thread that are not in its JavaScript.
 * Counted is the entry with all that it imports, and the half of the device that the page gets with all that this imports: the larger of the
 * two halves, that of WebAssembly with the largest of what takes its commands, of which a page loads one (threads that share memory, one that
 * does not, none). What only a page loads that saves or loads a model, trains on files, or has a model change images at random, is not.
 */
interface Page {
  /** Of all files, whoever loads them. */
  readonly code: string;
  readonly script: number;
  /** All of its JavaScript, whoever loads it. */
  readonly whole: number;
  readonly wasm: number;
  /** The families of kernels among them. */
  readonly families: readonly string[];
}

/** The page that runs `source`, by a bundler as it is. */
async function pageOf(source: string, bundler: Bundler = "vite"): Promise<Page> {
  await write("page.js", source);
  const files = await (bundler === "vite" ? viteFiles() : esbuildFiles());
  const scripts = files.filter(({ name }) => !/\.(relaxed|plain|host|wgsl)-/.test(name));
  const code = scripts.map((file) => file.code).join("\n");
  // one form of two; bundlers also write what a page that was shaken no longer asks for
  const modules = files.filter(({ name }) => /\.(relaxed|host)-/.test(name) && code.includes(basename(name)));
  const shaders = files.filter(({ name }) => /\.wgsl-/.test(name) && code.includes(basename(name)));
  const size = (of: Iterable<(typeof files)[number]>): number =>
    Array.from(of).reduce((total, file) => total + gzipSync(file.code, { level: 9 }).length, 0);
  const importedBy = (...from: typeof files): Set<(typeof files)[number]> => {
    const loaded = new Set(from);
    for (const file of loaded)
      for (const [, path] of file.code.matchAll(/\b(?:import|from)\s*["'`](\.[^"'`]+)["'`]/g)) {
        const found = scripts.find(({ name }) => basename(name) === basename(path!));
        if (!found) throw new Error(`the page has no file ${path}`);
        loaded.add(found);
      }
    return loaded;
  };
  const only = (pattern: RegExp): (typeof files)[number] => {
    const found = scripts.filter((file) => pattern.test(file.code));
    expect(found.map(({ name }) => name)).toHaveLength(1);
    return found[0]!;
  };
  const entry = scripts.filter(({ name }) => /^page\b/.test(basename(name)));
  expect(entry).toHaveLength(1);
  const [wasm, webgpu] = [only(/this engine has no WebAssembly SIMD/), only(/uncapturederror/)];
  const taking = scripts.filter(({ name }) => /^(shared-queue|posted-queue|in-place)\b/.test(basename(name)));
  expect(taking).toHaveLength(3);
  const halves = [[webgpu, ...shaders], ...taking.map((one) => [wasm, one])];
  const script = Math.max(...halves.map((half) => size(importedBy(...entry, ...half))));
  const families = modules.flatMap(({ name }) => basename(name).match(/^.*(?=\.relaxed-)/) ?? []).sort();
  return { code, script, whole: size(scripts), wasm: size(modules), families };
}

async function viteFiles(): Promise<{ name: string; code: string }[]> {
  const made = await vite({
    root: folder,
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      modulePreload: false,
      target: "es2022",
      rolldownOptions: { input: join(folder, "page.js"), preserveEntrySignatures: "strict" },
    },
  });
  return (made as { output: { fileName: string; code?: string }[] }).output.flatMap(({ fileName, code }) =>
    code === undefined ? [] : [{ name: fileName, code }],
  );
}

async function esbuildFiles(): Promise<{ name: string; code: string }[]> {
  const { outputFiles } = await esbuild({
    entryPoints: [join(folder, "page.js")],
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    outdir: "page",
    write: false,
    logLevel: "warning",
  });
  return outputFiles.map(({ path, text }) => ({ name: path, code: text }));
}

const kernelsIn = (code: string): string[] =>
  Object.values(kernels)
    .map(({ name }) => name)
    .filter((name) => code.includes(`name:"${name}",code:`) || code.includes(`name:\`${name}\`,code:`));

const CORE = `requestDevice, defineKernel, Tensor, tidy, keep, tensor, indices, parameter, empty, run, grad, noGrad, record`;
const OPTIMIZERS = `SGD, Adam, AdamW, RMSprop, Adadelta`;

/** What a page imports, and the most that it may download: kB of JavaScript, and of WASM on that device. */
const SCENARIOS: readonly (readonly [string, string, number, number])[] = [
  ["k-means", `export { KMeans, requestDevice } from "constella";`, 25, 8],
  ["DEC", `export { DEC, requestDevice } from "constella";`, 45, 20],
  [
    "DeepCluster with VGG",
    `export { requestDevice } from "constella"; export { DeepCluster, VGG } from "constella/vision";`,
    60,
    31,
  ],
  [
    "every op and optimizer",
    `export { ${CORE}, ${OPTIMIZERS}, ${Object.keys(ops).join(", ")} } from "constella";`,
    54,
    36,
  ],
];

describe("what a page downloads", () => {
  const sizes: Record<string, string> = {};
  const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;
  const report = (name: string, { script, whole, wasm }: Page): void => {
    sizes[name] =
      `${kilobytes(script)} + ${kilobytes(wasm)} of WASM on that device (${kilobytes(whole)} with what it may load later)`;
  };
  afterAll(() => console.table(sizes));

  describe.each(["vite", "esbuild"] as const)("through %s", (bundler) => {
    test.each(SCENARIOS)("%s: as small as promised", async (name, source, script, wasm) => {
      const page = await pageOf(source, bundler);
      report(`${name}, ${bundler}`, page);
      expect(page.script).toBeLessThanOrEqual(script * 1000);
      expect(page.wasm).toBeLessThanOrEqual(wasm * 1000);
      expect(page.families).toContain("base");
    });

    test("k-means brings no neural kernels", async () => {
      const page = await pageOf(SCENARIOS[0]![1], bundler);
      expect(page.code).not.toMatch(/conv2d|lstm|softmax_backward|batch_norm|student_t|class DEC\b/);
      expect(page.families).toEqual(["base", "clustering", "indexing"]);
    });
  });

  test("everything together: reported", async () => {
    const { exports } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { exports: object };
    const pages = Object.keys(exports).filter((entry) => !/thread|report|data|text|onnx|methods|commands/.test(entry));
    const page = await pageOf(
      pages.map((entry, i) => `export * as e${i} from "${entry.replace(".", "constella")}";`).join("\n"),
    );
    report("everything", page);
    expect(kernelsIn(page.code).sort()).toEqual(
      Object.values(kernels)
        .map(({ name }) => name)
        .sort(),
    );
  });
});
