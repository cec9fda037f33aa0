import { grad } from "../autodiff";
import { withPrefix } from "../lifecycle/checkpoint";
import type { Checkpoint, NamedArrays } from "../lifecycle/checkpoint";
import type { Fit } from "../lifecycle/fit";
import type { Rows } from "../lifecycle/rows";
import { HISTORY } from "../lifecycle/progress";
import type { EpochRecord, Progress, TrainingOptions } from "../lifecycle/progress";
import type { NamedTensors } from "../nn/module";
import { allFinite } from "../optim/clipping";
import type { Optimizer } from "../optim";
import { finite, integer, list, optional, record } from "../options";
import { stream } from "../random";
import type { Tensor } from "../tensor";
import { runStage } from "./loop";
import type { StepContext } from "./loop";

/** One stage of a model's training: epochs of equal steps under one optimizer. */
export interface Stage {
  /** Of the stage, for reports and messages; its random numbers hang on it. */
  readonly name: string;
  readonly epochs: number;
  /** Steps of an epoch. */
  readonly steps: number;
  /** Whether `beforeEpoch` may end it early. */
  readonly mayEnd?: boolean | undefined;
  readonly parameters: readonly Tensor[];
  readonly optimizer: (parameters: readonly Tensor[]) => Optimizer;
  /** Learning rate at a share of the stage in [0, 1); default: the optimizer's own throughout. */
  readonly learningRate?: (share: number) => number;
  /** The loss of a step's batch. */
  readonly loss: (context: StepContext) => Tensor;
  /** Before the first step of an epoch; `false` ends the stage. */
  readonly beforeEpoch?: (epoch: number) => Promise<boolean | void>;
  /** Before a step, what it needs: rows that are not in memory (`BatchOrder.load`), labels that are due. Where a step was stopped, it runs again. */
  readonly load?: ((epoch: number, step: number) => Promise<void>) | undefined;
  /** After a step, for methods that must see its result before the next: it costs a wait for the device. */
  readonly afterStep?: (epoch: number, step: number) => Promise<void>;
  /** Further figures for the epoch's record. */
  readonly figures?: (epoch: number) => Promise<Record<string, number>> | Record<string, number>;
}

/** How far training has come. JSON holds it, and with weights and the optimizer's arrays it is all there is to resume from. */
export interface TrainingState {
  stage: number;
  progress: Progress;
  history: EpochRecord[];
  /** The fingerprint of the rows that it began with. */
  items?: readonly number[] | undefined;
}

const PROGRESS = record({ epoch: integer(0), step: integer(0), lossSum: finite });

const STATE = record({
  ...{ stage: integer(0), progress: PROGRESS, history: HISTORY },
  items: optional(list(integer(0))),
});

/**
 * Training of one model: its stages one after the other, each with an optimizer and a random stream of its own. Holds what it takes to go on: where it was
 * stopped, and from the end of the last stage, which stays open, to more epochs of it.
 */
export class Training {
  #state: TrainingState = { stage: 0, progress: { epoch: 0, step: 0, lossSum: 0 }, history: [] };
  #optimizer: Optimizer | undefined;
  #restored: NamedArrays | undefined;
  /** The fingerprint of the rows that it is about to go on with. */
  #given: readonly number[] | undefined;

  /** One record per epoch of every stage. */
  get history(): readonly EpochRecord[] {
    return this.#state.history;
  }

  /** Where it stands, for JSON. */
  get state(): TrainingState {
    return this.#state;
  }

  /** State of the optimizer at work, to save. */
  tensors(prefix = "optimizer."): NamedTensors {
    return withPrefix(prefix, this.#optimizer?.stateDict().tensors ?? {});
  }

  /** Goes on from an entry of a checkpoint's state and the optimizer's arrays. @throws when the entry is not what `state` gave */
  restore(saved: Checkpoint, name = "training", prefix = "optimizer."): void {
    const { stage, progress, history, items } = saved.entry<TrainingState>(name, STATE);
    this.#state = { stage, progress: { ...progress }, history: [...history], items };
    const arrays = saved.below(prefix);
    this.#restored = Object.keys(arrays).length > 0 ? arrays : undefined;
  }

  /** Counts so many stages as done, whose weights come from elsewhere. @throws when training has begun */
  skip(op: string, stages: number): void {
    const { stage, progress } = this.#state;
    if (stage > 0 || progress.epoch > 0 || progress.step > 0) throw new Error(`${op}: training has begun`);
    this.#state.stage = stages;
  }

  /** Epochs of the stage at work that have begun. */
  get begun(): number {
    const { epoch, step } = this.#state.progress;
    return epoch + (step > 0 ? 1 : 0);
  }

  /** Holds rows, and labels that are learned of them, against those that it began with. @throws when they are others */
  async goesOnWith(rows: Rows, op: string, labels?: Int32Array): Promise<void> {
    const given = (this.#given = await rows.fingerprint(labels));
    const { items = given } = this.#state;
    if (String(items) !== String(given))
      throw new Error(
        `${op}: training must go on with the same data of ${items[0]} items, got others; make a new model for them`,
      );
  }

  /** Frees the state of an optimizer that was stopped at work. */
  dispose(): void {
    this.#optimizer?.dispose();
    this.#optimizer = undefined;
  }

  /**
   * Goes on to the end of the last stage; from there, where it is asked for more epochs than it has had, to these, under a new optimizer.
   * @param seed with the stages' names, where all that is random comes from
   * @throws the signal's reason when aborted; an error that names stage and step when a loss or a weight is no longer finite
   */
  async run(stages: readonly Stage[], seed: number, fit: Fit, { onEpoch }: TrainingOptions = {}): Promise<void> {
    const state = this.#state;
    state.items ??= this.#given;
    while (state.stage < stages.length) {
      const spec = stages[state.stage]!;
      const optimizer = (this.#optimizer ??= spec.optimizer(spec.parameters));
      const total = spec.epochs * spec.steps;
      if (this.#restored) {
        const step = state.progress.epoch * spec.steps + state.progress.step;
        optimizer.loadStateDict({ step, lr: optimizer.lr, tensors: this.#restored });
      }
      this.#restored = undefined;
      await runStage({
        ...spec,
        random: stream(seed, `${spec.name}.steps`).state(),
        progress: state.progress,
        fit,
        step: (context) => {
          if (spec.learningRate) optimizer.lr = spec.learningRate((context.epoch * spec.steps + context.step) / total);
          const loss = spec.loss(context);
          optimizer.step(grad(loss, spec.parameters));
          return loss;
        },
        afterEpoch: async (epoch, loss) => {
          const record: EpochRecord = { stage: spec.name, epoch, loss, ...(await spec.figures?.(epoch)) };
          state.history.push(record);
          await fit.resting(() => onEpoch?.(record));
        },
      });
      await checkWeights(spec, state.progress);
      optimizer.dispose();
      this.#optimizer = undefined;
      if (state.stage === stages.length - 1) return;
      state.stage++;
      state.progress = { epoch: 0, step: 0, lossSum: 0 };
    }
  }
}

/** @throws when a weight is NaN or infinite at the end of a stage */
async function checkWeights({ name, parameters, steps }: Stage, { epoch, step }: Progress): Promise<void> {
  const finite = allFinite(parameters);
  try {
    if ((await finite.item()) === 1) return;
  } finally {
    finite.dispose();
  }
  throw new Error(
    `${name}: a weight is no longer finite at the end of the stage, after step ${epoch * steps + step}; go on from an earlier checkpoint with a lower learning rate`,
  );
}
