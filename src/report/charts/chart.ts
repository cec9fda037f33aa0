import * as Plot from "@observablehq/plot";
import { html, trusted, type Markup } from "../page/markup";
import { saveLinks, type ChartData } from "./save";

const GEOMETRY = /^(d|x|y|x1|x2|y1|y2|cx|cy|r|width|height|transform|stroke-dasharray)$/;

/** Rounds the coordinates of a drawing to a tenth of a pixel, which halves its size. */
function roundCoordinates(element: Element): void {
  for (const { name, value } of Array.from(element.attributes))
    if (GEOMETRY.test(name))
      element.setAttribute(
        name,
        value.replace(/-?\d*\.\d{2,}(e-?\d+)?/g, (number) => String(Math.round(Number(number) * 10) / 10)),
      );
  for (const child of Array.from(element.children)) roundCoordinates(child);
}

/**
 * A chart: what it shows in words (for those who cannot see it), and options of `plot` of Observable Plot. Their types are Plot's, which need those of D3:
 * declarations of this package name neither.
 */
export interface Chart {
  readonly ariaLabel: string;
  readonly [option: string]: unknown;
}

/** A chart as static SVG. */
export function drawing(page: Document, chart: Chart): string {
  const svg = Plot.plot({
    document: page,
    ...(chart as Plot.PlotOptions),
    style: { background: "none", fontSize: "12px", fontFamily: "inherit", overflow: "visible" },
  });
  svg.setAttribute("role", "img");
  roundCoordinates(svg);
  // as XML, which also escapes "<" in attributes; linkedom's elements say so themselves
  const { XMLSerializer: Serializer } = (page.defaultView ?? globalThis) as { XMLSerializer?: typeof XMLSerializer };
  return Serializer ? new Serializer().serializeToString(svg) : svg.toString();
}

/** A chart as static SVG, and links that save it and its numbers; these where they are not given elsewhere, by a name alone. */
export function draw(page: Document, chart: Chart, data: ChartData | { readonly name: string }): Markup {
  const text = drawing(page, chart);
  return html`${trusted(text)}${saveLinks(text, data)}`;
}
