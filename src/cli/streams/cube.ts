// FITS cubes that are not read into memory: their pixels as rows.
import { pixelRows, shrunkBands } from "../../astronomy";
import { ROW_MEMORY } from "../../data/datasets/row-source";
import { NdArray } from "../../ndarray";
import { openFits, rowClasses } from "../cubes/read";
import type { DataSet } from "../data/load";
import type { DataOptions } from "../data/options";
import { digestOf, MB, MEMORY, readAsNeeded, shownRows } from "./open";

/** Opens a FITS cube whose values take more than `memory` MB; undefined for a smaller one. @throws one line that names the file */
export async function streamedCube(
  path: string,
  options: DataOptions,
  when: boolean | string,
): Promise<DataSet | undefined> {
  const { hdu, labels, slice, memory = MEMORY } = options;
  const opened = await openFits(path, hdu, slice === undefined ? {} : { band: slice });
  const { bands, height, width, names, header, wcs } = opened;
  try {
    if (4 * bands * height * width <= memory * MB) {
      await opened.close();
      return undefined;
    }
    const source = await pixelRows(opened, { memory: Math.min(ROW_MEMORY, memory * MB) });
    const { length: n } = source;
    const { wavelengths = opened.wavelengths } = options;
    const pixels = {
      ...{ as: "pixels" as const, fits: { header, wcs }, names, wavelengths, unit: opened.unit },
      get of() {
        return source.of;
      },
      small: (shrink: number) => shrunkBands(opened, shrink),
    };
    const index = shownRows(n, bands);
    const shown = { index, items: new NdArray(await source.rows(index), [index.length, bands]) };
    const missing = height * width - n;
    const { shrinkOf } = await import("../../report/sky/composite");
    const shrink = shrinkOf(height, width);
    return {
      ...{ path, n, raw: shown.items, columns: names, isTable: true, ids: null, reading: { as: "pixels", slice } },
      truth: labels === undefined ? undefined : { labels: await rowClasses(labels, pixels), classes: null },
      streamed: {
        ...{ source, bytes: false, layout: undefined, shown, pixels },
        digest: (onProgress) => digestOf([path], n, onProgress),
        close: () => opened.close(),
      },
      notes: [
        readAsNeeded(path, `${n} pixels`, when, shrink === 1 ? "all" : `means of ${shrink} x ${shrink} of them`),
        ...(missing > 0
          ? [`${path}: ${missing} of ${height * width} pixels lack a value in some band, and are left out`]
          : []),
      ],
    };
  } catch (error) {
    await opened.close();
    throw new Error(`${path}: ${(error as Error).message.replace(/^\w+: /, "")}`, { cause: error });
  }
}
