import { listFolder, listFolders } from "./files";

/** Files of one kind in a folder, or in folders of which each is a class. */
export interface ClassFolders {
  /** Paths, in alphabetical order, class by class. */
  readonly files: readonly string[];
  /** Class of each file: the place of its folder in `classes`. Undefined where the files lie in one folder. */
  readonly labels: Int32Array<ArrayBuffer> | undefined;
  /** Names of the folders, in alphabetical order; none where the files lie in one folder. */
  readonly classes: readonly string[];
  /** Files of other kinds and folders without one of this kind, which are passed over; hidden ones are not among them. */
  readonly passedOver: readonly string[];
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

/** What a folder holds of a kind, and what else. */
async function sorted(path: string, isOne: FileKind["isOne"]): Promise<{ own: string[]; others: string[] }> {
  const all = (await listFolder(path, () => true)) ?? [];
  const folders = new Set(((await listFolders(path)) ?? []).map((folder) => folder.path));
  const files = all.filter((file) => !folders.has(file));
  return { own: files.filter(isOne), others: files.filter((file) => !isOne(file)) };
}

/**
 * Lists the files of a kind: one folder a class, or all in one, without classes. Files of other kinds, folders without such files and hidden ones are
 * passed over. Throws for a folder without.
 */
export async function listClassFolders(path: string, { op, items, file, isOne }: FileKind): Promise<ClassFolders> {
  const folders = await listFolders(path);
  if (!folders) throw new Error(`${op}: ${path} is no folder`);
  const { own: flat, others } = await sorted(path, isOne);
  const inside = await Promise.all(
    folders.map(async (folder) => ({ ...folder, ...(await sorted(folder.path, isOne)) })),
  );
  const [full, bare] = [inside.filter(({ own }) => own.length > 0), inside.filter(({ own }) => own.length === 0)];
  if (flat.length > 0 && full.length > 0)
    throw new Error(
      `${op}: ${items} must lie in ${path} itself or in one folder a class, there are both: ${flat[0]} and ${full[0]!.own[0]}`,
    );
  if (flat.length === 0 && full.length === 0)
    throw new Error(`${op}: there is no ${file} in ${path}, nor a folder of them`);
  const passedOver = [...others, ...full.flatMap((folder) => folder.others), ...bare.map((folder) => folder.path)];
  if (flat.length > 0) return { files: flat, labels: undefined, classes: [], passedOver };
  return {
    files: full.flatMap(({ own }) => own),
    labels: Int32Array.from(full.flatMap(({ own }, label) => own.map(() => label))),
    classes: full.map(({ name }) => name),
    passedOver,
  };
}
