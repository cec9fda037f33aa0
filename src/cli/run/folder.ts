// The folder that a command writes into: looked at before the work, held while it lasts.
import { access, constants, mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AtomicFile, writeAtomic, type FileContent } from "../../data/formats/atomic-file";
import { readFile } from "../../data/formats/files";
import { lockFolder } from "./lock";

/** Where a run keeps its checkpoint. */
export const checkpointPath = (out: string): string => join(out, "checkpoint.safetensors");

/** The file of a model: itself, or the checkpoint of the folder of a run. */
export async function modelFile(place: string): Promise<string> {
  const isFolder = await stat(place).then(
    (info) => info.isDirectory(),
    () => false,
  );
  return isFolder ? checkpointPath(place) : place;
}

/** The checkpoint of an earlier run in this folder. @throws where there is none, saying so */
export async function readCheckpoint(out: string): Promise<Uint8Array> {
  const path = checkpointPath(out);
  const there = await stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT" && error.code !== "ENOTDIR",
  );
  if (!there) throw new Error(`there is nothing to resume in ${out}, no ${path}; leave --resume out to begin`);
  return readFile(path);
}

/** A folder for results, held against other runs until it is released. */
export interface OutFolder {
  readonly path: string;
  /** Writes a file of the folder, whole or not at all; the first one makes the folder. */
  write(name: string, content: FileContent): Promise<void>;
  /** Lets other runs have it. */
  release(): Promise<void>;
}

/** Takes a folder, without making it yet. @throws where nothing can be written into it, and where another run writes into it */
export async function takeFolder(path: string): Promise<OutFolder> {
  await checkWritable(path);
  const { release } = await lockFolder(path);
  let made: Promise<void> | undefined;
  const make = async (): Promise<void> => {
    try {
      await mkdir(path, { recursive: true });
      await AtomicFile.clean(path);
    } catch (error) {
      throw refused(path, error);
    }
  };
  return {
    path,
    write: async (name, content) => {
      await (made ??= make());
      await writeAtomic(join(path, name), content);
    },
    release,
  };
}

async function checkWritable(path: string, asked = path): Promise<void> {
  try {
    await access(path, constants.W_OK);
    if (!(await stat(path)).isDirectory()) throw Object.assign(new Error(), { code: "ENOTDIR" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw refused(asked, error);
    await checkWritable(dirname(path), asked);
  }
}

function refused(path: string, error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException;
  const isFile = code === "EEXIST" || code === "ENOTDIR";
  const why = isFile ? "it is a file, or lies in one" : code === "EACCES" ? "permission denied" : code;
  return new Error(`cannot write into ${path}: ${why}`, { cause: error });
}
