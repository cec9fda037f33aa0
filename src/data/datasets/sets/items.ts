import { toContiguous, type MatrixLike } from "../../../matrix";
import { sizeOf, type TypedArray } from "../../../ndarray";
import type { Random } from "../../../random";

/** How items are made of what is stored. */
export interface ItemOptions {
  /** Values are handed out as factor · value + term: [2 / 255, -1] turns bytes into -1 … 1. Default [1, 0]. */
  readonly affine?: readonly [factor: number, term: number];
  /** Items of `train` are mirrored along their last axis with probability 1/2. Default false. */
  readonly mirror?: boolean;
  /** Only a window of this many steps of the last axis is handed out, from a random place: a stretch of a longer recording. */
  readonly window?: number;
  /** Steps of the last axis that are used of each item, where recordings differ in length. Default: all. */
  readonly steps?: ArrayLike<number>;
}

/** Examples that sets are made of: [n, …], kept in the type they come in. */
export class Items {
  /** Number of examples. */
  readonly count: number;
  /** Shape of an item as it is handed out. */
  readonly shape: readonly number[];
  readonly #data: TypedArray;
  readonly #rows: number;
  readonly #width: number;
  readonly #options: ItemOptions;

  /** @throws for values that are no numbers, for NaN and infinities, and for settings that do not fit */
  constructor(op: string, x: MatrixLike, options: ItemOptions) {
    const { data, shape } = toContiguous(x, op, "items");
    const [count = 0, ...stored] = shape;
    if (shape.length < 2 || sizeOf(shape) === 0)
      throw new Error(`${op}: items must be an array [n, …] that is not empty, got shape [${shape.join(", ")}]`);
    if (data instanceof BigInt64Array || data instanceof BigUint64Array)
      throw new Error(`${op}: items must be numbers of at most 32 bits or floats, got 64-bit integers`);
    if (data instanceof Float32Array || data instanceof Float64Array) {
      const at = (data as Float64Array).findIndex((v) => !Number.isFinite(v));
      if (at >= 0)
        throw new Error(
          `${op}: items must be finite, got ${data[at]} in item ${Math.floor((at * count) / data.length)} of ${count}`,
        );
    }
    const width = stored[stored.length - 1]!;
    const { window, steps, affine = [1, 0] } = options;
    if (!affine.every(Number.isFinite))
      throw new Error(`${op}: affine must be two finite numbers, got [${affine.join()}]`);
    if (steps && steps.length !== count)
      throw new Error(`${op}: steps must be one number an item, got ${steps.length} for ${count} items`);
    if (steps && window === undefined) throw new Error(`${op}: items of different length need a window`);
    const shortest = steps ? Array.from(steps).reduce((a, b) => Math.min(a, b), width) : width;
    if (window !== undefined && !(Number.isInteger(window) && window >= 1 && window <= shortest))
      throw new Error(
        `${op}: window must be a whole number from 1 to ${shortest}, the steps of the shortest item, got ${window}`,
      );
    if (steps && !Array.from(steps).every((n) => Number.isInteger(n) && n <= width))
      throw new Error(`${op}: steps must be whole numbers of at most ${width}, the size of the last axis`);
    this.count = count;
    this.shape = [...stored.slice(0, -1), window ?? width];
    this.#data = data;
    this.#rows = sizeOf(stored) / width;
    this.#width = width;
    this.#options = options;
  }

  /** How many different items example i can be handed out as, not counting mirrored ones. */
  variety(i: number): number {
    const { window, steps } = this.#options;
    return window === undefined ? 1 : (steps?.[i] ?? this.#width) - window + 1;
  }

  /** Writes example i to `out` from element `to` on. */
  put(i: number, out: Float32Array, to: number, training: boolean, random: Random): void {
    const { affine = [1, 0], mirror = false, window } = this.#options;
    const [factor, term] = affine;
    const taken = window ?? this.#width;
    const first = window === undefined ? 0 : random.integer(this.variety(i));
    const mirrored = mirror && training && random.uniform() < 0.5;
    const data = this.#data as Float32Array;
    for (let row = 0; row < this.#rows; row++) {
      const from = (i * this.#rows + row) * this.#width + first;
      const at = to + row * taken;
      if (mirrored) for (let t = 0; t < taken; t++) out[at + t] = factor * data[from + taken - 1 - t]! + term;
      else for (let t = 0; t < taken; t++) out[at + t] = factor * data[from + t]! + term;
    }
  }
}
