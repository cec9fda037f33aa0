import type { Device } from "../device";
import { add } from "../ops/elementwise";
import { Random } from "../random";
import type { RandomState } from "../random";
import { keep, tensor, tidy } from "../tensor";
import type { Tensor } from "../tensor";
import { atOnce, inTurns, pause, turn } from "../turn";
import type { Pieces } from "../turn";

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

/** What is reported while an epoch runs. */
export interface StepReport {
  readonly stage: string;
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  /** Mean loss of the epoch so far. */
  readonly loss: number;
}

/** What one step gets: where it stands, and a stream of random numbers of its own. */
export interface StepContext {
  readonly epoch: number;
  readonly step: number;
  readonly random: Random;
}

/** A stage of training: epochs of equal steps, each made by one function. */
export interface Stage {
  readonly device: Device;
  readonly name: string;
  readonly epochs: number;
  /** Steps of an epoch. */
  readonly steps: number;
  /** The stage's stream: step t draws from a part of it that no other step does. */
  readonly random: RandomState;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
  /** Before the first step of an epoch; `false` ends the stage. */
  readonly beforeEpoch?: (epoch: number) => Promise<boolean | void>;
  /** Before a step, what it needs: rows from a file, labels that are due. Where a step was stopped, it runs again. */
  readonly load?: ((epoch: number, step: number) => Promise<void>) | undefined;
  /** One update of the parameters; returns the loss. Runs inside `tidy`. */
  readonly step: (context: StepContext) => Tensor;
  /** After a step, for methods that must see its result before the next: it costs a wait for the device. */
  readonly afterStep?: ((epoch: number, step: number) => Promise<void>) | undefined;
  readonly onStep?: ((report: StepReport) => void) | undefined;
  readonly afterEpoch: (epoch: number, loss: number) => Promise<void> | void;
}

/** Words of randomness set aside for a step, and for the shuffling of an epoch. */
export const WORDS_PER_STEP = 2 ** 28;

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
export async function runStage(stage: Stage): Promise<void> {
  const { device, name, epochs, steps, progress, signal } = stage;
  const random = new Random(stage.random);
  await turn();
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
    stage.onStep?.({
      stage: name,
      epoch: progress.epoch + 1,
      epochs,
      step: progress.step,
      steps,
      loss: progress.lossSum / Math.max(1, progress.step),
    });
  };

  try {
    while (progress.epoch < epochs) {
      if (progress.step === 0 && (await stage.beforeEpoch?.(progress.epoch)) === false) return;
      while (progress.step < steps) {
        if (signal?.aborted) {
          await look();
          throw signal.reason;
        }
        if (stage.load) await stage.load(progress.epoch, progress.step);
        const number = progress.epoch * steps + progress.step;
        random.restore({ key: stage.random.key, position: number * WORDS_PER_STEP });
        const next = tidy(() => add(total, stage.step({ epoch: progress.epoch, step: progress.step, random })));
        total.dispose();
        total = next;
        if (stage.afterStep) await stage.afterStep(progress.epoch, progress.step);
        progress.step++;
        if (++ahead >= allowance) await look();
        await pause();
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

/**
 * Batches of a shuffled pass over n rows: a function of the stream and the pass, so any batch can be had at any time.
 * The last one is short where the size does not divide n.
 */
export class Shuffle {
  readonly #key: RandomState["key"];
  readonly #n: number;
  readonly #batchSize: number;
  #pass = -1;
  #order = new Uint32Array(0);

  constructor(random: RandomState, n: number, batchSize: number) {
    this.#key = random.key;
    this.#n = n;
    this.#batchSize = batchSize;
  }

  /** Batches of a pass. */
  get steps(): number {
    return Math.ceil(this.#n / this.#batchSize);
  }

  /** Draws the order of a pass, letting the calling thread go on every few milliseconds; else `batch` draws it at once. */
  readonly load = async (pass: number): Promise<void> => {
    if (pass !== this.#pass) this.#begin(pass, await inTurns(this.#permuting(pass)));
  };

  batch(pass: number, step: number): Uint32Array {
    if (pass !== this.#pass) this.#begin(pass, atOnce(this.#permuting(pass)));
    return this.#order.subarray(step * this.#batchSize, (step + 1) * this.#batchSize);
  }

  #permuting(pass: number): Pieces<Uint32Array<ArrayBuffer>> {
    return new Random({ key: this.#key, position: pass * WORDS_PER_STEP }).permuting(this.#n);
  }

  #begin(pass: number, order: Uint32Array<ArrayBuffer>): void {
    this.#pass = pass;
    this.#order = order;
  }
}
