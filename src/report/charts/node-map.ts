import { checkFlag } from "../../checks";
import { html, type Markup } from "../page/markup";
import { saveLinks } from "./save";
import { clusterColours, valueColours } from "./value-colours";

/** A graph of nodes with a value or a cluster for each. */
export interface NodeMap {
  readonly title: string;
  /** What a value is: "mean distance to the linked nodes". */
  readonly measure: string;
  /** Where the nodes lie, across and upwards, [nodes, 2]. */
  readonly places: ArrayLike<number>;
  /** Numbers of the nodes that are told; default 0, 1, … */
  readonly numbers?: ArrayLike<number>;
  /** Pairs of nodes by their position, [links, 2]. */
  readonly links: ArrayLike<number>;
  /** One a link, shown on the scale of the values; without them links are grey. */
  readonly linkValues?: ArrayLike<number>;
  /** One a node; NaN leaves it empty. */
  readonly values: ArrayLike<number>;
  /** Whether the values are numbers of clusters, −1 none. Default false. */
  readonly categories?: boolean;
  /** What the areas of the nodes stand for, one a node. Default: all alike. */
  readonly sizes?: ArrayLike<number>;
}

/** Of the drawing, of its rim, and of the smallest and the largest node. */
const [WIDTH, RIM, SMALLEST, LARGEST] = [320, 12, 2.5, 9];
const GREY = "#8a8f98";

const round = (value: number): number => Math.round(10 * value) / 10;

/** Places in the drawing: one scale for both axes, where that leaves the drawing neither flat nor tall. */
function placed(places: ArrayLike<number>): { readonly at: readonly (readonly number[])[]; readonly height: number } {
  const n = places.length / 2;
  const extent = (axis: number): { readonly low: number; readonly span: number } => {
    let [low, high] = [Infinity, -Infinity];
    for (let i = axis; i < places.length; i += 2) [low, high] = [Math.min(low, places[i]!), Math.max(high, places[i]!)];
    return { low, span: high - low };
  };
  const [across, up] = [extent(0), extent(1)];
  const inner = WIDTH - 2 * RIM;
  const height = inner * Math.min(1, Math.max(0.4, across.span > 0 ? up.span / across.span : 1));
  const along = ({ low, span }: typeof across, value: number, length: number): number =>
    RIM + (span > 0 ? ((value - low) / span) * length : length / 2);
  return {
    at: Array.from({ length: n }, (_, i) => [
      along(across, places[2 * i]!, inner),
      height + 2 * RIM - along(up, places[2 * i + 1]!, height),
    ]),
    height: height + 2 * RIM,
  };
}

/**
 * A graph of nodes: its U-matrix (nodes and links by their distances), values in a band, hits or clusters, each node a disc of its colour, told in words to
 * those who point at it.
 * @throws unless there is one value a node
 */
export function nodeMap(map: NodeMap): Markup {
  const { title, measure, places, links, linkValues, values, categories = false, sizes } = map;
  checkFlag("nodeMap", { categories });
  const n = places.length / 2;
  if (values.length !== n) throw new Error(`nodeMap: values must be ${n}, one a node, got ${values.length}`);
  if (linkValues && 2 * linkValues.length !== links.length)
    throw new Error(`nodeMap: linkValues must be ${links.length / 2}, one a link, got ${linkValues.length}`);
  const all = Array.from(values);
  const { colourOf, told, range } = categories
    ? clusterColours(all)
    : valueColours(linkValues ? [...all, ...Array.from(linkValues)] : all);
  const number = (node: number): number => map.numbers?.[node] ?? node;
  const { at, height } = placed(places);
  const most = sizes ? Array.from(sizes).reduce((a, b) => Math.max(a, b), 0) : 0;
  const radius = (node: number): number =>
    sizes && most > 0 ? Math.max(SMALLEST, LARGEST * Math.sqrt(sizes[node]! / most)) : 4;
  const lines = Array.from({ length: links.length / 2 }, (_, link) => {
    const [a, b] = [links[2 * link]!, links[2 * link + 1]!];
    const value = linkValues?.[link];
    const [x1, y1, x2, y2] = [...at[a]!, ...at[b]!].map(round);
    const colour = value === undefined || Number.isNaN(value) ? GREY : colourOf(value);
    return html`<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${colour}">
      ${value !== undefined && html`<title>nodes ${number(a)} and ${number(b)}: distance ${told(value)}</title>`}
    </line>`;
  });
  const nodes = all.map((value, node) => {
    const empty = Number.isNaN(value);
    const [x, y] = at[node]!.map(round);
    return html`<circle cx="${x}" cy="${y}" r="${round(radius(node))}" fill="${empty ? "none" : colourOf(value)}">
      <title>node ${number(node)}: ${measure} ${empty ? "none" : told(value)}</title>
    </circle>`;
  });
  const drawing = html`<svg
    xmlns="http://www.w3.org/2000/svg"
    role="img"
    aria-label="${title}: ${measure} of ${n} nodes with ${links.length / 2} links"
    width="${WIDTH}"
    height="${round(height)}"
    viewBox="0 0 ${WIDTH} ${round(height)}"
  >
    <g stroke-width="${linkValues ? 1.6 : 0.6}">${lines}</g>
    <g stroke="${GREY}" stroke-width="0.5">${nodes}</g>
  </svg>`;
  const rows = all.map((value, node) => [number(node), places[2 * node]!, places[2 * node + 1]!, value]);
  return html`<figure>
    <figcaption><b>${title}</b> ${measure}${range !== "" && html`: ${range}`}</figcaption>
    ${drawing}${saveLinks(drawing.text, { name: title, columns: ["node", "across", "up", measure], rows })}
  </figure>`;
}
