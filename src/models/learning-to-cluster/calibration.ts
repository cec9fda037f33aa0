// Whether a set is like those that the model has learned: by how much several passes over it agree.
import { adjustedRandIndex } from "../../metrics/pair-counting";
import { choice, list, nullable, range, record, integer } from "../../options";
import type { Rule } from "../../options";
import { labelsFor } from "./prediction";
import type { SetClustering } from "./prediction";
import type { SetViewName } from "./views";

/** How far passes agree on sets like those of the training, as a checkpoint keeps it. */
export interface Calibration {
  /** Sets that were looked at, and items of each. */
  readonly sets: number;
  readonly length: number;
  /** Passes over each, and how they see it. */
  readonly orders: number;
  readonly view: SetViewName | null;
  /** Share of these sets, of those found to have k clusters, whose agreement is below `least[k − 1]`. */
  readonly falseAlarms: number;
  readonly least: readonly number[];
}

/** What a checkpoint's calibration must be. */
export const CALIBRATION: Rule = nullable(
  record({
    ...{ sets: integer(1), length: integer(1), orders: integer(2), view: nullable(choice("turned")) },
    ...{ falseAlarms: range(0, 1), least: list(range(0, 1)) },
  }),
);

/** A clustering by several passes, with what it is worth. */
export interface ExaminedClustering extends SetClustering {
  /** How far the passes agree, 0 … 1: see `agreement`. */
  readonly agreement: number;
  /** What all but `falseAlarms` of the sets of the calibration had that were found to have as many clusters. */
  readonly leastAgreement: number;
  /** Whether the agreement is below that: the set is unlike those that the model has learned, and its answer is not to be relied on. */
  readonly unlike: boolean;
  /**
   * Mean over the items of the probability of their clusters: the share of them that the model itself expects to be in the right one. A set that was seen as
   * one cluster has 1.
   */
  readonly confidence: number;
}

/** Sets of one number of clusters below which a quantile of them says nothing. */
const FEWEST = 30;

/**
 * Mean over the passes of P(k) · max(0, ARI) of a pass: its probability of the number of clusters that all passes together find, and the adjusted Rand
 * index of its clusters among as many with theirs.
 */
export function agreement(
  passes: readonly SetClustering[],
  permutations: readonly Uint32Array[],
  { k, labels }: SetClustering,
): number {
  return passes.reduce((sum, pass, run) => {
    const own = new Int32Array(labels.length);
    const seen = labelsFor(pass, k);
    permutations[run]!.forEach((from, to) => (own[from] = seen[to]!));
    return sum + (pass.counts[k - 1]! * Math.max(0, adjustedRandIndex(own, labels))) / passes.length;
  }, 0);
}

/** Mean over the items of the largest of their probabilities among k clusters. */
export function confidence({ k, assignments }: SetClustering): number {
  const { data, shape } = assignments[k - 1]!;
  let sum = 0;
  for (let i = 0; i < data.length; i += k) sum += data.subarray(i, i + k).reduce((most, p) => Math.max(most, p), 0);
  return sum / shape[0]!;
}

/** For every k, what all but a share of the sets found to have k clusters have; that of all sets where few were. */
export function leastAgreements(
  found: readonly { readonly k: number; readonly agreement: number }[],
  kMax: number,
  falseAlarms: number,
): number[] {
  const quantile = (part: typeof found): number =>
    part.map(({ agreement }) => agreement).sort((a, b) => a - b)[Math.floor(falseAlarms * part.length)]!;
  return Array.from({ length: kMax }, (_, i) => {
    const own = found.filter(({ k }) => k === i + 1);
    return quantile(own.length >= FEWEST ? own : found);
  });
}
