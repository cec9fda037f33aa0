// How well clusterings of many sets agree with the truth: means with standard errors.
import { bbnNorm, misclassificationRate, nmi } from "constella";
import { spread } from "./spread";

/** Scores of a clustering of one set, as "Learning to Cluster" has them: NMI by the geometric mean, MR greedy and optimal. */
export interface Scores {
  readonly nmi: number;
  readonly bbn: number;
  readonly mrGreedy: number;
  readonly mr: number;
}

/** A mean over sets and its standard error. */
export interface Estimate {
  readonly mean: number;
  readonly error: number;
}

export const MEASURES = ["nmi", "bbn", "mrGreedy", "mr"] as const;
export const MEASURE_NAMES = { nmi: "NMI", bbn: "BBN (norm.)", mrGreedy: "MR (greedy)", mr: "MR (optimal)" } as const;

export type Estimates = Readonly<Record<keyof Scores, Estimate>>;

export const score = (truth: Int32Array, found: Int32Array): Scores => ({
  nmi: nmi(truth, found, { average: "geometric" }),
  bbn: bbnNorm(truth, found),
  mrGreedy: misclassificationRate(truth, found, { matching: "greedy" }),
  mr: misclassificationRate(truth, found),
});

/** Mean and standard deviation / √sets of one figure. */
export function estimateOf(values: readonly number[]): Estimate {
  const { mean, deviation, n } = spread(values);
  return { mean, error: deviation / Math.sqrt(n) };
}

/** The same of every score. */
export function estimate(scores: readonly Scores[]): Estimates {
  const of = (measure: keyof Scores): Estimate => estimateOf(scores.map((one) => one[measure]));
  return { nmi: of("nmi"), bbn: of("bbn"), mrGreedy: of("mrGreedy"), mr: of("mr") };
}

/** 0.827 ± 0.005 */
export const formatEstimate = ({ mean, error }: Estimate, decimals = 3): string =>
  `${mean.toFixed(decimals)} ± ${error.toFixed(decimals)}`;

/** A Markdown table of the measures, one row for each name. */
export function markdownTable(rows: readonly (readonly [name: string, estimates: Estimates])[], decimals = 4): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(["", ...MEASURES.map((measure) => MEASURE_NAMES[measure])]),
    line(["---", ...MEASURES.map(() => "---")]),
    ...rows.map(([name, estimates]) =>
      line([name, ...MEASURES.map((measure) => formatEstimate(estimates[measure], decimals))]),
    ),
  ].join("\n");
}
