import * as Plot from "@observablehq/plot";
import type { Analysis } from "../sections/analysis";
import { draw } from "./chart";
import { formatCount } from "../page/format";
import { html, type Markup } from "../page/markup";
import { clusterColour } from "./palette";
import { csvLink } from "./save";
import { idOf, type ClusteringReport, type Projection } from "../sections/run";
import { sampleRows } from "../sections/sample";
import { generate, mapTo } from "../../typed-arrays";
import { packedPanels, type PanelPlane } from "../plane/panels";

/** Points of the still picture, which is there where scripts do not run, and of the drawing that can be saved. */
const MAX_POINTS = 2500;
const WIDTH = 460;

/** Points that are drawn. */
export interface Points {
  readonly rows: Uint32Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** Those of a projection. */
interface PlacedPoints extends Points {
  /** All that have a place, which the page's script draws: their numbers among the points of the projection. */
  readonly all: Uint32Array;
}

function samplePoints({ xy, index }: Projection, seed: number): PlacedPoints {
  const all = generate(Uint32Array, xy.length / 2, (point) => point).filter(
    (point) => Number.isFinite(xy[2 * point]!) && Number.isFinite(xy[2 * point + 1]!),
  );
  const points = mapTo(Uint32Array, sampleRows(all.length, MAX_POINTS, seed), (at) => all[at]!);
  return {
    all,
    rows: points.map((point) => index?.[point] ?? point),
    x: mapTo(Float64Array, points, (point) => xy[2 * point]!),
    y: mapTo(Float64Array, points, (point) => xy[2 * point + 1]!),
  };
}

/** Domains of one scale for both axes: a distance is as long across as upwards. */
export function domains({ x, y }: Pick<Points, "x" | "y">, width = WIDTH) {
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
    height: Math.round(width * share),
  };
}

/** Every group of points as a few paths of dots: a hundredth of the size of as many circles. The groups take turns, so that none covers another. */
export function dots(points: Points, groups: Int32Array, colours: (group: number) => string): Plot.RenderFunction {
  return (_index, scales, _values, _dimensions, context) => {
    const px = scales.x as unknown as (value: number) => number;
    const py = scales.y as unknown as (value: number) => number;
    const layer = context.document.createElementNS("http://www.w3.org/2000/svg", "g");
    layer.setAttribute("class", "dots");
    const rounds = 8;
    for (let round = 0; round < rounds; round++) {
      const paths = new Map<number, string>();
      const end = Math.floor(((round + 1) * points.rows.length) / rounds);
      for (let point = Math.floor((round * points.rows.length) / rounds); point < end; point++) {
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

/** A name in the plane. */
interface Name {
  readonly x: number;
  readonly y: number;
  readonly name: string;
}

/** The names of the groups, each where its points are densest. */
function groupNames(points: Points, groups: Int32Array, radius: number, name: (group: number) => string): Name[] {
  const members = new Map<number, number[]>();
  groups.forEach((group, point) => {
    if (group < 0) return;
    const own = members.get(group);
    if (own) own.push(point);
    else members.set(group, [point]);
  });
  return [...members].map(([group, own]) => {
    const point = densest(points, own, radius);
    return { x: points.x[point]!, y: points.y[point]!, name: shortened(name(group), LONGEST) };
  });
}

/** Characters of a name in the picture. */
const LONGEST = 22;
const shortened = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}\u2026` : text;

/** Moves names to where all of them is in the frame. */
function within(names: readonly Name[], { x, y, height }: ReturnType<typeof domains>, fontSize: number): Name[] {
  const [perX, perY] = [(x[1]! - x[0]!) / WIDTH, (y[1]! - y[0]!) / height];
  const clamped = (value: number, [low, high]: readonly number[], margin: number): number =>
    Math.max(low! + margin, Math.min(high! - margin, value));
  return names.map((one) => ({
    ...one,
    x: clamped(one.x, x, perX * (0.31 * fontSize * one.name.length + 4)),
    y: clamped(one.y, y, perY * (0.6 * fontSize + 2)),
  }));
}

/** Points that tell what they are to those who point at them, at most. */
const TOLD = 300;

/** Who a group of a panel is: its colour, its name, and the word for it. */
interface Groups {
  readonly caption: string;
  /** Of each point of the still picture, −1 for noise. */
  readonly of: Int32Array;
  /** Of each point. */
  readonly all: Int32Array;
  readonly colour: (group: number) => string;
  readonly name: (group: number) => string;
  /** "cluster" or "class". */
  readonly word: string;
}

/** Every group with its colour and how many of the points it has. */
function legend({ all: of, colour, name }: Groups): Markup {
  const counts = new Map<number, number>();
  for (const group of of) counts.set(group, (counts.get(group) ?? 0) + 1);
  const entries = [...counts].sort(([a], [b]) => (a < 0 ? 1 : b < 0 ? -1 : a - b));
  return html`<ul class="legend">
    ${entries.map(
      ([group, count]) =>
        html`<li>
          <i class="swatch" style="background:${colour(group)}"></i>${group < 0 ? "noise" : name(group)}
          <b>${formatCount(count)}</b>
        </li>`,
    )}
  </ul>`;
}

function panel(
  page: Document,
  run: ClusteringReport,
  points: Points,
  groups: Groups,
  axes: readonly string[] | undefined,
  place: string,
): { readonly markup: Markup; readonly words: PanelPlane["words"][number] } {
  const { caption, of, colour, name, word } = groups;
  const frame = domains(points);
  const { x, y, height } = frame;
  const names = groupNames(points, of, (x[1]! - x[0]!) / 8, name);
  const fontSize = names.length > 20 ? 11 : 15;
  const margin = axes ? 22 : 6;
  const words = (group: number): string => (group < 0 ? "noise" : `${word} ${name(group)}`);
  const step = Math.ceil(points.rows.length / TOLD);
  const told = Array.from(points.rows, (_, point) => point).filter((point) => point % step === 0);
  const chart = draw(
    page,
    {
      ariaLabel: `${caption}: ${points.rows.length} points in ${names.length} groups`,
      ...{
        width: WIDTH + margin - 6,
        height: height + margin - 6,
        margin: 6,
        marginBottom: margin,
        marginLeft: margin,
      },
      x: { domain: x, axis: null },
      y: { domain: y, axis: null },
      marks: [
        dots(points, of, colour),
        Plot.dot(told, {
          x: (point: number) => points.x[point]!,
          y: (point: number) => points.y[point]!,
          ...{ r: 4, fill: "transparent", className: "hover" },
          title: (point: number) => `member ${idOf(run, points.rows[point]!)}, ${words(of[point]!)}`,
        }),
        Plot.text(within(names, frame, fontSize), {
          ...{ x: "x", y: "y", text: "name", fontSize, fontWeight: 700, pointerEvents: "none" },
          ...{ fill: "var(--ink)", stroke: "var(--paper)", strokeWidth: 4 },
        }),
        ...(axes
          ? [
              Plot.text([axes[0]!], { frameAnchor: "bottom", dy: 15, fontSize: 11, fill: "var(--muted)" }),
              Plot.text([axes[1]!], {
                frameAnchor: "left",
                dx: -13,
                rotate: -90,
                textAnchor: "middle",
                fontSize: 11,
                fill: "var(--muted)",
              }),
            ]
          : []),
      ],
    },
    { name: caption },
  );
  return {
    markup: html`<figure class="scatter" data-panel="${place}">
      <figcaption><b>${caption}</b></figcaption>
      ${chart}${legend(groups)}
    </figure>`,
    words: names.map(({ x, y, name }) => ({ x, y, text: name })),
  };
}

/** A class has the colour of its cluster, else one of its own. */
export const classColour =
  ({ classes, k }: Analysis) =>
  (group: number): string => {
    const cluster = classes!.cluster[group]!;
    return clusterColour(cluster >= 0 ? cluster : k + group);
  };

/** The embedding in the plane, coloured by cluster and, where the classes are known, beside it by class. */
export function scatter(page: Document, run: ClusteringReport, analysis: Analysis): Markup | undefined {
  const { n, classes, noise } = analysis;
  const projections =
    run.projections ??
    (run.embedding && run.embedding.length === 2 * n ? [{ name: "The embedding", xy: run.embedding }] : []);
  const colourOfClass = classColour(analysis);
  const groupsOf = (projection: Projection, points: PlacedPoints): readonly Groups[] => {
    const captioned = (by: string) => `${projection.name}, ${by}`;
    const everyone = mapTo(Uint32Array, points.all, (point) => projection.index?.[point] ?? point);
    const groups = (of: ArrayLike<number>) => ({
      of: mapTo(Int32Array, points.rows, (row) => of[row]!),
      all: mapTo(Int32Array, everyone, (row) => of[row]!),
    });
    const byCluster = {
      ...{ caption: captioned("by cluster"), word: "cluster", colour: clusterColour, name: String },
      ...groups(run.labels),
    };
    if (!classes) return [byCluster];
    const name = (group: number): string => classes.names[group]!;
    const byClass = { caption: captioned("by true class"), word: "class", colour: colourOfClass, name };
    return [byCluster, { ...byClass, ...groups(classes.of) }];
  };
  const planes = projections
    .map((projection: Projection) => ({ projection, points: samplePoints(projection, run.seed) }))
    .filter(({ points }) => points.rows.length > 1); // one dot says nothing
  if (planes.length === 0) return undefined;
  const drawn = planes.map(({ projection, points }, at) => {
    const panels = groupsOf(projection, points).map((groups, by) =>
      panel(page, run, points, groups, projection.axes, `${at} ${by}`),
    );
    return {
      shown: `${projection.name} ${formatCount(points.all.length)} of ${formatCount(n)}`,
      all: points.all.length === n,
      ...{ name: projection.name, unit: projection.axes !== undefined },
      markup: panels.map(({ markup }) => markup),
      told: { projection, points: points.all, words: panels.map(({ words }) => words) },
      numbers: csvLink(
        {
          name: projection.name,
          columns: ["member", ...(projection.axes ?? ["x", "y"]), "cluster", ...(classes ? ["class"] : [])],
          rows: Array.from(points.rows, (row, i) => [
            idOf(run, row),
            ...[points.x[i]!, points.y[i]!].map((value) => Number(value.toPrecision(4))),
            run.labels[row]!,
            ...(classes ? [classes.names[classes.of[row]!]!] : []),
          ]),
        },
        at,
      ),
    };
  });
  const part = drawn.filter(({ all }) => !all).map(({ shown }) => shown);
  const numbers = (k: number): number[] => Array.from({ length: k }, (_, group) => group);
  const { text, pictured } = packedPanels(
    run,
    drawn.map(({ told }) => told),
    [
      {
        ...{ word: "cluster", of: run.labels },
        ...{ colours: numbers(analysis.k).map(clusterColour), names: numbers(analysis.k).map(String) },
      },
      ...(classes
        ? [
            {
              ...{ word: "class", of: classes.of, names: classes.names },
              colours: numbers(classes.names.length).map(colourOfClass),
            },
          ]
        : []),
    ],
  );
  return html`<div class="grid">${drawn.map(({ markup }) => markup)}</div>
    <p class="save">
      Save the points of ${drawn.map(({ name, numbers }, i) => html`${i > 0 && ", "}${name} ${numbers}`)}
    </p>
    <p class="note">
      ${part.length > 0 ? `Members shown, chosen at random by the seed: ${part.join("; ")}. ` : `All ${formatCount(n)} members are shown. `}
      ${planes.some(({ points }) => points.all.length > MAX_POINTS) && `Without scripts, and in a saved drawing, ${formatCount(MAX_POINTS)} of them are. `}
      ${pictured > 0 && pictured < n && `The pointer is told the pictures of ${formatCount(pictured)} members, chosen at random. `}
      ${classes && "A class has the colour of the cluster that the optimal assignment gives it. "}
      ${noise > 0 && "Noise is grey. "}${drawn.some(({ unit }) => !unit) && "Positions without axes have no unit"}${drawn.some(({ shown }) => shown.startsWith("UMAP")) && "; UMAP keeps neighbourhoods, not distances"}${drawn.some(({ unit }) => !unit) && "."}
    </p>
    <div hidden data-points="${text}"></div>`;
}
