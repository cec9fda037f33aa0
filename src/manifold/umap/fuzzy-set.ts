import type { Neighbours } from "../../neighbours/knn";
import { SparseMatrix } from "../../sparse";
import { symmetrized } from "../../spectral/affinity";
import { yieldWhenDue } from "../../event-loop";
import { mapTo } from "../../typed-arrays";

/** Mean distances between which widths are sought from 1 on, as umap-learn does; from the mean itself where it is smaller or larger. */
const [SHORT, LONG] = [2 ** -20, 2 ** 20];
/** Least width of a neighbourhood, as a share of its mean distance. */
const LEAST = 1e-3;

/**
 * Strengths exp(−max(0, d − ρ) / σ) with which points belong to each other's neighbourhoods: ρ the distance to the nearest one apart, σ such that they sum
 * to log₂ k (McInnes, Healy and Melville, "UMAP", 2018, section 3.1 and algorithm 3). `neighbours` without the points themselves; k counts them.
 */
export async function memberships({ indices, distances }: Neighbours, k: number): Promise<Float64Array<ArrayBuffer>> {
  const [n, others] = indices.shape as [number, number];
  const target = Math.log2(k);
  let overall = 0;
  for (const distance of distances.data) overall += distance / distances.size;
  const first = overall > SHORT && overall < LONG ? 1 : overall || 1;
  const strengths = new Float64Array(n * others);
  for (let i = 0; i < n; i++) {
    const row = distances.data.subarray(i * others, (i + 1) * others);
    const rho = row.find((distance) => distance > 0) ?? 0;
    let [low, high, sigma] = [0, Infinity, first];
    for (let step = 0; step < 64; step++) {
      let sum = 0;
      for (const distance of row) sum += distance > rho ? Math.exp(-(distance - rho) / sigma) : 1;
      if (Math.abs(sum - target) < 1e-5) break;
      if (sum > target) high = sigma;
      else low = sigma;
      sigma = high === Infinity ? sigma * 2 : (low + high) / 2;
    }
    const mean = rho > 0 ? row.reduce((sum, distance) => sum + distance, 0) / k : overall;
    sigma = Math.max(sigma, LEAST * mean) || 1;
    row.forEach(
      (distance, e) => (strengths[i * others + e] = distance > rho ? Math.exp(-(distance - rho) / sigma) : 1),
    );
    if (i % 64 === 0) await yieldWhenDue();
  }
  return strengths;
}

/** The union a + b − ab of both directions: the symmetric graph that the layout follows. */
export async function fuzzyGraph(neighbours: Neighbours, k: number): Promise<SparseMatrix> {
  return symmetrized(neighbours, await memberships(neighbours, k), (a, b) => a + b - a * b);
}

/** The graph without edges that would not be sampled in so many epochs, and the epochs between two samples of each. */
export function sampledEdges(
  graph: SparseMatrix,
  epochs: number,
): { readonly graph: SparseMatrix; readonly periods: Float32Array<ArrayBuffer> } {
  let strongest = 0;
  for (const value of graph.data) if (value > strongest) strongest = value;
  const [starts, columns, values] = [graph.indptr.slice(), graph.indices.slice(), graph.data.slice()];
  let at = 0;
  for (let i = 0; i < graph.shape[0]; i++) {
    for (let p = graph.indptr[i]!; p < graph.indptr[i + 1]!; p++) {
      if (!(graph.data[p]! >= strongest / epochs)) continue;
      columns[at] = graph.indices[p]!;
      values[at++] = graph.data[p]!;
    }
    starts[i + 1] = at;
  }
  const kept = SparseMatrix.ofParts(graph.shape, starts, columns.slice(0, at), values.slice(0, at));
  return { graph: kept, periods: mapTo(Float32Array, kept.data, (value) => strongest / value) };
}
