import { NdArray } from "../../../ndarray";
import { encodeLabels } from "../class-labels";
import type { ClassLabels } from "../class-labels";

/** A column, by name or by index (from 0; -1 is the last). */
export type ColumnName = string | number;

/** Options of the CSV readers. */
export interface CsvOptions {
  /** Is the first row the columns' names? Default: yes if it has text where the second has a number, or only text. */
  header?: boolean | undefined;
  /** The column that holds the labels: it is left out of the matrix. */
  label?: ColumnName | undefined;
  /** Default: guessed among comma, tab, semicolon and bar, else blanks; `"whitespace"` is any run of blanks. */
  delimiter?: string | undefined;
  /** What separates the fraction. Default: a comma where cells have one, no cell a point, and cells are separated otherwise. */
  decimal?: "." | "," | undefined;
  /** The columns of the matrix; default: all. */
  columns?: readonly ColumnName[] | undefined;
  /** Columns to leave out. */
  drop?: readonly ColumnName[] | undefined;
  /** The column that names the rows: it is left out of the matrix. */
  id?: ColumnName | undefined;
  /** Columns of text of which each value becomes a column of 0 and 1. */
  oneHot?: readonly ColumnName[] | undefined;
  /** What becomes of empty cells, NA, NaN and null: an error (default), their rows left out, or the mean of their column put in. */
  missing?: "error" | "drop" | "mean" | undefined;
}

/** A CSV file of numbers. */
export interface CsvTable {
  /** [rows, columns], the columns of labels and names left out. */
  readonly data: NdArray<Float64Array>;
  /** Names of the matrix's columns; null for a file without a header. */
  readonly columns: string[] | null;
  /** Null unless a label column was asked for. */
  readonly labels: ClassLabels | null;
  /** Names of the rows; null unless `id` was given. */
  readonly ids: string[] | null;
  /** Rows that were left out since a value is missing. */
  readonly dropped: number;
  /** What was decided without being asked for, in words: a column of row numbers that was left out. */
  readonly notes: readonly string[];
}

// one digit at most belongs to both parts, so that a long cell takes time that grows with its length alone
const NUMBER = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/;
const COMMA_NUMBER = /^\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*$/;
const MISSING = /^(?:|NA|N\/A|#N\/A|NaN|nan|NULL|null|None|\?)$/;
/** Whether a cell says that there is no value. */
const isMissing = (cell: string): boolean => MISSING.test(cell.trim()); // a pattern with blanks on either side would take time that grows with their square
/** Rows that are looked at before the decimal separator is decided. */
const FIRST_ROWS = 100;

/** What a table is made with; `sole` takes the only column of a file for its labels. */
export interface TableOptions extends CsvOptions {
  readonly sole?: boolean;
}

/** What becomes of a column. */
type Role = "number" | "one-hot" | "label" | "id" | "none";

interface Row {
  readonly cells: readonly string[];
  readonly line: () => number;
}

/** Takes rows of cells one by one and makes a matrix of them. */
export class TableBuilder {
  readonly #options: TableOptions;
  #waiting: Row[] = [];
  #header: readonly string[] | null = null;
  #begun = false;
  #width = 0;
  #comma = false;
  #roles: Role[] = [];
  #rows = 0;
  readonly #values = new Growing();
  readonly #codes = new Map<number, { codes: number[]; values: Map<string, number> }>();
  readonly #labels: string[] = [];
  readonly #ids: string[] = [];

  constructor(options: TableOptions) {
    const { missing } = options;
    if (missing !== undefined && !["error", "drop", "mean"].includes(missing))
      throw new Error(`csv: missing must be error, drop or mean, got ${quote(String(missing))}`);
    if (options.decimal !== undefined && options.decimal !== "." && options.decimal !== ",")
      throw new Error(`csv: decimal must be a point or a comma, got ${quote(String(options.decimal))}`);
    this.#options = options;
  }

  /** Takes a row. */
  row(cells: readonly string[], line: () => number): void {
    const number = this.#begun ? line : fixed(line());
    if (this.#width === 0) this.#width = cells.length;
    if (cells.length !== this.#width)
      throw new Error(`csv: line ${number()} has ${cells.length} cells, the first row has ${this.#width}`);
    if (this.#begun) return this.#take(cells, number);
    this.#waiting.push({ cells, line: number });
    if (this.#waiting.length > FIRST_ROWS) this.#begin();
  }

  /** The matrix of all rows. @param comment names of columns that stand above the first row */
  finish(comment: readonly string[] | undefined): CsvTable {
    if (!this.#begun) this.#begin(comment);
    if (this.#rows === 0) throw new Error(`csv: file has no rows of data${this.#header ? " after its header" : ""}`);
    const { missing = "error", label, id } = this.#options;
    const notes: string[] = [];
    const numbers = this.#columnsOf("number");
    const values = this.#values.take();
    const index = this.#indexColumn(values, numbers);
    if (index >= 0)
      notes.push(
        `column ${index + 1} has no name and counts the rows from 0: it was left out, as an index that pandas writes`,
      );
    const keep = this.#keptRows(values, numbers, missing);
    if (keep.length === 0) throw new Error("csv: every row has a missing value");
    if (missing === "mean") fillMeans(values, numbers.length, (c) => columnName(numbers[c]!, this.#header));
    const { data, columns } = this.#assemble(values, numbers, index, keep);
    const pick = (list: readonly string[]): string[] => keep.map((r) => list[r]!);
    return {
      data,
      columns,
      labels: label === undefined && !this.#options.sole ? null : encodeLabels(pick(this.#labels)),
      ids: id === undefined ? null : pick(this.#ids),
      dropped: this.#rows - keep.length,
      notes,
    };
  }

  #begin(comment?: readonly string[]): void {
    this.#begun = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    const [first, second] = waiting;
    if (!first) return;
    const { header, label, decimal } = this.#options;
    this.#comma = decimal === undefined ? hasDecimalCommas(waiting) : decimal === ",";
    const isNumber = (cell: string): boolean => this.#isNumber(cell);
    if (header ?? (typeof label === "string" || looksLikeHeader(first.cells, second?.cells, isNumber))) {
      waiting.shift();
      this.#header = first.cells.map((name) => name.trim());
    } else if (comment?.length === this.#width && comment.every((cell) => !isNumber(cell)))
      this.#header = comment.map((name) => name.trim());
    this.#assignRoles();
    for (const { cells, line } of waiting) this.#take(cells, line);
  }

  #assignRoles(): void {
    const { columns, drop = [], id, label, oneHot = [], sole } = this.#options;
    if (sole && label === undefined && this.#width > 1)
      throw new Error(
        `csv: which column holds the labels? the file has ${this.#width}${this.#header ? `: ${listed(this.#header)}` : ""}`,
      );
    const find = (name: ColumnName): number => findColumn(name, this.#header, this.#width);
    this.#roles = new Array<Role>(this.#width).fill(columns === undefined ? "number" : "none");
    for (const name of columns ?? []) this.#roles[find(name)] = "number";
    for (const name of drop) this.#roles[find(name)] = "none";
    for (const name of oneHot) {
      const column = find(name);
      this.#roles[column] = "one-hot";
      this.#codes.set(column, { codes: [], values: new Map() });
    }
    if (id !== undefined) this.#roles[find(id)] = "id";
    if (label !== undefined || sole) this.#roles[find(label ?? 0)] = "label";
  }

  #take(cells: readonly string[], line: () => number): void {
    this.#rows++;
    for (let c = 0; c < this.#width; c++) {
      const cell = cells[c]!;
      const role = this.#roles[c]!;
      if (role === "number") this.#values.push(this.#number(cell, c, line));
      else if (role === "label") this.#labels.push(labelCell(cell, line));
      else if (role === "id") this.#ids.push(cell.trim());
      else if (role === "one-hot") this.#encode(cell, c, line);
    }
  }

  #number(cell: string, column: number, line: () => number): number {
    if (this.#isNumber(cell)) return Number(this.#comma ? cell.replace(",", ".") : cell);
    const absent = isMissing(cell);
    if (absent && (this.#options.missing ?? "error") !== "error") return NaN;
    const advice = absent ? "; missing: drop leaves such rows out, mean fills them in" : "";
    throw new Error(
      `csv: line ${line()}, column ${columnName(column, this.#header)}: ${quote(cell)} is not a number${advice}`,
    );
  }

  #encode(cell: string, column: number, line: () => number): void {
    const { codes, values } = this.#codes.get(column)!;
    const value = cell.trim();
    if (isMissing(value)) {
      if (this.#options.missing !== "drop")
        throw new Error(
          `csv: line ${line()}, column ${columnName(column, this.#header)}: the category is missing; missing: drop leaves such rows out`,
        );
      codes.push(-1);
      return;
    }
    let code = values.get(value);
    if (code === undefined) values.set(value, (code = values.size));
    codes.push(code);
  }

  #isNumber(cell: string): boolean {
    return NUMBER.test(this.#comma ? cell.replace(",", ".") : cell);
  }

  #columnsOf(role: Role): number[] {
    return this.#roles.flatMap((own, c) => (own === role ? [c] : []));
  }

  /** Which of the columns has no name and counts the rows, -1 for none: one that was asked for by name stays. */
  #indexColumn(values: Float64Array, numbers: readonly number[]): number {
    const unnamed = this.#header?.findIndex((name) => name === "" || /^Unnamed: \d+$/.test(name)) ?? -1;
    const at = numbers.indexOf(unnamed);
    if (unnamed !== 0 || at !== 0 || numbers.length < 2 || this.#options.columns !== undefined) return -1;
    for (let r = 0; r < this.#rows; r++) if (values[r * numbers.length] !== r) return -1;
    return unnamed;
  }

  #keptRows(values: Float64Array, numbers: readonly number[], missing: string): number[] {
    const codes = [...this.#codes.values()].map(({ codes }) => codes);
    const keep: number[] = [];
    for (let r = 0; r < this.#rows; r++) {
      let complete = codes.every((list) => list[r]! >= 0);
      if (missing === "drop")
        for (let c = 0; c < numbers.length && complete; c++) complete = !Number.isNaN(values[r * numbers.length + c]!);
      if (complete) keep.push(r);
    }
    return keep;
  }

  /** The kept rows of all columns, in the order of the file; a column of categories becomes one of 0 and 1 for each, sorted by name. */
  #assemble(
    values: Float64Array,
    numbers: readonly number[],
    index: number,
    keep: readonly number[],
  ): { data: NdArray<Float64Array>; columns: string[] | null } {
    const parts: { name: string; at: (row: number) => number }[] = [];
    const places = new Map(numbers.map((column, place) => [column, place]));
    for (let c = 0; c < this.#width; c++) {
      const name = this.#header?.[c] ?? "";
      const at = places.get(c) ?? -1;
      const coded = this.#codes.get(c);
      if (at >= 0 && c !== index) parts.push({ name, at: (row) => values[row * numbers.length + at]! });
      else if (coded && this.#roles[c] === "one-hot")
        for (const [value, code] of [...coded.values].sort(([a], [b]) => (a < b ? -1 : 1)))
          parts.push({ name: `${name}=${value}`, at: (row) => (coded.codes[row] === code ? 1 : 0) });
    }
    const columns = this.#header ? parts.map(({ name }) => name) : null;
    const plain = keep.length === this.#rows && parts.length === numbers.length && this.#codes.size === 0;
    if (plain) return { data: new NdArray(values, [keep.length, parts.length]), columns };
    const data = new Float64Array(keep.length * parts.length);
    keep.forEach((row, r) => parts.forEach(({ at }, c) => (data[r * parts.length + c] = at(row))));
    return { data: new NdArray(data, [keep.length, parts.length]), columns };
  }
}

const fixed =
  (value: number): (() => number) =>
  () =>
    value;

/** Whether cells have commas inside of numbers and no cell has a point. */
function hasDecimalCommas(rows: readonly Row[]): boolean {
  const cells = rows.flatMap(({ cells }) => cells);
  return cells.some((cell) => COMMA_NUMBER.test(cell)) && !cells.some((cell) => /\d\.\d/.test(cell));
}

function looksLikeHeader(
  first: readonly string[],
  second: readonly string[] | undefined,
  isNumber: (cell: string) => boolean,
): boolean {
  return (
    first.every((cell) => !isNumber(cell)) ||
    first.some((cell, c) => second !== undefined && !isNumber(cell) && !isMissing(cell) && isNumber(second[c] ?? "")) ||
    (first.length > 1 && first[0]!.trim() === "" && first.slice(1).every((cell) => !isNumber(cell)))
  );
}

/** Puts the mean of the other rows in where a value is missing. @throws for a column without any value */
function fillMeans(values: Float64Array, width: number, nameOf: (column: number) => string): void {
  for (let c = 0; c < width; c++) {
    let [sum, count] = [0, 0];
    for (let i = c; i < values.length; i += width)
      if (!Number.isNaN(values[i]!)) {
        sum += values[i]!;
        count++;
      }
    if (count === 0) throw new Error(`csv: column ${nameOf(c)} has no value to take the mean of; leave it out`);
    for (let i = c; i < values.length; i += width) if (Number.isNaN(values[i]!)) values[i] = sum / count;
  }
}

function findColumn(name: ColumnName, header: readonly string[] | null, width: number): number {
  const column = typeof name === "string" ? (header ?? []).indexOf(name) : name < 0 ? width + name : name;
  if (Number.isInteger(column) && column >= 0 && column < width) return column;
  throw new Error(
    `csv: no column ${quote(String(name))}, the file has ${header ? listed(header) : `${width} columns`}`,
  );
}

function listed(names: readonly string[]): string {
  const first = names.slice(0, 20).map((name) => shortened(name).replace(/\s+/g, " "));
  return names.length <= 20 ? first.join(", ") : `${first.join(", ")}, … (${names.length} in all)`;
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
  return JSON.stringify(shortened(text));
}

const shortened = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

/** Numbers in blocks, so that those there are need not be copied to take more. */
class Growing {
  readonly #blocks: Float64Array[] = [];
  #last = new Float64Array(1024);
  #length = 0;

  push(value: number): void {
    if (this.#length === this.#last.length) {
      this.#blocks.push(this.#last);
      this.#last = new Float64Array(Math.min(2 * this.#last.length, 2 ** 22));
      this.#length = 0;
    }
    this.#last[this.#length++] = value;
  }

  take(): Float64Array {
    const parts = [...this.#blocks, this.#last.subarray(0, this.#length)];
    const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}
