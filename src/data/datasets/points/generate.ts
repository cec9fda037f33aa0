import { checkFlag } from "../../../checks";
import { NdArray } from "../../../ndarray";
import type { Random } from "../../../random";
import { placeGroups } from "./grid";
import { SHAPES, type Clusters, type Shape } from "./shapes";

/** Options of `generatePoints`. */
export interface GeneratePointsOptions {
  /** Clusters. */
  readonly k: number;
  /** Points, at least k. Default 72. */
  readonly n?: number;
  readonly random: Random;
  /**
   * Draw some groups of clusters wider than their place, so that they may overlap others or leave the unit square, as the code of
   * the thesis does by mistake. Default false.
   */
  readonly overlapping?: boolean;
}

/** A set of points and which cluster each was drawn from. */
export interface LabelledPoints {
  /** [n, 2], about the unit square. */
  readonly points: NdArray<Float32Array<ArrayBuffer>>;
  /** 0 … k − 1 */
  readonly labels: Int32Array<ArrayBuffer>;
}

/**
 * Points in the plane as in the experiments of "Learning to Cluster" (Meier 2018, section 10.2, as its code has it): rings, pairs of
 * rings, moons, pairs of moons and groups of normal distributions with a deviation of 0.05 and centres 0.2 apart, a random choice of
 * these for the k clusters, each in cells of its own of a random grid. The order of points and the numbers of clusters are random.
 * About a fifth of the sets have points somewhat outside the unit square.
 * @throws unless k is a whole number from 1 to n
 */
export function generatePoints({ k, n = 72, random, overlapping = false }: GeneratePointsOptions): LabelledPoints {
  checkFlag("generatePoints", { overlapping });
  if (!Number.isInteger(k) || !Number.isInteger(n) || k < 1 || k > n)
    throw new Error(`generatePoints: k must be a whole number from 1 to the number of points, got k ${k} and n ${n}`);
  const groups: Clusters[] = [];
  const size = Math.floor(n / k);
  let sizes = Array.from({ length: k }, (_, c) => (c === k - 1 ? n - size * (k - 1) : size));
  while (sizes.length > 0) {
    const next = (shape: Shape): number[] => sizes.slice(0, shape.clusters);
    const possible = SHAPES.filter((shape) => shape.clusters <= sizes.length && shape.fits(next(shape)));
    const shape = possible[random.integer(possible.length)]!;
    groups.push(
      shape.draw(
        next(shape).reduce((sum, points) => sum + points, 0),
        random,
      ),
    );
    sizes = sizes.slice(shape.clusters);
  }
  const clusters = groups.length === 1 ? groups[0]! : inCells(groups, overlapping, random);
  return shuffled(clusters, n, random);
}

/** Every group's unit square laid onto its cells of a grid that is the unit square. */
function inCells(groups: readonly Clusters[], overlapping: boolean, random: Random): Clusters {
  const { columns, rows, places } = placeGroups(groups.length, overlapping, random);
  return groups.flatMap((clusters, g) => {
    const { x, y, width, height } = places[g]!;
    return clusters.map((points) =>
      points.map((value, i) => (i % 2 === 0 ? (x + width * value) / columns : (y + height * value) / rows)),
    );
  });
}

function shuffled(clusters: Clusters, n: number, random: Random): LabelledPoints {
  const numbers = random.permutation(clusters.length);
  const order = random.permutation(n);
  const points = new Float32Array(2 * n);
  const labels = new Int32Array(n);
  let i = 0;
  clusters.forEach((cluster, c) => {
    for (let from = 0; from < cluster.length; from += 2, i++) {
      const to = order[i]!;
      points[2 * to] = cluster[from]!;
      points[2 * to + 1] = cluster[from + 1]!;
      labels[to] = numbers[c]!;
    }
  });
  return { points: new NdArray(points, [n, 2]), labels };
}
