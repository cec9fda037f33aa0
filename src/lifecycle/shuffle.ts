import { Random } from "../random";
import type { RandomState } from "../random";
import { runAtOnce, runCooperatively } from "../event-loop";
import type { Cooperative } from "../event-loop";

/** Words of randomness set aside for a step, and for the shuffling of an epoch. */
export const WORDS_PER_STEP = 2 ** 28;

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
    if (pass !== this.#pass) this.#begin(pass, await runCooperatively(this.#permuting(pass)));
  };

  batch(pass: number, step: number): Uint32Array {
    if (pass !== this.#pass) this.#begin(pass, runAtOnce(this.#permuting(pass)));
    return this.#order.subarray(step * this.#batchSize, (step + 1) * this.#batchSize);
  }

  #permuting(pass: number): Cooperative<Uint32Array<ArrayBuffer>> {
    return new Random({ key: this.#key, position: pass * WORDS_PER_STEP }).permuting(this.#n);
  }

  #begin(pass: number, order: Uint32Array<ArrayBuffer>): void {
    this.#pass = pass;
    this.#order = order;
  }
}
