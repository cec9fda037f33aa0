import { formatFixed } from "../page/format";
import { html, type Content, type Markup } from "../page/markup";

/** A cell: text as it is, a number formatted, NaN or nothing as a dash. */
export type Value = number | string | undefined;

/** A column of a value table. */
export interface ValueColumn {
  readonly name: string;
  /** Which value of the column is marked (default: none). */
  readonly best?: "largest" | "smallest";
  /** Decimals of its numbers (default 3). */
  readonly decimals?: number;
}

/** What `valueTable` shows. */
export interface ValueTable {
  readonly caption: string;
  /** Name of the rows' names, above them. */
  readonly corner?: string;
  readonly columns: readonly ValueColumn[];
  readonly rows: readonly { readonly name: string; readonly values: readonly Value[] }[];
  /** Below the table. */
  readonly note?: string;
}

/** A table of measured values, one named row after the other, the best of each column marked. @throws for a row that has not one value a column */
export function valueTable({ caption, corner = "", columns, rows, note }: ValueTable): Markup {
  for (const { name, values } of rows)
    if (values.length !== columns.length)
      throw new Error(`valueTable: row ${name} must have ${columns.length} values, got ${values.length}`);
  const best = columns.map(({ best: wanted }, column) => {
    const numbers = rows.map(({ values }) => values[column]).filter((value) => Number.isFinite(value)) as number[];
    if (!wanted || numbers.length < 2) return NaN;
    return wanted === "largest" ? Math.max(...numbers) : Math.min(...numbers);
  });
  const cell = (value: Value, column: number): Content => {
    if (typeof value === "string") return html`<td>${value}</td>`;
    const text = formatFixed(value ?? NaN, columns[column]!.decimals ?? 3);
    return value === best[column]
      ? html`<td class="best">${text}<span class="hidden"> (best)</span></td>`
      : html`<td>${text}</td>`;
  };
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
      <table class="values">
        <caption>
          ${caption}
        </caption>
        <thead>
          <tr>
            <th scope="col">${corner}</th>
            ${columns.map(({ name }) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ name, values }) =>
              html`<tr>
                <th scope="row">${name}</th>
                ${values.map(cell)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${note !== undefined && html`<p class="note">${note}</p>`}`;
}
