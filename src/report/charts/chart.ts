import * as Plot from "@observablehq/plot";
import { trusted, type Markup } from "../page/markup";

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

/** A chart: what it shows in words (for those who cannot see it), and Observable Plot's options. */
export interface Chart extends Plot.PlotOptions {
  readonly ariaLabel: string;
}

/** Draws a chart as static SVG. */
export function draw(page: Document, chart: Chart): Markup {
  const svg = Plot.plot({
    document: page,
    ...chart,
    style: { background: "none", fontSize: "12px", fontFamily: "inherit", overflow: "visible" },
  });
  svg.setAttribute("role", "img");
  roundCoordinates(svg);
  // as XML, which also escapes "<" in attributes
  const Serializer = (page.defaultView ?? globalThis).XMLSerializer;
  return trusted(new Serializer().serializeToString(svg));
}
