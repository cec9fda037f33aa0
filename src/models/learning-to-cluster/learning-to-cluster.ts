// Learning to Cluster: a network that learns from example clusterings to cluster sets it has never seen.
// Meier, Elezi, Amirian, Dürr, Stadelmann: Learning Neural Models for End-to-End Clustering, ANNPR 2018; Meier's thesis of the same year.
import { checkOptions, checkWhole } from "../../checks";
import type { SetProvider } from "../../data/datasets/sets/provider";
import type { Bytes } from "../../data/formats/source";
import type { Device } from "../../device";
import { below, entryOf, under } from "../../lifecycle/checkpoint";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import { Model } from "../../lifecycle/model";
import type { DeviceOption } from "../../lifecycle/model";
import type { MatrixLike } from "../../matrix";
import { builtInTurns } from "../../nn/init";
import type { NdArray } from "../../ndarray";
import { stream } from "../../random";
import { checkDeclared } from "../../training/declared";
import { buildSetNetwork } from "./build-network";
import type { SetNetwork } from "./network";
import { SET_OPTIONS } from "./options";
import type { LearningToClusterOptions, SetSettings } from "./options";
import { averageOrders, inOrders } from "./orders";
import { clusterSets, dropoutClustering } from "./prediction";
import type { DropoutClustering, SetClustering } from "./prediction";
import { checkProvider, toSet } from "./sets";
import { initialSetState, SET_FIT_RULES, SET_TRAINING_STATE, SetTrainer } from "./trainer";
import type { SetFitOptions, SetTrainingState, ValidationRecord } from "./trainer";

const NAME = "LearningToCluster";

/** Options of `save`. */
export interface SetSaveOptions {
  /** The best weights alone: enough to cluster with, and to begin another training from. Default false. */
  readonly weightsOnly?: boolean;
  /** In float16, with `weightsOnly`: half the size, and about three decimal digits. Default false. */
  readonly half?: boolean;
}

/** Options of `predict` and `predictSets`. */
export interface PredictOptions {
  /**
   * Passes over each set, the first in the order given, the others in random ones, whose probabilities are averaged: the order has
   * less of an influence then, for so many times the work. Default 1.
   */
  readonly orders?: number;
  /** Of the orders. Default 0. */
  readonly seed?: number;
  /**
   * A set as pass 0, 1, … over it sees it, its items in the same places: for items that may all be changed alike without changing which
   * belong together, as points may be mirrored. Default: as it is.
   */
  readonly view?: (set: NdArray<Float32Array>, pass: number) => NdArray<Float32Array>;
}

/** Options of `forwardDropout`. */
export interface ForwardDropoutOptions {
  /** Default 1000. */
  readonly runs?: number;
  readonly seed?: number;
}

/**
 * Clusters sets of items of any kind in one pass: how many clusters there are, and which item belongs to which, for every number
 * of clusters. It learns that from example clusterings. The set is a sequence to it, so the order of the items has an influence.
 */
export class LearningToCluster extends Model<SetSettings> {
  #network: SetNetwork | undefined;
  #trainer: SetTrainer | undefined;
  #state: SetTrainingState = initialSetState();

  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: LearningToClusterOptions) {
    super(NAME, options, SET_OPTIONS);
  }

  /** One record per validation. */
  override get history(): readonly ValidationRecord[] {
    return this.#state.history;
  }

  /** The validation of lowest loss, whose weights the model has; null before the first one. */
  get best(): SetTrainingState["best"] {
    return this.#state.best;
  }

  /** The network. @throws before the first `fit` */
  get network(): SetNetwork {
    return this.known("network", this.#network);
  }

  /**
   * Trains on sets that the provider makes, one batch of new sets an iteration, by L = L_cc + λ L_ca; the weights of the lowest
   * validation loss are the model. Goes on where an aborted or loaded training stood, bit for bit as one that was not interrupted.
   * @throws when the provider's sets do not fit the model, the signal's reason when aborted, and when the loss is no longer finite
   */
  async fit(provider: SetProvider, options: SetFitOptions = {}): Promise<this> {
    return this.fitting(options, SET_FIT_RULES, async (fit) => {
      await this.built();
      checkProvider(`${NAME}.fit`, provider, this.settings.itemShape, this.settings.kMax);
      if (!this.#trainer) {
        this.#state.best = null; // that of the training whose weights this one begins with
        this.#trainer = new SetTrainer(this.network, this.settings, this.#state);
      }
      this.learned();
      await this.#trainer.run(provider, options, fit);
    });
  }

  /**
   * Clusters one set, [n, …itemShape]. A set of one item is one cluster.
   * @throws when the set is empty, its items are not of the model's shape, or a value is not finite
   */
  async predict(set: MatrixLike, options: PredictOptions = {}): Promise<SetClustering> {
    const [clustering] = await this.predictSets([set], options);
    return clustering!;
  }

  /** Clusters sets of any lengths; those of equal length go through the network together. @throws as `predict` */
  async predictSets(
    sets: readonly MatrixLike[],
    { orders = 1, seed = 0, view }: PredictOptions = {},
  ): Promise<SetClustering[]> {
    checkWhole(`${NAME}.predict`, { orders }, 1);
    this.checkLearned("predict");
    const { itemShape } = this.settings;
    const checked = sets.map((set) => toSet(`${NAME}.predict`, set, itemShape));
    return this.computing("predict", async () => this.#found(checked, orders, seed, view));
  }

  async #found(
    checked: readonly NdArray<Float32Array>[],
    orders: number,
    seed: number,
    view: PredictOptions["view"],
  ): Promise<SetClustering[]> {
    const { itemShape } = this.settings;
    const device = await this.built();
    const { network } = this;
    if (orders === 1 && !view) return clusterSets(device, network, checked);
    const random = stream(seed, `${NAME}.orders`);
    const seen = (set: NdArray<Float32Array>, pass: number): NdArray<Float32Array> => {
      if (!view) return set;
      const viewed = toSet(`${NAME}.predict`, view(set, pass), itemShape);
      if (viewed.size !== set.size) throw new Error(`${NAME}.predict: a view must have all items, ${viewed.shape[0]}`);
      return viewed;
    };
    const ordered = checked.map((set) => inOrders(set, orders, random, seen));
    const found = await clusterSets(
      device,
      network,
      ordered.flatMap(({ sets }) => sets),
    );
    return ordered.map(({ permutations }, i) => averageOrders(found.slice(i * orders, (i + 1) * orders), permutations));
  }

  /** P(k) by forward dropout: many passes that drop features and shuffle the items; see `DropoutClustering`. @throws as `predict` */
  async forwardDropout(
    set: MatrixLike,
    { runs = 1000, seed = 0 }: ForwardDropoutOptions = {},
  ): Promise<DropoutClustering> {
    checkWhole(`${NAME}.forwardDropout`, { runs }, 1);
    this.checkLearned("forwardDropout");
    const checked = toSet(`${NAME}.forwardDropout`, set, this.settings.itemShape);
    return this.computing("forwardDropout", async () => {
      const device = await this.built();
      return dropoutClustering(device, this.network, checked, runs, stream(seed, `${NAME}.forwardDropout`));
    });
  }

  /** Last and best weights, the optimizer's state, progress and history as a safetensors file; or the best weights alone. @throws as `save` of every model */
  override async save(options: SetSaveOptions = {}): Promise<Uint8Array> {
    checkOptions(`${NAME}.save`, options, ["weightsOnly", "half"]);
    const { weightsOnly = false, half = false } = options;
    if (half && !weightsOnly) throw new Error(`${NAME}.save: half is for weightsOnly, training goes on from float32`);
    return this.saving(() => (weightsOnly ? this.#weights() : this.own()), half ? "F16" : undefined);
  }

  /** Reads what `save` wrote. @throws when the bytes are no checkpoint of this model */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<LearningToCluster> {
    return Model.restored(NAME, content, options, (settings) => new LearningToCluster(settings));
  }

  protected override async build(device: Device): Promise<void> {
    const { settings } = this;
    const random = stream(settings.seed, `${NAME}.weights`);
    this.#network = await builtInTurns(() => buildSetNetwork(device, settings, random));
  }

  #weights(): Learned {
    return {
      arrays: under("best.", this.#trainer?.tensors().best ?? this.network.stateDict()),
      state: { training: { ...initialSetState(), history: this.#state.history, best: this.#state.best } },
    };
  }

  protected override own(): Learned {
    const parts = this.#trainer?.tensors();
    if (!parts) return this.#weights();
    return {
      arrays: { ...under("best.", parts.best), ...under("last.", parts.last), ...under("optimizer.", parts.optimizer) },
      state: { training: this.#state },
    };
  }

  protected override async restore(saved: Checkpoint): Promise<void> {
    const { settings } = this;
    const state = entryOf<SetTrainingState>(saved, "training", SET_TRAINING_STATE);
    const [best, last] = [below(saved.arrays, "best."), below(saved.arrays, "last.")];
    checkDeclared(best, (device) => ({ "": buildSetNetwork(device, settings, stream(0, "")) }));
    await this.built();
    const { network } = this;
    this.#state = { ...state, progress: { ...state.progress }, history: [...state.history] };
    if (Object.keys(last).length === 0) return network.loadStateDict(best);
    this.#trainer = new SetTrainer(network, settings, this.#state);
    this.#trainer.restore({ last, best, optimizer: below(saved.arrays, "optimizer.") });
  }

  protected override release(): void {
    this.#trainer?.dispose();
    this.#network?.dispose();
    this.#trainer = undefined;
    this.#network = undefined;
  }
}
