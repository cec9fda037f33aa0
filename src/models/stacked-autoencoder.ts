import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import { withPrefix } from "../lifecycle/checkpoint";
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import type { DeviceOption, OptionSet } from "../lifecycle/model";
import { FIT_RULES } from "../lifecycle/progress";
import type { EpochRecord, FitOptions } from "../lifecycle/progress";
import { mapRows } from "../lifecycle/rows";
import type { RowsLike } from "../lifecycle/rows";
import { RowsModel } from "../lifecycle/rows-model";
import type { NdArray } from "../ndarray";
import { Autoencoder } from "../nn/autoencoder";
import { builtCooperatively, undrawnNetwork } from "../nn/init";
import { positive, seed as seedRule, share, sizes, integer } from "../options";
import { stream } from "../random";
import type { Tensor } from "../tensor";
import { Training } from "../training/training";
import {
  AUTOENCODER_DEFAULTS,
  AUTOENCODER_KERNELS,
  augmentationOf,
  forImages,
  autoencoderStages,
  IMAGE_ROWS_RULES,
} from "./autoencoder-stages";
import type { ImageRowsOptions } from "./autoencoder-stages";

/** Options of `StackedAutoencoder`. */
export interface StackedAutoencoderOptions extends ImageRowsOptions {
  /** Sizes from the input to the code, [784, 500, 500, 2000, 10]. */
  readonly layers: readonly number[];
  /** Passes over the data for each layer by itself; 0 trains all layers together from the start. */
  readonly layerEpochs?: number;
  /** Passes over the data for all layers together, without corruption. */
  readonly epochs?: number;
  /** Share of inputs that is set to zero while a layer is trained by itself. */
  readonly corruption?: number;
  readonly batchSize?: number;
  /** Adam's step size: reached within the first 2 % of each stage, then it falls to 0 along a half cosine. */
  readonly learningRate?: number;
  readonly seed?: number;
  /** Default: `requestDevice()`. */
  readonly device?: Device | undefined;
}

/** @inline */
type Settings = Required<Omit<StackedAutoencoderOptions, "device" | keyof ImageRowsOptions>> & ImageRowsOptions;

/** Its options: their rules and defaults. @internal */
export const STACKED_OPTIONS: OptionSet<Settings> = {
  rules: {
    ...{ layers: sizes(2), layerEpochs: integer(0), epochs: integer(0), corruption: share, batchSize: integer(1) },
    ...{ learningRate: positive, seed: seedRule, ...IMAGE_ROWS_RULES },
  },
  defaults: AUTOENCODER_DEFAULTS,
  kernels: () => AUTOENCODER_KERNELS,
};

/** A stacked denoising autoencoder that is trained by `fit` and maps items to codes by `transform`. */
export class StackedAutoencoder extends RowsModel<Settings> {
  #network: Autoencoder | undefined;
  readonly #training = new Training();

  constructor(options: StackedAutoencoderOptions) {
    super("StackedAutoencoder", options, STACKED_OPTIONS);
  }

  /** One record per epoch of every stage. */
  override get history(): readonly EpochRecord[] {
    return this.#training.history;
  }

  /** The network. @throws before the first `fit` */
  get network(): Autoencoder {
    return this.known("network", this.#network);
  }

  /**
   * Trains layer by layer, then as a whole. Goes on where an earlier call or a loaded training stood.
   * @param x [n, layers[0]], or items that flatten to that; the same in each call
   * @param options `epochs`: passes for all layers together, those of earlier calls too, in place of the model's own
   * @throws when x has other columns than the first layer takes, or holds NaN; when a loss or weight is no longer finite; the signal's
   * reason when aborted
   */
  async fit(x: RowsLike, options: FitOptions = {}): Promise<this> {
    return this.fitting(options, FIT_RULES, async (fit) => {
      const rows = await this.rowsOf(await this.built(), x);
      try {
        await this.checkFit(rows, this.settings.layers[0]!, this.#training);
        const { itemShape, layers } = this.settings;
        const augment = augmentationOf(`${this.name}.fit`, this.settings, itemShape, layers[0]!);
        this.learned();
        const { epochs = this.settings.epochs } = options;
        const stages = autoencoderStages(rows, this.network, { ...this.settings, epochs, augment });
        await this.#training.run(stages, this.settings.seed, fit, options);
      } finally {
        rows.dispose();
      }
    });
  }

  /** Codes of x, [n, layers.at(-1)]. @throws before `fit` */
  async transform(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.#map(x, "transform", (batch) => this.network.encode(batch));
  }

  /** x as the network gives it back, [n, layers[0]]. @throws before `fit` */
  async reconstruct(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.#map(x, "reconstruct", (batch) => this.network.forward(batch));
  }

  /** @throws when the bytes are no checkpoint of a StackedAutoencoder */
  static async load(
    content: Bytes,
    options: DeviceOption & Pick<StackedAutoencoderOptions, "learningRate" | "augmentWith"> = {},
  ): Promise<StackedAutoencoder> {
    const make = (settings: StackedAutoencoderOptions): StackedAutoencoder =>
      new StackedAutoencoder(forImages(settings));
    return RowsModel.restored("StackedAutoencoder", content, options, make, ["device", "learningRate", "augmentWith"]);
  }

  protected override async build(device: Device): Promise<void> {
    const { layers, seed } = this.settings;
    const random = stream(seed, "StackedAutoencoder.weights");
    this.#network = await builtCooperatively(() => new Autoencoder(device, layers, random));
  }

  protected override own(): Learned {
    return {
      arrays: { ...withPrefix("network.", this.network.stateDict()), ...this.#training.tensors() },
      state: { training: this.#training.state },
    };
  }

  protected override async restore(saved: Checkpoint): Promise<void> {
    const { layers, seed } = this.settings;
    const arrays = saved.below("network.");
    this.#training.restore(saved);
    saved.checkDeclared(arrays, (device) =>
      undrawnNetwork(() => ({ "": new Autoencoder(device, layers, stream(seed, "")) })),
    );
    await this.built();
    this.network.loadStateDict(arrays);
  }

  protected override release(): void {
    this.#training.dispose();
    this.#network?.dispose();
    this.#network = undefined;
  }

  async #map(x: RowsLike, op: string, f: (batch: Tensor) => Tensor): Promise<NdArray<Float32Array>> {
    return this.computingRows(x, op, this.settings.layers.slice(0, 1), (rows) => mapRows(rows, f));
  }
}
