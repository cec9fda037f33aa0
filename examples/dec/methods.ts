// The rows of the study: clusterings of the pixels, and of what one autoencoder a seed has learned.
import { DEC, IDEC, KMeans, NdArray, StackedAutoencoder } from "constella";
import type { Autoencoder, Device, ImageRowsOptions } from "constella";
import { GaussianMixture } from "constella/density";
import { N2D } from "constella/deep";
import { SpectralClustering } from "constella/spectral";
import type { Images } from "./data";

/** What a clustering is made with. */
export interface Task {
  readonly images: Images;
  readonly nClusters: number;
  readonly seed: number;
  readonly device: Device;
  /** Passes of the autoencoder. */
  readonly epochs: number;
  readonly layers: readonly number[];
  readonly batchSize: number;
  /** Images that the rows with augmentation see changed: turned by up to 10 degrees, moved by up to a tenth of the width. */
  readonly augment: ImageRowsOptions;
}

/** A row: how it clusters. Those with `from` begin with an autoencoder that is trained once a seed, on images as they are or changed at random. */
export type Row = {
  readonly id: string;
  readonly title: string;
} & (
  | { readonly cluster: (task: Task) => Promise<Int32Array> }
  | { readonly augmented?: true; readonly from: (autoencoder: StackedAutoencoder, task: Task) => Promise<Int32Array> }
);

function rowsOf({ images: { x } }: Task): NdArray<Float32Array> {
  const [n] = x.shape;
  return new NdArray(x.data, [n!, x.size / n!]);
}

/** Trains the autoencoder of a seed. */
export async function trained(task: Task, augmented: boolean): Promise<StackedAutoencoder> {
  const { images, seed, device, epochs, layers, batchSize } = task;
  const changes = augmented ? task.augment : {};
  const autoencoder = new StackedAutoencoder({ layers, layerEpochs: 0, epochs, batchSize, seed, device, ...changes });
  return autoencoder.fit(images.x);
}

/** Clusters by a method that begins with a trained autoencoder. */
async function from<M extends { startFrom(network: Autoencoder): Promise<unknown>; dispose(): void }>(
  model: M,
  { network }: StackedAutoencoder,
  cluster: (model: M) => Promise<Int32Array>,
): Promise<Int32Array> {
  try {
    await model.startFrom(network);
    return await cluster(model);
  } finally {
    model.dispose();
  }
}

/** All rows; nothing of them was chosen by the labels. */
export const ROWS: readonly Row[] = [
  {
    id: "kmeans",
    title: "k-means (20 restarts)",
    cluster: (task) => {
      const { nClusters, seed, device } = task;
      return new KMeans({ nClusters, nInit: 20, seed, device }).fitPredict(rowsOf(task));
    },
  },
  {
    id: "gaussian-mixture",
    title: "Gaussian mixture (10 restarts)",
    cluster: (task) => {
      const { nClusters, seed, device } = task;
      return new GaussianMixture({ nComponents: nClusters, nInit: 10, regCovar: 1e-3, seed, device }).fitPredict(
        rowsOf(task),
      );
    },
  },
  {
    id: "spectral",
    title: "spectral clustering",
    cluster: async (task) => {
      const { nClusters, seed, device } = task;
      return new SpectralClustering({ nClusters, affinity: "knn", seed, device }).fitPredict(rowsOf(task));
    },
  },
  {
    id: "autoencoder-kmeans",
    title: "autoencoder + k-means",
    from: async (autoencoder, { images, nClusters, seed, device }) =>
      new KMeans({ nClusters, nInit: 20, seed, device }).fitPredict(await autoencoder.transform(images.x)),
  },
  {
    id: "dec",
    title: "DEC",
    from: (autoencoder, { images, layers, nClusters, seed, device }) =>
      from(new DEC({ layers, nClusters, seed, device }), autoencoder, (dec) => dec.fitPredict(images.x)),
  },
  {
    id: "idec",
    title: "IDEC",
    from: (autoencoder, { images, layers, nClusters, seed, device }) =>
      from(new IDEC({ layers, nClusters, seed, device }), autoencoder, (idec) => idec.fitPredict(images.x)),
  },
  {
    id: "n2d",
    title: "N2D",
    from: (autoencoder, { images, layers, nClusters, seed, device }) =>
      from(new N2D({ layers, nClusters, seed, device }), autoencoder, (n2d) => n2d.fitPredict(images.x)),
  },
  {
    id: "dec-da",
    title: "DEC, augmented",
    augmented: true,
    from: (autoencoder, { images, layers, nClusters, seed, device, augment }) =>
      from(new DEC({ layers, nClusters, seed, device, ...augment }), autoencoder, (dec) => dec.fitPredict(images.x)),
  },
  {
    id: "n2d-da",
    title: "N2D, augmented",
    augmented: true,
    from: (autoencoder, { images, layers, nClusters, seed, device }) =>
      from(new N2D({ layers, nClusters, seed, device }), autoencoder, (n2d) => n2d.fitPredict(images.x)),
  },
];
