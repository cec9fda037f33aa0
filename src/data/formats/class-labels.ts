import { mapTo } from "../../typed-arrays";

/** Class labels. Integers are kept and `classes` is null; text is numbered in the order of `classes`, which is sorted. */
export interface ClassLabels {
  readonly labels: Int32Array;
  readonly classes: string[] | null;
}

const INTEGER = /^[+-]?\d+$/;

/** Labels written as text: integers of 32 bits stay themselves, anything else is numbered by sorted class name. */
export function encodeLabels(values: readonly string[]): ClassLabels {
  const numbers = values.map((v) => (INTEGER.test(v) ? Number(v) : NaN));
  if (numbers.every((n) => n === (n | 0))) return { labels: Int32Array.from(numbers), classes: null };
  const classes = [...new Set(values)].sort((a, b) => (a < b ? -1 : 1));
  const code = new Map(classes.map((name, i) => [name, i]));
  return { labels: mapTo(Int32Array, values, (v) => code.get(v)!), classes };
}
