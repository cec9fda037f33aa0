import { runCooperatively } from "../event-loop";
import type { Cooperative } from "../event-loop";
import type { RunOptions, StepReport } from "./progress";

/**
 * One call of `fit` under way: how it is stopped, and when others may look at the model. Between two steps and while functions of the caller run
 * the model is at rest; what wants it at rest waits for that, and training waits until it is done.
 */
export class Fit<Report extends StepReport = StepReport> {
  /** Of the caller, or `dispose()`. */
  readonly signal: AbortSignal;
  readonly #onStep: ((report: Report) => void) | undefined;
  readonly #own = new AbortController();
  readonly #given: AbortSignal | undefined;
  readonly #forward = (): void => this.#own.abort(this.#given?.reason);
  #resting = 0;
  #waiting: (() => void)[] = [];
  readonly #looking = new Set<Promise<unknown>>();

  constructor({ onStep, signal }: RunOptions<Report>) {
    this.#onStep = onStep;
    this.#given = signal;
    this.signal = this.#own.signal;
    if (signal?.aborted) this.#forward();
    else signal?.addEventListener("abort", this.#forward);
  }

  /** Ends it between two steps. */
  abort(reason: Error): void {
    this.#own.abort(reason);
  }

  /**
   * Between two steps, where all of the model belongs together: whoever waits for that is let in.
   * @param settle makes it so where the state lags behind; called only when there is need
   * @throws the signal's reason when aborted
   */
  async between(settle?: () => Promise<void>): Promise<void> {
    if (!this.signal.aborted && this.#waiting.length === 0 && this.#looking.size === 0) return;
    await settle?.();
    await this.resting(() => undefined);
    this.signal.throwIfAborted();
  }

  /**
   * Work piece by piece on the calling thread, which goes on every few milliseconds; there the caller may stop it, look at the model, and is told
   * how far it has come.
   */
  async pacing<R>(work: Cooperative<R>, report?: () => Report): Promise<R> {
    return runCooperatively(work, async () => {
      if (report) this.report(report());
      await this.between();
    });
  }

  /** Tells the caller where training stands; the model must be at rest. */
  report(report: Report): void {
    this.#resting++;
    try {
      this.#onStep?.(report);
    } finally {
      this.#resting--;
    }
  }

  /** Runs what may look at the model at rest: a function of the caller. Goes on when all who look have seen enough. */
  async resting<R>(use: () => R | Promise<R>): Promise<R> {
    this.#resting++;
    try {
      for (const begin of this.#waiting.splice(0)) begin();
      return await use();
    } finally {
      this.#resting--;
      while (this.#looking.size > 0) await Promise.allSettled(this.#looking);
    }
  }

  /** Runs `look` when the model is at rest, at once if it is. */
  atRest<R>(look: () => Promise<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        const looking = look().then(resolve, reject);
        this.#looking.add(looking);
        void looking.finally(() => this.#looking.delete(looking));
      };
      if (this.#resting > 0) begin();
      else this.#waiting.push(begin);
    });
  }

  /** Lets in who still waits, and lets go of the caller's signal. */
  async end(): Promise<void> {
    this.#given?.removeEventListener("abort", this.#forward);
    await this.resting(() => undefined);
    this.#resting = Infinity; // whoever comes now finds it at rest
  }
}
