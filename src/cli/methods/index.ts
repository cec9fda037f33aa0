import { dbscan, kmeans, miniBatchKMeans } from "./classical";
import { dec, idec } from "./deep";
import { deepCluster, onlineDeepCluster, selfLabeling } from "./self-supervised";
import { kebab, spell, type OptionSpec } from "../option";
import type { Method } from "./task";

/** The methods by the names that `--method` takes. */
export const METHODS: Readonly<Record<string, Method>> = {
  kmeans,
  "mini-batch-kmeans": miniBatchKMeans,
  dbscan,
  dec,
  idec,
  "deep-cluster": deepCluster,
  "online-deep-cluster": onlineDeepCluster,
  "self-labeling": selfLabeling,
};

/** Each option once, with the methods that take it, what it means and what it is by default. */
export function methodOptions(): { spec: OptionSpec; methods: string[]; help: string }[] {
  const found = new Map<string, { spec: OptionSpec; methods: string[]; meanings: Map<string, string[]> }>();
  for (const [method, { options, defaults }] of Object.entries(METHODS))
    for (const spec of options) {
      const entry = found.get(spec.name) ?? { spec, methods: [], meanings: new Map<string, string[]>() };
      found.set(spec.name, entry);
      entry.methods.push(method);
      const meaning = `${spec.help} (default ${spell(defaults[spec.name] ?? "none")})`;
      entry.meanings.set(meaning, [...(entry.meanings.get(meaning) ?? []), method]);
    }
  return [...found.values()].map(({ spec, methods, meanings }) => {
    const help = [...meanings].map(([meaning, names]) => `${names.join(", ")}: ${meaning}`).join("; ");
    return { spec, methods, help };
  });
}

/** Throws for the first of the given options that the method does not take. */
export function checkOptionsOf(method: string, given: Readonly<Record<string, unknown>>): void {
  for (const { spec, methods } of methodOptions())
    if (given[spec.name] !== undefined && !methods.includes(method))
      throw new Error(`--${kebab(spec.name)} is an option of ${methods.join(", ")}, not of ${method}`);
}
