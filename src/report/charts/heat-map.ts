import * as Plot from "@observablehq/plot";
import { draw } from "./chart";
import { formatFixed, formatValue } from "../page/format";
import { html, type Markup } from "../page/markup";
import { viridis } from "./palette";

/** What `heatMap` shows: a value for each pair of names. */
export interface HeatMap {
  readonly title: string;
  /** What a value is: "AMI". */
  readonly measure: string;
  readonly names: readonly string[];
  /** Value of names i and j at [i][j]; NaN leaves a cell empty. */
  readonly values: readonly ArrayLike<number>[];
  /** Range of the colours (default 0 to 1). */
  readonly range?: readonly [number, number];
}

interface Cell {
  readonly row: string;
  readonly column: string;
  readonly value: number;
  readonly fill: string;
  readonly dark: boolean;
  readonly title: string;
}

const COLOURS = viridis();

/** The colour of a share of the range, and whether light text stands on it. */
function colourAt(share: number): { fill: string; dark: boolean } {
  const index = Math.round(255 * Math.min(1, Math.max(0, share)));
  const [r, g, b] = [0, 1, 2].map((channel) => COLOURS[3 * index + channel]!);
  return { fill: `rgb(${r},${g},${b})`, dark: index < 150 };
}

/**
 * A square of coloured cells with their values: how far each two of some clusterings agree. Names are down the side in full and across the top.
 * @throws where the values are not as many as the names, each way
 */
export function heatMap(page: Document, { title, measure, names, values, range = [0, 1] }: HeatMap): Markup {
  const k = names.length;
  if (k === 0 || values.length !== k || values.some((row) => row.length !== k))
    throw new Error(
      `heatMap: values must be ${k} rows of ${k}, got ${values.length} rows of ${values[0]?.length ?? 0}`,
    );
  if (new Set(names).size < k) throw new Error("heatMap: names must differ");
  const [low, high] = range;
  const cells = names.flatMap((row, i) =>
    names.flatMap((column, j): Cell[] => {
      const value = values[i]![j]!;
      if (Number.isNaN(value)) return [];
      const words = `${row} and ${column}: ${measure} ${formatValue(value)}`;
      return [{ row, column, value, title: words, ...colourAt((value - low) / (high - low)) }];
    }),
  );
  const longest = names.reduce((most, name) => Math.max(most, name.length), 0);
  const side = k <= 6 ? 74 : k <= 10 ? 58 : 44;
  const marginLeft = Math.min(190, 20 + 6.8 * longest);
  const short = (name: string): string => {
    const fits = Math.floor(side / 6.2);
    return name.length > fits ? `${name.slice(0, fits - 1)}\u2026` : name;
  };
  const apart = cells.filter(({ row, column }) => row !== column);
  const most = apart.reduce<Cell | undefined>(
    (best, cell) => (best && best.value >= cell.value ? best : cell),
    undefined,
  );
  const chart = draw(
    page,
    {
      ariaLabel: `${title}: ${measure} of each two of ${names.join(", ")}${most ? `; most between ${most.title}` : ""}`,
      width: Math.round(marginLeft + 8 + side * k),
      height: Math.round(34 + side * 0.62 * k),
      marginLeft,
      marginRight: 8,
      marginTop: 28,
      marginBottom: 6,
      x: { type: "band", domain: [...names], axis: "top", label: null, tickSize: 0, tickFormat: short, padding: 0.03 },
      y: { type: "band", domain: [...names], label: null, tickSize: 0, padding: 0.03 },
      color: { type: "identity" },
      marks: [
        Plot.cell(cells, { x: "column", y: "row", fill: "fill", title: "title" }),
        ...[true, false].map((dark) =>
          Plot.text(
            cells.filter((cell) => cell.dark === dark),
            {
              ...{ x: "column", y: "row", fontSize: side > 50 ? 12 : 10.5, fill: dark ? "#fff" : "#111" },
              text: ({ value }: Cell) => formatFixed(value, 2),
            },
          ),
        ),
      ],
    },
    {
      name: title,
      columns: ["row", "column", measure],
      rows: cells.map(({ row, column, value }) => [row, column, value]),
    },
  );
  const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => colourAt(share).fill).join(",");
  return html`<figure class="matrix">
    <figcaption>
      <b>${title}</b> ${measure} ${formatValue(low, 1)}<i
        class="ramp"
        style="background:linear-gradient(90deg,${stops})"
      ></i
      >${formatValue(high, 1)}
    </figcaption>
    <div class="scroll" tabindex="0" role="region" aria-label="${title}">${chart}</div>
  </figure>`;
}
