// DBSCAN's three passes over the pairs of rows that are near each other: where they stand is small, kept in a checkpoint, and gone on with.
import type { Cooperative } from "../../event-loop";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { UnionFind } from "../../neighbours/union-find";
import { integer } from "../../options";
import { generate, mapTo } from "../../typed-arrays";
import { START } from "./near-pairs";
import type { Place, Within } from "./near-pairs";

/** How many there are: pairs are counted, core points joined, other points given to them. */
export const PASSES = 3;

/** Where the passes stand: each changes what the one before it made. */
export interface Passes {
  /** Those that are done. */
  done: number;
  /** Where the one under way stands. */
  place: Place;
  /** Rows within the radius of each, itself included, so far: by the first pass. */
  counts: Uint32Array<ArrayBuffer>;
  /** 1 of core points: from the first pass on. */
  isCore: Uint8Array<ArrayBuffer>;
  /** Core points that hang together, so far: by the second pass. */
  sets: UnionFind | undefined;
  /** Clusters in the order of their first core points, −1 for rows without one, so far: from the second pass on. */
  labels: Int32Array<ArrayBuffer>;
}

/** Before the first pass over n rows. */
export const newPasses = (n: number): Passes => ({
  ...{ done: 0, place: START, counts: new Uint32Array(n).fill(1), isCore: new Uint8Array(n) },
  ...{ sets: undefined, labels: new Int32Array(n).fill(-1) },
});

/** Goes on with the passes until so many are done; they stand somewhere whenever others have a turn. */
export function* goOn(passes: Passes, within: Within, minSamples: number, until = PASSES): Cooperative<void> {
  while (passes.done < until) {
    const take = [count, join, label][passes.done]!;
    for (const { pairs, next } of within(passes.place)) {
      take(passes, pairs);
      passes.place = next;
      yield;
    }
    if (passes.done === 0) {
      passes.isCore = mapTo(Uint8Array, passes.counts, (near) => Number(near >= minSamples));
      passes.sets = new UnionFind(passes.counts.length);
    } else if (passes.done === 1) passes.labels = numbered(passes.isCore, passes.sets!);
    [passes.done, passes.place] = [passes.done + 1, START];
    yield;
  }
}

function count({ counts }: Passes, pairs: Uint32Array): void {
  for (let e = 0; e < pairs.length; e++) counts[pairs[e]!]!++;
}

/** Joins core points that are near each other. */
function join({ isCore, sets }: Passes, pairs: Uint32Array): void {
  for (let e = 0; e < pairs.length; e += 2)
    if (isCore[pairs[e]!]! > 0 && isCore[pairs[e + 1]!]! > 0) sets!.union(pairs[e]!, pairs[e + 1]!);
}

/** Gives points that are no core points the lowest cluster of those that they are near to. */
function label({ isCore, labels }: Passes, pairs: Uint32Array): void {
  for (let e = 0; e < pairs.length; e += 2) {
    const [i, j] = [pairs[e]!, pairs[e + 1]!];
    if (isCore[i] === isCore[j]) continue;
    const [core, border] = isCore[i]! > 0 ? [i, j] : [j, i];
    if (labels[border]! < 0 || labels[core]! < labels[border]!) labels[border] = labels[core]!;
  }
}

/** The clusters of core points, in the order of the first of each. */
function numbered(isCore: Uint8Array, sets: UnionFind): Int32Array<ArrayBuffer> {
  const numbers = new Map<number, number>();
  return mapTo(Int32Array, isCore, (core, row) => {
    if (core === 0) return -1;
    const set = sets.find(row);
    if (!numbers.has(set)) numbers.set(set, numbers.size);
    return numbers.get(set)!;
  });
}

/** Arrays and state of a checkpoint: what the pass under way changes, and what it goes by. */
export function keptPasses({ done, place, counts, isCore, sets, labels }: Passes): Learned {
  const vector = (values: ArrayLike<number>): NdArray<TypedArray> => new NdArray<TypedArray>(Int32Array.from(values));
  const cores = { isCore: vector(isCore) };
  const arrays = [
    () => ({ counts: vector(counts) }),
    () => ({ ...cores, sets: vector(sets!.labels()) }),
    () => ({ ...cores, labels: vector(labels) }),
  ][Math.min(done, PASSES - 1)]!;
  return { arrays: arrays(), state: { done, ...place } };
}

/** The way back. @throws for what `keptPasses` does not give */
export function restoredPasses(saved: Checkpoint): Passes {
  const done = saved.entry<number>("done", integer(0, PASSES));
  const first = done === 0 ? "counts" : "isCore";
  const n = saved.arrays[first]?.data.length ?? 0;
  if (n === 0) throw new Error(`checkpoint: ${first} must be of a row or more, got none`);
  const vector = (name: string, count: number, lowest: number): Int32Array<ArrayBuffer> => {
    const values = saved.labels(name, count, lowest);
    if (values?.length !== n)
      throw new Error(`checkpoint: ${name} must be of ${n} rows, got ${values?.length ?? "nothing"}`);
    return values;
  };
  const passes = newPasses(n);
  passes.done = done;
  const [row, column] = [saved.entry<number>("row", integer(0, n)), saved.entry<number>("column", integer(0, n))];
  if (row > 0 || column > 0) passes.place = { row, column };
  if (done === 0) passes.counts = Uint32Array.from(vector("counts", n + 1, 1));
  else passes.isCore = Uint8Array.from(vector("isCore", 2, 0));
  if (done === 1) passes.sets = joined(vector("sets", n, 0));
  if (done > 1) {
    passes.labels = vector("labels", n, -1);
    const bare = passes.isCore.findIndex((core, at) => core > 0 && passes.labels[at]! < 0);
    if (bare >= 0) throw new Error(`checkpoint: labels must give a core point its cluster, got -1 for row ${bare}`);
  }
  return passes;
}

/** Disjoint sets by a number for each. */
function joined(numbers: Int32Array): UnionFind {
  const sets = new UnionFind(numbers.length);
  const firsts = generate(Int32Array, numbers.length, () => -1);
  numbers.forEach((set, i) => {
    if (firsts[set]! < 0) firsts[set] = i;
    else sets.union(firsts[set]!, i);
  });
  return sets;
}
