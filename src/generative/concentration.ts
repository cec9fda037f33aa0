// How much of an object's light is near its middle: what tells stars from galaxies when nothing is learned.
import { generate } from "../typed-arrays";

/** Radii in pixels of the inner and the outer aperture. */
const [INNER, OUTER] = [2.6, 6];

/** The share of the light within 6 pixels of the middle that is within 2.6, of stamps [channels, s, s] one after the other: in r, or in the one channel. */
export function concentrations(stamps: Float32Array, [channels, side]: readonly number[]): Float64Array {
  const area = side! * side!;
  const middle = (side! - 1) / 2;
  const band = channels! > 2 ? 2 : 0;
  return generate(Float64Array, stamps.length / (channels! * area), (i) => {
    let [inner, outer] = [0, 0];
    for (let p = 0; p < area; p++) {
      const distance = Math.hypot(Math.floor(p / side!) - middle, (p % side!) - middle);
      const value = stamps[(i * channels! + band) * area + p]!;
      if (distance <= INNER) inner += value;
      if (distance <= OUTER) outer += value;
    }
    return outer > 0 ? Math.min(1, Math.max(0, inner / outer)) : 0;
  });
}

/** Pearson's correlation; 0 where either is constant. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const mean = (x: ArrayLike<number>): number => Array.from(x).reduce((sum, value) => sum + value, 0) / x.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [da, db] = [a[i]! - ma, b[i]! - mb];
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}
