import * as Plot from "@observablehq/plot";
import { draw } from "./chart";
import { formatTick, formatValue } from "../page/format";
import { html, type Markup } from "../page/markup";
import { clusterColour } from "./palette";
import type { Curve, Series } from "../sections/run";

const MAX_POINTS = 400;

interface Point {
  x: number;
  y: number;
}

/** The points of a line, or the means of equal runs of them where there are more than a chart can show. */
function thin({ x, y }: Series): Point[] {
  const run = Math.ceil(x.length / MAX_POINTS);
  const points: Point[] = [];
  for (let start = 0; start < x.length; start += run) {
    const end = Math.min(x.length, start + run);
    const point = { x: 0, y: 0 };
    for (let index = start; index < end; index++) {
      point.x += x[index]! / (end - start);
      point.y += y[index]! / (end - start);
    }
    points.push(point);
  }
  return points;
}

/** Labels 1, 2 and 5 of each power of ten. */
const logTick = (value: number) => (/^[125]e/.test(value.toExponential()) ? formatTick(value) : "");

/** Labels of whole numbers only, where nothing lies between them: there is no epoch 1.5. */
const wholeTick = (value: number) => (Number.isInteger(value) ? formatTick(value) : "");

const finite = (values: readonly number[]) => values.filter(Number.isFinite);

/** Points that tell their values to those who point at them, of each line at most. */
const TOLD = 60;

/** Dots that are not seen, with what they stand for in words. */
function told(points: readonly Point[], line: string, xLabel: string): Plot.Markish {
  const step = Math.ceil(points.length / TOLD);
  const shown = points.filter(({ y }, i) => Number.isFinite(y) && (i % step === 0 || i === points.length - 1));
  return Plot.dot(shown, {
    ...{ x: "x", y: "y", r: 7, fill: "transparent", className: "hover" },
    title: ({ x, y }: Point) => `${line}: ${formatValue(y)} at ${xLabel} ${formatTick(x)}`,
  });
}

function curve(
  page: Document,
  { name, xLabel, yLabel, xScale, yScale, series, last: isTold = true }: Curve,
): Markup | false {
  const lines = series.map(({ name: line, x, y }, index) => {
    const points = thin({ name: line, x, y });
    const last = finite(points.map((point) => point.y)).length > 0 ? finite(Array.from(y)).at(-1) : undefined;
    return { line, points, last, colour: clusterColour(index), averaged: x.length > MAX_POINTS };
  });
  const drawn = lines.filter(({ last }) => last !== undefined);
  // one value is told by the cards and the table; a chart of a single dot says no more
  if (!drawn.some(({ points }) => finite(points.map(({ y }) => y)).length > 1)) return false;
  const log = yScale === "log" && drawn.every(({ points }) => points.every(({ y }) => !(y <= 0)));
  const whole = drawn.every(({ points }) => points.every(({ x }) => Number.isInteger(x)));
  const ends = drawn.map(({ line, last }) => (isTold ? `${line} ends at ${formatValue(last!)}` : line)).join(", ");
  const chart = draw(
    page,
    {
      ariaLabel: `${name}: ${yLabel} against ${xLabel}; ${ends}`,
      width: 460,
      height: 240,
      marginLeft: 52,
      marginRight: 12,
      marginTop: 26,
      marginBottom: 40,
      x: {
        ...{ label: xLabel, labelOffset: 38, ticks: 6 },
        ...(xScale === "log" ? { type: "log", tickFormat: logTick } : { tickFormat: whole ? wholeTick : formatTick }),
      },
      y: {
        label: yLabel,
        ticks: 5,
        tickSize: 0,
        grid: true,
        nice: !log,
        type: log ? "log" : "linear",
        tickFormat: log ? logTick : formatTick,
      },
      marks: [
        ...drawn.flatMap(({ points, colour }) => [
          Plot.lineY(points, { x: "x", y: "y", stroke: colour, strokeWidth: 1.8, strokeLinejoin: "round" }),
          ...(finite(points.map(({ y }) => y)).length < 30
            ? [Plot.dot(points, { x: "x", y: "y", fill: colour, r: points.length === 1 ? 4 : 2.2 })]
            : []),
        ]),
        ...drawn.map(({ points, line }) => told(points, line, xLabel)),
      ],
    },
    {
      name,
      columns: ["line", xLabel, yLabel],
      rows: drawn.flatMap(({ line, points }) => points.map(({ x, y }) => [line, x, y])),
    },
  );
  const legend = drawn.map(
    ({ line, last, colour }) =>
      html`<li>
        <i class="swatch" style="background:${colour}"></i>${line}${isTold && html` <b>${formatValue(last!)}</b>`}
      </li>`,
  );
  const averaged = drawn.some((line) => line.averaged) && html` Means of equal runs of points.`;
  return html`<figure>
    <figcaption><b>${name}</b>${averaged}</figcaption>
    ${chart}
    <ul class="legend" aria-label="${isTold ? "Last values" : "Lines"}">
      ${legend}
    </ul>
  </figure>`;
}

/** The charts of the curves that hold two finite values or more. */
export function curves(page: Document, all: readonly Curve[]): Markup | undefined {
  const figures = all.map((one) => curve(page, one)).filter((figure) => figure !== false);
  return figures.length > 0
    ? html`<div class="grid">${figures}</div>
        ${all.some(({ last }) => last !== false) && html`<p class="note">Beside each name stands the line’s last value.</p>`}`
    : undefined;
}
