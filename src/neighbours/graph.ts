import { checkFlag, isWhole } from "../checks";
import { NdArray } from "../ndarray";
import { SparseMatrix } from "../sparse";
import { runCooperatively } from "../event-loop";
import type { Cooperative } from "../event-loop";
import { UnionFind } from "./union-find";
import { mapTo } from "../typed-arrays";

/** Weighted edges between the nodes 0 … n − 1. */
export interface Edges {
  readonly from: ArrayLike<number>;
  readonly to: ArrayLike<number>;
  readonly weights: ArrayLike<number>;
}

/** @throws unless the three lists are of one length, the nodes below n and the weights finite, and from 0 on where `lengths` says so */
export function checkEdges(op: string, n: number, { from, to, weights }: Edges, lengths: boolean): void {
  if (from.length !== to.length || from.length !== weights.length)
    throw new Error(
      `${op}: edges need two ends and a weight each, got ${from.length}, ${to.length} and ${weights.length}`,
    );
  for (let e = 0; e < from.length; e++) {
    if (!isWhole(from[e]!, 0, n - 1) || !isWhole(to[e]!, 0, n - 1))
      throw new Error(`${op}: nodes must be whole numbers from 0 to ${n - 1}, got an edge from ${from[e]} to ${to[e]}`);
    if (!Number.isFinite(weights[e]!) || (lengths && weights[e]! < 0))
      throw new Error(
        `${op}: weights must be finite${lengths ? " and not negative" : ""}, got ${weights[e]} at edge ${e}`,
      );
  }
}

/** The component of each node, numbered from 0 by its first node, whichever way the edges lead. */
export function connectedComponents(n: number, { from, to }: Pick<Edges, "from" | "to">): Int32Array<ArrayBuffer> {
  const sets = new UnionFind(n);
  for (let e = 0; e < from.length; e++) sets.union(from[e]!, to[e]!);
  return sets.labels();
}

/**
 * The edges of a minimum spanning tree, or of one of each component, by ascending weight, ties by their place in the list (Kruskal 1956).
 * @returns numbers of the chosen edges
 */
export function minimumSpanningTree(n: number, edges: Edges): Uint32Array<ArrayBuffer> {
  checkEdges("minimumSpanningTree", n, edges, false);
  const weights = Float64Array.from(edges.weights);
  const order = mapTo(Uint32Array, weights, (_, e) => e).sort((a, b) => weights[a]! - weights[b]! || a - b);
  const sets = new UnionFind(n);
  return order.filter((e) => sets.union(edges.from[e]!, edges.to[e]!));
}

/** Options of `shortestPaths`. */
export interface ShortestPathOptions {
  /** Whether edges lead one way only. Default false. */
  readonly directed?: boolean;
  /** Nodes to start from; default all. */
  readonly sources?: ArrayLike<number>;
  readonly signal?: AbortSignal | undefined;
}

/** Lengths of edges by node: row i has those that leave i; of several between two nodes the shortest. @internal */
export function adjacency(n: number, { from, to, weights }: Edges, directed: boolean): SparseMatrix {
  const both = (a: ArrayLike<number>, b: ArrayLike<number>): number[] => [
    ...Array.from(a),
    ...(directed ? [] : Array.from(b)),
  ];
  const entries = { rows: both(from, to), columns: both(to, from), values: both(weights, weights) };
  return SparseMatrix.fromEntries([n, n], entries, Math.min);
}

/**
 * Lengths of the shortest paths from each source to each node, Infinity where there is none: Dijkstra's algorithm (1959) with a binary heap from
 * every source, in float64.
 * @returns [sources, n]
 * @throws when a node is not below n, or a weight is negative or not finite
 */
export async function shortestPaths(
  n: number,
  edges: Edges,
  { directed = false, sources, signal }: ShortestPathOptions = {},
): Promise<NdArray<Float64Array>> {
  checkFlag("shortestPaths", { directed });
  checkEdges("shortestPaths", n, edges, true);
  const from = mapTo(Uint32Array, sources ?? { length: n }, (s: number, i) => (sources ? s : i));
  const graph = adjacency(n, edges, directed);
  const walks = newWalks(n, from);
  await runCooperatively(walking(graph, walks, signal));
  return new NdArray(walks.lengths, [from.length, n]);
}

/** Shortest paths that are being found, source by source. @internal */
export interface Walks {
  readonly sources: Uint32Array;
  /** Of the sources that are done, to each node: [sources, n]. */
  readonly lengths: Float64Array<ArrayBuffer>;
  done: number;
}

/** Before the first source. @internal */
export const newWalks = (n: number, sources: Uint32Array): Walks => ({
  ...{ sources, lengths: new Float64Array(sources.length * n), done: 0 },
});

/** Goes on with the sources that are left. @internal */
export function* walking(graph: SparseMatrix, walks: Walks, signal?: AbortSignal): Cooperative<void> {
  const walk = new Dijkstra(graph);
  const n = graph.shape[0];
  while (walks.done < walks.sources.length) {
    signal?.throwIfAborted();
    const { done } = walks;
    yield* walk.run(walks.sources[done]!, walks.lengths.subarray(done * n, (done + 1) * n));
    walks.done = done + 1;
    yield;
  }
}

/** Nodes that wait, nearest first: a binary heap with the place of each node, kept between runs. */
class Dijkstra {
  readonly #graph: SparseMatrix;
  readonly #heap: Uint32Array;
  readonly #places: Int32Array;

  constructor(graph: SparseMatrix) {
    this.#graph = graph;
    this.#heap = new Uint32Array(graph.shape[0]);
    this.#places = new Int32Array(graph.shape[0]);
  }

  *run(source: number, lengths: Float64Array): Cooperative<void> {
    const { indptr, indices, data } = this.#graph;
    const [heap, places] = [this.#heap, this.#places];
    lengths.fill(Infinity);
    places.fill(-1);
    lengths[source] = 0;
    heap[0] = source;
    places[source] = 0;
    let size = 1;
    for (let done = 0; size > 0; done++) {
      const node: number = heap[0]!;
      const last = heap[--size]!;
      if (size > 0) this.#sink(last, size, lengths);
      for (let p: number = indptr[node]!; p < indptr[node + 1]!; p++) {
        const next = indices[p]!;
        const length = lengths[node]! + data[p]!;
        if (length >= lengths[next]!) continue;
        lengths[next] = length;
        this.#rise(next, places[next]! < 0 ? size++ : places[next]!, lengths);
      }
      if (done % 2048 === 2047) yield;
    }
  }

  #rise(node: number, from: number, lengths: Float64Array): void {
    const [heap, places] = [this.#heap, this.#places];
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (lengths[heap[parent]!]! <= lengths[node]!) break;
      heap[at] = heap[parent]!;
      places[heap[at]!] = at;
      at = parent;
    }
    heap[at] = node;
    places[node] = at;
  }

  #sink(node: number, size: number, lengths: Float64Array): void {
    const [heap, places] = [this.#heap, this.#places];
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && lengths[heap[child + 1]!]! < lengths[heap[child]!]!) child++;
      if (lengths[heap[child]!]! >= lengths[node]!) break;
      heap[at] = heap[child]!;
      places[heap[at]!] = at;
      at = child;
    }
    heap[at] = node;
    places[node] = at;
  }
}
