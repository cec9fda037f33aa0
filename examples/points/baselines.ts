// What the learned model is held against: k-means that is told the number of clusters, and DBSCAN.
import { DBSCAN, KMeans, NdArray } from "constella";
import type { Device, Random } from "constella";

/** A clustering of points [n, 2], x, y, x, y, …; k is the true number of clusters. */
export type Baseline = (points: Float32Array, k: number) => Int32Array | Promise<Int32Array>;

/** Both columns of points brought to mean 0 and variance 1, each by itself, as scikit-learn's `StandardScaler` does. */
export function standardizeColumns(points: Float32Array): Float32Array {
  const n = points.length / 2;
  const mean = [0, 0];
  points.forEach((value, i) => (mean[i % 2]! += value / n));
  const variance = [0, 0];
  points.forEach((value, i) => (variance[i % 2]! += (value - mean[i % 2]!) ** 2 / n));
  return points.map((value, i) => (value - mean[i % 2]!) / (Math.sqrt(variance[i % 2]!) || 1));
}

/** Of the points, the row of the centre nearest to each. */
function nearest(points: Float32Array, centers: readonly (readonly [number, number])[]): Int32Array {
  const distance = (i: number, [x, y]: readonly [number, number]): number =>
    (points[2 * i]! - x) ** 2 + (points[2 * i + 1]! - y) ** 2;
  return Int32Array.from({ length: points.length / 2 }, (_, i) => {
    const distances = centers.map((center) => distance(i, center));
    return distances.indexOf(Math.min(...distances));
  });
}

/**
 * k-means as SciPy's `kmeans2` does it by default: one run of ten iterations from centres that are drawn from a normal distribution
 * with the points' mean and covariance; a centre without points stays where it is.
 */
export function kmeans2(points: Float32Array, k: number, random: Random): Int32Array {
  const n = points.length / 2;
  const mean = [0, 0];
  points.forEach((value, i) => (mean[i % 2]! += value / n));
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [points[2 * i]! - mean[0]!, points[2 * i + 1]! - mean[1]!];
    xx += (x * x) / (n - 1);
    xy += (x * y) / (n - 1);
    yy += (y * y) / (n - 1);
  }
  // Cholesky factor of the covariance
  const a = Math.sqrt(xx);
  const b = a > 0 ? xy / a : 0;
  const c = Math.sqrt(Math.max(0, yy - b * b));
  let centers = Array.from({ length: k }, (): readonly [number, number] => {
    const [u, v] = [random.normal(), random.normal()];
    return [mean[0]! + a * u, mean[1]! + b * u + c * v];
  });
  let labels = nearest(points, centers);
  for (let iteration = 0; iteration < 10; iteration++) {
    labels = nearest(points, centers);
    const sums = centers.map(() => [0, 0, 0] as [number, number, number]);
    labels.forEach((label, i) => {
      const sum = sums[label]!;
      sum[0] += points[2 * i]!;
      sum[1] += points[2 * i + 1]!;
      sum[2]++;
    });
    centers = centers.map((center, l) => {
      const [x, y, count] = sums[l]!;
      return count > 0 ? [x / count, y / count] : center;
    });
  }
  return labels;
}

/** k-means by greedy k-means++, the best of ten runs. */
export const kmeansPlusPlus =
  (device: Device): Baseline =>
  async (points, k) =>
    new KMeans({ nClusters: k, device }).fitPredict(new NdArray(points, [points.length / 2, 2]));

/** Settings of DBSCAN for points that are standardised. */
export interface DbscanSettings {
  readonly eps: number | "knee" | "stable";
  readonly minSamples: number;
}

/** Those of the thesis. */
export const THESIS: DbscanSettings = { eps: 0.3, minSamples: 10 };

/** Those of the largest mean NMI on 300 labelled sets of the kind that the model is trained on, of seed 101 (`tune-dbscan.ts`). */
export const TUNED: DbscanSettings = { eps: 0.45, minSamples: 3 };

/** Core points are those with this many points in reach where eps is found set by set: twice the dimensions (Sander, Ester, Kriegel and Xu 1998). */
export const KNEE_SAMPLES = 4;

const runDbscan = (points: Float32Array, settings: DbscanSettings): Promise<Int32Array> =>
  new DBSCAN(settings).fitPredict(new NdArray(points, [points.length / 2, 2]));

/** DBSCAN of given settings; noise, −1, counts as a cluster. It finds the number of clusters itself. */
export const dbscanOf =
  (settings: DbscanSettings): Baseline =>
  (points) =>
    runDbscan(points, settings);

/** DBSCAN with the settings of the thesis. */
export const dbscan = dbscanOf(THESIS);

/** DBSCAN with the eps where each set's distances to the third neighbour bend: no labels, no number of clusters. */
export const dbscanKnee: Baseline = (points) => runDbscan(points, { eps: "knee", minSamples: KNEE_SAMPLES });

/** The same with the eps amid the first wide range that finds as many clusters. */
export const dbscanStable: Baseline = (points) => runDbscan(points, { eps: "stable", minSamples: KNEE_SAMPLES });

/** The settings of the largest mean score on labelled sets, of a grid. */
export async function tuneDbscan(
  sets: readonly { readonly points: Float32Array; readonly labels: Int32Array }[],
  score: (truth: Int32Array, found: Int32Array) => number,
): Promise<DbscanSettings & { readonly mean: number }> {
  let best: (DbscanSettings & { readonly mean: number }) | undefined;
  for (let step = 2; step <= 30; step++)
    for (let minSamples = 1; minSamples <= 12; minSamples++) {
      const settings = { eps: step / 20, minSamples };
      let sum = 0;
      for (const { points, labels } of sets) sum += score(labels, await runDbscan(points, settings));
      const mean = sum / sets.length;
      if (!best || mean > best.mean) best = { ...settings, mean };
    }
  return best!;
}
