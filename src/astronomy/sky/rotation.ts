// Rotations between native and celestial coordinates. Calabretta & Greisen (2002), Representations of celestial coordinates in FITS, section 2.

/** A rotation matrix, row by row. */
export type Matrix = readonly [number, number, number, number, number, number, number, number, number];

const RADIANS = Math.PI / 180;

/** The product of two matrices. */
export function product(a: Matrix, b: Matrix): Matrix {
  const out = new Array<number>(9).fill(0);
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++)
      out[3 * i + j] = a[3 * i]! * b[j]! + a[3 * i + 1]! * b[3 + j]! + a[3 * i + 2]! * b[6 + j]!;
  return out as unknown as Matrix;
}

/** The inverse of a rotation. */
export const transposed = ([a, b, c, d, e, f, g, h, i]: Matrix): Matrix => [a, d, g, b, e, h, c, f, i];

/** A rotation about the third axis by an angle in degrees. */
function about(angle: number): Matrix {
  const [c, s] = [Math.cos(angle * RADIANS), Math.sin(angle * RADIANS)];
  return [c, -s, 0, s, c, 0, 0, 0, 1];
}

/** Where the native pole is: its celestial coordinates, and the native longitude of the celestial pole (LONPOLE), in degrees. */
export interface Pole {
  readonly longitude: number;
  readonly latitude: number;
  readonly native: number;
}

/** The matrix that takes native unit vectors to celestial ones: equation 2. */
export function nativeToCelestial({ longitude, latitude, native }: Pole): Matrix {
  const [c, s] = [Math.cos(latitude * RADIANS), Math.sin(latitude * RADIANS)];
  const tilted: Matrix = [-s, 0, c, 0, -1, 0, c, 0, s];
  return product(product(about(longitude), tilted), about(-native));
}

/**
 * The native pole of a projection whose reference point (0, 0) is at the native equator, as CAR has it: equations 8 to 10. Of two solutions that nearer to
 * LATPOLE. @throws where there is none
 */
export function equatorialPole(longitude: number, latitude: number, native: number, latPole: number): Pole {
  const [sinNative, cosNative] = [Math.sin(native * RADIANS), Math.cos(native * RADIANS)];
  const sinLatitude = Math.sin(latitude * RADIANS);
  const reach = Math.sqrt(1 - sinNative ** 2);
  const ratio = reach < 1e-12 ? NaN : sinLatitude / reach;
  let pole = latPole;
  if (Math.abs(ratio) <= 1 + 1e-12) {
    const middle = cosNative >= 0 ? 0 : 180;
    const half = Math.acos(Math.max(-1, Math.min(1, ratio))) / RADIANS;
    const within = [middle + half, middle - half]
      .map((angle) => (angle > 180 ? angle - 360 : angle < -180 ? angle + 360 : angle))
      .filter((angle) => Math.abs(angle) <= 90 + 1e-9);
    if (within.length === 0)
      throw new Error(`wcs: LONPOLE ${native} and CRVAL2 ${latitude} leave no place for the pole`);
    pole = within.reduce((best, angle) => (Math.abs(angle - latPole) < Math.abs(best - latPole) ? angle : best));
  } else if (Math.abs(sinLatitude) > 1e-12)
    throw new Error(`wcs: LONPOLE ${native} and CRVAL2 ${latitude} leave no place for the pole`);
  const cosLatitude = Math.cos(latitude * RADIANS);
  if (Math.abs(cosLatitude) < 1e-12) return { longitude, latitude: pole, native };
  if (Math.abs(pole - 90) < 1e-10) return { longitude: longitude + native - 180, latitude: 90, native };
  if (Math.abs(pole + 90) < 1e-10) return { longitude: longitude - native, latitude: -90, native };
  const sine = sinNative / cosLatitude;
  const cosine = (-Math.sin(pole * RADIANS) * sinLatitude) / (Math.cos(pole * RADIANS) * cosLatitude);
  return { longitude: longitude - Math.atan2(sine, cosine) / RADIANS, latitude: pole, native };
}
