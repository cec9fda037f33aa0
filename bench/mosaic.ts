// node scripts/run.mjs bench/mosaic.ts: a self-organising map of a mosaic larger than memory, from a FITS file: time, and what is resident throughout.
import { fork } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { requestDevice, tensor } from "constella";
import { FitsWriter, openBands, pixelRows } from "constella/astronomy";
import { SOM } from "constella/som";

const BANDS = 9;
/** Regions that differ in their spectra. */
const KINDS = 6;
const UNITS = { rows: 10, columns: 10 };

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    height: { type: "string", default: "5000" },
    width: { type: "string", default: "8500" },
    epochs: { type: "string", default: "10" },
    threads: { type: "string", default: String(availableParallelism()) },
    folder: { type: "string", default: tmpdir() },
    help: { type: "boolean", default: false },
  },
});
const [height, width, epochs, threads] = [given.height, given.width, given.epochs, given.threads].map(Number) as [
  number,
  number,
  number,
  number,
];

/** A mosaic of float32 [9, height, width]: regions of six spectra in waves, noise, and a border of each band without data. */
async function generate(path: string): Promise<void> {
  const bytes = 4 * BANDS * height * width;
  const { bavail, bsize } = statfsSync(given.folder);
  if (bytes > 0.8 * bavail * bsize) throw new Error(`${given.folder} has no room for ${bytes} bytes`);
  const file = await FitsWriter.create(path, [BANDS, height, width], "float32");
  let state = 1;
  const waves = Float32Array.from({ length: width }, (_, x) => Math.sin(x / 170) + Math.sin(x / 61));
  for (let band = 0; band < BANDS; band++) {
    const spectrum = Float32Array.from({ length: KINDS }, (_, kind) => 1 + Math.sin(1.7 * kind + (0.9 + kind) * band));
    const border = 3 + 2 * band;
    for (let begin = 0; begin < height; begin += 100) {
      const end = Math.min(height, begin + 100);
      const out = new Float32Array((end - begin) * width).fill(NaN);
      for (let y = Math.max(begin, border); y < end && y < height - border; y++) {
        const wave = Math.sin(y / 140) + Math.sin(y / 47) + 4;
        for (let x = border, at = (y - begin) * width + border; x < width - border; x++, at++) {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
          out[at] = spectrum[((wave + waves[x]!) * KINDS) >> 3]! + state * 1e-10;
        }
      }
      await file.write(out);
    }
  }
  await file.close();
}

const MB = 2 ** 20;

/** In a process of its own: the map. */
async function fit(path: string): Promise<void> {
  const device = await requestDevice("wasm", { threads });
  const begin = performance.now();
  const bands = await openBands(path);
  const pixels = await pixelRows(bands);
  const opened = (performance.now() - begin) / 1000;
  const resident: number[] = [];
  const watch = setInterval(() => resident.push(process.memoryUsage.rss() / MB), 200);
  const som = new SOM({ ...UNITS, epochs, device });
  await som.fit(pixels, { onEpoch: ({ epoch, loss }) => console.log(`epoch ${epoch} of ${epochs}, error ${loss}`) });
  clearInterval(watch);
  const { labels } = som;
  const seconds = (performance.now() - begin) / 1000;
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const [low, middle] = [
    resident.reduce((a, b) => Math.min(a, b)),
    resident.sort((a, b) => a - b)[resident.length >> 1]!,
  ];
  console.log(
    `${pixels.length} of ${height * width} pixels with data in all of ${BANDS} bands, ${labels.length} labels`,
  );
  console.log(`places without data: ${opened.toFixed(1)} s; all: ${seconds.toFixed(1)} s on ${threads} threads`);
  console.log(
    `${((userCPUTime + systemCPUTime) / 1e6).toFixed(1)} s of processor time, ${(systemCPUTime / 1e6).toFixed(1)} of them the system's`,
  );
  console.log(
    `resident: ${low.toFixed(0)} to ${middle.toFixed(0)} MB half of the time, ${(maxRSS / 1024).toFixed(0)} MB at the peak`,
  );
  som.dispose();
  await bands.close();
  device.destroy();
}

/** Runs that are not timed, while the engine still compiles, and runs that are. */
const [WARM, TIMED] = [4, 15];

/** In a process of its own: the search for the nearest of 100 units, on one thread. */
async function search(): Promise<void> {
  const n = 400_000;
  const device = await requestDevice("wasm", { threads: 1 });
  let state = 1;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const rows = Float32Array.from({ length: n * BANDS }, next);
  const som = new SOM({ ...UNITS, epochs: 1, clustering: "units", device });
  const x = tensor(device, rows, [n, BANDS]);
  await som.fit(x);
  const times: number[] = [];
  for (let run = 0; run < WARM + TIMED; run++) {
    const before = performance.now();
    await som.winners(x);
    if (run >= WARM) times.push((1e6 * (performance.now() - before)) / n);
  }
  times.sort((a, b) => a - b);
  const [median, best] = [times[TIMED >> 1]!, times[0]!];
  console.log(
    `nearest of 100 units, ${BANDS} bands, one thread: ${median.toFixed(1)} ns a pixel, ${best.toFixed(1)} at best`,
  );
  x.dispose();
  som.dispose();
  device.destroy();
}

/** Runs this module in a process of its own. */
function child(...args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const sizes = [
      "--height",
      given.height,
      "--width",
      given.width,
      "--epochs",
      given.epochs,
      "--threads",
      given.threads,
    ];
    const started = fork(fileURLToPath(import.meta.url), [...sizes, ...args]);
    started.on("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`${args.join(" ")}: ended by exit ${code}`)),
    );
  });
}

async function main(): Promise<void> {
  if (given.help) {
    console.log("bench/mosaic.ts [--height 5000] [--width 8500] [--epochs 10] [--threads N] [--folder DIR]");
    return;
  }
  console.log(
    `load of the machine: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(", ")}`,
  );
  await child("search");
  const folder = mkdtempSync(join(given.folder, "constella-mosaic-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
  const path = join(folder, "mosaic.fits");
  const begin = performance.now();
  await generate(path);
  console.log(
    `${((4 * BANDS * height * width) / 1e9).toFixed(2)} GB, generated in ${((performance.now() - begin) / 1000).toFixed(0)} s`,
  );
  await child("fit", path);
}

const [role, path = ""] = positionals;
if (role === "fit") await fit(path);
else if (role === "search") await search();
else await main();
