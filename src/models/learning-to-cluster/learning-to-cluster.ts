// Learning to Cluster: a network that learns from example clusterings to cluster sets it has never seen.
// Meier, Elezi, Amirian, Dürr, Stadelmann: Learning Neural Models for End-to-End Clustering, ANNPR 2018; Meier's thesis of the same year.
import { checkInteger, checkNames, checkOptions } from "../../checks";
import type { SetProvider } from "../../data/datasets/sets/provider";
import type { Bytes } from "../../data/formats/source";
import type { Device } from "../../device";
import { withPrefix } from "../../lifecycle/checkpoint";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import { Model } from "../../lifecycle/model";
import type { DeviceOption } from "../../lifecycle/model";
import type { MatrixLike } from "../../matrix";
import { builtCooperatively, undrawnNetwork } from "../../nn/init";
import { NdArray } from "../../ndarray";
import { optional } from "../../options";
import { stream } from "../../random";
import { buildSetNetwork } from "./networks/build-network";
import type { SetNetwork } from "./networks/network";
import { SET_OPTIONS } from "./options";
import type { LearningToClusterOptions, SetSettings } from "./options";
import { agreement, CALIBRATION, confidence, leastAgreements } from "./calibration";
import type { Calibration, ExaminedClustering } from "./calibration";
import { averageOrders, inOrders } from "./orders";
import { clusterSets, dropoutClustering } from "./prediction";
import type { DropoutClustering, SetClustering } from "./prediction";
import { checkProvider, sampleSets, toSet } from "./sets";
import { initialSetState, SET_FIT, SET_TRAINING_STATE, SetTrainer } from "./trainer";
import type { SetFitOptions, SetTrainingState, ValidationRecord } from "./trainer";
import { viewOf } from "./views";
import type { SetView, SetViewName } from "./views";

const NAME = "LearningToCluster";

/** Sets that `calibrate` looks at together. */
const CALIBRATED_AT_ONCE = 25;

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
   * belong together, as points may be mirrored. `turned`, for points [n, 2]: each pass sees them turned by another angle, both axes of one
   * width. Default: as it is.
   */
  readonly view?: SetView | SetViewName;
}

/** Options of `calibrate`. */
export interface CalibrateOptions {
  /** Fresh sets of the provider. Default 1500. */
  readonly sets?: number;
  /** Items of each: as many as the training's. Default 72. */
  readonly length?: number;
  /** Passes over each. Default 8. */
  readonly orders?: number;
  /** How they see it; one that a checkpoint can name. Default: as it is. */
  readonly view?: SetViewName;
  /** Share of such sets that `examine` may take for unlike. Default 0.01. */
  readonly falseAlarms?: number;
  /** Of the sets and orders. Default 0. */
  readonly seed?: number;
  /** After each batch of sets. */
  readonly onProgress?: (done: number, total: number) => void;
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
  #calibration: Calibration | null = null;

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

  /** How far passes agree on sets like those of the training; null until `calibrate`, and where training went on since. */
  get calibration(): Calibration | null {
    return this.#calibration;
  }

  /** The network. @throws before the first `fit` */
  get network(): SetNetwork {
    return this.known("network", this.#network);
  }

  /**
   * Trains on sets that the provider makes, one batch of new sets an iteration, by L = L_cc + λ L_ca; the weights of the lowest
   * validation loss are the model. Goes on where an earlier call or a loaded training stood, bit for bit as one that was not interrupted.
   * @throws when the provider's sets do not fit the model, the signal's reason when aborted, and when the loss is no longer finite
   */
  async fit(provider: SetProvider, options: SetFitOptions = {}): Promise<this> {
    return this.fitting(options, SET_FIT.rules, async (fit) => {
      await this.built();
      checkProvider(`${NAME}.fit`, provider, this.settings.itemShape, this.settings.kMax);
      if (!this.#trainer) {
        this.#state.best = null; // that of the training whose weights this one begins with
        this.#trainer = new SetTrainer(this.network, this.settings, this.#state);
      }
      this.learned();
      this.#calibration = null;
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
    checkInteger(`${NAME}.predict`, { orders }, 1);
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
    if (orders === 1 && !view) return clusterSets(await this.built(), this.network, checked);
    return (await this.#passes(checked, orders, seed, viewOf(view))).map(({ mean }) => mean);
  }

  /** All passes over each set, and their mean. */
  async #passes(checked: readonly NdArray<Float32Array>[], orders: number, seed: number, view: SetView | undefined) {
    const { itemShape } = this.settings;
    const device = await this.built();
    const random = stream(seed, `${NAME}.orders`);
    const seen = (set: NdArray<Float32Array>, pass: number): NdArray<Float32Array> => {
      if (!view) return set;
      const viewed = toSet(`${NAME}.predict`, view(set, pass), itemShape);
      if (viewed.size !== set.size)
        throw new Error(`${NAME}.predict: a view must have all items, got ${viewed.shape[0]}`);
      return viewed;
    };
    const ordered = checked.map((set) => inOrders(set, orders, random, seen));
    const found = await clusterSets(
      device,
      this.network,
      ordered.flatMap(({ sets }) => sets),
    );
    return ordered.map(({ permutations }, i) => {
      const passes = found.slice(i * orders, (i + 1) * orders);
      return { passes, permutations, mean: averageOrders(passes, permutations) };
    });
  }

  /**
   * Learns how far several passes over a set agree where it is like those of the training: on fresh sets, for each number of clusters that
   * is found, the agreement (`ExaminedClustering`) that all but `falseAlarms` of them have. `save` keeps it, further training forgets it.
   * @throws when the provider's sets do not fit the model, and for options out of their range
   */
  async calibrate(provider: SetProvider, options: CalibrateOptions = {}): Promise<Calibration> {
    const op = `${NAME}.calibrate`;
    checkOptions(op, options, ["sets", "length", "orders", "view", "falseAlarms", "seed", "onProgress"]);
    const { sets = 1500, length = 72, orders = 8, view, falseAlarms = 0.01, seed = 0, onProgress } = options;
    checkInteger(op, { sets, length }, 1);
    checkInteger(op, { orders }, 2);
    if (!(falseAlarms > 0 && falseAlarms < 1))
      throw new Error(`${op}: falseAlarms must be in (0, 1), got ${falseAlarms}`);
    this.checkLearned("calibrate");
    const { itemShape, kMax } = this.settings;
    checkProvider(op, provider, itemShape, kMax);
    return this.computing("calibrate", async () => {
      const random = stream(seed, op);
      const found: { k: number; agreement: number }[] = [];
      while (found.length < sets) {
        const batch = Math.min(CALIBRATED_AT_ONCE, sets - found.length);
        const { items } = await sampleSets(op, provider, "validation", { batch, length }, random);
        const size = items.size / batch;
        const fresh = Array.from(
          { length: batch },
          (_, i) => new NdArray(items.data.slice(i * size, (i + 1) * size) as Float32Array, [length, ...itemShape]),
        );
        for (const { passes, permutations, mean } of await this.#passes(fresh, orders, found.length, viewOf(view)))
          found.push({ k: mean.k, agreement: agreement(passes, permutations, mean) });
        onProgress?.(found.length, sets);
      }
      const least = leastAgreements(found, kMax, falseAlarms);
      this.#calibration = { sets, length, orders, view: view ?? null, falseAlarms, least };
      return this.#calibration;
    });
  }

  /**
   * Clusters a set by the passes that the model was calibrated with, and says whether it is unlike the sets that the model has learned, and how
   * much of its answer it expects to be right.
   * @throws before `calibrate`, and as `predict`
   */
  async examine(set: MatrixLike): Promise<ExaminedClustering> {
    this.checkLearned("examine");
    if (!this.#calibration) throw new Error(`${NAME}.examine: call calibrate first`);
    const { orders, view, least } = this.#calibration;
    const checked = toSet(`${NAME}.examine`, set, this.settings.itemShape);
    return this.computing("examine", async () => {
      const [found] = await this.#passes([checked], orders, 0, viewOf(view ?? undefined));
      const { passes, permutations, mean } = found!;
      const agreed = agreement(passes, permutations, mean);
      const leastAgreement = least[mean.k - 1]!;
      const unlike = agreed < leastAgreement;
      return { ...mean, agreement: agreed, leastAgreement, unlike, confidence: confidence(mean) };
    });
  }

  /** P(k) by forward dropout: many passes that drop features and shuffle the items; see `DropoutClustering`. @throws as `predict` */
  async forwardDropout(
    set: MatrixLike,
    { runs = 1000, seed = 0 }: ForwardDropoutOptions = {},
  ): Promise<DropoutClustering> {
    checkInteger(`${NAME}.forwardDropout`, { runs }, 1);
    this.checkLearned("forwardDropout");
    const checked = toSet(`${NAME}.forwardDropout`, set, this.settings.itemShape);
    return this.computing("forwardDropout", async () => {
      const device = await this.built();
      return dropoutClustering(device, this.network, checked, runs, stream(seed, `${NAME}.forwardDropout`));
    });
  }

  /** Last and best weights, the optimizer's state, progress and history as a safetensors file; or the best weights alone. @throws as `save` of every model */
  override async save(options: SetSaveOptions = {}): Promise<Uint8Array> {
    checkNames<SetSaveOptions>(`${NAME}.save`, options, { weightsOnly: "flag", half: "flag" });
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
    this.#network = await builtCooperatively(() => buildSetNetwork(device, settings, random));
  }

  #weights(): Learned {
    return {
      arrays: withPrefix("best.", this.#trainer?.tensors().best ?? this.network.stateDict()),
      state: {
        training: { ...initialSetState(), history: this.#state.history, best: this.#state.best },
        calibration: this.#calibration,
      },
    };
  }

  protected override own(): Learned {
    const parts = this.#trainer?.tensors();
    if (!parts) return this.#weights();
    return {
      arrays: {
        ...withPrefix("best.", parts.best),
        ...withPrefix("last.", parts.last),
        ...withPrefix("optimizer.", parts.optimizer),
      },
      state: { training: this.#state, calibration: this.#calibration },
    };
  }

  protected override async restore(saved: Checkpoint): Promise<void> {
    const { settings } = this;
    const state = saved.entry<SetTrainingState>("training", SET_TRAINING_STATE);
    this.#calibration = saved.entry<Calibration | null | undefined>("calibration", optional(CALIBRATION)) ?? null;
    if (this.#calibration && this.#calibration.least.length !== settings.kMax)
      throw new Error(
        `checkpoint: calibration must have ${settings.kMax} numbers, got ${this.#calibration.least.length}`,
      );
    const [best, last] = [saved.below("best."), saved.below("last.")];
    saved.checkDeclared(best, (device) =>
      undrawnNetwork(() => ({ "": buildSetNetwork(device, settings, stream(0, "")) })),
    );
    await this.built();
    const { network } = this;
    this.#state = { ...state, progress: { ...state.progress }, history: [...state.history] };
    if (Object.keys(last).length === 0) return network.loadStateDict(best);
    this.#trainer = new SetTrainer(network, settings, this.#state);
    this.#trainer.restore({ last, best, optimizer: saved.below("optimizer.") });
  }

  protected override release(): void {
    this.#trainer?.dispose();
    this.#network?.dispose();
    this.#trainer = undefined;
    this.#network = undefined;
  }
}
