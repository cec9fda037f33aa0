// How many clusters: what --clusters says beside a number, and the search for it.
import { isWhole } from "../../checks";
import { chooseK, makerOf } from "../../methods";
import type { AnyMethod, ChosenK, RunTask } from "../../methods";
import type { Rule } from "../../options";
import { Interrupted } from "./interrupt";
import type { ProgressDisplay } from "../progress";
import type { Items } from "../data/scaling";

/** A number, or which ones are tried: 2..12, or auto. */
export type Clusters = number | string;

const RANGE = /^(\d{1,9})\.\.(\d{1,9})$/;
/** What auto is, as far as there are rows. */
const AUTO = [2, 12] as const;

function spelledRange(text: string): readonly [least: number, most: number] | undefined {
  const [, least, most] = RANGE.exec(text) ?? [];
  return least === undefined ? undefined : [Number(least), Number(most)];
}

/** What --clusters must be. */
export const CLUSTERS: Rule<Clusters> = {
  words: "a whole number from 1, a range as 2..12 with the lower one first, or auto",
  holds: (value) => {
    if (typeof value !== "string") return isWhole(value as number, 1);
    const [least, most] = spelledRange(value) ?? [];
    return value === "auto" || (isWhole(least!, 1) && isWhole(most!, Math.max(2, least!)));
  },
  spelled: {
    as: "text",
    placeholder: "K|A..B|auto",
    parse: (text) => (/^\d+$/.test(text) ? Number(text) : text),
  },
};

/** What a search found, without the labels. */
export interface FoundNumber extends Omit<ChosenK, "labels"> {
  /** As --clusters said it. */
  readonly asked: string;
}

/** The least and the greatest number that are tried. @throws where there are too few rows for them */
export function rangeOf(asked: string, n: number): readonly [number, number] {
  const range = spelledRange(asked);
  if (range && range[1] >= n) throw new Error(`--clusters must end below the number of rows, ${n}, got ${asked}`);
  if (!range && n <= AUTO[0]) throw new Error(`--clusters auto needs three rows or more, got ${n}`);
  return range ?? [AUTO[0], Math.min(AUTO[1], n - 1)];
}

/** Tries the numbers that are asked for. @throws Interrupted after a signal: nothing is kept of a search */
export async function findNumber(
  asked: string,
  method: AnyMethod,
  {
    progress,
    again,
    ...task
  }: Pick<RunTask, "options" | "data" | "device" | "signal"> & {
    readonly x: Items;
    readonly progress: ProgressDisplay;
    /** The command that begins anew. */
    readonly again: string;
  },
): Promise<FoundNumber> {
  const { x, data, device, signal, options } = task;
  try {
    const { labels: _, ...found } = await chooseK(makerOf(method, task), x, rangeOf(asked, data.n), {
      ...{ device, seed: options["seed"] as number, ...(signal && { signal }) },
      onStep: (done, total) => progress.update({ stage: "how many", done, total }),
    });
    return { asked, ...found };
  } catch (error) {
    if (!signal?.aborted) throw error;
    throw new Interrupted(
      `interrupted while numbers of clusters were tried, of which nothing is kept; begin anew with: ${again}`,
      signal.reason,
    );
  } finally {
    progress.stop();
  }
}
