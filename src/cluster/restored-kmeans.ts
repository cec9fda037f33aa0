// k-means from a checkpoint: loaded when one is.
import { isObject } from "../checks";
import type { Checkpoint } from "../lifecycle/checkpoint";
import { HISTORY } from "../lifecycle/progress";
import type { EpochRecord } from "../lifecycle/progress";
import { integer, range } from "../options";
import type { Matrix } from "./frame";

/** The result of the best run. */
export interface Result {
  readonly labels: Int32Array<ArrayBuffer>;
  readonly clusterCenters: Matrix;
  readonly inertia: number;
  readonly nIter: number;
  readonly history: readonly EpochRecord[];
}

/** Where a fit stands between two iterations. */
export interface Standing {
  readonly run: number;
  /** Of the runs before. */
  readonly best: Result | undefined;
  /** In the frame of the points, [k, d]. */
  readonly centers: Float32Array<ArrayBuffer>;
  readonly labels: Int32Array<ArrayBuffer>;
  /** Of `LloydPasses`. */
  readonly origin: Float32Array<ArrayBuffer> | undefined;
  readonly history: readonly EpochRecord[];
}

/** The result, and where a fit stands that did not end. @throws for what does not belong together, and where there is neither */
export function restoredKMeans(
  saved: Checkpoint,
  { nClusters, nInit }: { readonly nClusters: number; readonly nInit: number },
): [result: Result | undefined, standing: Standing | undefined] {
  const resultOf = (from: Checkpoint, prefix = ""): Result | undefined => {
    const labels = saved.labels(`${prefix}labels`, nClusters);
    const clusterCenters = saved.matrix(`${prefix}clusterCenters`, [nClusters, -1]);
    if (!labels || !clusterCenters) return undefined;
    return {
      ...{ labels, clusterCenters, inertia: from.entry("inertia", range(0)) },
      ...{ nIter: from.entry("nIter", integer(0)), history: from.entry("history", HISTORY) },
    };
  };
  const within = (name: string): Checkpoint => {
    const inner = saved.state[name];
    return saved.of(saved.arrays, isObject(inner) ? inner : {});
  };
  const vector = (name: string, shape: readonly number[]): Float32Array<ArrayBuffer> | undefined =>
    saved.array(name, shape)?.data as Float32Array<ArrayBuffer> | undefined;
  const result = resultOf(saved);
  const labels = saved.labels("standing.labels", nClusters, -1);
  const centers = vector("standing.centers", [nClusters, -1]);
  if (!labels || !centers) {
    if (!result) throw new Error("checkpoint: labels and clusterCenters must be there");
    return [result, undefined];
  }
  const standing = within("standing");
  return [
    result,
    {
      ...{ run: standing.entry("run", integer(0, nInit - 1)), history: standing.entry("history", HISTORY) },
      ...{ best: resultOf(within("best"), "best."), labels, centers },
      origin: vector("standing.origin", [centers.length / nClusters]),
    },
  ];
}
