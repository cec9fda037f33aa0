// Cells of text: what they say, and how they are named in messages.
import { listed, shortened } from "./layout";
import type { ColumnName } from "./layout";

// one digit at most belongs to both parts, so that a long cell takes time that grows with its length alone
const NUMBER = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/;
const COMMA_NUMBER = /^\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*$/;
const THOUSANDS = /^\s*[+-]?[1-9]\d{0,2}(?:,\d{3})+\s*$/;
const MISSING = /^(?:|NA|N\/A|#N\/A|NaN|nan|NULL|null|None|\?)$/;
/** Whether a cell says that there is no value. */
export const isMissing = (cell: string): boolean => MISSING.test(cell.trim()); // a pattern with blanks on either side would take time that grows with their square
/** Whether a cell is a number, its fraction behind a point, or a comma. */
export const isNumber = (cell: string, comma: boolean): boolean => NUMBER.test(comma ? cell.replace(",", ".") : cell);

/** Whether cells have commas inside of numbers and no cell has a point. Between commas, where they are quoted, those may part thousands: then not. */
export function hasDecimalCommas(cells: readonly string[], separator: string | undefined): boolean {
  const commas = cells.filter((cell) => COMMA_NUMBER.test(cell));
  if (commas.length === 0 || cells.some((cell) => /\d\.\d/.test(cell))) return false;
  return separator !== "," || !commas.every((cell) => THOUSANDS.test(cell));
}

/** Names of the columns, of some, whose cells are mostly text. */
export function textColumns(
  rows: readonly (readonly string[])[],
  columns: readonly number[],
  isNumber: (cell: string) => boolean,
  nameOf: (column: number) => string,
): readonly string[] {
  const isText = (cell: string): boolean => !isNumber(cell) && !isMissing(cell);
  return columns.filter((c) => 2 * rows.filter((cells) => isText(cells[c]!)).length > rows.length).map(nameOf);
}

/** What to do about a cell that is no number, in a column of that name. */
export function adviceOn(cell: string, name: string, texts: readonly string[]): string {
  if (isMissing(cell)) return "; missing: drop leaves such rows out, mean fills them in";
  if (THOUSANDS.test(cell)) return '; decimal: "," takes its comma for that of a fraction';
  if (!texts.includes(name)) return "";
  return `; drop leaves out columns of text (${listed(texts)}), id names the rows by one, oneHot makes categories of one, label takes one for known classes`;
}

/** Whether a first row names columns: it has text where the second has a number, or only text. */
export function looksLikeHeader(
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

/** The number of a column. @throws for one that is not there */
export function findColumn(name: ColumnName, header: readonly string[] | null, width: number): number {
  const column = typeof name === "string" ? (header ?? []).indexOf(name) : name < 0 ? width + name : name;
  if (typeof name === "string" && header && header.lastIndexOf(name) > column)
    throw new Error(`csv: there are several columns ${quote(name)}; say which by its number from 0`);
  if (Number.isInteger(column) && column >= 0 && column < width) return column;
  throw new Error(
    `csv: no column ${quote(String(name))}, the file has ${header ? listed(header) : `${width} columns`}`,
  );
}

/** @throws for an empty cell */
export function labelCell(cell: string, line: () => number): string {
  const label = cell.trim();
  if (label === "") throw new Error(`csv: line ${line()}: the label is empty`);
  return label;
}

/** A column in messages: its name, else its number from 1. */
export function columnName(column: number, names: readonly string[] | null): string {
  return names ? quote(names[column] ?? "") : String(column + 1);
}

/** A text in messages. */
export function quote(text: string): string {
  return JSON.stringify(shortened(text));
}

/** Numbers in blocks, so that those there are need not be copied to take more. */
export class Growing {
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
