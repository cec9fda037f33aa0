import { callable, either, finite, list, optional, record, signal, text, integer } from "../options";
import type { Rule, Rules } from "../options";

/** How far a stage of training has come: enough, with the weights, to go on exactly. */
export interface Progress {
  epoch: number;
  /** Steps done of the current epoch. */
  step: number;
  /** Sum of their losses. */
  lossSum: number;
}

/** What an epoch leaves behind. */
export interface EpochRecord {
  readonly stage: string;
  /** From 1. */
  readonly epoch: number;
  /** Mean over the epoch's steps. */
  readonly loss: number;
  /** Further figures of the method: share of changed labels, … */
  readonly [figure: string]: number | string;
}

/** What is reported while `fit` runs. */
export interface StepReport {
  readonly stage: string;
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Done of this epoch. */
  readonly step: number;
  readonly steps: number;
  /** Mean loss of the epoch so far. */
  readonly loss: number;
  /** Whether there may be fewer epochs or steps: it ends where nothing changes any more. */
  readonly mayEnd?: boolean | undefined;
}

/** Options of every `fit`. */
export interface RunOptions<Report extends StepReport = StepReport> {
  /** Several times a second. */
  readonly onStep?: ((report: Report) => void) | undefined;
  /** Stops between two steps, with its reason; the model can be saved then. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of the `fit` of methods that have epochs and number them themselves. */
export interface TrainingOptions extends RunOptions {
  /** After each epoch. */
  readonly onEpoch?: ((record: EpochRecord) => void | Promise<void>) | undefined;
}

/** Options of the `fit` of methods that are told how many epochs to train. */
export interface FitOptions extends TrainingOptions {
  /** Passes over the data, those of earlier calls and of a loaded training too: no more are made where there were as many. */
  readonly epochs?: number | undefined;
}

/** Rules of `RunOptions`. */
export const RUN_RULES: Rules<RunOptions> = { onStep: optional(callable), signal };
/** Rules of `TrainingOptions`. */
export const TRAINING_RULES: Rules<TrainingOptions> = { ...RUN_RULES, onEpoch: optional(callable) };
/** Passes over the data. */
export const EPOCHS = /* @__PURE__ */ optional(/* @__PURE__ */ integer(0));
/** Rules of `FitOptions`. */
export const FIT_RULES: Rules<FitOptions> = { ...TRAINING_RULES, epochs: EPOCHS };

const historyRule = (): Rule<unknown[]> =>
  list(record({ stage: text, epoch: integer(1), loss: finite }, either(finite, text)));

/** What a history is in a checkpoint. */
export const HISTORY = /* @__PURE__ */ historyRule();
