import { KMeans } from "constella";
import type { Device } from "constella";
import { onDevice } from "./adapter";
import type { Adapters } from "./adapter";
import type { Values } from "./format";

/** Labels of the points nearest to the given centres: those that k-means finds with each centre as its own cluster's only point. */
async function assign(x: Values, centers: Values, device: Device): Promise<Int32Array> {
  const atRest = new KMeans({ nClusters: centers.shape[0]!, init: centers, maxIter: 1, tolerance: 0, device });
  await atRest.fit(centers);
  return atRest.predict(x);
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
};
