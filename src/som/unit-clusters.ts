import { KMeans } from "../cluster/kmeans/kmeans";
import type { Device } from "../device";
import { NdArray } from "../ndarray";
import type { Grid } from "./grid";
import { assignLeftOver, twoWinnersLinkage, uMatrix, uMatrixComponents, uMatrixWatershed } from "./u-matrix";
import type { WinnerLinks } from "./u-matrix";
import { generate, mapTo } from "../typed-arrays";

/**
 * What makes clusters of the units of a map: `watershed` of the U-matrix, its connected `components` below a threshold, `linkage` of two winners, `k-means`
 * on the code book, `spectral` clustering of the links of two winners, or `units`, each its own.
 */
export type UnitClustering = "watershed" | "components" | "linkage" | "k-means" | "spectral" | "units";

/** Every name. */
export const UNIT_CLUSTERINGS = ["watershed", "components", "linkage", "k-means", "spectral", "units"] as const;

/** A trained map. */
export interface TrainedMap {
  readonly codebook: Float64Array;
  readonly grid: Grid;
  readonly hits: Int32Array;
  readonly links: WinnerLinks;
}

/** What a rule needs. */
export interface UnitClusteringOptions {
  readonly clustering: UnitClustering;
  /** Of `k-means` and `spectral`. */
  readonly nClusters?: number | undefined;
  /** Of `components`; default the median of the U-matrix. */
  readonly threshold?: number | undefined;
  /** Rows that link two winners. Default: a tenth of a fair share, rows over units, and 1 at least. */
  readonly minLinks?: number | undefined;
  readonly seed: number;
}

/** A cluster for each unit, from 0. Units that a rule leaves out take the cluster of the unit nearest to them by vector. */
export async function clusterUnits(
  { codebook, grid, hits, links }: TrainedMap,
  { clustering, nClusters, threshold, minLinks, seed }: UnitClusteringOptions,
  device: Device,
  signal?: AbortSignal,
): Promise<Int32Array<ArrayBuffer>> {
  const d = codebook.length / grid.units;
  switch (clustering) {
    case "units":
      return generate(Int32Array, grid.units, (unit) => unit);
    case "watershed":
      return uMatrixWatershed(codebook, grid).labels;
    case "components": {
      const { mean } = uMatrix(codebook, grid);
      const sorted = Float64Array.from(mean).sort();
      return uMatrixComponents(codebook, grid, threshold ?? sorted[Math.floor((sorted.length - 1) / 2)]!).assigned;
    }
    case "linkage": {
      const rows = hits.reduce((sum, count) => sum + count, 0);
      const least = minLinks ?? Math.max(1, Math.round(rows / grid.units / 10));
      return assignLeftOver(codebook, twoWinnersLinkage(links, least));
    }
    case "spectral": {
      const { cutLinks } = await import("./graph-cut");
      return cutLinks(codebook, links, { nClusters: nClusters!, seed, device, signal });
    }
    case "k-means": {
      const vectors = new NdArray(Float32Array.from(codebook), [grid.units, d]);
      return (await new KMeans({ nClusters: nClusters!, seed, device }).fit(vectors)).labels;
    }
  }
}

/** Mean vectors of clusters of units, weighted by their hits, [K, d]; of a cluster without hits the mean of its units. */
export function clusterMeans(codebook: Float64Array, hits: ArrayLike<number>, labels: Int32Array): NdArray {
  const d = codebook.length / labels.length;
  const k = labels.reduce((most, label) => Math.max(most, label), -1) + 1;
  const weights = new Float64Array(k);
  labels.forEach((label, unit) => (weights[label]! += hits[unit]!));
  const counts = new Float64Array(k);
  const sums = new Float64Array(k * d);
  labels.forEach((label, unit) => {
    const weight = weights[label]! > 0 ? hits[unit]! : 1;
    counts[label]! += weight;
    for (let c = 0; c < d; c++) sums[label * d + c]! += weight * codebook[unit * d + c]!;
  });
  return new NdArray(
    mapTo(Float32Array, sums, (sum, i) => sum / counts[Math.floor(i / d)]!),
    [k, d],
  );
}
