import { holdsFiles, listClassFolders, type ClassFolders, type FileKind } from "./class-folders";
import { readFile } from "./files";
import { readWav, type Wav } from "./wav";

const RECORDINGS: FileKind = {
  ...{ op: "sound folder", items: "recordings", file: "WAV file" },
  isOne: (name) => /\.wav$/i.test(name),
};

/** Whether the path is a folder with WAV files in it, or in one of its folders. Throws as `readFile`. */
export const isSoundFolder = (path: string): Promise<boolean> => holdsFiles(path, RECORDINGS);

/** Lists the WAV files of a folder: one folder a class, or all in one. Throws as `readFile`, and for a folder without. */
export const listSoundFolder = (path: string): Promise<ClassFolders> => listClassFolders(path, RECORDINGS);

/** Reads a WAV file, its channels mixed down. Throws one line that names the file. */
export async function loadWav(path: string): Promise<Wav> {
  const bytes = await readFile(path);
  try {
    return readWav(bytes, { mono: true });
  } catch (error) {
    throw new Error(`${(error as Error).message} (${path})`, { cause: error });
  }
}
