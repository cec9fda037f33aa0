import type { RowSource } from "constella/data";

/** Rows in memory as a source of them, which notes what it is asked for. */
export class ArrayRows implements RowSource {
  readonly length: number;
  readonly rowShape: readonly number[];
  readonly memory: number;
  /** The most rows of a call, and all that were given out. */
  most = 0;
  given = 0;
  /** Called for each block that is read. */
  onRange: () => unknown = () => undefined;
  readonly #x: Float32Array;
  readonly #d: number;

  constructor(x: Float32Array, d: number, memory = 2 ** 28) {
    [this.#x, this.#d, this.length, this.rowShape, this.memory] = [x, d, x.length / d, [d], memory];
  }

  async rows(index: ArrayLike<number>): Promise<Float32Array> {
    this.#note(index.length);
    const out = new Float32Array(index.length * this.#d);
    for (let i = 0; i < index.length; i++)
      out.set(this.#x.subarray(index[i]! * this.#d, (index[i]! + 1) * this.#d), i * this.#d);
    return out;
  }

  async range(begin: number, end: number): Promise<Float32Array> {
    this.onRange();
    this.#note(end - begin);
    return this.#x.slice(begin * this.#d, end * this.#d);
  }

  #note(rows: number): void {
    this.most = Math.max(this.most, rows);
    this.given += rows;
  }
}
