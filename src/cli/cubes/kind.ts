// Which paths hold cubes: for commands to know before they load what reads one.
import { FITS_HEAD, isFits as fits } from "../../astronomy/fits/is-fits";
import { openFile } from "../../data/formats/files";

/** Whether a path is a picture, by its name. */
export const isPicture = (path: string): boolean => /\.(png|jpe?g)$/i.test(path);

/** Whether a path is an array or several, by its name. */
export const isArrayFile = (path: string): boolean => /\.(npy|npz)$/i.test(path);

/** Whether a path is a FITS file, by its name or its first bytes. */
export async function isFits(path: string): Promise<boolean> {
  if (fits(path, new Uint8Array(0))) return true;
  const file = await openFile(path).catch(() => undefined); // what cannot be read says so where it is
  if (!file) return false;
  try {
    return fits(path, await file.read(0, Math.min(FITS_HEAD, file.size)));
  } catch {
    return false; // a folder
  } finally {
    await file.close?.();
  }
}

/** Whether a path holds a cube: a FITS file or a single picture; an array only where it is asked for as one. */
export const isCube = async (path: string, asked: boolean): Promise<boolean> =>
  isPicture(path) || (await isFits(path)) || (asked && isArrayFile(path));
