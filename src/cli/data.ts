import { createHash } from "node:crypto";
import type { ClassLabels } from "../data/formats/class-labels";
import type { CsvOptions } from "../data/formats/csv/csv";
import { isTableFile, loadLabels, loadMatrix, loadTable } from "../data/formats/files";
import { isImageFolder, loadImageFolder } from "../data/formats/images/folder";
import type { ImageFolder } from "../data/formats/images/folder";
import { toChannelsFirst } from "../data/image-layout";
import type { ChannelsFirst } from "../data/image-layout";
import type { NdArray, TypedArray } from "../ndarray";
import { columnOf, type DataOptions } from "./data-options";
import { kebab } from "./option";

/** How values are scaled before clustering. */
export type Scale = "auto" | "none" | "unit" | "standard";

/** What the command line was given to cluster. */
export interface DataSet {
  readonly path: string;
  /** [n, …] as in the file: images keep their shape. */
  readonly raw: NdArray<TypedArray>;
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
 */
export async function loadData(path: string, options: DataOptions): Promise<DataSet> {
  const { labels, labelColumn, array, size, fit, maxPixels, layout } = options;
  const column = labelColumn === undefined ? {} : { label: columnOf(labelColumn) };
  const isTable = isTableFile(path);
  const isFolder = !isTable && (await isImageFolder(path));
  checkKind(path, options, isTable, isFolder);
  const table = isTable ? await loadTable(path, tableOptions(options, labels === undefined ? column : {})) : undefined;
  const folder = isFolder ? await loadImageFolder(path, { size: size ?? "smallest", fit, maxPixels }) : undefined;
  const pictures = !table && !folder && (await loadMatrix(path, array === undefined ? {} : { array }));
  const taken = pictures && toChannelsFirst(pictures, layout, path);
  const raw = table?.data ?? folder?.images ?? (taken as ChannelsFirst).images;
  const own = table?.labels ?? (folder?.labels && { labels: folder.labels, classes: [...folder.classes] });
  const truth = labels === undefined ? own : await loadLabels(labels, column);
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
    const last = taken.layout === "channels-last";
    notes.push(`${path}: pictures taken as [n, ${last ? "height, width, channels" : "channels, height, width"}]`);
  }
  if (folder?.sizes && size === undefined) notes.push(sizesInWords(folder.sizes));
  return { path, raw, columns, isTable, truth: truth ?? undefined, ids: table?.ids ?? null, notes };
}

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

/** Identifies data, so that training is not resumed on other data. */
export const fingerprint = ({ data }: NdArray<Float32Array> | NdArray<Float64Array>): string =>
  createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex")
    .slice(0, 16);
