import { NdArray } from "../../../ndarray";
import { encodeLabels } from "../class-labels";
import type { ClassLabels } from "../class-labels";
import {
  adviceOn,
  columnName,
  findColumn,
  Growing,
  hasDecimalCommas,
  isMissing,
  isNumber,
  labelCell,
  looksLikeHeader,
  quote,
  textColumns,
} from "./cells";
import { isUnnamed, listed, namesAll, placesOf } from "./layout";
import type { ColumnName, TableLayout, TakenColumn } from "./layout";
import { checkTableOptions } from "./table-options";
import type { TableOptions } from "./table-options";

/** A CSV file of numbers. */
export interface CsvTable {
  /** [rows, columns], the columns of labels and names left out. */
  readonly data: NdArray<Float64Array>;
  /** Names of the matrix's columns; null for a file without a header. */
  readonly columns: string[] | null;
  /** Null unless a label column was asked for. */
  readonly labels: ClassLabels | null;
  /** Names of the rows; null unless `id` was given, or the first column is text without a name, as R writes them. */
  readonly ids: string[] | null;
  /** Rows that were left out since a value is missing. */
  readonly dropped: number;
  /** What was decided without being asked for, in words: a column of row numbers that was left out. */
  readonly notes: readonly string[];
  /** How the columns were taken, for `like` of later tables. */
  readonly layout: TableLayout;
}

/** Rows that are looked at before the decimal separator is decided. */
const FIRST_ROWS = 100;

/** What becomes of a column. */
type Role = "number" | "one-hot" | "label" | "id" | "none";

/** A column of text. */
interface Coded {
  readonly codes: number[];
  readonly values: Map<string, number>;
  /** Whether there are no other values than these. */
  readonly known: boolean;
}

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
  /** Columns of the matrix in its order, where that is given. */
  #places: readonly number[] | undefined;
  /** Columns that should hold numbers and hold text. */
  #texts: readonly string[] = [];
  /** Why the first column names the rows, where nobody said so. */
  #rowNames: string | undefined;
  #rows = 0;
  readonly #values = new Growing();
  readonly #codes = new Map<number, Coded>();
  readonly #labels: string[] = [];
  readonly #ids: string[] = [];

  constructor(options: TableOptions) {
    checkTableOptions(options);
    this.#options = options;
  }

  /** Takes a row. */
  row(cells: readonly string[], line: () => number): void {
    const number = this.#begun ? line : fixed(line());
    if (this.#width === 0) this.#width = cells.length;
    if (cells.length === this.#width + 1 && !this.#begun && this.#waiting.length === 1) this.#addRowNames();
    if (cells.length !== this.#width)
      throw new Error(`csv: line ${number()} has ${cells.length} cells, the first row has ${this.#width}`);
    if (this.#begun) return this.#take(cells, number);
    this.#waiting.push({ cells, line: number });
    if (this.#waiting.length > FIRST_ROWS) this.#begin();
  }

  /** A header with one name fewer than there are cells: that of the rows is not there. */
  #addRowNames(): void {
    const [{ cells, line }] = this.#waiting as [Row];
    const { header } = this.#options;
    if (header === false || (header === undefined && cells.some((cell) => isNumber(cell, false)))) return;
    this.#rowNames =
      "the header has one name fewer than the rows have cells: the first cell names the row, as R writes tables";
    this.#waiting = [{ cells: ["", ...cells], line }];
    this.#width++;
  }

  /** The matrix of all rows. @param comment names of columns that stand above the first row */
  finish(comment: readonly string[] | undefined): CsvTable {
    if (!this.#begun) this.#begin(comment);
    if (this.#rows === 0) throw new Error(`csv: file has no rows of data${this.#header ? " after its header" : ""}`);
    const { missing = "error", label } = this.#options;
    const notes = this.#rowNames !== undefined && this.#roles[0] === "id" ? [this.#rowNames] : [];
    const numbers = this.#columnsOf("number");
    const values = this.#values.take();
    const index = this.#indexColumn(values, numbers);
    if (index >= 0)
      notes.push(
        `column ${index + 1} has no name and counts the rows from ${values[0]}: it was left out, as an index that ${values[0] === 0 ? "pandas" : "R"} writes`,
      );
    const keep = this.#keptRows(values, numbers, missing);
    if (keep.length === 0) throw new Error("csv: every row has a missing value");
    const means = missing === "mean" ? this.#fillMeans(values, numbers) : [];
    const order = (this.#places ?? [...this.#roles.keys()].filter((c) => this.#isTaken(c))).filter((c) => c !== index);
    const { data, columns } = this.#assemble(values, numbers, order, keep);
    const pick = (list: readonly string[]): string[] => keep.map((r) => list[r]!);
    return {
      data,
      columns,
      labels: label === undefined && !this.#options.sole ? null : encodeLabels(pick(this.#labels)),
      ids: this.#roles.includes("id") ? pick(this.#ids) : null,
      dropped: this.#rows - keep.length,
      notes,
      layout: this.#layout(order, (c) => means[numbers.indexOf(c)]),
    };
  }

  #begin(comment?: readonly string[]): void {
    this.#begun = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    const [first, second] = waiting;
    if (!first) return;
    const { header, label, decimal, like, sole, separator } = this.#options;
    const all = waiting.flatMap(({ cells }) => cells);
    this.#comma = decimal === undefined ? hasDecimalCommas(all, separator?.()) : decimal === ",";
    const isNumber = (cell: string): boolean => this.#isNumber(cell);
    const named = typeof label === "string" || (like !== undefined && namesAll(like, first.cells));
    const recurs = sole === true && this.#width === 1 && all.lastIndexOf(first.cells[0]!) > 0; // a label, of which there are more
    if (header ?? (named || (!recurs && looksLikeHeader(first.cells, second?.cells, isNumber)))) {
      waiting.shift();
      this.#header = first.cells.map((name) => name.trim());
    } else if (comment?.length === this.#width && comment.every((cell) => !isNumber(cell)))
      this.#header = comment.map((name) => name.trim());
    if (isUnnamed(this.#header?.[0]) && waiting.some(({ cells }) => !isNumber(cells[0]!) && !isMissing(cells[0]!)))
      this.#rowNames ??= "column 1 has no name and is text: it names the rows";
    this.#assignRoles();
    const rows = waiting.map(({ cells }) => cells);
    this.#texts = textColumns(rows, this.#columnsOf("number"), isNumber, (c) => columnName(c, this.#header));
    for (const { cells, line } of waiting) this.#take(cells, line);
  }

  #assignRoles(): void {
    const { columns, drop = [], id, label, oneHot = [], sole, like } = this.#options;
    const named = Number(this.#rowNames !== undefined);
    if (sole && label === undefined && this.#width > 1 + named)
      throw new Error(
        `csv: which column holds the labels? the file has ${this.#width}${this.#header ? `: ${listed(this.#header)}` : ""}`,
      );
    const find = (name: ColumnName): number => findColumn(name, this.#header, this.#width);
    if (like) return this.#assignAlike(like, find);
    this.#roles = new Array<Role>(this.#width).fill(columns === undefined ? "number" : "none");
    if (this.#rowNames !== undefined && id === undefined) this.#roles[0] = "id";
    for (const name of columns ?? []) this.#roles[find(name)] = "number";
    for (const name of drop) this.#roles[find(name)] = "none";
    for (const name of oneHot) this.#takeText(find(name));
    if (id !== undefined) this.#roles[find(id)] = "id";
    if (label !== undefined || sole) this.#roles[find(label ?? named)] = "label";
  }

  /** The roles that the columns of an earlier table had. */
  #assignAlike(like: TableLayout, find: (name: ColumnName) => number): void {
    const { columns = [], drop = [], id, label } = this.#options;
    const ids = id === undefined ? this.#known(like.id) : find(id);
    const own = [...(ids === undefined ? [] : [ids]), ...(label === undefined ? [] : [find(label)]), ...drop.map(find)];
    for (const name of columns) find(name);
    const others = like.others || columns.length > 0;
    this.#places = placesOf(like, { header: this.#header, width: this.#width, own, others });
    this.#roles = new Array<Role>(this.#width).fill("none");
    this.#places.forEach((column, i) => {
      const { categories } = like.taken[i]!;
      if (categories) this.#takeText(column, categories);
      else this.#roles[column] = "number";
    });
    if (ids !== undefined) this.#roles[ids] = "id";
    if (label !== undefined) this.#roles[find(label)] = "label";
  }

  /** Where a column of an earlier table is, if it is there. */
  #known(name: ColumnName | undefined): number | undefined {
    const width = this.#options.like?.width;
    const at =
      typeof name === "string" ? (this.#header?.indexOf(name) ?? -1) : width === this.#width ? (name ?? -1) : -1;
    return at < 0 ? undefined : at;
  }

  #takeText(column: number, categories?: readonly string[]): void {
    this.#roles[column] = "one-hot";
    const values = new Map(categories?.map((value, code) => [value, code]));
    this.#codes.set(column, { codes: [], values, known: categories !== undefined });
  }

  #isTaken(column: number): boolean {
    return this.#roles[column] === "number" || this.#roles[column] === "one-hot";
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
    if (isMissing(cell) && (this.#options.missing ?? "error") !== "error") return NaN;
    const name = columnName(column, this.#header);
    const advice = adviceOn(cell, name, this.#texts);
    throw new Error(`csv: line ${line()}, column ${name}: ${quote(cell)} is not a number${advice}`);
  }

  #encode(cell: string, column: number, line: () => number): void {
    const { codes, values, known } = this.#codes.get(column)!;
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
    if (code === undefined && known)
      throw new Error(
        `csv: line ${line()}, column ${columnName(column, this.#header)}: ${quote(value)} is none of the categories that the model was trained on, ${listed([...values.keys()])}`,
      );
    if (code === undefined) values.set(value, (code = values.size));
    codes.push(code);
  }

  #isNumber(cell: string): boolean {
    return isNumber(cell, this.#comma);
  }

  #columnsOf(role: Role): number[] {
    return this.#roles.flatMap((own, c) => (own === role ? [c] : []));
  }

  /** Which of the columns has no name and counts the rows, -1 for none: one that was asked for by name stays. */
  #indexColumn(values: Float64Array, numbers: readonly number[]): number {
    const unnamed = this.#header?.findIndex(isUnnamed) ?? -1;
    const at = numbers.indexOf(unnamed);
    if (unnamed !== 0 || at !== 0 || numbers.length < 2 || this.#options.columns || this.#places) return -1;
    const first = values[0]!;
    if (first !== 0 && first !== 1) return -1;
    for (let r = 0; r < this.#rows; r++) if (values[r * numbers.length] !== first + r) return -1;
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

  /** Puts the mean of the other rows in where a value is missing, or that of the earlier table; returns the means. @throws for a column without any value */
  #fillMeans(values: Float64Array, numbers: readonly number[]): number[] {
    const { like } = this.#options;
    return numbers.map((column, c) => {
      const mean = like?.taken[this.#places!.indexOf(column)]!.mean ?? meanOf(values, numbers.length, c);
      if (Number.isNaN(mean))
        throw new Error(
          `csv: column ${columnName(column, this.#header)} has no value to take the mean of; leave it out`,
        );
      for (let i = c; i < values.length; i += numbers.length) if (Number.isNaN(values[i]!)) values[i] = mean;
      return mean;
    });
  }

  /** The kept rows of columns, in their order; a column of categories becomes one of 0 and 1 for each, sorted by name. */
  #assemble(
    values: Float64Array,
    numbers: readonly number[],
    order: readonly number[],
    keep: readonly number[],
  ): { data: NdArray<Float64Array>; columns: string[] | null } {
    const parts: { name: string; at: (row: number) => number }[] = [];
    const places = new Map(numbers.map((column, place) => [column, place]));
    for (const c of order) {
      const name = this.#header?.[c] ?? "";
      const at = places.get(c);
      const coded = this.#codes.get(c);
      if (at !== undefined) parts.push({ name, at: (row) => values[row * numbers.length + at]! });
      else
        for (const [value, code] of sorted(coded!))
          parts.push({ name: `${name}=${value}`, at: (row) => (coded!.codes[row] === code ? 1 : 0) });
    }
    const columns = this.#header ? parts.map(({ name }) => name) : null;
    const plain =
      keep.length === this.#rows && order.length === numbers.length && order.every((c, i) => c === numbers[i]);
    if (plain) return { data: new NdArray(values, [keep.length, parts.length]), columns };
    const data = new Float64Array(keep.length * parts.length);
    keep.forEach((row, r) => parts.forEach(({ at }, c) => (data[r * parts.length + c] = at(row))));
    return { data: new NdArray(data, [keep.length, parts.length]), columns };
  }

  /** What a later table is taken by: the earlier one's layout, where there was one. */
  #layout(order: readonly number[], meanOf: (column: number) => number | undefined): TableLayout {
    const { like, columns } = this.#options;
    if (like) return like;
    const nameOf = (column: number): ColumnName => this.#header?.[column] ?? column;
    const taken = order.map((c): TakenColumn => {
      const coded = this.#codes.get(c);
      if (coded) return { column: nameOf(c), categories: sorted(coded).map(([value]) => value) };
      const mean = meanOf(c);
      return mean === undefined ? { column: nameOf(c) } : { column: nameOf(c), mean };
    });
    const [id] = this.#columnsOf("id");
    const left = columns ? [] : [...this.#roles.keys()].filter((c) => !order.includes(c)).map(nameOf);
    const others = columns !== undefined;
    return { width: this.#width, taken, left, others, ...(id !== undefined && { id: nameOf(id) }) };
  }
}

/** The values of a column of text by their names, with their codes. */
const sorted = ({ values }: Coded): [value: string, code: number][] => [...values].sort(([a], [b]) => (a < b ? -1 : 1));

const fixed =
  (value: number): (() => number) =>
  () =>
    value;

/** The mean of a column's values that are there; NaN where none is. */
function meanOf(values: Float64Array, width: number, column: number): number {
  let [sum, count] = [0, 0];
  for (let i = column; i < values.length; i += width)
    if (!Number.isNaN(values[i]!)) {
      sum += values[i]!;
      count++;
    }
  return sum / count;
}
