import type { KdTree } from "../neighbours/kd-tree";
import { squaredDistanceOf } from "../neighbours/rows";
import type { HostRows } from "../neighbours/rows";
import { UnionFind } from "../neighbours/union-find";
import type { Cooperative } from "../event-loop";
import { newTree } from "./growing-tree";
import type { GrowingTree, Tree } from "./growing-tree";
import { generate, mapTo } from "../typed-arrays";

/** Distance from point i to point j. */
export type Distance = (i: number, j: number) => number;

/** Euclidean distances between rows. */
export function distanceOf(rows: HostRows): Distance {
  const squared = squaredDistanceOf(rows);
  return (i, j) => Math.sqrt(squared(i, j));
}

/**
 * The minimum spanning tree of all pairs under a distance, by Prim's algorithm in n² time and n memory; of equal edges the one to the lower number.
 * Edges in the order in which they join.
 * @param tree goes on from there, and keeps the edges as they are found
 */
export function* primTree(n: number, distance: Distance, tree = newTree(n, true)): Cooperative<Tree> {
  const { from, to, weights, nearest, parents } = tree as Required<GrowingTree>;
  const inside = new Uint8Array(n);
  for (let e = 0; e < tree.count; e++) inside[to[e]!] = 1;
  const left = generate(Uint32Array, n - 1, (i) => i + 1).filter((point) => inside[point] === 0);
  let node = tree.count > 0 ? to[tree.count - 1]! : 0;
  for (let count = left.length; count > 0; count--) {
    let [best, at] = [Infinity, -1];
    for (let p = 0; p < count; p++) {
      const other = left[p]!;
      const length = distance(node, other);
      if (length < nearest[other]!) {
        nearest[other] = length;
        parents[other] = node;
      }
      if (at < 0 || nearest[other]! < best || (nearest[other] === best && other < left[at]!))
        [best, at] = [nearest[other]!, p];
    }
    node = left[at]!;
    left[at] = left[count - 1]!;
    from[tree.count] = parents[node]!;
    to[tree.count] = node;
    weights[tree.count++] = best;
    yield;
  }
  return tree;
}

/**
 * The minimum spanning tree under mutual reachability max(core_i, core_j, ‖x_i − x_j‖ / alpha) by Borůvka's algorithm on a k-d tree: in each round every component finds
 * its shortest edge out, nodes whose points all lie in one component being passed over (March, Ram and Gray, KDD 2010, with one tree).
 * @param cores distances to the minSamples-th neighbour, by row number
 * @param edges goes on from these, and keeps more as they are found, a round at a time
 */
export function* boruvkaTree(
  tree: KdTree,
  cores: Float64Array,
  alpha: number,
  edges = newTree(tree.n, false),
): Cooperative<Tree> {
  const { n, d, order, points, starts, ends, firstLeaf } = tree;
  const sets = new UnionFind(n);
  for (let e = 0; e < edges.count; e++) sets.union(edges.from[e]!, edges.to[e]!);
  const own = mapTo(Float64Array, order, (row) => cores[row]!); // by place
  const nodes = starts.length;
  const lowest = new Float64Array(nodes).fill(Infinity); // least core distance below a node
  for (let node = nodes - 1; node >= 0; node--) {
    if (node >= firstLeaf)
      for (let p = starts[node]!; p < ends[node]!; p++) lowest[node] = Math.min(lowest[node]!, own[p]!);
    else lowest[node] = Math.min(lowest[2 * node + 1]!, lowest[2 * node + 2]!);
  }
  const components = new Int32Array(n); // by place
  const sole = new Int32Array(nodes); // the component of all points below a node, −1 for several
  const stack = new Uint32Array(128);
  const best = { weights: new Float64Array(n), from: new Int32Array(n), to: new Int32Array(n) };
  while (sets.count > 1) {
    for (let p = 0; p < n; p++) components[p] = sets.find(order[p]!);
    for (let node = nodes - 1; node >= 0; node--) {
      if (node >= firstLeaf) {
        sole[node] = starts[node]! < ends[node]! ? components[starts[node]!]! : -2;
        for (let p = starts[node]! + 1; p < ends[node]!; p++) if (components[p] !== sole[node]) sole[node] = -1;
      } else {
        const [a, b] = [sole[2 * node + 1]!, sole[2 * node + 2]!];
        sole[node] = a === b || b === -2 ? a : a === -2 ? b : -1;
      }
    }
    best.weights.fill(Infinity);
    best.from.fill(-1);
    yield;
    for (let p = 0; p < n; p++) {
      const component = components[p]!;
      if (own[p]! > best.weights[component]!) continue;
      const row = order[p]!;
      let depth = 1;
      stack[0] = 0;
      while (depth > 0) {
        const node = stack[--depth]!;
        if (sole[node] === component || sole[node] === -2) continue;
        const limit = best.weights[component]!;
        if (lowest[node]! > limit) continue;
        const reach = limit * alpha;
        if (tree.toBox(node, points, p * d) > reach * reach * (1 + 1e-12)) continue;
        if (node < firstLeaf) {
          const [left, right] = [2 * node + 1, 2 * node + 2];
          const nearer = tree.toBox(left, points, p * d) <= tree.toBox(right, points, p * d);
          stack[depth++] = nearer ? right : left;
          stack[depth++] = nearer ? left : right;
          continue;
        }
        for (let q = starts[node]!; q < ends[node]!; q++) {
          if (components[q] === component) continue;
          let sum = 0;
          for (let c = 0, a = p * d, b = q * d; c < d; c++, a++, b++) sum += (points[a]! - points[b]!) ** 2;
          const weight = Math.max(own[p]!, own[q]!, Math.sqrt(sum) / alpha);
          const other = order[q]!;
          if (weight > best.weights[component]! || !shorter(weight, row, other, best, component)) continue;
          best.weights[component] = weight;
          best.from[component] = row;
          best.to[component] = other;
        }
      }
      if (p % 256 === 0) yield;
    }
    for (let component = 0; component < n; component++) {
      if (best.from[component]! < 0 || !sets.union(best.from[component]!, best.to[component]!)) continue;
      edges.from[edges.count] = best.from[component]!;
      edges.to[edges.count] = best.to[component]!;
      edges.weights[edges.count++] = best.weights[component]!;
    }
    yield;
  }
  return edges;
}

/** Whether an edge comes before the best one so far in the order by weight, lower end, higher end: one order for all components, so that no ring closes. */
function shorter(
  weight: number,
  a: number,
  b: number,
  best: { readonly weights: Float64Array; readonly from: Int32Array; readonly to: Int32Array },
  at: number,
): boolean {
  if (weight !== best.weights[at]) return weight < best.weights[at]!;
  const [low, high] = [Math.min(a, b), Math.max(a, b)];
  const before = Math.min(best.from[at]!, best.to[at]!);
  return low < before || (low === before && high < Math.max(best.from[at]!, best.to[at]!));
}
