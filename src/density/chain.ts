// Hierarchies by the chain of nearest neighbours, kept in a checkpoint and gone on with.
import type { Checkpoint } from "../lifecycle/checkpoint";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import type { HostRows } from "../neighbours/rows";
import type { Cooperative } from "../event-loop";
import { keptPairs } from "./growing-tree";
import { singleLinkage } from "./linkage";
import type { Linkage } from "./linkage";
import { generate } from "../typed-arrays";

/** How far the chain has come. */
export interface GrowingChain {
  /** Merges in their order: two places and their distance; the lower place then stands for both. */
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly distances: Float64Array;
  /** Merges that are found. */
  count: number;
  /** Clusters on the chain, each nearest to the one before. */
  readonly path: Uint32Array;
  length: number;
}

/** A chain of n points that has not begun. */
export const newChain = (n: number): GrowingChain => ({
  ...{ a: new Int32Array(n - 1), b: new Int32Array(n - 1), distances: new Float64Array(n - 1), count: 0 },
  ...{ path: new Uint32Array(n), length: 0 },
});

/** Arrays of a checkpoint, of all merges that there will be: what `restoredChain` takes, with `count` and `length`. */
export const keptChain = ({ a, b, distances, path, length }: GrowingChain): Record<string, NdArray<TypedArray>> => ({
  ...{ merges: keptPairs(a, b), distances: new NdArray<TypedArray>(distances) },
  path: new NdArray<TypedArray>(path.map((place, i) => (i < length ? place : 0))),
});

/** A chain as a checkpoint has it. @throws for merges of what is merged already, and a path of what is not there */
export function restoredChain(saved: Checkpoint, count: number, length: number): GrowingChain {
  const n = (saved.arrays["distances"]?.data.length ?? 0) + 1;
  if (n < 2 || count >= n || length > n)
    throw new Error("checkpoint: distances must be of merges of at least two points");
  const chain = newChain(n);
  chain.distances.set(saved.numbers("distances", n - 1));
  if (!chain.distances.every((distance) => distance >= 0)) throw new Error("checkpoint: distances must be distances");
  const merges = saved.numbers("merges", 2 * (n - 1));
  const free = new Uint8Array(n).fill(1);
  for (let m = 0; m < count; m++) {
    const [into, from] = [merges[2 * m]!, merges[2 * m + 1]!];
    if (!(into < from) || free[into] !== 1 || free[from] !== 1)
      throw new Error(`checkpoint: merges must be of clusters that there are, got ${into} and ${from}`);
    free[from] = 0;
    [chain.a[m], chain.b[m]] = [into, from];
  }
  const path = saved.numbers("path", n).subarray(0, length);
  for (const place of path) {
    if (free[place] !== 1)
      throw new Error(`checkpoint: path must be of clusters that there are, each once, got ${place}`);
    free[place] = 0;
  }
  chain.path.set(path);
  [chain.count, chain.length] = [count, length];
  return chain;
}

/** Distances between clusters that change as they merge. */
interface Spaces {
  /** Squared for Ward. */
  between(i: number, j: number): number;
  merge(into: number, from: number, alive: Uint32Array, count: number): void;
}

/** Clusters by their centres: Ward's distance, squared. */
function centres({ data, d }: HostRows, sizes: Float64Array): Spaces {
  return {
    between(i, j) {
      let sum = 0;
      for (let c = 0, a = i * d, b = j * d; c < d; c++, a++, b++) {
        const away = data[a]! - data[b]!;
        sum += away * away;
      }
      return (2 * sizes[i]! * sizes[j]! * sum) / (sizes[i]! + sizes[j]!);
    },
    merge(into, from) {
      const share = sizes[from]! / (sizes[into]! + sizes[from]!);
      for (let c = 0; c < d; c++) data[into * d + c]! += share * (data[from * d + c]! - data[into * d + c]!);
    },
  };
}

/** Clusters by their distances, put together by Lance and Williams's rules. */
function* allPairs(
  { data, n, d }: HostRows,
  sizes: Float64Array,
  linkage: "complete" | "average",
): Cooperative<Spaces> {
  const pairs = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let c = 0; c < d; c++) sum += (data[i * d + c]! - data[j * d + c]!) ** 2;
      pairs[i * n + j] = pairs[j * n + i] = Math.sqrt(sum);
    }
    yield;
  }
  return {
    between: (i, j) => pairs[i * n + j]!,
    merge(into, from, alive, count) {
      const [a, b] = [sizes[into]!, sizes[from]!];
      for (let p = 0; p < count; p++) {
        const other = alive[p]!;
        const [x, y] = [pairs[into * n + other]!, pairs[from * n + other]!];
        const length = linkage === "complete" ? Math.max(x, y) : (a * x + b * y) / (a + b);
        pairs[into * n + other] = pairs[other * n + into] = length;
      }
    },
  };
}

/**
 * Merges by the chain of nearest neighbours: each cluster on it is nearest to the one before, until two are each other's.
 * @param found goes on from there, and keeps the merges as they are found
 */
export function* mergesByChain(
  rows: HostRows,
  linkage: "ward" | "complete" | "average",
  found: GrowingChain,
): Cooperative<Linkage> {
  const { n } = rows;
  const sizes = new Float64Array(n).fill(1);
  const spaces = linkage === "ward" ? centres(rows, sizes) : yield* allPairs(rows, sizes, linkage);
  const alive = generate(Uint32Array, n, (i) => i);
  const places = alive.slice(); // where a cluster stands in `alive`
  let count = n;
  const put = (into: number, from: number): void => {
    const last = alive[--count]!;
    alive[places[from]!] = last;
    places[last] = places[from]!;
    spaces.merge(into, from, alive, count);
    sizes[into]! += sizes[from]!;
  };
  for (let merge = 0; merge < found.count; merge++) {
    put(found.a[merge]!, found.b[merge]!);
    yield;
  }
  const { path } = found;
  while (found.count < n - 1) {
    if (found.length === 0) path[found.length++] = alive[0]!;
    const tip = path[found.length - 1]!;
    const before = found.length > 1 ? path[found.length - 2]! : -1;
    let [best, nearest] = [before < 0 ? Infinity : spaces.between(tip, before), before];
    for (let p = 0; p < count; p++) {
      const other = alive[p]!;
      if (other === tip || other === before) continue;
      const distance = spaces.between(tip, other);
      if (distance < best || (distance === best && nearest !== before && other < nearest))
        [best, nearest] = [distance, other];
    }
    yield;
    if (nearest !== before) {
      path[found.length++] = nearest;
      continue;
    }
    found.length -= 2;
    const [into, from] = tip < before ? [tip, before] : [before, tip];
    found.a[found.count] = into;
    found.b[found.count] = from;
    found.distances[found.count++] = linkage === "ward" ? Math.sqrt(best) : best;
    put(into, from);
  }
  return sorted(found);
}

/** The chain's merges by ascending distance, with the numbers of what they join. */
function sorted({ a, b, distances }: GrowingChain): Linkage {
  return singleLinkage({ from: Uint32Array.from(a), to: Uint32Array.from(b), weights: Float64Array.from(distances) });
}
