import { createHash } from "node:crypto";
import type { ClassLabels } from "../data/formats/class-labels";
import type { CsvOptions } from "../data/formats/csv/csv";
import { isTableFile, loadLabels, loadMatrix, loadTable } from "../data/formats/files";
import { isImageFolder, loadImageFolder } from "../data/formats/images/folder";
import type { ImageFolder } from "../data/formats/images/folder";
import { toChannelsFirst } from "../data/image-layout";
import type { ChannelsFirst, ImageLayout } from "../data/image-layout";
import { NdArray, sizeOf } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { columnOf, type DataOptions } from "./data-options";
import { kebab } from "./option";
import { openStreamed } from "./streams/open";
import type { StreamedRows } from "./streams/open";

/** How values are scaled before clustering. */
export type Scale = "auto" | "none" | "unit" | "standard";

/** What the command line was given to cluster. */
export interface DataSet {
  readonly path: string;
  /** Items. */
  readonly n: number;
  /** [n, …] as in the file: images keep their shape. Of items that are read when they are needed, those that are shown. */
  readonly raw: NdArray<TypedArray>;
  /** Items that are read when they are needed. */
  readonly streamed?: StreamedRows | undefined;
  /** Names of the columns of a table with a header. */
  readonly columns: readonly string[] | null;
  readonly isTable: boolean;
  /** Known classes, where they were given. */
  readonly truth: ClassLabels | undefined;
  /** Names of the rows of a table, where a column of theirs was named. */
  readonly ids?: readonly string[] | null;
  /** What the reader decided, in words. */
  readonly notes?: readonly string[];
}

/**
 * Reads data and, where given, known classes: from a file of their own, else from a column of a CSV file, or the folders of an image folder.
 * Throws one line that names the file for everything that is wrong with either, and for options of reading that this kind of file does not have.
 * @param streams whether items larger than memory may be left in their file
 */
export async function loadData(path: string, options: DataOptions, streams = false): Promise<DataSet> {
  const streamed = streams ? await openStreamed(path, options) : undefined;
  try {
    return await (streamed ? streamedData(path, streamed, options) : dataInMemory(path, options));
  } catch (error) {
    await streamed?.close();
    throw error;
  }
}

async function streamedData(path: string, streamed: StreamedRows, options: DataOptions): Promise<DataSet> {
  const { labels, first } = options;
  checkKind(path, options, false, false);
  const n = streamed.source.length;
  const given = labels === undefined ? undefined : firstRows(await loadLabels(labels, columnOption(options)), first);
  if (given && given.labels.length !== n)
    throw new Error(`${labels} has ${given.labels.length} labels for the ${n} rows of ${path}`);
  const notes = [`${path}: ${n} items are read as they are needed; the report shows ${streamed.shown.index.length}`];
  if (streamed.layout) notes.push(layoutInWords(path, streamed.layout));
  const raw = streamed.shown.items;
  return { path, n, raw, streamed, columns: null, isTable: false, truth: given, ids: null, notes };
}

/** The first labels, where not all are wanted. */
const firstRows = ({ labels, classes }: ClassLabels, rows = Infinity): ClassLabels => ({
  ...{ labels: labels.subarray(0, rows), classes },
});

const columnOption = ({ labelColumn }: DataOptions): CsvOptions =>
  labelColumn === undefined ? {} : { label: columnOf(labelColumn) };

async function dataInMemory(path: string, options: DataOptions): Promise<DataSet> {
  const { labels, array, size, fit, maxPixels, layout, first } = options;
  const column = columnOption(options);
  const isTable = isTableFile(path);
  const isFolder = !isTable && (await isImageFolder(path));
  checkKind(path, options, isTable, isFolder);
  const table = isTable ? await loadTable(path, tableOptions(options, labels === undefined ? column : {})) : undefined;
  const folder = isFolder ? await loadImageFolder(path, { size: size ?? "smallest", fit, maxPixels }) : undefined;
  const pictures = !table && !folder && (await loadMatrix(path, array === undefined ? {} : { array }));
  const taken = pictures && toChannelsFirst(pictures, layout, path);
  const read = table?.data ?? folder?.images ?? (taken as ChannelsFirst).images;
  const raw = first === undefined || first >= read.shape[0]! ? read : firstItems(read, first);
  const own = table?.labels ?? (folder?.labels && { labels: folder.labels, classes: [...folder.classes] });
  const known = labels === undefined ? own : await loadLabels(labels, column);
  const truth = known && firstRows(known, first);
  const n = raw.shape[0]!;
  if (raw.shape.includes(0)) throw new Error(`${path} has no data, shape [${raw.shape.join(", ")}]`);
  if (truth && truth.labels.length !== n)
    throw new Error(
      `${labels ?? path} has ${truth.labels.length} labels for the ${n} rows of ${path}${table?.dropped ? `, of which ${table.dropped} more were left out` : ""}`,
    );
  const columns = table?.columns ?? null;
  const notes = [...(table?.notes ?? [])];
  if (table?.dropped) notes.push(`${table.dropped} rows of ${path} were left out, a value of theirs is missing`);
  if (taken && taken.layout) {
    notes.push(layoutInWords(path, taken.layout));
  }
  if (folder?.sizes && size === undefined) notes.push(sizesInWords(folder.sizes));
  const ids = table?.ids?.slice(0, n) ?? null;
  return { path, n, raw, columns, isTable, truth: truth ?? undefined, ids, notes };
}

function firstItems({ data, shape }: NdArray<TypedArray>, rows: number): NdArray<TypedArray> {
  const [, ...item] = shape;
  return new NdArray<TypedArray>(data.subarray(0, rows * sizeOf(item)), [rows, ...item]);
}

const layoutInWords = (path: string, layout: ImageLayout): string =>
  `${path}: pictures taken as [n, ${layout === "channels-last" ? "height, width, channels" : "channels, height, width"}]`;

const tableOptions = (
  { columns, drop, idColumn, oneHot, missing, header, delimiter, decimal }: DataOptions,
  label: CsvOptions,
): CsvOptions => ({
  ...{ columns, drop, oneHot, missing, header, delimiter, decimal, ...label },
  ...(idColumn !== undefined && { id: columnOf(idColumn) }),
});

/** @throws for options of tables where the data are none, and likewise for pictures and arrays */
function checkKind(path: string, options: DataOptions, isTable: boolean, isFolder: boolean): void {
  const check = (names: readonly (keyof DataOptions)[], holds: boolean, what: string): void => {
    const given = names.find((name) => options[name] !== undefined);
    if (given !== undefined && !holds) throw new Error(`--${kebab(given)} is for ${what}, ${path} is none`);
  };
  if (options.labelColumn !== undefined && options.labels === undefined && !isTable)
    throw new Error(`--label-column is for CSV files, ${path} is none; give --labels FILE`);
  check(["columns", "drop", "idColumn", "oneHot", "missing", "header", "delimiter", "decimal"], isTable, "CSV files");
  check(["size", "fit", "maxPixels"], isFolder, "folders of pictures");
  check(["array", "layout"], !isTable && !isFolder, "files of arrays");
}

function sizesInWords({ smallest, largest }: NonNullable<ImageFolder["sizes"]>): string {
  const words = (size: readonly number[]): string => size.join(" x ");
  return `pictures of ${words(smallest)} to ${words(largest)} pixels are brought to ${words(smallest)}; --size sets another size, --fit how`;
}

/** Bytes that are hashed at a time: a hash takes no more than 2 GiB. */
const PIECE = 2 ** 26;

/** Identifies data, so that training is not resumed on other data. */
export function fingerprint({ data }: NdArray<Float32Array> | NdArray<Float64Array>): string {
  const hash = createHash("sha256");
  for (let at = 0; at < data.byteLength; at += PIECE)
    hash.update(new Uint8Array(data.buffer, data.byteOffset + at, Math.min(PIECE, data.byteLength - at)));
  return hash.digest("hex").slice(0, 16);
}
