import { UMAP } from "umap-js";
import { pause } from "../../turn";
import type { Projection } from "../sections/run";
import { sampleRows, uniformNumbers } from "../sections/sample";

/** Options of the UMAP projection. */
export interface UmapOptions {
  /** of the sampling, the first positions and the layout; the same seed gives the same picture (default 0) */
  readonly seed?: number;
  /** rows beyond this many are left out, chosen at random by the seed (default 3000) */
  readonly maxPoints?: number;
  /** k of the neighbour graph (default 15) */
  readonly nNeighbors?: number;
  /** smallest distance of two points in the picture (default 0.1) */
  readonly minDist?: number;
  /** rounds of the layout (default 300) */
  readonly nEpochs?: number;
  /** first positions [n, 2], as PCA gives them: they keep the large-scale arrangement that random ones lose */
  readonly init?: ArrayLike<number>;
  /** called after each round */
  readonly onEpoch?: (epoch: number, nEpochs: number) => void;
  readonly signal?: AbortSignal;
}

/** The k nearest rows of each row (itself first, at distance 0) by exact Euclidean distance. */
function nearestRows(x: Float64Array, n: number, d: number, k: number): { indices: number[][]; distances: number[][] } {
  const indices: number[][] = [];
  const distances: number[][] = [];
  const squared = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let c = 0; c < d; c++) {
        const difference = x[i * d + c]! - x[j * d + c]!;
        sum += difference * difference;
      }
      squared[j] = sum;
    }
    squared[i] = -1; // itself comes first, before its duplicates
    const nearest: number[] = [];
    for (let j = 0; j < n; j++) {
      if (nearest.length === k && squared[j]! >= squared[nearest[k - 1]!]!) continue;
      let at = nearest.length;
      while (at > 0 && squared[nearest[at - 1]!]! > squared[j]!) at--;
      nearest.splice(at, 0, j);
      if (nearest.length > k) nearest.pop();
    }
    indices.push(nearest);
    distances.push(nearest.map((j) => Math.sqrt(Math.max(0, squared[j]!))));
  }
  return { indices, distances };
}

/**
 * Lays out an embedding in two dimensions by UMAP (McInnes, Healy and Melville 2018), for a chart: `embedding` is [n, d], row-major;
 * `index` of the result says which rows its `xy` are. Neighbours are exact; between rounds the calling thread is given up now and then.
 * Fewer than four rows have no neighbour graph: they are placed on a line.
 * @throws when the embedding is not [n, d] or holds a value that is not finite, and the signal's reason when it is aborted
 */
export async function umapProjection(
  embedding: ArrayLike<number>,
  n: number,
  options: UmapOptions = {},
): Promise<Projection> {
  const { seed = 0, maxPoints = 3000, nEpochs = 300, init, onEpoch, signal } = options;
  const d = embedding.length / n;
  if (!Number.isInteger(d) || d < 1)
    throw new Error(`umapProjection: embedding must be [n, d], ${embedding.length} values for ${n} rows given`);
  if (init && init.length !== 2 * n)
    throw new Error(`umapProjection: init must be [${n}, 2], ${init.length} values given`);
  const index = sampleRows(n, maxPoints, seed);
  const rows = index.length;
  const x = new Float64Array(rows * d);
  for (let row = 0; row < rows; row++)
    for (let c = 0; c < d; c++) {
      const value = embedding[index[row]! * d + c]!;
      if (!Number.isFinite(value))
        throw new Error(`umapProjection: every value must be finite, row ${index[row]!} has ${value}`);
      x[row * d + c] = value;
    }
  const xy = new Float32Array(rows * 2);
  if (rows < 4) {
    for (let row = 0; row < rows; row++) xy[row * 2] = row;
    return { name: "UMAP", xy, index };
  }

  const nNeighbors = Math.min(options.nNeighbors ?? 15, rows - 1);
  const { indices, distances } = nearestRows(x, rows, d, nNeighbors);
  const umap = new UMAP({ nNeighbors, nEpochs, minDist: options.minDist ?? 0.1, random: uniformNumbers(seed) });
  umap.setPrecomputedKNN(indices, distances);
  umap.initializeFit(Array.from({ length: rows }, (_, row) => Array.from(x.subarray(row * d, (row + 1) * d))));
  const positions = umap.getEmbedding(); // the array that step() moves
  if (init) {
    let extent = 0;
    for (const row of index) extent = Math.max(extent, Math.abs(init[row * 2]!), Math.abs(init[row * 2 + 1]!));
    for (let row = 0; row < rows; row++)
      for (let axis = 0; axis < 2; axis++)
        positions[row]![axis] = (10 * init[index[row]! * 2 + axis]!) / (extent || 1) + 1e-3 * positions[row]![axis]!;
  }
  for (let epoch = 1; epoch <= nEpochs; epoch++) {
    signal?.throwIfAborted();
    umap.step();
    onEpoch?.(epoch, nEpochs);
    await pause();
  }
  for (let row = 0; row < rows; row++) xy.set(positions[row]!, row * 2);
  return { name: "UMAP", xy, index };
}
