// DipDECK: Leiber, Bauer, Schelling, Böhm and Plant, "Dip-based deep embedded clustering with k-estimation", KDD 2021.
import type { Bytes } from "../../data/formats/source";
import { noGrad } from "../../graph";
import { unary } from "../../kernels/elementwise";
import { scatterAddRows } from "../../kernels/indexing";
import { squaredDistance, weightedDifference } from "../../kernels/linear-algebra";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import type { OptionSet } from "../../lifecycle/model";
import { chunksOf, mapWhole } from "../../lifecycle/rows";
import type { Rows } from "../../lifecycle/rows";
import { RowsModel } from "../../lifecycle/rows-model";
import type { Autoencoder } from "../../nn/autoencoder";
import { sizeOf } from "../../ndarray";
import { argmax, argmin } from "../../ops/arg-extremum";
import { studentT } from "../../ops/clustering/dec";
import { pairwiseSquaredDistance } from "../../ops/distance";
import { add, div, mul, scale, shift, sqrt, square, sub } from "../../ops/elementwise";
import { gatherRows } from "../../ops/indexing";
import { mse } from "../../ops/losses/elementwise";
import { mean, sum } from "../../ops/reduce";
import { Adam } from "../../optim";
import { finite, integer, list, optional, positive, range, record } from "../../options";
import { keep, tensor, tidy } from "../../tensor";
import { mapTo } from "../../typed-arrays";
import type { Tensor } from "../../tensor";
import type { Stage } from "../../training/training";
import { forImages } from "../autoencoder/autoencoder-stages";
import { CodeClustering, joined } from "../autoencoder/code-clustering";
import type { Batch, Look } from "../autoencoder/code-clustering";
import { DENSE, DENSE_DEFAULTS, DENSE_RULES, denseKernels } from "../autoencoder/coder";
import type { DenseOptions } from "../autoencoder/coder";
import { CODE_CLUSTERING_OPTIONS, DEC_LOAD } from "./dec-options";
import type { CodeLearningOptions, CodeLearningSettings, DECLoadOptions } from "./dec-options";
import { DipClusters } from "./dip-clusters";
import type { DipMerge } from "./dip-clusters";

/** Options of `DipDECK`. */
export interface DipDECKOptions extends CodeLearningOptions, DenseOptions {
  /** Clusters that it begins with, far more than there can be; of fewer items as many as those. Default 35. */
  readonly initialClusters?: number;
  /** Two clusters are merged when the dip test of their items has at least this p-value, in [0, 1]; default 0.9. */
  readonly dipThreshold?: number;
  /** Clusters at which merging ends; default 1. */
  readonly minClusters?: number;
  /** When training would end with more clusters, the two with the largest p-value are merged, and it goes on. Default: any number. */
  readonly maxClusters?: number;
  /** Of a cluster with more than this many times the items of another, those nearest to the other are tested alone, too, and the smaller p-value holds; default 2. */
  readonly sizeRatio?: number;
  /** Weight of the clustering loss beside the reconstruction loss; default 1. */
  readonly clusteringWeight?: number;
}

/** @inline */
type Settings = CodeLearningSettings &
  Required<Omit<DenseOptions, "itemShape">> &
  Pick<DenseOptions, "itemShape"> &
  Required<
    Pick<DipDECKOptions, "initialClusters" | "dipThreshold" | "minClusters" | "sizeRatio" | "clusteringWeight">
  > &
  Pick<DipDECKOptions, "maxClusters">;

const { nClusters: _, ...RULES } = CODE_CLUSTERING_OPTIONS.rules;
const { updateInterval: __, ...DEFAULTS } = CODE_CLUSTERING_OPTIONS.defaults;

/** Its options: their rules and defaults. @internal */
export const DIPDECK_OPTIONS: OptionSet<Settings> = {
  rules: {
    ...{ ...RULES, ...DENSE_RULES, initialClusters: integer(1), dipThreshold: range(0, 1), minClusters: integer(1) },
    ...{ maxClusters: optional(integer(1)), sizeRatio: range(1), clusteringWeight: range(0) },
    updateInterval: optional(integer(1)),
  },
  defaults: {
    ...{ ...DEFAULTS, ...DENSE_DEFAULTS, learningRate: 1e-4, tolerance: 0 },
    ...{ initialClusters: 35, dipThreshold: 0.9, minClusters: 1, sizeRatio: 2, clusteringWeight: 1 },
  },
  kernels: (settings) => [
    ...[...CODE_CLUSTERING_OPTIONS.kernels, unary, scatterAddRows, squaredDistance, weightedDifference],
    ...denseKernels(settings),
  ],
};

/** Passes of clustering since the last merge, where `fit` is told none. @internal */
export const DIPDECK_EPOCHS = 50;

/** Keeps the root of a square away from 0, where its gradient is infinite. */
const NEAR_ZERO = 1e-12;

const MERGES = list(record({ interval: integer(0), clusters: integer(1), pValue: finite }));

/**
 * Deep clustering that finds the number of clusters. An autoencoder's codes are cut into far too many clusters, each with the item nearest to its mean to stand
 * for it, and pᵢⱼ is the p-value of Hartigan's dip test of the items of two, on the line through the codes of those. A code z of cluster i is drawn to the codes mⱼ of
 * all that stand for clusters, the more the likelier both are one:
 * L = mse(x, x̂) / v + w (1 + sd D) / mean D · Σⱼ rᵢⱼ ‖z − mⱼ‖², r = (p + I) with rows that sum to 1, D the distances of the mⱼ; v, the mean variance of
 * the values of the items, makes w mean the same whatever their scale. After each interval the clusters whose
 * dip test finds one mode are merged, the likeliest first, and the passes are counted anew: in the first a code's cluster stays what it was, then it is the nearest.
 */
export class DipDECK extends CodeClustering<Settings, Autoencoder> {
  /** The items that stand for clusters, [k, values of an item]. */
  #items: Tensor | undefined;
  /** r, [k, k] */
  #relations: Tensor | undefined;
  /** Clusters of a model that was loaded. */
  #count: number | undefined;
  /** The interval from which passes are counted. */
  #begin = 0;
  /** The largest p-value of a pair that was left, or 0 where there is none. */
  #pValue = 0;
  #merges: readonly DipMerge[] = [];
  /** Mean variance of the values of the items. */
  #variance = 1;

  /** @throws for an option that is unknown, missing or out of its range, and for more clusters at least than at most or to begin with */
  constructor(options: DipDECKOptions) {
    super("DipDECK", options, DIPDECK_OPTIONS, DENSE);
    const { initialClusters, minClusters, maxClusters = Infinity } = this.settings;
    const most = Math.min(initialClusters, maxClusters);
    if (minClusters > most)
      throw new Error(
        `DipDECK: minClusters must be at most initialClusters and maxClusters, got ${minClusters} and ${most}`,
      );
  }

  /** @throws when the bytes are no checkpoint of a DipDECK */
  static load(content: Bytes, options: DECLoadOptions = {}): Promise<DipDECK> {
    const make = (settings: DipDECKOptions): DipDECK => new DipDECK(forImages(settings));
    return RowsModel.restored("DipDECK", content, options, make, DEC_LOAD);
  }

  /** The pairs of clusters that were merged, in their order. */
  get merges(): readonly DipMerge[] {
    return this.#merges;
  }

  /** How the number of clusters came about, in words. */
  get remarks(): readonly string[] {
    const { dipThreshold } = this.settings;
    if (!this.assigned || this.#merges.length === 0) return [];
    const least = Math.min(...this.#merges.map(({ pValue }) => pValue));
    return [
      `${this.clusterCount} clusters were left when ${this.#merges.length} pairs had been merged, whose dip test had a p-value of ${least.toFixed(3)} at least; of the pairs that are left it is ${this.#pValue.toFixed(3)} at most, the threshold ${dipThreshold}`,
    ];
  }

  protected override get clusterCount(): number {
    return this.centers?.shape[0] ?? this.#count ?? this.settings.initialClusters;
  }

  protected override get usualEpochs(): number {
    return DIPDECK_EPOCHS;
  }

  protected override get restarts(): number {
    return this.clusterCount - 1;
  }

  protected override endsAt(intervals: number): number {
    return this.#items && this.clusterCount === 1 ? 0 : this.#begin + intervals;
  }

  protected override figures(): Readonly<Record<string, number>> {
    return { clusters: this.clusterCount, pValue: this.#pValue };
  }

  protected override own(): Learned {
    const { arrays, state } = super.own();
    const [items, relations] = [this.#items, this.#relations];
    return {
      arrays: { ...arrays, ...(items && relations && { items, relations }) },
      state: {
        ...{ ...state, clusters: this.clusterCount, begin: this.#begin, pValue: this.#pValue, merges: this.#merges },
        variance: this.#variance,
      },
    };
  }

  protected override async restore(saved: Checkpoint): Promise<void> {
    const k = (this.#count = saved.entry<number>("clusters", integer(1)));
    this.#begin = saved.entry("begin", integer(0));
    this.#pValue = saved.entry("pValue", range(0, 1));
    this.#merges = saved.entry("merges", MERGES);
    this.#variance = saved.entry("variance", positive);
    const items = saved.array("items", [k, sizeOf(this.coder.input(this.settings))]);
    const relations = saved.array("relations", [k, k]);
    await super.restore(saved);
    const device = await this.device();
    if (items) this.#items = keep(tensor(device, items.data, items.shape));
    if (relations) this.#relations = keep(tensor(device, relations.data, relations.shape));
  }

  protected override release(): void {
    super.release();
    this.#items?.dispose();
    this.#relations?.dispose();
    this.#items = this.#relations = undefined;
  }

  /** Nearer centres have the larger values of Student's t distribution. */
  protected override scores(z: Tensor, centers: Tensor): Tensor {
    return studentT(z, centers);
  }

  protected override objective(): Pick<Stage, "parameters" | "optimizer"> & { loss(batch: Batch): Tensor } {
    const { learningRate, clusteringWeight } = this.settings;
    const { network } = this;
    return {
      parameters: network.parameters(),
      optimizer: (list) => new Adam(list, { lr: learningRate }),
      loss: ({ index, x, interval }) => {
        const z = network.encode(x);
        const centers = network.encode(this.#items!);
        const distances = pairwiseSquaredDistance(z, centers);
        const { assigned } = this;
        const own =
          interval === this.#begin
            ? mapTo(Uint32Array, index, (row) => assigned![row]!)
            : noGrad(() => argmin(distances, 1));
        const drawn = scale(sum(mul(gatherRows(this.#relations!, own), distances)), 1 / z.shape[0]!);
        const error = scale(mse(network.decode(z), x), 1 / this.#variance);
        return add(error, scale(mul(drawn, unitOf(centers)), clusteringWeight));
      },
    };
  }

  /** Labels by the nearest of the items that stand for clusters, which move to the middle of these; then merges. What is left at the end has the labels of `predict`. */
  protected override async assign(rows: Rows, { interval, isLast }: Look): Promise<Int32Array<ArrayBuffer>> {
    const whole = await mapWhole(rows, (batch) => this.network.encode(batch), this.chunk);
    try {
      const [z, d] = [(await whole.data()) as Float32Array, whole.shape[1]!];
      const { sizeRatio } = this.settings;
      const isFirst = !this.#items;
      let medoids: number[] | undefined;
      if (isFirst) {
        this.#variance = (await varianceOf(rows)) || 1;
        medoids = DipClusters.medoids({ z, d, labels: this.assigned!, sizeRatio }, this.clusterCount);
        await this.#standFor(rows, medoids);
      }
      this.#encodeItems();
      const labels = await this.#nearest(whole);
      const filled = this.#dropEmpty(labels);
      medoids &&= filled.map((cluster) => medoids![cluster]!);
      const clusters = await DipClusters.of({ z, d, labels, sizeRatio }, filled.length, medoids);
      const merged = !isFirst && (await this.#merge(clusters, interval, isLast));
      if (merged) this.#begin = interval;
      if (!isFirst) {
        await this.#standFor(rows, clusters.medoids);
        this.#encodeItems();
      }
      this.#relate(clusters);
      return isLast && !merged ? await this.#nearest(whole) : clusters.labels;
    } finally {
      whole.dispose();
    }
  }

  /** The nearest centre of each code. */
  async #nearest(z: Tensor): Promise<Int32Array<ArrayBuffer>> {
    return joined([tidy(() => argmax(this.scores(z, this.centers!), 1))], z.shape[0]!);
  }

  /** Merges the likeliest pairs. Whether there were any. */
  async #merge(clusters: DipClusters, interval: number, isLast: boolean): Promise<boolean> {
    const { dipThreshold, minClusters, maxClusters = Infinity } = this.settings;
    const merges: DipMerge[] = [];
    while (clusters.count > minClusters) {
      const { pair, pValue } = clusters.likest;
      const isForced = isLast && merges.length === 0 && clusters.count > maxClusters;
      if (pValue < dipThreshold && !isForced) break;
      await clusters.merge(pair);
      merges.push({ interval, clusters: clusters.count, pValue });
    }
    this.#merges = [...this.#merges, ...merges];
    return merges.length > 0;
  }

  /** Drops clusters that have lost all items, and numbers the others anew: those that are left. */
  #dropEmpty(labels: Int32Array): number[] {
    const { clusterCount } = this;
    const has = new Set(labels);
    const filled = Array.from({ length: clusterCount }, (_, cluster) => cluster).filter((cluster) => has.has(cluster));
    if (filled.length === clusterCount) return filled;
    labels.forEach((label, i) => (labels[i] = filled.indexOf(label)));
    const items = keep(gatherRows(this.#items!, filled));
    this.#items!.dispose();
    this.#items = items;
    this.#place(gatherRows(this.centers!, filled));
    return filled;
  }

  /** Takes rows to stand for clusters. */
  async #standFor(rows: Rows, medoids: readonly number[]): Promise<void> {
    const index = Uint32Array.from(medoids);
    await rows.load(index);
    const items = keep(rows.at(index));
    this.#items?.dispose();
    this.#items = items;
  }

  /** The codes of the items that stand for clusters become the centres. */
  #encodeItems(): void {
    this.#place(tidy(() => noGrad(() => this.network.encode(this.#items!))));
  }

  /** Takes codes for centres. */
  #place(centers: Tensor): void {
    this.centers?.dispose();
    this.centers = keep(centers);
  }

  /** Takes over r and the largest p-value. */
  #relate({ pValues, count, likest }: DipClusters): void {
    const relations = Float32Array.from(
      pValues.flatMap((row, i) => {
        const whole = row.reduce((total, p) => total + p, 1);
        return row.map((p, j) => (p + Number(i === j)) / whole);
      }),
    );
    this.#relations?.dispose();
    this.#relations = keep(tensor(this.centers!.device, relations, [count, count]));
    this.#pValue = Math.max(0, likest.pValue);
  }
}

/** (1 + sd) / mean of the distances of centres [k, d] from each other, a scalar; of two the sd is 0, and of one all is. */
function unitOf(centers: Tensor): Tensor {
  const k = centers.shape[0]!;
  const [first, second]: [number[], number[]] = [[], []];
  for (let i = 0; i < k; i++)
    for (let j = i + 1; j < k; j++) {
      first.push(i);
      second.push(j);
    }
  const apart = sub(gatherRows(centers, first), gatherRows(centers, second));
  const distances = sqrt(shift(sum(square(apart), 1), NEAR_ZERO));
  const middle = mean(distances);
  if (k === 2) return div(1, middle);
  const deviation = sqrt(shift(mean(square(sub(distances, middle))), NEAR_ZERO));
  return div(shift(deviation, 1), middle);
}

/** The mean variance of the values of rows, in two passes. */
async function varianceOf(rows: Rows): Promise<number> {
  const { count, width, device } = rows;
  const means = new Float32Array(width);
  for await (const chunk of chunksOf(rows, (x) => sum(x, 0))) {
    (await chunk.data()).forEach((value, j) => (means[j]! += value / count));
    chunk.dispose();
  }
  const middle = tensor(device, means, [width]);
  let total = 0;
  for await (const chunk of chunksOf(rows, (x) => sum(square(sub(x, middle))))) {
    total += await chunk.item();
    chunk.dispose();
  }
  middle.dispose();
  return total / (count * width);
}
