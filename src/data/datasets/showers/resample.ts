import { toFloat32, type MatrixLike } from "../../../matrix";
import { NdArray } from "../../../ndarray";
import type { CameraPixels } from "./camera";

/** Options of `squareGrid`. */
export interface SquareGridOptions {
  /** Cells a side (default 45). */
  readonly size?: number;
  /** Half the side of the square, in the pixels' unit (default: what just holds every pixel). */
  readonly extent?: number;
  /** The middle of the square (default: that of the pixels' bounding box). */
  readonly center?: readonly [number, number];
}

/** Which share of each pixel falls into which cell of a square grid: pixel p has the entries `begin[p]` to `begin[p + 1]`. */
export interface SquareGrid {
  readonly size: number;
  /** Half the side of the square, in the pixels' unit. */
  readonly extent: number;
  readonly center: readonly [number, number];
  readonly begin: Uint32Array;
  readonly cell: Uint32Array;
  readonly share: Float64Array;
}

/**
 * The square grid that a camera's images are resampled to. A pixel's light is spread evenly over its hexagon, and each cell gets what falls
 * into it, exactly: sums are kept, and an even sky stays even. Row 0 is the top, where y is largest.
 * @throws for coordinates that are not finite or not as many in x as in y, for two pixels in one place, and for a size below 1
 */
export function squareGrid(camera: CameraPixels, options: SquareGridOptions = {}): SquareGrid {
  const { x, y, sides = 6 } = camera;
  const { size = 45 } = options;
  const n = x.length;
  if (n < 2 || y.length !== n)
    throw new Error(`squareGrid: x and y must have one number for each of 2 or more pixels, got ${n} and ${y.length}`);
  for (let pixel = 0; pixel < n; pixel++)
    if (!Number.isFinite(x[pixel]) || !Number.isFinite(y[pixel]))
      throw new Error(`squareGrid: coordinates must be finite, got ${x[pixel]}, ${y[pixel]} of pixel ${pixel}`);
  if (!Number.isInteger(size) || size < 1)
    throw new Error(`squareGrid: size must be a whole number from 1, got ${size}`);
  const nearest = nearestPair(x, y);
  const { pitch = nearest.distance } = camera;
  if (!(nearest.distance > 0)) throw new Error("squareGrid: two pixels are in one place");
  const bounds = [x, y].map((values) => {
    const sorted = Float64Array.from(values).sort();
    return [sorted[0]!, sorted[n - 1]!] as const;
  });
  const [[left, right], [bottom, top]] = bounds as [readonly [number, number], readonly [number, number]];
  const reach = pitch / 2 / Math.cos(Math.PI / sides);
  const { center = [(left + right) / 2, (bottom + top) / 2] } = options;
  const { extent = Math.max(right - center[0], center[0] - left, top - center[1], center[1] - bottom) + reach } =
    options;
  const cellSide = (2 * extent) / size;

  const begin = new Uint32Array(n + 1);
  const cell: number[] = [];
  const share: number[] = [];
  const corners = Array.from({ length: sides }, (_, corner) => {
    const angle = nearest.angle + ((2 * corner + 1) * Math.PI) / sides;
    return [(reach * Math.cos(angle)) / cellSide, (reach * Math.sin(angle)) / cellSide] as const;
  });
  const whole = area(corners);
  for (let pixel = 0; pixel < n; pixel++) {
    const column = (x[pixel]! - center[0] + extent) / cellSide;
    const row = (center[1] + extent - y[pixel]!) / cellSide;
    const outline: Polygon = corners.map(([dx, dy]) => [column + dx, row - dy]);
    const columns = span(
      outline.map(([c]) => c),
      size,
    );
    const rows = span(
      outline.map(([, r]) => r),
      size,
    );
    for (let r = rows[0]; r < rows[1]; r++) {
      const strip = cut(cut(outline, 1, r, 1), 1, r + 1, -1);
      for (let c = columns[0]; c < columns[1]; c++) {
        const part = area(cut(cut(strip, 0, c, 1), 0, c + 1, -1)) / whole;
        if (part > 1e-12) {
          cell.push(r * size + c);
          share.push(part);
        }
      }
    }
    begin[pixel + 1] = cell.length;
  }
  return { size, extent, center, begin, cell: Uint32Array.from(cell), share: Float64Array.from(share) };
}

/**
 * Camera images as pictures: photon counts [n, pixels] (or one image [pixels]) on the square grid, [n, size, size]. Takes any camera: that of
 * real files by its pixels' coordinates, `resampleCamera(counts, squareGrid({ x, y }))`.
 * @throws where the images have not as many pixels as the grid, or hold NaN or infinity; the message names the row and column
 */
export function resampleCamera(counts: MatrixLike, grid: SquareGrid): NdArray<Float32Array> {
  const { data, shape } = toFloat32(counts, "resampleCamera", "counts");
  const pixels = grid.begin.length - 1;
  if (shape.length < 1 || shape.length > 2 || shape.at(-1) !== pixels)
    throw new Error(`resampleCamera: images must be [n, ${pixels}] as the grid's camera, got [${shape.join(", ")}]`);
  const n = data.length / pixels;
  const out = new NdArray(new Float32Array(n * grid.size ** 2), [n, grid.size, grid.size]);
  const image = new Float64Array(grid.size ** 2);
  for (let row = 0; row < n; row++) {
    image.fill(0);
    spread(data.subarray(row * pixels, (row + 1) * pixels), grid, image);
    out.data.set(image, row * image.length);
  }
  return out;
}

/** Adds one camera image to a picture of size² cells. */
export function spread(counts: ArrayLike<number>, { begin, cell, share }: SquareGrid, image: Float64Array): void {
  for (let pixel = 0; pixel + 1 < begin.length; pixel++) {
    const count = counts[pixel]!;
    for (let entry = begin[pixel]!; entry < begin[pixel + 1]!; entry++) image[cell[entry]!]! += share[entry]! * count;
  }
}

type Polygon = readonly (readonly [number, number])[];

function area(polygon: Polygon): number {
  let twice = 0;
  polygon.forEach(([x, y], corner) => {
    const [nextX, nextY] = polygon[(corner + 1) % polygon.length]!;
    twice += x * nextY - nextX * y;
  });
  return Math.abs(twice) / 2;
}

/** The part of a convex polygon on one side of a line along an axis: where side · (coordinate - at) is positive (Sutherland and Hodgman 1974). */
function cut(polygon: Polygon, axis: 0 | 1, at: number, side: 1 | -1): Polygon {
  const kept: (readonly [number, number])[] = [];
  polygon.forEach((point, corner) => {
    const next = polygon[(corner + 1) % polygon.length]!;
    const here = side * (point[axis] - at);
    const there = side * (next[axis] - at);
    if (here >= 0) kept.push(point);
    if (here > 0 !== there > 0 && here !== there) {
      const t = here / (here - there);
      kept.push([point[0] + t * (next[0] - point[0]), point[1] + t * (next[1] - point[1])]);
    }
  });
  return kept;
}

/** The cells that values lie in, from the first to one behind the last. */
function span(values: readonly number[], size: number): [number, number] {
  return [Math.max(0, Math.floor(Math.min(...values))), Math.min(size, Math.ceil(Math.max(...values)))];
}

function nearestPair(x: ArrayLike<number>, y: ArrayLike<number>): { distance: number; angle: number } {
  let least = Infinity;
  let angle = 0;
  for (let p = 0; p < x.length; p++)
    for (let q = 0; q < p; q++) {
      const [dx, dy] = [x[p]! - x[q]!, y[p]! - y[q]!];
      const squared = dx * dx + dy * dy;
      if (squared < least) {
        least = squared;
        angle = Math.atan2(dy, dx);
      }
    }
  return { distance: Math.sqrt(least), angle };
}
