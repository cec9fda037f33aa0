import type { Random } from "../../../random";
import { factCamera, type HexagonalCamera } from "./camera";
import type { Hillas } from "./hillas";

/** What an ellipse of light is drawn from: `hillas` gives it back, but for chance. */
export type Ellipse = Pick<Hillas, "size" | "x" | "y" | "length" | "width" | "angle"> &
  Partial<Pick<Hillas, "skewness">>;

/** An arc of a ring of light, as muons make. */
export interface Ring {
  readonly size: number;
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** Standard deviation of its thickness. */
  readonly width: number;
  /** Where the arc begins and how far it goes, radians. */
  readonly begin: number;
  readonly extent: number;
}

/** What the camera adds to the photons. */
export interface Noise {
  /** Photons of the night sky in each pixel, on average; they are taken off again as the pedestal (default 0.6). */
  readonly nightSky?: number;
  /** Standard deviation of the electronics, photons (default 0.25). */
  readonly electronics?: number;
  /** Variance that crosstalk and the spread of the gain add for each photon (default 0.15). */
  readonly excess?: number;
}

/**
 * Draws one shower as an ellipse of photons on a camera, without noise: Poisson(size) photons, normal across the axis and of the given skewness along
 * it. The pixels' own size is taken off the ellipse's first, so that the picture's Hillas parameters are those asked for.
 * @param source the point that a positive skewness has its tail away from
 * @throws for parameters that are not finite, and for a size, length or width below 0
 */
export function drawHillas(
  ellipse: Ellipse,
  random: Random,
  camera: HexagonalCamera = factCamera(),
  source: readonly [number, number] = [0, 0],
): Float32Array {
  for (const [name, value] of Object.entries(ellipse))
    if (!Number.isFinite(value) || (value < 0 && ["size", "length", "width"].includes(name)))
      throw new Error(
        `drawHillas: ${name} must be finite${name === "size" || name === "length" || name === "width" ? " and 0 or more" : ""}, got ${value}`,
      );
  const counts = new Float32Array(camera.x.length);
  // the variance of a hexagon along an axis is 5/72 of its pitch squared
  const pixel = (5 / 72) * camera.pitch ** 2;
  const trim = (sigma: number): number => Math.sqrt(Math.max(0, sigma * sigma - pixel));
  scatterEllipse(
    counts,
    camera,
    random,
    { ...ellipse, length: trim(ellipse.length), width: trim(ellipse.width) },
    source,
  );
  return counts;
}

/** Adds an ellipse's photons to counts; returns how many the camera caught. */
export function scatterEllipse(
  counts: Float32Array,
  camera: HexagonalCamera,
  random: Random,
  { size, x, y, length, width, angle, skewness = 0 }: Ellipse,
  source: readonly [number, number] = [0, 0],
): number {
  const [ux, uy] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  const away = (x - source[0]) * ux + (y - source[1]) * uy < 0 ? -1 : 1;
  const along = skewed(skewness, random);
  let caught = 0;
  for (let photon = poisson(size, random); photon > 0; photon--) {
    const t = away * length * along();
    const s = width * random.normal();
    const pixel = camera.pixelAt(x + t * ux - s * uy, y + t * uy + s * ux);
    if (pixel < 0) continue;
    counts[pixel]!++;
    caught++;
  }
  return caught;
}

/** Adds a ring's photons to counts; returns how many the camera caught. */
export function scatterRing(
  counts: Float32Array,
  camera: HexagonalCamera,
  random: Random,
  { size, x, y, radius, width, begin, extent }: Ring,
): number {
  let caught = 0;
  for (let photon = poisson(size, random); photon > 0; photon--) {
    const angle = begin + extent * random.uniform();
    const r = radius + width * random.normal();
    const pixel = camera.pixelAt(x + r * Math.cos(angle), y + r * Math.sin(angle));
    if (pixel < 0) continue;
    counts[pixel]!++;
    caught++;
  }
  return caught;
}

/** Adds the night sky, the photosensors' excess noise and the electronics' to photon counts, and takes the pedestal off: noise alone has mean 0. */
export function addNoise(counts: Float32Array, random: Random, noise: Noise = {}): void {
  const { nightSky = 0.6, electronics = 0.25, excess = 0.15 } = noise;
  for (let photon = poisson(nightSky * counts.length, random); photon > 0; photon--)
    counts[random.integer(counts.length)]!++;
  const normals = new Float32Array(counts.length);
  random.fillNormal(normals);
  for (let pixel = 0; pixel < counts.length; pixel++) {
    const count = counts[pixel]!;
    counts[pixel] = count - nightSky + normals[pixel]! * Math.sqrt(electronics * electronics + excess * count);
  }
}

/** A Poisson number: by products of uniforms (Knuth) up to 30 at a time, beyond by its normal limit from a mean of 1,000. */
export function poisson(mean: number, random: Random): number {
  if (mean > 1000) return Math.max(0, Math.round(mean + Math.sqrt(mean) * random.normal()));
  let total = 0;
  for (let rest = mean; rest > 0; rest -= 30) {
    const floor = Math.exp(-Math.min(rest, 30));
    for (let product = random.uniform(); product > floor; product *= random.uniform()) total++;
  }
  return total;
}

/** Draws numbers of mean 0, variance 1 and the given skewness: normal for 0, else a shifted log-normal (Johnson 1949, S_L). */
function skewed(skewness: number, random: Random): () => number {
  if (Math.abs(skewness) < 1e-3) return () => random.normal();
  const square = skewness * skewness;
  const root = Math.abs(skewness) * Math.sqrt(1 + square / 4);
  // (w + 2)² (w - 1) = skewness²
  const w = Math.cbrt(1 + square / 2 + root) + Math.cbrt(1 + square / 2 - root) - 1;
  const tau = Math.sqrt(Math.log(w));
  const scale = 1 / Math.sqrt(w * (w - 1));
  const mean = Math.sqrt(w);
  return () => Math.sign(skewness) * scale * (Math.exp(tau * random.normal()) - mean);
}
