import type { CameraPixels } from "./camera";

/** Moments of a shower's image (Hillas, Cerenkov light images of EAS produced by primary gamma, 1985); lengths in the camera's unit. */
export interface Hillas {
  /** Sum of the photon counts. */
  readonly size: number;
  /** Centre of gravity. */
  readonly x: number;
  readonly y: number;
  /** Standard deviation along the major axis, and across it. */
  readonly length: number;
  readonly width: number;
  /** Direction of the major axis from the x axis, degrees, in (-90, 90]. */
  readonly angle: number;
  /** Skewness along the major axis, positive where the tail points away from the source. */
  readonly skewness: number;
  /** Distance of the centre of gravity from the source. */
  readonly dist: number;
  /** Angle between the major axis and the line to the source, degrees, 0 to 90. */
  readonly alpha: number;
}

/**
 * Hillas parameters of one camera image, by its counts above 0: clean noise away before (a pixel at 0 counts for nothing).
 * All are 0 for an image without light. `source` is the point that dist, alpha and the sign of the skewness refer to.
 * @throws when there are not as many counts as pixels
 */
export function hillas(
  counts: ArrayLike<number>,
  camera: CameraPixels,
  source: readonly [number, number] = [0, 0],
): Hillas {
  if (counts.length !== camera.x.length)
    throw new Error(`hillas: one count a pixel is needed, ${counts.length} for ${camera.x.length} pixels`);
  let size = 0;
  let sumX = 0;
  let sumY = 0;
  for (let pixel = 0; pixel < counts.length; pixel++) {
    const count = counts[pixel]!;
    if (!(count > 0)) continue;
    size += count;
    sumX += count * camera.x[pixel]!;
    sumY += count * camera.y[pixel]!;
  }
  if (size === 0) return { size, x: 0, y: 0, length: 0, width: 0, angle: 0, skewness: 0, dist: 0, alpha: 0 };
  const [x, y] = [sumX / size, sumY / size];
  let [xx, xy, yy] = [0, 0, 0];
  each(counts, camera, x, y, (count, dx, dy) => {
    xx += (count * dx * dx) / size;
    xy += (count * dx * dy) / size;
    yy += (count * dy * dy) / size;
  });
  const half = (xx + yy) / 2;
  const root = Math.hypot((xx - yy) / 2, xy);
  const length = Math.sqrt(half + root);
  const width = Math.sqrt(Math.max(0, half - root));
  const axis = Math.atan2(2 * xy, xx - yy) / 2;
  const [ux, uy] = [Math.cos(axis), Math.sin(axis)];
  const [toX, toY] = [x - source[0], y - source[1]];
  const away = toX * ux + toY * uy < 0 ? -1 : 1;
  let cubes = 0;
  each(counts, camera, x, y, (count, dx, dy) => (cubes += (count / size) * (away * (dx * ux + dy * uy)) ** 3));
  const dist = Math.hypot(toX, toY);
  const sine = dist === 0 ? 0 : Math.abs(toX * uy - toY * ux) / dist;
  const degrees = 180 / Math.PI;
  const skewness = length === 0 ? 0 : cubes / length ** 3;
  return {
    size,
    x,
    y,
    length,
    width,
    angle: axis * degrees,
    skewness,
    dist,
    alpha: Math.asin(Math.min(1, sine)) * degrees,
  };
}

function each(
  counts: ArrayLike<number>,
  camera: CameraPixels,
  x: number,
  y: number,
  visit: (count: number, dx: number, dy: number) => void,
): void {
  for (let pixel = 0; pixel < counts.length; pixel++)
    if (counts[pixel]! > 0) visit(counts[pixel]!, camera.x[pixel]! - x, camera.y[pixel]! - y);
}
