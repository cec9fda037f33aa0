import { toLabels, type MatrixLike } from "../matrix";
import { toVector, type Labels } from "./labels";

/** Result of `liMa`. */
export interface Significance {
  /** Significance in standard deviations, 0 or more. */
  readonly s: number;
  /** The same with the sign of the excess. */
  readonly signed: number;
  /** n_on − α n_off, events. */
  readonly excess: number;
}

/**
 * Li–Ma significance of a signal: nOn events in the source region, nOff in the background regions, alpha = exposure on / exposure off
 * (0.2 for five off regions).
 * S = √2 · √(n_on ln[(1 + α)/α · n_on/(n_on + n_off)] + n_off ln[(1 + α) · n_off/(n_on + n_off)]), with 0 ln 0 = 0; 0 without excess.
 * Throws for counts that are negative or not finite, and for α that is not positive.
 * Li, Ma, Analysis methods for results in gamma-ray astronomy, 1983, eq. 17.
 */
export function liMa(nOn: number, nOff: number, alpha: number): Significance {
  for (const [name, count] of Object.entries({ nOn, nOff }))
    if (!(count >= 0 && count < Infinity)) throw new Error(`liMa: ${name} must be 0 or more and finite, got ${count}`);
  if (!(alpha > 0 && alpha < Infinity)) throw new Error(`liMa: alpha must be positive and finite, got ${alpha}`);
  const excess = nOn - alpha * nOff;
  if (excess === 0) return { s: 0, signed: 0, excess };
  const all = nOn + nOff;
  const on = nOn === 0 ? 0 : nOn * Math.log((((1 + alpha) / alpha) * nOn) / all);
  const off = nOff === 0 ? 0 : nOff * Math.log(((1 + alpha) * nOff) / all);
  // The two terms nearly cancel for a small excess; rounding may leave less than nothing.
  const s = Math.sqrt(2 * Math.max(0, on + off));
  return { s, signed: Math.sign(excess) * s, excess };
}

/** Thresholds of the gamma score that `significanceSweep` tries: 0.40, 0.45, …, 0.95, 0.99. */
export const SIGNIFICANCE_THRESHOLDS: readonly number[] = [
  ...Array.from({ length: 12 }, (_, i) => (40 + 5 * i) / 100),
  0.99,
];

/** One threshold of a sweep. */
export interface SweepPoint extends Significance {
  readonly threshold: number;
  /** Events of the ON region, and of the OFF regions together, that reach the threshold. */
  readonly nOn: number;
  readonly nOff: number;
}

/** Options of `significanceSweep`. */
export interface SweepOptions {
  /** Exposure on / exposure off (default 0.2, for five off regions). */
  readonly alpha?: number;
  /** Default: `SIGNIFICANCE_THRESHOLDS`. */
  readonly thresholds?: ArrayLike<number>;
}

/**
 * Significance of a source after the cut score ≥ threshold, for each threshold: counts the events that pass in the ON region and in the OFF regions
 * and takes Li and Ma's S of them. `best` is the point of the largest signed S, the lowest threshold of equals.
 * @param scores one a event, larger for gammas: the probability of being one
 * @param regions one a event: 0 for ON, 1, 2, … for the OFF regions, below 0 for events in none
 * @throws for scores that are not finite, and regions that are no integers or not as many
 */
export function significanceSweep(
  scores: MatrixLike,
  regions: Labels,
  { alpha = 0.2, thresholds = SIGNIFICANCE_THRESHOLDS }: SweepOptions = {},
): { points: SweepPoint[]; best: SweepPoint } {
  const op = "significanceSweep";
  const score = toVector(scores, op, "scores");
  const region = toLabels(regions, op, "regions");
  if (score.length !== region.length)
    throw new Error(`${op}: there must be one region for each of ${score.length} scores, got ${region.length}`);
  if (thresholds.length === 0) throw new Error(`${op}: thresholds is empty`);
  for (let event = 0; event < score.length; event++)
    if (!Number.isFinite(score[event]))
      throw new Error(`${op}: scores must be finite, got ${score[event]} at ${event}`);
  const points = Array.from(thresholds, (threshold): SweepPoint => {
    if (!Number.isFinite(threshold)) throw new Error(`${op}: thresholds must be finite, got ${threshold}`);
    let [nOn, nOff] = [0, 0];
    for (let event = 0; event < score.length; event++) {
      if (!(score[event]! >= threshold)) continue;
      if (region[event] === 0) nOn++;
      else if (region[event]! > 0) nOff++;
    }
    return { threshold, nOn, nOff, ...liMa(nOn, nOff, alpha) };
  });
  return { points, best: points.reduce((best, point) => (point.signed > best.signed ? point : best)) };
}
