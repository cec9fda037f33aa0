// Self-labelling: Asano, Rupprecht and Vedaldi, "Self-labelling via simultaneous clustering and representation learning", ICLR 2020.
import { softmax } from "../../kernels/softmax";
import * as transport from "../../kernels/transport";
import { sinkhorn } from "../../cluster/sinkhorn";
import type { Bytes } from "../../data/formats/source";
import { noGrad } from "../../graph";
import type { Checkpoint } from "../../lifecycle/checkpoint";
import type { OptionSet } from "../../lifecycle/model";
import type { FitOptions } from "../../lifecycle/progress";
import type { Rows, RowsLike } from "../../lifecycle/rows";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { argmax } from "../../ops/arg-extremum";
import { crossEntropy } from "../../ops/losses/cross-entropy";
import { add, scale } from "../../ops/elementwise";
import { slice } from "../../ops/layout";
import { logSoftmax } from "../../ops/softmax";
import { choice, flag, optional, positive, range, integer } from "../../options";
import { indices, Tensor, tidy } from "../../tensor";
import type { Stage } from "../../training/training";
import { fitDevice, mapFeatures, shapeOf } from "./feature-store";
import type { Features } from "./feature-store";
import { NetworkModel } from "./network-model";
import { NETWORK_RULES } from "./network-options";
import type { LoadOptions, NetworkOptions, NetworkSettings } from "./network-options";
import { mapTo } from "../../typed-arrays";

/** Options of `SelfLabeling`. */
export interface SelfLabelingOptions extends NetworkOptions {
  readonly nClusters: number;
  /** Classifiers on the same features, each with labels of its own (the paper's section 3.3); 1 to 10 are usual. Default 1. */
  readonly heads?: number;
  /** Exponent of the probabilities in the transport problem; default 25. */
  readonly lambda?: number;
  /** Sinkhorn ends when its error is at most this; default 0.1. */
  readonly tolerance?: number;
  /** Iterations of Sinkhorn at most; default 1,000. */
  readonly sinkhornIterations?: number;
  /** Updates of the labels in a training, at most one before each step; default 100. */
  readonly updates?: number;
  /** "quadratic": dense at first, ever rarer, as in the paper; or "linear". */
  readonly schedule?: "quadratic" | "linear";
  /** Whether an update renews the labels of "all" heads, or "alternating" of one head an epoch. Default "all". */
  readonly updateHeads?: "all" | "alternating";
  /** Whether classes are made exactly equal in size. Default false: the relaxed problem's argmax is nearly so. */
  readonly balance?: boolean;
  /** Epochs after which the learning rate falls to a tenth, again and again; default 150. */
  readonly learningRateDrop?: number;
}

/** @inline */
interface Settings extends NetworkSettings, Required<Omit<SelfLabelingOptions, keyof NetworkOptions>> {}

/** Its options: their rules and defaults. @internal */
export const SELF_LABELING_OPTIONS: OptionSet<Settings> = {
  rules: {
    ...NETWORK_RULES,
    ...{
      nClusters: integer(1),
      heads: integer(1),
      lambda: positive,
      tolerance: range(0),
      sinkhornIterations: integer(1),
    },
    ...{ updates: integer(1), schedule: choice("quadratic", "linear"), updateHeads: choice("all", "alternating") },
    ...{ balance: flag, learningRateDrop: integer(1) },
  },
  defaults: {
    ...{ heads: 1, lambda: 25, tolerance: 0.1, sinkhornIterations: 1000, updates: 100, schedule: "quadratic" },
    ...{ updateHeads: "all", balance: false, learningRateDrop: 150 },
  },
  kernels: () => [
    softmax,
    transport.sinkhorn,
    transport.sinkhornLabels,
    transport.sinkhornScale,
    transport.sinkhornUpdate,
  ],
};

/**
 * Self-labelling: labels that the network predicts best among all that use each class equally often, found by optimal transport
 * (`sinkhorn`), are what it is trained on; labels and network are renewed by turns. The label pass sees every item as it is,
 * in evaluation mode (the authors' program: one augmented view in training mode). Features and probabilities of a source's rows are in scratch files where
 * a quarter of its `memory` does not hold them; the transport problem then reads them anew in each iteration, and `balance` is refused.
 */
export class SelfLabeling extends NetworkModel<Settings> {
  /** Of each head. */
  #labels: Int32Array[] = [];
  /** Of the last update: the mean over the heads of the share of labels that changed. */
  #changed = 1;
  /** Epochs after which a `fit` labelled last. */
  #labelled: number | undefined;

  constructor(options: SelfLabelingOptions) {
    super("SelfLabeling", options, SELF_LABELING_OPTIONS);
  }

  /** Class of each item of the data given to `fit`, by the first head's last update. @throws before */
  get labels(): Int32Array<ArrayBuffer> {
    return this.labelsOf(0);
  }

  /** The same of any head. @throws before `fit`, and for a head that there is not */
  labelsOf(head: number): Int32Array<ArrayBuffer> {
    const labels = this.#labels[head];
    if (!labels && this.#labels.length > 0)
      throw new Error(`SelfLabeling: head must be from 0 to ${this.settings.heads - 1}, got ${head}`);
    return Int32Array.from(this.known("labels", labels));
  }

  /**
   * Trains for so many epochs, then labels once more. Goes on where an earlier call or a loaded training stood. The record of an epoch
   * has `changed`, the share of labels that the last update changed.
   * @param x [n, …], items of the network's input size; the same in each call
   * @param options `epochs`: those of earlier calls too; default 50
   * @throws when items have another size, hold NaN, or are fewer than the clusters; when the loss is no longer finite; the
   * signal's reason when aborted
   */
  async fit(x: RowsLike, options: FitOptions = {}): Promise<this> {
    const { nClusters, heads } = this.settings;
    return this.fittingItems(x, options, async (rows, fit, epochs) => {
      if (this.settings.balance && !fitDevice(rows.count, nClusters, rows.memory))
        throw new Error(
          `SelfLabeling.fit: balance needs the probabilities at once, [${rows.count}, ${nClusters}] are more than a quarter of the source's memory, ${rows.memory}`,
        );
      const begun = await this.train(rows, [this.#stage(rows, epochs, fit.signal)], fit, options);
      if (this.#labelled === begun) return;
      await this.#update(
        rows,
        Array.from({ length: heads }, (_, h) => h),
        fit.signal,
      );
      this.#labelled = begun;
    });
  }

  /** fit, then the labels. */
  async fitPredict(x: RowsLike, options: FitOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** The most probable class of each row of x by a head, the first by default. @throws before `fit` */
  async predict(x: RowsLike, head = 0): Promise<Int32Array<ArrayBuffer>> {
    this.labelsOf(head);
    return this.labelled(x, "predict", (z) => argmax(this.scores(z, head), 1));
  }

  /** @throws when the bytes are no checkpoint of this method */
  static async load(content: Bytes, options: LoadOptions = {}): Promise<SelfLabeling> {
    return NetworkModel.restoredNetwork("SelfLabeling", content, options, (settings) => new SelfLabeling(settings));
  }

  protected override headSizes(): { count: number; classes: number } {
    return { count: this.settings.heads, classes: this.settings.nClusters };
  }

  protected override learnedBeside(): { arrays: Record<string, NdArray<TypedArray>>; state: Record<string, unknown> } {
    const named = this.#labels.map((labels, h): [string, NdArray<TypedArray>] => [
      `labels.${h}`,
      new NdArray<TypedArray>(labels),
    ]);
    return { arrays: Object.fromEntries(named), state: { changed: this.#changed, labelled: this.#labelled } };
  }

  protected override restoreBeside(saved: Checkpoint): void {
    const { heads, nClusters } = this.settings;
    this.#changed = saved.entry("changed", range(0, 1));
    this.#labelled = saved.entry<number | undefined>("labelled", optional(integer(0)));
    for (let h = 0; h < heads; h++) {
      const labels = saved.labels(`labels.${h}`, nClusters);
      if (!labels) break;
      this.#labels.push(labels);
    }
  }

  /** Labels of some heads anew: features of all items once, then each head's transport problem. */
  async #update(rows: Rows, heads: readonly number[], signal: AbortSignal): Promise<void> {
    const { lambda, tolerance, sinkhornIterations: maxIterations, balance } = this.settings;
    await this.settle(rows);
    const features = await this.storeFeatures(rows, (z) => this.rectified(z));
    let changed = 0;
    try {
      for (const h of heads) {
        const logp = await this.#logProbabilities(features, h, rows);
        try {
          const options = { lambda, tolerance, maxIterations, balance, signal, device: rows.device };
          const { labels } = await sinkhorn(logp, options);
          const before = this.#labels[h];
          changed += before
            ? labels.reduce((count, label, i) => count + Number(label !== before[i]), 0) / rows.count
            : 1;
          this.#labels[h] = Int32Array.from(labels);
        } finally {
          for (const part of Array.isArray(logp) ? logp : [logp]) await part.dispose();
        }
      }
    } finally {
      await features.dispose();
    }
    this.#changed = changed / heads.length;
  }

  /** Log-probabilities of a head, [n, nClusters]: in tensors that the device can make, or in a scratch file. */
  async #logProbabilities(features: Features, h: number, { device, memory }: Rows): Promise<Tensor[] | Features> {
    const { nClusters: width } = this.settings;
    const of = (z: Tensor): Tensor => logSoftmax(this.heads[h]!.forward(z), 1);
    const [n, d] = shapeOf(features);
    if (!(features instanceof Tensor) || !fitDevice(n, width, memory))
      return mapFeatures(features, of, { device, memory, width, op: "SelfLabeling.fit" });
    const most = Math.max(1, Math.floor(device.maxBufferBytes / (4 * width)));
    return tidy(() =>
      noGrad(() =>
        Array.from({ length: Math.ceil(n / most) }, (_, i) =>
          of(n <= most ? features : slice(features, [i * most, 0], [Math.min(n, (i + 1) * most), d])),
        ),
      ),
    );
  }

  #stage(rows: Rows, epochs: number, signal: AbortSignal): Stage {
    const { updates, schedule, updateHeads, heads, learningRate, learningRateDrop } = this.settings;
    const batches = this.batches(rows);
    const total = (epochs + 1.01) * batches.steps;
    /** Updates that are due once so many steps are done. */
    const due = (steps: number): number => {
      const share = steps / total;
      return 1 + Math.floor((updates - 1) * (schedule === "quadratic" ? Math.sqrt(share) : share));
    };
    return {
      name: this.name,
      epochs,
      steps: batches.steps,
      ...this.trained({}),
      learningRate: (share) => learningRate * 0.1 ** Math.floor((share * epochs + 1e-9) / learningRateDrop),
      load: async (epoch, step) => {
        const done = epoch * batches.steps + step;
        if (done === 0 || due(done) > due(done - 1)) {
          const all = updateHeads === "all" || done === 0;
          await this.#update(rows, all ? Array.from({ length: heads }, (_, h) => h) : [epoch % heads], signal);
        }
        await batches.load?.(epoch, step);
      },
      loss: ({ epoch, step, random }) => {
        const index = batches.batch(epoch, step);
        const z = this.rectified(this.trainingFeatures(rows, index, random));
        const losses = this.heads.map((head, h) => {
          const labels = this.#labels[h]!;
          return crossEntropy(
            head.forward(z),
            indices(
              z.device,
              mapTo(Uint32Array, index, (i) => labels[i]!),
            ),
          );
        });
        return scale(
          losses.reduce((sum, loss) => add(sum, loss)),
          1 / heads,
        );
      },
      figures: () => ({ changed: this.#changed }),
    };
  }
}
