// k-means from a checkpoint and with weights: loaded where there are some.
import { isObject } from "../../checks";
import type { Checkpoint } from "../../lifecycle/checkpoint";
import { HISTORY } from "../../lifecycle/progress";
import type { EpochRecord } from "../../lifecycle/progress";
import { checkSamePoints } from "../../lifecycle/same-points";
import { integer, optional, range } from "../../options";
import type { Matrix } from "../frame";
import type { LloydPasses } from "./lloyd";
import { hashOfPoints } from "../point-hash";
import type { PointSet } from "../streams/point-set";

export { takeWeights } from "./sample-weight";

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
  /** Σ of the points' weights, where they have some. */
  readonly weight: number | undefined;
  /** Of the points. */
  readonly hash: number | undefined;
}

/** Where a fit to points stands, amid passes over them. */
export async function standingAt(
  lloyd: LloydPasses,
  points: PointSet,
  at: Pick<Standing, "run" | "best" | "history" | "weight">,
): Promise<Standing> {
  const hash = await hashOfPoints(points);
  const [centers, labels] = await Promise.all([lloyd.centers(), lloyd.labels()]);
  return { ...at, centers, labels, origin: lloyd.origin, hash };
}

/** @throws unless points whose weights have that sum may be those of a fit that goes on with k centres */
export async function checkSame(before: Standing, k: number, points: PointSet, weight?: number): Promise<void> {
  const n = before.labels.length;
  const now = { n: points.n, d: points.d, hash: await hashOfPoints(points) };
  checkSamePoints("KMeans.fit", { n, d: before.centers.length / k, hash: before.hash }, now);
  if (before.weight !== weight)
    throw new Error(
      `KMeans.fit: a fit goes on with the same sampleWeight, a sum of ${before.weight ?? n} before, ${weight ?? n} now`,
    );
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
      weight: standing.entry("weight", optional(range(0))),
      hash: standing.entry("hash", optional(integer(0))),
      ...{ best: resultOf(within("best"), "best."), labels, centers },
      origin: vector("standing.origin", [centers.length / nClusters]),
    },
  ];
}
