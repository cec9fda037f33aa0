import { Random } from "../../random";
import type { Tensor } from "../../tensor";
import type { PointSet } from "./point-set";
import { generate } from "../../typed-arrays";

/** Batches of random rows. The next is read while one computes, by what the stream will draw unless others draw before it. */
export class Batches {
  readonly #points: PointSet;
  readonly #random: Random;
  readonly #size: number;
  #ahead: { readonly at: number; readonly batch: Promise<Tensor> } | undefined;

  constructor(points: PointSet, random: Random, size: number) {
    [this.#points, this.#random, this.#size] = [points, random, size];
  }

  async next(more: boolean): Promise<Tensor> {
    const at = this.#random.state().position;
    const rows = this.#draw(this.#random);
    const ahead = this.#ahead?.at === at ? this.#ahead : undefined;
    if (!ahead) await this.end();
    this.#ahead = undefined;
    const batch = await (ahead?.batch ?? this.#points.gather(rows));
    if (more && this.#points.streamed) {
      const state = this.#random.state();
      const next = this.#points.gather(this.#draw(new Random(state)));
      next.catch(() => undefined); // told when it is awaited
      this.#ahead = { at: state.position, batch: next };
    }
    return batch;
  }

  /** Frees what was read ahead. */
  async end(): Promise<void> {
    const { batch } = this.#ahead ?? {};
    this.#ahead = undefined;
    await batch?.then(
      (rows) => rows.dispose(),
      () => undefined, // there are none
    );
  }

  #draw(random: Random): Uint32Array {
    return generate(Uint32Array, this.#size, () => random.integer(this.#points.n));
  }
}
