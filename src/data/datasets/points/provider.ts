import { checkNames } from "../../../checks";
import { NdArray } from "../../../ndarray";
import type { Random } from "../../../random";
import type { SetBatch, SetPart, SetProvider } from "../sets/provider";
import { generatePoints } from "./generate";

/** Options of `PointsProvider`. */
export interface PointsProviderOptions {
  /** Fewest clusters of a set. Default 1. */
  readonly kMin?: number;
  /** Most clusters of a set. Default 5. */
  readonly kMax?: number;
  /** How frequent sets of kMin, kMin + 1, …, kMax clusters are among those for training, in any unit. Default: all alike. */
  readonly frequencies?: readonly number[];
  /** As of `generatePoints`. Default false. */
  readonly overlapping?: boolean;
  /** Bring every set to mean 0 and variance 1 by `standardizePoints`. Default true. */
  readonly standardize?: boolean;
}

/** Fresh sets of `generatePoints` without end, of the same kind for training, validation and test; numbers of clusters are uniform but where told. */
export class PointsProvider implements SetProvider {
  readonly itemShape = [2] as const;
  readonly kMin: number;
  readonly kMax: number;
  readonly frequencies: readonly number[] | undefined;
  readonly overlapping: boolean;
  readonly standardize: boolean;

  /** @throws unless kMin and kMax are whole numbers from 1, kMin the lower one, and there is a frequency from 0 for each, if any */
  constructor(options: PointsProviderOptions = {}) {
    checkNames<PointsProviderOptions>("PointsProvider", options, {
      kMin: true,
      kMax: true,
      frequencies: true,
      overlapping: "flag",
      standardize: "flag",
    });
    const { kMin = 1, kMax = 5, frequencies, overlapping = false, standardize = true } = options;
    if (!Number.isInteger(kMin) || !Number.isInteger(kMax) || kMin < 1 || kMin > kMax)
      throw new Error(
        `PointsProvider: kMin and kMax must be whole numbers, 1 <= kMin <= kMax, got ${kMin} and ${kMax}`,
      );
    if (
      frequencies &&
      (frequencies.length !== kMax - kMin + 1 || !frequencies.every((f) => f >= 0) || !(sum(frequencies) > 0))
    )
      throw new Error(
        `PointsProvider: frequencies must be ${kMax - kMin + 1} numbers from 0, one above it, got ${JSON.stringify(frequencies)}`,
      );
    this.kMin = kMin;
    this.kMax = kMax;
    this.frequencies = frequencies;
    this.overlapping = overlapping;
    this.standardize = standardize;
  }

  /** @throws when sets are shorter than kMax */
  sample(part: SetPart, batch: number, length: number, random: Random): SetBatch {
    if (length < this.kMax)
      throw new Error(`PointsProvider: sets of ${this.kMax} clusters need as many points, length ${length}`);
    const items = new Float32Array(batch * length * 2);
    const labels = new Int32Array(batch * length);
    const counts = new Int32Array(batch);
    for (let b = 0; b < batch; b++) {
      const k = this.#draw(part, random);
      const set = generatePoints({ k, n: length, random, overlapping: this.overlapping });
      if (this.standardize) standardizePoints(set.points.data);
      items.set(set.points.data, b * length * 2);
      labels.set(set.labels, b * length);
      counts[b] = k;
    }
    return { items: new NdArray(items, [batch, length, 2]), labels, counts };
  }

  /** A number of clusters. */
  #draw(part: SetPart, random: Random): number {
    const { kMin, kMax, frequencies } = this;
    if (part !== "train" || !frequencies) return kMin + random.integer(kMax - kMin + 1);
    let rest = random.uniform() * sum(frequencies);
    const drawn = frequencies.findIndex((frequency) => (rest -= frequency) < 0);
    return drawn < 0 ? kMax : kMin + drawn;
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/**
 * Shifts points to mean 0 and scales both axes alike, so that the mean of their two variances is 1: shapes stay what they are.
 * Points that all coincide become 0.
 * @param points x, y, x, y, …; changed in place
 */
export function standardizePoints(points: Float32Array): void {
  const n = points.length / 2;
  const center = [0, 0];
  points.forEach((value, i) => (center[i % 2]! += value / n));
  let squares = 0;
  points.forEach((value, i) => (squares += (value - center[i % 2]!) ** 2));
  const scale = squares > 0 ? 1 / Math.sqrt(squares / (2 * n)) : 0;
  points.forEach((value, i) => (points[i] = scale * (value - center[i % 2]!)));
}
