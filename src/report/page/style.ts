/** The report's style sheet: one column of text, figures in a grid, system fonts, light and dark, screen and paper. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #fffefb; --panel: #f6f4ee; --ink: #1c1d20; --soft: #44474d; --muted: #63676f; --line: #d9d6cd;
  --accent: #1f5f8b; --high: #c2571a; --low: #2f74b5; --serif: Charter, "Bitstream Charter", "Iowan Old Style", "Source Serif 4", Cambria, "Liberation Serif", Georgia, serif;
  --sans: -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { :root { --paper: #15171b; --panel: #1d2025; --ink: #e9e7e1; --soft: #c3c3c0; --muted: #9ca0a8; --line: #363a42;
  --accent: #7db8e4; --high: #ee9457; --low: #6aa9e6; } }
* { box-sizing: border-box; }
html { background: var(--paper); color: var(--ink); font: 17px/1.55 var(--serif); font-variant-numeric: tabular-nums lining-nums; -webkit-text-size-adjust: 100%; }
body { max-width: 1040px; margin: 0 auto; padding: 3.2rem 1.5rem 4rem; }
h1, h2, h3, p, figure, ul, table { margin: 0; }
h1 { font-size: clamp(1.8rem, 5vw, 2.5rem); line-height: 1.15; font-weight: 600; letter-spacing: -0.012em; text-wrap: balance; overflow-wrap: anywhere; }
h2 { font-size: 1.38rem; line-height: 1.25; font-weight: 600; margin: 3.4rem 0 0.9rem; padding-top: 0.95rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.02rem; font-weight: 600; }
section > h3 { margin: 2rem 0 0.2rem; }
p { max-width: 44rem; overflow-wrap: anywhere; }
a { color: inherit; text-decoration-color: var(--muted); text-underline-offset: 0.18em; }
.lead { text-wrap: pretty; font-size: 1.12rem; color: var(--soft); margin-top: 0.8rem; }
.byline, .note, .legend, figcaption, nav, th, .cluster p, .doubts, summary, .card span { font-family: var(--sans); font-size: 0.8rem; line-height: 1.45; color: var(--muted); }
.byline { margin-top: 0.9rem; }
.note { margin-top: 0.7rem; }
nav { margin-top: 1.6rem; display: flex; flex-wrap: wrap; gap: 0.3rem 1.1rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.2rem, 1fr)); gap: 0 1.8rem; margin: 2.2rem 0 0; padding: 0; list-style: none; border-top: 2px solid var(--ink); }
.card { padding: 0.9rem 0 0.2rem; display: flex; flex-direction: column; }
.card b { font-size: 2.05rem; line-height: 1.15; font-weight: 500; letter-spacing: -0.015em; }
.card strong { font: 600 0.8rem/1.4 var(--sans); letter-spacing: 0.02em; }
.card span { font-size: 0.75rem; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.9rem 2.6rem; margin-top: 1.2rem; align-items: start; }
.stack > * { margin-top: 1.2rem; }
figure { min-width: 0; max-width: 32rem; font-family: var(--sans); }
figure svg { display: block; width: 100%; height: auto; color: var(--soft); --plot-background: var(--paper); }
figcaption { margin-bottom: 0.45rem; }
figcaption b, .legend b, .doubts b, .doubts em { color: var(--ink); font-weight: 600; font-style: normal; }
figure.matrix { max-width: none; }
figure.matrix svg { max-width: 100%; width: auto; }
.scatter svg { border: 1px solid var(--line); border-radius: 3px; }
.hover { cursor: crosshair; }
.live { position: relative; }
.live > canvas { display: block; width: 100%; border: 1px solid var(--line); border-radius: 3px; cursor: grab; touch-action: pan-y; }
.live > canvas:active { cursor: grabbing; }
.live > canvas.selecting { cursor: crosshair; }
.live > canvas:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.tip { position: absolute; z-index: 1; pointer-events: none; display: flex; gap: 0.5rem; align-items: center; width: max-content; max-width: 16rem; padding: 0.35rem 0.5rem; background: var(--paper); border: 1px solid var(--line); border-radius: 4px; font: 0.75rem/1.35 var(--sans); color: var(--ink); overflow-wrap: anywhere; }
.tip[hidden] { display: none; }
.tip canvas { width: 3rem; flex: none; image-rendering: pixelated; }
.tools { display: flex; flex-wrap: wrap; gap: 0.3rem; align-items: center; margin-top: 0.4rem; font-size: 0.72rem; color: var(--muted); }
.axes { margin-top: 0.3rem; font-size: 0.72rem; color: var(--muted); }
button { font: 0.72rem/1.3 var(--sans); color: var(--soft); background: var(--panel); border: 1px solid var(--line); border-radius: 4px; padding: 0.15rem 0.5rem; cursor: pointer; }
button[aria-pressed="true"] { background: var(--accent); color: var(--paper); }
button:disabled { opacity: 0.5; cursor: default; }
.dots path { fill: none; stroke-width: 3.1; stroke-linecap: round; stroke-opacity: 0.75; }
.legend { display: flex; flex-wrap: wrap; gap: 0.15rem 1.1rem; list-style: none; padding: 0; margin-top: 0.35rem; }
.save { font-family: var(--sans); font-size: 0.72rem; color: var(--muted); margin-top: 0.25rem; }
.save a { margin-left: 0.35em; }
.swatch { display: inline-block; width: 0.72em; height: 0.72em; border-radius: 50%; margin-right: 0.42em; }
.scroll { overflow-x: auto; margin-top: 1rem; }
.scroll:focus-visible, a:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
table { border-collapse: collapse; font-family: var(--sans); font-size: 0.88rem; line-height: 1.4; }
caption { text-align: left; font-size: 0.8rem; color: var(--muted); padding-bottom: 0.6rem; }
th, td { padding: 0.42rem 0.9rem; text-align: right; white-space: nowrap; font-weight: 400; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
thead th { border-bottom: 1px solid var(--ink); font-weight: 600; color: var(--ink); vertical-align: bottom; }
tbody th { color: var(--ink); font-size: inherit; }
.values tbody th { white-space: normal; min-width: 10rem; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 1px solid var(--ink); }
.compare { font-size: 0.98rem; width: 100%; max-width: 46rem; }
.best { font-weight: 700; color: var(--accent); }
.counts { font-size: 0.76rem; }
.counts th, .counts td { padding: 0.22rem 0.5rem; font-size: inherit; }
.counts th:first-child { padding-left: 0; }
.profile { font-size: 0.82rem; }
.profile td { min-width: 4.2rem; }
.profile thead th { white-space: normal; overflow-wrap: break-word; min-width: 4.2rem; }
.values { font-size: 0.9rem; }
.sky-panel { max-width: none; }
.sky-panel svg { border-radius: 3px; background: #282a30; }
.sky path { fill: none; stroke: #fff; stroke-opacity: 0.45; stroke-width: 0.8; }
.sky text { fill: #fff; stroke: #000; stroke-opacity: 0.65; stroke-width: 2.4; paint-order: stroke; }
.pictures { display: grid; grid-template-columns: fit-content(15rem) minmax(0, 1fr); gap: 0.5rem 1rem; align-items: center; font-family: var(--sans); font-size: 0.8rem; margin-top: 1.1rem; }
.pictures .row { display: flex; flex-wrap: wrap; gap: 0.35rem; }
.pictures figure { max-width: none; width: 5.6rem; }
.pictures figcaption { margin: 0.15rem 0 0; text-align: center; font-size: 0.7rem; }
.pictures img { display: block; width: 100%; height: auto; image-rendering: pixelated; border-radius: 2px; }
.ramp { display: inline-block; width: 6rem; height: 0.6em; border-radius: 2px; margin: 0 0.4em; vertical-align: baseline; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 13rem), 1fr)); gap: 1.1rem 1.3rem; margin-top: 0.9rem; align-items: end; }
details { margin-top: 0.9rem; }
summary { cursor: pointer; }
.clusters { margin-top: 1.1rem; border-bottom: 1px solid var(--line); }
.cluster { display: grid; grid-template-columns: minmax(14rem, 1fr) minmax(0, 2.6fr); gap: 0.4rem 1.6rem; align-items: center; padding: 0.7rem 0; border-top: 1px solid var(--line); }
.cluster h3 { line-height: 1.3; }
.cluster header span { display: inline-block; }
.bar { height: 3px; margin-top: 0.4rem; background: var(--line); border-radius: 2px; overflow: hidden; }
.bar i { display: block; height: 100%; }
.strip { display: grid; grid-template-columns: repeat(10, minmax(0, 1fr)); gap: 0.3rem; }
.member { display: block; padding: 1px; border: 2px solid transparent; border-radius: 3px; }
.member.wrong { border-color: var(--high); }
.member img { display: block; width: 100%; height: auto; }
.pixels { image-rendering: pixelated; }
@media (prefers-color-scheme: light) { .ink { filter: invert(1); mix-blend-mode: multiply; } }
@media (prefers-color-scheme: dark) { .ink { mix-blend-mode: screen; } }
.doubts { list-style: none; padding: 0; margin-top: 0.9rem; display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)); gap: 1.1rem 1rem; }
.doubts.pictured { grid-template-columns: repeat(10, minmax(0, 1fr)); }
.doubts li { min-width: 0; overflow-wrap: anywhere; }
.doubts .member { width: 3.6rem; margin-bottom: 0.25rem; }
.doubts span { display: block; }
.doubts em { display: block; font-weight: 400; }
.made { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 2rem 2.6rem; align-items: start; }
.made table { width: 100%; }
.made th, .made td { text-align: left; vertical-align: top; }
.made td { white-space: normal; overflow-wrap: anywhere; }
.made tbody tr > * { padding-top: 0.26rem; padding-bottom: 0.26rem; }
pre { margin: 0 0 1.5rem; padding: 0.85rem 1rem; background: var(--panel); border-radius: 4px; font: 0.84rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 640px) { html { font-size: 16px; } body { padding: 1.8rem 1.1rem 3rem; } .cards { grid-template-columns: repeat(auto-fit, minmax(6.6rem, 1fr)); gap: 0 1.2rem; }
  .card b { font-size: 1.7rem; } .cluster { grid-template-columns: minmax(0, 1fr); } .strip { gap: 0.15rem; } .doubts { grid-template-columns: repeat(4, minmax(0, 1fr)); } .doubts.pictured { grid-template-columns: repeat(5, minmax(0, 1fr)); gap: 1rem 0.5rem; } .compare { font-size: 0.86rem; } .compare th:first-child { white-space: normal; } th, td { padding: 0.4rem 0.55rem; } h2 { margin-top: 2.6rem; } }
@media print { html { font-size: 11pt; } body { padding: 0; max-width: none; } nav, .save, .tools { display: none; } figure, .cluster, tr { break-inside: avoid; } h2 { break-after: avoid; } }
`;
