import type { KMeansProblem } from "../workloads/problems";
import type { Program } from "../workload";
import { loadPeer } from "./load";

interface MlKMeans {
  kmeans(
    data: number[][],
    k: number,
    options: { initialization: number[][]; maxIterations: number; tolerance: number },
  ): { centroids: number[][] };
}

/** Rows as arrays. */
export const nested = (values: Float32Array, columns: number): number[][] =>
  Array.from({ length: values.length / columns }, (_, i) =>
    Array.from(values.subarray(i * columns, (i + 1) * columns)),
  );

/** Lloyd's algorithm by npm's `ml-kmeans`, on the nested arrays that it takes. */
export async function kmeans({ k, columns, iterations, x, centers }: KMeansProblem): Promise<Program> {
  const ml = await loadPeer<MlKMeans>("ml-kmeans");
  const data = nested(x, columns);
  const initialization = nested(centers, columns);
  let centroids: number[][];
  return {
    run: async () => {
      ({ centroids } = ml.kmeans(data, k, { initialization, maxIterations: iterations, tolerance: 0 }));
    },
    result: async () => ({ centers: centroids.flat() }),
  };
}
