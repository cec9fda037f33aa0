// Rows of the study with a network: what clusters the codes of one autoencoder a seed, and of convolutional ones.
import { DEC, IDEC, KMeans, StackedAutoencoder } from "constella";
import type { Autoencoder } from "constella";
import { ConvN2D, DCN, N2D } from "constella/deep";
import { NdArray } from "constella";
import type { Row, Task } from "./task";

/** Trains the autoencoder of a seed. */
export async function trained(task: Task, augmented: boolean): Promise<StackedAutoencoder> {
  const { items, seed, device, epochs, layers, batchSize } = task;
  const changes = augmented ? task.augment : {};
  const autoencoder = new StackedAutoencoder({ layers, layerEpochs: 0, epochs, batchSize, seed, device, ...changes });
  return autoencoder.fit(items.x);
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

/** N2D by convolutions, whose autoencoder is its own. */
async function convN2D(
  { items, nClusters, seed, device, epochs, batchSize, augment }: Task,
  changed: boolean,
): Promise<Int32Array> {
  const [n, height, width] = items.x.shape as [number, number, number];
  const inputShape = [1, height, width];
  const { augment: changes, augmentWith } = augment;
  const options = { inputShape, nClusters, code: nClusters, epochs, batchSize, seed, device };
  using model = new ConvN2D({ ...options, ...(changed && { augment: changes, augmentWith }) });
  return await model.fitPredict(new NdArray(items.x.data, [n, ...inputShape]));
}

/** All of them; nothing was chosen by the labels. */
export const DEEP: readonly Row[] = [
  {
    id: "autoencoder-kmeans",
    title: "autoencoder + k-means",
    from: async (autoencoder, { items, nClusters, seed, device }) =>
      new KMeans({ nClusters, nInit: 20, seed, device }).fitPredict(await autoencoder.transform(items.x)),
  },
  {
    id: "dec",
    title: "DEC",
    from: (autoencoder, { items, layers, nClusters, seed, device }) =>
      from(new DEC({ layers, nClusters, seed, device }), autoencoder, (dec) => dec.fitPredict(items.x)),
  },
  {
    id: "idec",
    title: "IDEC",
    from: (autoencoder, { items, layers, nClusters, seed, device }) =>
      from(new IDEC({ layers, nClusters, seed, device }), autoencoder, (idec) => idec.fitPredict(items.x)),
  },
  {
    id: "dcn",
    title: "DCN",
    from: (autoencoder, { items, layers, nClusters, seed, device }) =>
      from(new DCN({ layers, nClusters, seed, device }), autoencoder, (dcn) => dcn.fitPredict(items.x)),
  },
  {
    id: "n2d",
    title: "N2D",
    from: (autoencoder, { items, layers, nClusters, seed, device }) =>
      from(new N2D({ layers, nClusters, seed, device }), autoencoder, (n2d) => n2d.fitPredict(items.x)),
  },
  { id: "conv-n2d", title: "N2D, convolutional", images: true, cluster: (task) => convN2D(task, false) },
  {
    ...{ id: "dec-da", title: "DEC, augmented", images: true, augmented: true },
    from: (autoencoder, { items, layers, nClusters, seed, device, augment }) =>
      from(new DEC({ layers, nClusters, seed, device, ...augment }), autoencoder, (dec) => dec.fitPredict(items.x)),
  },
  {
    ...{ id: "n2d-da", title: "N2D, augmented", images: true, augmented: true },
    from: (autoencoder, { items, layers, nClusters, seed, device }) =>
      from(new N2D({ layers, nClusters, seed, device }), autoencoder, (n2d) => n2d.fitPredict(items.x)),
  },
  { id: "conv-n2d-da", title: "N2D, convolutional, augmented", images: true, cluster: (task) => convN2D(task, true) },
];
