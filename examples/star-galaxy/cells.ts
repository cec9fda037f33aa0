// The cells of the study: one method on one preparation with one seed, kept in a file of its own, so that a run goes on where another ended.
import { join } from "node:path";
import { auc, rocCurve } from "constella";
import { kept } from "./kept";
import type { Method, Setting } from "./methods";

export { METHODS } from "./methods";
export type { Method, Setting } from "./methods";

/** What a cell measured. AUC is max(AUC, 1 − AUC) but for the supervised network: no label says which end is which. */
export interface Cell {
  readonly method: string;
  readonly seed: number;
  readonly auc: number;
  readonly unblended: number;
  readonly blended: number;
  /** AUC of the style unit, where there is one. */
  readonly style?: number;
  readonly seconds: number;
  /** Of the first seed: what figures are drawn of. */
  readonly shown?: Shown;
}

/** What figures show of a cell. */
export interface Shown {
  /** Points of the ROC curve, whose stars are the higher scores. */
  readonly roc: { readonly fpr: readonly number[]; readonly tpr: readonly number[] };
  /** Stamps along the class unit from galaxies to stars, [n, 16, 16]. */
  readonly traversal?: { readonly data: readonly number[]; readonly shape: readonly number[] };
  /** Class unit, style unit and label of some test stamps. */
  readonly plane?: readonly (readonly [score: number, style: number, label: number])[];
}

/** The cell of a method and seed, from its file or measured now. */
export async function cell(method: Method, seed: number, setting: Setting): Promise<Cell> {
  return kept(join(setting.folder, "cells", `${method.id}-${seed}.json`), () => measured(method, seed, setting));
}

const rounded = (values: ArrayLike<number>): number[] => Array.from(values, (value) => Number(value.toPrecision(4)));

/** Points of a curve that are drawn, and test stamps. */
const [POINTS, SHOWN] = [120, 1500];

async function measured(method: Method, seed: number, setting: Setting): Promise<Cell> {
  const began = performance.now();
  const { score, style, traversal } = await method.scores(method, seed, setting);
  const seconds = (performance.now() - began) / 1000;
  const { labels, blend } = setting.test;
  const part = (keep: (i: number) => boolean): number => {
    const kept = Array.from(labels.keys()).filter(keep);
    const signed = method.supervised ?? false;
    return auc(
      kept.map((i) => labels[i]!),
      kept.map((i) => score[i]!),
      { signed },
    );
  };
  const result = {
    ...{ method: method.id, seed, auc: part(() => true) },
    ...{ unblended: part((i) => blend[i] === 0), blended: part((i) => blend[i] === 1) },
    ...(style && { style: auc(labels, style, { signed: false }) }),
    seconds,
  };
  if (seed > 0) return result;
  // stars at the high end
  const turned = auc(labels, score) < 0.5;
  const { fpr, tpr } = rocCurve(labels, turned ? score.map((value) => -value) : score);
  const step = Math.max(1, Math.floor(fpr.length / POINTS));
  const some = (rates: Float64Array): number[] => rounded(rates.filter((_, i) => i % step === 0 || i === rates.length - 1)); // prettier-ignore
  const stamps = traversal && Array.from({ length: traversal.shape[0]! }, (_, i) => traversal.data.subarray(i * 256, (i + 1) * 256)); // prettier-ignore
  if (turned) stamps?.reverse();
  const shown: Shown = {
    roc: { fpr: some(fpr), tpr: some(tpr) },
    ...(stamps && { traversal: { data: stamps.flatMap((stamp) => rounded(stamp)), shape: traversal.shape } }),
    ...(style && {
      plane: Array.from(labels.subarray(0, SHOWN), (label, i) => [...rounded([score[i]!, style[i]!]), label] as never),
    }),
  };
  return { ...result, shown };
}
