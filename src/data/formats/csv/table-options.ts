// What a table of CSV is asked for.
import { checkFlag } from "../../../checks";
import { quote } from "./cells";
import type { ColumnName, TableLayout } from "./layout";

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
  /**
   * The layout of an earlier table, which this one is taken like: the same columns by name in the same order, whatever order the file has, the same
   * categories, and means where values are missing. Columns that were left out then may be there or not.
   */
  like?: TableLayout | undefined;
}

/** What a table is made with; `sole` takes the only column of a file for its labels, `separator` tells what is between cells. */
export interface TableOptions extends CsvOptions {
  readonly sole?: boolean;
  readonly separator?: () => string;
}

/** @throws for a value that an option cannot have */
export function checkTableOptions({ header, missing, decimal }: TableOptions): void {
  checkFlag("csv", { header });
  if (missing !== undefined && !["error", "drop", "mean"].includes(missing))
    throw new Error(`csv: missing must be error, drop or mean, got ${quote(String(missing))}`);
  if (decimal !== undefined && decimal !== "." && decimal !== ",")
    throw new Error(`csv: decimal must be a point or a comma, got ${quote(String(decimal))}`);
}
