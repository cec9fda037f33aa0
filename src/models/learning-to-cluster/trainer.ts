import { grad } from "../../autodiff";
import type { SetBatch, SetProvider } from "../../data/datasets/sets/provider";
import { withPrefix } from "../../lifecycle/checkpoint";
import type { NamedArrays } from "../../lifecycle/checkpoint";
import type { Fit } from "../../lifecycle/fit";
import { RUN_RULES } from "../../lifecycle/progress";
import type { OptionSet } from "../../lifecycle/model";
import type { EpochRecord, Progress, RunOptions } from "../../lifecycle/progress";
import { WORDS_PER_STEP } from "../../lifecycle/shuffle";
import { pairWeights } from "../../metrics/pair-weights";
import type { NamedTensors } from "../../nn/module";
import { Adadelta, Adam, allFinite, clipGradientNorm } from "../../optim";
import type { Optimizer } from "../../optim";
import { callable, either, finite, list, nullable, optional, range, record, text, integer } from "../../options";
import type { Rule } from "../../options";
import { Random, stream } from "../../random";
import type { RandomState } from "../../random";
import { tidy } from "../../tensor";
import type { Tensor } from "../../tensor";
import { runStage } from "../../training/loop";
import type { StepContext } from "../../training/loop";
import { firstNonFinite } from "../../training/non-finite";
import { Snapshot } from "../../training/snapshot";
import { setLoss } from "./loss";
import type { PairWeights } from "./loss";
import type { SetNetwork } from "./networks/network";
import { rateAt } from "./options";
import type { SetSettings } from "./options";
import { sampledShare, sampleSets, upload } from "./sets";
import { validate } from "./validation";
import type { ValidationFigures } from "./validation";

/** What a validation leaves behind: the mean loss of the iterations since the one before, and figures on validation sets. */
export interface ValidationRecord extends EpochRecord, ValidationFigures {
  /** Done when it was made. */
  readonly iteration: number;
  readonly learningRate: number;
}

/** Options of `LearningToCluster.fit`. */
export interface SetFitOptions extends RunOptions {
  /** Steps in all, those before an interruption too; rounded up to whole intervals of validation. Default 100,000. */
  readonly iterations?: number;
  /** Sets a step. Default 32. */
  readonly batchSize?: number;
  /** Items a set. Default 72. */
  readonly length?: number;
  /** Iterations between two validations. Default 100. */
  readonly validateEvery?: number;
  /** Training stops when the best validation is this many iterations old. Default 15,000. */
  readonly patience?: number;
  /** Sets of a validation, the same ones each time. Default ten times the batch. */
  readonly validationSets?: number;
  /** After each validation. */
  readonly onValidation?: (record: ValidationRecord) => void | Promise<void>;
}

const FIT_DEFAULTS = { iterations: 100_000, batchSize: 32, length: 72, validateEvery: 100, patience: 15_000 };

/** Rules and defaults of `SetFitOptions`. @internal */
export const SET_FIT: OptionSet<SetFitOptions> = {
  rules: {
    ...{ iterations: optional(integer(1)), batchSize: optional(integer(2)), length: optional(integer(2)) },
    ...{ validateEvery: optional(integer(1)), patience: optional(integer(1)), validationSets: optional(integer(1)) },
    ...{ ...RUN_RULES, onValidation: optional(callable) },
  },
  defaults: FIT_DEFAULTS,
};

/** How far training has come, as JSON: with weights and the optimizer's state, enough to go on exactly. */
export interface SetTrainingState {
  progress: Progress;
  history: ValidationRecord[];
  /** The validation of lowest loss. */
  best: { readonly iteration: number; readonly loss: number } | null;
  weights: PairWeights | null;
  validateEvery: number;
}

/** The state of training that has not begun. */
export const initialSetState = (): SetTrainingState => ({
  progress: { epoch: 0, step: 0, lossSum: 0 },
  history: [],
  best: null,
  weights: null,
  validateEvery: 0,
});

const FIGURE = either(finite, text);

/** What a checkpoint's state of training must be. */
export const SET_TRAINING_STATE: Rule = record({
  progress: record({ epoch: integer(0), step: integer(0), lossSum: finite }),
  history: list(
    record({ stage: text, epoch: integer(1), loss: finite, iteration: integer(1), learningRate: finite }, FIGURE),
  ),
  best: nullable(record({ iteration: integer(0), loss: finite })),
  weights: nullable(record({ same: range(0), different: range(0) })),
  validateEvery: integer(0),
});

/** A loss that is not finite was found. */
class NonFinite extends Error {}

/** Trains a set network, and holds what it takes to go on: last weights, best weights, the optimizer. */
export class SetTrainer {
  readonly state: SetTrainingState;
  readonly #op = "LearningToCluster.fit";
  readonly #network: SetNetwork;
  readonly #settings: SetSettings;
  readonly #parameters: Tensor[];
  readonly #optimizer: Optimizer;
  /** Weights of the last iteration, while the network has the best ones. */
  readonly #last: Snapshot;
  readonly #best: Snapshot;
  /** Weights and the optimizer's state as they were when the current interval of validation began, and where that was. */
  readonly #good: Snapshot;
  #goodProgress: Progress;
  #running = false;

  /** Begins with the weights that the network has. */
  constructor(network: SetNetwork, settings: SetSettings, state: SetTrainingState) {
    this.#network = network;
    this.#settings = settings;
    this.state = state;
    this.#parameters = network.parameters();
    const { type, learningRate: _, ...options } = settings.optimizer;
    const lr = rateAt(settings, 0, 1);
    this.#optimizer =
      type === "adam"
        ? new Adam(this.#parameters, { lr, ...options })
        : new Adadelta(this.#parameters, { lr, ...options });
    this.#last = new Snapshot(network.stateDict());
    this.#best = new Snapshot(network.stateDict());
    this.#good = new Snapshot({
      ...network.stateDict(),
      ...withPrefix("optimizer.", this.#optimizer.stateDict().tensors),
    });
    this.#goodProgress = { ...state.progress };
  }

  /** Everything that `restore` takes, by name: last and best weights, the optimizer's state. */
  tensors(): { last: NamedTensors; best: NamedTensors; optimizer: NamedTensors } {
    const last = this.#running ? this.#network.stateDict() : this.#last.tensors;
    return { last, best: this.#best.tensors, optimizer: this.#optimizer.stateDict().tensors };
  }

  /** Goes on from saved arrays; the network gets the best weights. */
  restore({ last, best, optimizer }: { last: NamedArrays; best: NamedArrays; optimizer: NamedArrays }): void {
    const step = this.#iteration;
    this.#optimizer.loadStateDict({ step, lr: this.#optimizer.lr, tensors: optimizer });
    this.#network.loadStateDict(last);
    this.#last.take();
    this.#network.loadStateDict(best);
    this.#best.take();
  }

  dispose(): void {
    this.#optimizer.dispose();
    this.#last.dispose();
    this.#best.dispose();
    this.#good.dispose();
  }

  get #iteration(): number {
    const { progress, validateEvery } = this.state;
    return progress.epoch * validateEvery + progress.step;
  }

  /** Trains from where the state stands; at the end the network has the best weights. */
  async run(provider: SetProvider, options: SetFitOptions, fit: Fit): Promise<void> {
    const { state } = this;
    const op = this.#op;
    const { iterations = FIT_DEFAULTS.iterations, batchSize = FIT_DEFAULTS.batchSize, onValidation } = options;
    const { length = FIT_DEFAULTS.length, patience = FIT_DEFAULTS.patience } = options;
    const { validateEvery = state.validateEvery || Math.min(FIT_DEFAULTS.validateEvery, iterations) } = options;
    const { validationSets = 10 * batchSize } = options;
    if (state.validateEvery > 0 && this.#iteration > 0 && state.validateEvery !== validateEvery)
      throw new Error(`${op}: training was begun with validateEvery ${state.validateEvery}, given ${validateEvery}`);
    state.validateEvery = validateEvery;
    const random = (use: string): Random => stream(this.#settings.seed, `LearningToCluster.${use}`);
    const sets = random("sets");
    const { key } = sets.state();
    const weights = (state.weights ??= await this.#weights(provider, length, random("pair weights")));
    const sizes = { batch: batchSize, length };
    const steps = random("steps").state();
    let loaded: SetBatch | undefined;
    const load = async (epoch: number, step: number): Promise<void> => {
      sets.restore({ key, position: (epoch * validateEvery + step) * WORDS_PER_STEP });
      loaded = await sampleSets(op, provider, "train", sizes, sets);
    };
    const step = ({ epoch, step, random }: StepContext): Tensor => {
      this.#optimizer.lr = rateAt(this.#settings, epoch * validateEvery + step, iterations);
      return this.#step(loaded!, weights, random);
    };
    const { device } = this.#parameters[0]!;
    this.#last.restore();
    this.#keepGood();
    this.#running = true;
    try {
      await runStage({
        parameters: this.#parameters,
        name: op,
        epochs: Math.ceil(iterations / validateEvery),
        steps: validateEvery,
        mayEnd: true,
        random: steps,
        progress: state.progress,
        fit,
        beforeEpoch: () => {
          this.#keepGood();
          return Promise.resolve(!(state.best && this.#iteration - state.best.iteration >= patience));
        },
        load,
        step,
        afterEpoch: async (epoch, loss) => {
          const task = { provider, part: "validation", sets: validationSets, sizes } as const;
          const figures = await validate(
            op,
            device,
            this.#network,
            task,
            this.#settings,
            weights,
            random("validation"),
          );
          const iteration = epoch * validateEvery;
          // losses are bounded: weights that are not finite need not show in them
          const finite = Number.isFinite(figures.validationLoss) && (await this.#finiteWeights());
          if (!finite) throw new NonFinite();
          const record = {
            stage: "LearningToCluster",
            epoch,
            iteration,
            loss,
            ...figures,
            learningRate: this.#optimizer.lr,
          };
          state.history.push(record);
          if (!state.best || figures.validationLoss < state.best.loss) {
            state.best = { iteration, loss: figures.validationLoss };
            this.#best.take();
          }
          await fit.resting(() => onValidation?.(record));
        },
      });
    } catch (error) {
      if (!(error instanceof NonFinite) && Number.isFinite(state.progress.lossSum)) throw error;
      throw await this.#diagnose(error, steps, load, step);
    } finally {
      this.#last.take();
      this.#running = false;
      if (state.best) this.#best.restore();
    }
  }

  async #weights(provider: SetProvider, length: number, random: Random): Promise<PairWeights> {
    const { pairWeights: given } = this.#settings;
    return given === "estimate" ? pairWeights(await sampledShare(this.#op, provider, length, random)) : given;
  }

  /** What training goes back to where a loss is not finite. */
  #keepGood(): void {
    this.#good.take();
    this.#goodProgress = { ...this.state.progress };
  }

  /** Goes back to the last good state, repeats the steps since, and names the first op that gave a value which is not finite. */
  async #diagnose(
    cause: unknown,
    { key }: RandomState,
    load: (epoch: number, step: number) => Promise<void>,
    step: (context: StepContext) => Tensor,
  ): Promise<Error> {
    const { state } = this;
    await this.#goBack();
    const begin = this.#iteration;
    let found = "";
    for (let at = 0; at < state.validateEvery && !found; at++) {
      const [epoch, index] = [state.progress.epoch, state.progress.step + at];
      if (index >= state.validateEvery) break;
      const random = new Random({ key, position: (begin + at) * WORDS_PER_STEP });
      await load(epoch, index);
      const culprit = await firstNonFinite(() => tidy(() => void step({ epoch, step: index, random })));
      if (!culprit) continue;
      const kernel = culprit.kernel === culprit.op ? "" : ` (kernel ${culprit.kernel})`;
      found = ` in iteration ${begin + at + 1}; ${culprit.op}${kernel} was the first op to give such a value`;
    }
    await this.#goBack();
    return new Error(
      `${this.#op}: the loss or a weight is no longer finite${found}; the model has its best weights, and training stands where it was good last, after iteration ${begin}: lower the learning rate`,
      { cause },
    );
  }

  async #finiteWeights(): Promise<boolean> {
    const finite = allFinite(this.#parameters);
    try {
      return (await finite.item()) === 1;
    } finally {
      finite.dispose();
    }
  }

  async #goBack(): Promise<void> {
    this.#good.restore();
    Object.assign(this.state.progress, this.#goodProgress);
    const { lr } = this.#optimizer;
    const tensors: Record<string, { shape: readonly number[]; data: ArrayLike<number> }> = {};
    for (const [name, value] of Object.entries(this.#optimizer.stateDict().tensors))
      tensors[name] = { shape: value.shape, data: await value.data() };
    this.#optimizer.loadStateDict({ step: this.#iteration, lr, tensors });
  }

  /** One update; returns the loss. */
  #step(batch: SetBatch, weights: PairWeights, random: Random): Tensor {
    const { items, ...truth } = upload(this.#parameters[0]!.device, batch);
    this.#network.train();
    const loss = setLoss(this.#network, this.#network.run(items, { random }), truth, this.#settings, weights);
    const gradients = grad(loss, this.#parameters);
    const { clipNorm } = this.#settings;
    this.#optimizer.step(clipNorm === undefined ? gradients : clipGradientNorm(gradients, clipNorm).gradients);
    return loss;
  }
}
