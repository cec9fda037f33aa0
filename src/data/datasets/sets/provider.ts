import type { NdArray } from "../../../ndarray";
import type { Random } from "../../../random";

/** Sets of equal length, with who belongs together in each. */
export interface SetBatch {
  /** [batch, length, …itemShape] */
  readonly items: NdArray<Float32Array>;
  /** Cluster of each item within its set, 0 … k − 1, every one of them with a member: [batch · length]. */
  readonly labels: Int32Array;
  /** Clusters of each set, k: [batch]. */
  readonly counts: Int32Array;
}

/** Which of a provider's disjoint parts sets are made of. */
export type SetPart = "train" | "validation" | "test";

/** Example clusterings for `LearningToCluster`: sets of items with who belongs together. */
export interface SetProvider {
  readonly itemShape: readonly number[];
  /** Most clusters in a set. */
  readonly kMax: number;
  /** New sets: a function of the arguments and of what `random` draws alone, so that training can be resumed. */
  sample(part: SetPart, batch: number, length: number, random: Random): SetBatch | Promise<SetBatch>;
  /** Labels of such sets alone, where they are had without the items: for statistics over many sets. */
  sampleLabels?(part: SetPart, batch: number, length: number, random: Random): Int32Array;
}
