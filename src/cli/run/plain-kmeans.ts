import { KMeans } from "../../cluster";
import type { RowSource } from "../../data/datasets/row-source";
import type { Device } from "../../device";
import type { StageResult } from "../../methods";
import { adjustedRandIndex } from "../../metrics";
import { headline } from "../../metrics/measures";
import type { Items } from "../data/scaling";
import { stepProgress, type ProgressDisplay } from "../progress";

/** What plain k-means finds in the items that a network was trained on. */
export interface PlainKMeans {
  readonly stage: StageResult;
  /** Adjusted Rand index of the two clusterings: 1 where the network changed nothing. */
  readonly agreement: number;
}

/** Runs, of which the best is kept. */
const RUNS = 10;

/** k-means of the items themselves: what every deep clustering is held against. */
export async function plainKMeans(
  x: Items | RowSource,
  labels: Int32Array,
  {
    truth,
    ...options
  }: {
    readonly truth: ArrayLike<number> | undefined;
    readonly nClusters: number;
    readonly seed: number;
    readonly device: Device;
    readonly signal: AbortSignal;
    readonly progress: ProgressDisplay;
  },
): Promise<PlainKMeans> {
  const { signal, progress, ...ofModel } = options;
  const begin = performance.now();
  const kmeans = await new KMeans({ ...ofModel, nInit: RUNS }).fit(x, {
    signal,
    onStep: (report) => progress.update(stepProgress(report, { stage: "plain k-means" })),
  });
  progress.stop();
  const seconds = (performance.now() - begin) / 1000;
  const measures = truth ? headline(truth, kmeans.labels) : {};
  const agreement = adjustedRandIndex(kmeans.labels, labels);
  kmeans.dispose();
  return { stage: { name: "k-means of the items", measures, seconds }, agreement };
}
