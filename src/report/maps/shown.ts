// What a report shows of the map of a self-organising map: the grid of its units, or the graph of an evolving one.
import { symmetricEigen } from "../../cluster/pca/eigen";
import type { Estimator } from "../../methods";
import { CSOM, ESOM, SOM } from "../../som";
import { formatShare } from "../page/format";
import { unitGrid, type UnitGrid } from "./units";
import { generate } from "../../typed-arrays";

/** A map of units on a grid: one value a unit. */
export interface ShownGrid extends UnitGrid {
  readonly hits: ArrayLike<number>;
  readonly clusters: ArrayLike<number>;
  /** The units' values in each band or column. */
  readonly components: readonly ArrayLike<number>[];
}

/** The graph of an evolving map: one value a node. */
export interface ShownGraph {
  /** Where the nodes lie, [nodes, 2], and what that is in words. */
  readonly places: ArrayLike<number>;
  readonly axes: string;
  /** Numbers of the nodes that are shown, and how many there are in all. */
  readonly numbers: ArrayLike<number>;
  readonly total: number;
  /** Pairs of shown nodes by their position, [links, 2]. */
  readonly links: ArrayLike<number>;
  /** Distance of the two nodes of each link. */
  readonly distances: ArrayLike<number>;
  /** Mean distance of a node to those linked to it; NaN without any. */
  readonly uMatrix: ArrayLike<number>;
  readonly hits: ArrayLike<number>;
  readonly clusters: ArrayLike<number>;
  readonly components: readonly ArrayLike<number>[];
}

/** A map as a report shows it. */
export type ShownMap = ShownGrid | ShownGraph;

/** Nodes that are shown at most: those with most hits. */
const MOST_NODES = 300;

/** The map of a self-organising map, of the topmost of a stack, or of an evolving one; undefined of other methods. @throws before `fit` */
export async function shownMap(estimator: Estimator): Promise<ShownMap | undefined> {
  if (estimator instanceof ESOM) return graphOf(estimator);
  const grid = unitGrid(estimator);
  if (grid && estimator instanceof SOM) {
    const bands = estimator.codebook.shape[1]!;
    return {
      ...{ ...grid, hits: estimator.hits, clusters: estimator.unitLabels },
      components: Array.from({ length: bands }, (_, band) => estimator.componentPlane(band)),
    };
  }
  if (!grid || !(estimator instanceof CSOM)) return undefined;
  const top = estimator.layers.length - 1;
  const { data, shape } = estimator.codebook(top);
  const units = grid.rows * grid.columns;
  return {
    ...{ ...grid, hits: estimator.hits(top) },
    clusters: generate(Int32Array, units, (unit) => unit),
    components: columnsOf(data, units, shape[1]!),
  };
}

const columnsOf = (data: ArrayLike<number>, n: number, d: number): Float64Array[] =>
  Array.from({ length: d }, (_, c) => generate(Float64Array, n, (i) => data[i * d + c]!));

async function graphOf(estimator: ESOM): Promise<ShownGraph> {
  const { prototypes, links } = estimator.map.state();
  const { size, d } = estimator.map;
  const { hits, nodeLabels } = estimator;
  const distances = generate(Float64Array, links.length / 2, (link) => {
    let sum = 0;
    const [a, b] = [links[2 * link]! * d, links[2 * link + 1]! * d];
    for (let c = 0; c < d; c++) sum += (prototypes[a + c]! - prototypes[b + c]!) ** 2;
    return Math.sqrt(sum);
  });
  const [sums, counts] = [new Float64Array(size), new Float64Array(size)];
  links.forEach((node, end) => {
    sums[node]! += distances[end >> 1]!;
    counts[node]!++;
  });
  const { places, axes } = await placesOf(prototypes, hits, size, d);
  const numbers = Array.from(hits.keys())
    .sort((a, b) => hits[b]! - hits[a]! || a - b)
    .slice(0, MOST_NODES)
    .sort((a, b) => a - b);
  const position = new Int32Array(size).fill(-1);
  numbers.forEach((node, i) => (position[node] = i));
  const kept = Array.from(distances.keys()).filter(
    (link) => position[links[2 * link]!]! >= 0 && position[links[2 * link + 1]!]! >= 0,
  );
  const of = (values: ArrayLike<number>): number[] => numbers.map((node) => values[node]!);
  return {
    ...{ axes, numbers, total: size, places: numbers.flatMap((node) => [places[2 * node]!, places[2 * node + 1]!]) },
    links: kept.flatMap((link) => [position[links[2 * link]!]!, position[links[2 * link + 1]!]!]),
    distances: kept.map((link) => distances[link]!),
    uMatrix: of(sums.map((sum, node) => sum / counts[node]!)),
    ...{ hits: of(hits), clusters: of(nodeLabels), components: columnsOf(prototypes, size, d).map(of) },
  };
}

/** The nodes on the first two principal axes of their vectors, each as often as it has hits; of one column the value across and log(1 + hits) upwards. */
async function placesOf(
  prototypes: Float64Array,
  hits: ArrayLike<number>,
  n: number,
  d: number,
): Promise<{ readonly places: Float64Array; readonly axes: string }> {
  if (d === 1) {
    const places = generate(Float64Array, 2 * n, (i) =>
      i % 2 === 0 ? prototypes[i >> 1]! : Math.log1p(hits[i >> 1]!),
    );
    return { places, axes: "by their value across and the logarithm of their hits upwards" };
  }
  const weights = Array.from(hits).some((count) => count > 0) ? hits : new Float64Array(n).fill(1);
  let total = 0;
  const mean = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    total += weights[i]!;
    for (let c = 0; c < d; c++)
      mean[c]! += (weights[i]! * (prototypes[i * d + c]! - mean[c]!)) / Math.max(total, 1e-300);
  }
  const covariance = new Float64Array(d * d);
  for (let i = 0; i < n; i++)
    for (let a = 0; a < d; a++) {
      const shifted = (weights[i]! / total) * (prototypes[i * d + a]! - mean[a]!);
      for (let b = 0; b < d; b++) covariance[a * d + b]! += shifted * (prototypes[i * d + b]! - mean[b]!);
    }
  let variance = 0;
  for (let c = 0; c < d; c++) variance += covariance[c * d + c]!;
  const { values, vectors } = await symmetricEigen(covariance, d, "report");
  const places = new Float64Array(2 * n);
  for (let i = 0; i < n; i++)
    for (let axis = 0; axis < 2; axis++)
      for (let c = 0; c < d; c++) places[2 * i + axis]! += vectors[axis * d + c]! * (prototypes[i * d + c]! - mean[c]!);
  const share = variance > 0 ? Math.min(1, (values[0]! + values[1]!) / variance) : 0;
  return { places, axes: `by the first two principal axes of their vectors, ${formatShare(share)} of the variance` };
}
