// What the page says: messages, each beside what it is about, and what the data are.
import type { About, DataSummary } from "./protocol";

const PLACES: Readonly<Record<About, string>> = {
  ...{ data: "data-error", run: "error", save: "save-error", predict: "predict-error" },
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
export function dataInWords({ name, kind, n, itemShape, classes, notes }: DataSummary): string {
  const items = {
    points: "points",
    table: `rows of ${itemShape.join(" × ")} values`,
    images: `pictures, ${itemShape.join(" × ")}`,
  };
  const known = classes ? ` ${classes.length} known classes.` : "";
  return `${name}: ${n.toLocaleString("en")} ${items[kind]}.${known} ${notes.join(" ")}`.trim();
}
