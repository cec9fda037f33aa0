// Clusters of new items.
import { saveFile } from "./files";
import type { Answer } from "./protocol";

const element = (id: string): HTMLElement => document.getElementById(id)!;

/** What was found of new items, kept to be saved. */
let table = "";

/** Says how many new items went where, and offers them as a table. */
export function showPredicted({ name, sizes, noise, csv }: Extract<Answer, { type: "predicted" }>): void {
  table = csv;
  const n = sizes.reduce((sum, size) => sum + size, noise);
  const counts = sizes.flatMap((size, cluster) =>
    size > 0 ? [`cluster ${cluster} ${size.toLocaleString("en")}`] : [],
  );
  if (noise > 0) counts.push(`noise ${noise.toLocaleString("en")}`);
  element("predicted").textContent =
    `${name}: ${n.toLocaleString("en")} new ${n === 1 ? "item" : "items"}; ${counts.join(", ")}.`;
  element("predicted-save").hidden = false;
}

/** Takes back what was said of others. */
export function forgetPredicted(): void {
  element("predicted").textContent = "";
  element("predicted-save").hidden = true;
}

element("predicted-save").addEventListener("click", () => saveFile("new-items.csv", "text/csv", table));
