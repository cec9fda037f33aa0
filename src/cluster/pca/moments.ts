// Means and products of the columns of rows: chunk by chunk on a device, merged in their order.
import { chunkMoments } from "../../kernels/moments";
import { empty, run, tensor, untidied } from "../../tensor";
import type { Tensor } from "../../tensor";
import { mapTo } from "../../typed-arrays";

/** Rows by their number, their mean [d] and the scatter Σ (x − mean)(x − mean)ᵀ [d, d] about it. */
export interface Moments {
  readonly n: number;
  readonly mean: Float64Array;
  readonly m2: Float64Array;
}

/**
 * Merges the moments of disjoint rows, in their order: with δ = mean_B − mean_A, M2 = M2_A + M2_B + δ δᵀ n_A n_B / (n_A + n_B) (Chan, Golub and LeVeque,
 * "Updating formulae and a pairwise algorithm for computing sample variances", 1979). Parts without rows contribute nothing. In float64.
 * @throws without parts, or where they differ in columns
 */
export function mergeMoments(parts: Iterable<Moments>): Moments {
  let merged: { n: number; mean: Float64Array; m2: Float64Array } | undefined;
  for (const { n, mean, m2 } of parts) {
    if (!merged) {
      merged = { n: 0, mean: new Float64Array(mean.length), m2: new Float64Array(mean.length ** 2) };
    } else if (mean.length !== merged.mean.length)
      throw new Error(`mergeMoments: parts must have the same columns, got ${merged.mean.length} and ${mean.length}`);
    if (n === 0) continue;
    const d = mean.length;
    const total: number = merged.n + n;
    const shift = mean.map((value, a) => value - merged!.mean[a]!);
    const weight = (merged.n * n) / total;
    for (let a = 0; a < d; a++)
      for (let b = 0; b < d; b++) merged.m2[a * d + b]! += m2[a * d + b]! + shift[a]! * shift[b]! * weight;
    for (let a = 0; a < d; a++) merged.mean[a]! += (shift[a]! * n) / total;
    merged.n = total;
  }
  if (!merged) throw new Error("mergeMoments: one part or more is needed, none");
  return merged;
}

/** M2 / (n − 1). @throws for fewer than two rows */
export function covarianceOf({ n, m2 }: Moments): Float64Array {
  if (n < 2) throw new Error(`covarianceOf: a covariance needs two rows, got ${n}`);
  return m2.map((value) => value / (n - 1));
}

/** Columns whose products a thread's work area holds. */
export const MOST_COLUMNS = 900;
/** Rows of a chunk at least and at most: whole blocks of the kernel, and enough of them that its products take less room than it. */
const [SHORTEST, LONGEST] = [2048, 4096];
const chunkLength = (d: number): number => Math.min(LONGEST, Math.max(SHORTEST, 128 * Math.ceil((4 * d) / 128)));

/** Where the elements of rows lie, in elements: from row to row, and from column to column. */
export interface RowLayout {
  readonly n: number;
  readonly d: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/**
 * Moments of chunks of rows, in their order; rows with NaN or an infinity are left out. In float32 of at most 128 rows at a time, merged in float64
 * (WebAssembly), or of a chunk (WebGPU).
 * @param origin numbers near the rows, [d]: products are about these first
 * @throws for more than 900 columns
 */
export async function momentsOf(
  x: Tensor,
  { n, d, rowStride, columnStride }: RowLayout,
  origin: Float32Array,
): Promise<Moments[]> {
  if (d > MOST_COLUMNS) throw new Error(`momentsOf: there must be at most ${MOST_COLUMNS} columns, got ${d}`);
  const { device } = x;
  const length = chunkLength(d);
  const chunks = Math.ceil(n / length);
  const size = 1 + d + (d * (d + 1)) / 2;
  const [about, moments] = untidied(() => [
    tensor(device, origin),
    empty(device, [chunks * size], "f32", "momentsOf"),
  ]) as [Tensor, Tensor];
  try {
    const layout = { n, d, row_stride: rowStride, column_stride: columnStride };
    run(chunkMoments, { x, origin: about, moments, ...layout, chunks, length });
    const found = (await moments.data()) as Float32Array;
    return Array.from({ length: chunks }, (_, chunk) =>
      unpack(found.subarray(chunk * size, (chunk + 1) * size), d, origin),
    );
  } finally {
    about.dispose();
    moments.dispose();
  }
}

function unpack(packed: Float32Array, d: number, origin: Float32Array): Moments {
  const m2 = new Float64Array(d * d);
  let at = 1 + d;
  for (let a = 0; a < d; a++) for (let b = a; b < d; b++) m2[a * d + b] = m2[b * d + a] = packed[at++]!;
  return { n: packed[0]!, mean: mapTo(Float64Array, origin, (value, a) => value + packed[1 + a]!), m2 };
}
