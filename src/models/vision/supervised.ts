// The supervised baseline of the comparison: the same network under a classifier, trained on known classes.
import type { Bytes } from "../../data/formats/source";
import type { Device } from "../../device";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import type { OptionSet } from "../../lifecycle/model";
import type { FitOptions } from "../../lifecycle/progress";
import { mapRows } from "../../lifecycle/rows";
import type { RowsLike } from "../../lifecycle/rows";
import { toLabels } from "../../matrix";
import type { MatrixLike } from "../../matrix";
import type { NdArray, TypedArray } from "../../ndarray";
import { argmax } from "../../ops/arg-extremum";
import { crossEntropy } from "../../ops/losses/cross-entropy";
import { softmax } from "../../ops/softmax";
import { choice, flag, optional, integer } from "../../options";
import { indices } from "../../tensor";
import type { Tensor } from "../../tensor";
import type { StepContext } from "../../training/loop";
import { NetworkModel } from "./network-model";
import { NETWORK_RULES } from "./network-options";
import type { LoadOptions, NetworkOptions, NetworkSettings } from "./network-options";
import { mapTo } from "../../typed-arrays";

/** Options of `Supervised`. */
export interface SupervisedOptions extends NetworkOptions {
  readonly nClasses: number;
  /** How the learning rate goes on: "constant", or "cosine", to 0 at the end. Default "constant". */
  readonly schedule?: "constant" | "cosine";
}

/** @inline */
interface Settings extends NetworkSettings {
  readonly nClasses: number;
  readonly schedule: "constant" | "cosine";
}

const OPTIONS: OptionSet<Settings> = {
  rules: { ...NETWORK_RULES, nClasses: integer(2), schedule: choice("constant", "cosine") },
  defaults: { schedule: "constant" },
};

/** A network and a linear classifier, trained together by cross-entropy; `startFrom` makes it the fine-tuning of another model. */
export class Supervised extends NetworkModel<Settings> {
  /** Whether the classifier was trained, not the features below it alone. */
  #classifies = false;

  constructor(options: SupervisedOptions) {
    super("Supervised", options, OPTIONS);
  }

  /** Begins with the network of a trained model, whose own stays as it is: `transform` gives its features, `predict` needs `fit`. @throws when the networks differ */
  async startFrom(model: NetworkModel<NetworkSettings>): Promise<this> {
    await this.built();
    const arrays: Record<string, { shape: readonly number[]; data: ArrayLike<number> }> = {};
    for (const [name, value] of Object.entries(model.network.stateDict()))
      arrays[name] = { shape: value.shape, data: await value.data() };
    this.network.loadStateDict(arrays);
    this.learned();
    return this;
  }

  /**
   * Trains on items of known class. Goes on where an earlier call or a loaded training stood, with the same items and classes. The record of an epoch has
   * the loss.
   * @param labels the class of each item, 0 … nClasses − 1
   * @param options `epochs`: passes over the data, those of earlier calls too; default 50
   * @throws when labels are out of range or not one for each item, and as `fit` of every method
   */
  async fit(x: RowsLike, labels: MatrixLike, options: FitOptions = {}): Promise<this> {
    const classes = checkClasses("Supervised.fit", labels, this.settings.nClasses);
    return this.fittingItems(
      x,
      options,
      async (rows, fit, epochs) => {
        if (classes.length !== rows.count)
          throw new Error(`Supervised.fit: labels must be one an item, got ${classes.length} for ${rows.count} items`);
        const batches = this.batches(rows);
        const loss = ({ epoch, step, random }: StepContext): Tensor => {
          const index = batches.batch(epoch, step);
          const z = this.trainingFeatures(rows, index, random);
          const goal = indices(
            z.device,
            mapTo(Uint32Array, index, (i) => classes[i]!),
          );
          return crossEntropy(this.scores(z), goal);
        };
        const { learningRate, schedule } = this.settings;
        const rate = (share: number): number =>
          schedule === "cosine" ? (learningRate * (1 + Math.cos(Math.PI * share))) / 2 : learningRate;
        const { steps, load } = batches;
        const stage = { name: this.name, epochs, steps, load, ...this.trained({}), learningRate: rate, loss };
        this.#classifies = true;
        await this.train(rows, [stage], fit, options);
      },
      classes,
    );
  }

  /** The most probable class of each row of x. */
  async predict(x: RowsLike): Promise<Int32Array<ArrayBuffer>> {
    this.known("predict", this.#classifies || undefined);
    return this.labelled(x, "predict", (z) => argmax(this.scores(z), 1));
  }

  /** Probabilities of the classes, [n, nClasses]. */
  async probabilities(x: RowsLike): Promise<NdArray<Float32Array>> {
    this.known("probabilities", this.#classifies || undefined);
    return this.computingItems(x, "probabilities", (rows) =>
      mapRows(rows, (batch) => softmax(this.scores(this.features(batch))), 256),
    );
  }

  /** Share of the items whose predicted class is the known one. */
  async score(x: RowsLike, labels: MatrixLike): Promise<number> {
    return shareOfEqual("Supervised.score", await this.predict(x), toLabels(labels, "Supervised.score", "labels"));
  }

  /** @throws when the bytes are no checkpoint of this method */
  static async load(content: Bytes, options: LoadOptions = {}): Promise<Supervised> {
    return NetworkModel.restoredNetwork("Supervised", content, options, (settings) => new Supervised(settings));
  }

  /**
   * What a checkpoint of a model around this one holds of it.
   * @internal
   */
  parts(): Learned {
    const { arrays, state } = this.own();
    return { arrays, state: { settings: this.keptSettings(), ...state } };
  }

  /**
   * The counterpart of `parts`.
   * @internal
   */
  static async ofParts(saved: Checkpoint, device: Device): Promise<Supervised> {
    const model = new Supervised({ ...(saved.state["settings"] as SupervisedOptions), device });
    await model.restore(saved);
    model.learned();
    return model;
  }

  protected override learnedBeside(): { arrays: Record<string, NdArray<TypedArray>>; state: Record<string, unknown> } {
    return { arrays: {}, state: { classifies: this.#classifies } };
  }

  protected override restoreBeside(saved: Checkpoint): void {
    this.#classifies = saved.entry<boolean | undefined>("classifies", optional(flag)) ?? true;
  }

  protected override headSizes(): { count: number; classes: number } {
    return { count: 1, classes: this.settings.nClasses };
  }
}

/** Labels 0 … nClasses − 1. @throws for any other, naming the first one's place */
export function checkClasses(op: string, labels: MatrixLike, nClasses: number): Int32Array {
  const classes = toLabels(labels, op, "labels");
  const at = classes.findIndex((label) => label < 0 || label >= nClasses);
  if (at >= 0) throw new Error(`${op}: labels must be from 0 to ${nClasses - 1}, got ${classes[at]} at ${at}`);
  return classes;
}

/** Share of places where both are equal. @throws when the lengths differ */
export function shareOfEqual(op: string, found: ArrayLike<number>, known: ArrayLike<number>): number {
  if (found.length !== known.length)
    throw new Error(`${op}: labels must be one an item, got ${known.length} for ${found.length} items`);
  let equal = 0;
  for (let i = 0; i < found.length; i++) equal += Number(found[i] === known[i]);
  return equal / found.length;
}
