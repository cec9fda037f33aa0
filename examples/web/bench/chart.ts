// The share of the roof that each kernel reaches, as a chart. Loaded when there is something to draw.
import * as Plot from "@observablehq/plot";
import { draw, html } from "constella/report";
import type { BenchRow, Roof } from "./protocol";
import { shareOfRoof } from "./tables";

const COLOURS = { arithmetic: "#1088b9", memory: "#c27e6b" };

/** Bars of the best share of a roof that a launch of each kernel reached, drawn for a place of that many pixels. */
export function roofChart(rows: readonly BenchRow[], roof: Roof, room: number): string {
  const best = new Map<string, { kernel: string; share: number; of: keyof typeof COLOURS }>();
  for (const row of rows) {
    if (!row.timing) continue;
    const reached = shareOfRoof(row, roof);
    if (reached.share > (best.get(row.kernel)?.share ?? -1)) best.set(row.kernel, { kernel: row.kernel, ...reached });
  }
  const bars = [...best.values()]
    .sort((a, b) => b.share - a.share)
    .map((bar) => ({ ...bar, percent: 100 * bar.share }));
  const width = Math.max(300, Math.min(room, 860));
  const longest = Math.max(...bars.map(({ kernel }) => kernel.length));
  const chart = draw(
    document,
    {
      ariaLabel: `Share of the roof of ${bars.length} kernels: ${bars.map(({ kernel, percent }) => `${kernel} ${percent.toFixed(0)} %`).join(", ")}`,
      ...{
        width,
        height: 44 + 17 * bars.length,
        marginLeft: 16 + 6.2 * longest,
        marginRight: 34,
        marginTop: 4,
        marginBottom: 38,
      },
      x: {
        label: "% of the roof",
        labelOffset: 32,
        grid: true,
        ticks: 5,
        domain: [0, Math.max(10, ...bars.map(({ percent }) => percent))],
      },
      y: { label: null, domain: bars.map(({ kernel }) => kernel), tickSize: 0, padding: 0.25 },
      color: { type: "identity" },
      marks: [
        Plot.barX(bars, { x: "percent", y: "kernel", fill: ({ of }: { of: keyof typeof COLOURS }) => COLOURS[of] }),
        Plot.text(bars, {
          ...{ x: "percent", y: "kernel", textAnchor: "start", dx: 4, fill: "var(--ink)" },
          text: ({ percent }: { percent: number }) => percent.toFixed(0),
        }),
      ],
    },
    {
      name: "Share of the roof",
      columns: ["kernel", "% of the roof", "roof"],
      rows: bars.map(({ kernel, percent, of }) => [kernel, percent, of]),
    },
  );
  return html`<figure style="max-width:${width}px">
    <figcaption><b>Share of the roof</b>, the better of arithmetic and memory, best launch of each kernel</figcaption>
    ${chart}
    <ul class="legend">
      <li><i class="swatch" style="background:${COLOURS.arithmetic}"></i>arithmetic</li>
      <li><i class="swatch" style="background:${COLOURS.memory}"></i>memory</li>
    </ul>
  </figure>`.text;
}
