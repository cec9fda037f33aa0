import { NdArray } from "../../ndarray";
import type { RegionStatistics } from "./regions";

/**
 * Statistics of regions of which the members come piece by piece, as from a file larger than memory: counts, places, and float64 sums of the values and of
 * their squares about the first member of each region, which for members far from 0 keep their digits. The same however the members are cut into pieces.
 */
export class RegionSums {
  readonly #bands: number;
  readonly #sizes: Float64Array;
  readonly #places: Float64Array;
  /** The first member of each region, and sums and squares about it, [regions, bands] each. */
  readonly #about: Float64Array;
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;

  constructor(regions: number, bands: number) {
    this.#bands = bands;
    [this.#sizes, this.#places] = [new Float64Array(regions), new Float64Array(2 * regions)];
    const values = (): Float64Array => new Float64Array(regions * bands);
    [this.#about, this.#sums, this.#squares] = [values(), values(), values()];
  }

  /** Adds a member of a region at (x, y): its values are those of `data` from `at` on. Members of −1 count for none. */
  add(region: number, x: number, y: number, data: ArrayLike<number>, at: number): void {
    if (region < 0) return;
    const from = region * this.#bands;
    if (this.#sizes[region]!++ === 0) for (let b = 0; b < this.#bands; b++) this.#about[from + b] = data[at + b]!;
    this.#places[2 * region]! += x;
    this.#places[2 * region + 1]! += y;
    for (let b = 0; b < this.#bands; b++) {
      const moved = data[at + b]! - this.#about[from + b]!;
      this.#sums[from + b]! += moved;
      this.#squares[from + b]! += moved * moved;
    }
  }

  /** What was added so far; NaN of regions without members. */
  statistics(): RegionStatistics {
    const bands = this.#bands;
    const regions = this.#sizes.length;
    const sizeOf = (at: number): number => this.#sizes[Math.floor(at / bands)]!;
    const means = this.#sums.map((sum, at) => this.#about[at]! + sum / sizeOf(at));
    const deviations = this.#squares.map((square, at) => {
      const n = sizeOf(at);
      return n > 0 ? Math.sqrt(Math.max(0, square - this.#sums[at]! ** 2 / n) / Math.max(1, n - 1)) : NaN;
    });
    return {
      ...{ sizes: this.#sizes.slice(), means: new NdArray(means, [regions, bands]) },
      deviations: new NdArray(deviations, [regions, bands]),
      centers: new NdArray(
        this.#places.map((sum, i) => sum / this.#sizes[i >> 1]!),
        [regions, 2],
      ),
    };
  }
}
