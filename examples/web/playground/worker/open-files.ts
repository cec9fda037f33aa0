// Files become a data set: FITS by code that is loaded when there is one, all others as arrays, tables and pictures.
import { FITS_HEAD, isFits } from "constella/astronomy";
import type { Taken } from "../protocol";
import { arrayOf, fromCube, readFiles, type Dataset, type NamedBytes } from "./dataset";

const isFitsFile = async (file: File): Promise<boolean> =>
  isFits(file.name, new Uint8Array(await file.slice(0, FITS_HEAD).arrayBuffer()));

/** The contents of files. */
export const contentsOf = (files: readonly File[]): Promise<NamedBytes[]> =>
  Promise.all(files.map(async (file) => ({ name: file.name, bytes: await file.arrayBuffer() })));

/** An array [bands, height, width] as a cube. */
async function cubeOfArray(files: readonly File[]): Promise<File> {
  const { name, array } = await arrayOf(await contentsOf(files));
  return (await import("./sky/open")).cubeFile(name, array);
}

/**
 * Makes one data set of files; of FITS files, which are read lazily, a cube.
 * @param read told how much of a cube is read, 0 to 1
 * @param taken what an array [n, height, width] is; pictures where nothing is said
 * @throws one line for files that cannot be read, or not together
 */
export async function openFiles(
  files: readonly File[],
  read: (share: number) => void,
  taken: Taken = "pictures",
): Promise<Dataset> {
  const kinds = await Promise.all(files.map(isFitsFile));
  const isArray = !kinds.includes(true);
  if (isArray && taken === "pictures") return readFiles(await contentsOf(files));
  const other = isArray ? undefined : files[kinds.indexOf(false)];
  if (other) throw new Error(`${other.name}: FITS files are taken by themselves, without others`);
  const [{ openSky }, { CubeView }] = await Promise.all([import("./sky/open"), import("./sky/view")]);
  const sky = await openSky(isArray ? [await cubeOfArray(files)] : files, read);
  try {
    const made = fromCube(await CubeView.of(sky, { as: "pixels" }));
    return isArray ? { ...made, summary: { ...made.summary, taken } } : made;
  } catch (error) {
    sky.close();
    throw error;
  }
}
