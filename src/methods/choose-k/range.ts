// How many clusters are asked for where more than one number will do: the words of the command line and of forms.
import { isWhole } from "../../checks";
import type { Rule } from "../../options";
import type { ChosenK } from "./index";

/** A number of clusters, or which numbers are tried: `2..12`, or `auto`. */
export type Clusters = number | string;

/** What a search found, without the labels. */
export interface FoundNumber extends Omit<ChosenK, "labels"> {
  /** What was asked for: `2..12`, `auto`. */
  readonly asked: string;
}

const RANGE = /^(\d{1,9})\.\.(\d{1,9})$/;
/** What auto is, as far as there are rows. */
const AUTO = [2, 12] as const;

function spelledRange(text: string): readonly [least: number, most: number] | undefined {
  const [, least, most] = RANGE.exec(text) ?? [];
  return least === undefined ? undefined : [Number(least), Number(most)];
}

/** The rule of a number of clusters that may be searched for: a whole number from 1 to `most` (default: any), a range of such numbers as `2..12`, or `auto`. */
export const clustersRule = (most = Infinity): Rule<Clusters> => ({
  words: `a whole number from 1${most < Infinity ? ` to ${most}` : ""}, a range as 2..12 with the lower one first, or auto`,
  holds: (value) => {
    if (typeof value !== "string") return isWhole(value as number, 1) && (value as number) <= most;
    const [first, last] = spelledRange(value) ?? [];
    return value === "auto" || (isWhole(first!, 1) && isWhole(last!, Math.max(2, first!)) && last! <= most);
  },
  spelled: {
    as: "text",
    placeholder: "K|A..B|auto",
    parse: (text) => (/^\d+$/.test(text) ? Number(text) : text),
  },
});

/**
 * The least and the greatest number that are tried: of `auto` 2 to 12, as far as there are rows.
 * @param asked a range that keeps the rule, or `auto` @param n rows @param subject what the messages begin with, as `--clusters`
 * @throws where there are too few rows for them
 */
export function rangeOf(asked: string, n: number, subject: string): readonly [least: number, most: number] {
  const range = spelledRange(asked);
  if (range && range[1] >= n) throw new Error(`${subject} must end below the number of rows, ${n}, got ${asked}`);
  if (!range && n <= AUTO[0]) throw new Error(`${subject} auto needs three rows or more, got ${n}`);
  return range ?? [AUTO[0], Math.min(AUTO[1], n - 1)];
}
