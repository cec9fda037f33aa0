import { checkChoice, checkRange } from "../checks";
import type { MatrixLike } from "../matrix";
import { toVector } from "./labels";

/** Options of `thresholdAtPrior`. */
export interface ThresholdOptions {
  /** The side of the scores that is labelled 1; default high. */
  readonly side?: "high" | "low";
}

/** A cut through scores where a known share of them lies on one side. */
export interface PriorThreshold {
  /** 1 for the k samples furthest on that side, else 0; of equal scores the earlier samples. */
  readonly labels: Uint8Array;
  /** ⌊prior · n + ½⌋ */
  readonly k: number;
  /** Half way between the k-th and the next score; NaN where all samples lie on one side. */
  readonly threshold: number;
}

/**
 * Labels by scores [n] where the share of positives is known but no label is: the ⌊prior · n + ½⌋ samples furthest on the side `side`.
 * @throws when scores are NaN or missing, or the prior is not from 0 to 1
 */
export function thresholdAtPrior(
  score: MatrixLike,
  prior: number,
  { side = "high" }: ThresholdOptions = {},
): PriorThreshold {
  const values = Float64Array.from(toVector(score, "thresholdAtPrior", "score"));
  checkRange("thresholdAtPrior", { prior }, 0, 1);
  checkChoice("thresholdAtPrior", { side }, ["high", "low"]);
  const n = values.length;
  const at = values.findIndex(Number.isNaN);
  if (n === 0 || at >= 0)
    throw new Error(`thresholdAtPrior: scores must be numbers, got ${n === 0 ? "none" : `NaN at ${at}`}`);
  const sign = side === "high" ? -1 : 1;
  const order = Uint32Array.from(values.keys()).sort((a, b) => sign * (values[a]! - values[b]!) || a - b);
  const k = Math.floor(prior * n + 0.5);
  const labels = new Uint8Array(n);
  for (const i of order.subarray(0, k)) labels[i] = 1;
  const threshold = k > 0 && k < n ? (values[order[k - 1]!]! + values[order[k]!]!) / 2 : NaN;
  return { labels, k, threshold };
}
