// Deep embedded clustering: Xie, Girshick and Farhadi, "Unsupervised deep embedding for clustering analysis", ICML 2016.
import { bestRun } from "../cluster/lloyd-runs";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import { noGrad } from "../graph";
import { withPrefix } from "../lifecycle/checkpoint";
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import type { Fit } from "../lifecycle/fit";
import { FIT_RULES } from "../lifecycle/progress";
import type { EpochRecord, FitOptions } from "../lifecycle/progress";
import { mapChunks, mapRows, mapWhole } from "../lifecycle/rows";
import type { RowsLike, Rows } from "../lifecycle/rows";
import { RowsModel } from "../lifecycle/rows-model";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { Autoencoder } from "../nn/autoencoder";
import { builtCooperatively, undrawnNetwork } from "../nn/init";
import { argmax } from "../ops/arg-extremum";
import { decLoss, decTarget, studentT } from "../ops/clustering/dec";
import { gatherRows } from "../ops/indexing";
import { SGD } from "../optim";
import { flag, range, integer } from "../options";
import { stream } from "../random";
import { keep, parameter, tensor, tidy } from "../tensor";
import type { Tensor } from "../tensor";
import { Training } from "../training/training";
import type { Stage } from "../training/training";
import { augmentationOf, forImages, autoencoderStages } from "./autoencoder-stages";
import type { RowsAugmentation } from "./autoencoder-stages";
import { CLUSTERING_EPOCHS, DEC_LOAD, DEC_OPTIONS } from "./dec-options";
import type { DECLoadOptions, DECOptions, DECSettings, Objective } from "./dec-options";

const DEC_OBJECTIVE: Objective<DECSettings> = {
  ...DEC_OPTIONS,
  name: "DEC",
  loss: (clustering) => clustering,
  trained: (network) => network.encoder.flatMap((layer) => layer.parameters()),
};

/**
 * Deep embedded clustering: an autoencoder is pretrained, k-means places centres among its codes, then encoder and centres are
 * trained together so that the soft assignment q of each item sharpens towards the target p ∝ q²/f.
 */
export class DEC<S extends DECSettings = DECSettings> extends RowsModel<S> {
  readonly #objective: Objective<S>;
  #network: Autoencoder | undefined;
  readonly #pretraining = new Training();
  readonly #clustering = new Training();
  #centers: Tensor | undefined;
  /** The centres as the host has them. */
  #placed: NdArray | undefined;
  #target: Tensor | undefined;
  #labels: Int32Array<ArrayBuffer> | undefined;
  /** The interval whose target distribution is in force, or −1. */
  #refreshed = -1;
  /** Share of labels that changed at the last refresh. */
  #changed = 1;
  #converged = false;

  constructor(options: DECOptions);
  /** @internal */
  constructor(options: DECOptions, objective: Objective<S>);
  constructor(options: DECOptions, objective = DEC_OBJECTIVE as unknown as Objective<S>) {
    super(objective.name, options, objective);
    this.#objective = objective;
  }

  /** One record per epoch of pretraining, then one per update interval; `changed` is the share of labels that changed. */
  override get history(): readonly EpochRecord[] {
    return [...this.#pretraining.history, ...this.#clustering.history];
  }

  /** The autoencoder. @throws before the first `fit` */
  get network(): Autoencoder {
    return this.known("network", this.#network);
  }

  /** Cluster of each item of the data given to `fit`, as of the last refresh. @throws before there is one */
  get labels(): Int32Array<ArrayBuffer> {
    return this.known("labels", this.#labels).slice();
  }

  /** The centres, [nClusters, layers.at(-1)], as of the last refresh. @throws before there are any */
  get clusterCenters(): NdArray {
    return this.known("clusterCenters", this.#placed);
  }

  /** Whether training ended because the labels had settled. */
  get converged(): boolean {
    return this.#converged;
  }

  /**
   * Takes over a trained autoencoder in place of pretraining: the network of a `StackedAutoencoder`, or an N2D.
   * @throws when its layers differ, and when training has begun
   */
  async startFrom(network: Autoencoder): Promise<this> {
    return this.fitting({}, {}, async () => {
      await this.built();
      const { takeWeights } = await import("./take-weights");
      await takeWeights(`${this.name}.startFrom`, this.network, this.#pretraining, network);
      this.learned();
    });
  }

  /**
   * Pretrains, places the centres and trains until the labels settle. Goes on where an earlier call or a loaded training stood.
   * @param x [n, layers[0]], or items that flatten to that; the same in each call
   * @param options `epochs`: passes over the data in the clustering phase at most, those of earlier calls too; default 100
   * @throws when x has other columns than the first layer takes, holds NaN, or has fewer rows than clusters; when a loss or weight is no
   * longer finite; the signal's reason when aborted
   */
  async fit(x: RowsLike, options: FitOptions = {}): Promise<this> {
    const { layers, seed, layerEpochs, pretrainEpochs, pretrainLearningRate, pretrainBatchSize, corruption } =
      this.settings;
    return this.fitting(options, FIT_RULES, async (fit) => {
      const device = await this.built();
      const rows = await this.rowsOf(device, x);
      try {
        await this.checkFit(rows, layers[0]!, this.#pretraining);
        const augment = augmentationOf(`${this.name}.fit`, this.settings);
        this.learned();
        const stages = autoencoderStages(rows, this.network, {
          augment,
          ...{ layerEpochs, corruption, seed, epochs: pretrainEpochs },
          ...{ batchSize: pretrainBatchSize, learningRate: pretrainLearningRate },
        });
        await this.#pretraining.run(stages, seed, fit, options);
        if (!this.#centers) await this.#placeCenters(device, rows, fit);
        await this.#clustering.run(
          [this.#stage(rows, augment, options.epochs ?? CLUSTERING_EPOCHS)],
          seed,
          fit,
          options,
        );
        await this.#look(rows, this.#clustering.begun);
      } finally {
        rows.dispose();
      }
    });
  }

  /** fit, then the labels. */
  async fitPredict(x: RowsLike, options: FitOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** Embedding of x, [n, layers.at(-1)]. @throws before `fit` */
  async transform(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.computingRows(x, "transform", this.settings.layers.slice(0, 1), (rows) =>
      mapRows(rows, (batch) => this.network.encode(batch)),
    );
  }

  /** x as the autoencoder gives it back, [n, layers[0]]: DEC leaves the decoder as pretraining made it. @throws before `fit` */
  async reconstruct(x: RowsLike): Promise<NdArray<Float32Array>> {
    return this.computingRows(x, "reconstruct", this.settings.layers.slice(0, 1), (rows) =>
      mapRows(rows, (batch) => this.network.forward(batch)),
    );
  }

  /** Soft assignments q of x, [n, nClusters]; rows sum to 1. @throws before `fit` */
  async softAssignments(x: RowsLike): Promise<NdArray<Float32Array>> {
    const centers = this.known("softAssignments", this.#centers);
    return this.computingRows(x, "softAssignments", this.settings.layers.slice(0, 1), (rows) =>
      mapRows(rows, (batch) => this.#assign(batch, centers)),
    );
  }

  /** The most probable cluster of each row of x. @throws before `fit` */
  async predict(x: RowsLike): Promise<Int32Array<ArrayBuffer>> {
    const centers = this.known("predict", this.#centers);
    return this.computingRows(x, "predict", this.settings.layers.slice(0, 1), async (rows) => {
      const chunks = await mapChunks(rows, (batch) => argmax(this.#assign(batch, centers), 1));
      return joined(chunks, rows.count);
    });
  }

  /** @throws when the bytes are no checkpoint of this method */
  static async load(content: Bytes, options: DECLoadOptions = {}): Promise<DEC> {
    return RowsModel.restored(
      "DEC",
      content,
      options,
      (settings: DECOptions) => new DEC(forImages(settings)),
      DEC_LOAD,
    );
  }

  protected override async build(device: Device): Promise<void> {
    const { layers, seed } = this.settings;
    const random = stream(seed, "StackedAutoencoder.weights");
    this.#network = await builtCooperatively(() => new Autoencoder(device, layers, random));
  }

  protected override own(): Learned {
    return {
      arrays: {
        ...withPrefix("autoencoder.network.", this.network.stateDict()),
        ...this.#pretraining.tensors("autoencoder.optimizer."),
        ...this.#clustering.tensors(),
        ...(this.#centers && { centers: this.#centers }),
        ...(this.#target && { target: this.#target }),
        ...(this.#labels && { labels: new NdArray<TypedArray>(this.#labels) }),
      },
      state: {
        ...{ pretraining: this.#pretraining.state, clustering: this.#clustering.state, refreshed: this.#refreshed },
        ...{ changed: this.#changed, converged: this.#converged },
      },
    };
  }

  protected override async restore(saved: Checkpoint): Promise<void> {
    const { layers, seed, nClusters } = this.settings;
    const arrays = saved.below("autoencoder.network.");
    this.#pretraining.restore(saved, "pretraining", "autoencoder.optimizer.");
    this.#clustering.restore(saved, "clustering");
    this.#refreshed = saved.entry("refreshed", integer(-1));
    this.#changed = saved.entry("changed", range(0, 1));
    this.#converged = saved.entry("converged", flag);
    this.#labels = saved.labels("labels", nClusters);
    this.#placed = saved.array("centers", [nClusters, layers.at(-1)!]);
    const target = saved.array("target", [this.#labels?.length ?? 0, nClusters]);
    saved.checkDeclared(arrays, (device) =>
      undrawnNetwork(() => ({ "": new Autoencoder(device, layers, stream(seed, "")) })),
    );
    const device = await this.built();
    this.network.loadStateDict(arrays);
    if (this.#placed) this.#centers = parameter(device, this.#placed.data, this.#placed.shape);
    if (target) this.#target = keep(tensor(device, target.data, target.shape));
  }

  protected override release(): void {
    this.#pretraining.dispose();
    this.#clustering.dispose();
    this.#network?.dispose();
    this.#centers?.dispose();
    this.#target?.dispose();
    this.#network = this.#centers = this.#target = undefined;
  }

  #assign(batch: Tensor, centers: Tensor): Tensor {
    return studentT(this.network.encode(batch), centers, this.settings.alpha);
  }

  async #placeCenters(device: Device, rows: Rows, { signal }: Fit): Promise<void> {
    const { nClusters: k, nInit, seed } = this.settings;
    const z = await mapWhole(rows, (batch) => this.network.encode(batch));
    try {
      const { labels, centers } = await bestRun(z, { k, nInit, seed, signal });
      this.#labels = labels;
      this.#placed = new NdArray(centers, [k, z.shape[1]!]);
    } finally {
      z.dispose();
    }
    this.#centers = parameter(device, this.#placed.data, this.#placed.shape);
  }

  /** Recomputes q, the labels and the target over all rows, once for an interval. */
  async #look(rows: Rows, interval: number): Promise<void> {
    if (this.#refreshed === interval) return;
    const centers = this.#centers!;
    const q = await mapWhole(rows, (batch) => this.#assign(batch, centers));
    const { target, assigned } = tidy(() => ({
      target: this.settings.target === "global" ? decTarget(q) : undefined,
      assigned: argmax(q, 1),
    }));
    q.dispose();
    this.#target?.dispose();
    this.#target = target;
    const placed = (await centers.data()) as Float32Array<ArrayBuffer>;
    const labels = await joined([assigned], rows.count);
    const before = this.#labels;
    const changed = before ? labels.reduce((count, label, i) => count + Number(label !== before[i]), 0) : labels.length;
    this.#placed = new NdArray(placed, centers.shape);
    this.#labels = labels;
    this.#changed = changed / labels.length;
    this.#refreshed = interval;
  }

  #stage(rows: Rows, augment: RowsAugmentation | undefined, epochs: number): Stage {
    const { updateInterval, tolerance, learningRate, momentum, batchSize, alpha, seed } = this.settings;
    const order = rows.order(stream(seed, `${this.name}.order`).state(), batchSize);
    const { load } = order;
    const passOf = (epoch: number, step: number): [number, number] => {
      const number = epoch * updateInterval + step;
      return [Math.floor(number / order.steps), number % order.steps];
    };
    const centers = this.#centers!;
    const { network } = this;
    return {
      name: this.name,
      epochs: Math.ceil((epochs * order.steps) / updateInterval),
      steps: updateInterval,
      mayEnd: tolerance > 0,
      parameters: [...this.#objective.trained(network), centers],
      optimizer: (list) => new SGD(list, { lr: learningRate, momentum }),
      beforeEpoch: async (interval) => {
        if (this.#converged) return false;
        await this.#look(rows, interval);
        this.#converged = interval > 0 && this.#changed < tolerance;
        return !this.#converged;
      },
      load: load && ((epoch, step) => load(...passOf(epoch, step))),
      loss: ({ epoch, step, random }) => {
        const index = order.batch(...passOf(epoch, step));
        const items = rows.at(index);
        const x = augment ? augment(items, random) : items; // the target is that of the items as they are
        const z = network.encode(x);
        const target = this.#target
          ? gatherRows(this.#target, index)
          : noGrad(() => decTarget(studentT(augment ? network.encode(items) : z, centers, alpha)));
        return this.#objective.loss(decLoss(z, centers, target, { alpha }), x, z, network, this.settings);
      },
      figures: () => ({ changed: this.#changed }),
    };
  }
}

/** Labels of chunks, one after the other, on the host; the chunks are disposed of. */
async function joined(chunks: readonly Tensor[], count: number): Promise<Int32Array<ArrayBuffer>> {
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
