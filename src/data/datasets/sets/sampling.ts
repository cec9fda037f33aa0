import { NdArray, sizeOf } from "../../../ndarray";
import type { Random } from "../../../random";
import type { Items } from "./items";
import type { SetBatch, SetPart } from "./provider";

/** How clusters are filled with their members. */
export interface FillOptions {
  /** Members that every cluster has at least. Default 2. */
  readonly minimum?: number;
  /** Whether a set may hold an example more than once. Default true, as the thesis's program. */
  readonly replacement?: boolean;
}

/** The examples of a set in the order they are handed out, and the cluster of each. */
export interface Draw {
  readonly members: readonly number[];
  readonly clusters: readonly number[];
  /** Number of clusters. */
  readonly count: number;
}

/** The names of the parts. */
export const PARTS: readonly SetPart[] = ["train", "validation", "test"];

/**
 * `length` members of the given groups of examples, each group a cluster: `minimum` of each, then one at a time of a group drawn at random,
 * in random order (Meier, "Learning to Cluster", section 8.3). Without replacement the groups must hold `length` examples together.
 */
export function fill(groups: readonly ArrayLike<number>[], length: number, options: FillOptions, random: Random): Draw {
  const { minimum = 2, replacement = true } = options;
  const orders = groups.map((group) => (replacement ? null : random.permutation(group.length)));
  const taken = groups.map(() => 0);
  const open = groups.map((_, cluster) => cluster);
  const members: number[] = [];
  const clusters: number[] = [];
  const take = (cluster: number): void => {
    const group = groups[cluster]!;
    const place = orders[cluster]?.[taken[cluster]!] ?? random.integer(group.length);
    members.push(group[place]!);
    clusters.push(cluster);
    if (++taken[cluster]! === group.length && !replacement) open.splice(open.indexOf(cluster), 1);
  };
  for (const cluster of groups.keys()) for (let i = 0; i < minimum; i++) take(cluster);
  while (members.length < length) take(open[random.integer(open.length)]!);
  const order = [...random.permutation(length)];
  return {
    members: order.map((i) => members[i]!),
    clusters: order.map((i) => clusters[i]!),
    count: groups.length,
  };
}

/** Sets of drawn examples, each of its own store of items of that shape, as a batch. */
export function assemble(
  shape: readonly number[],
  part: SetPart,
  batch: number,
  length: number,
  random: Random,
  draw: () => Draw & { readonly items: Items },
): SetBatch {
  const size = sizeOf(shape);
  const data = new Float32Array(batch * length * size);
  const labels = new Int32Array(batch * length);
  const counts = new Int32Array(batch);
  for (let b = 0; b < batch; b++) {
    const { items, members, clusters, count } = draw();
    counts[b] = count;
    labels.set(clusters, b * length);
    for (const [i, member] of members.entries())
      items.put(member, data, (b * length + i) * size, part === "train", random);
  }
  return { items: new NdArray(data, [batch, length, ...shape]), labels, counts };
}

/** Labels of drawn sets, without their items. */
export function assembleLabels(batch: number, length: number, draw: () => Draw): Int32Array {
  const labels = new Int32Array(batch * length);
  for (let b = 0; b < batch; b++) labels.set(draw().clusters, b * length);
  return labels;
}

/**
 * Which of `count` things belong to which part: shares of a shuffled list; validation and test get whole numbers of at least one where their
 * share is above 0, and train the rest. @throws when the shares do not fit or leave nothing to train on
 */
export function splitParts(
  op: string,
  count: number,
  shares: readonly [number, number, number],
  random: Random,
): Record<SetPart, number[]> {
  const total = shares[0] + shares[1] + shares[2];
  if (!shares.every((share) => share >= 0) || !(Math.abs(total - 1) < 1e-6))
    throw new Error(`${op}: shares of train, validation and test must add up to 1, got [${shares.join(", ")}]`);
  const order = [...random.permutation(count)];
  const sizeOfShare = (share: number): number => (share > 0 ? Math.max(1, Math.round(share * count)) : 0);
  const validation = sizeOfShare(shares[1]);
  const test = sizeOfShare(shares[2]);
  const train = count - validation - test;
  if (train < 1) throw new Error(`${op}: something must be left to train on, got ${count} for three parts`);
  return {
    train: order.slice(0, train),
    validation: order.slice(train, train + validation),
    test: order.slice(-test || count),
  };
}
