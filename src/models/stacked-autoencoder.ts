import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import type { DeviceOption, OptionSet } from "../lifecycle/model";
import type { FitOptions } from "../lifecycle/progress";
import type { RowsLike } from "../lifecycle/rows";
import { RowsModel } from "../lifecycle/rows-model";
import type { NdArray } from "../ndarray";
import type { Autoencoder } from "../nn/autoencoder";
import { positive, seed as seedRule, share, sizes, integer } from "../options";
import { AUTOENCODER_DEFAULTS, AUTOENCODER_KERNELS, forImages, IMAGE_ROWS_RULES } from "./autoencoder-stages";
import { CodeModel } from "./code-model";
import { DENSE } from "./coder";
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
export class StackedAutoencoder extends CodeModel<Settings, Autoencoder> {
  constructor(options: StackedAutoencoderOptions) {
    super("StackedAutoencoder", options, STACKED_OPTIONS, DENSE);
  }

  /**
   * Trains layer by layer, then as a whole. Goes on where an earlier call or a loaded training stood.
   * @param x [n, layers[0]], or items that flatten to that; the same in each call
   * @param options `epochs`: passes for all layers together, those of earlier calls too, in place of the model's own
   * @throws when x has other columns than the first layer takes, or holds NaN; when a loss or weight is no longer finite; the signal's
   * reason when aborted
   */
  async fit(x: RowsLike, options: FitOptions = {}): Promise<this> {
    const { batchSize, learningRate } = this.settings;
    const { epochs = this.settings.epochs } = options;
    return this.codingFit(x, options, { epochs, batchSize, learningRate }, async () => undefined);
  }

  /** Codes of x, [n, layers.at(-1)]. @throws before `fit` */
  async transform(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.rowsThrough(x, "transform", (batch) => this.network.encode(batch));
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
}
