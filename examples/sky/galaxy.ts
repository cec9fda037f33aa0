// The simulated galaxy as bands on disk, and as two cubes: stacked as they are, and prepared.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bandsOf, openBands, prepareBands, readBands, simulateGalaxy, stack, writeFits } from "constella/astronomy";
import type { GalaxyFilter, OpenedBands, SimulatedGalaxy } from "constella/astronomy";
import { NdArray } from "constella";
import type { Device } from "constella";

/** A cube, and what each of its pixels is. */
export interface KnownCube {
  /** [bands, height, width] */
  readonly cube: NdArray<Float32Array>;
  /** [height, width] */
  readonly truth: NdArray<Int32Array>;
}

/** The galaxy of a seed. */
export interface Galaxy {
  readonly filters: readonly GalaxyFilter[];
  readonly unprepared: KnownCube;
  /** One point-spread function, each band from 0 to 1. */
  readonly prepared: KnownCube;
}

/** Simulates a galaxy, and writes its bands as files. */
export async function writeGalaxy(
  seed: number,
  size: number,
  folder: string,
): Promise<SimulatedGalaxy & { readonly paths: readonly string[] }> {
  const galaxy = simulateGalaxy({ size, seed });
  const { cube, filters, cards } = galaxy;
  await mkdir(folder, { recursive: true });
  const pixels = size * size;
  const paths = filters.map(({ name }) => join(folder, `${name}.fits`));
  for (const [i, { name, wavelength }] of filters.entries()) {
    const band = new NdArray(cube.data.subarray(i * pixels, (i + 1) * pixels), [size, size]);
    await writeFile(paths[i]!, writeFits(band, { cards: [...cards, ["FILTER", name], ["PHOTPLAM", 10 * wavelength]] }));
  }
  return { ...galaxy, paths };
}

/** Simulates a galaxy, writes its bands as files, and prepares them as `constella sky prepare` does. */
export async function galaxyOf(seed: number, size: number, folder: string, device: Device): Promise<Galaxy> {
  const { truth, filters, paths } = await writeGalaxy(seed, size, folder);
  const opened: OpenedBands[] = [];
  const out = join(folder, "cube.fits");
  try {
    for (const path of paths) opened.push(await openBands(path));
    const { box } = await prepareBands(opened, {
      ...{ out, fwhm: filters.map(({ fwhm }) => fwhm), normalize: "minmax", device },
    });
    const plain = await readBands(stack(opened));
    const cut = new NdArray(
      Int32Array.from({ length: box.height * box.width }, (_, at) => {
        const [x, y] = [box.x + (at % box.width), box.y + Math.floor(at / box.width)];
        return truth.data[y * size + x]!;
      }),
      [box.height, box.width],
    );
    const prepared = await openBands(out);
    try {
      return {
        filters,
        unprepared: { cube: plain, truth: new NdArray(Int32Array.from(truth.data), [size, size]) },
        prepared: { cube: await readBands(bandsOf(prepared)), truth: cut },
      };
    } finally {
      await prepared.close();
    }
  } finally {
    for (const bands of opened) await bands.close();
  }
}
