import { grad } from "../autodiff";
import type { Device } from "../device";
import type { NamedArrays, NamedTensors } from "../nn/module";
import type { Optimizer } from "../optim";
import { Random } from "../random";
import type { RandomState } from "../random";
import type { Tensor } from "../tensor";
import { runStage } from "./loop";
import type { EpochRecord, Progress, StepContext, StepReport } from "./loop";

/** One stage of a model's training. */
export interface StageSpec {
  readonly name: string;
  readonly epochs: number;
  /** Steps of an epoch. */
  readonly steps: number;
  readonly parameters: readonly Tensor[];
  readonly optimizer: (parameters: readonly Tensor[]) => Optimizer;
  /** Learning rate at a share of the stage in [0, 1); default: the optimizer's own throughout. */
  readonly learningRate?: (share: number) => number;
  /** The loss of a step's batch. */
  readonly loss: (context: StepContext) => Tensor;
  readonly beforeEpoch?: (epoch: number) => Promise<boolean | void>;
  /** Before a step, what it needs: rows that are not in memory (`BatchOrder.load`), labels that are due. */
  readonly load?: ((epoch: number, step: number) => Promise<void>) | undefined;
  /** After a step, for methods that must see its result before the next. */
  readonly afterStep?: (epoch: number, step: number) => Promise<void>;
  /** Further figures for the epoch's record. */
  readonly figures?: (epoch: number) => Promise<Record<string, number>> | Record<string, number>;
}

/** What training shows and how it is stopped. */
export interface TrainingOptions {
  /** After each epoch. */
  readonly onEpoch?: (record: EpochRecord) => void | Promise<void>;
  /** Several times a second. */
  readonly onStep?: (report: StepReport) => void;
  /** Stops between two steps; the model can be saved then, and goes on from there. */
  readonly signal?: AbortSignal;
}

/** How far training has come. JSON holds it, and with the arrays of `tensors()` it is all there is to resume from. */
export interface TrainingState {
  stage: number;
  progress: Progress;
  history: EpochRecord[];
}

/** The state of training that has not begun. */
export const initialState = (): TrainingState => ({
  stage: 0,
  progress: { epoch: 0, step: 0, lossSum: 0 },
  history: [],
});

/** Runs stages one after the other, each with an optimizer and a random stream of its own. */
export class Training {
  readonly state: TrainingState;
  readonly #device: Device;
  readonly #stages: readonly StageSpec[];
  readonly #seed: number;
  #optimizer: Optimizer | undefined;
  #restored: NamedArrays | undefined;

  /** @param optimizerArrays the state of the optimizer that was at work when `state` was saved */
  constructor(
    device: Device,
    stages: readonly StageSpec[],
    seed: number,
    state: TrainingState,
    optimizerArrays?: NamedArrays,
  ) {
    this.#device = device;
    this.#stages = stages;
    this.#seed = seed;
    this.state = state;
    this.#restored = optimizerArrays;
  }

  /** State of the optimizer at work, to save. */
  optimizerState(): NamedTensors {
    return { ...this.#optimizer?.stateDict().tensors };
  }

  /** Frees the state of an optimizer that was stopped at work. */
  dispose(): void {
    this.#optimizer?.dispose();
    this.#optimizer = undefined;
  }

  /** Goes on from the state to the end of the last stage. */
  async run({ onEpoch, onStep, signal }: TrainingOptions = {}): Promise<void> {
    const { state } = this;
    while (state.stage < this.#stages.length) {
      const spec = this.#stages[state.stage]!;
      const optimizer = (this.#optimizer ??= spec.optimizer(spec.parameters));
      if (this.#restored) {
        const step = state.progress.epoch * spec.steps + state.progress.step;
        optimizer.loadStateDict({ step, lr: optimizer.lr, tensors: this.#restored });
      }
      this.#restored = undefined;
      const total = spec.epochs * spec.steps;
      await runStage({
        device: this.#device,
        name: spec.name,
        epochs: spec.epochs,
        steps: spec.steps,
        random: stageStream(this.#seed, state.stage),
        progress: state.progress,
        signal,
        onStep,
        ...(spec.beforeEpoch && { beforeEpoch: spec.beforeEpoch }),
        load: spec.load,
        afterStep: spec.afterStep,
        step: (context) => {
          if (spec.learningRate) optimizer.lr = spec.learningRate((context.epoch * spec.steps + context.step) / total);
          const loss = spec.loss(context);
          optimizer.step(grad(loss, spec.parameters));
          return loss;
        },
        afterEpoch: async (epoch, loss) => {
          const record: EpochRecord = { stage: spec.name, epoch, loss, ...(await spec.figures?.(epoch)) };
          state.history.push(record);
          await onEpoch?.(record);
        },
      });
      optimizer.dispose();
      this.#optimizer = undefined;
      state.stage++;
      state.progress = { epoch: 0, step: 0, lossSum: 0 };
    }
  }
}

/** The stream of stage `index`: the same for a seed whatever ran before. */
export function stageStream(seed: number, index: number): RandomState {
  const root = new Random(seed);
  let stream = root.split();
  for (let i = 0; i <= index; i++) stream = root.split();
  return stream.state();
}
