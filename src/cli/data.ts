import { createHash } from "node:crypto";
import type { ClassLabels } from "../data/formats/class-labels";
import { readCsv } from "../data/formats/csv";
import { gunzip, isGzip } from "../data/formats/deflate";
import { loadLabels, loadMatrix, readFile } from "../data/formats/files";
import { isImageFolder, loadImageFolder } from "../data/formats/image-folder";
import { flattenRows, toContiguous, toFloat32 } from "../matrix";
import { NdArray, type TypedArray } from "../ndarray";

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

/** What `auto` means for data of this kind: networks want bytes as shares of 255 and the columns of a table alike; distances are left alone. */
export function chooseScale(scale: Scale, { raw, isTable }: DataSet, deep: boolean): Exclude<Scale, "auto"> {
  if (scale !== "auto") return scale;
  if (!deep) return "none";
  return isBytes(raw) ? "unit" : isTable ? "standard" : "none";
}

const isBytes = ({ data }: NdArray<TypedArray>): boolean =>
  data instanceof Uint8Array || data instanceof Uint8ClampedArray;

/** The items as rows of float32, scaled in float64 before they are rounded. Throws for NaN and infinity, naming the file and the place. */
export function toRows({ path, raw }: DataSet, scale: Exclude<Scale, "auto">): NdArray<Float32Array> {
  if (scale === "none") return flattenRows(toFloat32(raw, path, "data"));
  const rows = flattenRows(toContiguous(raw, path, "data"));
  const [n, d] = rows.shape as [number, number];
  const values = Float64Array.from(rows.data as ArrayLike<number>, Number);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new Error(`${path}: data must be finite, ${values[bad]} at row ${Math.floor(bad / d)}, column ${bad % d}`);
  if (scale === "standard") standardize(values, n, d);
  else if (isBytes(raw)) for (let i = 0; i < values.length; i++) values[i]! /= 255;
  else spread(values);
  return new NdArray(Float32Array.from(values), [n, d]);
}

/** Each column to mean 0 and variance 1; a constant column becomes 0. */
function standardize(data: Float64Array, n: number, d: number): void {
  for (let c = 0; c < d; c++) {
    // about the first number: a sum of numbers far from 0 would round what they differ by
    const first = data[c]!;
    let mean = 0;
    let largest = Math.abs(first);
    for (let i = c; i < data.length; i += d) {
      mean += (data[i]! - first) / n;
      largest = Math.max(largest, Math.abs(data[i]!));
    }
    let variance = 0;
    for (let i = c; i < data.length; i += d) variance += (data[i]! - first - mean) ** 2 / n;
    const deviation = Math.sqrt(variance);
    const constant = !(deviation > 1e-15 * largest);
    for (let i = c; i < data.length; i += d) data[i] = constant ? 0 : (data[i]! - first - mean) / deviation;
  }
}

/** The whole to 0 … 1. */
function spread(data: Float64Array): void {
  let [low, high] = [Infinity, -Infinity];
  for (const value of data) [low, high] = [Math.min(low, value), Math.max(high, value)];
  for (let i = 0; i < data.length; i++) data[i] = high > low ? (data[i]! - low) / (high - low) : 0;
}

/** Identifies data, so that training is not resumed on other data. */
export const fingerprint = ({ data }: NdArray<Float32Array>): string =>
  createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex")
    .slice(0, 16);
