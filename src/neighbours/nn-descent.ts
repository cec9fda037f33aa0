import type { Cooperative } from "../event-loop";
import { stream } from "../random";
import type { Random } from "../random";
import { generate } from "../typed-arrays";

/** Points [n, d] in float32. */
export interface DescentPoints {
  readonly data: Float32Array;
  readonly n: number;
  readonly d: number;
}

/** Points of a leaf of a random-projection tree, at most; more where k is more. */
const LEAF = 30;
/** A search ends when a round changes fewer than this share of all neighbours. */
const SETTLED = 0.001;
/** Candidates of a point in a round, at most. */
const CANDIDATES = 30;

/** How many trees and rounds: the more points, the more of both. */
const treesFor = (n: number): number => Math.min(16, 4 + Math.round(Math.sqrt(n) / 100));
const roundsFor = (n: number): number => Math.max(5, Math.round(Math.log2(n)));

/** A whole number below `limit`. */
const below = (random: Random, limit: number): number => Math.floor(random.uniform() * limit);

/** ‖x_i − x_j‖². */
function squaredDistance(data: Float32Array, d: number, i: number, j: number): number {
  let [a, b, sum, more] = [i * d, j * d, 0, 0];
  const end = a + d - 1;
  for (; a < end; a += 2, b += 2) {
    const [s, t] = [data[a]! - data[b]!, data[a + 1]! - data[b + 1]!];
    sum += s * s;
    more += t * t;
  }
  if (a === end) sum += (data[a]! - data[b]!) ** 2;
  return sum + more;
}

/** The k nearest found so far of each of n points, by ascending distance, then number. */
class NearestLists {
  readonly indices: Int32Array<ArrayBuffer>;
  readonly squared: Float64Array<ArrayBuffer>;
  /** 1 where a neighbour has not been compared with its fellows. */
  readonly fresh: Uint8Array<ArrayBuffer>;

  readonly k: number;

  constructor(n: number, k: number) {
    this.k = k;
    this.indices = new Int32Array(n * k).fill(-1);
    this.squared = new Float64Array(n * k).fill(Infinity);
    this.fresh = new Uint8Array(n * k);
  }

  /** Whether j is now among the nearest of i, and was not before. */
  add(i: number, j: number, squared: number): boolean {
    const { k, indices, fresh } = this;
    const [first, last] = [i * k, (i + 1) * k - 1];
    const distances = this.squared;
    if (squared > distances[last]! || (squared === distances[last]! && j >= indices[last]! && indices[last]! >= 0))
      return false;
    let at = last;
    while (at > first && (distances[at - 1]! > squared || (distances[at - 1]! === squared && indices[at - 1]! > j)))
      at--;
    if (at > first && indices[at - 1] === j) return false;
    for (let p = last; p > at; p--) {
      distances[p] = distances[p - 1]!;
      indices[p] = indices[p - 1]!;
      fresh[p] = fresh[p - 1]!;
    }
    distances[at] = squared;
    indices[at] = j;
    fresh[at] = 1;
    return true;
  }
}

/** Both ways: how many of the two lists changed. */
function compare({ data, d }: DescentPoints, lists: NearestLists, i: number, j: number): number {
  const squared = squaredDistance(data, d, i, j);
  return Number(lists.add(i, j, squared)) + Number(lists.add(j, i, squared));
}

/** The points in the order of the leaves of a tree of random planes (Dasgupta and Freund 2008), and where the leaves begin. */
function* projectionTree(
  { data, n, d }: DescentPoints,
  leaf: number,
  random: Random,
): Cooperative<{ readonly order: Uint32Array; readonly starts: readonly number[] }> {
  const order = generate(Uint32Array, n, (i) => i);
  const normal = new Float64Array(d);
  const starts: number[] = [];
  const open: (readonly [number, number])[] = [[0, n]];
  for (let part = open.pop(); part; part = open.pop()) {
    const [begin, end] = part;
    const count = end - begin;
    if (count <= leaf) {
      starts.push(begin);
      continue;
    }
    const [a, other] = [below(random, count), below(random, count - 1)];
    const [p, q] = [order[begin + a]! * d, order[begin + (other < a ? other : other + 1)]! * d];
    let offset = 0;
    for (let c = 0; c < d; c++) {
      normal[c] = data[p + c]! - data[q + c]!;
      offset += (normal[c]! * (data[p + c]! + data[q + c]!)) / 2;
    }
    let [low, high] = [begin, end];
    while (low < high) {
      const row = order[low]! * d;
      let side = -offset;
      for (let c = 0; c < d; c++) side += normal[c]! * data[row + c]!;
      if (side < 0) low++;
      else {
        const moved = order[--high]!;
        order[high] = order[low]!;
        order[low] = moved;
      }
      if (low % 512 === 0) yield;
    }
    // points that a plane does not part are parted as they come
    const middle = low - begin < count / 100 || end - low < count / 100 ? begin + (count >> 1) : low;
    open.push([middle, end], [begin, middle]);
    yield;
  }
  return { order, starts };
}

/** Candidates of each point, `size` of those that are offered, by chance. */
class Candidates {
  readonly items: Int32Array<ArrayBuffer>;
  readonly counts: Int32Array<ArrayBuffer>;
  readonly size: number;
  readonly #offered: Int32Array<ArrayBuffer>;
  readonly #random: Random;

  constructor(n: number, size: number, random: Random) {
    [this.size, this.#random] = [size, random];
    this.items = new Int32Array(n * size);
    [this.counts, this.#offered] = [new Int32Array(n), new Int32Array(n)];
  }

  /** The next round begins. */
  clear(): void {
    this.counts.fill(0);
    this.#offered.fill(0);
  }

  /** Algorithm R (Vitter 1985): each of those offered is kept with the same chance. Returns the place; −1 where it is not kept. */
  offer(i: number, j: number): number {
    const { size, items, counts } = this;
    const seen = this.#offered[i]!++;
    const at = seen < size ? counts[i]!++ : below(this.#random, seen + 1);
    if (at >= size) return -1;
    items[i * size + at] = j;
    return at;
  }

  has(i: number, j: number): boolean {
    const { size, items } = this;
    for (let at = i * size, end = at + this.counts[i]!; at < end; at++) if (items[at] === j) return true;
    return false;
  }
}

/**
 * About the k nearest of each point among the others, numbers and squared distances [n, k]: neighbours' neighbours are compared until few of them change
 * (NN-descent; Dong, Moses and Li, "Efficient k-nearest neighbor graph construction for generic similarity measures", WWW 2011), from the leaves of
 * trees of random planes. The work grows about as n log n; the same points give the same neighbours. `onDone` is told of the share that is done.
 */
export function* nearestByDescent(
  points: DescentPoints,
  k: number,
  onDone: (share: number) => void,
): Cooperative<[Uint32Array<ArrayBuffer>, Float64Array<ArrayBuffer>]> {
  const { n } = points;
  const random = stream(0, "nn-descent");
  const lists = new NearestLists(n, k);
  const [trees, rounds] = [treesFor(n), roundsFor(n)];
  for (let tree = 0; tree < trees; tree++) {
    const { order, starts } = yield* projectionTree(points, Math.max(LEAF, k + 1), random);
    for (const [leaf, begin] of starts.entries()) {
      const end = starts[leaf + 1] ?? n;
      for (let a = begin; a < end; a++) {
        for (let b = begin; b < a; b++) compare(points, lists, order[a]!, order[b]!);
        if (a % 16 === 0) yield;
      }
    }
    onDone((tree + 1) / (trees + rounds));
  }
  const size = Math.min(CANDIDATES, Math.max(k, 10));
  const [fresh, old] = [new Candidates(n, size, random), new Candidates(n, size, random)];
  for (let round = 0; round < rounds; round++) {
    const changed = yield* oneRound(points, lists, fresh, old);
    onDone((trees + round + 1) / (trees + rounds));
    if (changed <= SETTLED * n * k) break;
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n && lists.indices[(i + 1) * k - 1]! < 0; j++) if (j !== i) compare(points, lists, i, j);
    if (i % 256 === 0) yield;
  }
  return [new Uint32Array(lists.indices.buffer), lists.squared];
}

/** Compares the candidates of each point with one another, of which one at least is new; returns how many neighbours changed. */
function* oneRound(
  points: DescentPoints,
  lists: NearestLists,
  fresh: Candidates,
  old: Candidates,
): Cooperative<number> {
  const { n } = points;
  const { k } = lists;
  fresh.clear();
  old.clear();
  for (let i = 0; i < n; i++) {
    for (let p = i * k; p < (i + 1) * k; p++) {
      const j = lists.indices[p]!;
      if (j < 0) continue;
      const into = lists.fresh[p] ? fresh : old;
      into.offer(i, j);
      into.offer(j, i);
    }
    if (i % 256 === 0) yield;
  }
  for (let i = 0; i < n; i++) {
    for (let p = i * k; p < (i + 1) * k; p++) if (lists.fresh[p] && fresh.has(i, lists.indices[p]!)) lists.fresh[p] = 0;
    if (i % 256 === 0) yield;
  }
  let changed = 0;
  const { size } = fresh;
  for (let i = 0; i < n; i++) {
    const [begin, end] = [i * size, i * size + fresh.counts[i]!];
    const last = i * size + old.counts[i]!;
    for (let a = begin; a < end; a++) {
      const from = fresh.items[a]!;
      for (let b = begin; b < a; b++) {
        const to = fresh.items[b]!;
        if (from !== to) changed += compare(points, lists, from, to);
      }
      for (let b = begin; b < last; b++) {
        const to = old.items[b]!;
        if (from !== to) changed += compare(points, lists, from, to);
      }
    }
    if (i % 16 === 0) yield;
  }
  return changed;
}
