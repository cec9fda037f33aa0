// How many clusters: the search for it.
import { chooseK, makerOf, rangeOf } from "../../methods";
import type { AnyMethod, FoundNumber, RunTask } from "../../methods";
import { Interrupted } from "./interrupt";
import type { ProgressDisplay } from "../progress";
import type { Items } from "../data/scaling";

/** What messages about it begin with. */
export const CLUSTERS_FLAG = "--clusters";

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
    const { labels: _, ...found } = await chooseK(makerOf(method, task), x, rangeOf(asked, data.n, CLUSTERS_FLAG), {
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
