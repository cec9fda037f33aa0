import * as Plot from "@observablehq/plot";
import type { SweepPoint } from "../../metrics/significance";
import { draw } from "./chart";
import { formatCount, formatTick, formatValue } from "../page/format";
import { html, type Markup } from "../page/markup";
import { clusterColour } from "./palette";

/** The sweep of one method. */
export interface SignificanceSeries {
  readonly name: string;
  readonly points: readonly SweepPoint[];
}

/** What `significanceCurve` shows beside the methods' lines. */
export interface SignificanceCurveOptions {
  /** Default "Significance". */
  readonly title?: string;
  /** S without any cut, drawn as a dashed line. */
  readonly withoutCut?: number;
}

/**
 * Li and Ma's S of each method against the threshold of its gamma score, the best of each marked and named in the legend with its threshold and
 * counts. Deficits are below 0.
 * @throws where there is no point to draw
 */
export function significanceCurve(
  page: Document,
  methods: readonly SignificanceSeries[],
  { title = "Significance", withoutCut }: SignificanceCurveOptions = {},
): Markup {
  const drawn = methods.flatMap(({ name, points }, index) => {
    const first = points[0];
    if (!first) return [];
    const best = points.reduce((most, point) => (point.signed > most.signed ? point : most), first);
    return [{ name, points, best, colour: clusterColour(index) }];
  });
  if (drawn.length === 0) throw new Error("significanceCurve: there is no point to draw");
  const words = drawn.map(({ name, best }) => `${name} ${formatValue(best.signed, 2)} at ${best.threshold.toFixed(2)}`);
  const chart = draw(
    page,
    {
      ariaLabel: `${title}: significance S against the threshold of the gamma score; largest: ${words.join(", ")}`,
      width: 560,
      height: 300,
      marginLeft: 46,
      marginRight: 14,
      marginTop: 26,
      marginBottom: 42,
      x: { label: "threshold of the gamma score", labelOffset: 38, ticks: 7, tickFormat: formatTick },
      y: {
        label: "S (standard deviations)",
        grid: true,
        nice: true,
        ticks: 6,
        tickSize: 0,
        tickFormat: formatTick,
        zero: true,
      },
      marks: [
        ...(withoutCut === undefined
          ? []
          : [Plot.ruleY([withoutCut], { stroke: "var(--muted)", strokeDasharray: "4 3", strokeWidth: 1.2 })]),
        ...drawn.flatMap(({ points, best, colour }) => [
          Plot.lineY(points, {
            x: "threshold",
            y: "signed",
            stroke: colour,
            strokeWidth: 1.8,
            strokeLinejoin: "round",
          }),
          Plot.dot([best], { x: "threshold", y: "signed", fill: colour, r: 4 }),
        ]),
        ...drawn.map(({ name, points }) =>
          Plot.dot(points, {
            ...{ x: "threshold", y: "signed", r: 6, fill: "transparent", className: "hover" },
            title: ({ threshold, signed, nOn, nOff }: SweepPoint) =>
              `${name}: S ${formatValue(signed, 2)} at ${threshold.toFixed(2)}, ${formatCount(nOn)} on, ${formatCount(nOff)} off`,
          }),
        ),
      ],
    },
    {
      name: title,
      columns: ["method", "threshold", "S", "on", "off"],
      rows: drawn.flatMap(({ name, points }) =>
        points.map(({ threshold, signed, nOn, nOff }) => [name, threshold, signed, nOn, nOff]),
      ),
    },
  );
  const legend = drawn.map(
    ({ name, best, colour }) =>
      html`<li>
        <i class="swatch" style="background:${colour}"></i>${name} <b>${formatValue(best.signed, 2)}</b> at
        ${best.threshold.toFixed(2)} (${formatCount(best.nOn)} on, ${formatCount(best.nOff)} off)
      </li>`,
  );
  return html`<figure style="max-width:40rem">
    <figcaption><b>${title}</b> Li and Ma’s S against the cut on the gamma score; dots: the best</figcaption>
    ${chart}
    <ul class="legend" aria-label="Best significance">
      ${legend}
      ${withoutCut !== undefined && html`<li>without a cut (dashed) <b>${formatValue(withoutCut, 2)}</b></li>`}
    </ul>
  </figure>`;
}
