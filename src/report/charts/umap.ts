import type { Device } from "../../device";
import type { StepReport } from "../../lifecycle/progress";
import { UMAP } from "../../manifold/umap/umap";
import { NdArray } from "../../ndarray";
import type { Projection } from "../sections/run";
import { stream } from "../../random";
import { sampleRows } from "../sections/sample";
import { generate } from "../../typed-arrays";

/** Options of the UMAP projection. */
export interface UmapOptions {
  /** of the sampling, the first positions and the layout; the same seed gives the same picture (default 0) */
  readonly seed?: number;
  /** rows beyond this many are left out, chosen at random by the seed (default 10000, about three seconds on two threads; 70,000 take about thirty) */
  readonly maxPoints?: number;
  /** k of the neighbour graph (default 15) */
  readonly nNeighbors?: number;
  /** smallest distance of two points in the picture (default 0.1) */
  readonly minDist?: number;
  /** rounds of the layout (default 300) */
  readonly nEpochs?: number;
  /** first positions [n, 2], as PCA gives them: they keep the large-scale arrangement that random ones lose */
  readonly init?: ArrayLike<number>;
  /** called after every tenth round, and the last */
  readonly onEpoch?: (epoch: number, nEpochs: number) => void;
  /** where to compute (default: one requested for the purpose) */
  readonly device?: Device;
  readonly signal?: AbortSignal;
}

/**
 * Lays out an embedding in two dimensions by UMAP (McInnes, Healy and Melville 2018), for a chart: `embedding` is [n, d], row-major;
 * `index` of the result says which rows its `xy` are. Neighbours are exact; the rounds run on a device.
 * Fewer than four rows have no neighbour graph: they are placed on a line.
 * @throws when the embedding is not [n, d] or holds a value that is not finite, and the signal's reason when it is aborted
 */
export async function umapProjection(
  embedding: ArrayLike<number>,
  n: number,
  options: UmapOptions = {},
): Promise<Projection> {
  const { seed = 0, maxPoints = 10_000, nEpochs = 300, minDist = 0.1, init, onEpoch, signal, device } = options;
  const d = embedding.length / n;
  if (!Number.isInteger(d) || d < 1)
    throw new Error(`umapProjection: embedding must be [n, d], got ${embedding.length} values for ${n} rows`);
  if (init && init.length !== 2 * n)
    throw new Error(`umapProjection: init must be [${n}, 2], got ${init.length} values`);
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

  using umap = new UMAP({
    ...{ seed, nEpochs, minDist, nNeighbors: Math.min(options.nNeighbors ?? 15, rows - 1), device },
    ...(init ? { init: new NdArray(firstPlaces(init, index, seed), [rows, 2]) } : {}),
  });
  const onStep = ({ epoch, epochs, step }: StepReport): void => void (step > 0 && onEpoch?.(epoch, epochs));
  xy.set((await umap.fitTransform(new NdArray(x, [rows, d]), { onStep, signal })).data);
  return { name: "UMAP", xy, index };
}

/** Given positions of the rows within ±10, and a little apart where they are equal. */
function firstPlaces(init: ArrayLike<number>, index: Uint32Array, seed: number): Float32Array<ArrayBuffer> {
  const random = stream(seed, "report.places");
  let extent = 0;
  for (const row of index) extent = Math.max(extent, Math.abs(init[row * 2]!), Math.abs(init[row * 2 + 1]!));
  return generate(Float32Array, 2 * index.length, (at) => {
    const value = init[index[at >> 1]! * 2 + (at % 2)]!;
    return (10 * value) / (extent || 1) + 1e-2 * (random.uniform() - 0.5);
  });
}
