import { KMeans } from "../cluster/kmeans/kmeans";
import type { Device } from "../device";
import { NdArray } from "../ndarray";

/** How the rows of an embedding are clustered. */
export interface RowClustering {
  readonly nClusters: number;
  /** Runs of k-means, of which the best is kept. */
  readonly nInit: number;
  readonly seed: number;
  readonly device: Device;
  readonly signal?: AbortSignal | undefined;
}

/** Clusters of rows [n, k] by k-means. */
export async function clusterRows(
  rows: NdArray<Float64Array>,
  { signal, ...options }: RowClustering,
): Promise<Int32Array<ArrayBuffer>> {
  const kmeans = new KMeans({ ...options, tolerance: 0 });
  try {
    return await kmeans.fitPredict(rows, { signal });
  } finally {
    kmeans.dispose();
  }
}

/** Rows of length 1; a row of zeros stays one. */
export function unitLength({ data, shape }: NdArray<Float64Array>): NdArray<Float64Array> {
  const k = shape[1]!;
  const out = new Float64Array(data.length);
  for (let at = 0; at < data.length; at += k) {
    let sum = 0;
    for (let c = at; c < at + k; c++) sum += data[c]! ** 2;
    if (sum > 0) for (let c = at; c < at + k; c++) out[c] = data[c]! / Math.sqrt(sum);
  }
  return new NdArray(out, shape);
}
