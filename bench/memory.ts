// node scripts/run.mjs bench/memory.ts: what methods hold of a file larger than memory, by the peak of a process for each.
import { execFile, fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { requestDevice } from "constella";
import { NpyDataset, NpyWriter, sliceRows } from "constella/data";
import type { RowSource } from "constella/data";
import { loadMethod, runMethod } from "constella/methods";
import { scaledSource } from "constella/commands";

const SIDE = 45;
const WIDTH = SIDE * SIDE;
/** Images of the whole file: as many as the survey of radio sources has. */
const WHOLE = 3_972_043;
/** Kinds of images. */
const KINDS = 10;
const WRITTEN = 8192;
/** Bytes that a method may hold of the rows, or of the features that it makes of them. */
const MEMORY = 2 ** 26;

const NETWORK = { network: "mlp", layers: [WIDTH, 256, 64], epochs: 1, batchSize: 512, nClusters: 256 };

/** Options by method, with few passes. */
const METHODS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  kmeans: { nClusters: 10, nInit: 1, maxIter: 1 },
  "mini-batch-kmeans": { nClusters: 10, maxIter: 1 },
  pca: { nComponents: 10 },
  "deep-cluster": { ...NETWORK, kmeansIterations: 3 },
  "online-deep-cluster": { ...NETWORK, kmeansIterations: 3 },
  "self-labeling": { ...NETWORK, updates: 2, sinkhornIterations: 20 },
};

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: "string", default: "20000,200000" },
    only: { type: "string", default: Object.keys(METHODS).join(",") },
    whole: { type: "boolean", default: false },
    folder: { type: "string", default: tmpdir() },
    help: { type: "boolean", default: false },
  },
});

/** Images of a few kinds of blobs with noise, written as the file grows: [n, 45, 45] bytes. */
async function generate(path: string, n: number): Promise<void> {
  const { bavail, bsize } = statfsSync(given.folder);
  if (n * WIDTH > 0.8 * bavail * bsize) throw new Error(`${given.folder} has no room for ${n * WIDTH} bytes`);
  const kinds = Array.from({ length: KINDS }, (_, kind) => picture(kind));
  const file = await NpyWriter.create(path, [n, SIDE, SIDE], "uint8");
  let state = 1;
  for (let begin = 0; begin < n; begin += WRITTEN) {
    const rows = Math.min(WRITTEN, n - begin);
    const out = new Uint8Array(rows * WIDTH);
    for (let row = 0; row < rows; row++) {
      const kind = kinds[(begin + row) % KINDS]!;
      for (let at = 0; at < WIDTH; at++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        out[row * WIDTH + at] = kind[at]! + (state >>> 26);
      }
    }
    await file.write(out);
  }
  await file.close();
}

/** Two spots, where and how wide by the kind. */
function picture(kind: number): Uint8Array {
  const [x, y, other, width] = [10 + 2.5 * kind, 30 - 1.5 * kind, 8 + 3 * kind, 2 + (kind % 4)];
  return Uint8Array.from({ length: WIDTH }, (_, at) => {
    const [row, column] = [Math.floor(at / SIDE), at % SIDE];
    const spot = (r: number, c: number): number => Math.exp(-((row - r) ** 2 + (column - c) ** 2) / (2 * width ** 2));
    return 150 * Math.max(spot(y, x), 0.6 * spot(other, 36 - kind));
  });
}

/** Of a process: megabytes at its peak, seconds of the wall, seconds of all its threads. */
interface Run {
  readonly peak: number;
  readonly seconds: number;
  readonly cpu: number;
}

function usage(begin: number): Run {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  return {
    ...{ peak: maxRSS / 1024, cpu: (userCPUTime + systemCPUTime) / 1e6 },
    seconds: (performance.now() - begin) / 1000,
  };
}

/** In a process of its own: fits a method to the first rows of the file. */
async function fit(name: string, path: string, rows: number): Promise<void> {
  const begin = performance.now();
  const data = await NpyDataset.open(path, { memory: MEMORY });
  const x: RowSource = scaledSource(path, sliceRows(data, 0, rows), { kind: "unit", low: 0, span: 255 });
  const device = await requestDevice("wasm", { threads: 1 }); // threads that wait for each other would burn a busy machine
  const { estimator, labels } = await runMethod(await loadMethod(name), {
    ...{ x, device, options: { ...METHODS[name], seed: 1 } },
    data: { n: rows, itemShape: x.rowShape, bytes: true },
  });
  if (name !== "pca" && (!(labels instanceof Int32Array) || labels.length !== rows))
    throw new Error(`${name}: labels are missing`);
  process.send!(usage(begin));
  await estimator.dispose();
  device.destroy();
  await data.close();
}

/** Runs a module in a process of its own, which sends what it used. */
function used(args: readonly string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    let run: Run | undefined;
    child.on("message", (message) => (run = message as Run));
    child.on("exit", (code) =>
      run && code === 0 ? resolve(run) : reject(new Error(`${args.join(" ")}: the process ended by exit ${code}`)),
    );
  });
}

/** The whole file by the command line: opened, hashed, read once in random order, and once for the labels. */
async function wholeFile(folder: string, path: string): Promise<void> {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const built = join(root, `build/memory-${process.pid}`); // beside node_modules
  process.on("exit", () => rmSync(built, { recursive: true, force: true }));
  await promisify(execFile)(process.execPath, [join(root, "scripts/build.mjs"), "bundles", built]);
  const begin = performance.now();
  await generate(path, WHOLE);
  const seconds = (performance.now() - begin) / 1000;
  console.log(`\n${WHOLE} images, ${(WHOLE * WIDTH) / 1e9} GB, generated in ${seconds.toFixed(0)} s`);
  const peak = join(folder, "peak");
  const report = `import { writeFileSync } from "node:fs"; process.on("exit", () => writeFileSync(${JSON.stringify(peak)}, JSON.stringify(process.resourceUsage())));`;
  const options = ["--clusters", "10", "--max-iter", "1", "--max-no-improvement", "0", "--scale", "unit"];
  const started = performance.now();
  await promisify(execFile)(process.execPath, [
    ...["--import", `data:text/javascript,${encodeURIComponent(report)}`, join(built, "cli.js"), "cluster", path],
    ...["--method", "mini-batch-kmeans", ...options, "--device", "wasm", "--quiet", "--out", join(folder, "out")],
  ]);
  const { maxRSS, userCPUTime } = JSON.parse(readFileSync(peak, "utf8")) as NodeJS.ResourceUsage;
  console.log(
    `opened, hashed, read once in random order and once for the labels by the command line: ${((performance.now() - started) / 1000).toFixed(0)} s, of which ${(userCPUTime / 1e6).toFixed(0)} s of a core in the program; ${(maxRSS / 1024).toFixed(0)} MB at the peak`,
  );
}

async function main(): Promise<void> {
  if (given.help) {
    console.log("bench/memory.ts [--rows 20000,200000] [--only kmeans,pca] [--whole] [--folder DIR]");
    console.log(`--whole: then a pass over ${WHOLE} images by the command line, 8 GB on the disk while it runs`);
    return;
  }
  const folder = mkdtempSync(join(given.folder, "constella-memory-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
  const sizes = given.rows.split(",").map(Number);
  const path = join(folder, "images.npy");
  await generate(path, Math.max(...sizes));
  console.log(
    `| method | ${sizes.map((n) => `MB, ${n} images | s | CPU s`).join(" | ")} | more, MB | core hours, ${WHOLE} images |`,
  );
  console.log(`|---|${sizes.map(() => "---|---|---|").join("")}---|---|`);
  for (const name of given.only.split(",").filter(Boolean)) {
    const runs: Run[] = [];
    for (const n of sizes) runs.push(await used(["fit", name, path, String(n)]));
    const cells = runs.map(
      ({ peak, seconds, cpu }) => `${peak.toFixed(0)} | ${seconds.toFixed(0)} | ${cpu.toFixed(0)}`,
    );
    const [few, many] = [runs[0]!, runs.at(-1)!];
    // what begins a process is in both, and a row costs as much however many there are
    const hours = (WHOLE * (many.cpu - few.cpu)) / (sizes.at(-1)! - sizes[0]!) / 3600;
    console.log(`| ${name} | ${cells.join(" | ")} | ${(many.peak - few.peak).toFixed(0)} | ${hours.toFixed(2)} |`);
  }
  rmSync(path);
  if (given.whole) await wholeFile(folder, path);
}

const [child, name = "", path = "", rows] = positionals;
if (child === "fit") await fit(name, path, Number(rows));
else await main();
