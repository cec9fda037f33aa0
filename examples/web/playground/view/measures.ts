// The measures as cards.
import type { Frame } from "../protocol";

/** Shows how many clusters there are, and how well they fit the known classes. */
export function showMeasures({ measures, sizes, noise, labels, provisional, objects }: Frame): void {
  const found = sizes.filter((size) => size > 0).length;
  const name = provisional ? "clusters so far" : "clusters";
  const entries: [string, string][] = labels || objects !== undefined ? [[name, String(found)]] : [];
  if (objects !== undefined) entries.push(["objects", objects.toLocaleString("en")]);
  if (noise > 0) entries.push(["noise", noise.toLocaleString("en")]);
  const names: Record<string, string> = { ACC: "accuracy", NMI: "NMI", ARI: "adjusted Rand index" };
  for (const [name, value] of Object.entries(measures)) entries.push([names[name] ?? name, value.toFixed(3)]);
  document.getElementById("measures")!.replaceChildren(
    ...entries.map(([name, value]) => {
      const card = document.createElement("div");
      card.append(
        Object.assign(document.createElement("dt"), { textContent: name }),
        Object.assign(document.createElement("dd"), { textContent: value }),
      );
      return card;
    }),
  );
}
