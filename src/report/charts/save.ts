// A chart as files: the drawing by itself, and its numbers. As addresses with the content in them, since a report need not run a script.
import { html, trusted, type Markup } from "../page/markup";

/** The numbers that a chart shows. */
export interface ChartData {
  /** Name of the files, without ending. */
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** What a drawing takes from the page that it stands in: colours of the light look, and how dots are drawn. */
const LOOK =
  "svg{color:#44474d;background:#fffefb;font-family:system-ui,sans-serif;--paper:#fffefb;--ink:#1c1d20;--muted:#63676f;--line:#d9d6cd;" +
  "--accent:#1f5f8b;--high:#c2571a;--low:#2f74b5;--plot-background:#fffefb}" +
  ".dots path{fill:none;stroke-width:3.1;stroke-linecap:round;stroke-opacity:.75}";

/** Text as the rest of a data address: what ends one, or is dropped from one, by its code. */
const encoded = (text: string): string =>
  text.replace(/[%#\r\n\t]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`);

const cell = (value: string | number): string => {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** Lines of a table as CSV, each with its end. */
export const csvLines = (rows: ChartData["rows"]): string => rows.map((row) => `${row.map(cell).join(",")}\n`).join("");

/** The drawing as a file of its own: with its colours, and without what answers to the pointer. */
export const svgOf = (drawing: string): string =>
  drawing
    .replace(/<g\b[^>]*class="hover"[^>]*>[\s\S]*?<\/g>/g, "")
    .replace(/^<svg\b(?![^>]*\sxmlns=)/, '<svg xmlns="http://www.w3.org/2000/svg"')
    .replace(/^(<svg\b[^>]*>)/, `$1<style>${LOOK}</style>`);

const fileName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "") || "chart";

/** A link that saves numbers; where they are some of those of a plane, a script makes it save all. */
export const csvLink = (data: ChartData, plane?: number): Markup =>
  html`<a
    ${plane !== undefined && trusted(`data-plane="${plane}" `)}download="${fileName(data.name)}.csv"
    href="data:text/csv;charset=utf-8,${encoded(csvLines([data.columns, ...data.rows]))}"
    >CSV</a
  >`;

/** Links that save a drawing and, where they are given with it, its numbers. */
export function saveLinks(drawing: string, data: ChartData | { readonly name: string }): Markup {
  const name = fileName(data.name);
  return html`<p class="save">
    Save <a download="${name}.svg" href="data:image/svg+xml;charset=utf-8,${encoded(svgOf(drawing))}">SVG</a>
    ${"rows" in data && csvLink(data)}
  </p>`;
}
