// Runs of Lloyd's algorithm to their end, and the best of several of points that lie on a device.
import { stream } from "../../random";
import type { Tensor } from "../../tensor";
import { meanVariance } from "./centers";
import { plusPlusRows } from "./kmeans-init";
import { Lloyd } from "./lloyd";
import type { LloydPasses, Pass } from "./lloyd";
import { readRows } from "../points";

/** Iterations of a run at most, and the part of the mean variance of the features that the centres' squared shift must be above, where nothing else is asked for. */
export const [MAX_ITER, TOLERANCE] = [300, 1e-4];

/** Where a run ends, and what is done between its iterations. */
interface RunEnds {
  readonly maxIter: number;
  /** The centres' squared shift at which they rest. */
  readonly threshold: number;
  /** Iterations of the same run that were made before. */
  readonly begun?: number;
  /** Before an iteration; where it throws, the run ends. */
  readonly before?: (() => void | Promise<void>) | undefined;
  readonly after?: (pass: Pass) => void;
}

/** The passes that a run makes. */
export type RunPasses = Pick<LloydPasses, "iterate" | "settle" | "labels" | "inertia" | "centers">;

/** What a run came to: labels that agree with the centres, as the passes have them. */
export interface Run {
  readonly labels: Int32Array<ArrayBuffer>;
  /** [k, d] */
  readonly centers: Float32Array<ArrayBuffer>;
  /** Σ ‖x − c‖² */
  readonly inertia: number;
}

/** Lloyd's algorithm from where the centres are, until labels repeat, the centres rest or the iterations are used up. */
export async function runLloyd(
  lloyd: RunPasses,
  { maxIter, threshold, begun = 0, before, after }: RunEnds,
): Promise<Run> {
  let settled = false;
  for (let iteration = begun; iteration < maxIter; iteration++) {
    await before?.();
    const pass = await lloyd.iterate(true, threshold, maxIter - iteration);
    after?.(pass);
    settled = pass.changed === 0 && pass.shift === 0;
    if (pass.changed === 0 || pass.shift <= threshold) break;
  }
  if (!settled) await lloyd.settle(); // the labels of the centres as they are now
  const [labels, inertia, centers] = await Promise.all([lloyd.labels(), lloyd.inertia(), lloyd.centers()]);
  return { labels, centers, inertia };
}

/** Where the random numbers of a run come from. */
export const randomOfRun = (seed: number, run: number): ReturnType<typeof stream> => stream(seed, "KMeans.run", run);

/**
 * k-means of points x [n, d] on their device, as they are: what `KMeans` finds of points that need no frame, without what it keeps for later. For methods that
 * begin with clusters.
 * @throws the signal's reason when aborted
 */
export async function bestRun(
  x: Tensor,
  { k, nInit, seed, signal }: { k: number; nInit: number; seed: number; signal?: AbortSignal },
): Promise<Run> {
  const threshold = TOLERANCE * (await meanVariance(x));
  const before = (): void => signal?.throwIfAborted();
  const lloyd = new Lloyd(x, k);
  try {
    let best: Run | undefined;
    for (let run = 0; run < nInit; run++) {
      before();
      lloyd.setCenters(await readRows(x, await plusPlusRows(x, k, randomOfRun(seed, run))));
      const result = await runLloyd(lloyd, { maxIter: MAX_ITER, threshold, before });
      if (!best || result.inertia < best.inertia) best = result;
    }
    return best!;
  } finally {
    lloyd.dispose();
  }
}
