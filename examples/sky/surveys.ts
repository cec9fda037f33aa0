// Three-band cubes of surveys and labelled pixels of a satellite, which are not part of this repository.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { KMeans, NdArray, nmi } from "constella";
import type { Device } from "constella";
import {
  bandsOf,
  limitsOf,
  normalizeRows,
  openBands,
  painted,
  pixelItems,
  readBands,
  summarize,
} from "constella/astronomy";
import { readNpzArray } from "constella/data";
import { ESOM, SOM } from "constella/som";

/** Files that are looked for in `--data`. */
export const SURVEYS = [
  { file: "gc_2mass_jhk_cube.fits", title: "The galactic centre in J, H and K (2MASS)" },
  { file: "sdss_gri_cube.fits", title: "A field in g, r and i (SDSS)" },
] as const;
export const LANDSAT = "landsat_satellite.npz";

/** A survey's cube, between its percentiles by asinh, and its clusters. */
export interface Survey {
  readonly title: string;
  readonly cube: NdArray<Float32Array>;
  readonly labels: NdArray<Int32Array>;
  readonly clusters: number;
}

/** Clusters the pixels of the surveys' cubes that a folder holds, by a SOM of 10 × 10 units and k-means of these. */
export async function surveysOf(folder: string, device: Device): Promise<Survey[]> {
  const found: Survey[] = [];
  for (const { file, title } of SURVEYS) {
    const path = join(folder, file);
    if (!existsSync(path)) {
      console.log(`${file} is not in ${folder}, left out`);
      continue;
    }
    const opened = await openBands(path);
    try {
      const { data, shape } = await readBands(opened);
      const limits = (await summarize(bandsOf(opened))).map((one, i) => limitsOf(one, "asinh", opened.names[i]!));
      const cube = new NdArray(normalizeRows(data, limits, "asinh"), shape);
      const items = pixelItems(cube);
      const som = new SOM({ nClusters: 6, device });
      await som.fit(items.x);
      found.push({ title, cube, labels: painted(som.labels, items), clusters: 6 });
      som.dispose();
    } finally {
      await opened.close();
    }
  }
  return found;
}

/** What every model is given. */
interface Common {
  readonly seed: number;
  readonly device: Device;
}

/** Kinds of land. */
const K = 6;

/** Landsat's labelled pixels in six kinds of land: NMI of k-means and of maps as they are by default, seed by seed; undefined where a folder has none. */
export async function landsatOf(
  folder: string,
  seeds: readonly number[],
  device: Device,
): Promise<readonly { readonly title: string; readonly values: readonly number[] }[] | undefined> {
  const path = join(folder, LANDSAT);
  if (!existsSync(path)) {
    console.log(`${LANDSAT} is not in ${folder}, left out`);
    return undefined;
  }
  const bytes = await readFile(path);
  const table = readNpzArray(bytes, "table");
  const x = new NdArray(Float32Array.from(table.data as ArrayLike<number>), table.shape);
  const truth = Int32Array.from(readNpzArray(bytes, "labels").data as ArrayLike<number>);
  const score = async (
    make: (common: Common) => { labels: Int32Array; fit(rows: typeof x): Promise<unknown>; dispose(): void },
  ): Promise<number[]> => {
    const values: number[] = [];
    for (const seed of seeds) {
      const model = make({ seed, device });
      await model.fit(x);
      values.push(nmi(truth, model.labels));
      model.dispose();
    }
    return values;
  };
  const spectral = { nClusters: K, clustering: "spectral" } as const;
  return [
    { title: `k-means, K = ${K}`, values: await score((common) => new KMeans({ nClusters: K, nInit: 5, ...common })) },
    {
      title: `SOM 10 × 10 + k-means of its units, K = ${K}`,
      values: await score((common) => new SOM({ nClusters: K, ...common })),
    },
    {
      title: `SOM 10 × 10 + spectral clustering of its units, K = ${K}`,
      values: await score((common) => new SOM({ ...spectral, ...common })),
    },
    { title: "ESOM, connected components", values: await score((common) => new ESOM(common)) },
    {
      title: `ESOM + spectral clustering of its nodes, K = ${K}`,
      values: await score((common) => new ESOM({ nClusters: K, ...common })),
    },
  ];
}
