// Learning to Cluster: a network that learns from example clusterings to cluster sets it has never seen.
// Meier, Elezi, Amirian, Dürr, Stadelmann: Learning Neural Models for End-to-End Clustering, ANNPR 2018; Meier's thesis of the same year.
import { checkWhole, fitted } from "../../checks";
import type { SetProvider } from "../../data/datasets/sets/provider";
import type { Bytes } from "../../data/formats/source";
import type { Device } from "../../device";
import type { MatrixLike } from "../../matrix";
import { builtInTurns } from "../../nn/init";
import type { NamedArrays, NamedTensors } from "../../nn/module";
import type { NdArray } from "../../ndarray";
import { Random } from "../../random";
import { requestDevice } from "../../request-device";
import { below, decodeCheckpoint, encodeCheckpoint, under } from "../../training/checkpoint";
import { shared } from "../../turn";
import { buildSetNetwork } from "./build-network";
import type { SetNetwork } from "./network";
import { toSettings } from "./options";
import type { LearningToClusterOptions, SetSettings } from "./options";
import { averageOrders, inOrders } from "./orders";
import { clusterSets, dropoutClustering } from "./prediction";
import type { DropoutClustering, SetClustering } from "./prediction";
import { toSet } from "./sets";
import { initialSetState, SetTrainer } from "./trainer";
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

interface Saved {
  readonly settings: SetSettings;
  readonly training: SetTrainingState;
}

/**
 * Clusters sets of items of any kind in one pass: how many clusters there are, and which item belongs to which, for every number
 * of clusters. It learns that from example clusterings. The set is a sequence to it, so the order of the items has an influence.
 */
export class LearningToCluster {
  readonly settings: SetSettings;
  #device: Device | undefined;
  #network: SetNetwork | undefined;
  readonly #made = shared(() => this.#make());
  #trainer: SetTrainer | undefined;
  #state: SetTrainingState = initialSetState();

  /** @throws for options out of range, naming the option */
  constructor({ device, ...options }: LearningToClusterOptions) {
    this.settings = toSettings(NAME, options);
    this.#device = device;
  }

  /** One record per validation. */
  get history(): readonly ValidationRecord[] {
    return this.#state.history;
  }

  /** The validation of lowest loss, whose weights the model has; null before the first one. */
  get best(): SetTrainingState["best"] {
    return this.#state.best;
  }

  /** The network. @throws before the first `fit` or `predict` */
  get network(): SetNetwork {
    return fitted(NAME, this.#network);
  }

  /** The device, and the network on it, made on first use. */
  async #prepare(): Promise<{ device: Device; network: SetNetwork }> {
    if (!this.#network) await this.#made();
    return { device: this.#device!, network: this.network };
  }

  async #make(): Promise<void> {
    const { settings } = this;
    const device = (this.#device ??= await requestDevice());
    this.#network = await builtInTurns(() => buildSetNetwork(device, settings, new Random(settings.seed)));
  }

  /**
   * Trains on sets that the provider makes, one batch of new sets an iteration, by L = L_cc + λ L_ca; the weights of the lowest
   * validation loss are the model. Goes on where an aborted or loaded training stood, bit for bit as one that was not interrupted.
   * @throws when the provider's sets do not fit the model, the signal's reason when aborted, and when the loss is no longer finite
   */
  async fit(provider: SetProvider, options: SetFitOptions = {}): Promise<this> {
    const { device, network } = await this.#prepare();
    if (!this.#trainer) {
      this.#state.best = null; // that of the training whose weights this one begins with
      this.#trainer = new SetTrainer(device, network, this.settings, this.#state);
    }
    await this.#trainer.run(provider, options);
    return this;
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
    const { itemShape } = this.settings;
    const checked = sets.map((set) => toSet(`${NAME}.predict`, set, itemShape));
    const { device, network } = await this.#prepare();
    if (orders === 1 && !view) return clusterSets(device, network, checked);
    const random = new Random(seed);
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
    const checked = toSet(`${NAME}.forwardDropout`, set, this.settings.itemShape);
    const { device, network } = await this.#prepare();
    return dropoutClustering(device, network, checked, runs, new Random(seed));
  }

  /** Last and best weights, the optimizer's state, progress and history as a safetensors file; or the best weights alone. */
  async save({ weightsOnly = false, half = false }: SetSaveOptions = {}): Promise<Uint8Array> {
    if (half && !weightsOnly) throw new Error(`${NAME}.save: half is for weightsOnly, training goes on from float32`);
    const { network } = await this.#prepare();
    const parts = this.#trainer?.tensors();
    const state: Saved = { settings: this.settings, training: this.#state };
    if (weightsOnly || !parts) {
      const arrays = under("best.", parts?.best ?? network.stateDict());
      const training = { ...initialSetState(), history: this.#state.history, best: this.#state.best };
      return encodeCheckpoint(NAME, arrays, { ...state, training }, half ? "F16" : undefined);
    }
    const arrays: NamedTensors = {
      ...under("best.", parts.best),
      ...under("last.", parts.last),
      ...under("optimizer.", parts.optimizer),
    };
    return encodeCheckpoint(NAME, arrays, state);
  }

  /** Reads what `save` wrote. @throws when the bytes are no checkpoint of this model */
  static async load(content: Bytes, { device }: { readonly device?: Device } = {}): Promise<LearningToCluster> {
    const { arrays, state } = decodeCheckpoint<Saved>(NAME, content);
    const model = new LearningToCluster({ ...state.settings, ...(device && { device }) });
    await model.#restore(arrays, state.training);
    return model;
  }

  async #restore(arrays: NamedArrays, training: SetTrainingState): Promise<void> {
    const { device, network } = await this.#prepare();
    this.#state = training;
    const best = below(arrays, "best.");
    const last = below(arrays, "last.");
    if (Object.keys(last).length === 0) return network.loadStateDict(best);
    this.#trainer = new SetTrainer(device, network, this.settings, training);
    this.#trainer.restore({ last, best, optimizer: below(arrays, "optimizer.") });
  }

  /** Frees everything the model holds on its device. */
  dispose(): void {
    this.#trainer?.dispose();
    this.#network?.dispose();
    this.#trainer = undefined;
    this.#network = undefined;
  }
}
