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
    if (!(count >= 0 && count < Infinity))
      throw new Error(`liMa: ${name} must be 0 or more and finite, given ${count}`);
  if (!(alpha > 0 && alpha < Infinity)) throw new Error(`liMa: alpha must be positive and finite, given ${alpha}`);
  const excess = nOn - alpha * nOff;
  if (excess === 0) return { s: 0, signed: 0, excess };
  const all = nOn + nOff;
  const on = nOn === 0 ? 0 : nOn * Math.log((((1 + alpha) / alpha) * nOn) / all);
  const off = nOff === 0 ? 0 : nOff * Math.log(((1 + alpha) * nOff) / all);
  // The two terms nearly cancel for a small excess; rounding may leave less than nothing.
  const s = Math.sqrt(2 * Math.max(0, on + off));
  return { s, signed: Math.sign(excess) * s, excess };
}
