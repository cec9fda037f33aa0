// Tables 6 and 9 of "Learning to Cluster" (Meier 2018): scores of random clusterings, and of k-means and DBSCAN on generated points.
import { generatePoints } from "constella/data";
import type { Device, Random } from "constella";
import { dbscan, kmeans2, kmeansPlusPlus, standardizeColumns, type Baseline } from "./baselines";
import { estimate, MEASURES, score, type Estimates, type Scores } from "../scores";

/** Clusters of the experiments: one to five. */
const COUNTS = [1, 2, 3, 4, 5];

/** n labels 0 … k − 1 in random order: each twice, the rest uniform. */
export function randomLabels(n: number, k: number, random: Random): Int32Array {
  const order = random.permutation(n);
  const labels = new Int32Array(n);
  order.forEach((to, i) => (labels[to] = i < 2 * k ? i % k : random.integer(k)));
  return labels;
}

/**
 * Table 6: two independent labellings of n items, both with exactly k clusters; for k = 1 … 5 the mean over `repeats` pairs, then the
 * mean of these five. The error is, as in the thesis, the deviation of the five means / √(5 · repeats).
 */
export function randomClusterings(n: number, repeats: number, random: Random): Estimates {
  const byCount = COUNTS.map((k) => {
    const scores = Array.from({ length: repeats }, () => score(randomLabels(n, k, random), randomLabels(n, k, random)));
    return estimate(scores);
  });
  const of = (measure: keyof Scores) => {
    const means = byCount.map((estimates) => estimates[measure].mean);
    const mean = means.reduce((sum, value) => sum + value / means.length, 0);
    const variance = means.reduce((sum, value) => sum + (value - mean) ** 2 / means.length, 0);
    return { mean, error: Math.sqrt(variance / (means.length * repeats)) };
  };
  const [nmi, bbn, mrGreedy, mr] = MEASURES.map(of);
  return { nmi: nmi!, bbn: bbn!, mrGreedy: mrGreedy!, mr: mr! };
}

/** Names of the rows of table 9. */
export const ROWS = { kmeans2: "k-means, one run", plusPlus: "k-means++, best of ten", dbscan: "DBSCAN" } as const;

/** Table 9: k-means told the true number of clusters, and DBSCAN, on sets of 72 points by the generator of the thesis. */
export async function generatedPoints(
  sets: number,
  random: Random,
  device: Device,
): Promise<Record<keyof typeof ROWS, Estimates>> {
  const methods: Record<keyof typeof ROWS, Baseline> = {
    kmeans2: (points, k) => kmeans2(points, k, random),
    plusPlus: kmeansPlusPlus(device),
    dbscan,
  };
  const scores: Record<keyof typeof ROWS, Scores[]> = { kmeans2: [], plusPlus: [], dbscan: [] };
  for (let i = 0; i < sets; i++) {
    const k = COUNTS[i % COUNTS.length]!;
    const { points, labels } = generatePoints({ k, random, overlapping: true });
    const standardized = standardizeColumns(points.data);
    for (const name of Object.keys(methods) as (keyof typeof ROWS)[])
      scores[name].push(score(labels, await methods[name](standardized, k)));
  }
  return {
    kmeans2: estimate(scores.kmeans2),
    plusPlus: estimate(scores.plusPlus),
    dbscan: estimate(scores.dbscan),
  };
}
