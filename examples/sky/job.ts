// What an astronomer does with one cube, from its bands on disk to the reports, each part timed.
import { join } from "node:path";
import type { Device, NdArray } from "constella";
import {
  bandsOf,
  openBands,
  painted,
  pixelItems,
  prepareBands,
  readBands,
  regionStatistics,
  slic,
} from "constella/astronomy";
import type { OpenedBands } from "constella/astronomy";
import { writeAtomic } from "constella/data";
import { clusteredCube, renderCube } from "constella/report";
import { ESOM, SOM } from "constella/som";
import { writeGalaxy } from "./galaxy";

/** A part of the work. */
export interface Part {
  readonly title: string;
  /** Of the clock, and of all threads at work. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** What came of it, in words. */
  readonly found: string;
}

/** Prepares the bands of a simulated galaxy, clusters its pixels by two maps, finds superpixels, and reports each. */
export async function wholeJob(size: number, seed: number, out: string, device: Device): Promise<Part[]> {
  const folder = join(out, `galaxy-${seed}`);
  const { filters, paths } = await writeGalaxy(seed, size, folder);
  const parts: Part[] = [];
  async function part<T>(title: string, work: () => Promise<T>, found: (result: T) => string): Promise<T> {
    const [begin, before] = [performance.now(), process.cpuUsage()];
    const result = await work();
    const { user, system } = process.cpuUsage(before);
    const made = { title, seconds: (performance.now() - begin) / 1000, cpuSeconds: (user + system) / 1e6 };
    parts.push({ ...made, found: found(result) });
    console.log(`${title}: ${made.seconds.toFixed(1)} s, ${found(result)}`);
    return result;
  }

  const path = join(folder, "cube.fits");
  const opened: OpenedBands[] = [];
  try {
    for (const band of paths) opened.push(await openBands(band));
    const fwhm = filters.map((filter) => filter.fwhm);
    await part(
      "prepared: one grid and point-spread function, 0 to 1",
      () => prepareBands(opened, { out: path, fwhm, normalize: "minmax", device }),
      ({ shape }) => shape.join(" × "),
    );
  } finally {
    for (const bands of opened) await bands.close();
  }
  const prepared = await openBands(path);
  try {
    const cube = (await part(
      "read",
      () => readBands(bandsOf(prepared)),
      ({ shape }) => shape.join(" × "),
    )) as NdArray<Float32Array<ArrayBuffer>>;
    const items = pixelItems(cube);
    const { names, wavelengths, unit, wcs } = prepared;
    const esom = new ESOM({ seed, device });
    const som = new SOM({ nClusters: 6, seed, device });
    await part(
      "ESOM",
      () => esom.fit(items.x),
      ({ map, nodeLabels }) => `${map.size} nodes, ${countOf(nodeLabels)} clusters`,
    );
    await part(
      "SOM 10 × 10, 6 clusters",
      () => som.fit(items.x),
      ({ quantizationError }) => `quantisation error ${quantizationError.toFixed(4)}`,
    );
    const superpixels = await part(
      "SLIC",
      () => slic(cube, { nSegments: 1000, compactness: 0.1, device }),
      ({ labels }) => `${countOf(labels.data)} superpixels`,
    );
    for (const [title, labels, as, estimator] of [
      ["ESOM", painted(esom.labels, items), "pixels", esom],
      ["SOM", painted(som.labels, items), "pixels", som],
      ["SLIC", superpixels.labels, "cube", undefined],
    ] as const) {
      const before = performance.now();
      await part(
        `report of ${title}`,
        async () => {
          const found = { labels, regions: regionStatistics(cube, labels), estimator, device };
          const shown = await clusteredCube({ ...found, cube: { cube, as, names, wavelengths, unit, fits: { wcs } } });
          const run = {
            ...{ title: `The galaxy of seed ${seed}: ${title}`, method: title, seed, device: device.description },
            ...{
              versions: {},
              options: {},
              date: new Date(),
              elapsed: (performance.now() - before) / 1000,
              labels: labels.data,
            },
          };
          const page = await renderCube(run, shown);
          await writeAtomic(join(out, `${title}.html`), page);
          return page;
        },
        (page) => `${(page.length / 1e6).toFixed(1)} MB`,
      );
    }
    esom.dispose();
    som.dispose();
  } finally {
    await prepared.close();
  }
  return parts;
}

const countOf = (labels: ArrayLike<number>): number =>
  Array.from(labels).reduce((most, label) => Math.max(most, label), -1) + 1;

/** The parts as Markdown. */
export function partsTable(parts: readonly Part[]): string {
  const total = (of: (part: Part) => number): string => parts.reduce((sum, one) => sum + of(one), 0).toFixed(1);
  return [
    "| | s | s of processors | |",
    "|---|---:|---:|---|",
    ...parts.map(
      ({ title, seconds, cpuSeconds, found }) =>
        `| ${title} | ${seconds.toFixed(1)} | ${cpuSeconds.toFixed(1)} | ${found} |`,
    ),
    `| all | ${total((part) => part.seconds)} | ${total((part) => part.cpuSeconds)} | |`,
  ].join("\n");
}
