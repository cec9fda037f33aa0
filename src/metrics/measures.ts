import * as metrics from ".";

type Measure = (truth: metrics.Labels, labels: metrics.Labels) => number;

/** Every measure of two labellings, by the name that it has in metrics.json. */
const MEASURES: Readonly<Record<string, Measure>> = {
  acc: metrics.accuracy,
  misclassification: metrics.misclassificationRate,
  nmi: metrics.nmi,
  ami: metrics.ami,
  ari: metrics.adjustedRandIndex,
  ri: metrics.randIndex,
  mi: metrics.mutualInformation,
  homogeneity: metrics.homogeneity,
  completeness: metrics.completeness,
  vMeasure: metrics.vMeasure,
  fowlkesMallows: metrics.fowlkesMallows,
  purity: metrics.purity,
  bbn: metrics.bbn,
  bbnNorm: metrics.bbnNorm,
};

/** Measures by name, as `metrics.json` has them. */
export type Measures = Readonly<Record<string, number>>;

/** Every external measure of a clustering against known classes. Throws for labellings of different length. */
export function measure(truth: metrics.Labels, labels: metrics.Labels): Measures {
  return Object.fromEntries(Object.entries(MEASURES).map(([name, value]) => [name, value(truth, labels)]));
}

/** The three that tables and curves show. */
export function headline(truth: metrics.Labels, labels: metrics.Labels): { ACC: number; NMI: number; ARI: number } {
  return {
    ACC: metrics.accuracy(truth, labels),
    NMI: metrics.nmi(truth, labels),
    ARI: metrics.adjustedRandIndex(truth, labels),
  };
}
