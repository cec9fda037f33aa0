// Rows in the order of their labels, on a device.
import * as kernels from "../kernels/sorting";
import type { Device } from "../device";
import type { empty, run, Tensor } from "../tensor";

/** Chunks of positions that are sorted at a time, at most, and the positions that a workgroup takes together. */
const [CHUNKS, TOGETHER] = [1024, 256];

/** What it is handed of the program that tells tensors by it. */
export interface SortTools {
  readonly empty: typeof empty;
  readonly run: typeof run;
}

/**
 * Sorts rows by label: a stable counting sort, eight bits of the label at a time, of as many launches whatever the number of rows. The kernels are those of
 * `kernels/sorting`, which are to be prepared.
 */
export class LabelSort {
  /** Rows by ascending label, those of a label as they stand: the number of the row at each position, [n]. */
  readonly order: Tensor;
  /** The first position of each label, and n: [k + 1]. */
  readonly starts: Tensor;
  readonly #n: number;
  readonly #k: number;
  readonly #run: typeof run;
  readonly #halted: Tensor;
  readonly #length: number;
  readonly #chunks: number;
  readonly #spare: Tensor;
  /** By the digit, so that a launch may be repeated by itself. */
  readonly #counts: readonly Tensor[];
  readonly #places: readonly Tensor[];

  /** @param halted one number: while it is not 0, nothing is written */
  constructor(device: Device, n: number, k: number, halted: Tensor, { empty, run }: SortTools, op: string) {
    [this.#n, this.#k, this.#halted, this.#run] = [n, k, halted, run];
    this.#length = TOGETHER * Math.ceil(n / (TOGETHER * CHUNKS));
    this.#chunks = Math.ceil(n / this.#length);
    const make = (...shape: number[]): Tensor => empty(device, shape, "u32", op);
    this.order = make(n);
    this.starts = make(k + 1);
    this.#spare = make(n);
    const digits = [0, 1, 2, 3].filter((digit) => digit === 0 || 256 ** digit < k);
    this.#counts = digits.map(() => make(this.#chunks, 256));
    this.#places = digits.map(() => make(this.#chunks, 256));
  }

  /** Sorts by labels [n] below k into `order` and `starts`. */
  sort(labels: Tensor): void {
    const [n, k, run, chunks, digits] = [this.#n, this.#k, this.#run, this.#chunks, this.#counts.length];
    const [halted, length] = [this.#halted, this.#length];
    // the last digit is sorted into `order`
    let [from, to] = [this.#spare, this.order];
    if (digits % 2 === 0) [from, to] = [to, from];
    for (let digit = 0; digit < digits; digit++) {
      const [counts, starts] = [this.#counts[digit]!, this.#places[digit]!];
      const taken = { labels, order: from, halted, n, length, chunks, shift: 8 * digit, ordered: Number(digit > 0) };
      run(kernels.digitCounts, { ...taken, counts });
      run(kernels.digitStarts, { counts, halted, starts, chunks });
      run(kernels.digitScatter, { ...taken, starts, sorted: to });
      [from, to] = [to, from];
    }
    run(kernels.labelStarts, { labels, order: this.order, halted, starts: this.starts, n, k });
  }

  dispose(): void {
    for (const made of [this.order, this.starts, this.#spare, ...this.#counts, ...this.#places]) made.dispose();
  }
}
