// Distances to the k-th neighbour on a tree: nothing of it knows a device.
import { runCooperatively } from "../event-loop";
import type { Cooperative } from "../event-loop";
import { KdTree, TREE_DIMENSIONS } from "./kd-tree";
import type { HostRows } from "./rows";

/** A k-d tree of rows of few columns; undefined where there are so many that it would look at most pairs. */
export const treeOf = async ({ data, n, d }: HostRows): Promise<KdTree | undefined> =>
  d <= TREE_DIMENSIONS ? runCooperatively(KdTree.build(data, n, d)) : undefined;

/** The squared distance of every `step`-th row to its k-th nearest other. */
export function* kthOnTree(
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
