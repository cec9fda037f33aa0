import { MOFFAT, SERSIC } from "./profiles";

/** The bands, as SDSS has them. */
export const BANDS = ["u", "g", "r", "i", "z"] as const;
/** Seeing of each band over that of r. */
const SEEING = [1.1, 1.04, 1, 0.97, 0.98];

/** Shape and place of a source. */
export interface SourceShape {
  /** Effective radius along the major axis in pixels; 0 is a point. */
  readonly effectiveRadius: number;
  /** Sérsic index: 0.5, 1, 2 or 4. */
  readonly sersicIndex: number;
  /** Minor over major axis. */
  readonly axisRatio: number;
  /** Of the major axis, from +x to +y, in radians. */
  readonly angle: number;
  /** Centre in pixels: x along rows, y down columns, (0, 0) the centre of the first pixel. */
  readonly x: number;
  readonly y: number;
  /** FWHM of a point source in r, in pixels. */
  readonly fwhm: number;
}

/** Adds a Gaussian of a given weight and covariance [[xx, xy], [xy, yy]] at (x, y) to a plane of side `size`, by values at pixel centres. */
function addGaussian(
  plane: Float64Array,
  size: number,
  { x, y }: SourceShape,
  weight: number,
  [xx, xy, yy]: readonly [number, number, number],
): void {
  const determinant = xx * yy - xy * xy;
  const peak = weight / (2 * Math.PI * Math.sqrt(determinant));
  const [a, b, c] = [yy / determinant, -xy / determinant, xx / determinant];
  const shrink = Math.exp(-a);
  for (let row = 0; row < size; row++) {
    const dy = row - y;
    // from the brightest pixel of the row outwards: ratios of neighbours fall by a constant factor, and nothing underflows before it is 0
    const start = Math.min(size - 1, Math.max(0, Math.round(x - (b / a) * dy)));
    const dx = start - x;
    const value = peak * Math.exp(-0.5 * (a * dx * dx + 2 * b * dx * dy + c * dy * dy));
    if (value === 0) continue;
    const base = row * size;
    plane[base + start]! += value;
    for (const step of [1, -1]) {
      let current = value;
      let ratio = Math.exp(-a * (step * dx + 0.5) - step * b * dy);
      for (let column = start + step; column >= 0 && column < size; column += step) {
        current *= ratio;
        ratio *= shrink;
        plane[base + column]! += current;
      }
    }
  }
}

/**
 * A source of flux 1 in each band without noise, [5, size, size]: its Sérsic profile and the Moffat seeing as sums of Gaussians, whose covariances
 * add; values at pixel centres. @throws for a Sérsic index without a profile, and sizes that make no sense
 */
export function renderSource(shape: SourceShape, size: number): Float64Array {
  const { effectiveRadius, sersicIndex, axisRatio, angle, fwhm } = shape;
  const profile = SERSIC.get(sersicIndex);
  if (!profile)
    throw new Error(
      `renderSource: the Sersic index must be one of ${[...SERSIC.keys()].join(", ")}, got ${sersicIndex}`,
    );
  if (!(effectiveRadius >= 0) || !(axisRatio > 0) || !(fwhm > 0) || !Number.isInteger(size) || size < 1)
    throw new Error(
      `renderSource: the radius must be 0 or more, axis ratio, fwhm and size positive, got ${effectiveRadius}, ${axisRatio}, ${fwhm}, ${size}`,
    );
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const q2 = axisRatio * axisRatio;
  const [xx, xy, yy] = [cos * cos + q2 * sin * sin, cos * sin * (1 - q2), sin * sin + q2 * cos * cos];
  const stamp = new Float64Array(BANDS.length * size * size);
  const parts = effectiveRadius === 0 ? [{ sigma: 0, weight: 1 }] : profile;
  for (const [band, factor] of SEEING.entries()) {
    const plane = stamp.subarray(band * size * size, (band + 1) * size * size);
    for (const { sigma, weight } of parts) {
      const scale = (effectiveRadius * sigma) ** 2;
      for (const seeing of MOFFAT) {
        const round = (fwhm * factor * seeing.sigma) ** 2;
        addGaussian(plane, size, shape, weight * seeing.weight, [scale * xx + round, scale * xy, scale * yy + round]);
      }
    }
  }
  return stamp;
}
