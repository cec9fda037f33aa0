import Papa from "papaparse";
import { toContiguous, toLabels, type MatrixLike } from "../../../matrix";
import type { ClassLabels } from "../class-labels";
import { CsvRows, eachRow } from "./rows";
import { TableBuilder } from "./table";
import type { CsvTable } from "./table";
import type { CsvOptions } from "./table-options";
import type { Bytes } from "../source";

export { namedLayout, placesOf } from "./layout";
export type { ColumnName, TableLayout, TakenColumn } from "./layout";
export type { CsvTable } from "./table";
export type { CsvOptions } from "./table-options";

/**
 * Reads a CSV file of numbers (RFC 4180 quoting, UTF-8, any line ends; empty lines and those that begin with # are skipped), also of numbers
 * between blanks. Throws `csv: …` with the line number for a row of another length, a cell that is no number, an open quote; and for an
 * unknown column. A file that was cut between two rows cannot be told from a shorter one: the format has no length.
 */
export function readCsv(content: string | Bytes, options: CsvOptions = {}): CsvTable {
  const rows: CsvRows = new CsvRows(options, (cells, line) => table.row(cells, line));
  const table = new TableBuilder({ ...options, separator: () => rows.delimiter });
  eachRow(rows, content);
  return table.finish(rows.comment);
}

/** The same of a file that is read piece by piece. */
export async function readCsvStream(chunks: AsyncIterable<Uint8Array>, options: CsvOptions = {}): Promise<CsvTable> {
  const rows: CsvRows = new CsvRows(options, (cells, line) => table.row(cells, line));
  const table = new TableBuilder({ ...options, separator: () => rows.delimiter });
  for await (const piece of chunks) rows.push(piece);
  rows.end();
  return table.finish(rows.comment);
}

/** Reads the labels of a CSV file: the column `options.label`, or the only one. The other columns may hold anything. Throws as `readCsv`. */
export function readCsvLabels(content: string | Bytes, options: CsvOptions = {}): ClassLabels {
  const { label, header, delimiter } = options;
  const table = new TableBuilder({ header, label, columns: [], sole: true });
  const rows = new CsvRows({ delimiter }, (cells, line) => table.row(cells, line));
  eachRow(rows, content);
  return table.finish(rows.comment).labels!;
}

/** What `writeCsv` writes beside the matrix. */
export interface CsvWriteOptions {
  /** Names of the columns, in a line above them. */
  readonly columns?: readonly string[];
  /** Integers, in a last column. */
  readonly labels?: MatrixLike;
  /** Above the labels; default "label". */
  readonly labelName?: string;
  /** Names of the rows, in a first column. */
  readonly ids?: readonly string[];
  /** Above the names of the rows; default "id". */
  readonly idName?: string;
}

/** Writes a matrix as CSV: a header if `columns` names them, then one line a row; names of the rows, if given, come first, labels last. */
export const writeCsv = (x: MatrixLike, options: CsvWriteOptions = {}): string => [...csvPieces(x, options)].join("");

/** Cells as a line of CSV, without its end. */
export const csvLine = (cells: readonly (string | number)[]): string => Papa.unparse([[...cells]]);

/** Rows of a piece. */
const PIECE = 2 ** 14;

/** The text of `writeCsv` some thousand rows at a time: of millions it is larger than what they take in memory. */
export function* csvPieces(
  x: MatrixLike,
  { columns, labels, labelName = "label", ids, idName = "id" }: CsvWriteOptions = {},
): Generator<string, void, undefined> {
  const { data, shape } = toContiguous(x, "writeCsv", "x");
  const [rows, width = 1] = shape;
  if (rows === undefined || shape.length > 2)
    throw new Error(`writeCsv: x must be a vector or a matrix, got shape [${shape.join(", ")}]`);
  if (columns && columns.length !== width)
    throw new Error(`writeCsv: columns must name the ${width} columns of x, got ${columns.length} names`);
  const y = labels === undefined ? undefined : toLabels(labels, "writeCsv", "labels");
  if (y && y.length !== rows)
    throw new Error(`writeCsv: labels must be as many as the ${rows} rows of x, got ${y.length}`);
  if (ids && ids.length !== rows)
    throw new Error(`writeCsv: ids must be as many as the ${rows} rows of x, got ${ids.length}`);
  if (columns) yield `${csvLine([...(ids ? [idName] : []), ...columns, ...(y ? [labelName] : [])])}\n`;
  for (let begin = 0; begin < rows; begin += PIECE) {
    let text = "";
    for (let r = begin; r < Math.min(rows, begin + PIECE); r++) {
      if (ids) text += `${csvLine([ids[r]!])},`;
      text += data.subarray(r * width, (r + 1) * width).join(",");
      text += y ? `,${y[r]}\n` : "\n";
    }
    yield text;
  }
}
