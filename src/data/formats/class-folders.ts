import { listFolder, listFolders } from "./files";

/** Files of one kind in a folder, or in folders of which each is a class. */
export interface ClassFolders {
  /** Paths, in alphabetical order, class by class. */
  readonly files: readonly string[];
  /** Class of each file: the place of its folder in `classes`. Undefined where the files lie in one folder. */
  readonly labels: Int32Array<ArrayBuffer> | undefined;
  /** Names of the folders, in alphabetical order; none where the files lie in one folder. */
  readonly classes: readonly string[];
}

/** A kind of files, and how messages speak of it. */
export interface FileKind {
  /** What reads them: "image folder". */
  readonly op: string;
  /** "pictures" */
  readonly items: string;
  /** "PNG or JPEG file" */
  readonly file: string;
  readonly isOne: (name: string) => boolean;
}

/** Whether the path is a folder with such files in it, or in one of its folders. Throws as `readFile`. */
export async function holdsFiles(path: string, { isOne }: FileKind): Promise<boolean> {
  const folders = await listFolders(path);
  if (folders === undefined) return false;
  for (const place of [path, ...folders.map((folder) => folder.path)])
    if (((await listFolder(place, isOne)) ?? []).length > 0) return true;
  return false;
}

/** Lists the files of a kind: one folder a class, or all in one, without classes. Files of other kinds and hidden ones are passed over. Throws for a folder without. */
export async function listClassFolders(path: string, { op, items, file, isOne }: FileKind): Promise<ClassFolders> {
  const folders = await listFolders(path);
  if (!folders) throw new Error(`${op}: ${path} is no folder`);
  const flat = (await listFolder(path, isOne)) ?? [];
  if (flat.length > 0 && folders.length > 0)
    throw new Error(
      `${op}: ${items} must lie in ${path} itself or in one folder a class, there are both: ${flat[0]} and ${folders[0]!.name}`,
    );
  if (flat.length > 0) return { files: flat, labels: undefined, classes: [] };
  if (folders.length === 0) throw new Error(`${op}: there is no ${file} in ${path}, nor a folder of them`);
  const [classes, files, labels]: [string[], string[], number[]] = [[], [], []];
  for (const { name, path: folder } of folders) {
    const own = (await listFolder(folder, isOne)) ?? [];
    if (own.length === 0) throw new Error(`${op}: class ${name} has no ${file}, in ${folder}`);
    for (const one of own) {
      labels.push(classes.length);
      files.push(one);
    }
    classes.push(name);
  }
  return { files, labels: Int32Array.from(labels), classes };
}
