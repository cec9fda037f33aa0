import type { Device } from "../device";
import { SparseMatrix } from "../sparse";
import { clusterRows, unitLength } from "../spectral/clusters";
import { spectralEmbedding } from "../spectral/laplacian";
import { assignLeftOver, components } from "./u-matrix";
import type { WinnerLinks } from "./u-matrix";

/** How a graph is cut. */
export interface GraphCutOptions {
  readonly nClusters: number;
  readonly seed: number;
  readonly device: Device;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Clusters of units by spectral clustering of their graph, in which two units weigh what rows have them as nearest and second nearest (Taşdemir, "Vector
 * quantization based approximate spectral clustering of large datasets", Pattern Recognition 45, 2012, with the similarity CONN of Taşdemir and Merényi, IEEE
 * TNN 20, 2009; eigenvectors and k-means as Ng, Jordan and Weiss 2002). Parts of the graph with less than a tenth of a cluster's fair share of rows, and
 * units of no row, take the cluster of the unit nearest to them by vector.
 */
export async function cutLinks(
  codebook: ArrayLike<number>,
  links: WinnerLinks,
  { nClusters, ...options }: GraphCutOptions,
): Promise<Int32Array<ArrayBuffer>> {
  const { units } = links;
  const pairs = [...links.pairs()];
  const near = Array.from({ length: units }, (): number[] => []);
  for (const [a, b] of pairs) {
    near[a]!.push(b);
    near[b]!.push(a);
  }
  const parts = components(
    units,
    (u) => near[u]!.length > 0,
    (u) => near[u]!,
  );
  const rows = new Float64Array(units);
  for (const [a, , count] of pairs) rows[parts[a]!]! += count;
  const least = links.total / nClusters / 10;
  const taken = Array.from(parts.keys()).filter((u) => parts[u]! >= 0 && rows[parts[u]!]! >= least);
  // a map of so few units that each is a cluster
  if (taken.length <= nClusters) {
    const labels = new Int32Array(units).fill(-1);
    taken.forEach((u, label) => (labels[u] = label));
    return taken.length > 0 ? assignLeftOver(codebook, labels) : new Int32Array(units);
  }
  const places = new Int32Array(units).fill(-1);
  taken.forEach((u, place) => (places[u] = place));
  const kept = pairs.filter(([a]) => places[a]! >= 0);
  const weights = SparseMatrix.fromEntries([taken.length, taken.length], {
    rows: kept.flatMap(([a, b]) => [places[a]!, places[b]!]),
    columns: kept.flatMap(([a, b]) => [places[b]!, places[a]!]),
    values: kept.flatMap(([, , count]) => [count, count]),
  });
  const { vectors } = await spectralEmbedding(weights, nClusters, { signal: options.signal });
  const found = await clusterRows(unitLength(vectors), { ...options, nClusters, nInit: 10 });
  return assignLeftOver(
    codebook,
    places.map((place) => (place < 0 ? -1 : found[place]!)),
  );
}
