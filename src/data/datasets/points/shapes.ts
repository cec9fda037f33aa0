import type { Random } from "../../../random";
import { generate } from "../../../typed-arrays";

/** Points x, y, x, y, … in or about the unit square. */
export type Coordinates = Float64Array<ArrayBuffer>;

/** Clusters of a shape, one array of points each. */
export type Clusters = readonly Coordinates[];

/** Standard deviation of a blob, and how far apart the centres of blobs of one group are at least. */
const BLOB_DEVIATION = 0.05;
const BLOB_DISTANCE = 0.2;
/** Circles and moons fill this part of the unit square along each axis. */
const [LOW, HIGH] = [0.25, 0.75];

/** A way to draw some clusters that belong together. */
export interface Shape {
  /** Clusters that it draws. */
  readonly clusters: number;
  /** Whether it can draw clusters of these sizes. */
  readonly fits: (sizes: readonly number[]) => boolean;
  readonly draw: (points: number, random: Random) => Clusters;
}

const total = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0);
const atLeast =
  (least: number) =>
  (sizes: readonly number[]): boolean =>
    sizes.every((size) => size >= least);
const between = (low: number, high: number, random: Random): number => low + (high - low) * random.uniform();

/** The shapes of the experiments on points: one ring, two in each other, one moon, two moons, and 1, 2 or 5 normal distributions. */
export const SHAPES: readonly Shape[] = [
  { clusters: 1, fits: atLeast(10), draw: (points, random) => framed([circles(2 * points, random)[1]!], random) },
  {
    clusters: 2,
    fits: (sizes) => atLeast(5)(sizes) && total(sizes) % 2 === 0,
    draw: (points, random) => framed(circles(points, random), random),
  },
  {
    clusters: 1,
    fits: atLeast(10),
    draw: (points, random) => framed([moons(2 * points, random)[random.integer(2)]!], random),
  },
  { clusters: 2, fits: atLeast(5), draw: (points, random) => framed(moons(points, random), random) },
  ...[1, 2, 5].map((clusters) => ({
    clusters,
    fits: atLeast(1),
    draw: (points: number, random: Random) => blobs(clusters, points, random),
  })),
];

/** Points x(t), y(t) with normal noise on both. */
function curve(
  parameters: readonly number[],
  x: (t: number) => number,
  y: (t: number) => number,
  noise: () => number,
): Coordinates {
  const points = new Float64Array(2 * parameters.length);
  parameters.forEach((t, i) => {
    points[2 * i] = x(t) + noise();
    points[2 * i + 1] = y(t) + noise();
  });
  return points;
}

/** Two concentric circles, the outer one of radius 1 first (scikit-learn's `make_circles`). */
function circles(points: number, random: Random): Clusters {
  const deviation = between(0, 0.02, random);
  const factor = between(0.1, 0.4, random);
  const half = points / 2;
  const angles = Array.from({ length: half }, (_, i) => (2 * Math.PI * i) / half);
  return [1, factor].map((radius) =>
    curve(
      angles,
      (t) => radius * Math.cos(t),
      (t) => radius * Math.sin(t),
      () => deviation * random.normal(),
    ),
  );
}

/** Two interleaving half circles (scikit-learn's `make_moons`). */
function moons(points: number, random: Random): Clusters {
  const deviation = between(0, 0.03, random);
  const noise = (): number => deviation * random.normal();
  const outer = Math.floor(points / 2);
  const angles = (count: number): number[] =>
    Array.from({ length: count }, (_, i) => (Math.PI * i) / Math.max(1, count - 1));
  return [
    curve(angles(outer), Math.cos, Math.sin, noise),
    curve(
      angles(points - outer),
      (t) => 1 - Math.cos(t),
      (t) => 0.5 - Math.sin(t),
      noise,
    ),
  ];
}

/** Turned by a random angle about the origin, then each axis brought into the middle of the unit square. */
function framed(clusters: Clusters, random: Random): Clusters {
  const angle = between(0, 2 * Math.PI, random);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const turned = clusters.map((points) => {
    const out = new Float64Array(points.length);
    for (let i = 0; i < points.length; i += 2) {
      out[i] = cos * points[i]! - sin * points[i + 1]!;
      out[i + 1] = sin * points[i]! + cos * points[i + 1]!;
    }
    return out;
  });
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  for (const points of turned)
    points.forEach((value, i) => {
      low[i % 2] = Math.min(low[i % 2]!, value);
      high[i % 2] = Math.max(high[i % 2]!, value);
    });
  return turned.map((points) =>
    points.map((value, i) => {
      const span = high[i % 2]! - low[i % 2]!;
      return LOW + (HIGH - LOW) * (span > 0 ? (value - low[i % 2]!) / span : 0.5);
    }),
  );
}

/** Normal distributions about centres in the unit square that keep a distance; every one has a point at least. */
function blobs(clusters: number, points: number, random: Random): Clusters {
  const centers: (readonly [number, number])[] = [];
  while (centers.length < clusters) {
    centers.length = 0;
    for (let i = 0; i < 11 * clusters && centers.length < clusters; i++) {
      const [x, y] = [random.uniform(), random.uniform()];
      if (centers.every((center) => Math.hypot(center[0] - x, center[1] - y) >= BLOB_DISTANCE)) centers.push([x, y]);
    }
  }
  const sizes = centers.map(() => 1);
  for (let i = clusters; i < points; i++) sizes[random.integer(clusters)]!++;
  return centers.map((center, c) =>
    generate(Float64Array, 2 * sizes[c]!, (i) => center[i % 2]! + BLOB_DEVIATION * random.normal()),
  );
}
