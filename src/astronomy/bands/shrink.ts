import { NdArray } from "../../ndarray";
import { bandsOf, stripsOf, type BandsLike } from "./source";

/** Means of one band over squares of pixels, gathered row by row: a small image of a large one. */
export class ShrunkBand {
  readonly height: number;
  readonly width: number;
  readonly #shrink: number;
  readonly #fullWidth: number;
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;

  /** @param shrink pixels of a square's side; squares at the end are smaller */
  constructor(height: number, width: number, shrink: number) {
    [this.height, this.width] = [Math.ceil(height / shrink), Math.ceil(width / shrink)];
    [this.#shrink, this.#fullWidth] = [shrink, width];
    this.#sums = new Float64Array(this.height * this.width);
    this.#counts = new Float64Array(this.height * this.width);
  }

  /** Takes in rows [begin, end), which begin at an element of `values`. */
  add(values: ArrayLike<number>, at: number, begin: number, end: number): void {
    for (let y = begin; y < end; y++) {
      const row = Math.floor(y / this.#shrink) * this.width;
      for (let x = 0; x < this.#fullWidth; x++) {
        const value = values[at++]!;
        if (value - value !== 0) continue;
        const to = row + Math.floor(x / this.#shrink);
        this.#sums[to]! += value;
        this.#counts[to]!++;
      }
    }
  }

  /** [height, width], NaN where no pixel of a square has a number. */
  get means(): Float64Array {
    return this.#sums.map((sum, at) => sum / this.#counts[at]!);
  }
}

/** Options of `shrunkBands`. */
export interface ShrinkOptions {
  readonly signal?: AbortSignal;
  /** Strip by strip. */
  readonly onRows?: (done: number, total: number) => void;
}

/**
 * Bands made smaller, each pixel the mean of the numbers in a square of `shrink` × `shrink`, NaN where there is none: [bands, ⌈height / shrink⌉,
 * ⌈width / shrink⌉]. Read once, strip by strip, so that a file larger than memory can be looked at.
 */
export async function shrunkBands(
  image: BandsLike,
  shrink: number,
  { signal, onRows }: ShrinkOptions = {},
): Promise<NdArray<Float32Array<ArrayBuffer>>> {
  if (!Number.isInteger(shrink) || shrink < 1)
    throw new Error(`shrunkBands: shrink must be a whole number from 1, got ${shrink}`);
  const source = bandsOf(image, "shrunkBands");
  const { bands, height, width } = source;
  const made = Array.from({ length: bands }, () => new ShrunkBand(height, width, shrink));
  for (const [begin, end] of stripsOf(source)) {
    signal?.throwIfAborted();
    const rows = await source.rows(begin, end);
    for (const [band, one] of made.entries()) one.add(rows, band * (end - begin) * width, begin, end);
    onRows?.(end, height);
  }
  const [{ height: rows, width: columns }] = made as [ShrunkBand];
  const out = new Float32Array(bands * rows * columns);
  for (const [band, one] of made.entries()) out.set(one.means, band * rows * columns);
  return new NdArray(out, [bands, rows, columns]);
}
