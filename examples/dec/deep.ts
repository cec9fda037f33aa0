// Rows of the study with a network: what clusters the codes of one autoencoder a seed, and of convolutional ones.
import { DEC, IDEC, KMeans, NdArray, StackedAutoencoder } from "constella";
import type { Autoencoder, RunOptions } from "constella";
import { ConvN2D, DCN, DipDECK, N2D } from "constella/deep";
import { keptRun } from "./kept-run";
import { running } from "./task";
import type { Row, Task } from "./task";

/** Trains the autoencoder of a seed. */
export async function trained(task: Task, augmented: boolean): Promise<StackedAutoencoder> {
  const { items, seed, device, epochs, layers, batchSize } = task;
  const changes = augmented ? task.augment : {};
  const autoencoder = new StackedAutoencoder({ layers, layerEpochs: 0, epochs, batchSize, seed, device, ...changes });
  return autoencoder.fit(items.x, running(task));
}

/** A method that begins with a trained autoencoder. */
interface Begun extends Disposable {
  startFrom(network: Autoencoder): Promise<unknown>;
  fitPredict(x: Task["items"]["x"], options: RunOptions): Promise<Int32Array>;
}

/** Clusters by a method that begins with a trained autoencoder, of the same layers. */
const from =
  (make: (options: Pick<Task, "layers" | "nClusters" | "seed" | "device">, task: Task) => Begun) =>
  async ({ network }: StackedAutoencoder, task: Task): Promise<Int32Array> => {
    const { layers, nClusters, seed, device, items } = task;
    using model = make({ layers, nClusters, seed, device }, task);
    await model.startFrom(network);
    return await model.fitPredict(items.x, running(task));
  };

/** Items of mean zero and mean square 1. */
export function centered(x: Task["items"]["x"]): NdArray<Float32Array> {
  const [n] = x.shape as [number];
  const width = x.size / n;
  const means = new Float64Array(width);
  x.data.forEach((value, i) => (means[i % width]! += value / n));
  const data = x.data.map((value, i) => value - means[i % width]!);
  const whole = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length) || 1;
  return new NdArray(
    data.map((value) => value / whole),
    x.shape,
  );
}

/** DEC as its paper trains it: zero-mean images, layer by layer with dropout of inputs and outputs, by SGD. */
async function decAsPrinted(task: Task): Promise<Int32Array> {
  const { items, layers, epochs, layerEpochs } = task;
  const paper = { hiddenDropout: 0.2, autoencoderOptimizer: "sgd", pretrainLearningRate: 0.1 } as const;
  const options = { ...paper, layers, layerEpochs, pretrainEpochs: epochs, pretrainBatchSize: 256 };
  return keptRun("dec-printed", task, { method: "dec", options, x: centered(items.x) });
}

/** N2D by convolutions, whose autoencoder is its own. */
async function convN2D(task: Task, changed: boolean): Promise<Int32Array> {
  const { items, nClusters, seed, device, epochs, batchSize, augment } = task;
  const [n, height, width] = items.x.shape as [number, number, number];
  const inputShape = [1, height, width];
  const { augment: changes, augmentWith } = augment;
  const options = { inputShape, nClusters, code: nClusters, epochs, batchSize, seed, device };
  using model = new ConvN2D({ ...options, ...(changed && { augment: changes, augmentWith }) });
  return await model.fitPredict(new NdArray(items.x.data, [n, ...inputShape]), running(task));
}

/** SCAN with its defaults, as `constella cluster --method scan` has them. */
const bySCAN = (task: Task): Promise<Int32Array> => keptRun("scan", task, { method: "scan", options: {} });

/** All of them; nothing was chosen by the labels but what makes SCAN's views, as the README says. */
export const DEEP: readonly Row[] = [
  {
    id: "autoencoder-kmeans",
    title: "autoencoder + k-means",
    from: async (autoencoder, task) => {
      const { items, nClusters, seed, device } = task;
      const codes = await autoencoder.transform(items.x);
      return new KMeans({ nClusters, nInit: 20, seed, device }).fitPredict(codes, running(task));
    },
  },
  { id: "dec", title: "DEC", from: from((options) => new DEC(options)) },
  {
    ...{ id: "dec-frozen", title: "DEC, encoder frozen" },
    from: from((options) => new DEC({ ...options, freezeEncoder: true })),
  },
  { id: "dec-printed", title: "DEC, trained as printed", cluster: decAsPrinted },
  { id: "idec", title: "IDEC", from: from((options) => new IDEC(options)) },
  { id: "dcn", title: "DCN", from: from((options) => new DCN(options)) },
  {
    id: "dipdeck",
    title: "DipDECK, number of clusters found",
    from: from(({ nClusters: _, ...options }) => new DipDECK(options)),
  },
  { id: "n2d", title: "N2D", from: from((options) => new N2D(options)) },
  { id: "conv-n2d", title: "N2D, convolutional", images: true, cluster: (task) => convN2D(task, false) },
  {
    ...{ id: "dec-da", title: "DEC, augmented", images: true, augmented: true },
    from: from((options, { augment }) => new DEC({ ...options, ...augment })),
  },
  {
    ...{ id: "n2d-da", title: "N2D, augmented", images: true, augmented: true },
    from: from((options) => new N2D(options)),
  },
  { id: "scan", title: "SCAN", images: true, cluster: bySCAN },
  { id: "conv-n2d-da", title: "N2D, convolutional, augmented", images: true, cluster: (task) => convN2D(task, true) },
];
