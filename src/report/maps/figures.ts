import { nodeMap } from "../charts/node-map";
import { unitMap } from "../charts/unit-map";
import { formatCount } from "../page/format";
import { html, type Markup } from "../page/markup";
import type { ShownGraph, ShownGrid, ShownMap } from "./shown";

/** Bands or columns whose values are shown at most: those that differ most between units. */
const MOST_PLANES = 24;

/** Draws values of the units, or of the nodes, of a map. */
type Drawer = (title: string, measure: string, values: ArrayLike<number>, categories?: boolean) => Markup;

/** Variance over the units as a share of the mean square. */
function unlikeness(values: ArrayLike<number>): number {
  const all = Array.from(values).filter(Number.isFinite);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const squares = all.reduce((sum, value) => sum + value * value, 0) / all.length;
  return squares > 0 ? Math.max(0, squares - mean * mean) / squares : 0;
}

function planes({ components }: ShownMap, names: readonly string[], one: string, draw: Drawer): Markup {
  const order = components.map((_, band) => band);
  const shown =
    order.length <= MOST_PLANES
      ? order
      : order
          .map((band) => [band, unlikeness(components[band]!)] as const)
          .sort(([a, x], [b, y]) => y - x || a - b)
          .slice(0, MOST_PLANES)
          .map(([band]) => band)
          .sort((a, b) => a - b);
  const left = components.length > shown.length;
  return html`<h3>Component planes: the ${one}s’ values in each band or column</h3>
    ${left && html`<p class="note">The ${shown.length} of ${formatCount(components.length)} that differ most between ${one}s.</p>`}
    <div class="panels">${shown.map((band) => draw(names[band]!, "value", components[band]!))}</div>`;
}

function gridFigures(map: ShownGrid, names: readonly string[], items: string): Markup {
  const { rows, columns, topology, uMatrix, hits, clusters } = map;
  const draw: Drawer = (title, measure, values, categories = false) =>
    unitMap({ rows, columns, topology, title, measure, values, categories });
  return html`<div class="grid">
      ${draw("U-matrix", "mean distance to the neighbours", uMatrix)} ${draw("Hits", items, hits)}
      ${draw("Clusters of units", "cluster", clusters, true)}
    </div>
    ${planes(map, names, "unit", draw)}`;
}

function graphFigures(map: ShownGraph, names: readonly string[], items: string): Markup {
  const { places, axes, numbers, total, links, distances, uMatrix, hits, clusters } = map;
  const of = { places, numbers, links, sizes: hits };
  const draw: Drawer = (title, measure, values, categories = false) =>
    nodeMap({ ...of, title, measure, values, categories });
  const shown =
    numbers.length < total && html`The ${numbers.length} nodes with most hits of ${formatCount(total)} are shown. `;
  return html`<p class="note">
      An evolving map is a graph, not a grid. ${shown}Nodes lie ${axes}; their areas are their hits. In the U-matrix a
      link has the colour of the distance between its two nodes, and a node that of its mean distance to those linked to
      it.
    </p>
    <div class="grid">
      ${nodeMap({ ...of, title: "U-matrix", measure: "mean distance to the linked nodes", values: uMatrix, linkValues: distances })}
      ${draw("Hits", items, hits)} ${draw("Clusters of nodes", "cluster", clusters, true)}
    </div>
    ${planes(map, names, "node", draw)}`;
}

/** The figures of a map: U-matrix, hits, clusters, and values in each band or column. @param items what hits are: "pixels" */
export const mapFigures = (map: ShownMap, names: readonly string[], items: string): Markup =>
  "places" in map ? graphFigures(map, names, items) : gridFigures(map, names, items);
