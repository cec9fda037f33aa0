// Weights of points in k-means: loaded when some are given.
import type { Random } from "../../random";

/** Weights as the passes take them. */
export interface SampleWeight {
  /** [n] */
  readonly weights: Float32Array<ArrayBuffer>;
  /** Their sum. */
  readonly total: number;
  /** Those of some rows; of all, where none are named. */
  of(rows?: Uint32Array): Float32Array;
  /** k different rows, each draw in proportion to the weights of those left. */
  draw(k: number, random: Random): Uint32Array<ArrayBuffer>;
}

/** Of positive weights, on average: with points of ordinary size their sums stay in float32. */
const [LEAST, MOST] = [1e-12, 1e12];

/** @throws unless there is a number for each point, finite, not negative, and positive for as many as there are clusters */
export function takeWeights(given: ArrayLike<number>, n: number, k: number): SampleWeight {
  const op = "KMeans.fit";
  if (given.length !== n)
    throw new Error(`${op}: sampleWeight must have a number for each of ${n} points, got ${given.length}`);
  let [total, positive] = [0, 0];
  for (let i = 0; i < n; i++) {
    const weight = given[i]!;
    if (!(weight >= 0 && weight < Infinity))
      throw new Error(`${op}: sampleWeight must be finite and not negative, got ${weight} at row ${i}`);
    total += weight;
    if (weight > 0) positive++;
  }
  if (positive < k)
    throw new Error(`${op}: ${k} clusters need as many points whose sampleWeight is positive, got ${positive}`);
  const mean = total / positive;
  if (!(mean >= LEAST && mean <= MOST))
    throw new Error(`${op}: the positive of sampleWeight must be from ${LEAST} to ${MOST} on average, got ${mean}`);
  const weights = Float32Array.from(given);
  return {
    ...{ weights, total },
    of: (rows) => {
      if (!rows) return weights;
      const own = new Float32Array(rows.length);
      for (let i = 0; i < own.length; i++) own[i] = weights[rows[i]!]!;
      return own;
    },
    draw: (count, random) => weightedRows(weights, count, random),
  };
}

/** Efraimidis and Spirakis, "Weighted random sampling with a reservoir", Information Processing Letters 97 (2006). */
function weightedRows(weights: Float32Array, k: number, random: Random): Uint32Array<ArrayBuffer> {
  const keys = new Float64Array(weights.length);
  for (let i = 0; i < keys.length; i++) keys[i] = -Math.log(1 - random.uniform()) / weights[i]!;
  const order = Uint32Array.from(keys.keys()).sort((a, b) => keys[a]! - keys[b]! || a - b);
  return order.slice(0, k);
}
