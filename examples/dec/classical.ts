// Rows of the study without a network: what clusters the items as they are.
import { KMeans, NdArray, PCA } from "constella";
import { GaussianMixture } from "constella/density";
import { TSNE, UMAP } from "constella/manifold";
import { LDMGI, SEC, SpectralClustering } from "constella/spectral";
import { running } from "./task";
import type { Row, Task } from "./task";

/** Components that a mixture has of wider items: a covariance of all their values would be of more numbers than there are items. */
const COMPONENTS = 50;
/** Values of an item up to which a mixture takes them all. */
const NARROW = 256;

export function rowsOf({ items: { x } }: Task): NdArray<Float32Array> {
  const [n] = x.shape;
  return new NdArray(x.data, [n!, x.size / n!]);
}

async function narrowed(task: Task): Promise<NdArray> {
  const x = rowsOf(task);
  const { seed, device } = task;
  return x.shape[1]! <= NARROW ? x : new PCA({ nComponents: COMPONENTS, seed, device }).fitTransform(x);
}

/** All of them; SEC and LDMGI with their defaults, where the papers choose by the labels. */
export const CLASSICAL: readonly Row[] = [
  {
    id: "kmeans",
    title: "k-means (20 restarts)",
    cluster: (task) => {
      const { nClusters, seed, device } = task;
      return new KMeans({ nClusters, nInit: 20, seed, device }).fitPredict(rowsOf(task), running(task));
    },
  },
  {
    id: "gaussian-mixture",
    title: "Gaussian mixture (10 restarts)",
    cluster: async (task) => {
      const { nClusters, seed, device } = task;
      const mixture = new GaussianMixture({ nComponents: nClusters, nInit: 10, regCovar: 1e-3, seed, device });
      return mixture.fitPredict(await narrowed(task), running(task));
    },
  },
  {
    id: "spectral",
    title: "spectral clustering",
    cluster: async (task) => {
      const { nClusters, seed, device } = task;
      return new SpectralClustering({ nClusters, affinity: "knn", seed, device }).fitPredict(
        rowsOf(task),
        running(task),
      );
    },
  },
  ...(["discretize", "cluster-qr"] as const).map((assignLabels) => ({
    id: `spectral-${assignLabels}`,
    title: `spectral clustering, 20 neighbours, ${assignLabels === "discretize" ? "discretised" : "cluster QR"}`,
    cluster: async (task: Task) => {
      const { nClusters, seed, device } = task;
      const graph = { affinity: "knn", nNeighbors: 20, assignLabels } as const; // as many as N2D's
      return new SpectralClustering({ nClusters, ...graph, seed, device }).fitPredict(rowsOf(task), running(task));
    },
  })),
  {
    id: "sec",
    title: "SEC",
    cluster: async (task) => {
      const { nClusters, seed, device } = task;
      return new SEC({ nClusters, seed, device }).fitPredict(rowsOf(task), running(task));
    },
  },
  {
    id: "ldmgi",
    title: "LDMGI",
    cluster: async (task) => {
      const { nClusters, seed, device } = task;
      return new LDMGI({ nClusters, seed, device }).fitPredict(rowsOf(task), running(task));
    },
  },
  {
    id: "umap",
    title: "UMAP + mixture",
    cluster: async (task) => {
      const { nClusters, seed, device } = task;
      const places = { nComponents: nClusters, nNeighbors: 20, minDist: 0 }; // as N2D's
      const embedding = await new UMAP({ ...places, seed, device }).fitTransform(rowsOf(task), running(task));
      return new GaussianMixture({ nComponents: nClusters, nInit: 10, seed, device }).fitPredict(
        embedding,
        running(task),
      );
    },
  },
  {
    id: "tsne",
    title: "t-SNE + mixture",
    cluster: async (task) => {
      const { nClusters, seed, device } = task;
      const embedding = await new TSNE({ seed, device }).fitTransform(rowsOf(task), running(task));
      return new GaussianMixture({ nComponents: nClusters, nInit: 10, seed, device }).fitPredict(
        embedding,
        running(task),
      );
    },
  },
];
