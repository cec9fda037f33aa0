// Data that are not read into memory: npy files, and folders of them, that take more there than they may.
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { listFolder, loadSparse, openFile, openNpy } from "../../data/formats/files";
import { isTextArray } from "../../data/formats/npy/npy";
import type { NpyRecords } from "../../data/formats/npy/npy";
import { NpyDataset } from "../../data/datasets/npy-dataset";
import { SparseRows } from "../../data/datasets/sparse-rows";
import { ROW_MEMORY } from "../../data/datasets/row-source";
import type { RowSource } from "../../data/datasets/row-source";
import { channelsFirstRows, sliceRows } from "../../data/datasets/row-views";
import { imageLayout } from "../../data/image-layout";
import type { ImageLayout } from "../../data/image-layout";
import { NdArray, sizeOf, type TypedArray } from "../../ndarray";
import { Random } from "../../random";
import type { PixelsOfCube, SmallCube } from "../cubes/read";
import type { DataOptions } from "../data/options";
import { generate } from "../../typed-arrays";

/** Rows of files that are read when they are needed. */
export interface StreamedRows {
  /** The items, pictures with their channels first. */
  readonly source: RowSource;
  /** Whether the files hold bytes. */
  readonly bytes: boolean;
  readonly layout: ImageLayout | undefined;
  /** How files of a folder were taken, in words. */
  readonly taken?: string;
  /** Of pixels of a cube: which row each is, and the cube's small image. */
  readonly pixels?: (PixelsOfCube & SmallCube) | undefined;
  /** Items that are shown: their numbers, and themselves. */
  readonly shown: { readonly index: Uint32Array; readonly items: NdArray<TypedArray> };
  /** Identifies the files' content: it is read for it, piece by piece. `onProgress` is told of how many bytes how many are read. */
  digest(onProgress?: BytesRead): Promise<string>;
  /** Closes the files. */
  close(): Promise<void>;
}

/** What is told while files are read. */
export type BytesRead = (done: number, total: number) => void;

/** Megabytes that data may take in memory as float32. */
export const MEMORY = 1024;
/** A megabyte. */
export const MB = 2 ** 20;
/** Items that are shown: so many, no more values than these of them, but some whatever their size. */
const [SHOWN, SHOWN_VALUES, SHOWN_LEAST] = [5000, 2 ** 22, 256];
/** Bytes that are hashed at a time. */
const PIECE = 2 ** 24;

/**
 * Opens npy files of numbers and sparse matrices whose rows take more than `memory` MB as float32, and folders of npy files; undefined for all else.
 * @throws for files of a folder that do not belong together
 */
export async function openStreamed(
  path: string,
  { array, layout, memory = MEMORY, first, each: asked }: DataOptions,
): Promise<StreamedRows | undefined> {
  const sparse = array === undefined ? await openSparse(path, { memory, first }) : undefined;
  if (sparse) return sparse;
  const parts = await listFolder(path, ".npy").catch(() => undefined);
  if (parts?.length === 0 || (!parts && (asked !== undefined || !/\.npy$/i.test(path)))) return undefined;
  const [front = path] = parts ?? [];
  const file = await openNpy(front);
  let bytes: boolean;
  let field: string | undefined;
  let each: "row" | "file" = "row";
  let taken: string | undefined;
  try {
    const records = file.fieldNames.length > 0 ? (await file.sliceRecords(0, 0)).fields : undefined;
    field = records && fieldOf(records, array);
    if (records && field === undefined) {
      if (!parts) return undefined; // a table, or what memory says of it
      throw new Error(`${front}: --array must name the field that holds the items, one of ${[...records.keys()].join(", ")}${array === undefined ? "" : `, got ${array}`}`); // prettier-ignore
    }
    const item = field === undefined ? file.shape.slice(1) : records!.get(field)!.shape.slice(1);
    const isRows = item.length > 0 && (records !== undefined || array === undefined);
    if (!parts && (!isRows || 4 * Math.min(file.rows, first ?? Infinity) * sizeOf(item) <= memory * MB))
      return undefined;
    if (parts && !records) {
      each = asked ?? (isPicture(file.shape) && String(file.shape) === String(await shapeOf(parts.at(-1)!)) ? "file" : "row"); // prettier-ignore
      taken = takenInWords(path, file.shape, each);
    } else if (asked !== undefined) throw new Error(`--each is for files of numbers, those of ${path} hold records`);
    const { data } = field === undefined ? await file.slice(0, 0) : records!.get(field)!;
    bytes = data instanceof Uint8Array;
  } finally {
    await file.close();
  }
  const dataset = await NpyDataset.open(path, { memory: Math.min(ROW_MEMORY, memory * MB), each, ...(field !== undefined && { field }) }); // prettier-ignore
  const shape = [dataset.length, ...dataset.rowShape];
  const found = shape.length === 4 ? (layout ?? imageLayout(shape, path)) : undefined;
  if (layout && !found)
    throw new Error(`${path}: a layout is for pictures [n, a, b, c], the shape is [${shape.join(", ")}]`);
  const whole = found === "channels-last" ? channelsFirstRows(dataset) : dataset;
  const n = Math.min(dataset.length, first ?? Infinity);
  const source = n < dataset.length ? sliceRows(whole, 0, n) : whole;
  const index = shownRows(n, sizeOf(source.rowShape));
  const values = await source.rows(index);
  return {
    ...{ source, bytes, layout: found, ...(taken !== undefined && { taken }) },
    shown: {
      index,
      items: new NdArray<TypedArray>(bytes ? Uint8Array.from(values) : values, [index.length, ...source.rowShape]),
    },
    digest: (onProgress) => digestOf(dataset.files, n, onProgress),
    close: () => dataset.close(),
  };
}

/** A sparse matrix whose rows, with their zeros, take more than `memory` MB; undefined for all else. */
async function openSparse(
  path: string,
  { memory, first = Infinity }: { readonly memory: number; readonly first?: number | undefined },
): Promise<StreamedRows | undefined> {
  const matrix = await loadSparse(path);
  if (!matrix) return undefined;
  const [rows, d] = matrix.shape;
  const n = Math.min(rows, first);
  if (4 * n * d <= memory * MB) return undefined;
  const whole = new SparseRows(matrix, { memory: Math.min(ROW_MEMORY, memory * MB) });
  const source = n < rows ? sliceRows(whole, 0, n) : whole;
  const index = shownRows(n, d);
  return {
    ...{ source, bytes: false, layout: undefined },
    shown: { index, items: new NdArray<TypedArray>(await source.rows(index), [index.length, d]) },
    digest: (onProgress) => digestOf([path], n, onProgress),
    close: () => Promise.resolve(),
  };
}

/** Bands that a picture of a file of its own may have: colours, with transparency, u g r i z. */
const BANDS = [3, 4, 5];

/** Whether an array is likely one picture, [bands, height, width] or [height, width, bands], and not as many rows as its first index has. */
const isPicture = ([a = 0, b = 0, c = 0, ...more]: readonly number[]): boolean =>
  more.length === 0 && ((BANDS.includes(a) && a < Math.min(b, c)) || (BANDS.includes(c) && c < Math.min(a, b)));

async function shapeOf(path: string): Promise<readonly number[]> {
  const file = await openNpy(path);
  await file.close();
  return file.shape;
}

/** What each file of a folder is taken for, where its shape leaves that open. */
function takenInWords(path: string, shape: readonly number[], each: "row" | "file"): string | undefined {
  if (each === "file") return `${path}: each file is taken as one item [${shape.join(", ")}]; --each row takes ${shape[0]} of it`; // prettier-ignore
  const [rows = 0, ...item] = shape;
  if (item.length > 2) return undefined;
  return `${path}: files are taken as items [${item.join(", ")}], ${rows} in the first of them; --each file takes each as one item`;
}

/** The field of records that holds the items: the one that was asked for, else the only one of several numbers; undefined where neither is there. */
function fieldOf(records: NpyRecords["fields"], asked: string | undefined): string | undefined {
  if (asked !== undefined) return records.has(asked) ? asked : undefined;
  const wide = [...records].flatMap(([name, field]) => (!isTextArray(field) && field.shape.length > 1 ? [name] : []));
  return wide.length === 1 ? wide[0] : undefined;
}

/** What is done with items that are not read into memory, in words. */
export const readAsNeeded = (path: string, items: string, when: boolean | string, shown: number | string): string =>
  `${path}: ${items} are read as they are needed${typeof when === "string" ? `: once to identify them, ${when}` : ""}; the report shows ${shown}`;

/** All of n rows of a width, or some at random, ascending: measures of theirs, axes and pictures take several times their memory. */
export function shownRows(n: number, width: number): Uint32Array {
  const most = Math.min(SHOWN, Math.max(SHOWN_LEAST, Math.floor(SHOWN_VALUES / width)));
  if (n <= most) return generate(Uint32Array, n, (i) => i);
  const random = new Random(0);
  const chosen = new Set<number>();
  while (chosen.size < most) chosen.add(random.integer(n));
  return Uint32Array.from(chosen).sort();
}

/** Identifies so many rows of files, by their bytes. */
export async function digestOf(paths: readonly string[], n: number, onProgress?: BytesRead): Promise<string> {
  const hash = createHash("sha256").update(`${n} rows `);
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let done = 0;
  for (const path of paths) {
    const file = await openFile(path);
    try {
      for (let at = 0; at < file.size; at += PIECE) {
        const piece = await file.read(at, Math.min(file.size, at + PIECE));
        hash.update(piece);
        onProgress?.((done += piece.length), total);
      }
    } finally {
      await file.close?.();
    }
  }
  return hash.digest("hex").slice(0, 16);
}
