import type { Bytes } from "../../data/formats/source";
import type { Device } from "../../device";
import type { DeviceOption, OptionSet } from "../../lifecycle/model";
import type { FitOptions } from "../../lifecycle/progress";
import type { RowsLike } from "../../lifecycle/rows";
import { RowsModel } from "../../lifecycle/rows-model";
import type { NdArray } from "../../ndarray";
import type { Autoencoder } from "../../nn/autoencoder";
import { positive, seed as seedRule, integer } from "../../options";
import { AUTOENCODER_DEFAULTS, AUTOENCODER_KERNELS, forImages, IMAGE_ROWS_RULES } from "./autoencoder-stages";
import { CodeModel } from "./code-model";
import { DENSE, DENSE_RULES, denseKernels } from "./coder";
import type { DenseOptions } from "./coder";
import type { ImageRowsOptions } from "./autoencoder-stages";

/** Options of `StackedAutoencoder`. */
export interface StackedAutoencoderOptions extends ImageRowsOptions, Omit<DenseOptions, "itemShape"> {
  /** Passes over the data for all layers together, without corruption. */
  readonly epochs?: number;
  readonly batchSize?: number;
  /** Adam's step size, or SGD's (`autoencoderOptimizer`), at which it begins. Default 0.001; the paper's of SGD is 0.1. */
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
    ...{ ...DENSE_RULES, epochs: integer(0), batchSize: integer(1), learningRate: positive, seed: seedRule },
    ...IMAGE_ROWS_RULES,
  },
  defaults: AUTOENCODER_DEFAULTS,
  kernels: (settings) => [...AUTOENCODER_KERNELS, ...denseKernels(settings)],
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
