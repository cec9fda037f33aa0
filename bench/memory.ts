// node scripts/run.mjs bench/memory.ts: what methods hold of a file larger than memory, by the peak of the command line's processes.
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { NpyWriter, readNpy } from "../src/data/index";

const SIDE = 45;
const WIDTH = SIDE * SIDE;
/** Images of the whole file: as many as the survey of radio sources has. */
const WHOLE = 3_972_043;
/** Kinds of images. */
const KINDS = 10;
const WRITTEN = 8192;

const NETWORK = ["--network", "mlp", "--layers", `${WIDTH},256,64`, "--epochs", "1", "--batch-size", "512"];

/** Commands by method, with few passes. */
const METHODS: Readonly<Record<string, readonly string[]>> = {
  kmeans: ["cluster", "--clusters", "10", "--n-init", "1", "--max-iter", "3", "--scale", "unit"],
  "mini-batch-kmeans": ["cluster", "--clusters", "10", "--max-iter", "1", "--scale", "unit"],
  pca: ["embed", "--n-components", "10", "--scale", "unit"],
  "deep-cluster": ["cluster", "--clusters", "256", ...NETWORK],
  "online-deep-cluster": ["cluster", "--clusters", "256", ...NETWORK],
  "self-labeling": ["cluster", "--clusters", "256", "--updates", "2", "--sinkhorn-iterations", "30", ...NETWORK],
};

const { values: given } = parseArgs({
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

/** Runs in the child before the program: tells the peak of its memory, in kilobytes, at its end. */
const REPORT = `data:text/javascript,${encodeURIComponent(
  `import { writeSync } from "node:fs"; process.on("exit", () => writeSync(3, String(process.resourceUsage().maxRSS)));`,
)}`;

interface Run {
  readonly peak: number;
  readonly seconds: number;
  readonly cpu: number;
}

/** A command in a process of its own: megabytes at its peak, seconds of the wall. */
function run(program: string, args: readonly string[]): Promise<Run> {
  const begin = performance.now();
  const before = process.resourceUsage();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", REPORT, program, ...args, "--quiet"], {
      stdio: ["ignore", "ignore", "pipe", "pipe"],
    });
    let [peak, problems] = ["", ""];
    child.stdio[3]!.on("data", (text: Buffer) => (peak += text.toString()));
    child.stderr!.on("data", (text: Buffer) => (problems = (problems + text.toString()).slice(-2000)));
    child.on("close", (code) => {
      if (code !== 0) return reject(new Error(`${args.join(" ")}: exit ${code}\n${problems}`));
      const after = process.resourceUsage();
      const cpu = (after.userCPUTime + after.systemCPUTime - before.userCPUTime - before.systemCPUTime) / 1e6;
      resolve({ peak: Number(peak) / 1024, seconds: (performance.now() - begin) / 1000, cpu });
    });
  });
}

async function main(): Promise<void> {
  if (given.help) {
    console.log("bench/memory.ts [--rows 20000,200000] [--only kmeans,pca] [--whole] [--folder DIR]");
    console.log(`--whole: one pass of mini-batch k-means over ${WHOLE} images too, 8 GB on the disk while it runs`);
    return;
  }
  const folder = mkdtempSync(join(given.folder, "constella-memory-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
  const root = fileURLToPath(new URL("../..", import.meta.url));
  await promisify(execFile)(process.execPath, [join(root, "scripts/build.mjs"), "bundles", join(folder, "program")]);
  const program = join(folder, "program/cli.js");
  const sizes = given.rows.split(",").map(Number);
  const path = join(folder, "images.npy");
  await generate(path, Math.max(...sizes));
  console.log(`| method | ${sizes.map((n) => `${n} images, MB | s`).join(" | ")} | more, MB |`);
  console.log(`|---|${sizes.map(() => "---|---|").join("")}---|`);
  for (const name of given.only.split(",")) {
    const [command, ...options] = METHODS[name]!;
    const runs: Run[] = [];
    for (const n of sizes) {
      const out = join(folder, `${name}-${n}`);
      const args = [command!, path, "--method", name, ...options, "--first", String(n), "--memory", "64", "--out", out];
      runs.push(await run(program, [...args, "--device", "wasm", "--seed", "1"]));
      if (readNpy(readFileSync(join(out, "embedding.npy"))).shape[0] !== n)
        throw new Error(`${name}: rows are missing`);
      rmSync(out, { recursive: true });
    }
    const cells = runs.map(({ peak, seconds }) => `${peak.toFixed(0)} | ${seconds.toFixed(0)}`);
    console.log(`| ${name} | ${cells.join(" | ")} | ${(runs.at(-1)!.peak - runs[0]!.peak).toFixed(0)} |`);
  }
  rmSync(path);
  if (!given.whole) return;
  const begin = performance.now();
  await generate(path, WHOLE);
  console.log(
    `\n${WHOLE} images, ${(WHOLE * WIDTH) / 1e9} GB, generated in ${((performance.now() - begin) / 1000).toFixed(0)} s`,
  );
  const [command, ...options] = METHODS["mini-batch-kmeans"]!;
  const args = [command!, path, "--method", "mini-batch-kmeans", ...options, "--max-no-improvement", "0"];
  const { peak, seconds } = await run(program, [...args, "--device", "wasm", "--out", join(folder, "whole")]);
  console.log(
    `opened, hashed, one pass in random order and one for the labels: ${seconds.toFixed(0)} s, ${peak.toFixed(0)} MB at the peak`,
  );
}

await main();
