import { checkInteger } from "../../checks";
import type { SetPart, SetProvider } from "../../data/datasets/sets/provider";
import { misclassificationRate } from "../../metrics/accuracy";
import type { Matching } from "../../metrics/accuracy";
import { nmi } from "../../metrics/information";
import { bbnNorm } from "../../metrics/purity";
import { NdArray } from "../../ndarray";
import { stream } from "../../random";
import { sampleSets } from "./sets";

/** A mean with its standard error, s / √count. */
export interface Estimate {
  readonly mean: number;
  /** 0 for a single set. */
  readonly standardError: number;
}

/** What a way of clustering is worth on sets whose clusters are known. */
export interface SetScores {
  readonly sets: number;
  /** Geometric. */
  readonly nmi: Estimate;
  /** Normalised BBN. */
  readonly bbnNorm: Estimate;
  /** Misclassification rate. */
  readonly mr: Estimate;
  /** Share of sets whose number of clusters is found. */
  readonly countAccuracy: Estimate;
}

/** What clusters sets: a model, or a function that is given the set and its true number of clusters. */
export type SetClusterer =
  | {
      /** Clusters each set, and tells how many clusters it has. */
      predictSets(
        sets: readonly NdArray<Float32Array>[],
      ): Promise<readonly { readonly labels: Int32Array; readonly k: number }[]>;
    }
  | ((set: NdArray<Float32Array>, k: number) => ArrayLike<number> | Promise<ArrayLike<number>>);

/** Options of `evaluateSets`. */
export interface EvaluateSetsOptions {
  /** Default 300, as the thesis. */
  readonly sets?: number;
  /** Items a set. Default 72. */
  readonly length?: number;
  /** Default "test". */
  readonly part?: SetPart;
  /** How clusters are matched for the misclassification rate. Default "optimal"; the thesis's figures are "greedy". */
  readonly matching?: Matching;
  /** Of the sets: the same seed gives every clusterer the same ones. Default 0. */
  readonly seed?: number;
  /** After each batch of sets. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Sets that are made and clustered at a time. */
const AT_ONCE = 50;

/**
 * Scores on new sets of a provider, mean and standard error over sets (Meier 2018, section 9): NMI with the geometric mean, normalised
 * BBN, misclassification rate, and how often the number of clusters is found.
 * @throws when the provider's sets are not as they should be
 */
export async function evaluateSets(
  clusterer: SetClusterer,
  provider: SetProvider,
  { sets = 300, length = 72, part = "test", matching = "optimal", seed = 0, onProgress }: EvaluateSetsOptions = {},
): Promise<SetScores> {
  const op = "evaluateSets";
  checkInteger(op, { sets, length }, 1);
  const random = stream(seed, op);
  const scores: Record<keyof Omit<SetScores, "sets">, number[]> = { nmi: [], bbnNorm: [], mr: [], countAccuracy: [] };
  for (let done = 0; done < sets; done += AT_ONCE) {
    const batch = Math.min(AT_ONCE, sets - done);
    const { items, labels, counts } = await sampleSets(op, provider, part, { batch, length }, random);
    const size = items.size / batch;
    const all = Array.from(counts, (k, i) => ({
      ...{ k, truth: labels.subarray(i * length, (i + 1) * length) },
      set: new NdArray(items.data.subarray(i * size, (i + 1) * size), [length, ...provider.itemShape]),
    }));
    const found = await clustered(clusterer, all);
    all.forEach(({ k, truth }, i) => {
      const labels = found[i]!.labels;
      scores.nmi.push(nmi(truth, labels, { average: "geometric" }));
      scores.bbnNorm.push(bbnNorm(truth, labels));
      scores.mr.push(misclassificationRate(truth, labels, { matching }));
      scores.countAccuracy.push(Number(found[i]!.k === k));
    });
    onProgress?.(done + batch, sets);
  }
  const { nmi: information, bbnNorm: bbn, mr, countAccuracy } = scores;
  return {
    ...{ sets, nmi: estimate(information), bbnNorm: estimate(bbn), mr: estimate(mr) },
    countAccuracy: estimate(countAccuracy),
  };
}

async function clustered(
  clusterer: SetClusterer,
  all: readonly { readonly set: NdArray<Float32Array>; readonly k: number }[],
): Promise<readonly { readonly labels: ArrayLike<number>; readonly k: number }[]> {
  if (typeof clusterer !== "function") return clusterer.predictSets(all.map(({ set }) => set));
  const found: { labels: ArrayLike<number>; k: number }[] = [];
  for (const { set, k } of all) {
    const labels = await clusterer(set, k);
    found.push({ labels, k: new Set(Array.from(labels)).size });
  }
  return found;
}

/** Mean and standard error of values. */
export function estimate(values: readonly number[]): Estimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const standardError = values.length > 1 ? Math.sqrt(squares / (values.length - 1) / values.length) : 0;
  return { mean, standardError };
}
