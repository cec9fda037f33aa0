import { checkFlag } from "../../checks";
import { html, type Markup } from "../page/markup";
import { saveLinks } from "./save";
import { clusterColours, valueColours } from "./value-colours";

/** A self-organising map's grid with a value or a cluster for each unit, row by row. */
export interface UnitMap {
  readonly title: string;
  /** What a value is: "mean distance to the neighbours". */
  readonly measure: string;
  readonly rows: number;
  readonly columns: number;
  /** Hexagons are drawn as such, odd rows shifted by half a unit. Default "rectangular". */
  readonly topology?: "rectangular" | "hexagonal";
  /** One a unit; NaN leaves it empty. */
  readonly values: ArrayLike<number>;
  /** Whether the values are numbers of clusters, −1 none. Default false. */
  readonly categories?: boolean;
}

/** Of a drawing with many units, and the most that a unit gets. */
const [WIDTH, LARGEST] = [320, 40];

const round = (value: number): number => Math.round(10 * value) / 10;

/** The corners of a unit about its centre: those of a hexagon that stands on a corner, or of a square. */
function corners(x: number, y: number, size: number, hexagonal: boolean): string {
  const half = size / 2;
  const [tall, short] = [size / Math.sqrt(3), size / Math.sqrt(12)];
  const around = hexagonal
    ? [[0, -tall], [half, -short], [half, short], [0, tall], [-half, short], [-half, -short]]
    : [[-half, -half], [half, -half], [half, half], [-half, half]]; // prettier-ignore
  return around.map(([dx, dy]) => `${round(x + dx!)},${round(y + dy!)}`).join(" ");
}

/**
 * A map of units: the U-matrix, a component plane, hits or clusters, each unit a square or a hexagon of its colour, told in words to those who point at it.
 * @throws unless there is one value a unit
 */
export function unitMap({ title, measure, rows, columns, topology, values, categories = false }: UnitMap): Markup {
  checkFlag("unitMap", { categories });
  if (values.length !== rows * columns)
    throw new Error(`unitMap: values must be ${rows} x ${columns}, got ${values.length}`);
  const hexagonal = topology === "hexagonal";
  const size = Math.min(LARGEST, WIDTH / (columns + (hexagonal ? 0.5 : 0)));
  const step = hexagonal ? (size * Math.sqrt(3)) / 2 : size;
  const [width, height] = [
    size * (columns + (hexagonal && rows > 1 ? 0.5 : 0)),
    hexagonal ? (rows - 1) * step + (2 * size) / Math.sqrt(3) : rows * size,
  ];
  const { colourOf, told, range } = (categories ? clusterColours : valueColours)(Array.from(values));
  const units = Array.from(values).map((value, unit) => {
    const [row, column] = [Math.floor(unit / columns), unit % columns];
    const x = (column + 0.5 + (hexagonal && row % 2 === 1 ? 0.5 : 0)) * size;
    const y = hexagonal ? size / Math.sqrt(3) + row * step : (row + 0.5) * size;
    const empty = Number.isNaN(value);
    const words = `unit ${unit}, row ${row}, column ${column}: ${measure} ${empty ? "none" : told(value)}`;
    return html`<polygon points="${corners(x, y, size, hexagonal)}" fill="${empty ? "none" : colourOf(value)}">
      <title>${words}</title>
    </polygon>`;
  });
  const drawing = html`<svg
    xmlns="http://www.w3.org/2000/svg"
    role="img"
    aria-label="${title}: ${measure} of ${rows} rows of ${columns} units"
    width="${round(width)}"
    height="${round(height)}"
    viewBox="0 0 ${round(width)} ${round(height)}"
    stroke="#8a8f98"
    stroke-width="0.5"
  >
    ${units}
  </svg>`;
  const numbers = Array.from(values, (value, unit) => [Math.floor(unit / columns), unit % columns, value]);
  return html`<figure>
    <figcaption><b>${title}</b> ${measure}${range !== "" && html`: ${range}`}</figcaption>
    ${drawing}${saveLinks(drawing.text, { name: title, columns: ["row", "column", measure], rows: numbers })}
  </figure>`;
}
