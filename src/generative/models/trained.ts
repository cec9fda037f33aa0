// What models share that learn to reconstruct: a network on a device, its training by reconstruction, batches of what they are asked for.
import type { Kernel } from "../../kernel";
import * as elementwise from "../../kernels/elementwise";
import * as indexing from "../../kernels/indexing";
import { matmul } from "../../kernels/linear-algebra";
import { adam } from "../../kernels/optimizers";
import { chunkReduce, reduce } from "../../kernels/reduction";
import { noGrad } from "../../graph";
import type { Device } from "../../device";
import { FIT_RULES } from "../../lifecycle/progress";
import type { FitOptions } from "../../lifecycle/progress";
import { mapRows } from "../../lifecycle/rows";
import type { Rows, RowsLike } from "../../lifecycle/rows";
import type { Fit } from "../../lifecycle/fit";
import type { OptionSet } from "../../lifecycle/model";
import { sizeOf } from "../../ndarray";
import type { NdArray } from "../../ndarray";
import type { Module } from "../../nn/module";
import { Adam } from "../../optim";
import { optional, positive, seed as seedRule, sizes, integer } from "../../options";
import { stream } from "../../random";
import type { Tensor } from "../../tensor";
import type { StepContext } from "../../training/loop";
import { NetworkRowsModel } from "../../training/network-rows-model";
import type { Stage } from "../../training/training";
import { PREPARATION_RULE, preparedShape } from "../preparation-options";
import type { PreparationOptions } from "../preparation-options";

/** Options of every model that is trained by reconstruction. */
export interface ReconstructionOptions {
  /** Sizes of an item: [5, 32, 32] of a stamp, [40] of a row. */
  readonly inputShape: readonly number[];
  /** How items, stamps [5, s, s], are prepared before the network is given them; default: they are given as they are. */
  readonly preparation?: PreparationOptions | undefined;
  /** Passes over the data; default 12. */
  readonly epochs?: number;
  /** Default 100. */
  readonly batchSize?: number;
  /** Adam's largest step size, reached after 30 % of the training, from a 25th of it and down to nothing by half cosines; default 0.002. */
  readonly learningRate?: number;
  /** Standard deviation of what a reconstruction may be off: squared errors count ½/σ²; default 0.1. */
  readonly sigma?: number;
  readonly seed?: number;
  /** Default: `requestDevice()`. */
  readonly device?: Device | undefined;
}

/** The same with every value. */
export type ReconstructionSettings = Required<Omit<ReconstructionOptions, "device" | "preparation">> &
  Pick<ReconstructionOptions, "preparation">;

/** Values where none are given. */
export const RECONSTRUCTION_DEFAULTS = { epochs: 12, batchSize: 100, learningRate: 2e-3, sigma: 0.1, seed: 0 } as const;

/** What training launches whatever the network is. */
export const RECONSTRUCTION_KERNELS: readonly Kernel[] = [
  elementwise.binary,
  elementwise.unary,
  elementwise.unaryBackward,
  indexing.copy,
  indexing.fill,
  indexing.gatherRows,
  matmul,
  adam,
  chunkReduce,
  reduce,
];

/** Items that are asked for at a time: activations of images are large. */
export const CHUNK = 512;

/** What the values must be. */
export const RECONSTRUCTION_RULES = {
  ...{ inputShape: sizes(), preparation: optional(PREPARATION_RULE), epochs: integer(0), batchSize: integer(1) },
  ...{ learningRate: positive, sigma: positive, seed: seedRule },
};

/** One cycle of the learning rate over a training (Smith & Topin 2018), as PyTorch's `OneCycleLR` has it: the share of its largest value. */
export function oneCycle(share: number): number {
  const between = (from: number, to: number, part: number): number =>
    to + ((from - to) * (1 + Math.cos(Math.PI * part))) / 2;
  return share < 0.3 ? between(0.04, 1, share / 0.3) : between(1, 4e-6, (share - 0.3) / 0.7);
}

/** A network that is trained by `fit` to give back its input. */
export abstract class ReconstructionModel<S extends ReconstructionSettings, N extends Module> extends NetworkRowsModel<
  S,
  N
> {
  /** Sizes of an item once it is prepared. */
  readonly #prepared: readonly number[];
  /** What was to be told of the items of the last `fit` that have been looked at, in words. */
  #remark: () => string | undefined = () => undefined;

  protected constructor(name: string, options: unknown, set: OptionSet<S>) {
    super(name, options, set);
    const { inputShape, preparation } = this.settings;
    this.#prepared = preparation ? preparedShape(name, inputShape, preparation) : inputShape;
  }

  /**
   * Learns from x, items that flatten to the input shape. Goes on where an earlier call or a loaded training stood, with the same items.
   * @param options `epochs`: passes in place of the model's own, those of earlier calls too
   * @throws when items have another size or hold NaN; when a loss or weight is no longer finite; the signal's reason when aborted
   */
  async fit(x: RowsLike, options: FitOptions = {}): Promise<this> {
    return this.fitting(options, FIT_RULES, async (fit) => {
      const items = await this.prepared(x, "fit");
      const given = await this.condensed(items, fit);
      const rows = await this.rowsOf(await this.built(), given, this.networkShape);
      try {
        await this.checkFit(rows, sizeOf(this.networkShape), this.training);
        this.learned();
        const { epochs = this.settings.epochs } = options;
        await this.training.run(this.stages(rows, epochs, fit), this.settings.seed, fit, options);
        await this.trained(rows, items, fit);
      } finally {
        rows.dispose();
      }
    });
  }

  /** Sizes of an item once it is prepared. */
  protected get preparedShape(): readonly number[] {
    return this.#prepared;
  }

  /** Sizes of what the network is given of an item. */
  protected get networkShape(): readonly number[] {
    return this.#prepared;
  }

  /** Items as `preparation` has them. */
  protected async prepared(x: RowsLike, op: string): Promise<RowsLike> {
    const { inputShape, preparation } = this.settings;
    if (!preparation) return x;
    const [{ preparedRows }, { offCentreRemark }] = [await import("../preparation"), await import("../off-centre")];
    const elsewhere = new Set<number>();
    if (op === "fit") this.#remark = () => offCentreRemark(elsewhere);
    return preparedRows(x, inputShape, preparation, `${this.name}.${op}`, elsewhere);
  }

  /** What is to be told of the items of the last `fit`: which stamps have their object elsewhere than in the middle, and were taken all the same. */
  get remarks(): readonly string[] {
    const remark = this.#remark();
    return remark === undefined ? [] : [remark];
  }

  /** What the network is trained on of prepared items: all of them, unless a model says otherwise. */
  protected async condensed(items: RowsLike, _fit: Fit): Promise<RowsLike> {
    return items;
  }

  /** A batch of prepared items as the network takes them; the way back is `expanded`. */
  protected input(batch: Tensor): Tensor {
    return batch;
  }

  /** What the network gives back, as prepared items. */
  protected expanded(batch: Tensor): Tensor {
    return batch;
  }

  /** What is learned after the network, of the rows that it was given and the prepared items. */
  protected async trained(_rows: Rows, _items: RowsLike, _fit: Fit): Promise<void> {
    // the network is all there is
  }

  /** The loss of a batch [b, width]; `share` is how much of the training is done. */
  protected abstract loss(x: Tensor, context: StepContext, share: number): Tensor;

  /** f of all rows without gradients, in evaluation mode: [n, width of f]. @throws before `fit` */
  protected async map(
    x: RowsLike,
    op: string,
    f: (batch: Tensor) => Tensor,
    chunk = CHUNK,
  ): Promise<NdArray<Float32Array>> {
    this.checkLearned(op);
    return this.computingRows(await this.prepared(x, op), op, this.#prepared, (rows) => {
      this.network.eval();
      return mapRows(rows, (batch) => noGrad(() => f(this.input(batch))), chunk);
    });
  }

  /** The stages of the training; `epochs` of the last. */
  protected stages(rows: Rows, epochs: number, _fit: Fit): Stage[] {
    const loss = (x: Tensor, context: StepContext, share: number): Tensor => this.loss(x, context, share);
    return [this.stage("reconstruction", rows, epochs, loss)];
  }

  /** A stage of shuffled batches under one cycle of the learning rate. */
  protected stage(
    name: string,
    rows: Rows,
    epochs: number,
    loss: (x: Tensor, context: StepContext, share: number) => Tensor,
    parameters: readonly Tensor[] = this.network.parameters(),
  ): Stage {
    const { batchSize, learningRate, seed } = this.settings;
    const first = name === "reconstruction" ? this.name : `${this.name}.${name}`;
    const order = rows.order(stream(seed, `${first}.order`).state(), batchSize);
    const total = Math.max(1, epochs * order.steps);
    return {
      ...{ name, epochs, steps: order.steps, parameters },
      optimizer: (list) => new Adam(list, { lr: learningRate }),
      learningRate: (share) => learningRate * oneCycle(share),
      load: order.load,
      loss: (context) => {
        const { epoch, step } = context;
        return loss(rows.at(order.batch(epoch, step)), context, (epoch * order.steps + step) / total);
      },
    };
  }
}
