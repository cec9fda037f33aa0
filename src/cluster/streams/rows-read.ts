// What principal components keep of a source that they are reading: loaded where one is given.
import type { Checkpoint } from "../../lifecycle/checkpoint";
import { isObject, isWhole } from "../../checks";
import type { Rule } from "../../options";
import type { ReadSoFar } from "./axes";

const FIGURES = ["low", "high", "mean", "squares"] as const;
const isCount = (value: unknown): boolean => value === undefined || isWhole(value as number, 0);
const READ: Rule = {
  words: "an object with n, passes and row",
  holds: (value) =>
    isObject(value) && isWhole(value["n"] as number, 2) && isCount(value["passes"]) && isCount(value["row"]),
};

/** What was read of rows [n, d] before. @throws where it was of others */
export function sameRows(before: ReadSoFar | undefined, n: number, d: number): ReadSoFar | undefined {
  if (before && (before.n !== n || before.mean.length !== d))
    throw new Error(
      `PCA.fit: a fit goes on with the same rows, [${before.n}, ${before.mean.length}] before, [${n}, ${d}] now`,
    );
  return before;
}

/** Vectors and state of a checkpoint. */
export function keptReading({ n, passes, ...survey }: ReadSoFar): {
  readonly arrays: Readonly<Record<string, Float32Array | Float64Array>>;
  readonly state: object;
} {
  const arrays: Record<string, Float32Array | Float64Array> = {};
  for (const name of FIGURES) arrays[`read.${name}`] = survey[name];
  if (passes) arrays["read.sums"] = passes.sums;
  if (passes?.directions) arrays["read.directions"] = passes.directions;
  return { arrays, state: { read: { n, ...(passes && { passes: passes.passes, row: passes.row }) } } };
}

/** What `keptReading` gave. @throws for what does not belong together */
export function restoredReading(saved: Checkpoint): ReadSoFar {
  const read = saved.entry<{ n: number; passes?: number; row?: number }>("read", READ);
  const d = saved.arrays["read.mean"]?.data.length ?? 0;
  const [low, high, mean, squares] = FIGURES.map((name) => saved.numbers(`read.${name}`, d));
  const [sums, directions] = [saved.arrays["read.sums"], saved.arrays["read.directions"]];
  const survey = { n: read.n, low: low!, high: high!, mean: mean!, squares: squares! };
  if (read.passes === undefined || read.row === undefined || !sums) return survey;
  if (directions && directions.data.length % d !== 0)
    throw new Error(`checkpoint: read.directions must be of ${d} columns, got ${directions.data.length} numbers`);
  const { passes, row } = read;
  const kept = { passes, row, sums: Float64Array.from(sums.data) };
  return {
    ...survey,
    passes: directions ? { ...kept, directions: Float32Array.from(directions.data) } : kept,
  };
}
