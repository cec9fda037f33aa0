import type { Cooperative } from "../event-loop";
import { generate } from "../typed-arrays";

/** Columns up to which a tree tells most pairs without looking at them. */
export const TREE_DIMENSIONS = 12;

/** Points of a leaf. */
const LEAF = 16;

/**
 * A k-d tree of points in float64 (Bentley, "Multidimensional binary search trees used for associative searching", 1975): halves of the points along
 * the axis of their widest range, down to leaves of sixteen. Nodes are numbered as in a heap; the box of each is kept.
 */
export class KdTree {
  readonly n: number;
  readonly d: number;
  /** Points in the order of the leaves, [n, d]. */
  readonly points: Float64Array;
  /** Row numbers in that order. */
  readonly order: Uint32Array;
  /** First and last place of a node's points. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Lower and upper corners of the nodes' boxes, [nodes, d]. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** The first node that is a leaf; those after it are too. */
  readonly firstLeaf: number;

  private constructor(n: number, d: number) {
    const levels = Math.max(0, Math.ceil(Math.log2(n / LEAF)));
    const nodes = 2 ** (levels + 1) - 1;
    [this.n, this.d, this.firstLeaf] = [n, d, 2 ** levels - 1];
    this.order = generate(Uint32Array, n, (i) => i);
    [this.starts, this.ends] = [new Uint32Array(nodes), new Uint32Array(nodes)];
    [this.low, this.high] = [new Float64Array(nodes * d), new Float64Array(nodes * d)];
    this.ends[0] = n;
    this.points = new Float64Array(n * d);
  }

  /** The tree of the rows of data [n, d]. */
  static *build(data: Float64Array, n: number, d: number): Cooperative<KdTree> {
    const tree = new KdTree(n, d);
    const { order, points, starts, ends, firstLeaf } = tree;
    const keys = new Float64Array(n);
    for (let node = 0; node < starts.length; node++) {
      const [start, end] = [starts[node]!, ends[node]!];
      const axis = tree.#measure(node, data, start, end);
      yield;
      if (node >= firstLeaf) continue;
      for (let at = start; at < end; at++) keys[order[at]!] = data[order[at]! * d + axis]!;
      const middle = (start + end) >> 1;
      if (end - start > 1) select(order, keys, start, end - 1, middle);
      [starts[2 * node + 1], ends[2 * node + 1]] = [start, middle];
      [starts[2 * node + 2], ends[2 * node + 2]] = [middle, end];
      yield;
    }
    for (let at = 0; at < n; at++) {
      for (let c = 0; c < d; c++) points[at * d + c] = data[order[at]! * d + c]!;
      if (at % 4096 === 0) yield;
    }
    return tree;
  }

  /** Notes a node's box; returns the axis of its widest range. */
  #measure(node: number, data: Float64Array, start: number, end: number): number {
    const { d, low, high, order } = this;
    let [widest, range] = [0, -1];
    for (let c = 0; c < d; c++) {
      let [least, most] = [Infinity, -Infinity];
      for (let at = start; at < end; at++) {
        const value = data[order[at]! * d + c]!;
        if (value < least) least = value;
        if (value > most) most = value;
      }
      low[node * d + c] = least;
      high[node * d + c] = most;
      if (most - least > range) [widest, range] = [c, most - least];
    }
    return widest;
  }

  /** The squared distance of a point to a node's box. */
  toBox(node: number, x: Float64Array, at: number): number {
    const { d, low, high } = this;
    let sum = 0;
    for (let c = 0, box = node * d; c < d; c++, box++) {
      const value = x[at + c]!;
      const away = value < low[box]! ? low[box]! - value : value > high[box]! ? value - high[box]! : 0;
      sum += away * away;
    }
    return sum;
  }

  /**
   * Writes the numbers of the k points nearest to the d numbers from x[at] on, and their squared distances, in ascending order, ties by number, from
   * `out` on; the point number `own` is left out.
   */
  nearest(
    x: Float64Array,
    at: number,
    k: number,
    own: number,
    indices: Uint32Array,
    squared: Float64Array,
    out: number,
  ): void {
    const { d, points, order, starts, ends, firstLeaf } = this;
    squared.fill(Infinity, out, out + k);
    const last = out + k - 1;
    const stack = STACK;
    const bounds = BOUNDS;
    let depth = 1;
    stack[0] = 0;
    bounds[0] = 0;
    while (depth > 0) {
      const node = stack[--depth]!;
      if (bounds[depth]! > squared[last]!) continue;
      if (node >= firstLeaf) {
        for (let p = starts[node]!, end = ends[node]!; p < end; p++) {
          let sum = 0;
          for (let c = 0, q = p * d; c < d; c++, q++) {
            const difference = points[q]! - x[at + c]!;
            sum += difference * difference;
          }
          if (sum > squared[last]!) continue;
          const number = order[p]!;
          if (number === own || (sum === squared[last]! && sum < Infinity && number > indices[last]!)) continue;
          let to = last;
          for (; to > out; to--) {
            const before = squared[to - 1]!;
            if (before < sum || (before === sum && indices[to - 1]! < number)) break;
            squared[to] = before;
            indices[to] = indices[to - 1]!;
          }
          squared[to] = sum;
          indices[to] = number;
        }
        continue;
      }
      const [left, right] = [2 * node + 1, 2 * node + 2];
      const [a, b] = [this.toBox(left, x, at), this.toBox(right, x, at)];
      const nearer = a <= b;
      stack[depth] = nearer ? right : left;
      bounds[depth++] = nearer ? b : a;
      stack[depth] = nearer ? left : right;
      bounds[depth++] = nearer ? a : b;
    }
  }

  /** Calls `visit` with the place of each point that comes after the one at `place` in the order and lies within √limit of it, in no order. */
  after(place: number, limit: number, visit: (place: number) => void): void {
    const { d, points, starts, ends, firstLeaf } = this;
    const stack = STACK;
    const at = place * d;
    let depth = 1;
    stack[0] = 0;
    while (depth > 0) {
      const node = stack[--depth]!;
      if (ends[node]! <= place + 1 || this.toBox(node, points, at) > limit) continue;
      if (node < firstLeaf) {
        stack[depth++] = 2 * node + 2;
        stack[depth++] = 2 * node + 1;
        continue;
      }
      for (let p = Math.max(starts[node]!, place + 1), end = ends[node]!; p < end; p++) {
        let sum = 0;
        for (let c = 0, q = p * d; c < d; c++, q++) {
          const difference = points[q]! - points[at + c]!;
          sum += difference * difference;
        }
        if (sum <= limit) visit(p);
      }
    }
  }
}

/** Nodes that wait; a search is never interrupted by another. */
const STACK = new Uint32Array(128);
const BOUNDS = new Float64Array(128);

/** Orders the numbers so that the one at `k` is where it would be if they were sorted by key (then number), lower ones before it (Hoare's FIND). */
function select(order: Uint32Array, keys: Float64Array, left: number, right: number, k: number): void {
  while (right > left) {
    const middle = (left + right) >> 1;
    // the median of three, so that sorted points are halved too
    const before = (a: number, b: number): boolean => {
      const [i, j] = [order[a]!, order[b]!];
      return keys[i]! < keys[j]! || (keys[i]! === keys[j]! && i < j);
    };
    const swap = (a: number, b: number): void => {
      const held = order[a]!;
      order[a] = order[b]!;
      order[b] = held;
    };
    if (before(middle, left)) swap(middle, left);
    if (before(right, left)) swap(right, left);
    if (before(right, middle)) swap(right, middle);
    const pivot = order[middle]!;
    const key = keys[pivot]!;
    let [i, j] = [left, right];
    while (i <= j) {
      while (keys[order[i]!]! < key || (keys[order[i]!]! === key && order[i]! < pivot)) i++;
      while (keys[order[j]!]! > key || (keys[order[j]!]! === key && order[j]! > pivot)) j--;
      if (i <= j) swap(i++, j--);
    }
    if (k <= j) right = j;
    else if (k >= i) left = i;
    else return;
  }
}
