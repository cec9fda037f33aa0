// A spanning tree that is being found: kept in a checkpoint, and gone on with.
import type { Checkpoint } from "../lifecycle/checkpoint";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { UnionFind } from "../neighbours/union-find";
import { generate } from "../typed-arrays";

/** Edges of a spanning tree, n − 1 of them. */
export interface Tree {
  readonly from: Uint32Array<ArrayBuffer>;
  readonly to: Uint32Array<ArrayBuffer>;
  readonly weights: Float64Array<ArrayBuffer>;
}

/** A tree of which `count` edges are found. */
export interface GrowingTree extends Tree {
  count: number;
  /** By Prim's algorithm: how far each point is from the tree, and from which of its points; infinite before the first edge. */
  readonly nearest?: Float64Array<ArrayBuffer>;
  readonly parents?: Uint32Array<ArrayBuffer>;
}

/** A tree of n points without an edge; `prim`: for Prim's algorithm. */
export const newTree = (n: number, prim: boolean): GrowingTree => ({
  ...{ from: new Uint32Array(n - 1), to: new Uint32Array(n - 1), weights: new Float64Array(n - 1), count: 0 },
  ...(prim && { nearest: new Float64Array(n).fill(Infinity), parents: new Uint32Array(n) }),
});

/** Distances as a file holds them, where nothing is infinite: −1 stands for that. */
export const keptDistances = (distances: Float64Array): NdArray<TypedArray> =>
  new NdArray<TypedArray>(distances.map((distance) => (distance === Infinity ? -1 : distance)));

/** The way back. @throws for what is no distance */
export function restoredDistances(saved: Checkpoint, name: string, n: number): Float64Array<ArrayBuffer> {
  const distances = saved.numbers(name, n);
  const wrong = distances.find((distance) => !(distance >= 0 || distance === -1));
  if (wrong !== undefined) throw new Error(`checkpoint: ${name} must be distances, or -1, got ${wrong}`);
  return distances.map((distance) => (distance < 0 ? Infinity : distance));
}

/** Pairs of points [pairs, 2] as a file holds them. */
export const keptPairs = (from: ArrayLike<number>, to: ArrayLike<number>): NdArray<TypedArray> =>
  new NdArray<TypedArray>(
    generate(Int32Array, 2 * from.length, (i) => (i % 2 === 0 ? from : to)[i >> 1]!),
    [from.length, 2],
  );

/** Arrays of a checkpoint, of all edges that there will be: what `restoredTree` takes, with `count`. */
export const keptTree = ({
  from,
  to,
  weights,
  nearest,
  parents,
}: GrowingTree): Record<string, NdArray<TypedArray>> => ({
  edges: keptPairs(from, to),
  weights: new NdArray<TypedArray>(weights),
  ...(nearest && parents && { nearest: keptDistances(nearest), parents: new NdArray<TypedArray>(parents) }),
});

/** A tree as a checkpoint has it, of which `count` edges are found. @throws unless these join points that they do not join already */
export function restoredTree(saved: Checkpoint, count?: number): GrowingTree {
  const n = (saved.arrays["weights"]?.data.length ?? 0) + 1;
  const found = count ?? n - 1;
  if (n < 2 || found >= n) throw new Error(`checkpoint: weights must be of a tree of at least two points`);
  const edges = saved.numbers("edges", 2 * (n - 1));
  const tree = newTree(n, saved.arrays["nearest"] !== undefined);
  const sets = new UnionFind(n);
  const isPoint = (point: number): boolean => Number.isInteger(point) && point >= 0 && point < n;
  for (let e = 0; e < found; e++) {
    const [a, b] = [edges[2 * e]!, edges[2 * e + 1]!];
    if (!isPoint(a) || !isPoint(b)) throw new Error(`checkpoint: edges must join points from 0 to ${n - 1}`);
    if (!sets.union(a, b)) throw new Error(`checkpoint: edges must be a tree of ${n} points`);
    [tree.from[e], tree.to[e]] = [a, b];
  }
  tree.weights.set(saved.numbers("weights", n - 1));
  tree.count = found;
  if (!tree.nearest || !tree.parents) return tree;
  // Prim's tree grows from point 0
  const inside = new Set([0]);
  for (let e = 0; e < found; e++) {
    if (!inside.has(tree.from[e]!) || inside.has(tree.to[e]!))
      throw new Error(
        `checkpoint: edges must lead from the tree to points outside, got ${tree.from[e]} to ${tree.to[e]}`,
      );
    inside.add(tree.to[e]!);
  }
  tree.nearest.set(restoredDistances(saved, "nearest", n));
  const parents = saved.numbers("parents", n);
  if (!parents.every(isPoint)) throw new Error(`checkpoint: parents must be points from 0 to ${n - 1}`);
  tree.parents.set(parents);
  return tree;
}
