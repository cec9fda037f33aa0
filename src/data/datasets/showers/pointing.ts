import type { Random } from "../../../random";

/** Distance of the source from the camera's centre in wobble mode, degrees. */
export const WOBBLE_OFFSET = 0.6;
/** Regions without the source at the same distance from the centre: 60 degrees of rotation apart, as FACT uses. */
export const OFF_REGIONS = 5;
/** Radius of a region, degrees: theta² below 0.025. */
export const REGION_RADIUS = Math.sqrt(0.025);
/** The region's number where a direction is in none. */
export const NO_REGION = -1;

/**
 * The wobble region that a direction falls in: 0 for ON (around the source), 1 to 5 for the OFF regions (the source's place turned by 60, 120, …, 300
 * degrees about the camera's centre), -1 for none.
 */
export function wobbleRegion(x: number, y: number, source: readonly [number, number]): number {
  for (let region = 0; region <= OFF_REGIONS; region++) {
    const angle = (region * 2 * Math.PI) / (OFF_REGIONS + 1);
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const dx = x - (source[0] * c - source[1] * s);
    const dy = y - (source[0] * s + source[1] * c);
    if (dx * dx + dy * dy < REGION_RADIUS ** 2) return region;
  }
  return NO_REGION;
}

/** Where the source is in one event's camera: at the wobble offset, in a direction that turns with the sky. */
export function wobbleSource(random: Random): [number, number] {
  const angle = 2 * Math.PI * random.uniform();
  return [WOBBLE_OFFSET * Math.cos(angle), WOBBLE_OFFSET * Math.sin(angle)];
}

/** A point uniform in a disc around the camera's centre. */
export function inDisc(radius: number, random: Random): [number, number] {
  const r = radius * Math.sqrt(random.uniform());
  const angle = 2 * Math.PI * random.uniform();
  return [r * Math.cos(angle), r * Math.sin(angle)];
}
