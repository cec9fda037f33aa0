// DeepCluster: Caron, Bojanowski, Joulin and Douze, "Deep clustering for unsupervised learning of visual features", ECCV 2018.
import { sgd } from "../../kernels/optimizers";
import { isObject } from "../../checks";
import { joined, withAssigned } from "../../cluster/kmeans/centers";
import { LLOYD_KERNELS } from "../../cluster/kmeans/lloyd";
import { axesAboutMean, chooseSolver } from "../../cluster/pca/principal";
import type { Axes } from "../../cluster/pca/principal";
import { findAxes } from "../../cluster/pca/sampled-axes";
import { splitKMeans } from "../../cluster/kmeans/split-kmeans";
import { axesOfSource } from "../../cluster/streams/axes";
import type { Bytes } from "../../data/formats/source";
import type { Device } from "../../device";
import * as normalization from "../../kernels/normalization";
import type { Checkpoint } from "../../lifecycle/checkpoint";
import type { OptionSet } from "../../lifecycle/model";
import type { FitOptions } from "../../lifecycle/progress";
import type { Rows, RowsLike } from "../../lifecycle/rows";
import { nmi } from "../../metrics";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { normal } from "../../nn/init";
import { crossEntropy } from "../../ops/losses/cross-entropy";
import { fillWith } from "../../ops/layout";
import { matmul } from "../../ops/matmul";
import { l2Normalize } from "../../ops/normalization/rows";
import { sub } from "../../ops/elementwise";
import { choice, finite, positive, integer } from "../../options";
import { stream } from "../../random";
import type { Random } from "../../random";
import { indices, Tensor, tensor } from "../../tensor";
import type { Stage } from "../../training/training";
import { blocksOf, mapFeatures, shapeOf } from "./feature-store";
import type { Features } from "./feature-store";
import { EPS, NetworkModel, stepsOf } from "./network-model";
import { NETWORK_DEFAULTS, NETWORK_RULES } from "./network-options";
import type { LoadOptions, NetworkOptions, NetworkSettings } from "./network-options";
import { mapTo } from "../../typed-arrays";

/** Options of `DeepCluster`. */
export interface DeepClusterOptions extends NetworkOptions {
  readonly nClusters: number;
  /** Principal components that features are whitened to, at most; fewer where items or features are. Default 256. */
  readonly components?: number;
  /** Iterations of k-means at most; default 20. */
  readonly kmeansIterations?: number;
  /** Epochs from one clustering to the next; default 1. More where an epoch has few steps for a new classifier to learn in. */
  readonly clusterInterval?: number;
  /** Of the classifier, which is new with each clustering and trained without momentum; default: that of the network. */
  readonly headLearningRate?: number;
  /**
   * Which items an epoch trains on: "uniform", as many of each cluster, so that large ones do not drown the rest (the paper's section
   * 3.3); "shuffled", each item once; or "reordered", what the authors' program does: the uniform sample's numbers are
   * looked up in a list that is sorted by cluster, which loses the uniformity.
   */
  readonly sampling?: "uniform" | "shuffled" | "reordered";
}

/** @inline */
interface Settings extends NetworkSettings, Required<Omit<DeepClusterOptions, keyof NetworkOptions>> {}

/** Its options: their rules and defaults. @internal */
export const DEEP_CLUSTER_OPTIONS: OptionSet<Settings> = {
  rules: {
    ...NETWORK_RULES,
    ...{ nClusters: integer(1), components: integer(1), kmeansIterations: integer(1), clusterInterval: integer(1) },
    ...{ headLearningRate: positive, sampling: choice("uniform", "shuffled", "reordered") },
  },
  defaults: { components: 256, kmeansIterations: 20, clusterInterval: 1, sampling: "uniform" },
  kernels: () => [...LLOYD_KERNELS, normalization.l2Normalize, sgd],
};

/** Share of the largest variance that is added to each before whitening: directions without any stay small. */
const WHITENING_EPS = 1e-6;

/** The whitening of features and the centres among what it gives. */
interface Clustering {
  /** [d] */
  readonly mean: NdArray;
  /** [p, d] */
  readonly whitening: NdArray;
  /** [k, p] */
  readonly centers: NdArray;
}

/**
 * DeepCluster: each epoch (or every few) clusters the features of all items by k-means, then trains the network, under a new classifier, to
 * tell the clusters apart. Features are those before the last rectifier, whitened to principal components and scaled to unit length. Those of a source's
 * rows are in a scratch file where a quarter of its `memory` does not hold them, and are clustered in blocks.
 */
export class DeepCluster extends NetworkModel<Settings> {
  #clustering: Clustering | undefined;
  #labels: Int32Array<ArrayBuffer> | undefined;
  /** The epoch that the labels were made for, or −1. */
  #clustered = -1;
  #nmi = 0;

  constructor(options: DeepClusterOptions) {
    const { headLearningRate, learningRate = NETWORK_DEFAULTS.learningRate } = isObject(options) ? options : {};
    const given = isObject(options) && { ...options, headLearningRate: headLearningRate ?? learningRate };
    super("DeepCluster", given || options, DEEP_CLUSTER_OPTIONS);
  }

  /** Cluster of each item of the data given to `fit`, by the features at its end. @throws before */
  get labels(): Int32Array<ArrayBuffer> {
    return this.known("labels", this.#labels).slice();
  }

  /** Centres of the last clustering among whitened features of unit length, [nClusters, components]. @throws before `fit` */
  get clusterCenters(): NdArray {
    return this.known("clusterCenters", this.#clustering).centers;
  }

  /**
   * Trains for so many epochs, then clusters once more. Goes on where an earlier call or a loaded training stood. The record of an epoch
   * has `nmi`, that of its clusters with those of the epoch before (0 in the first), and `clusters`, how many are not empty.
   * @param x [n, …], items of the network's input size; the same in each call
   * @param options `epochs`: those of earlier calls too; default 50
   * @throws when items have another size, hold NaN, or are fewer than the clusters; when a loss or weight is no longer finite; the
   * signal's reason when aborted
   */
  async fit(x: RowsLike, options: FitOptions = {}): Promise<this> {
    return this.fittingItems(x, options, async (rows, fit, epochs) => {
      const begun = await this.train(rows, [this.#stage(rows, epochs, fit.signal)], fit, options);
      await this.#cluster(rows, begun, fit.signal);
    });
  }

  /** fit, then the labels. */
  async fitPredict(x: RowsLike, options: FitOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** The nearest centre of each row of x, among whitened features. @throws before `fit` */
  async predict(x: RowsLike): Promise<Int32Array<ArrayBuffer>> {
    const clustering = this.known("predict", this.#clustering);
    const { centers } = clustering;
    return this.computingItems(x, "predict", async (rows) => {
      const points = await this.storeFeatures(rows, (z) => whitened(z, clustering), "predict");
      try {
        const parts: Int32Array<ArrayBuffer>[] = [];
        for await (const z of blocksOf(points, rows.device))
          parts.push(await withAssigned(z, centers.shape[0]!, centers.data, (lloyd) => lloyd.labels()));
        return joined(parts, (length) => new Int32Array(length));
      } finally {
        await points.dispose();
      }
    });
  }

  /** @throws when the bytes are no checkpoint of this method */
  static async load(content: Bytes, options: LoadOptions = {}): Promise<DeepCluster> {
    return NetworkModel.restoredNetwork("DeepCluster", content, options, (settings) => new DeepCluster(settings));
  }

  protected override headSizes(): { count: number; classes: number } {
    return { count: 1, classes: this.settings.nClusters };
  }

  protected override learnedBeside(): { arrays: Record<string, NdArray<TypedArray>>; state: Record<string, unknown> } {
    const labels = this.#labels && { labels: new NdArray<TypedArray>(this.#labels) };
    return { arrays: { ...this.#clustering, ...labels }, state: { clustered: this.#clustered, nmi: this.#nmi } };
  }

  protected override restoreBeside(saved: Checkpoint): void {
    const { nClusters } = this.settings;
    this.#clustered = saved.entry("clustered", integer(-1));
    this.#nmi = saved.entry("nmi", finite);
    this.#labels = saved.labels("labels", nClusters);
    const mean = saved.array("mean", [-1]);
    const whitening = saved.array("whitening", [-1, mean?.size ?? 0]);
    const centers = saved.array("centers", [nClusters, whitening?.shape[0] ?? 0]);
    if (mean && whitening && centers) this.#clustering = { mean, whitening, centers };
  }

  /** Clusters the features of all rows, once for an epoch; the classifier begins anew. */
  async #cluster(rows: Rows, epoch: number, signal: AbortSignal): Promise<void> {
    if (this.#clustered === epoch) return; // resumed within the epoch
    const { nClusters, components, kmeansIterations, seed } = this.settings;
    const random = stream(seed, "DeepCluster.clustering", epoch);
    await this.settle(rows);
    const features = await this.storeFeatures(rows, (z) => z);
    const [n, d] = shapeOf(features);
    const { device } = rows;
    let points: Features | undefined;
    try {
      const axes = await axesOf(features, Math.min(components, n, d), device, signal);
      const mean = new NdArray(Float32Array.from(axes.mean), [d]); // features are near 0: float32 holds it
      const floor = WHITENING_EPS * axes.variances[0]!;
      const scales = axes.variances.map((variance) => (variance + floor > 0 ? 1 / Math.sqrt(variance + floor) : 0));
      const whitening = new NdArray(
        axes.components.map((value, i) => value * scales[Math.floor(i / d)]!),
        [scales.length, d],
      );
      points = await mapFeatures(features, (z) => whitened(z, { mean, whitening }), {
        ...{ device, memory: rows.memory, width: whitening.shape[0]!, op: "DeepCluster.fit" },
      });
      const options = { maxIter: kmeansIterations, random, signal, device };
      const { labels, centers } = await splitKMeans(points, nClusters, options);
      this.#clustering = { mean, whitening, centers: new NdArray(centers, [nClusters, whitening.shape[0]!]) };
      this.#nmi = this.#labels ? nmi(this.#labels, labels) : 0;
      this.#labels = Int32Array.from(labels);
    } finally {
      await features.dispose();
      await points?.dispose();
    }
    const { weight, bias } = this.heads[0]!;
    weight.device.write(weight.buffer, normal(0.01)(weight.shape, random));
    fillWith(bias!, 0);
    this.#clustered = epoch;
  }

  #stage(rows: Rows, epochs: number, signal: AbortSignal): Stage {
    const { batchSize, seed, learningRate, headLearningRate, sampling, clusterInterval } = this.settings;
    const shuffled = this.batches(rows);
    let sampled = { epoch: -1, order: new Uint32Array(0) };
    let served = { place: "", index: new Uint32Array(0) };
    const batch = (epoch: number, step: number): Uint32Array => {
      if (sampling === "shuffled") return shuffled.batch(epoch, step);
      if (sampled.epoch !== epoch) {
        const labels = this.#labels!;
        const order = uniformSample(labels, stream(seed, "DeepCluster.sample", epoch));
        sampled = { epoch, order: sampling === "uniform" ? order : reordered(labels, order) };
      }
      const place = `${epoch}/${step}`;
      if (served.place !== place)
        served = { place, index: sampled.order.subarray(step * batchSize, (step + 1) * batchSize) };
      return served.index;
    };
    const load =
      sampling === "shuffled" ? shuffled.load : (epoch: number, step: number) => rows.load(batch(epoch, step));
    return {
      name: this.name,
      epochs,
      steps: stepsOf(rows.count, batchSize),
      ...this.trained({ lrScale: headLearningRate / learningRate, momentum: 0 }),
      beforeEpoch: async (epoch) => {
        if (epoch % clusterInterval === 0) await this.#cluster(rows, epoch, signal);
      },
      load,
      loss: ({ epoch, step, random }) => {
        const index = batch(epoch, step);
        const z = this.trainingFeatures(rows, index, random);
        const labels = indices(
          z.device,
          mapTo(Uint32Array, index, (i) => this.#labels![i]!),
        );
        return crossEntropy(this.scores(z), labels);
      },
      figures: () => ({ nmi: this.#nmi, clusters: new Set(this.#labels).size }),
    };
  }
}

/** Principal axes of features [n, d], c of them as rows, the variance along each, and the mean of the features. */
async function axesOf(
  features: Features,
  c: number,
  device: Device,
  signal: AbortSignal,
): Promise<Axes & { readonly mean: Float64Array }> {
  const solver = chooseSolver(...shapeOf(features), c);
  const random = stream(0, "PCA");
  const kept = (): number => c;
  const between = async (): Promise<void> => signal.throwIfAborted();
  if (features instanceof Tensor) return axesAboutMean(features, solver, findAxes(solver, c, kept, random), between);
  const { axes, mean, frame } = await axesOfSource(features, "DeepCluster.fit", {
    ...{ plan: () => ({ wanted: c, solver }), kept: () => kept, random, device: async () => device },
    ...{ between, rest: between },
  });
  return { ...axes, variances: axes.variances.map((variance) => variance * frame.scale ** 2), mean };
}

/** Features on whitened principal components, of unit length. */
function whitened(z: Tensor, { mean, whitening }: Pick<Clustering, "mean" | "whitening">): Tensor {
  const centered = sub(z, tensor(z.device, mean.data));
  return l2Normalize(matmul(centered, tensor(z.device, whitening.data, whitening.shape), { transB: true }), EPS);
}

/**
 * As many items of each cluster, n in all and shuffled: ⌊n / clusters⌋ + 1 of each that is not empty, drawn with replacement where
 * the cluster has no more than that, then cut to n (the paper, section 3.3).
 */
export function uniformSample(labels: ArrayLike<number>, random: Random): Uint32Array<ArrayBuffer> {
  const n = labels.length;
  const members = new Map<number, number[]>();
  for (let i = 0; i < n; i++) {
    const own = members.get(labels[i]!);
    if (own) own.push(i);
    else members.set(labels[i]!, [i]);
  }
  const size = Math.floor(n / members.size) + 1;
  const drawn: number[] = [];
  for (const own of [...members].sort(([a], [b]) => a - b).map(([, items]) => items)) {
    if (own.length <= size) for (let i = 0; i < size; i++) drawn.push(own[random.integer(own.length)]!);
    else for (const place of random.permutation(own.length).subarray(0, size)) drawn.push(own[place]!);
  }
  return random
    .permutation(drawn.length)
    .subarray(0, n)
    .map((place) => drawn[place]!);
}

/** The same numbers looked up in the items sorted by cluster. */
function reordered(labels: ArrayLike<number>, order: Uint32Array): Uint32Array<ArrayBuffer> {
  const sorted = mapTo(Uint32Array, labels, (_, i) => i).sort((a, b) => labels[a]! - labels[b]! || a - b);
  return mapTo(Uint32Array, order, (i) => sorted[i]!);
}
