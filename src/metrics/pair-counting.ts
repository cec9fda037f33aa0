import type { Host, HostArray } from "../host";
import { CELLS, onTable, type Table } from "./contingency";
import type { Labels } from "./labels";

/** The n (n − 1) / 2 pairs of samples by whether each labelling puts the two together. */
export interface PairConfusion {
  /** Together in both. */
  readonly tp: number;
  /** Together in yPred only. */
  readonly fp: number;
  /** Together in yTrue only. */
  readonly fn: number;
  /** Apart in both. */
  readonly tn: number;
}

type Pairs = Readonly<Record<keyof PairConfusion, bigint>>;

/** Pair counts from Σ n_ij², Σ a_i² and Σ b_j²: exact integers, whose products (of order n⁴) stay exact as bigints. */
function pairsOf(host: Host, { n, r, c, cells, cellCount, rowSizes, columnSizes }: Table): Pairs {
  const pairs = (counts: HostArray<Uint32Array>, k: number): bigint => {
    const squares = BigInt.asUintN(64, host.of(CELLS).sum_of_squares(counts.pointer, k));
    return (squares - BigInt(n)) / 2n;
  };
  const tp = pairs(cellCount, cells);
  const fn = pairs(rowSizes, r) - tp;
  const fp = pairs(columnSizes, c) - tp;
  const all = (BigInt(n) * BigInt(n - 1)) / 2n;
  return { tp, fp, fn, tn: all - tp - fp - fn };
}

/** Numbers of pairs of samples that both, one or neither labelling puts together. Exact below 2^53 pairs (n < 134 million). */
export function pairConfusion(yTrue: Labels, yPred: Labels): PairConfusion {
  return onTable("pairConfusion", yTrue, yPred, (host, table) => {
    const { tp, fp, fn, tn } = pairsOf(host, table);
    return { tp: Number(tp), fp: Number(fp), fn: Number(fn), tn: Number(tn) };
  });
}

/** Rand index (tp + tn) / (n (n − 1) / 2): share of pairs on which both labellings agree; 1 for a single sample. Rand 1971. */
export function randIndex(yTrue: Labels, yPred: Labels): number {
  return onTable("randIndex", yTrue, yPred, (host, table) => {
    const { tp, fp, fn, tn } = pairsOf(host, table);
    const all = tp + fp + fn + tn;
    return all === 0n ? 1 : Number(tp + tn) / Number(all);
  });
}

/**
 * Adjusted Rand index 2 (tp tn − fn fp) / ((tp + fn)(fn + tn) + (tp + fp)(fp + tn)): 0 on average for random labels, 1 for the same
 * partition, at least −0.5. Hubert, Arabie, Comparing partitions, 1985.
 */
export function adjustedRandIndex(yTrue: Labels, yPred: Labels): number {
  return onTable("adjustedRandIndex", yTrue, yPred, (host, table) => {
    const { tp, fp, fn, tn } = pairsOf(host, table);
    if (fp === 0n && fn === 0n) return 1;
    return Number(2n * (tp * tn - fn * fp)) / Number((tp + fn) * (fn + tn) + (tp + fp) * (fp + tn));
  });
}

/**
 * Fowlkes–Mallows index tp / √((tp + fp)(tp + fn)): geometric mean of the pairs' precision and recall; 0 where no pair is together in
 * both (so also where every sample is alone in both). Fowlkes, Mallows 1983.
 */
export function fowlkesMallows(yTrue: Labels, yPred: Labels): number {
  return onTable("fowlkesMallows", yTrue, yPred, (host, table) => {
    const { tp, fp, fn } = pairsOf(host, table);
    if (tp === 0n) return 0;
    const together = Number(tp);
    return Math.sqrt(together / Number(tp + fp)) * Math.sqrt(together / Number(tp + fn));
  });
}
