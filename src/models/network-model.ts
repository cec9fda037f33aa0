// What the methods that train a network under a classifier share: the network, its heads, features of all rows, checkpoints.
import { noGrad } from "../graph";
import { checkPositive, checkRange, checkShare, checkWhole, fitted } from "../checks";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import type { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import type { FeatureNetwork } from "../nn/feature-network";
import { BatchNorm } from "../nn/batch-norm";
import { builtInTurns, normal } from "../nn/init";
import { Linear } from "../nn/linear";
import type { NamedArrays } from "../nn/module";
import { buildNetwork } from "../nn/network-spec";
import type { NetworkSpec } from "../nn/network-spec";
import { argmax } from "../ops/arg-extremum";
import { augment } from "../ops/images/augmentation";
import type { AugmentOptions } from "../ops/images/augmentation";
import { relu } from "../ops/elementwise";
import { concat } from "../ops/layout";
import { reshape } from "../ops/shape";
import { SGD } from "../optim";
import { Random } from "../random";
import { requestDevice } from "../request-device";
import { tidy } from "../tensor";
import type { Tensor } from "../tensor";
import { below, decodeCheckpoint, encodeCheckpoint, under } from "../training/checkpoint";
import type { Checkpoint } from "../training/checkpoint";
import type { EpochRecord } from "../training/loop";
import { mapChunks, mapRows, Rows } from "../training/rows";
import type { BatchOrder, RowsLike } from "../training/rows";
import { initialState, stageStream, Training } from "../training/training";
import type { StageSpec, TrainingOptions, TrainingState } from "../training/training";
import { shared } from "../turn";

/** Changes a batch [b, …inputShape] at random before it is trained on; draws from `random` alone, so that training can be resumed. */
export type Augmentation = (batch: Tensor, random: Random) => Tensor;

/** Options of every method that trains a network. */
export interface NetworkOptions {
  /** The network below the classifier. */
  readonly network: NetworkSpec;
  /** Of SGD. */
  readonly learningRate?: number;
  readonly momentum?: number;
  /** L2 penalty, on every parameter. */
  readonly weightDecay?: number;
  readonly batchSize?: number;
  /**
   * Batches whose mean statistics batch normalisation goes by where features are computed for clustering or for the caller (Wu and
   * Johnson 2021, section 3). 0: the running ones that training leaves, which lag behind weights that change fast. Default 32.
   */
  readonly statisticsBatches?: number;
  readonly seed?: number;
  /** Default: `requestDevice()`. */
  readonly device?: Device;
  /** What changes images at random in training: options of `augment`, or a function, which `load` wants again. Default: nothing does. */
  readonly augment?: AugmentOptions | Augmentation;
}

/** Options of `load`: what a checkpoint cannot hold. */
export interface LoadOptions {
  readonly device?: Device;
  /** Needed where the network was made by a function. */
  readonly network?: NetworkSpec;
  readonly augment?: AugmentOptions | Augmentation;
}

/** Options of `fit`. */
export interface NetworkFitOptions extends TrainingOptions {
  /** Passes over the data; default 50. */
  readonly epochs?: number;
}

/** Settings that every method keeps in its checkpoints. */
export type NetworkSettings = Required<Omit<NetworkOptions, "device" | "augment">> & Pick<NetworkOptions, "augment">;

/** Settings where the caller gives none: those of the comparison on telescope images. */
export const NETWORK_DEFAULTS = {
  ...{ learningRate: 1e-3, momentum: 0.9, weightDecay: 1e-5, batchSize: 256 },
  ...{ statisticsBatches: 32, seed: 0 },
};

/** Items whose features are computed at a time: activations of images are large. */
const CHUNK = 256;
/** Added to lengths that features are divided by: a dead feature vector stays zero. */
export const EPS = 1e-10;

/** What a checkpoint's metadata hold. */
interface SavedState<S> {
  readonly settings: S;
  readonly training: TrainingState;
  /** The method's own. */
  readonly own: Record<string, unknown>;
}

/** A network with one or more linear classifiers on its features, trained by SGD. */
export abstract class NetworkModel<S extends NetworkSettings> {
  /** Of the method, for messages and checkpoints. */
  readonly name: string;
  readonly settings: S;
  /** Linear classifiers on the rectified features; made with the network. */
  protected heads: readonly Linear[] = [];
  #device: Device | undefined;
  #network: FeatureNetwork | undefined;
  readonly #made = shared(() => this.#make());
  #training: Training | undefined;
  #state: TrainingState = initialState();
  #optimizerArrays: NamedArrays | undefined;

  protected constructor(name: string, settings: S, device: Device | undefined) {
    this.name = name;
    this.settings = settings;
    this.#device = device;
    checkNumbers(name, settings);
  }

  /** One record per epoch. */
  get history(): readonly EpochRecord[] {
    return this.#state.history;
  }

  /** The network. @throws before the first `fit` */
  get network(): FeatureNetwork {
    return fitted(this.name, this.#network);
  }

  /** Features of x as the classifier sees them, rectified: [n, featureSize]. */
  async transform(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.withRows(x, "transform", (rows) =>
      mapRows(rows, (batch) => this.rectified(this.features(batch)), CHUNK),
    );
  }

  /** Weights, labels, the optimizer's state, progress and history as a safetensors file. */
  async save(): Promise<Uint8Array> {
    const arrays: Record<string, Tensor | NdArray<TypedArray>> = {
      ...under("network.", this.network.stateDict()),
      ...Object.assign({}, ...this.heads.map((head, h) => under(`heads.${h}.`, head.stateDict()))),
      ...under("optimizer.", this.#training?.optimizerState() ?? {}),
      ...this.ownArrays(),
    };
    const kept = Object.fromEntries(Object.entries(this.settings).filter(([, value]) => typeof value !== "function"));
    const state = { settings: kept, training: this.#state, own: this.ownState() };
    return encodeCheckpoint(this.name, arrays, state);
  }

  /** Frees everything the model holds on its device. */
  dispose(): void {
    this.#training?.dispose();
    this.#network?.dispose();
    for (const head of this.heads) head.dispose();
    this.heads = [];
    this.#network = undefined;
  }

  /** Sizes of the heads: how many there are, and their classes. */
  protected abstract headSizes(): readonly number[];
  /** What a checkpoint holds beside weights and progress. */
  protected abstract ownArrays(): Record<string, NdArray<TypedArray>>;
  protected abstract ownState(): Record<string, unknown>;
  protected abstract restoreOwn(arrays: NamedArrays, state: Record<string, unknown>): void;

  /** The device, and the network and heads on it, made on first use. */
  protected async prepare(): Promise<Device> {
    if (!this.#network) await this.#made();
    return this.#device!;
  }

  async #make(): Promise<void> {
    const { network: spec, seed } = this.settings;
    const device = (this.#device ??= await requestDevice());
    const random = new Random(seed);
    // a function may draw from `random` itself, or compute with weights that it has made
    const made = typeof spec === "function" ? spec(device, random) : undefined;
    this.#network = await builtInTurns(() => {
      const network = made ?? buildNetwork(spec, device, random);
      this.heads = this.headSizes().map(
        (size) => new Linear(device, network.featureSize, size, random, { weightInit: normal(0.01) }),
      );
      return network;
    });
  }

  /** Reads a checkpoint of `name` into a model that `make` makes of its settings. */
  protected static async restore<S, M extends NetworkModel<NetworkSettings>>(
    name: string,
    content: Bytes,
    { device, ...given }: LoadOptions,
    make: (options: S & LoadOptions) => M,
  ): Promise<M> {
    const checkpoint = decodeCheckpoint<SavedState<S>>(name, content);
    const { settings } = checkpoint.state;
    if (!given.network && !(settings as { network?: NetworkSpec }).network)
      throw new Error(`${name}.load: the network was made by a function, give it again as the option network`);
    const model = make({ ...settings, ...given, ...(device && { device }) });
    await model.#restore(checkpoint as Checkpoint<SavedState<NetworkSettings>>);
    return model;
  }

  async #restore({ arrays, state }: Checkpoint<SavedState<S>>): Promise<void> {
    this.restoreOwn(arrays, state.own);
    await this.prepare();
    this.network.loadStateDict(below(arrays, "network."));
    this.heads.forEach((head, h) => head.loadStateDict(below(arrays, `heads.${h}.`)));
    const optimizer = below(arrays, "optimizer.");
    this.#optimizerArrays = Object.keys(optimizer).length > 0 ? optimizer : undefined;
    this.#state = state.training;
  }

  /** Runs `use` with the rows of x. @throws when they do not have the network's input size */
  protected async withRows<R>(x: RowsLike, op: string, use: (rows: Rows) => Promise<R>): Promise<R> {
    const device = await this.prepare();
    const rows = await Rows.from(device, x, `${this.name}.${op}`);
    try {
      const { inputShape } = this.network;
      if (rows.width !== inputShape.reduce((product, size) => product * size, 1))
        throw new Error(
          `${this.name}.${op}: the network takes items of [${inputShape.join(", ")}], x has ${rows.width} values an item`,
        );
      return await use(rows);
    } finally {
      rows.dispose();
    }
  }

  /** Goes on with a stage from where training stands, and settles the statistics at its end. */
  protected async train(rows: Rows, stage: StageSpec, options: TrainingOptions): Promise<void> {
    const device = await this.prepare();
    this.#training = new Training(device, [stage], this.settings.seed + 1, this.#state, this.#optimizerArrays);
    this.#optimizerArrays = undefined;
    await this.#training.run(options);
    await this.settle(rows);
  }

  /** Statistics of batch normalisation from some batches as they are, whatever they were before: the same where it is run again. */
  protected async settle(rows: Rows): Promise<void> {
    const norms = this.network.modules().filter((part) => part instanceof BatchNorm);
    const { batch, load, steps } = this.batches(rows);
    const count = norms.length === 0 ? 0 : Math.min(steps, this.settings.statisticsBatches);
    for (const norm of norms) norm.averaged = 0;
    try {
      for (let step = 0; step < count; step++) {
        await load?.(0, step);
        this.network.train();
        tidy(() => noGrad(() => this.network.forward(this.#items(rows.at(batch(0, step))))));
      }
    } finally {
      for (const norm of norms) norm.averaged = undefined;
    }
  }

  /** SGD of network and heads; `head` is how the heads differ. */
  protected trained(head: {
    readonly lrScale?: number;
    readonly momentum?: number;
  }): Pick<StageSpec, "parameters" | "optimizer"> {
    const { learningRate: lr, momentum, weightDecay } = this.settings;
    const heads = this.heads.flatMap((layer) => layer.parameters());
    return {
      parameters: [...this.network.parameters(), ...heads],
      optimizer: (list) => new SGD(list, { lr, momentum, weightDecay, groups: [{ params: heads, ...head }] }),
    };
  }

  /** Shuffled batches of a pass; a last batch of a single item is left out, since it has no statistics. */
  protected batches(rows: Rows): BatchOrder {
    const { batchSize, seed } = this.settings;
    const order = rows.order(stageStream(seed, 1000), batchSize);
    const { load } = order;
    const batch = (epoch: number, step: number): Uint32Array => order.batch(epoch, step);
    return { steps: stepsOf(rows.count, batchSize), batch, ...(load && { load }) };
  }

  /** Features of a batch in training, augmented: [b, featureSize]. */
  protected trainingFeatures(rows: Rows, index: Uint32Array, random: Random): Tensor {
    this.network.train();
    const x = rows.at(index);
    return this.network.forward(this.#augmented(this.#items(x), random));
  }

  /** Features of a batch as it is, in evaluation mode: [b, featureSize]. */
  protected features(x: Tensor): Tensor {
    this.network.eval();
    return this.network.forward(this.#items(x));
  }

  /** f of the features of all rows in evaluation mode, in one tensor; the caller disposes of it. */
  protected async mapFeatures(rows: Rows, f: (features: Tensor) => Tensor): Promise<Tensor> {
    const chunks = await mapChunks(rows, (batch) => f(this.features(batch)), CHUNK);
    if (chunks.length === 1) return chunks[0]!;
    const joined = concat(chunks, 0);
    for (const chunk of chunks) chunk.dispose();
    return joined;
  }

  /** What a head takes. */
  protected rectified(features: Tensor): Tensor {
    return this.network.rectified ? relu(features) : features;
  }

  /** Class of highest score by head `h`, of every row of x. */
  protected async classify(x: RowsLike, op: string, h = 0): Promise<Int32Array> {
    return this.withRows(x, op, async (rows) => {
      const found = await this.mapFeatures(rows, (z) => argmax(this.heads[h]!.forward(this.rectified(z)), 1));
      try {
        return Int32Array.from(await found.data());
      } finally {
        found.dispose();
      }
    });
  }

  #augmented(items: Tensor, random: Random): Tensor {
    const { augment: how } = this.settings;
    if (!how) return items;
    return typeof how === "function" ? how(items, random) : augment(items, how, random);
  }

  #items(x: Tensor): Tensor {
    const { inputShape } = this.network;
    return inputShape.length === 1 ? x : reshape(x, [x.shape[0]!, ...inputShape]);
  }
}

/** Batches of n items, a last one of a single item left out. */
export const stepsOf = (n: number, batchSize: number): number =>
  n > batchSize && n % batchSize === 1 ? Math.floor(n / batchSize) : Math.ceil(n / batchSize);

/** @throws when there are fewer rows than clusters */
export function checkClusterCount(name: string, nClusters: number, count: number): void {
  if (nClusters > count)
    throw new Error(`${name}.fit: nClusters must be at most the number of rows, ${nClusters} for ${count} rows`);
}

function checkNumbers(name: string, settings: NetworkSettings): void {
  const { learningRate, momentum, weightDecay, batchSize, statisticsBatches } = settings;
  checkWhole(name, { batchSize }, 1);
  checkWhole(name, { statisticsBatches }, 0);
  checkPositive(name, { learningRate });
  checkShare(name, { momentum });
  checkRange(name, { weightDecay }, 0);
}
