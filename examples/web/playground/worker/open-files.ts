// Files become a data set: FITS by code that is loaded when there is one, all others as arrays, tables and pictures.
import { FITS_HEAD, isFits } from "constella/astronomy";
import { fromCube, readFiles, type Dataset, type NamedBytes } from "./dataset";

const isFitsFile = async (file: File): Promise<boolean> =>
  isFits(file.name, new Uint8Array(await file.slice(0, FITS_HEAD).arrayBuffer()));

/** The contents of files. */
export const contentsOf = (files: readonly File[]): Promise<NamedBytes[]> =>
  Promise.all(files.map(async (file) => ({ name: file.name, bytes: await file.arrayBuffer() })));

/**
 * Makes one data set of files; of FITS files, which are read lazily, a cube.
 * @param read told how much of a cube is read, 0 to 1
 * @throws one line for files that cannot be read, or not together
 */
export async function openFiles(files: readonly File[], read: (share: number) => void): Promise<Dataset> {
  const kinds = await Promise.all(files.map(isFitsFile));
  if (!kinds.includes(true)) return readFiles(await contentsOf(files));
  const other = files[kinds.indexOf(false)];
  if (other) throw new Error(`${other.name}: FITS files are taken by themselves, without others`);
  const [{ openSky }, { CubeView }] = await Promise.all([import("./sky/open"), import("./sky/view")]);
  const sky = await openSky(files, read);
  try {
    return fromCube(await CubeView.of(sky, { as: "pixels" }));
  } catch (error) {
    sky.close();
    throw error;
  }
}
