import { DBSCAN, KMeans, MiniBatchKMeans, PCA, sinkhorn } from "constella";
import type { Device } from "constella";
import { NdArray } from "../../../src/ndarray";
import { onDevice, onHost } from "../adapter";
import type { Adapters } from "../adapter";
import type { Values } from "../format";

/** Labels of the points nearest to the given centres: those that k-means finds with each centre as its own cluster's only point. */
async function assign(x: Values, centers: Values, device: Device): Promise<Int32Array> {
  const atRest = new KMeans({ nClusters: centers.shape[0]!, init: centers, maxIter: 1, tolerance: 0, device });
  await atRest.fit(centers);
  return atRest.predict(x);
}

/** Components are defined up to a sign: that of each row's inner product with the expected row. */
function signsTowards(expected: Values | undefined, { data, shape }: NdArray): number[] {
  const [rows, d] = shape as [number, number];
  return Array.from({ length: rows }, (_, i) => {
    let dot = 0;
    for (let j = 0; j < d; j++) dot += data[i * d + j]! * Number(expected?.data[i * d + j] ?? data[i * d + j]!);
    return dot < 0 ? -1 : 1;
  });
}

export const CLUSTERING: Adapters = {
  kmeans: onDevice<{ x: Values; centers0: Values }, { k: number; maxIter: number; tol: number }>(
    async ({ x, centers0 }, { k, maxIter, tol }, { device }) => {
      const kmeans = new KMeans({ nClusters: k, init: centers0, maxIter, tolerance: tol, device });
      const { labels, clusterCenters, inertia, nIter } = await kmeans.fit(x);
      return { labels, centers: clusterCenters, inertia, n_iter: nIter };
    },
  ),
  kmeans_step: onDevice<{ x: Values; centers0: Values }, { k: number }>(async ({ x, centers0 }, { k }, { device }) => {
    const { clusterCenters } = await new KMeans({ nClusters: k, init: centers0, maxIter: 1, device }).fit(x);
    const labels = await assign(x, centers0, device);
    const counts = new Int32Array(k);
    for (const label of labels) counts[label]!++;
    return { labels, counts, centers: clusterCenters };
  }),
  minibatch_kmeans: onDevice<{ x: Values; centers0: Values; batches: Values }, { k: number }>(
    async ({ x, centers0, batches }, { k }, { device }) => {
      const [steps, size] = batches.shape as [number, number];
      const d = x.shape[1]!;
      const points = x.data as Float32Array;
      const kmeans = new MiniBatchKMeans({ nClusters: k, init: centers0, reassignmentRatio: 0, device });
      const [centers, counts, assigned]: [number[], number[], number[]] = [[], [], []];
      for (let step = 0; step < steps; step++) {
        const rows = Array.from({ length: size }, (_, i) => Number(batches.data[step * size + i]));
        const batch = Float32Array.from(rows.flatMap((row) => [...points.subarray(row * d, (row + 1) * d)]));
        await kmeans.partialFit(new NdArray(batch, [size, d]));
        centers.push(...kmeans.clusterCenters.data);
        counts.push(...kmeans.counts);
        assigned.push(...kmeans.labels);
      }
      return {
        centers_trace: { data: centers, shape: [steps, k, d] },
        counts_trace: { data: counts, shape: [steps, k] },
        assign_trace: { data: assigned, shape: [steps, size] },
      };
    },
  ),
  dbscan: onHost<{ x: Values }, { eps: number; minSamples: number }>(async ({ x }, { eps, minSamples }) => {
    const { labels, coreSampleIndices } = await new DBSCAN({ eps, minSamples }).fit(x);
    const core = new Uint8Array(labels.length);
    for (const row of coreSampleIndices) core[row] = 1;
    return { labels, core };
  }),
  pca: onDevice<{ x: Values }, { components: number }>(async ({ x }, { components }, { device, expected }) => {
    const pca = await new PCA({ nComponents: components, device }).fit(x);
    const whitening = await new PCA({ nComponents: components, whiten: true, device }).fit(x);
    const signs = signsTowards(expected["components"], pca.components);
    const flipped = ({ data, shape }: NdArray): NdArray =>
      new NdArray(
        data.map((value, i) => value * signs[i % components]!),
        shape,
      );
    return {
      mean: pca.mean,
      components: new NdArray(
        pca.components.data.map((value, i) => value * signs[Math.floor(i / x.shape[1]!)]!),
        pca.components.shape,
      ),
      explained_variance: pca.explainedVariance,
      explained_variance_ratio: pca.explainedVarianceRatio,
      singular_values: pca.singularValues,
      transformed: flipped(await pca.transform(x)),
      whitened: flipped(await whitening.transform(x)),
    };
  }),
  sinkhorn: onDevice<{ logp: Values }, { lambda: number; iterations: number | null }>(
    async ({ logp }, { lambda, iterations }, { device }) => {
      const [n, k] = logp.shape as [number, number];
      const stop = iterations === null ? { tolerance: 1e-5 } : { tolerance: 0, maxIterations: iterations };
      const { labels, logRow, logColumn } = await sinkhorn(logp, { lambda, ...stop, device });
      const q = Float64Array.from({ length: n * k }, (_, at) => {
        const a = lambda * Number(logp.data[at]);
        return Math.exp(a + logRow[Math.floor(at / k)]! + logColumn[at % k]!);
      });
      return { q: { data: q, shape: [n, k] }, labels };
    },
  ),
};
