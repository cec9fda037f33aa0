import type { Fit } from "../lifecycle/fit";
import type { Progress } from "../lifecycle/progress";
import { WORDS_PER_STEP } from "../lifecycle/shuffle";
import { add } from "../ops/elementwise";
import { Random } from "../random";
import type { RandomState } from "../random";
import { keep, tensor, tidy } from "../tensor";
import type { Tensor } from "../tensor";
import { yieldWhenDue, yieldNow } from "../event-loop";
import type { Stage } from "./training";

/** What one step gets: where it stands, and a stream of random numbers of its own. */
export interface StepContext {
  readonly epoch: number;
  readonly step: number;
  readonly random: Random;
}

/** What a stage is while it runs. */
export interface RunningStage extends Pick<
  Stage,
  "name" | "epochs" | "steps" | "mayEnd" | "parameters" | "beforeEpoch" | "load" | "afterStep"
> {
  /** The stage's stream: step t draws from a part of it that no other step does. */
  readonly random: RandomState;
  readonly progress: Progress;
  /** How it is stopped, and when others may look at the model. */
  readonly fit: Fit;
  /** One update of the parameters; returns the loss. Runs inside `tidy`. */
  readonly step: (context: StepContext) => Tensor;
  readonly afterEpoch: (epoch: number, loss: number) => Promise<void> | void;
}

/** Time between two looks at the loss: long enough to keep the queue full, short enough to stop soon after an abort. */
const LOOK_EVERY_MS = 40;
const MAX_STEPS_AHEAD = 64;

/**
 * Runs a stage from where its progress stands. Steps are enqueued ahead of the device; now and then the loss is read, which
 * bounds the queue, feeds the progress report and finds a loss that is no longer finite.
 *
 * Everything random is a function of the stage's stream and the step's number, so a stage that was stopped between any two
 * steps goes on with the same numbers as one that was not.
 * @throws the signal's reason when aborted, with the progress as it stands; an error that names the step when the loss is NaN
 * or infinite
 */
export async function runStage(stage: RunningStage): Promise<void> {
  const { name, epochs, steps, mayEnd, progress, fit, parameters } = stage;
  const { device } = parameters[0]!;
  const random = new Random(stage.random);
  await yieldNow();
  let total = keep(tensor(device, [progress.lossSum], []));
  let ahead = 0;
  let allowance = 1;
  let lastLook = performance.now();

  const look = async (): Promise<void> => {
    progress.lossSum = await total.item();
    ahead = 0;
    const elapsed = performance.now() - lastLook;
    if (elapsed < LOOK_EVERY_MS) allowance = Math.min(allowance * 2, MAX_STEPS_AHEAD);
    else if (elapsed > 4 * LOOK_EVERY_MS) allowance = Math.max(1, allowance >> 1);
    lastLook = performance.now();
    if (!Number.isFinite(progress.lossSum))
      throw new Error(
        `${name}: the loss is no longer finite, epoch ${progress.epoch + 1}, step ${progress.step} of ${steps}; lower the learning rate and go on from the last checkpoint`,
      );
    if (progress.step === 0) return; // nothing is known of the epoch yet
    fit.report({
      stage: name,
      epoch: progress.epoch + 1,
      epochs,
      step: progress.step,
      steps,
      loss: progress.lossSum / progress.step,
      mayEnd,
    });
  };

  try {
    while (progress.epoch < epochs) {
      if (progress.step === 0 && (await stage.beforeEpoch?.(progress.epoch)) === false) return;
      while (progress.step < steps) {
        await fit.between(look);
        if (stage.load) await stage.load(progress.epoch, progress.step);
        const number = progress.epoch * steps + progress.step;
        random.restore({ key: stage.random.key, position: number * WORDS_PER_STEP });
        const next = tidy(() => add(total, stage.step({ epoch: progress.epoch, step: progress.step, random })));
        total.dispose();
        total = next;
        if (stage.afterStep) await stage.afterStep(progress.epoch, progress.step);
        progress.step++;
        if (++ahead >= allowance) await look();
        await yieldWhenDue();
      }
      await look();
      const loss = progress.lossSum / steps;
      progress.epoch++;
      progress.step = 0;
      progress.lossSum = 0;
      total.dispose();
      total = keep(tensor(device, [0], []));
      await stage.afterEpoch(progress.epoch, loss);
    }
  } finally {
    total.dispose();
  }
}
