import { createHash } from "node:crypto";
import type { ClassLabels } from "../data/formats/class-labels";
import { readCsv } from "../data/formats/csv";
import { gunzip, isGzip } from "../data/formats/deflate";
import { loadLabels, loadMatrix, readFile } from "../data/formats/files";
import { isImageFolder, loadImageFolder } from "../data/formats/image-folder";
import type { NdArray, TypedArray } from "../ndarray";

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
}

/** Options of reading data. */
export interface DataOptions {
  readonly labels?: string | undefined;
  readonly labelColumn?: string | undefined;
  readonly array?: string | undefined;
}

/**
 * Reads data and, where given, known classes: from a file of their own, else from a column of a CSV file, or the folders of an image folder.
 * Throws one line that names the file for everything that is wrong with either.
 */
export async function loadData(path: string, { labels, labelColumn, array }: DataOptions): Promise<DataSet> {
  const label = labelColumn !== undefined && /^-?\d+$/.test(labelColumn) ? Number(labelColumn) : labelColumn;
  const column = label === undefined ? {} : { label };
  const isTable = /\.(csv|tsv|txt)(\.gz)?$/i.test(path);
  const table = isTable ? await loadTable(path, labels === undefined ? column : {}) : undefined;
  const folder = !table && (await isImageFolder(path)) ? await loadImageFolder(path, { size: "smallest" }) : undefined;
  const raw = table?.data ?? folder?.images ?? (await loadMatrix(path, array === undefined ? {} : { array }));
  if (labelColumn !== undefined && labels === undefined && !isTable)
    throw new Error(`--label-column is for CSV files, ${path} is none; give --labels FILE`);
  const own = table?.labels ?? (folder?.labels && { labels: folder.labels, classes: [...folder.classes] });
  const truth = labels === undefined ? own : await loadLabels(labels, column);
  const n = raw.shape[0]!;
  if (raw.shape.includes(0)) throw new Error(`${path} has no data, shape [${raw.shape.join(", ")}]`);
  if (truth && truth.labels.length !== n)
    throw new Error(`${labels ?? path} has ${truth.labels.length} labels for the ${n} rows of ${path}`);
  return { path, raw, columns: table?.columns ?? null, isTable, truth: truth ?? undefined };
}

async function loadTable(path: string, options: { label?: string | number }): Promise<ReturnType<typeof readCsv>> {
  const file = await readFile(path);
  try {
    return readCsv(isGzip(file) ? gunzip(file, "gzip") : file, options);
  } catch (error) {
    throw new Error(`${(error as Error).message} (${path})`, { cause: error });
  }
}

/** Identifies data, so that training is not resumed on other data. */
export const fingerprint = ({ data }: NdArray<Float32Array> | NdArray<Float64Array>): string =>
  createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex")
    .slice(0, 16);
