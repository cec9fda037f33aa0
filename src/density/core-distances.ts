import { runCooperatively } from "../event-loop";
import type { Cooperative } from "../event-loop";
import type { Device } from "../device";
import type { Fit } from "../lifecycle/fit";
import { NdArray } from "../ndarray";
import { KdTree, TREE_DIMENSIONS } from "../neighbours/kd-tree";
import { knnGraph } from "../neighbours/knn";
import type { HostRows } from "../neighbours/rows";
import { distanceOf } from "./mutual-reachability";

/** A k-d tree of rows of few columns; undefined where there are so many that it would look at most pairs. */
export const treeOf = async ({ data, n, d }: HostRows): Promise<KdTree | undefined> =>
  d <= TREE_DIMENSIONS ? runCooperatively(KdTree.build(data, n, d)) : undefined;

/**
 * The distance of each row to its k-th nearest other, in float64: on a tree, or else where the device finds the neighbours.
 * @param device where there is no tree
 */
export async function coreDistances(
  rows: HostRows,
  k: number,
  tree: KdTree | undefined,
  device: () => Promise<Device>,
  fit: Fit,
): Promise<Float64Array<ArrayBuffer>> {
  if (tree) return fit.pacing(onTree(tree, rows, k));
  const { data, n, d } = rows;
  const { indices } = await knnGraph(new NdArray(data, [n, d]), k, { device: await device(), signal: fit.signal });
  const distance = distanceOf(rows);
  return Float64Array.from({ length: n }, (_, i) => {
    let farthest = 0;
    for (let e = i * k; e < (i + 1) * k; e++) farthest = Math.max(farthest, distance(i, indices.data[e]!));
    return farthest;
  });
}

function* onTree(tree: KdTree, { data, n, d }: HostRows, k: number): Cooperative<Float64Array<ArrayBuffer>> {
  const cores = new Float64Array(n);
  const [indices, squared] = [new Uint32Array(k), new Float64Array(k)];
  for (let i = 0; i < n; i++) {
    tree.nearest(data, i * d, k, i, indices, squared, 0);
    cores[i] = Math.sqrt(squared[k - 1]!);
    if (i % 16 === 0) yield;
  }
  return cores;
}
