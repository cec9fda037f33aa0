// How the columns of a table were taken, so that later tables are taken alike.

/** A column, by name or by index (from 0; -1 is the last). */
export type ColumnName = string | number;

/** A column whose numbers, or categories, are in the matrix. */
export interface TakenColumn {
  /** Its name, or its number from 0 in a table without a header. */
  readonly column: ColumnName;
  /** The values of a column of text, each of which is a column of 0 and 1. */
  readonly categories?: readonly string[] | undefined;
  /** What stands where a value is missing. */
  readonly mean?: number | undefined;
}

/** How a table was taken: what the option `like` goes by. */
export interface TableLayout {
  /** Cells of a row. */
  readonly width: number;
  /** Columns of the matrix, in their order. */
  readonly taken: readonly TakenColumn[];
  /** Columns that a table may have beside them: those that were left out, the rows' names, the labels. */
  readonly left: readonly ColumnName[];
  /** The column that names the rows, where there was one. */
  readonly id?: ColumnName | undefined;
  /** Whether a table may have any others: where columns were taken by name. */
  readonly others: boolean;
}

/** The layout of a table of numbers with these names. */
export const namedLayout = (names: readonly string[]): TableLayout => ({
  ...{ width: names.length, left: [], others: false },
  taken: names.map((column) => ({ column })),
});

/** A table that is taken as another one was. */
export interface AlikeTable {
  readonly header: readonly string[] | null;
  readonly width: number;
  /** Numbers of columns that have a part of their own in this table: names of the rows, labels, columns to leave out. */
  readonly own: readonly number[];
  /** Whether any others may be there. */
  readonly others: boolean;
}

/** Whether a row names every column of a layout: then it is a header. */
export const namesAll = ({ taken }: TableLayout, cells: readonly string[]): boolean =>
  taken.every(({ column }) => typeof column === "string" && cells.some((cell) => cell.trim() === column));

/** Whether a column of this name is the rows' own: nobody named it, or pandas did. */
export const isUnnamed = (name: string | undefined): boolean =>
  name !== undefined && (name === "" || /^Unnamed: \d+$/.test(name));

/** The number of each column that a layout takes. @throws where some are missing, or others are there, by name */
export function placesOf(layout: TableLayout, table: AlikeTable): number[] {
  const { taken } = layout;
  const { header, width, own } = table;
  if (header && taken.every(({ column }) => typeof column === "string")) return byName(layout, header, table);
  const numbers = taken.map(({ column }, i) => (typeof column === "number" ? column : i));
  if (width === layout.width && taken.every(({ column }) => typeof column === "number")) return numbers;
  const free = Array.from({ length: width }, (_, c) => c).filter((c) => !own.includes(c));
  if (free.length === taken.length) return free;
  const named = taken.every(({ column }) => typeof column === "string");
  throw new Error(
    `csv: the model takes ${taken.length} columns${named ? `, ${listed(taken.map(({ column }) => String(column)))}` : ""}; the file has ${free.length} without names`,
  );
}

function byName(layout: TableLayout, header: readonly string[], { own, others }: AlikeTable): number[] {
  const free = new Set(header.keys());
  const missing: string[] = [];
  const places = layout.taken.map(({ column }) => {
    const at = header.findIndex((name, c) => free.has(c) && name === column);
    if (at < 0) missing.push(String(column));
    free.delete(at);
    return at;
  });
  const may = new Set<ColumnName>(layout.left);
  const extra = [...free].filter((c) => !own.includes(c) && !may.has(header[c]!) && !(c === 0 && isUnnamed(header[c])));
  const wrong = [
    ...(missing.length > 0 ? [`it lacks ${listed(missing)}`] : []),
    ...(extra.length > 0 && !others ? [`it has ${listed(extra.map((c) => header[c]!))}`] : []),
  ];
  if (wrong.length > 0)
    throw new Error(`csv: file must have the columns that the model was trained on, ${wrong.join(", and ")}`);
  return places;
}

/** Names in a line, twenty at most. */
export function listed(names: readonly string[]): string {
  const first = names.slice(0, 20).map((name) => shortened(name).replace(/\s+/g, " "));
  return names.length <= 20 ? first.join(", ") : `${first.join(", ")}, … (${names.length} in all)`;
}

/** A text as messages have it: 40 characters at most. */
export const shortened = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);
