// Pictures of items: the one that is pointed at, and the members of each cluster.
import { clusterColour, paintThumbnails as paint } from "constella/report";
import { turn } from "../../shared/turn";
import { nameOf } from "../names";
import type { DataSummary, Frame, Plane } from "../protocol";

const COLUMNS = 12;
const ROWS = 2;

/** Shows what an item is: its picture, row, cluster, confidence and known class. */
export function showThumbnail(
  tip: HTMLElement,
  { rows, names, truth, thumbnails }: Plane,
  item: number,
  summary: DataSummary | undefined,
  frame: Frame | undefined,
): void {
  tip.replaceChildren();
  if (thumbnails) {
    const canvas = document.createElement("canvas");
    paint(canvas, thumbnails, [item], 1);
    tip.append(canvas);
  }
  const facts = [names ? nameOf(names, item) : `item ${rows[item]!.toLocaleString("en")}`];
  const label = frame?.labels?.[item];
  if (label !== undefined) facts.push(label < 0 ? "noise" : `cluster ${label}`);
  if (frame?.confidence && label !== undefined && label >= 0)
    facts.push(`confidence ${frame.confidence[item]!.toFixed(2)}`);
  if (truth && summary?.classes) facts.push(`known class ${summary.classes[truth[item]!]!}`);
  tip.append(facts.join(", "));
}

/** How many of some items each cluster and each known class has, in words. */
export function selectionInWords(
  items: readonly number[],
  { rows, truth }: Plane,
  frame: Frame | undefined,
  summary: DataSummary | undefined,
): string {
  const counted = (of: Int32Array, name: (group: number) => string): string => {
    const counts: number[] = [];
    for (const item of items) counts[1 + of[item]!] = (counts[1 + of[item]!] ?? 0) + 1; // noise, then the groups
    const order = Object.entries(counts).sort((a, b) => b[1] - a[1]);
    const shown = order.slice(0, 6).map(([group, count]) => `${name(Number(group) - 1)} ${count.toLocaleString("en")}`);
    return `${shown.join(", ")}${order.length > shown.length ? ` and ${order.length - shown.length} more` : ""}`;
  };
  const some = summary && summary.kind !== "cube" && rows.length < summary.n;
  const parts = [
    `${items.length.toLocaleString("en")}${some ? ` of the ${rows.length.toLocaleString("en")} shown` : ""} ${items.length === 1 && !some ? "item" : "items"} selected`,
  ];
  if (frame?.labels) parts.push(counted(frame.labels, (label) => (label < 0 ? "noise" : `cluster ${label}`)));
  if (truth && summary?.classes) parts.push(counted(truth, (at) => `class ${summary.classes![at]!}`));
  return `${parts.join("; ")}.`;
}

/** Rows of a table that are written at a stretch. */
const PIECE = 2000;

/** Some items as a table: names, rows, clusters and known classes. The page answers between pieces of it. */
export async function selectionTable(
  items: readonly number[],
  { rows, names, truth }: Plane,
  frame: Frame | undefined,
  classes: readonly string[] | undefined,
): Promise<string> {
  const known = truth && classes;
  const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const head = [...(names ? ["id"] : []), "row", ...(frame?.labels ? ["cluster"] : []), ...(known ? ["class"] : [])];
  const parts = [head.join(",")];
  for (let begin = 0; begin < items.length; begin += PIECE) {
    for (const item of items.slice(begin, begin + PIECE)) {
      const cells = [
        ...(names ? [quoted(nameOf(names, item))] : []),
        rows[item]!,
        ...(frame?.labels ? [frame.labels[item]!] : []),
        ...(known ? [quoted(classes[truth[item]!]!)] : []),
      ];
      parts.push(cells.join(","));
    }
    await turn();
  }
  return `${parts.join("\n")}\n`;
}

/** Pictures of some items; returns whether there are any. */
export function showPictures(canvas: HTMLCanvasElement, { thumbnails }: Plane, items: readonly number[]): boolean {
  if (!thumbnails || items.length === 0) return false;
  paint(canvas, thumbnails, items.slice(0, 2 * COLUMNS * ROWS), 2 * COLUMNS);
  return true;
}

/** The surest members of each cluster, none without pictures. Each cluster is a task of its own, so that the page answers between them. */
export async function membersShown(
  { thumbnails }: Plane,
  { labels, confidence, sizes }: Frame,
): Promise<HTMLElement[]> {
  if (!thumbnails || !labels) return [];
  const members = sizes.map((): number[] => []);
  labels.forEach((label, item) => members[label]?.push(item)); // noise has none
  const figures: HTMLElement[] = [];
  for (const [cluster, size] of sizes.entries()) {
    await turn();
    const own = members[cluster]!;
    if (confidence) own.sort((a, b) => confidence[b]! - confidence[a]!);
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    const swatch = Object.assign(document.createElement("i"), { className: "swatch" });
    swatch.style.background = clusterColour(cluster);
    const name = Object.assign(document.createElement("b"), { textContent: `Cluster ${cluster}` });
    caption.append(swatch, name, ` ${size.toLocaleString("en")} members`);
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Members of cluster ${cluster}`);
    paint(canvas, thumbnails, own.slice(0, COLUMNS * ROWS), COLUMNS);
    figure.append(caption, canvas);
    figures.push(figure);
  }
  return figures;
}
