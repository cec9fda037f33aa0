import { UnionFind } from "../neighbours/union-find";
import type { Tree } from "./growing-tree";
import { generate, mapTo } from "../typed-arrays";

/** Merges of a hierarchy by ascending distance: merge i joins two clusters to number n + i; points are 0 … n − 1. */
export interface Linkage {
  /** [n − 1, 2] */
  readonly children: Int32Array<ArrayBuffer>;
  /** [n − 1] */
  readonly distances: Float64Array<ArrayBuffer>;
  /** Points of the cluster that a merge makes, [n − 1]. */
  readonly sizes: Int32Array<ArrayBuffer>;
}

/** The hierarchy of single linkage that a spanning tree holds: its edges by ascending weight (then by their place). */
export function singleLinkage({ from, to, weights }: Tree): Linkage {
  const merges = weights.length;
  const n = merges + 1;
  const order = mapTo(Uint32Array, weights, (_, e) => e).sort((a, b) => weights[a]! - weights[b]! || a - b);
  const sets = new UnionFind(n);
  const names = generate(Int32Array, n, (i) => i); // the cluster that a set stands for
  const [children, distances, sizes] = [new Int32Array(2 * merges), new Float64Array(merges), new Int32Array(merges)];
  order.forEach((e, i) => {
    const [a, b] = [names[sets.find(from[e]!)]!, names[sets.find(to[e]!)]!];
    children[2 * i] = Math.min(a, b);
    children[2 * i + 1] = Math.max(a, b);
    distances[i] = weights[e]!;
    sets.union(from[e]!, to[e]!);
    names[sets.find(from[e]!)] = n + i;
    sizes[i] = sets.size(from[e]!);
  });
  return { children, distances, sizes };
}

/** Labels of the clusters that are left after so many merges, numbered by their first points. */
export function cutAfter({ children }: Pick<Linkage, "children">, n: number, merges: number): Int32Array<ArrayBuffer> {
  const sets = new UnionFind(n);
  const members = generate(Int32Array, n + merges, (i) => (i < n ? i : -1)); // a point of each cluster
  for (let i = 0; i < merges; i++) {
    const [a, b] = [members[children[2 * i]!]!, members[children[2 * i + 1]!]!];
    sets.union(a, b);
    members[n + i] = a;
  }
  return sets.labels();
}
