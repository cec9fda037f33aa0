import { join } from "node:path";
import { bandNames } from "../cubes/read";
import { isCube } from "../cubes/kind";
import type { DataOptions } from "../data/options";
import { kebab } from "../option";

/** A run of one band: its number from 0, and the folder for its results. */
export interface SliceRun {
  readonly slice: number;
  readonly out: string;
  readonly name: string;
}

/** The folder of a band within that of the run: 3-F502N. */
const folderOf = (slice: number, name: string): string => `${slice + 1}-${name.replace(/[^\w.-]+/g, "_")}`;

/**
 * Runs something on each band of a cube by itself, one after the other, each with a folder of its own.
 * @throws for data that are no cube, and for options that are for all bands at once
 */
export async function eachSlice(
  path: string,
  given: DataOptions & { readonly out: string },
  run: (one: SliceRun) => Promise<void>,
): Promise<void> {
  if (!(await isCube(path, true)))
    throw new Error(
      `--as slices is for cubes, ${path} is none: a FITS file, a picture or an array [bands, height, width]`,
    );
  const { superpixels, superpixelCompactness, wavelengths, rgb } = given;
  const foreign = Object.entries({ superpixels, superpixelCompactness, wavelengths, rgb }).find(([, value]) => value);
  if (foreign) throw new Error(`--${kebab(foreign[0])} is for all bands together, --as slices takes each by itself`);
  const names = await bandNames(path, given);
  for (const [slice, name] of names.entries()) await run({ slice, name, out: join(given.out, folderOf(slice, name)) });
}
