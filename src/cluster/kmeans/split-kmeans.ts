import type { Random } from "../../random";
import type { RowSource } from "../../data/datasets/row-source";
import type { Device } from "../../device";
import { requestDevice } from "../../request-device";
import { Tensor } from "../../tensor";
import { Frame } from "../frame";
import { randomRows } from "./kmeans-init";
import { onDevice, withSource } from "../streams/point-set";
import type { PointSet } from "../streams/point-set";

/** What `splitKMeans` finds. */
export interface SplitKMeansResult {
  /** [n] */
  readonly labels: Int32Array;
  /** [k, d] */
  readonly centers: Float32Array;
}

/** Relative distance at which the two halves of a split cluster begin. */
const APART = 1 / 1024;

/**
 * k-means as DeepCluster and online deep clustering use it (Johnson, Douze and Jégou, "Billion-scale similarity search with
 * GPUs", 2019, as its library does it): from random points, a fixed number of iterations, and an empty cluster takes over half of
 * another one, drawn in proportion to its size less one, whose centre the two share up to a factor of 1 ± 1/1024 by turns.
 * Ends early only when nothing changes. A cluster may be empty after the last assignment.
 * @param x points [n, d], n ≥ k; a source is read once an iteration
 */
export async function splitKMeans(
  x: Tensor | RowSource,
  k: number,
  options: SplitKMeansOptions,
): Promise<SplitKMeansResult> {
  if (x instanceof Tensor) return split(onDevice(x, new Frame(undefined, 1)), k, options);
  const rest = async (): Promise<void> => options.signal?.throwIfAborted();
  const deviceFor = async (): Promise<Device> => options.device ?? requestDevice();
  return withSource(x, deviceFor, "splitKMeans", (points) => split(points, k, options), rest);
}

/** Options of `splitKMeans`. */
interface SplitKMeansOptions {
  readonly maxIter?: number;
  readonly random: Random;
  readonly signal?: AbortSignal | undefined;
  /** For the rows of a source. */
  readonly device?: Device;
}

async function split(
  points: PointSet,
  k: number,
  { maxIter = 20, random, signal }: SplitKMeansOptions,
): Promise<SplitKMeansResult> {
  const lloyd = await points.lloyd(k);
  try {
    lloyd.setCenters(await points.read(Uint32Array.from(randomRows(lloyd.n, k, random))));
    for (let iteration = 0; iteration < maxIter; iteration++) {
      signal?.throwIfAborted();
      const { counts, changed, shift } = await lloyd.iterate(false);
      if (counts.includes(0)) {
        const centers = await lloyd.centers();
        splitInto(centers, counts, lloyd.d, random);
        lloyd.setCenters(centers);
      } else if (changed === 0 && shift === 0) break;
    }
    await lloyd.settle();
    const [labels, centers] = await Promise.all([lloyd.labels(), lloyd.centers()]);
    return { labels, centers: Float32Array.from(points.frame.back(centers, [k, lloyd.d]).data) };
  } finally {
    lloyd.dispose();
  }
}

/** Gives each empty cluster half of another; changes both lists. Clusters of one point are never split. */
function splitInto(centers: Float32Array, counts: Float32Array, d: number, random: Random): void {
  counts.forEach((count, to) => {
    if (count > 0) return;
    let chance = random.uniform() * counts.reduce((sum, size) => sum + Math.max(0, size - 1), 0);
    const from = counts.findIndex((size) => (chance -= Math.max(0, size - 1)) < 0);
    if (from < 0) return; // nothing can be split
    for (let i = 0; i < d; i++) {
      const value = centers[from * d + i]!;
      const apart = i % 2 === 0 ? APART : -APART;
      centers[to * d + i] = value * (1 + apart);
      centers[from * d + i] = value * (1 - apart);
    }
    counts[to] = Math.floor(counts[from]! / 2);
    counts[from]! -= counts[to]!;
  });
}
