import type { GridCell, GridResult } from "../../models/vision/grid-search";

/** Options of `gridTable`. */
export interface GridTableOptions {
  /** Hyper-parameter of the rows. */
  readonly rows: string;
  /** Hyper-parameter of the columns. */
  readonly columns: string;
  /** What the cells show: the highest over all other hyper-parameters. */
  readonly measure: string;
  /** Only results with these values. */
  readonly where?: GridCell;
  /** Shown as; default three digits. */
  readonly format?: (value: number) => string;
}

/** Results as a Markdown table, a row for each value of one hyper-parameter and a column for each of another; the best is bold. */
export function gridTable(results: readonly GridResult[], options: GridTableOptions): string {
  const { rows, columns, measure, where = {}, format = (value) => value.toFixed(3) } = options;
  const chosen = results.filter(({ cell }) => Object.entries(where).every(([name, value]) => cell[name] === value));
  const valuesOf = (axis: string): (string | number)[] => [
    ...new Set(chosen.flatMap(({ cell }) => (cell[axis] === undefined ? [] : [cell[axis]]))),
  ];
  const highest = (row: string | number, column: string | number): number =>
    chosen
      .filter(({ cell }) => cell[rows] === row && cell[columns] === column)
      .reduce((best, { measures }) => Math.max(best, measures[measure] ?? -Infinity), -Infinity);
  const [down, across] = [valuesOf(rows), valuesOf(columns)];
  const best = Math.max(...down.flatMap((row) => across.map((column) => highest(row, column))));
  const show = (value: number): string => {
    if (value === -Infinity) return "–";
    return value === best ? `**${format(value)}**` : format(value);
  };
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line([`${rows} \\ ${columns}`, ...across.map(String)]),
    `|---|${across.map(() => "---:|").join("")}`,
    ...down.map((row) => line([String(row), ...across.map((column) => show(highest(row, column)))])),
  ].join("\n");
}
