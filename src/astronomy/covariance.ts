/** Rows by their number, their mean [d] and the scatter Σ (x − mean)(x − mean)ᵀ [d, d] about it. */
export interface Moments {
  readonly n: number;
  readonly mean: Float64Array;
  readonly m2: Float64Array;
}

/**
 * Merges the moments of disjoint rows, in their order: with δ = mean_B − mean_A, M2 = M2_A + M2_B + δ δᵀ n_A n_B / (n_A + n_B) (Chan, Golub and LeVeque,
 * "Updating formulae and a pairwise algorithm for computing sample variances", 1979). Parts without rows contribute nothing. In float64.
 * @throws without parts, or where they differ in columns
 */
export function mergeMoments(parts: Iterable<Moments>): Moments {
  let merged: { n: number; mean: Float64Array; m2: Float64Array } | undefined;
  for (const { n, mean, m2 } of parts) {
    if (!merged) {
      merged = { n: 0, mean: new Float64Array(mean.length), m2: new Float64Array(mean.length ** 2) };
    } else if (mean.length !== merged.mean.length)
      throw new Error(`mergeMoments: parts must have the same columns, got ${merged.mean.length} and ${mean.length}`);
    if (n === 0) continue;
    const d = mean.length;
    const total: number = merged.n + n;
    const shift = mean.map((value, a) => value - merged!.mean[a]!);
    const weight = (merged.n * n) / total;
    for (let a = 0; a < d; a++)
      for (let b = 0; b < d; b++) merged.m2[a * d + b]! += m2[a * d + b]! + shift[a]! * shift[b]! * weight;
    for (let a = 0; a < d; a++) merged.mean[a]! += (shift[a]! * n) / total;
    merged.n = total;
  }
  if (!merged) throw new Error("mergeMoments: one part or more is needed, none");
  return merged;
}

/** M2 / (n − 1). @throws for fewer than two rows */
export function covarianceOf({ n, m2 }: Moments): Float64Array {
  if (n < 2) throw new Error(`covarianceOf: a covariance needs two rows, got ${n}`);
  return m2.map((value) => value / (n - 1));
}
