// Deep embedded clustering: Xie, Girshick and Farhadi, "Unsupervised deep embedding for clustering analysis", ICML 2016.
import { noGrad } from "../graph";
import { checkChoice, checkPositive, checkRange, checkWhole, fitted } from "../checks";
import { KMeans } from "../cluster";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import type { NamedArrays } from "../nn/module";
import { argmax } from "../ops/arg-extremum";
import { decLoss, decTarget, studentT } from "../ops/clustering/dec";
import { add, scale } from "../ops/elementwise";
import { gatherRows } from "../ops/indexing";
import { concat } from "../ops/layout";
import { SGD } from "../optim";
import { keep, parameter, tensor, tidy } from "../tensor";
import type { Tensor } from "../tensor";
import { below, decodeCheckpoint, encodeCheckpoint, under } from "../training/checkpoint";
import type { Checkpoint } from "../training/checkpoint";
import type { EpochRecord } from "../training/loop";
import { mapChunks, mapRows, Rows } from "../training/rows";
import type { RowsLike } from "../training/rows";
import { initialState, stageStream, Training } from "../training/training";
import type { StageSpec, TrainingOptions, TrainingState } from "../training/training";
import { AUTOENCODER_DEFAULTS, checkWidth, StackedAutoencoder } from "./stacked-autoencoder";

/** Options of `DEC`. */
export interface DECOptions {
  /** Sizes of the encoder from the input to the embedding, [784, 500, 500, 2000, 10]. */
  readonly layers: readonly number[];
  readonly nClusters: number;
  /** Degrees of freedom of Student's t distribution. */
  readonly alpha?: number;
  /**
   * Over what the target p sharpens q: "global", all the data, refreshed every `updateInterval` steps, as in the paper; or
   * "batch", each minibatch by itself at each step, as several implementations do: noisier, and faster.
   */
  readonly target?: "global" | "batch";
  /** Steps between two looks at all the data, which renew the labels and the global target. */
  readonly updateInterval?: number;
  /** Training ends when fewer than this share of labels changed between two refreshes. */
  readonly tolerance?: number;
  /** Restarts of the k-means that places the centres. */
  readonly nInit?: number;
  /** Of the clustering phase: SGD with momentum 0.9. */
  readonly learningRate?: number;
  readonly momentum?: number;
  readonly batchSize?: number;
  /** Passes over the data for each layer by itself before clustering. */
  readonly layerEpochs?: number;
  /** Passes over the data for the whole autoencoder before clustering. */
  readonly pretrainEpochs?: number;
  readonly pretrainBatchSize?: number;
  /** Adam's step size before clustering. */
  readonly pretrainLearningRate?: number;
  /** Share of inputs set to zero while a layer is trained by itself. */
  readonly corruption?: number;
  readonly seed?: number;
  /** Default: `requestDevice()`. */
  readonly device?: Device;
}

/** Options of `fit`. */
export interface FitOptions extends TrainingOptions {
  /** Passes over the data in the clustering phase at most; default 100. */
  readonly epochs?: number;
}

const DEFAULTS = {
  alpha: 1,
  target: "global" as const,
  updateInterval: 140,
  tolerance: 1e-3,
  nInit: 20,
  learningRate: 0.01,
  momentum: 0.9,
  batchSize: 256,
  pretrainBatchSize: AUTOENCODER_DEFAULTS.batchSize,
  layerEpochs: AUTOENCODER_DEFAULTS.layerEpochs,
  pretrainEpochs: AUTOENCODER_DEFAULTS.epochs,
  pretrainLearningRate: AUTOENCODER_DEFAULTS.learningRate,
  corruption: AUTOENCODER_DEFAULTS.corruption,
  seed: 0,
};

/** @inline */
type Settings = Required<Omit<DECOptions, "device">> & { readonly gamma?: number };

/** What a checkpoint's metadata hold. */
export interface SavedState {
  readonly settings: Settings;
  readonly pretraining: TrainingState;
  readonly clustering: TrainingState;
  /** The interval whose target distribution is in force, or −1. */
  readonly refreshed: number;
  readonly changed: number;
  readonly converged: boolean;
}

/**
 * Deep embedded clustering: an autoencoder is pretrained, k-means places centres among its codes, then encoder and centres are
 * trained together so that the soft assignment q of each item sharpens towards the target p ∝ q²/f.
 */
export class DEC {
  readonly settings: Settings;
  readonly autoencoder: StackedAutoencoder;
  #centers: Tensor | undefined;
  #clustering: TrainingState = initialState();
  #training: Training | undefined;
  #optimizerArrays: NamedArrays | undefined;
  #target: Tensor | undefined;
  #labels: Uint32Array | undefined;
  #refreshed = -1;
  /** Share of labels that changed at the last refresh. */
  #changed = 1;
  #converged = false;

  /** @param extra settings of a subclass, kept in checkpoints with the others */
  constructor({ device, ...given }: DECOptions, extra: Pick<Settings, "gamma"> = {}) {
    this.settings = { ...DEFAULTS, ...given, ...extra };
    const { layers, layerEpochs, pretrainEpochs, pretrainLearningRate, pretrainBatchSize, corruption, seed } =
      this.settings;
    checkSettings(this.name, this.settings);
    this.autoencoder = new StackedAutoencoder({
      layers,
      layerEpochs,
      epochs: pretrainEpochs,
      learningRate: pretrainLearningRate,
      corruption,
      batchSize: pretrainBatchSize,
      seed,
      ...(device && { device }),
    });
  }

  /** Of the method, for messages and checkpoints. */
  get name(): string {
    return "DEC";
  }

  /** One record per epoch of pretraining, then one per update interval; `changed` is the share of labels that changed. */
  get history(): readonly EpochRecord[] {
    return [...this.autoencoder.history, ...this.#clustering.history];
  }

  /** Cluster of each item of the data given to `fit`, as of the last refresh. @throws before there is one */
  get labels(): Int32Array {
    return Int32Array.from(fitted(this.name, this.#labels));
  }

  /** Whether training ended because the labels had settled. */
  get converged(): boolean {
    return this.#converged;
  }

  /** The centres, [nClusters, embedding]. */
  async clusterCenters(): Promise<NdArray<Float32Array>> {
    const centers = this.#fitted();
    return new NdArray((await centers.data()) as Float32Array, centers.shape);
  }

  /**
   * Pretrains, places the centres and trains until the labels settle. Goes on where an aborted or loaded training stood.
   * @param x [n, layers[0]], or items that flatten to that
   * @throws when x has other columns than the first layer takes, holds NaN, or has fewer rows than clusters; when the loss is
   * no longer finite; the signal's reason when aborted
   */
  async fit(x: RowsLike, { epochs = 100, ...options }: FitOptions = {}): Promise<this> {
    const { nClusters, layers, seed } = this.settings;
    const { device } = await this.autoencoder.prepare();
    const rows = await Rows.from(device, x, `${this.name}.fit`);
    try {
      checkWidth(`${this.name}.fit`, rows.width, layers[0]!);
      if (nClusters > rows.count)
        throw new Error(
          `${this.name}.fit: nClusters must be at most the number of rows, ${nClusters} for ${rows.count} rows`,
        );
      await this.autoencoder.fitRows(rows, options);
      this.#centers ??= await this.#placeCenters(device, rows);
      const stage = this.#stage(rows, epochs);
      this.#training = new Training(device, [stage], seed + 1, this.#clustering, this.#optimizerArrays);
      this.#optimizerArrays = undefined;
      await this.#training.run(options);
      await this.#refresh(rows);
    } finally {
      rows.dispose();
    }
    return this;
  }

  /** fit, then the labels. */
  async fitPredict(x: RowsLike, options: FitOptions = {}): Promise<Int32Array> {
    return (await this.fit(x, options)).labels;
  }

  /** Embedding of x, [n, layers.at(-1)]. */
  async transform(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.#map(x, "transform", (batch) => this.autoencoder.network.encode(batch));
  }

  /** Soft assignments q of x, [n, nClusters]; rows sum to 1. */
  async softAssignments(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.#map(x, "softAssignments", (batch) => this.#assign(batch));
  }

  /** The most probable cluster of each row of x. */
  async predict(x: RowsLike): Promise<Int32Array> {
    const q = await this.softAssignments(x);
    const [n, k] = q.shape as [number, number];
    return Int32Array.from({ length: n }, (_, i) => argmaxOf(q.data.subarray(i * k, (i + 1) * k)));
  }

  /** Weights, centres, target, the optimizer's state, progress and history as a safetensors file. */
  async save(): Promise<Uint8Array> {
    const state: SavedState = {
      settings: this.settings,
      pretraining: this.autoencoder.state,
      clustering: this.#clustering,
      refreshed: this.#refreshed,
      changed: this.#changed,
      converged: this.#converged,
    };
    const arrays: Record<string, Tensor | NdArray<TypedArray>> = {
      ...under("autoencoder.", this.autoencoder.tensors()),
      ...under("optimizer.", this.#training?.optimizerState() ?? {}),
    };
    if (this.#centers) arrays["centers"] = this.#centers;
    if (this.#target) arrays["target"] = this.#target;
    if (this.#labels) arrays["labels"] = new NdArray<TypedArray>(this.#labels);
    return encodeCheckpoint(this.name, arrays, state);
  }

  /** @throws when the bytes are no checkpoint of this method */
  static async load(content: Bytes, { device }: { device?: Device } = {}): Promise<DEC> {
    const checkpoint = decodeCheckpoint<SavedState>("DEC", content);
    const model = new DEC({ ...checkpoint.state.settings, ...(device && { device }) });
    await model.restore(checkpoint);
    return model;
  }

  /** Frees everything the model holds on its device. */
  dispose(): void {
    this.autoencoder.dispose();
    this.#centers?.dispose();
    this.#target?.dispose();
    this.#centers = this.#target = undefined;
  }

  /** Takes over what a checkpoint holds. */
  protected async restore({ arrays, state }: Checkpoint<SavedState>): Promise<void> {
    await this.autoencoder.restore(below(arrays, "autoencoder."), state.pretraining);
    const { device } = await this.autoencoder.prepare();
    const { centers, target, labels } = arrays;
    if (centers) this.#centers = parameter(device, Float32Array.from(centers.data), centers.shape);
    if (target) this.#target = keep(tensor(device, Float32Array.from(target.data), target.shape));
    if (labels) this.#labels = Uint32Array.from(labels.data);
    const optimizer = below(arrays, "optimizer.");
    this.#optimizerArrays = Object.keys(optimizer).length > 0 ? optimizer : undefined;
    this.#clustering = state.clustering;
    this.#refreshed = state.refreshed;
    this.#changed = state.changed;
    this.#converged = state.converged;
  }

  /** What IDEC adds to the loss of a batch; nothing in DEC. */
  protected penalty(_x: Tensor, _z: Tensor): Tensor | undefined {
    return undefined;
  }

  /** The factor of the clustering loss; 1 in DEC. */
  protected get clusteringWeight(): number {
    return 1;
  }

  /** What the clustering phase trains; the encoder and the centres in DEC. */
  protected trained(): Tensor[] {
    return this.autoencoder.network.encoder.flatMap((layer) => layer.parameters());
  }

  #fitted(): Tensor {
    return fitted(this.name, this.#centers);
  }

  #assign(batch: Tensor): Tensor {
    return studentT(this.autoencoder.network.encode(batch), this.#fitted(), this.settings.alpha);
  }

  async #placeCenters(device: Device, rows: Rows): Promise<Tensor> {
    const { nClusters, nInit, seed } = this.settings;
    const z = await mapRows(rows, (batch) => this.autoencoder.network.encode(batch));
    const kmeans = await new KMeans({ nClusters, nInit, seed, device }).fit(z);
    this.#labels = Uint32Array.from(kmeans.labels);
    return parameter(device, kmeans.clusterCenters.data, kmeans.clusterCenters.shape);
  }

  /** Recomputes q, the labels and the target over all rows; returns the share of labels that changed. */
  async #refresh(rows: Rows): Promise<number> {
    const chunks = await mapChunks(rows, (batch) => this.#assign(batch));
    const { target, assigned } = tidy(() => {
      const q = chunks.length === 1 ? chunks[0]! : concat(chunks, 0);
      return { target: this.settings.target === "global" ? decTarget(q) : undefined, assigned: argmax(q, 1) };
    });
    for (const chunk of chunks) chunk.dispose();
    this.#target?.dispose();
    this.#target = target;
    const labels = (await assigned.data()) as Uint32Array;
    assigned.dispose();
    const before = this.#labels;
    const changed = before ? labels.reduce((count, label, i) => count + Number(label !== before[i]), 0) : labels.length;
    this.#labels = labels;
    return changed / labels.length;
  }

  #stage(rows: Rows, epochs: number): StageSpec {
    const { updateInterval, tolerance, learningRate, momentum, batchSize, alpha, seed } = this.settings;
    const order = rows.order(stageStream(seed, 1000), batchSize);
    const { load } = order;
    const passOf = (epoch: number, step: number): [number, number] => {
      const number = epoch * updateInterval + step;
      return [Math.floor(number / order.steps), number % order.steps];
    };
    const centers = this.#fitted();
    const { network } = this.autoencoder;
    return {
      name: this.name,
      epochs: Math.ceil((epochs * order.steps) / updateInterval),
      steps: updateInterval,
      parameters: [...this.trained(), centers],
      optimizer: (list) => new SGD(list, { lr: learningRate, momentum }),
      beforeEpoch: async (interval) => {
        if (this.#converged) return false;
        if (this.#refreshed === interval) return true; // resumed within the interval
        this.#changed = await this.#refresh(rows);
        this.#refreshed = interval;
        this.#converged = interval > 0 && this.#changed < tolerance;
        return !this.#converged;
      },
      load: load && ((epoch, step) => load(...passOf(epoch, step))),
      loss: ({ epoch, step }) => {
        const index = order.batch(...passOf(epoch, step));
        const x = rows.at(index);
        const z = network.encode(x);
        const target = this.#target
          ? gatherRows(this.#target, index)
          : noGrad(() => decTarget(studentT(z, centers, alpha)));
        const clustering = decLoss(z, centers, target, { alpha });
        const penalty = this.penalty(x, z);
        return penalty ? add(scale(clustering, this.clusteringWeight), penalty) : clustering;
      },
      figures: () => ({ changed: this.#changed }),
    };
  }

  async #map(x: RowsLike, op: string, f: (batch: Tensor) => Tensor): Promise<NdArray<Float32Array>> {
    this.#fitted();
    const { device } = await this.autoencoder.prepare();
    const rows = await Rows.from(device, x, `${this.name}.${op}`);
    try {
      checkWidth(`${this.name}.${op}`, rows.width, this.settings.layers[0]!);
      return await mapRows(rows, f);
    } finally {
      rows.dispose();
    }
  }
}

/** Index of the largest value, the first of equals. */
function argmaxOf(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

function checkSettings(name: string, settings: Settings): void {
  const { nClusters, updateInterval, nInit, alpha, learningRate, target, tolerance } = settings;
  checkWhole(name, { nClusters, updateInterval, nInit }, 1);
  checkPositive(name, { alpha, learningRate });
  checkChoice(name, { target }, ["global", "batch"]);
  checkRange(name, { tolerance }, 0);
}
