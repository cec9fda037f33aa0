// SCAN: Van Gansbeke, Vandenhende, Georgoulis, Proesmans and Van Gool, "SCAN: learning to classify images without labels", ECCV 2020, on features of SimCLR:
// Chen, Kornblith, Norouzi and Hinton, "A simple framework for contrastive learning of visual representations", ICML 2020.
import type { Bytes } from "../../data/formats/source";
import type { Device } from "../../device";
import { runCooperatively } from "../../event-loop";
import type { Cooperative } from "../../event-loop";
import { noGrad } from "../../graph";
import * as elementwise from "../../kernels/elementwise";
import { kNearest } from "../../kernels/neighbours";
import * as normalization from "../../kernels/normalization";
import { adam } from "../../kernels/optimizers";
import { argExtremum } from "../../kernels/reduction";
import { softmax as softmaxKernel, softmaxBackward } from "../../kernels/softmax";
import type { Checkpoint } from "../../lifecycle/checkpoint";
import type { Fit } from "../../lifecycle/fit";
import type { OptionSet } from "../../lifecycle/model";
import type { FitOptions } from "../../lifecycle/progress";
import { mapRows } from "../../lifecycle/rows";
import type { BatchOrder, Rows, RowsLike } from "../../lifecycle/rows";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { neighboursAmong } from "../../neighbours/knn";
import { takeRows } from "../../neighbours/rows";
import { Linear } from "../../nn/linear";
import { Sequential } from "../../nn/module";
import type { Module } from "../../nn/module";
import { argmax } from "../../ops/arg-extremum";
import { add, scale } from "../../ops/elementwise";
import { concat, slice } from "../../ops/layout";
import { LEAST, ntXent, scanLoss } from "../../ops/losses/contrastive";
import { crossEntropy } from "../../ops/losses/cross-entropy";
import { augmentKernels } from "../../ops/images/augmentation";
import { AUGMENT_RULE } from "../../ops/images/augment-options";
import type { AugmentOptions } from "../../ops/images/augment-options";
import { l2Normalize } from "../../ops/normalization/rows";
import { max } from "../../ops/reduce";
import { softmax } from "../../ops/softmax";
import { Adam, SGD } from "../../optim";
import { integer, optional, positive, range, record } from "../../options";
import type { Random } from "../../random";
import { indices, tensor, tidy } from "../../tensor";
import type { Tensor } from "../../tensor";
import type { Stage } from "../../training/training";
import { mapTo } from "../../typed-arrays";
import { ImageChanges } from "./image-changes";
import { CHUNK, EPS, NetworkModel } from "./network-model";
import { NETWORK_RULES } from "./network-options";
import type { LoadOptions, NetworkOptions, NetworkSettings } from "./network-options";

/** Options of `SCAN`; `learningRate`, `momentum` and `weightDecay` are those of the contrastive pretraining, whose rate falls to 0 by a half cosine. */
export interface SCANOptions extends NetworkOptions {
  readonly nClusters: number;
  /** Passes over the data in which the network learns to tell items apart; default 25. */
  readonly pretrainEpochs?: number;
  /** τ of the contrastive loss; default 0.2. */
  readonly temperature?: number;
  /** Width of what features are compared by while it is learned, and neighbours are found by; default 128. */
  readonly projection?: number;
  /** Nearest neighbours of each item that it is to share a cluster with; default 20. */
  readonly nNeighbors?: number;
  /** Classifiers that learn to cluster by neighbours, of which the one with the lowest loss is kept; default 10. */
  readonly heads?: number;
  /** Passes of clustering by neighbours; default 10. */
  readonly clusterEpochs?: number;
  /** Weight of the entropy of the clusters' sizes beside the agreement of neighbours, the paper's λ; default 5. */
  readonly entropyWeight?: number;
  /** Of Adam, while it clusters and labels itself; default 1e-3. */
  readonly clusterLearningRate?: number;
  /** Probability from which a cluster of an item counts as its label in the last stage; default 0.99. */
  readonly threshold?: number;
  /** What changes items and neighbours while it clusters by them, less than `augment` does: options of the op. Default: nothing does. */
  readonly clusterAugment?: AugmentOptions | undefined;
}

/** @inline */
interface Settings
  extends
    NetworkSettings,
    Required<Omit<SCANOptions, keyof NetworkOptions | "clusterAugment">>,
    Pick<SCANOptions, "clusterAugment"> {}

/** Passes of self-labelling where `fit` is told none. */
export const SCAN_EPOCHS = 5;

/** Its options: their rules and defaults. @internal */
export const SCAN_OPTIONS: OptionSet<Settings> = {
  rules: {
    ...NETWORK_RULES,
    ...{ nClusters: integer(1), pretrainEpochs: integer(0), temperature: positive, projection: integer(1) },
    ...{
      nNeighbors: integer(1),
      heads: integer(1),
      clusterEpochs: integer(0),
      entropyWeight: range(0),
      clusterLearningRate: positive,
    },
    ...{ threshold: range(0, 1), clusterAugment: optional(AUGMENT_RULE) },
  },
  defaults: {
    ...{ learningRate: 0.3, pretrainEpochs: 25, temperature: 0.2, projection: 128 },
    ...{ nNeighbors: 20, heads: 10, clusterEpochs: 10, entropyWeight: 5, clusterLearningRate: 1e-3, threshold: 0.99 },
  },
  kernels: ({ clusterAugment }) => [
    ...augmentKernels(clusterAugment),
    adam,
    argExtremum,
    elementwise.binary,
    kNearest,
    normalization.l2Normalize,
    normalization.l2NormalizeBackward,
    softmaxKernel,
    softmaxBackward,
  ],
};

/** What an item counts as in a step of self-labelling: a cluster for each, k where it is not sure, and weights of the clusters where one is. */
interface Goal {
  readonly labels: Uint32Array<ArrayBuffer>;
  readonly weights: Float32Array | undefined;
}

/**
 * SCAN, in three stages. The network learns features by which two views of one item, changed at random by `augment`, are told from all other
 * items (`ntXent`, through a projection of two layers). By the projections each item gets its nearest neighbours, and classifiers on
 * the network learn to give both one cluster, surely, and to use all clusters (`scanLoss`), of items that `clusterAugment` changes; the classifier with the lowest
 * loss over all items and neighbours is kept. Last, it is trained on views of the items that it is sure of, with the clusters that it gives them as they are
 * (the paper's self-labelling; clusters weigh alike). Batch normalisation takes its statistics of items and neighbours together.
 */
export class SCAN extends NetworkModel<Settings> {
  readonly #mild = new ImageChanges(this.settings.clusterAugment);
  /** Nearest neighbours of each item, row by row: found once the features are learned. */
  #neighbours: Int32Array | undefined;
  /** The head that is kept, once all have learned. */
  #head: number | undefined;
  #labels: Int32Array | undefined;
  /** Items that it was sure of in the epoch under way, of those looked at. */
  #sure = { count: 0, of: 0 };

  constructor(options: SCANOptions) {
    super("SCAN", options, SCAN_OPTIONS);
  }

  /** Cluster of each item of the data given to `fit`. @throws before */
  get labels(): Int32Array<ArrayBuffer> {
    return Int32Array.from(this.known("labels", this.#labels));
  }

  /**
   * Trains through all stages, and clusters. Goes on where an earlier call or a loaded training stood. The records of the epochs of the stage
   * SCAN.selflabel have `sure`, the share of items above the threshold.
   * @param x [n, …], items of the network's input size; the same in each call
   * @param options `epochs`: passes of self-labelling, those of earlier calls too; default 5, and 0 leaves it out
   * @throws when `augment` was not given; when items have another size, hold NaN, or are fewer than the clusters or not more than the neighbours; when the
   * loss is no longer finite; the signal's reason when aborted
   */
  async fit(x: RowsLike, options: FitOptions = {}): Promise<this> {
    const { augment, nNeighbors } = this.settings;
    if (!augment) throw new Error("SCAN.fit: augment must be given, what makes two views of an item, got none");
    return this.fittingItems(x, { ...options, epochs: options.epochs ?? SCAN_EPOCHS }, async (rows, fit, epochs) => {
      if (nNeighbors >= rows.count)
        throw new Error(
          `SCAN.fit: nNeighbors must be less than the number of items, got ${nNeighbors} for ${rows.count}`,
        );
      await this.#mild.prepare();
      await this.train(rows, this.#stages(rows, epochs, fit), fit, options);
      await this.#choose(rows, fit.signal);
      const { data } = await mapRows(rows, (batch) => argmax(this.#kept(this.features(batch)), 1), CHUNK);
      this.#labels = Int32Array.from(data);
    });
  }

  /** fit, then the labels. */
  async fitPredict(x: RowsLike, options: FitOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** The most probable cluster of each row of x. @throws before `fit` */
  async predict(x: RowsLike): Promise<Int32Array<ArrayBuffer>> {
    this.known("predict", this.#labels);
    return this.labelled(x, "predict", (z) => argmax(this.#kept(z), 1));
  }

  /** Probabilities of the clusters for each row of x, [n, nClusters]. @throws before `fit` */
  async softAssignments(x: RowsLike): Promise<NdArray<Float32Array>> {
    this.known("softAssignments", this.#labels);
    return this.computingItems(x, "softAssignments", (rows) =>
      mapRows(rows, (batch) => softmax(this.#kept(this.features(batch))), CHUNK),
    );
  }

  /** @throws when the bytes are no checkpoint of this method */
  static async load(content: Bytes, options: LoadOptions = {}): Promise<SCAN> {
    return NetworkModel.restoredNetwork("SCAN", content, options, (settings) => new SCAN(settings));
  }

  protected override headSizes(): { count: number; classes: number } {
    return { count: this.settings.heads, classes: this.settings.nClusters };
  }

  protected override makeProjection(device: Device, featureSize: number, random: Random): Module {
    return new Sequential([
      new Linear(device, featureSize, featureSize, random, { activation: "relu" }),
      new Linear(device, featureSize, this.settings.projection, random),
    ]);
  }

  protected override learnedBeside(): { arrays: Record<string, NdArray<TypedArray>>; state: Record<string, unknown> } {
    const [neighbours, labels] = [this.#neighbours, this.#labels];
    return {
      arrays: {
        ...(neighbours && { neighbours: new NdArray<TypedArray>(neighbours) }),
        ...(labels && { labels: new NdArray<TypedArray>(labels) }),
      },
      state: { head: this.#head, sure: { ...this.#sure } },
    };
  }

  protected override restoreBeside(saved: Checkpoint): void {
    const { nClusters, nNeighbors, heads } = this.settings;
    this.#head = saved.entry<number | undefined>("head", optional(integer(0, heads - 1)));
    this.#sure = {
      ...saved.entry<{ count: number; of: number }>("sure", record({ count: integer(0), of: integer(0) })),
    };
    const count = (saved.arrays["neighbours"]?.data.length ?? 0) / nNeighbors;
    this.#neighbours = saved.labels("neighbours", count);
    this.#labels = saved.labels("labels", nClusters);
  }

  #stages(rows: Rows, epochs: number, fit: Fit): Stage[] {
    const batches = this.batches(rows);
    return [
      this.#pretraining(rows, batches),
      this.#clustering(rows, batches, fit),
      this.#selfLabeling(rows, batches, epochs, fit),
    ];
  }

  #pretraining(rows: Rows, batches: BatchOrder): Stage {
    const { pretrainEpochs, temperature, learningRate: lr, momentum, weightDecay } = this.settings;
    return {
      ...{ name: "SCAN.pretrain", epochs: pretrainEpochs, steps: batches.steps, load: batches.load },
      parameters: [...this.network.parameters(), ...this.projection.parameters()],
      optimizer: (list) => new SGD(list, { lr, momentum, weightDecay }),
      learningRate: (share) => (lr * (1 + Math.cos(Math.PI * share))) / 2,
      loss: ({ epoch, step, random }) => {
        const x = rows.at(batches.batch(epoch, step));
        const z = this.changedFeatures(concat([x, x], 0), (items) => this.changed(items, random));
        return ntXent(this.#projected(z), temperature);
      },
    };
  }

  #clustering(rows: Rows, batches: BatchOrder, { signal }: Fit): Stage {
    const { nClusters, clusterEpochs, nNeighbors: k, entropyWeight } = this.settings;
    return {
      ...{ name: "SCAN.cluster", epochs: clusterEpochs, steps: batches.steps, load: batches.load, ...this.#byAdam() },
      beforeEpoch: async () => {
        this.#neighbours ??= await this.#nearest(rows, signal);
      },
      loss: ({ epoch, step, random }) => {
        const index = batches.batch(epoch, step);
        const neighbours = index.map((i) => this.#neighbours![i * k + Math.floor(random.uniform() * k)]!);
        const x = concat([rows.at(index), rows.at(neighbours)], 0);
        const z = this.changedFeatures(x, (items) => this.#mild.of(items, random));
        const losses = this.heads.map((_, h) => {
          const p = softmax(this.scores(z, h));
          const [n, half] = [p.shape[0]!, index.length];
          return scanLoss(slice(p, [0, 0], [half, nClusters]), slice(p, [half, 0], [n, nClusters]), entropyWeight);
        });
        return scale(
          losses.reduce((sum, loss) => add(sum, loss)),
          1 / losses.length,
        );
      },
    };
  }

  #selfLabeling(rows: Rows, batches: BatchOrder, epochs: number, { signal }: Fit): Stage {
    let goal: Goal;
    return {
      ...{ name: "SCAN.selflabel", epochs, steps: batches.steps, ...this.#byAdam() },
      beforeEpoch: async () => {
        await this.#choose(rows, signal);
        this.#sure = { count: 0, of: 0 };
      },
      load: async (epoch, step) => {
        await batches.load?.(epoch, step);
        goal = await this.#goal(() => rows.at(batches.batch(epoch, step)));
      },
      loss: ({ epoch, step, random }) => {
        const logits = this.#kept(this.trainingFeatures(rows, batches.batch(epoch, step), random));
        const { device } = logits;
        const classWeights = goal.weights && tensor(device, goal.weights);
        return crossEntropy(logits, indices(device, goal.labels), { ...(classWeights && { classWeights }) });
      },
      figures: () => ({ sure: this.#sure.count / Math.max(1, this.#sure.of) }),
    };
  }

  #byAdam(): Pick<Stage, "parameters" | "optimizer"> {
    const { clusterLearningRate: lr } = this.settings;
    const parameters = [...this.network.parameters(), ...this.heads.flatMap((head) => head.parameters())];
    return { parameters, optimizer: (list) => new Adam(list, { lr }) };
  }

  /** What features are compared by: [b, projection], rows of length 1. */
  #projected(features: Tensor): Tensor {
    return l2Normalize(this.projection.forward(this.rectified(features)), EPS);
  }

  /** The nearest neighbours of each item by the projections, [n · nNeighbors]. */
  async #nearest(rows: Rows, signal: AbortSignal): Promise<Int32Array> {
    const { nNeighbors } = this.settings;
    await this.settle(rows);
    const points = await takeRows(
      await mapRows(rows, (batch) => this.#projected(this.features(batch)), CHUNK),
      "SCAN.fit",
    );
    const { indices } = await neighboursAmong(points, { nNeighbors }, "SCAN.fit", { device: rows.device, signal });
    return Int32Array.from(indices.data);
  }

  /** Scores of the clusters by the head that is kept, of features as the network gives them: [b, nClusters]. */
  #kept(features: Tensor): Tensor {
    return this.scores(features, this.#head);
  }

  /** Keeps the head with the lowest loss over all items as they are and all their neighbours. */
  async #choose(rows: Rows, signal: AbortSignal): Promise<void> {
    const { heads, nClusters, nNeighbors, entropyWeight } = this.settings;
    this.#neighbours ??= await this.#nearest(rows, signal);
    if (this.#head !== undefined) return;
    await this.settle(rows);
    let [best, lowest] = [0, Infinity];
    for (let h = 0; h < heads; h++) {
      const p = await mapRows(rows, (batch) => softmax(this.scores(this.features(batch), h)), CHUNK);
      const loss = await runCooperatively(lossOf(p.data, this.#neighbours, { nClusters, nNeighbors, entropyWeight }));
      if (loss < lowest) [best, lowest] = [h, loss];
    }
    this.#head = best;
  }

  /** The clusters that the network gives a batch as it is, where it is sure of them. */
  async #goal(batch: () => Tensor): Promise<Goal> {
    const { nClusters, threshold } = this.settings;
    const found = tidy(() =>
      noGrad(() => {
        const p = softmax(this.#kept(this.changedFeatures(batch(), (items) => items)));
        return { labels: argmax(p, 1), most: max(p, 1) };
      }),
    );
    const [labels, most] = await Promise.all([found.labels.data(), found.most.data()]);
    found.labels.dispose();
    found.most.dispose();
    const counts = new Float32Array(nClusters);
    const sure = mapTo(Uint32Array, labels, (label, i) => (most[i]! >= threshold ? label : nClusters));
    for (const label of sure) if (label < nClusters) counts[label]!++;
    const count = counts.reduce((sum, size) => sum + size, 0);
    this.#sure.count += count;
    this.#sure.of += sure.length;
    return { labels: sure, weights: count > 0 ? counts.map((size) => (size > 0 ? 1 / size : 0)) : undefined };
  }
}

/** `scanLoss` over n items and all their neighbours, in float64, of probabilities [n, nClusters]. */
function* lossOf(
  p: Float32Array,
  neighbours: Int32Array,
  { nClusters: k, nNeighbors, entropyWeight }: Pick<Settings, "nClusters" | "nNeighbors" | "entropyWeight">,
): Cooperative<number> {
  const n = p.length / k;
  const shares = new Float64Array(k);
  let disagreement = 0;
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < k; c++) shares[c]! += p[i * k + c]! / n;
    for (let at = i * nNeighbors; at < (i + 1) * nNeighbors; at++) {
      let same = 0;
      for (let c = 0; c < k; c++) same += p[i * k + c]! * p[neighbours[at]! * k + c]!;
      disagreement -= Math.log(Math.max(same, LEAST));
    }
    if (i % 64 === 0) yield;
  }
  const negentropy = shares.reduce((sum, share) => sum + share * Math.log(Math.max(share, LEAST)), 0);
  return disagreement / neighbours.length + entropyWeight * negentropy;
}
