import { checkInteger } from "../checks";
import { bimodal } from "../ops/generative/mixture";
import type { Bimodal } from "../ops/generative/mixture";

/** erfc x for x ≥ 0 in float64: a series below 2, Lentz's continued fraction above. Abramowitz & Stegun 7.1.6 and 7.1.14. */
function erfc(x: number): number {
  if (x < 2) {
    let term = x;
    let total = x;
    for (let k = 1; Math.abs(term) > 1e-17 * total; k++) {
      term *= (2 * x * x) / (2 * k + 1);
      total += term;
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
  }
  let tail = x;
  for (let k = 60; k > 0; k--) tail = x + k / 2 / tail;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / tail;
}

/** P(N(0, 1) > x), to 1e-15 of itself for x ≥ 0. */
const upperTail = (x: number): number => (x >= 0 ? erfc(x / Math.SQRT2) / 2 : 1 - erfc(-x / Math.SQRT2) / 2);

/**
 * A sample of the prior ½N(−m, s²) + ½N(m, s²) without noise: q_i with F(q_i) = (i + ½)/n, i = 0 … n − 1, by bisection in float64; exactly
 * symmetric, so that the middle one of an odd number is 0. @throws unless n is a positive whole number
 */
export function mixtureQuantiles(n: number, prior: Bimodal = {}): Float64Array {
  checkInteger("mixtureQuantiles", { n }, 1);
  const { m, s } = bimodal("mixtureQuantiles", prior);
  const quantiles = new Float64Array(n);
  const above = (x: number): number => (upperTail((x - m) / s) + upperTail((x + m) / s)) / 2;
  for (let i = Math.floor(n / 2); i < n; i++) {
    if (2 * i + 1 === n) continue;
    const share = (n - i - 0.5) / n;
    let [low, high] = [0, m + 40 * s];
    while (true) {
      const middle = (low + high) / 2;
      if (middle <= low || middle >= high) break;
      if (above(middle) > share) low = middle;
      else high = middle;
    }
    quantiles[i] = high;
    quantiles[n - 1 - i] = -high;
  }
  return quantiles;
}
