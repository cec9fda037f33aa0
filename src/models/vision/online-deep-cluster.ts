// Online deep clustering: Zhan, Xie, Liu, Ong and Loy, "Online deep clustering for unsupervised representation learning", CVPR 2020.
import { sgd } from "../../kernels/optimizers";
import { argExtremum } from "../../kernels/reduction";
import { KMeans } from "../../cluster";
import { LLOYD_KERNELS } from "../../cluster/kmeans/lloyd";
import { splitKMeans } from "../../cluster/kmeans/split-kmeans";
import type { RowSource } from "../../data/datasets/row-source";
import type { Bytes } from "../../data/formats/source";
import { noGrad } from "../../graph";
import * as normalization from "../../kernels/normalization";
import type { Checkpoint } from "../../lifecycle/checkpoint";
import type { OptionSet } from "../../lifecycle/model";
import type { FitOptions } from "../../lifecycle/progress";
import type { Rows, RowsLike } from "../../lifecycle/rows";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { argmax, argmin } from "../../ops/arg-extremum";
import { crossEntropy } from "../../ops/losses/cross-entropy";
import { pairwiseSquaredDistance } from "../../ops/distance";
import { add, scale } from "../../ops/elementwise";
import { matmul } from "../../ops/matmul";
import { l2Normalize } from "../../ops/normalization/rows";
import { choice, fraction, record, integer } from "../../options";
import { stream } from "../../random";
import type { Random } from "../../random";
import { indices, keep, takeTensor, tensor, tidy } from "../../tensor";
import type { Tensor } from "../../tensor";
import type { Stage } from "../../training/training";
import { ClusterMemory, FeatureMemory } from "./cluster-memory";
import type { Remembered } from "./cluster-memory";
import { fitDevice } from "./feature-store";
import { EPS, NetworkModel } from "./network-model";
import { NETWORK_RULES } from "./network-options";
import type { LoadOptions, NetworkOptions, NetworkSettings } from "./network-options";
import { mapTo } from "../../typed-arrays";

/** Options of `OnlineDeepCluster`. */
export interface OnlineDeepClusterOptions extends NetworkOptions {
  readonly nClusters: number;
  /** Share of the new features in the memory of an item; default 0.5. */
  readonly memoryMomentum?: number;
  /** Steps between two renewals of the centres; default 10. */
  readonly centroidInterval?: number;
  /** Clusters of fewer items are merged into others and filled anew by splitting; at most n / (4 nClusters). Default 20. */
  readonly minCluster?: number;
  /**
   * Which cluster an item belongs to: "dot", of the largest product with the (not normalised) centre, as in the authors' program, which
   * favours compact clusters; or "nearest", of the smallest distance, as in the paper. They agree where centres are equally long.
   */
  readonly assignment?: "dot" | "nearest";
  /** Iterations of the k-means that begins; default 20. */
  readonly kmeansIterations?: number;
}

/** @inline */
interface Settings extends NetworkSettings, Required<Omit<OnlineDeepClusterOptions, keyof NetworkOptions>> {}

/** Its options: their rules and defaults. @internal */
export const ONLINE_OPTIONS: OptionSet<Settings> = {
  rules: {
    ...NETWORK_RULES,
    ...{ nClusters: integer(1), memoryMomentum: fraction },
    ...{ centroidInterval: integer(1), minCluster: integer(1), assignment: choice("dot", "nearest") },
    kmeansIterations: integer(1),
  },
  defaults: { memoryMomentum: 0.5, centroidInterval: 10, minCluster: 20, kmeansIterations: 20, assignment: "dot" },
  kernels: () => [...LLOYD_KERNELS, normalization.l2Normalize, argExtremum, sgd],
};

/** Iterations of the 2-means that splits a cluster. */
const SPLIT_ITERATIONS = 20;

/** What a checkpoint may hold beside: of a memory in a scratch file, the sums are all. */
interface Recalled extends Remembered {
  readonly features?: Float32Array | undefined;
  readonly sums?: Float64Array<ArrayBuffer> | undefined;
}

/**
 * Online deep clustering: network, classifier, labels and centres change together, batch by batch. A memory holds each item's
 * features and cluster; after a step the batch's features move towards the new ones and its items to their best clusters. Small
 * clusters are merged and large ones split. The classifier is never begun anew, not for clusters that are split either.
 *
 * The memory of a source's rows is a scratch file where a quarter of its `memory` does not hold it. A checkpoint has it no more then: a training that is
 * loaded begins its memory with the features that the network gives by then, and goes on with the clusters.
 */
export class OnlineDeepCluster extends NetworkModel<Settings> {
  #memory: ClusterMemory | undefined;
  /** What was loaded, until a fit goes on with it. */
  #recalled: Recalled | undefined;
  /** Labels changed in the epoch under way, and labels looked at. */
  #changed = { count: 0, of: 0 };

  constructor(options: OnlineDeepClusterOptions) {
    super("OnlineDeepCluster", options, ONLINE_OPTIONS);
  }

  /** Cluster of each item of the data given to `fit`, as the memory has it. @throws before */
  get labels(): Int32Array<ArrayBuffer> {
    return Int32Array.from(this.#remembered("labels").labels);
  }

  /** Means of the items' features, [nClusters, featureSize]. @throws before `fit` */
  get clusterCenters(): NdArray {
    const { centers, d } = this.#remembered("clusterCenters");
    return new NdArray(Float32Array.from(centers), [this.settings.nClusters, d]);
  }

  /**
   * Trains for so many epochs. Goes on where an earlier call or a loaded training stood. The record of an epoch has `changed`, the share
   * of labels that changed, and `clusters`, how many are not empty.
   * @param x [n, …], items of the network's input size; the same in each call
   * @param options `epochs`: those of earlier calls too; default 50
   * @throws when items have another size, hold NaN, or are fewer than the clusters; when the loss is no longer finite; the
   * signal's reason when aborted
   */
  async fit(x: RowsLike, options: FitOptions = {}): Promise<this> {
    return this.fittingItems(x, options, async (rows, fit, epochs) => {
      const memory = (this.#memory ??= await (this.#recalled
        ? this.#recall(rows, this.#recalled)
        : this.#begin(rows, fit.signal)));
      await this.train(rows, [this.#stage(rows, epochs, memory)], fit, options);
    });
  }

  /** fit, then the labels. */
  async fitPredict(x: RowsLike, options: FitOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** The best cluster for the features of each row of x, by the rule of training. @throws before `fit` */
  async predict(x: RowsLike): Promise<Int32Array<ArrayBuffer>> {
    const { centers, d } = this.#remembered("predict");
    return this.labelled(x, "predict", (z) =>
      this.#best(this.#unit(z), tensor(z.device, centers, [this.settings.nClusters, d])),
    );
  }

  /** @throws when the bytes are no checkpoint of this method */
  static async load(content: Bytes, options: LoadOptions = {}): Promise<OnlineDeepCluster> {
    const make = (settings: OnlineDeepClusterOptions): OnlineDeepCluster => new OnlineDeepCluster(settings);
    return NetworkModel.restoredNetwork("OnlineDeepCluster", content, options, make);
  }

  protected override headSizes(): { count: number; classes: number } {
    return { count: 1, classes: this.settings.nClusters };
  }

  protected override learnedBeside(): { arrays: Record<string, NdArray<TypedArray>>; state: Record<string, unknown> } {
    const state = { changed: { ...this.#changed } };
    const memory = this.#memory ?? this.#recalled;
    if (!memory) return { arrays: {}, state };
    const { labels, centers, d } = memory;
    const features = this.#memory ? this.#memory.features.held : this.#recalled?.features;
    const { sums } = memory as Recalled;
    return {
      arrays: {
        ...(features && { "memory.features": new NdArray<TypedArray>(features, [labels.length, d]) }),
        ...(features && sums && { "memory.sums": new NdArray<TypedArray>(sums, [this.settings.nClusters, d]) }),
        "memory.labels": new NdArray<TypedArray>(labels),
        "memory.centers": new NdArray<TypedArray>(centers, [this.settings.nClusters, d]),
      },
      state,
    };
  }

  protected override restoreBeside(saved: Checkpoint): void {
    const { nClusters } = this.settings;
    this.#changed = {
      ...saved.entry<{ count: number; of: number }>("changed", record({ count: integer(0), of: integer(0) })),
    };
    const labels = saved.labels("memory.labels", nClusters);
    const features = saved.array("memory.features", [labels?.length ?? 0, -1]);
    const centers = saved.array("memory.centers", [nClusters, features?.shape[1] ?? -1]);
    if (!labels || !centers) return;
    const d = centers.shape[1]!;
    const sums = saved.matrix("memory.sums", [nClusters, d])?.data;
    this.#recalled = {
      ...{ labels, centers: Float32Array.from(centers.data), d, features: features?.data },
      ...(sums && { sums: Float64Array.from(sums) }),
    };
  }

  protected override release(): void {
    super.release();
    void this.#memory?.features.dispose();
    this.#memory = undefined;
    this.#recalled = undefined;
  }

  #remembered(what: string): Remembered {
    return this.known(what, this.#memory ?? this.#recalled);
  }

  /** Features as the memory holds them. */
  #unit(z: Tensor): Tensor {
    return l2Normalize(this.rectified(z), EPS);
  }

  /** Best cluster of features [b, d] among centres [k, d]: u32 [b]. */
  #best(features: Tensor, centers: Tensor): Tensor {
    if (this.settings.assignment === "nearest") return argmin(pairwiseSquaredDistance(features, centers), 1);
    return argmax(matmul(features, centers, { transB: true }), 1);
  }

  /** Features of all items, and clusters by k-means; small ones are dealt with as in training. */
  async #begin(rows: Rows, signal: AbortSignal): Promise<ClusterMemory> {
    const { nClusters, kmeansIterations: maxIter, seed } = this.settings;
    await this.settle(rows);
    const points = await this.storeFeatures(rows, (z) => this.#unit(z));
    try {
      const random = stream(seed, "OnlineDeepCluster.clustering");
      const { device } = rows;
      const { labels } = await splitKMeans(points, nClusters, { maxIter, random, signal, device });
      const memory = await ClusterMemory.of(await FeatureMemory.of(points), Int32Array.from(labels), nClusters);
      await this.#fillSmall(memory, 0);
      return memory;
    } catch (error) {
      await points.dispose();
      throw error;
    }
  }

  /** The memory of a checkpoint; where it lacks the features, those that the network gives now. */
  async #recall(rows: Rows, { features, labels, centers, d, sums }: Recalled): Promise<ClusterMemory> {
    const { nClusters } = this.settings;
    if (features)
      return ClusterMemory.of(FeatureMemory.holding(features, d), labels, nClusters, {
        centers,
        ...(sums && { sums }),
      });
    await this.settle(rows);
    const points = await this.storeFeatures(rows, (z) => this.#unit(z));
    return ClusterMemory.of(await FeatureMemory.of(points), labels, nClusters, { centers });
  }

  #stage(rows: Rows, epochs: number, memory: ClusterMemory): Stage {
    const { nClusters, memoryMomentum, centroidInterval } = this.settings;
    const { labels, centers, counts, d } = memory;
    const batches = this.batches(rows);
    /** What the memory has of the batch at work. */
    let old = new Float32Array(0);
    let seen: { index: Uint32Array; features: Tensor; labels: Tensor } | undefined;
    return {
      name: this.name,
      epochs,
      steps: batches.steps,
      ...this.trained({ momentum: 0 }),
      load: async (epoch, step) => {
        await batches.load?.(epoch, step);
        old = Float32Array.from(await memory.features.rows(batches.batch(epoch, step)));
      },
      beforeEpoch: async () => {
        this.#changed = { count: 0, of: 0 };
      },
      loss: ({ epoch, step, random }) => {
        const index = batches.batch(epoch, step);
        const z = this.trainingFeatures(rows, index, random);
        const { device } = z;
        // before the step: the memory moves towards the new features, items to the best clusters
        seen = tidy(() =>
          noGrad(() => {
            const kept = scale(tensor(device, old, [index.length, d]), 1 - memoryMomentum);
            const moved = l2Normalize(add(kept, scale(this.#unit(z), memoryMomentum)), EPS);
            const best = this.#best(moved, tensor(device, centers, [nClusters, d]));
            return { index, features: keep(moved), labels: keep(best) };
          }),
        );
        const goal = indices(
          device,
          mapTo(Uint32Array, index, (i) => labels[i]!),
        );
        const classWeights = tensor(device, weightsOf(counts));
        return crossEntropy(this.scores(z), goal, { classWeights });
      },
      afterStep: async (epoch, step) => {
        const { index, ...found } = seen!;
        const [moved, best] = (await Promise.all([found.features.data(), found.labels.data()])) as [
          Float32Array,
          Uint32Array,
        ];
        found.features.dispose();
        found.labels.dispose();
        await memory.features.write(index, moved);
        index.forEach((i, row) => {
          this.#changed.count += Number(labels[i] !== best[row]);
          memory.move(i, best[row]!, old, moved, row);
        });
        this.#changed.of += index.length;
        const done = epoch * batches.steps + step + 1;
        if (done % centroidInterval === 0) memory.renew();
        await this.#fillSmall(memory, done);
      },
      figures: () => ({
        changed: this.#changed.count / Math.max(1, this.#changed.of),
        clusters: counts.filter((count) => count > 0).length,
      }),
    };
  }

  /**
   * Items of small clusters go to their best among the others; then each of the emptied clusters takes over one part of the
   * largest, split by 2-means. Ends after one look at each, whatever the parts' sizes; a cluster stays empty only where none has two items.
   */
  async #fillSmall(memory: ClusterMemory, done: number): Promise<void> {
    const { nClusters: k, minCluster, seed } = this.settings;
    const { labels, centers, counts } = memory;
    const least = Math.max(1, Math.min(minCluster, Math.floor(labels.length / (4 * k))));
    const small = counts.flatMap((count, j) => (count < least ? [j] : []));
    if (small.length === 0) return;
    const isSmall = new Set(small);
    await memory.reassign(
      memory.members((j) => isSmall.has(j)),
      (features) => this.#bestOnHost(features, centers, (j) => !isSmall.has(j)),
    );
    const random = stream(seed, "OnlineDeepCluster.splits", done);
    for (const to of small) {
      const from = counts.indexOf(Math.max(...counts));
      const members = memory.members((j) => j === from);
      if (members.length < 2) return;
      const part = await this.#halves(memory, members, random);
      await memory.reassign(
        members.filter((_, m) => part[m] === 1),
        () => to,
      );
      memory.renew([from, to]);
    }
  }

  /** Which of two parts each member goes to, 0 or 1; halves at random where 2-means leaves one part empty. */
  async #halves({ features }: ClusterMemory, members: Uint32Array, random: Random): Promise<Int32Array> {
    const { device } = this.heads[0]!.weight;
    const { d, memory } = features;
    const options = { nClusters: 2, nInit: 1, maxIter: SPLIT_ITERATIONS, seed: random.nextUint32(), device };
    const halved = async (points: Tensor | RowSource): Promise<Int32Array> => {
      const { labels } = await new KMeans(options).fit(points);
      const second = labels.reduce((sum, side) => sum + side, 0);
      if (second > 0 && second < labels.length) return labels;
      return mapTo(Int32Array, random.permutation(labels.length), (place) => place % 2);
    };
    if (!fitDevice(members.length, d, memory)) return halved(features.subset(members));
    const points = await takeTensor(device, await features.rows(members), [members.length, d]);
    try {
      return await halved(points);
    } finally {
      points.dispose();
    }
  }

  /** Best cluster of one item among those allowed, the lowest of equals. */
  #bestOnHost(item: Float32Array, centers: Float32Array, allowed: (j: number) => boolean): number {
    const { nClusters, assignment } = this.settings;
    let [best, highest] = [0, -Infinity];
    for (let j = 0; j < nClusters; j++) {
      if (!allowed(j)) continue;
      let score = 0;
      for (let i = 0; i < item.length; i++) {
        const c = centers[j * item.length + i]!;
        score += assignment === "dot" ? c * item[i]! : -((c - item[i]!) ** 2);
      }
      if (score > highest) [best, highest] = [j, score];
    }
    return best;
  }
}

/** w ∝ 1 / √(items + 1e-5): large clusters do not drown the rest. */
function weightsOf(counts: readonly number[]): Float32Array {
  const weights = counts.map((count) => 1 / Math.sqrt(count + 1e-5));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return mapTo(Float32Array, weights, (weight) => weight / total);
}
