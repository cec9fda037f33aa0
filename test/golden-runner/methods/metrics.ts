import * as c from "constella";
import { onHost } from "../adapter";
import type { Adapters } from "../adapter";
import type { Values } from "../format";

const numbers = (x: Values): number[] => Array.from(x.data as ArrayLike<number | bigint>, Number);

export const METRICS: Adapters = {
  clustering_metrics: onHost<{ y_true: Values; y_pred: Values }>(({ y_true, y_pred }) => ({
    contingency: () => c.contingency(y_true, y_pred).matrix,
    acc: () => c.accuracy(y_true, y_pred),
    mr: () => c.misclassificationRate(y_true, y_pred),
    bbn: () => c.bbn(y_true, y_pred),
    bbn_norm: () => c.bbnNorm(y_true, y_pred),
    mi: () => c.mutualInformation(y_true, y_pred),
    nmi: () => c.nmi(y_true, y_pred, { average: "geometric" }),
    nmi_arithmetic: () => c.nmi(y_true, y_pred),
    ri: () => c.randIndex(y_true, y_pred),
    ari: () => c.adjustedRandIndex(y_true, y_pred),
    ami: () => c.ami(y_true, y_pred),
    homogeneity: () => c.homogeneity(y_true, y_pred),
    completeness: () => c.completeness(y_true, y_pred),
    v_measure: () => c.vMeasure(y_true, y_pred),
    entropy_true: () => c.entropy(y_true),
    entropy_pred: () => c.entropy(y_pred),
  })),
  hungarian: onHost<{ cost: Values }, { maximize: boolean }>(({ cost }, { maximize }) => {
    const { rows, columns, total } = c.hungarian(cost, { maximize });
    return { total, row_ind: rows, col_ind: columns };
  }),
  roc: onHost<{ y_true: Values; score: Values }>(({ y_true, score }) => {
    const { fpr, tpr, thresholds } = c.rocCurve(y_true, score);
    return { fpr, tpr, thresholds_from_1: thresholds.subarray(1), auc: () => c.auc(y_true, score) };
  }),
  silhouette: onHost<{ x: Values; labels: Values }>(({ x, labels }) => {
    const { samples, score } = c.silhouette(x, labels);
    return { samples, score };
  }),
  li_ma: onHost<{ n_on: Values; n_off: Values; alpha: Values }>(({ n_on, n_off, alpha }) => {
    const [off, ratio] = [numbers(n_off), numbers(alpha)];
    const results = numbers(n_on).map((on, i) => c.liMa(on, off[i]!, ratio[i]!));
    return {
      s: results.map(({ s }) => s),
      s_signed: results.map(({ signed }) => signed),
      excess: results.map(({ excess }) => excess),
    };
  }),
};
