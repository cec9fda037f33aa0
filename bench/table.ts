/** A table: the first column is text, aligned left; the others are aligned right. */
export interface Table {
  title: string;
  columns: string[];
  rows: string[][];
  /** Lines under the table. */
  notes: string[];
}

/** Figures with three significant digits: `0.123`, `1.23`, `12.3`, `123`, `12,345`; `–` for NaN. */
export function figure(value: number): string {
  if (Number.isNaN(value)) return "–";
  const magnitude = Math.abs(value);
  if (magnitude >= 99.95) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(magnitude >= 9.995 ? 1 : magnitude >= 0.9995 ? 2 : 3);
}

/** `36 %` of a share between 0 and 1; `–` for NaN. */
export function percent(share: number): string {
  return Number.isNaN(share) ? "–" : `${Math.round(share * 100)} %`;
}

/** `1.53×`; `–` for NaN. */
export function times(value: number): string {
  return Number.isNaN(value) ? "–" : `${figure(value)}×`;
}

/** The table for a terminal: columns aligned, two spaces between them, a rule under the heading. */
export function plainTable({ title, columns, rows, notes }: Table): string {
  const widths = columns.map((column, i) => Math.max(column.length, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, i) => (i === 0 ? (cells[i] ?? "").padEnd(width) : (cells[i] ?? "").padStart(width)))
      .join("  ")
      .trimEnd();
  return [title, line(columns), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line), ...notes].join(
    "\n",
  );
}

/** The same as GitHub-flavoured Markdown. */
export function markdownTable({ title, columns, rows, notes }: Table): string {
  const line = (cells: readonly string[]): string =>
    `| ${columns.map((_, i) => (cells[i] ?? "").replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = `|${columns.map((_, i) => (i === 0 ? "---" : "---:")).join("|")}|`;
  return [`**${title}**`, "", line(columns), rule, ...rows.map(line), "", ...notes.map((note) => `${note}  `)]
    .join("\n")
    .trimEnd();
}
