// What the methods that train a network under a classifier share: the network, its heads, features of all rows, checkpoints.
import type { Bytes } from "../../data/formats/source";
import type { Device } from "../../device";
import { noGrad } from "../../graph";
import { checkOptions, isObject } from "../../checks";
import type { Kernel } from "../../kernel";
import * as elementwise from "../../kernels/elementwise";
import * as indexing from "../../kernels/indexing";
import * as linearAlgebra from "../../kernels/linear-algebra";
import * as losses from "../../kernels/losses";
import * as optimizers from "../../kernels/optimizers";
import * as reduction from "../../kernels/reduction";
import { withPrefix } from "../../lifecycle/checkpoint";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import type { Fit } from "../../lifecycle/fit";
import type { OptionSet } from "../../lifecycle/model";
import { FIT_RULES } from "../../lifecycle/progress";
import type { EpochRecord, FitOptions } from "../../lifecycle/progress";
import { mapRows } from "../../lifecycle/rows";
import type { BatchOrder, RowsLike, Rows } from "../../lifecycle/rows";
import { RowsModel } from "../../lifecycle/rows-model";
import { sizeOf } from "../../ndarray";
import type { TypedArray, NdArray } from "../../ndarray";
import type { FeatureNetwork } from "../../nn/feature-network";
import { BatchNorm } from "../../nn/batch-norm";
import { builtCooperatively, normal, undrawnNetwork } from "../../nn/init";
import { Linear } from "../../nn/linear";
import type { Module } from "../../nn/module";
import { buildNetwork, networkKernels } from "../../nn/network-spec";
import { augmentKernels } from "../../ops/images/augmentation";
import { relu } from "../../ops/elementwise";
import { flatten, reshape } from "../../ops/shape";
import { SGD } from "../../optim";
import { stream } from "../../random";
import type { Random } from "../../random";
import { tidy } from "../../tensor";
import type { Tensor } from "../../tensor";
import { Training } from "../../training/training";
import type { Stage } from "../../training/training";
import { checkAlive } from "./alive";
import { storeRows, type Features } from "./feature-store";
import { ImageChanges } from "./image-changes";
import { NETWORK_DEFAULTS, NETWORK_EPOCHS, NETWORK_RULES } from "./network-options";
import type { LoadOptions, NetworkSettings, TransformOptions } from "./network-options";

/** Items whose features are computed at a time: activations of images are large. */
export const CHUNK = 256;
/** Added to lengths that features are divided by: a dead feature vector stays zero. */
export const EPS = 1e-10;

/** Heads begin near zero. */
const HEAD = { weightInit: normal(0.01) };

/** What training launches whatever the network is. */
const NETWORK_KERNELS: readonly Kernel[] = [
  elementwise.binary,
  elementwise.unary,
  elementwise.unaryBackward,
  indexing.copy,
  indexing.fill,
  indexing.gatherRows,
  linearAlgebra.matmul,
  losses.crossEntropy,
  losses.crossEntropyBackward,
  optimizers.sgdMomentum,
  reduction.chunkReduce,
  reduction.reduce,
];

/** A network with one or more linear classifiers on its features, trained by SGD. */
export abstract class NetworkModel<S extends NetworkSettings> extends RowsModel<S> {
  /** Linear classifiers on the rectified features; made with the network. */
  protected heads: readonly Linear[] = [];
  #network: FeatureNetwork | undefined;
  #projection: Module | undefined;
  readonly #changes: ImageChanges;
  readonly #training = new Training();

  protected constructor(name: string, options: unknown, { rules, defaults, kernels }: OptionSet<S>) {
    super(name, options, {
      ...{ rules: { ...NETWORK_RULES, ...rules }, defaults: { ...NETWORK_DEFAULTS, ...defaults } },
      kernels: (settings) => [
        ...NETWORK_KERNELS,
        ...networkKernels(settings.network),
        ...augmentKernels(settings.augment),
        ...(kernels?.(settings) ?? []),
      ],
    });
    this.#changes = new ImageChanges(this.settings.augment);
  }

  /** One record per epoch. */
  override get history(): readonly EpochRecord[] {
    return this.#training.history;
  }

  /** The network. @throws before the first `fit` */
  get network(): FeatureNetwork {
    return this.known("network", this.#network);
  }

  /**
   * Features of x as the classifier sees them, rectified: [n, featureSize]; or what a layer below makes of x, [n, d].
   * @throws before `fit`, and when the network has no layer of that name
   */
  async transform(x: RowsLike, options: TransformOptions = {}): Promise<NdArray<Float32Array>> {
    checkOptions(`${this.name}.transform`, options, ["at"]);
    const { at } = options;
    const read = (batch: Tensor): Tensor =>
      at === undefined ? this.rectified(this.features(batch)) : flatten(this.#read(batch, at));
    return this.computingItems(x, "transform", (rows) => {
      const { layerNames } = this.network;
      if (at !== undefined && !layerNames.includes(at))
        throw new Error(
          `${this.name}.transform: at must be ${layerNames.join(" or ") || "left out, the network's layers have no names"}, got ${at}`,
        );
      return mapRows(rows, read, CHUNK);
    });
  }

  #read(x: Tensor, layer: string): Tensor {
    this.network.eval();
    return this.network.read(this.#items(x), layer);
  }

  /** Of each head, its classes. */
  protected abstract headSizes(): { readonly count: number; readonly classes: number };
  /** What features are compared through, of methods that compare some: made after the heads. */
  protected makeProjection(_device: Device, _featureSize: number, _random: Random): Module | undefined {
    return undefined;
  }
  /** What a checkpoint holds beside weights and progress. */
  protected learnedBeside(): { arrays: Record<string, NdArray<TypedArray>>; state: Record<string, unknown> } {
    return { arrays: {}, state: {} };
  }
  /** The way back: `state` is checked as `Model.restore` asks. */
  protected restoreBeside(_saved: Checkpoint): void {
    // weights and progress are all there is
  }

  protected override own(): Learned {
    const { arrays, state } = this.learnedBeside();
    return {
      arrays: {
        ...withPrefix("network.", this.network.stateDict()),
        ...Object.assign({}, ...this.#above.map(([prefix, part]) => withPrefix(prefix, part.stateDict()))),
        ...this.#training.tensors(),
        ...arrays,
      },
      state: { training: this.#training.state, own: state },
    };
  }

  get #above(): [prefix: string, part: Module][] {
    return named({ heads: this.heads, projection: this.#projection });
  }

  /** What features are compared through. @throws before the first `fit`, and where the method has none */
  protected get projection(): Module {
    return this.known("network", this.#projection);
  }

  protected override async build(device: Device): Promise<void> {
    const { network: spec, seed } = this.settings;
    const random = stream(seed, `${this.name}.weights`);
    // a function may draw from `random` itself, or compute with weights that it has made
    const made = typeof spec === "function" ? spec(device, random) : undefined;
    await builtCooperatively(() => {
      this.#network = made ?? buildNetwork(spec, device, random);
      ({ heads: this.heads, projection: this.#projection } = this.#made(device, this.#network.featureSize, random));
    });
  }

  /** What stands on the network, drawn anew. */
  #made(device: Device, featureSize: number, random: Random): Above {
    const { count, classes } = this.headSizes();
    const heads: Linear[] = [];
    while (heads.length < count) heads.push(new Linear(device, featureSize, classes, random, HEAD));
    return { heads, projection: this.makeProjection(device, featureSize, random) };
  }

  /** Reads a checkpoint of `name` into a model that `make` makes of its settings. */
  protected static async restoredNetwork<M extends RowsModel>(
    name: string,
    content: Bytes,
    options: LoadOptions,
    make: (settings: never) => M,
  ): Promise<M> {
    const withNetwork = (settings: { network?: unknown }): M => {
      if (settings.network === undefined)
        throw new Error(`${name}.load: the network was made by a function, give it again as the option network`);
      return make(settings as never);
    };
    return RowsModel.restored(name, content, options, withNetwork, ["device", "network", "augment", "learningRate"]);
  }

  protected override async restore(saved: Checkpoint): Promise<void> {
    this.#training.restore(saved);
    const beside: unknown = saved.state["own"];
    this.restoreBeside(saved.of(saved.arrays, isObject(beside) ? beside : {}));
    const { network: spec } = this.settings;
    if (typeof spec !== "function") {
      const random = stream(0, "");
      const networks = Object.entries(saved.arrays).filter(([name]) => /^(network|heads|projection)\./.test(name));
      saved.checkDeclared(Object.fromEntries(networks), (device) =>
        undrawnNetwork(() => {
          const network = buildNetwork(spec, device, random);
          const above = named(this.#made(device, network.featureSize, random));
          return { "network.": network, ...Object.fromEntries(above) };
        }),
      );
    }
    await this.built();
    this.network.loadStateDict(saved.below("network."));
    for (const [prefix, part] of this.#above) part.loadStateDict(saved.below(prefix));
  }

  protected override release(): void {
    this.#training.dispose();
    this.#network?.dispose();
    for (const [, part] of this.#above) part.dispose();
    this.heads = [];
    this.#projection = undefined;
    this.#network = undefined;
  }

  /** Runs `use` with the rows of x, which are taken once. @throws before `fit`, and when they do not have the network's input size */
  protected async computingItems<R>(x: RowsLike, op: string, use: (rows: Rows) => Promise<R>): Promise<R> {
    return this.computingRows(x, op, this.#itemShape(op), use);
  }

  #itemShape(op: string): readonly number[] {
    return this.known(op, this.#network).inputShape;
  }

  /** Runs `use` with the rows of x, and the labels that are learned, as the one `fit`. @throws when they do not have the network's input size */
  protected async fittingItems(
    x: RowsLike,
    options: FitOptions,
    use: (rows: Rows, fit: Fit, epochs: number) => Promise<void>,
    labels?: Int32Array,
  ): Promise<this> {
    return this.fitting(options, FIT_RULES, async (fit) => {
      const device = await this.built();
      const items = this.#itemShape("fit");
      const rows = await this.rowsOf(device, x, items);
      try {
        await this.checkFit(rows, sizeOf(items), this.#training, labels);
        await use(rows, fit, options.epochs ?? NETWORK_EPOCHS);
      } finally {
        rows.dispose();
      }
    });
  }

  /** Goes on with the stages from where training stands, and settles the statistics at their end; the epochs of the last one that have begun by then. */
  protected async train(rows: Rows, stages: readonly Stage[], fit: Fit, options: FitOptions): Promise<number> {
    this.learned();
    await this.#changes.prepare();
    await this.#training.run(stages, this.settings.seed, fit, options);
    await this.settle(rows);
    await checkAlive(`${this.name}.fit`, rows, (batch) => this.features(batch));
    return this.#training.begun;
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
        tidy(() => {
          noGrad(() => this.network.forward(this.#items(rows.at(batch(0, step)))));
        });
      }
    } finally {
      for (const norm of norms) norm.averaged = undefined;
    }
  }

  /** SGD of network and heads; `head` is how the heads differ. */
  protected trained(head: {
    readonly lrScale?: number;
    readonly momentum?: number;
  }): Pick<Stage, "parameters" | "optimizer"> {
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
    const order = rows.order(stream(seed, `${this.name}.order`).state(), batchSize);
    const { load } = order;
    const batch = (epoch: number, step: number): Uint32Array => order.batch(epoch, step);
    return { steps: stepsOf(rows.count, batchSize), batch, ...(load && { load }) };
  }

  /** Features of a batch in training, augmented: [b, featureSize]. */
  protected trainingFeatures(rows: Rows, index: Uint32Array, random: Random): Tensor {
    return this.changedFeatures(rows.at(index), (items) => this.changed(items, random));
  }

  /** Features of rows x in training, of what `change` makes of their items [b, …inputShape]: [b, featureSize]. */
  protected changedFeatures(x: Tensor, change: (items: Tensor) => Tensor): Tensor {
    this.network.train();
    return this.network.forward(change(this.#items(x)));
  }

  /** Items as the option `augment` changes them. */
  protected changed(items: Tensor, random: Random): Tensor {
    return this.#changes.of(items, random);
  }

  /** Features of a batch as it is, in evaluation mode: [b, featureSize]. */
  protected features(x: Tensor): Tensor {
    this.network.eval();
    return this.network.forward(this.#items(x));
  }

  /** f of the features of all rows in evaluation mode, [n, …], on the device or in a scratch file; the caller frees them. */
  protected storeFeatures(rows: Rows, f: (features: Tensor) => Tensor, op = "fit"): Promise<Features> {
    return storeRows(rows, (batch) => f(this.features(batch)), CHUNK, `${this.name}.${op}`);
  }

  /** What a head takes. */
  protected rectified(features: Tensor): Tensor {
    return this.network.rectified ? relu(features) : features;
  }

  /** Scores of the classes by head `h`, of features as the network gives them: [b, classes]. */
  protected scores(features: Tensor, h = 0): Tensor {
    return this.heads[h]!.forward(this.rectified(features));
  }

  /** Labels, u32 [b], that `f` finds for the features of every row of x, on the host. */
  protected async labelled(x: RowsLike, op: string, f: (features: Tensor) => Tensor): Promise<Int32Array<ArrayBuffer>> {
    return this.computingItems(x, op, async (rows) => {
      const { data } = await mapRows(rows, (batch) => f(this.features(batch)), CHUNK);
      return Int32Array.from(data);
    });
  }

  #items(x: Tensor): Tensor {
    const { inputShape } = this.network;
    return inputShape.length === 1 ? x : reshape(x, [x.shape[0]!, ...inputShape]);
  }
}

/** What stands on a network. */
interface Above {
  readonly heads: readonly Linear[];
  readonly projection: Module | undefined;
}

/** The same by the prefixes of its names in a checkpoint. */
const named = ({ heads, projection }: Above): [prefix: string, part: Module][] => [
  ...heads.map((head, h): [string, Module] => [`heads.${h}.`, head]),
  ...(projection ? [["projection.", projection] satisfies [string, Module]] : []),
];

/** Batches of n items, a last one of a single item left out. */
export const stepsOf = (n: number, batchSize: number): number =>
  n > batchSize && n % batchSize === 1 ? Math.floor(n / batchSize) : Math.ceil(n / batchSize);
