import * as Plot from "@observablehq/plot";
import type { Analysis } from "../sections/analysis";
import { draw } from "./chart";
import { formatCount } from "../page/format";
import { html, type Markup } from "../page/markup";
import { clusterColour } from "./palette";
import type { ClusteringReport, Projection } from "../sections/run";
import { sampleRows } from "../sections/sample";

const MAX_POINTS = 4000;
const WIDTH = 460;

interface Points {
  readonly rows: Uint32Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** how many the projection has */
  readonly of: number;
}

function samplePoints({ xy, index }: Projection, seed: number): Points {
  const of = xy.length / 2;
  const points = sampleRows(of, MAX_POINTS, seed).filter(
    (point) => Number.isFinite(xy[2 * point]!) && Number.isFinite(xy[2 * point + 1]!),
  );
  return {
    rows: points.map((point) => index?.[point] ?? point),
    x: Float64Array.from(points, (point) => xy[2 * point]!),
    y: Float64Array.from(points, (point) => xy[2 * point + 1]!),
    of,
  };
}

/** Domains of one scale for both axes: a distance is as long across as upwards. */
function domains({ x, y }: Points) {
  const extent = (values: Float64Array) => {
    const low = values.reduce((least, value) => Math.min(least, value), Infinity);
    const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
    return { centre: (low + high) / 2, span: high - low };
  };
  const [across, up] = [extent(x), extent(y)];
  const span = Math.max(across.span, up.span / 0.9) || 1;
  const share = Math.min(0.9, Math.max(0.55, up.span / span));
  const half = (1.04 * span) / 2;
  return {
    x: [across.centre - half, across.centre + half],
    y: [up.centre - half * share, up.centre + half * share],
    height: Math.round(WIDTH * share),
  };
}

/** Every group of points as a few paths of dots: a hundredth of the size of as many circles. The groups take turns, so that none covers another. */
function dots(points: Points, groups: Int32Array, colours: (group: number) => string): Plot.RenderFunction {
  return (_index, scales, _values, _dimensions, context) => {
    const px = scales.x as unknown as (value: number) => number;
    const py = scales.y as unknown as (value: number) => number;
    const layer = context.document.createElementNS("http://www.w3.org/2000/svg", "g");
    layer.setAttribute("class", "dots");
    const turns = 8;
    for (let turn = 0; turn < turns; turn++) {
      const paths = new Map<number, string>();
      const end = Math.floor(((turn + 1) * points.rows.length) / turns);
      for (let point = Math.floor((turn * points.rows.length) / turns); point < end; point++) {
        const step = `M${px(points.x[point]!).toFixed(1)} ${py(points.y[point]!).toFixed(1)}h0`;
        paths.set(groups[point]!, (paths.get(groups[point]!) ?? "") + step);
      }
      for (const [group, d] of [...paths].sort(([a], [b]) => a - b)) {
        const path = context.document.createElementNS("http://www.w3.org/2000/svg", "path");
        path.setAttribute("d", d);
        path.setAttribute("stroke", colours(group));
        layer.append(path);
      }
    }
    return layer;
  };
}

/** The point of a group with most others of it near by: a name there stands in its group even where that is bent or torn. */
function densest(points: Points, own: readonly number[], radius: number): number {
  let best = own[0]!;
  let most = -1;
  for (const centre of own.length > 400 ? own.filter((_, at) => at % Math.ceil(own.length / 400) === 0) : own) {
    let near = 0;
    for (const other of own) {
      const squared = (points.x[other]! - points.x[centre]!) ** 2 + (points.y[other]! - points.y[centre]!) ** 2;
      near += Math.max(0, 1 - squared / radius ** 2);
    }
    if (near > most) [best, most] = [centre, near];
  }
  return best;
}

/** The names of the groups, each where its points are densest. */
function groupLabels(points: Points, groups: Int32Array, radius: number, name: (group: number) => string) {
  const members = new Map<number, number[]>();
  groups.forEach((group, point) => {
    if (group < 0) return;
    const own = members.get(group);
    if (own) own.push(point);
    else members.set(group, [point]);
  });
  return [...members].map(([group, own]) => {
    const point = densest(points, own, radius);
    return { x: points.x[point]!, y: points.y[point]!, name: name(group) };
  });
}

function panel(
  page: Document,
  points: Points,
  caption: string,
  groups: Int32Array,
  colours: (group: number) => string,
  name: (group: number) => string,
): Markup {
  const { x, y, height } = domains(points);
  const labels = groupLabels(points, groups, (x[1]! - x[0]!) / 8, name);
  const chart = draw(page, {
    ariaLabel: `${caption}: ${points.rows.length} points in ${labels.length} groups`,
    width: WIDTH,
    height,
    margin: 6,
    x: { domain: x, axis: null },
    y: { domain: y, axis: null },
    marks: [
      dots(points, groups, colours),
      Plot.text(labels, {
        x: "x",
        y: "y",
        text: "name",
        fontSize: labels.length > 20 ? 11 : 15,
        fontWeight: 700,
        fill: "var(--ink)",
        stroke: "var(--paper)",
        strokeWidth: 4,
      }),
    ],
  });
  return html`<figure class="scatter">
    <figcaption><b>${caption}</b></figcaption>
    ${chart}
  </figure>`;
}

/** The embedding in the plane, coloured by cluster and, where the classes are known, beside it by class. */
export function scatter(page: Document, run: ClusteringReport, analysis: Analysis): Markup | undefined {
  const { n, classes, noise } = analysis;
  const projections =
    run.projections ??
    (run.embedding && run.embedding.length === 2 * n ? [{ name: "The embedding", xy: run.embedding }] : []);
  const colourOfClass = (group: number) => {
    const cluster = classes!.cluster[group]!;
    return clusterColour(cluster >= 0 ? cluster : analysis.k + group);
  };
  const panels = projections.map((projection) => {
    const points = samplePoints(projection, run.seed);
    if (points.rows.length === 0) return undefined;
    const clusters = Int32Array.from(points.rows, (row) => run.labels[row]!);
    const panelOf = (by: string) => `${projection.name}, ${by}`;
    return {
      shown: `${projection.name} ${formatCount(points.rows.length)} of ${formatCount(n)}`,
      all: points.rows.length === n,
      markup: [
        panel(page, points, panelOf("by cluster"), clusters, clusterColour, String),
        classes &&
          panel(
            page,
            points,
            panelOf("by true class"),
            Int32Array.from(points.rows, (row) => classes.of[row]!),
            colourOfClass,
            (group) => classes.names[group]!,
          ),
      ],
    };
  });
  const drawn = panels.filter((one) => one !== undefined);
  if (drawn.length === 0) return undefined;
  const part = drawn.filter(({ all }) => !all).map(({ shown }) => shown);
  return html`<div class="grid">${drawn.map(({ markup }) => markup)}</div>
    <p class="note">
      ${part.length > 0 ? `Members shown, chosen at random by the seed: ${part.join("; ")}. ` : `All ${formatCount(n)} members are shown. `}
      ${classes && "A class has the colour of the cluster that the optimal assignment gives it. "}
      ${noise > 0 && "Noise is grey. "} Positions have no
      unit${drawn.some(({ shown }) => shown.startsWith("UMAP")) && "; UMAP keeps neighbourhoods, not distances"}.
    </p>`;
}
