import { runCooperatively } from "../event-loop";
import type { Cooperative } from "../event-loop";
import type { Device } from "../device";
import type { Fit } from "../lifecycle/fit";
import { NdArray } from "../ndarray";
import { KdTree, TREE_DIMENSIONS } from "./kd-tree";
import { kNeighbours, knnGraph } from "./knn";
import { squaredDistanceOf } from "./rows";
import type { HostRows } from "./rows";

/** A k-d tree of rows of few columns; undefined where there are so many that it would look at most pairs. */
export const treeOf = async ({ data, n, d }: HostRows): Promise<KdTree | undefined> =>
  d <= TREE_DIMENSIONS ? runCooperatively(KdTree.build(data, n, d)) : undefined;

/**
 * The squared distance of every `step`-th row to its k-th nearest other, in float64: on a tree, or else where the device finds the neighbours.
 * @param device where there is no tree
 */
export async function kthNeighbours(
  rows: HostRows,
  k: number,
  tree: KdTree | undefined,
  device: () => Promise<Device>,
  fit: Fit,
  step = 1,
): Promise<Float64Array<ArrayBuffer>> {
  if (tree) return fit.pacing(onTree(tree, rows, k, step));
  const { data, n, d } = rows;
  const options = { device: await device(), signal: fit.signal };
  const count = Math.ceil(n / step);
  const all = new NdArray(data, [n, d]);
  // of some rows the nearest is each itself, but for rows that coincide with it
  const near = step === 1 ? k : k + 1;
  const { indices } =
    step === 1 ? await knnGraph(all, k, options) : await kNeighbours(everyRow(rows, step), all, k + 1, options);
  const squared = squaredDistanceOf(rows);
  return Float64Array.from({ length: count }, (_, i) => {
    const row = i * step;
    const others = indices.data.subarray(i * near, (i + 1) * near).filter((other) => other !== row);
    return others.subarray(0, k).reduce((most, other) => Math.max(most, squared(row, other)), 0);
  });
}

function everyRow({ data, n, d }: HostRows, step: number): NdArray<Float64Array> {
  const count = Math.ceil(n / step);
  const some = new Float64Array(count * d);
  for (let i = 0; i < count; i++) some.set(data.subarray(i * step * d, (i * step + 1) * d), i * d);
  return new NdArray(some, [count, d]);
}

function* onTree(
  tree: KdTree,
  { data, n, d }: HostRows,
  k: number,
  step: number,
): Cooperative<Float64Array<ArrayBuffer>> {
  const found = new Float64Array(Math.ceil(n / step));
  const [indices, squared] = [new Uint32Array(k), new Float64Array(k)];
  for (let i = 0; i < found.length; i++) {
    tree.nearest(data, i * step * d, k, i * step, indices, squared, 0);
    found[i] = squared[k - 1]!;
    if (i % 16 === 0) yield;
  }
  return found;
}
