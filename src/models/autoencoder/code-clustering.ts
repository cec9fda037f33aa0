// What the methods share that pretrain an autoencoder, place centres among its codes by k-means, and train encoder and centres together.
import { bestRun } from "../../cluster/kmeans/lloyd-runs";
import type { Device } from "../../device";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import type { Fit } from "../../lifecycle/fit";
import type { OptionSet } from "../../lifecycle/model";
import type { EpochRecord, FitOptions } from "../../lifecycle/progress";
import { mapChunks, mapRows, mapWhole } from "../../lifecycle/rows";
import type { BatchOrder, RowsLike, Rows } from "../../lifecycle/rows";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import type { CodeNetwork } from "../../nn/code-network";
import { argmax } from "../../ops/arg-extremum";
import { flag, range, integer } from "../../options";
import { stream } from "../../random";
import { parameter, tidy } from "../../tensor";
import type { Tensor } from "../../tensor";
import { Training } from "../../training/training";
import type { Places } from "../../training/network-rows-model";
import type { Stage } from "../../training/training";
import type { RowsAugmentation } from "./autoencoder-stages";
import { CodeModel } from "./code-model";
import type { Coder } from "./coder";
import { CLUSTERING_EPOCHS } from "../embedded/dec-options";
import type { CodeLearningSettings } from "../embedded/dec-options";

const PLACES: Places = {
  ...{ network: "autoencoder.network.", optimizer: "autoencoder.optimizer.", training: "pretraining" },
};

/** A step of the clustering phase: rows by number, as they are, and as the network is shown them. */
export interface Batch {
  readonly index: Uint32Array;
  readonly items: Tensor;
  readonly x: Tensor;
  /** That of the step. */
  readonly interval: number;
}

/** A look at all rows: before which interval, and whether training ends with it where it changes nothing. */
export interface Look {
  readonly interval: number;
  readonly isLast: boolean;
}

/** An autoencoder whose codes are clustered while it learns on. */
export abstract class CodeClustering<S extends CodeLearningSettings, N extends CodeNetwork> extends CodeModel<S, N> {
  /** The centres on the device, once they are placed. */
  protected centers: Tensor | undefined;
  /** The labels in force. */
  protected assigned: Int32Array<ArrayBuffer> | undefined;
  readonly #clustering = new Training();
  /** The centres as the host has them. */
  #placed: NdArray | undefined;
  /** The interval whose labels are in force, or −1. */
  #refreshed = -1;
  /** Share of labels that changed at the last refresh. */
  #changed = 1;
  #converged = false;

  protected constructor(name: string, options: unknown, set: OptionSet<S>, coder: Coder<S, N>) {
    super(name, options, set, coder, PLACES);
  }

  /** One record per epoch of pretraining, then one per update interval; `changed` is the share of labels that changed. */
  override get history(): readonly EpochRecord[] {
    return [...super.history, ...this.#clustering.history];
  }

  /** Cluster of each item of the data given to `fit`, as of the last refresh. @throws before there is one */
  get labels(): Int32Array<ArrayBuffer> {
    return this.known("labels", this.assigned).slice();
  }

  /** The centres among the codes, [nClusters, code], as of the last refresh. @throws before there are any */
  get clusterCenters(): NdArray {
    return this.known("clusterCenters", this.#placed);
  }

  /** Whether training ended because the labels had settled. */
  get converged(): boolean {
    return this.#converged;
  }

  /**
   * Pretrains, places the centres and trains until the labels settle. Goes on where an earlier call or a loaded training stood.
   * @param x items of the network's input size; the same in each call
   * @param options `epochs`: passes over the data in the clustering phase at most, those of earlier calls too; default 100
   * @throws when items have another size, hold NaN, or are fewer than clusters; when a loss or weight is no
   * longer finite; the signal's reason when aborted
   */
  async fit(x: RowsLike, options: FitOptions = {}): Promise<this> {
    const { pretrainEpochs: epochs, pretrainBatchSize: batchSize, pretrainLearningRate: learningRate } = this.settings;
    return this.codingFit(x, options, { epochs, batchSize, learningRate }, async ({ rows, device, fit, augment }) => {
      if (!this.centers) await this.#placeCenters(device, rows, fit);
      const order = rows.order(stream(this.settings.seed, `${this.name}.order`).state(), this.settings.batchSize);
      const { updateInterval = order.steps } = this.settings;
      const intervals = Math.ceil(((options.epochs ?? this.usualEpochs) * order.steps) / updateInterval);
      const stage = this.#stage(rows, augment, order, updateInterval, intervals);
      await this.#clustering.run([stage], this.settings.seed, fit, options);
      await this.#look(rows, this.#lookAt(this.#clustering.begun, intervals));
    });
  }

  /** fit, then the labels. */
  async fitPredict(x: RowsLike, options: FitOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** Codes of x, [n, code]. @throws before `fit` */
  async transform(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.rowsThrough(x, "transform", (batch) => this.network.encode(batch));
  }

  /** Codes [n, code] as the decoder gives them back, [n, values of an item]: of the centres, what they look like. @throws before `fit` */
  async decode(z: RowsLike): Promise<NdArray<Float32Array>> {
    return this.computingRows(z, "decode", [this.coder.code(this.settings)], (rows) =>
      mapRows(rows, (batch) => this.network.decode(batch), this.chunk),
    );
  }

  /** The most probable cluster of each row of x. @throws before `fit` */
  async predict(x: RowsLike): Promise<Int32Array<ArrayBuffer>> {
    const centers = this.known("predict", this.centers);
    return this.computingRows(x, "predict", this.coder.input(this.settings), async (rows) => {
      const assigned = (batch: Tensor): Tensor => argmax(this.scores(this.network.encode(batch), centers), 1);
      return joined(await mapChunks(rows, assigned, this.chunk), rows.count);
    });
  }

  /** Clusters that there are; before the centres are placed, those that are to be placed. */
  protected abstract get clusterCount(): number;
  /** How well each centre suits each code: [n, nClusters], the largest of its row that of its cluster. */
  protected abstract scores(z: Tensor, centers: Tensor): Tensor;
  /** What the clustering phase trains, by what, and the loss of a batch. */
  protected abstract objective(): Pick<Stage, "parameters" | "optimizer"> & { loss(batch: Batch): Tensor };
  /** Takes over what the scores of all rows say, beside their labels. */
  protected looked(_scores: Tensor): void {
    // the labels are all there is
  }

  /** Passes of clustering where `fit` is told none. */
  protected get usualEpochs(): number {
    return CLUSTERING_EPOCHS;
  }

  /** Times that the clustering may yet begin anew, as it does where clusters merge. */
  protected get restarts(): number {
    return 0;
  }

  /** The interval before which the clustering ends, of so many that were asked for. */
  protected endsAt(intervals: number): number {
    return intervals;
  }

  /** Figures of an interval, beside the share of labels that changed. */
  protected figures(): Readonly<Record<string, number>> {
    return {};
  }

  /** Labels of all rows by the centres as they are now. */
  protected async assign(rows: Rows, _look: Look): Promise<Int32Array<ArrayBuffer>> {
    const centers = this.centers!;
    const scores = await mapWhole(rows, (batch) => this.scores(this.network.encode(batch), centers), this.chunk);
    const assigned = tidy(() => {
      this.looked(scores);
      return argmax(scores, 1);
    });
    scores.dispose();
    return joined([assigned], rows.count);
  }

  protected override own(): Learned {
    const { arrays, state } = super.own();
    return {
      arrays: {
        ...arrays,
        ...this.#clustering.tensors(),
        ...(this.centers && { centers: this.centers }),
        ...(this.assigned && { labels: new NdArray<TypedArray>(this.assigned) }),
      },
      state: {
        ...{ ...state, clustering: this.#clustering.state, refreshed: this.#refreshed },
        ...{ changed: this.#changed, converged: this.#converged },
      },
    };
  }

  protected override async restore(saved: Checkpoint): Promise<void> {
    const { clusterCount } = this;
    this.#clustering.restore(saved, "clustering");
    this.#refreshed = saved.entry("refreshed", integer(-1));
    this.#changed = saved.entry("changed", range(0, 1));
    this.#converged = saved.entry("converged", flag);
    this.assigned = saved.labels("labels", clusterCount);
    this.#placed = saved.array("centers", [clusterCount, this.coder.code(this.settings)]);
    await super.restore(saved);
    const device = await this.built();
    if (this.#placed) this.centers = parameter(device, this.#placed.data, this.#placed.shape);
  }

  protected override release(): void {
    super.release();
    this.#clustering.dispose();
    this.centers?.dispose();
    this.centers = undefined;
  }

  async #placeCenters(device: Device, rows: Rows, { signal }: Fit): Promise<void> {
    const { nInit, seed } = this.settings;
    const k = Math.min(this.clusterCount, rows.count);
    const z = await mapWhole(rows, (batch) => this.network.encode(batch), this.chunk);
    try {
      const { labels, centers } = await bestRun(z, { k, nInit, seed, signal });
      this.assigned = labels;
      this.#placed = new NdArray(centers, [k, z.shape[1]!]);
    } finally {
      z.dispose();
    }
    this.centers = parameter(device, this.#placed.data, this.#placed.shape);
  }

  /** Recomputes scores and labels of all rows, once for an interval. */
  async #look(rows: Rows, look: Look): Promise<void> {
    const { interval } = look;
    if (this.#refreshed === interval) return;
    const before = this.assigned;
    const labels = await this.assign(rows, look);
    const centers = this.centers!;
    const changed = before ? labels.reduce((count, label, i) => count + Number(label !== before[i]), 0) : labels.length;
    this.#placed = new NdArray((await centers.data()) as Float32Array<ArrayBuffer>, centers.shape);
    this.assigned = labels;
    this.#changed = changed / labels.length;
    this.#refreshed = interval;
  }

  #lookAt(interval: number, intervals: number): Look {
    return { interval, isLast: interval >= this.endsAt(intervals) };
  }

  #stage(
    rows: Rows,
    augment: RowsAugmentation | undefined,
    order: BatchOrder,
    steps: number,
    intervals: number,
  ): Stage {
    const { tolerance } = this.settings;
    const { load } = order;
    const passOf = (epoch: number, step: number): [number, number] => {
      const number = epoch * steps + step;
      return [Math.floor(number / order.steps), number % order.steps];
    };
    const { loss, ...trained } = this.objective();
    return {
      ...{ name: this.name, epochs: this.endsAt(intervals) + this.restarts * intervals, steps },
      ...trained,
      mayEnd: tolerance > 0 || this.restarts > 0,
      beforeEpoch: async (interval) => {
        if (this.#converged) return false;
        await this.#look(rows, this.#lookAt(interval, intervals));
        this.#converged = interval > 0 && this.#changed < tolerance;
        return !this.#converged && interval < this.endsAt(intervals);
      },
      load: load && ((epoch, step) => load(...passOf(epoch, step))),
      loss: ({ epoch, step, random }) => {
        const index = order.batch(...passOf(epoch, step));
        const items = rows.at(index);
        return loss({ index, items, x: augment ? augment(items, random) : items, interval: epoch });
      },
      figures: () => ({ changed: this.#changed, ...this.figures() }),
    };
  }
}

/** Labels of chunks, one after the other, on the host; the chunks are disposed of. @internal */
export async function joined(chunks: readonly Tensor[], count: number): Promise<Int32Array<ArrayBuffer>> {
  const labels = new Int32Array(count);
  let at = 0;
  try {
    for (const chunk of chunks) {
      labels.set(await chunk.data(), at);
      at += chunk.size;
    }
  } finally {
    for (const chunk of chunks) chunk.dispose();
  }
  return labels;
}
