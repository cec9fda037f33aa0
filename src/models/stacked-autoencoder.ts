// Stacked denoising autoencoder: each layer is first trained to reconstruct its corrupted input, then all of them together.
// Vincent et al., "Stacked denoising autoencoders", JMLR 11 (2010); as the initialisation of DEC: Xie et al. 2016, section 3.2.
import { noGrad } from "../graph";
import { checkPositive, checkShare, checkWhole, fitted } from "../checks";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import type { NdArray } from "../ndarray";
import { Autoencoder } from "../nn/autoencoder";
import { builtInTurns } from "../nn/init";
import { mse } from "../ops/losses/elementwise";
import { dropout } from "../ops/random";
import { Adam } from "../optim";
import { Random } from "../random";
import { requestDevice } from "../request-device";
import type { Tensor } from "../tensor";
import { below, decodeCheckpoint, encodeCheckpoint, under } from "../training/checkpoint";
import type { EpochRecord } from "../training/loop";
import { mapRows, Rows } from "../training/rows";
import type { RowsLike } from "../training/rows";
import { initialState, stageStream, Training } from "../training/training";
import type { StageSpec, TrainingOptions, TrainingState } from "../training/training";
import { shared } from "../turn";

/** Options of `StackedAutoencoder`. */
export interface StackedAutoencoderOptions {
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
  readonly device?: Device;
}

/** @inline */
type Settings = Required<Omit<StackedAutoencoderOptions, "device">>;

/** Settings where the caller gives none. */
export const AUTOENCODER_DEFAULTS = {
  layerEpochs: 5,
  epochs: 20,
  corruption: 0.2,
  batchSize: 256,
  learningRate: 1e-3,
  seed: 0,
};

interface SavedState {
  readonly settings: Settings;
  readonly training: TrainingState;
}

/** A stacked denoising autoencoder that is trained by `fit` and maps items to codes by `transform`. */
export class StackedAutoencoder {
  readonly settings: Settings;
  #device: Device | undefined;
  #network: Autoencoder | undefined;
  readonly #made = shared(() => this.#make());
  #training: Training | undefined;
  #state: TrainingState;
  #optimizerArrays: ReturnType<typeof below> | undefined;

  constructor({ device, ...options }: StackedAutoencoderOptions) {
    this.settings = { ...AUTOENCODER_DEFAULTS, ...options };
    checkSettings(this.settings);
    this.#device = device;
    this.#state = initialState();
  }

  /** One record per epoch of every stage. */
  get history(): readonly EpochRecord[] {
    return this.#state.history;
  }

  /** The network, once there is a device. @throws before the first `fit` */
  get network(): Autoencoder {
    return fitted("StackedAutoencoder", this.#network);
  }

  /** The device and the network on it, made on first use. */
  async prepare(): Promise<{ device: Device; network: Autoencoder }> {
    if (!this.#network) await this.#made();
    return { device: this.#device!, network: this.network };
  }

  async #make(): Promise<void> {
    const { layers, seed } = this.settings;
    const device = (this.#device ??= await requestDevice());
    this.#network = await builtInTurns(() => new Autoencoder(device, layers, new Random(seed)));
  }

  /**
   * Trains layer by layer, then as a whole. Goes on where an aborted or loaded training stood.
   * @param x [n, layers[0]], or items that flatten to that
   * @throws when x has other columns than the first layer takes, or holds NaN; when the loss is no longer finite; the signal's
   * reason when aborted
   */
  async fit(x: RowsLike, options: TrainingOptions = {}): Promise<this> {
    const { device } = await this.prepare();
    const rows = await Rows.from(device, x, "StackedAutoencoder.fit");
    try {
      await this.fitRows(rows, options);
    } finally {
      rows.dispose();
    }
    return this;
  }

  /**
   * The same for rows that are already at hand.
   * @internal
   */
  async fitRows(rows: Rows, options: TrainingOptions = {}): Promise<void> {
    const { device } = await this.prepare();
    checkWidth("StackedAutoencoder.fit", rows.width, this.settings.layers[0]!);
    this.#training = new Training(device, this.#stages(rows), this.settings.seed, this.#state, this.#optimizerArrays);
    this.#optimizerArrays = undefined;
    await this.#training.run(options);
    this.#training = undefined;
  }

  /** Codes of x, [n, layers.at(-1)]. */
  async transform(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.#map(x, "transform", (network, batch) => network.encode(batch));
  }

  /** x as the network gives it back, [n, layers[0]]. */
  async reconstruct(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.#map(x, "reconstruct", (network, batch) => network.forward(batch));
  }

  /** Weights, the optimizer's state, progress and history as a safetensors file. */
  async save(): Promise<Uint8Array> {
    const state: SavedState = { settings: this.settings, training: this.#state };
    return encodeCheckpoint("StackedAutoencoder", this.tensors(), state);
  }

  /**
   * What a checkpoint of a model around this one holds of it.
   * @internal
   */
  tensors(): Record<string, Tensor> {
    return {
      ...under("network.", this.network.stateDict()),
      ...under("optimizer.", this.#training?.optimizerState() ?? {}),
    };
  }

  /**
   * The counterpart of `tensors`, together with the training state.
   * @internal
   */
  async restore(arrays: Parameters<typeof below>[0], training: TrainingState): Promise<void> {
    const { network } = await this.prepare();
    network.loadStateDict(below(arrays, "network."));
    const optimizer = below(arrays, "optimizer.");
    this.#optimizerArrays = Object.keys(optimizer).length > 0 ? optimizer : undefined;
    this.#state = training;
  }

  /** @internal */
  get state(): TrainingState {
    return this.#state;
  }

  /** @throws when the bytes are no checkpoint of a StackedAutoencoder */
  static async load(content: Bytes, { device }: { device?: Device } = {}): Promise<StackedAutoencoder> {
    const { arrays, state } = decodeCheckpoint<SavedState>("StackedAutoencoder", content);
    const model = new StackedAutoencoder({ ...state.settings, ...(device && { device }) });
    await model.restore(arrays, state.training);
    return model;
  }

  /** Frees the weights. */
  dispose(): void {
    this.#network?.dispose();
    this.#network = undefined;
  }

  #stages(rows: Rows): StageSpec[] {
    const { layerEpochs, epochs, corruption, batchSize, learningRate, seed } = this.settings;
    const { encoder, decoder } = this.network;
    const stage = (
      index: number,
      name: string,
      passes: number,
      parameters: Tensor[],
      loss: (x: Tensor, noise: Random) => Tensor,
    ): StageSpec => {
      const order = rows.order(stageStream(seed ^ 0x5eed, index), batchSize);
      return {
        name,
        epochs: passes,
        steps: order.steps,
        parameters,
        optimizer: (list) => new Adam(list, { lr: learningRate }),
        learningRate: (share) => learningRate * warmUpAndCosine(share),
        load: order.load,
        loss: ({ epoch, step, random }) => loss(rows.at(order.batch(epoch, step)), random),
      };
    };
    const last = encoder.length - 1;
    const layerwise = encoder.map((layer, i) => {
      const back = decoder[last - i]!;
      return stage(i, `layer ${i + 1}`, layerEpochs, [...layer.parameters(), ...back.parameters()], (x, noise) => {
        const input = noGrad(() => encoder.slice(0, i).reduce((h, earlier) => earlier.forward(h), x));
        return mse(back.forward(layer.forward(dropout(input, corruption, noise))), input);
      });
    });
    const together = stage(encoder.length, "autoencoder", epochs, this.network.parameters(), (x) =>
      mse(this.network.forward(x), x),
    );
    return [...layerwise, together];
  }

  async #map(
    x: RowsLike,
    op: string,
    f: (network: Autoencoder, batch: Tensor) => Tensor,
  ): Promise<NdArray<Float32Array>> {
    const { device, network } = { device: (await this.prepare()).device, network: this.network };
    const rows = await Rows.from(device, x, `StackedAutoencoder.${op}`);
    try {
      checkWidth(`StackedAutoencoder.${op}`, rows.width, this.settings.layers[0]!);
      return await mapRows(rows, (batch) => f(network, batch));
    } finally {
      rows.dispose();
    }
  }
}

/** Share of the learning rate in force at a share of the stage. */
const warmUpAndCosine = (share: number): number =>
  (Math.min(1, (share + 0.001) / 0.02) * (1 + Math.cos(Math.PI * share))) / 2;

/** @throws when x has another number of values a row than the first layer takes */
export function checkWidth(op: string, width: number, expected: number): void {
  if (width !== expected) throw new Error(`${op}: the first layer takes ${expected} values, x has ${width} a row`);
}

function checkSettings({ layerEpochs, epochs, corruption, batchSize, learningRate }: Settings): void {
  const name = "StackedAutoencoder";
  checkWhole(name, { layerEpochs, epochs }, 0);
  checkWhole(name, { batchSize }, 1);
  checkShare(name, { corruption });
  checkPositive(name, { learningRate });
}
