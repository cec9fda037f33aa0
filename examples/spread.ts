// Mean and spread of a figure over seeds, for every study.

/** Mean and standard deviation of a sample (over n − 1); the deviation of one value is NaN. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number;
  readonly n: number;
}

export function spread(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : NaN, n: values.length };
}

/** 0.853 ± 0.030, or the mean alone of one value. */
export const formatSpread = ({ mean, deviation, n }: Spread, decimals: number): string =>
  n > 1 ? `${mean.toFixed(decimals)} ± ${deviation.toFixed(decimals)}` : mean.toFixed(decimals);

/** 85.30 ± 3.00: a share in per cent. */
export const formatPercent = ({ mean, deviation, n }: Spread): string =>
  formatSpread({ mean: 100 * mean, deviation: 100 * deviation, n }, 2);
