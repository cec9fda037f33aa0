import { KdTree } from "../neighbours/kd-tree";
import type { HostRows } from "../neighbours/rows";
import { runCooperatively } from "../event-loop";
import type { Cooperative } from "../event-loop";
import type { CondensedTree } from "./condensed-tree";

/** A hierarchy that was fitted, as new points see it. */
export interface Hierarchy {
  readonly rows: HostRows;
  /** Core distances of the points, [n]. */
  readonly cores: Float64Array;
  readonly tree: CondensedTree;
  /** The label of each cluster of the tree that was chosen or lies in a chosen one, by its number less n; −1 for the others. */
  readonly within: Int32Array;
  readonly minSamples: number;
}

/**
 * Labels of new points: of their 2 minSamples nearest neighbours the one of least mutual reachability max(core of the neighbour, core of the point,
 * distance) tells the cluster, from which one goes up the tree as long as it was born closer than that (McInnes and Healy 2017; Python's `hdbscan`).
 */
export const clustersOfNew = async (x: HostRows, known: Hierarchy): Promise<Int32Array<ArrayBuffer>> =>
  runCooperatively(
    labelling(x, await runCooperatively(KdTree.build(known.rows.data, known.rows.n, known.rows.d)), known),
  );

function* labelling(x: HostRows, points: KdTree, known: Hierarchy): Cooperative<Int32Array<ArrayBuffer>> {
  const { rows, cores, tree, within, minSamples } = known;
  const { n } = tree;
  const { parentOf, births, homes, leaving } = relations(tree);
  const k = Math.min(2 * minSamples, rows.n);
  const [indices, squared] = [new Uint32Array(k), new Float64Array(k)];
  const labels = new Int32Array(x.n).fill(-1);
  for (let i = 0; i < x.n; i++) {
    points.nearest(x.data, i * x.d, k, -1, indices, squared, 0);
    const core = Math.sqrt(squared[Math.min(minSamples, k) - 1]!);
    let [nearest, least] = [-1, Infinity];
    for (let e = 0; e < k; e++) {
      const reach = Math.max(cores[indices[e]!]!, core, Math.sqrt(squared[e]!));
      if (reach < least || nearest < 0) [nearest, least] = [indices[e]!, reach];
    }
    const lambda = least > 0 ? 1 / least : Infinity;
    let cluster = homes[nearest]!;
    if (leaving[nearest]! > lambda)
      while (cluster > n && births[cluster - n]! >= lambda) cluster = parentOf[cluster - n]!;
    labels[i] = within[cluster - n]!;
    if (i % 16 === 0) yield;
  }
  return labels;
}

/** Of each cluster its parent and λ of its birth, of each point the cluster that it leaves and when. */
function relations({ n, parents, children, lambdas }: CondensedTree): {
  parentOf: Int32Array;
  births: Float64Array;
  homes: Int32Array;
  leaving: Float64Array;
} {
  const clusters = children.reduce((most, child) => Math.max(most, child - n + 1), 1);
  const [parentOf, births] = [new Int32Array(clusters).fill(n), new Float64Array(clusters)];
  const [homes, leaving] = [new Int32Array(n).fill(n), new Float64Array(n)];
  children.forEach((child, e) => {
    if (child >= n) [parentOf[child - n], births[child - n]] = [parents[e]!, lambdas[e]!];
    else [homes[child], leaving[child]] = [parents[e]!, lambdas[e]!];
  });
  return { parentOf, births, homes, leaving };
}
