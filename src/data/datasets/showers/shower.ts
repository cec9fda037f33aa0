import type { Random } from "../../../random";
import type { HexagonalCamera } from "./camera";
import { scatterEllipse, scatterRing } from "./photons";

/** One shower before the camera's noise. */
export interface Shower {
  /** Photons in each pixel. */
  readonly counts: Float32Array;
  /** Photons that the camera caught, and how many of them were a muon's. */
  readonly caught: number;
  readonly muon: number;
  /** TeV */
  readonly energy: number;
  /** Distance of the shower's axis from the telescope on the ground, m. */
  readonly impact: number;
}

/** Photons that the camera must catch of a shower to record it. */
export const TRIGGER = 120;
/** Photons per TeV in the light pool. */
const GAMMA_YIELD = 350;
const HADRON_YIELD = 130;
/** Spectral indices and bounds in TeV. */
const GAMMA_SPECTRUM = { index: 2.6, low: 0.3, high: 15 };
const HADRON_SPECTRUM = { index: 2.7, low: 0.8, high: 40 };
/** Radius of the light pool, and how the light falls off outside, m. */
const POOL = 120;
const FALL_OFF = 65;
const FARTHEST = 320;
const DEGREES = 180 / Math.PI;

/** A gamma shower from a direction of the camera (degrees), or undefined where the telescope would not trigger. */
export function gammaShower(
  camera: HexagonalCamera,
  random: Random,
  direction: readonly [number, number],
): Shower | undefined {
  const { energy, impact, azimuth } = axis(GAMMA_SPECTRUM, random);
  const size = GAMMA_YIELD * energy * lightPool(impact) * logNormal(0.25, random);
  const tail = logNormal(0.16, random);
  const slim = logNormal(0.17, random);
  const height = Math.max(3000, 7500 - 900 * Math.log(energy) + 1000 * random.normal());
  if (size < 0.7 * TRIGGER) return undefined;
  const dist = Math.atan(impact / height) * DEGREES;
  const counts = new Float32Array(camera.x.length);
  const growth = 1 + 0.07 * Math.log(energy);
  const ellipse = {
    ...place(direction, dist, azimuth),
    size,
    length: Math.hypot(0.13, 0.15 * dist) * growth * tail,
    width: 0.085 * growth * slim,
    skewness: 0.5,
    angle: azimuth * DEGREES + 3 * random.normal(),
  };
  const caught = scatterEllipse(counts, camera, random, ellipse, direction);
  return caught < TRIGGER ? undefined : { counts, caught, muon: 0, energy, impact };
}

/**
 * A hadron shower: a wide halo, some electromagnetic sub-showers beside each other, the strongest of which may outshine the rest and look like a gamma, and
 * at times the ring or arc of a muon that fell near the telescope.
 */
export function hadronShower(
  camera: HexagonalCamera,
  random: Random,
  direction: readonly [number, number],
): Shower | undefined {
  const { energy, impact, azimuth } = axis(HADRON_SPECTRUM, random);
  const size = HADRON_YIELD * energy * lightPool(impact) * logNormal(0.5, random);
  const height = Math.max(3000, 7500 - 900 * Math.log(energy / 3) + 1800 * random.normal());
  if (size < 0.5 * TRIGGER) return undefined;
  const dist = Math.atan(impact / height) * DEGREES;
  const counts = new Float32Array(camera.x.length);
  const angle = azimuth * DEGREES;
  const centre = place(direction, dist, azimuth);
  const clumpiness = random.uniform() ** 1.6;
  const halo = 0.45 * clumpiness;
  const spread = 0.05 + 0.3 * clumpiness;
  let caught = scatterEllipse(
    counts,
    camera,
    random,
    { ...centre, size: halo * size, length: 0.4 * logNormal(0.2, random), width: 0.25 * logNormal(0.2, random), angle },
    direction,
  );
  const parts = Array.from(
    { length: 1 + random.integer(1 + Math.round(5 * clumpiness)) },
    () => -Math.log(1 - random.uniform()),
  );
  const total = parts.reduce((sum, part) => sum + part, 0);
  for (const part of parts) {
    const [along, across] = [1.3 * spread * random.normal(), spread * random.normal()];
    const [c, s] = [Math.cos(azimuth), Math.sin(azimuth)];
    caught += scatterEllipse(
      counts,
      camera,
      random,
      {
        x: centre.x + along * c - across * s,
        y: centre.y + along * s + across * c,
        size: ((1 - halo) * size * part) / total,
        length: Math.hypot(0.14, 0.12 * dist) * logNormal(0.25, random),
        width: 0.1 * logNormal(0.2, random),
        skewness: 0.4,
        angle: angle + 60 * spread * random.normal(),
      },
      direction,
    );
  }
  const muon = random.uniform() < 0.4 ? muonRing(counts, camera, random, centre) : 0;
  caught += muon;
  return caught < TRIGGER ? undefined : { counts, caught, muon, energy, impact };
}

/** The ring, or an arc of it, of a muon: its radius is the Cherenkov angle, 1.23 degrees at most; the arc is shorter the farther it fell. */
function muonRing(
  counts: Float32Array,
  camera: HexagonalCamera,
  random: Random,
  near: { x: number; y: number },
): number {
  const radius = 0.6 + 0.6 * Math.sqrt(random.uniform());
  const arc = 0.15 + 0.85 * random.uniform();
  return scatterRing(counts, camera, random, {
    size: 180 * radius * arc,
    x: near.x + 0.7 * random.normal(),
    y: near.y + 0.7 * random.normal(),
    ...{ radius, width: 0.05, begin: 2 * Math.PI * random.uniform(), extent: 2 * Math.PI * arc },
  });
}

/** Energy by the power law, impact distance uniform over the ground, azimuth of the impact. */
function axis(
  { index, low, high }: typeof GAMMA_SPECTRUM,
  random: Random,
): { energy: number; impact: number; azimuth: number } {
  const power = 1 - index;
  const u = random.uniform();
  const energy = (low ** power + u * (high ** power - low ** power)) ** (1 / power);
  return { energy, impact: FARTHEST * Math.sqrt(random.uniform()), azimuth: 2 * Math.PI * random.uniform() };
}

/** Light on the ground by the distance from the axis, relative to the pool's. */
const lightPool = (impact: number): number => (impact < POOL ? 1 : Math.exp(-(impact - POOL) / FALL_OFF));

/** The centre of an image: away from its direction towards where the axis hits the ground. */
const place = ([x, y]: readonly [number, number], dist: number, azimuth: number): { x: number; y: number } => ({
  x: x + dist * Math.cos(azimuth),
  y: y + dist * Math.sin(azimuth),
});

const logNormal = (sigma: number, random: Random): number => Math.exp(sigma * random.normal());
