import { checkFlag } from "../../checks";
import { toLabels } from "../../matrix";
import type { TypedArray } from "../../ndarray";
import { NdArray } from "../../ndarray";
import { encodeLabels } from "./class-labels";
import type { ClassLabels } from "./class-labels";
import { readCsv, readCsvLabels, readCsvStream } from "./csv/csv";
import type { CsvOptions, CsvTable } from "./csv/csv";
import { gunzip, isGzip } from "./deflate";
import { readIdx } from "./idx";
import { isTextArray, NpyFile, readNpyAny, type NpyRecords, type TextArray } from "./npy/npy";
import { listNpz, readNpzAny } from "./npy/npz";
import type { SparseMatrix } from "../../sparse";
import { isMatrixMarket, isSparseNpz, readSparse } from "./sparse-files";
import { joinBytes, toRandomAccess, type RandomAccess } from "./source";
import { nodeModule, reason } from "./file-system";

/** Reads a whole file. Throws `cannot read FILE: no such file` and the like. */
export async function readFile(path: string): Promise<Uint8Array> {
  const file = await openFile(path);
  try {
    return await file.read(0, file.size);
  } finally {
    await file.close?.();
  }
}

/** The path that stands for what is piped into a program. */
export const STANDARD_INPUT = "/dev/stdin";

/** What came through pipes, which can be read but once. */
const piped = new Map<string, Promise<Uint8Array>>();

/** Whether a path is a pipe: standard input that is no file, a FIFO, the `<(command)` of a shell. */
export async function isPipe(path: string): Promise<boolean> {
  const { fstatSync } = nodeModule("node:fs");
  const { stat } = nodeModule("node:fs/promises");
  const info = path === STANDARD_INPUT ? fstatSync(0) : await stat(path).catch(() => undefined);
  return info !== undefined && (info.isFIFO() || info.isSocket() || info.isCharacterDevice());
}

async function readPipe(path: string): Promise<Uint8Array> {
  if (path !== STANDARD_INPUT) return new Uint8Array(await nodeModule("node:fs/promises").readFile(path));
  if (process.stdin.isTTY) throw new Error("nothing is piped in");
  const pieces: Uint8Array[] = [];
  for await (const piece of process.stdin) pieces.push(piece as Uint8Array);
  return joinBytes(pieces);
}

/** Opens a file for reads from its middle; what comes through a pipe is read to its end, once. Throws as `readFile`. Close it. */
export async function openFile(path: string): Promise<RandomAccess> {
  const { open } = nodeModule("node:fs/promises");
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    if (await isPipe(path)) {
      if (!piped.has(path)) piped.set(path, readPipe(path));
      return toRandomAccess(await piped.get(path)!);
    }
    handle = await open(path, "r");
    const { size } = await handle.stat();
    const told = async <R>(use: () => Promise<R>): Promise<R> => {
      try {
        return await use();
      } catch (error) {
        throw new Error(`cannot read ${path}: ${reason(error, "file")}`, { cause: error });
      }
    };
    const fill = async (begin: number, bytes: Uint8Array): Promise<number> => {
      let at = 0;
      // A single read may return less than was asked for, and at most 2 GiB.
      while (at < bytes.length) {
        const { bytesRead } = await handle.read(bytes, at, Math.min(bytes.length - at, 1 << 30), begin + at);
        if (bytesRead === 0) break;
        at += bytesRead;
      }
      return at;
    };
    return {
      size,
      read: (begin, end) =>
        told(async () => {
          const bytes = new Uint8Array(end - begin);
          const length = await fill(begin, bytes);
          return length < bytes.length ? bytes.slice(0, length) : bytes;
        }),
      readInto: (begin, bytes) => told(() => fill(begin, bytes)),
      close: () => handle.close(),
    };
  } catch (error) {
    throw new Error(`cannot read ${path}: ${reason(error, "file")}`, { cause: error });
  }
}

/** Paths of a folder's files of that extension, or whose name `wanted` says yes to, by name, hidden ones left out; undefined where the path is no folder. Throws as `readFile`. */
export async function listFolder(
  path: string,
  wanted: string | ((name: string) => boolean),
): Promise<string[] | undefined> {
  const { readdir, stat } = nodeModule("node:fs/promises");
  const { join } = nodeModule("node:path");
  try {
    if (!(await stat(path)).isDirectory()) return undefined;
    const names = await readdir(path);
    return names
      .filter((name) => (typeof wanted === "string" ? name.endsWith(wanted) : wanted(name)) && !name.startsWith("."))
      .sort()
      .map((name) => join(path, name));
  } catch (error) {
    throw new Error(`cannot read ${path}: ${reason(error, "file")}`, { cause: error });
  }
}

/** A folder's folders by name, hidden ones left out; undefined where the path is no folder. Throws as `readFile`. */
export async function listFolders(path: string): Promise<{ name: string; path: string }[] | undefined> {
  const { readdir, stat } = nodeModule("node:fs/promises");
  const { join } = nodeModule("node:path");
  let at = path;
  try {
    if (!(await stat(path)).isDirectory()) return undefined;
    const found: { name: string; path: string }[] = [];
    for (const name of (await readdir(path)).sort()) {
      if (name.startsWith(".")) continue;
      at = join(path, name);
      if ((await stat(at)).isDirectory()) found.push({ name, path: at });
    }
    return found;
  } catch (error) {
    throw new Error(`cannot read ${at}: ${reason(error, "file")}`, { cause: error });
  }
}

/** Opens an npy file of any size for reading rows (see `NpyFile`). Close it. */
export async function openNpy(path: string): Promise<NpyFile> {
  const file = await openFile(path);
  try {
    return await NpyFile.open(file);
  } catch (error) {
    await file.close?.();
    throw new Error(`${(error as Error).message} (${path})`, { cause: error });
  }
}

/** Options of `loadMatrix` and `loadLabels`. */
export interface LoadOptions extends CsvOptions {
  /** Which array of an npz file, or field of an npy file of records. Default: the only one that fits, or the one with a usual name. */
  array?: string;
}

/**
 * Reads data: an array of rank 2 or more (images keep their shape) from an npy, npz, idx or CSV file, by its extension (`.npy .npz
 * .idx .mtx .csv .tsv .txt`) or else its first bytes; `.gz` is unpacked. A sparse matrix (scipy's npz, Matrix Market) gets its zeros. Throws `cannot read …` or the reader's error with the path.
 */
export async function loadMatrix(path: string, options: LoadOptions = {}): Promise<NdArray<TypedArray>> {
  checkFlag("loadMatrix", { header: options.header });
  if (isTableFile(path)) return (await loadTable(path, options)).data;
  return load(path, (format, bytes) => {
    if (format === "csv") return readCsv(bytes, options).data;
    if (isSparse(format, bytes, options)) return laidOut(readSparse(bytes));
    if (format === "mtx") throw new Error("loadMatrix: a Matrix Market file holds one array, name none");
    const fits = (array: AnyArray) => !isTextArray(array) && array.shape.length >= 2;
    const arrays = readArrays(format, bytes, options.array);
    const columns = options.array === undefined && ![...arrays.values()].some(fits) ? recordColumns(arrays) : undefined;
    if (columns) return columns;
    const array = pick(arrays, options.array, fits, ["x", "data", "images", "image"]);
    if (isTextArray(array) || array.shape.length < 2)
      throw new Error(`loadMatrix: data must be numbers of rank 2 or more, got ${describe(array)}`);
    return array;
  });
}

/** Whether the path's extension is that of a table of text: csv, tsv or txt, packed or not. */
export const isTableFile = (path: string): boolean => /\.(csv|tsv|txt)(\.gz)?$/i.test(path);

/** Whether what comes through a pipe or by standard input, which have no extension, is a table of text: it does not begin as the other formats do. */
export async function isPipedTable(path: string): Promise<boolean> {
  if (path !== STANDARD_INPUT && !(await isPipe(path))) return false;
  const file = await openFile(path);
  try {
    const head = await file.read(0, Math.min(6, file.size));
    return sniff(isGzip(head) ? gunzip(await file.read(0, file.size), "gzip") : head) === undefined;
  } finally {
    await file.close?.();
  }
}

/** Bytes of a file that are read at a time. */
const PIECE = 2 ** 24;

/** Reads a CSV file piece by piece, larger than one text can be. Throws as `readFile`, and the reader's error with the path. */
export async function loadTable(path: string, options: CsvOptions = {}): Promise<CsvTable> {
  const file = await openFile(path);
  try {
    if (isGzip(await file.read(0, Math.min(2, file.size))))
      return readCsv(gunzip(await file.read(0, file.size), "gzip"), options);
    return await readCsvStream(chunksOf(file), options);
  } catch (error) {
    if (/^cannot read /.test((error as Error).message)) throw error;
    throw new Error(`${(error as Error).message} (${path})`, { cause: error });
  } finally {
    await file.close?.();
  }
}

async function* chunksOf(file: RandomAccess): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.size; at += PIECE) yield file.read(at, Math.min(file.size, at + PIECE));
}

/** The fields of records that hold one number each, side by side; undefined where the arrays are no such fields. */
function recordColumns(arrays: ReadonlyMap<string, AnyArray>): NdArray<TypedArray> | undefined {
  const fields = [...arrays.values()].filter((array): array is NdArray<TypedArray> => !isTextArray(array));
  const n = fields[0]?.shape[0];
  if (fields.length < 2 || n === undefined || !fields.every(({ shape }) => shape.length === 1 && shape[0] === n))
    return undefined;
  const data = new Float64Array(n * fields.length);
  fields.forEach(({ data: values }, c) => {
    for (let r = 0; r < n; r++) data[r * fields.length + c] = Number(values[r]);
  });
  return new NdArray(data, [n, fields.length]);
}

/**
 * Reads labels: a vector of integers or text from an npy, npz, idx or CSV file, told apart as by `loadMatrix`. In a CSV file of several
 * columns, `label` names the one. Throws as `loadMatrix`, and for values that are neither integers of 32 bits nor text.
 */
export async function loadLabels(path: string, options: LoadOptions = {}): Promise<ClassLabels> {
  checkFlag("loadLabels", { header: options.header });
  return load(path, (format, bytes) => {
    if (format === "csv") return readCsvLabels(bytes, options);
    if (format === "mtx") throw new Error("loadLabels: labels must be a vector, got a matrix of a Matrix Market file");
    const fits = (array: AnyArray) => array.shape.length === 1;
    const array = pick(readArrays(format, bytes, options.array), options.array, fits, [
      "y",
      "labels",
      "label",
      "class",
    ]);
    if (!isTextArray(array)) return { labels: toLabels(array, "loadLabels", "labels"), classes: null };
    if (array.shape.length !== 1) throw new Error(`loadLabels: labels must be a vector, got ${describe(array)}`);
    return encodeLabels(array.data);
  });
}

type AnyArray = NdArray<TypedArray> | TextArray;

type Format = "npy" | "npz" | "idx" | "csv" | "mtx";

const EXTENSIONS: Record<string, Format> = {
  ...{ npy: "npy", npz: "npz", idx: "idx", csv: "csv", tsv: "csv", txt: "csv", mtx: "mtx" },
};

/** Whether a file holds a sparse matrix, and no array of it was asked for. */
const isSparse = (format: Format, bytes: Uint8Array, { array }: LoadOptions): boolean =>
  array === undefined && (format === "mtx" || (format === "npz" && isSparseNpz(listNpz(bytes))));

/** A sparse matrix with its zeros. @throws where that is more than a list can hold */
function laidOut(x: SparseMatrix): NdArray<TypedArray> {
  const [n, d] = x.shape;
  if (n * d > 2 ** 31)
    throw new Error(
      `loadMatrix: a matrix with its zeros must have 2^31 elements at most, got [${n}, ${d}]; see SparseRows`,
    );
  return new NdArray<TypedArray>(x.toDense(), [n, d]);
}

/**
 * The sparse matrix of a file, of scipy's `save_npz` or Matrix Market; undefined where it holds something else. Throws `cannot read …` or the reader's
 * error with the path.
 */
export async function loadSparse(path: string): Promise<SparseMatrix | undefined> {
  if (!/\.(npz|mtx)(\.gz)?$/i.test(path)) return undefined;
  return load(path, (format, bytes) => (isSparse(format, bytes, {}) ? readSparse(bytes) : undefined));
}

async function load<R>(path: string, read: (format: Format, bytes: Uint8Array) => R): Promise<R> {
  const file = await readFile(path);
  try {
    const zipped = isGzip(file);
    const bytes = zipped ? gunzip(file, "gzip") : file;
    const extension = /\.(\w+)$/.exec(zipped ? path.replace(/\.gz$/i, "") : path)?.[1]?.toLowerCase() ?? "";
    const format = EXTENSIONS[extension] ?? sniff(bytes);
    if (!format)
      throw new Error(
        `load: format must be told by ${Object.keys(EXTENSIONS).join(", ")} or the first bytes, got neither`,
      );
    return read(format, bytes);
  } catch (error) {
    throw new Error(`${(error as Error).message} (${path})`, { cause: error });
  }
}

function sniff(bytes: Uint8Array): Format | undefined {
  const magic = String.fromCharCode(...bytes.subarray(0, 6));
  if (magic === "\x93NUMPY") return "npy";
  if (magic.startsWith("PK")) return "npz";
  if (isMatrixMarket(bytes)) return "mtx";
  return magic.startsWith("\0\0") ? "idx" : undefined;
}

// A file's arrays by name, "" for the only one of a file that has no names; fields of records in an npz are "array.field".
function readArrays(format: "npy" | "npz" | "idx", bytes: Uint8Array, wanted?: string): Map<string, AnyArray> {
  if (format === "idx") return new Map([["", readIdx(bytes)]]);
  if (format === "npy") return arraysOf("", readNpyAny(bytes));
  const names = listNpz(bytes);
  if (wanted !== undefined && names.includes(wanted)) return arraysOf(wanted, readNpzAny(bytes, wanted));
  const found = new Map<string, AnyArray>();
  let problem: unknown;
  for (const name of names) {
    try {
      for (const [key, array] of arraysOf(name, readNpzAny(bytes, name))) found.set(key, array);
    } catch (error) {
      problem ??= error; // pickled objects beside the arrays keep nobody from these
    }
  }
  if (found.size === 0 && problem !== undefined) throw problem;
  return found;
}

function arraysOf(name: string, content: AnyArray | NpyRecords): Map<string, AnyArray> {
  if (!("fields" in content)) return new Map([[name, content]]);
  return name === "" ? content.fields : new Map([...content.fields].map(([field, a]) => [`${name}.${field}`, a]));
}

function pick(
  arrays: ReadonlyMap<string, AnyArray>,
  wanted: string | undefined,
  fits: (array: AnyArray) => boolean,
  usualNames: readonly string[],
): AnyArray {
  const listing = [...arrays].map(([name, array]) => `${name} ${describe(array)}`.trim()).join("; ");
  if (wanted !== undefined) {
    const array = arrays.get(wanted);
    if (!array) throw new Error(`load: no array ${JSON.stringify(wanted)}, the file holds ${listing || "none"}`);
    return array;
  }
  const candidates = arrays.size === 1 ? [...arrays] : [...arrays].filter(([, array]) => fits(array));
  if (candidates.length === 1) return candidates[0]![1];
  for (const usual of usualNames)
    for (const [name, array] of candidates) if (name.toLowerCase() === usual) return array;
  throw new Error(`load: name one array, the file holds ${listing || "none"}`);
}

function describe(array: AnyArray): string {
  return `${isTextArray(array) ? "text" : array.dtype} [${array.shape.join(", ")}]`;
}
