import Papa from "papaparse";
import { toContiguous, toLabels, type MatrixLike } from "../../matrix";
import { NdArray } from "../../ndarray";
import { toBytes, type Bytes } from "./source";

/** Options of the CSV readers. */
export interface CsvOptions {
  /** Is the first row the columns' names? Default: yes if it has text where the second has a number, or only text. */
  header?: boolean;
  /** The column that holds the labels, by name or by index (from 0; -1 is the last): it is left out of the matrix. */
  label?: string | number;
  /** Default: guessed among comma, tab, semicolon and bar. */
  delimiter?: string;
}

/** Class labels. Integers are kept and `classes` is null; text is numbered in the order of `classes`, which is sorted. */
export interface ClassLabels {
  readonly labels: Int32Array;
  readonly classes: string[] | null;
}

/** A CSV file of numbers. */
export interface CsvTable {
  /** [rows, columns], the label column left out. */
  readonly data: NdArray<Float64Array>;
  /** Names of the matrix's columns; null for a file without a header. */
  readonly columns: string[] | null;
  /** Null unless a label column was asked for. */
  readonly labels: ClassLabels | null;
}

const NUMBER = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/;
const INTEGER = /^[+-]?\d+$/;

/**
 * Reads a CSV file of numbers (RFC 4180 quoting, UTF-8, any line ends; empty lines are skipped).
 * Throws `csv: …` with the line number for a row of another length, a cell that is no number, an open quote; and for an
 * unknown label column. A file that was cut between two rows cannot be told from a shorter one: the format has no length.
 */
export function readCsv(content: string | Bytes, options: CsvOptions = {}): CsvTable {
  const label = options.label;
  const values = new Growing();
  const labels: string[] = [];
  let labelColumn = -1;
  let width = 0;
  let names: readonly string[] | null = null;
  let rows = 0;
  scan(content, options, (cells, header, line) => {
    if (rows++ === 0) {
      names = header;
      width = cells.length;
      labelColumn = label === undefined ? -1 : findColumn(label, header, width);
    }
    for (let c = 0; c < width; c++) {
      const cell = cells[c]!;
      if (c === labelColumn) labels.push(labelCell(cell, line));
      else if (NUMBER.test(cell)) values.push(Number(cell));
      else throw new Error(`csv: line ${line()}, column ${columnName(c, names)}: ${quote(cell)} is not a number`);
    }
  });
  const columns = labelColumn < 0 ? width : width - 1;
  return {
    data: new NdArray(values.take(), [rows, columns]),
    columns: (names as readonly string[] | null)?.filter((_, c) => c !== labelColumn) ?? null,
    labels: labelColumn < 0 ? null : encodeLabels(labels),
  };
}

/** Reads the labels of a CSV file: the column `options.label`, or the only one. The other columns may hold anything. Throws as `readCsv`. */
export function readCsvLabels(content: string | Bytes, options: CsvOptions = {}): ClassLabels {
  const labels: string[] = [];
  let column = 0;
  scan(content, options, (cells, header, line) => {
    if (labels.length === 0) {
      if (options.label === undefined && cells.length > 1)
        throw new Error(
          `csv: which column holds the labels? the file has ${cells.length}${header ? `: ${listed(header)}` : ""}`,
        );
      column = findColumn(options.label ?? 0, header, cells.length);
    }
    labels.push(labelCell(cells[column]!, line));
  });
  return encodeLabels(labels);
}

/** Labels written as text: integers of 32 bits stay themselves, anything else is numbered by sorted class name. */
export function encodeLabels(values: readonly string[]): ClassLabels {
  const numbers = values.map((v) => (INTEGER.test(v) ? Number(v) : NaN));
  if (numbers.every((n) => n === (n | 0))) return { labels: Int32Array.from(numbers), classes: null };
  const classes = [...new Set(values)].sort((a, b) => (a < b ? -1 : 1));
  const code = new Map(classes.map((name, i) => [name, i]));
  return { labels: Int32Array.from(values, (v) => code.get(v)!), classes };
}

/** Writes a matrix as CSV: a header if `columns` names them, then one line a row, and the labels, if given, as the last column. */
export function writeCsv(
  x: MatrixLike,
  {
    columns,
    labels,
    labelName = "label",
  }: { columns?: readonly string[]; labels?: MatrixLike; labelName?: string } = {},
): string {
  const { data, shape } = toContiguous(x, "writeCsv", "x");
  const [rows, width = 1] = shape;
  if (rows === undefined || shape.length > 2)
    throw new Error(`writeCsv: x must be a vector or a matrix, given shape [${shape.join(", ")}]`);
  if (columns && columns.length !== width)
    throw new Error(`writeCsv: columns must name the ${width} columns of x, given ${columns.length} names`);
  const y = labels === undefined ? undefined : toLabels(labels, "writeCsv", "labels");
  if (y && y.length !== rows)
    throw new Error(`writeCsv: labels must be as many as the ${rows} rows of x, given ${y.length}`);
  const lines: string[] = [];
  if (columns) lines.push(Papa.unparse([y ? [...columns, labelName] : [...columns]]));
  for (let r = 0; r < rows; r++) {
    const line = data.subarray(r * width, (r + 1) * width).join(",");
    lines.push(y ? `${line},${y[r]}` : line);
  }
  return lines.join("\n") + "\n";
}

// Calls `onRow` for each row of data; `line` tells its line number.
function scan(
  content: string | Bytes,
  options: CsvOptions,
  onRow: (cells: readonly string[], header: readonly string[] | null, line: () => number) => void,
): void {
  const text = typeof content === "string" ? content : decode(content);
  let first: { cells: readonly string[]; line: () => number } | undefined;
  let header: readonly string[] | null = null;
  let rows = 0;
  const row = (cells: readonly string[], line: () => number): void => {
    rows++;
    onRow(cells, header, line);
  };
  // Tells the first row's part, once the second (or the end of the file) is there.
  const begin = (second?: readonly string[]): void => {
    if (!first) return;
    if (options.header ?? (typeof options.label === "string" || looksLikeHeader(first.cells, second)))
      header = first.cells.map((name) => name.trim());
    else row(first.cells, first.line);
  };
  Papa.parse<string[]>(text, {
    delimiter: options.delimiter ?? "",
    skipEmptyLines: true,
    step: ({ data: cells, errors, meta }) => {
      // The parser stands behind the row, and mostly behind its line end.
      const line = () => lineAt(text, meta.cursor) - (/[\r\n]/.test(text[meta.cursor - 1] ?? "") ? 1 : 0);
      const problem = errors.find((error) => error.type === "Quotes");
      if (problem)
        throw new Error(`csv: line ${lineAt(text, problem.index ?? meta.cursor)}: ${problem.message.toLowerCase()}`);
      if (first && cells.length !== first.cells.length)
        throw new Error(`csv: line ${line()} has ${cells.length} cells, the first row has ${first.cells.length}`);
      if (first) {
        if (rows === 0 && header === null) begin(cells);
        row(cells, line);
      } else first = { cells, line };
    },
  });
  if (rows === 0 && header === null) begin();
  if (rows === 0) throw new Error(`csv: file has no rows of data${header ? " after its header" : ""}`);
}

function decode(content: Bytes): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(toBytes(content).slice());
  } catch {
    throw new Error("csv: file must be UTF-8 text");
  }
}

function looksLikeHeader(first: readonly string[], second: readonly string[] | undefined): boolean {
  return (
    first.every((cell) => !NUMBER.test(cell)) ||
    first.some((cell, c) => second !== undefined && !NUMBER.test(cell) && NUMBER.test(second[c] ?? ""))
  );
}

function findColumn(label: string | number, header: readonly string[] | null, width: number): number {
  const column = typeof label === "string" ? (header ?? []).indexOf(label) : label < 0 ? width + label : label;
  if (Number.isInteger(column) && column >= 0 && column < width) return column;
  throw new Error(
    `csv: no column ${quote(String(label))}, the file has ${header ? listed(header) : `${width} columns`}`,
  );
}

function listed(names: readonly string[]): string {
  return names.length <= 20 ? names.join(", ") : `${names.slice(0, 20).join(", ")}, … (${names.length} in all)`;
}

function labelCell(cell: string, line: () => number): string {
  const label = cell.trim();
  if (label === "") throw new Error(`csv: line ${line()}: the label is empty`);
  return label;
}

function columnName(column: number, names: readonly string[] | null): string {
  return names ? quote(names[column] ?? "") : String(column + 1);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

// The line number, from 1, of a place in the text.
function lineAt(text: string, index: number): number {
  return (text.slice(0, index).match(/\r\n|\n|\r/g)?.length ?? 0) + 1;
}

// A Float64Array that grows.
class Growing {
  #data = new Float64Array(1024);
  #length = 0;

  push(value: number): void {
    if (this.#length === this.#data.length) {
      const data = new Float64Array(2 * this.#length);
      data.set(this.#data);
      this.#data = data;
    }
    this.#data[this.#length++] = value;
  }
  take(): Float64Array {
    return this.#data.slice(0, this.#length);
  }
}
