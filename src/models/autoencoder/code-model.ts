// What the methods share that train an autoencoder by itself first, whatever its layers.
import type { Device } from "../../device";
import type { Fit } from "../../lifecycle/fit";
import type { OptionSet } from "../../lifecycle/model";
import { FIT_RULES } from "../../lifecycle/progress";
import type { FitOptions } from "../../lifecycle/progress";
import { mapRows } from "../../lifecycle/rows";
import type { Rows, RowsLike } from "../../lifecycle/rows";
import { sizeOf } from "../../ndarray";
import type { NdArray } from "../../ndarray";
import type { CodeNetwork } from "../../nn/code-network";
import type { Random } from "../../random";
import type { Tensor } from "../../tensor";
import { NetworkRowsModel } from "../../training/network-rows-model";
import type { Places } from "../../training/network-rows-model";
import { augmentationOf } from "./autoencoder-stages";
import type { Pretraining, RowsAugmentation } from "./autoencoder-stages";
import { PICTURES } from "./coder";
import type { Coder } from "./coder";

/** @inline */
type Settings = Parameters<typeof augmentationOf>[1] & { readonly seed: number };

/** A fit whose autoencoder is trained. */
export interface Coded {
  readonly rows: Rows;
  readonly device: Device;
  readonly fit: Fit;
  readonly augment: RowsAugmentation | undefined;
}

/** An autoencoder between items and codes. */
export abstract class CodeModel<S extends Settings, N extends CodeNetwork> extends NetworkRowsModel<S, N> {
  protected readonly coder: Coder<S, N>;

  protected constructor(name: string, options: unknown, set: OptionSet<S>, coder: Coder<S, N>, places?: Places) {
    super(name, options, set, places);
    this.coder = coder;
  }

  /**
   * Takes over a trained autoencoder in place of training one: the network of a `StackedAutoencoder`, or of another method, of the same layers.
   * @throws when its layers differ, and when training has begun
   */
  async startFrom(network: N): Promise<this> {
    return this.fitting({}, {}, async () => {
      await this.built();
      const { takeWeights } = await import("./take-weights");
      const stages = this.coder.count(this.network);
      await takeWeights(`${this.name}.startFrom`, this.network, this.training, stages, network);
      this.learned();
    });
  }

  /** x as the autoencoder gives it back, [n, values of an item]. @throws before `fit` */
  async reconstruct(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.rowsThrough(x, "reconstruct", (batch) => this.network.forward(batch));
  }

  /** One `fit`: trains the autoencoder by itself, then goes on as `then` says. */
  protected async codingFit(
    x: RowsLike,
    options: FitOptions,
    how: Pick<Pretraining, "epochs" | "batchSize" | "learningRate">,
    then: (coded: Coded) => Promise<void>,
  ): Promise<this> {
    return this.fitting(options, FIT_RULES, async (fit) => {
      const { coder, settings } = this;
      const input = coder.input(settings);
      const device = await this.built();
      const rows = await this.rowsOf(device, x, coder.pictures ? input : undefined);
      try {
        await this.checkFit(rows, sizeOf(input), this.training);
        const augment = augmentationOf(`${this.name}.fit`, settings, coder.image(settings), sizeOf(input));
        this.learned();
        const { seed } = settings;
        const stages = coder.stages(rows, this.network, settings, { ...how, seed, augment });
        await this.training.run(stages, seed, fit, options);
        await then({ rows, device, fit, augment });
      } finally {
        rows.dispose();
      }
    });
  }

  /** f of all rows: [n, width of f]. */
  protected async rowsThrough(x: RowsLike, op: string, f: (batch: Tensor) => Tensor): Promise<NdArray<Float32Array>> {
    return this.computingRows(x, op, this.coder.input(this.settings), (rows) => mapRows(rows, f, this.chunk));
  }

  /** Items that the network is given at a time, where they are few. */
  protected get chunk(): number | undefined {
    return this.coder.pictures ? PICTURES : undefined;
  }

  /** The same network of one seed in every method of the same layers. */
  protected override get weightsStream(): string {
    return "StackedAutoencoder.weights";
  }

  protected override make(device: Device, random: Random): N {
    return this.coder.make(device, this.settings, random);
  }
}
