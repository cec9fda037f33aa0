// What the page says: messages, each beside what it is about, and what the data are.
import type { About, DataSummary, Plane, Region, SkyFrame } from "./protocol";

const PLACES: Readonly<Record<About, string>> = {
  ...{
    data: "data-error",
    device: "error",
    run: "error",
    view: "view-error",
    save: "save-error",
    predict: "predict-error",
  },
};

/** Says what is wrong beside what it is about; or nothing any more. */
export function complain(about: About, message: string | undefined): void {
  const place = document.getElementById(PLACES[about])!;
  place.hidden = message === undefined;
  place.textContent = message ?? "";
}

/** Takes messages back. */
export const forget = (...abouts: readonly About[]): void => abouts.forEach((about) => complain(about, undefined));

/** A data set in a sentence or two. */
export function dataInWords({ name, kind, n, itemShape, classes, notes, taken }: DataSummary): string {
  const items = {
    points: "points",
    table: `rows of ${itemShape.join(" × ")} values`,
    images: `pictures, ${itemShape.join(" × ")}`,
    cube: `pixels in ${itemShape[0]} ${itemShape[0] === 1 ? "band" : "bands"}`,
  };
  const known = classes ? ` ${classes.length} known classes.` : "";
  const other = taken ? ["Its shape leaves open which it is: choose below."] : [];
  return `${name}: ${n.toLocaleString("en")} ${items[kind]}.${known} ${[...notes, ...other].join(" ")}`.trim();
}

const pixels = (count: number): string => `${count.toLocaleString("en")} ${count === 1 ? "pixel" : "pixels"}`;

/** What lies at a pixel, in a sentence or two. */
export function regionInWords({ x, y, sky, label, object, piece, pixels: all, spectra }: Region): string {
  const place = `Pixel ${x}, ${y}${sky ? ` (${sky.join(", ")})` : ""}`;
  if (label === undefined) return `${place}${spectra.length > 0 ? "" : ": some band has no data here"}.`;
  if (label < 0) return `${place}: some band has no data here, or it is noise.`;
  if (object) return `${place}: object ${object.number} of ${object.of}, ${pixels(piece!)}, cluster ${label}.`;
  return `${place}: cluster ${label}. Drawn around is the connected piece of it, ${pixels(piece!)} of the cluster’s ${pixels(all!)}.`;
}

/** What the colours of an image are. */
export const SHOWN_IN_WORDS: Readonly<Record<SkyFrame["shows"], string>> = {
  clusters: "",
  "clusters so far": "Colours: the clusters that the map has so far. ",
  units: "Colours: the unit of the map that each pixel is nearest to, neighbours alike. ",
};

/** What can be done with the picture, while points are drawn and otherwise. */
export const DRAWING_HINT = "Draw with the pointer; or move with the arrow keys and draw with the space bar.";
export const HINT =
  "Point at an item to see it; drag to move, + and − or Ctrl with the wheel to look closer, Shift and drag to select.";

/** How many of the items are shown, where these are not all. Of the sky all are seen in the image. */
export function shownInWords({
  plane,
  summary,
  state,
}: {
  readonly plane: Plane | undefined;
  readonly summary: DataSummary | undefined;
  readonly state: string;
}): string {
  if (!plane || !summary || summary.kind === "cube" || plane.rows.length >= summary.n) return "";
  const [shown, all] = [plane.rows.length, summary.n].map((count) => count.toLocaleString("en"));
  const until = state === "running" || state === "stopped" ? " until the run is done" : "";
  return `${shown} of the ${all} items are shown${until}. `;
}

/** What is to be seen of a layout that is not there; `share` of one that is being computed. */
export function layoutInWords(title: string, share: number | undefined): string {
  if (share === undefined) return `${title} is computed when a run is done. `;
  const done = share > 0 ? `, ${Math.floor(100 * share)} % done` : "";
  return `${title} is being computed${done}; until then items lie as the run left them. `;
}
