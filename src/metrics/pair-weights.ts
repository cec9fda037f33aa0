/**
 * Weights for pairs of one cluster (φ₁) and of two (φ₀) from the share φ of pairs that are of one, so that frequent ones count less:
 * same = 2 / (1 + √(φ / (1 − φ))), different = 2 / (1 + √(1/φ − 1)); they sum to 2 (Meier 2018, section 5.4).
 * @throws when φ is not between 0 and 1
 */
export function pairWeights(share: number): { same: number; different: number } {
  if (!(share > 0 && share < 1)) throw new Error(`pairWeights: the share must be between 0 and 1, got ${share}`);
  return { same: 2 / (1 + Math.sqrt(share / (1 - share))), different: 2 / (1 + Math.sqrt(1 / share - 1)) };
}

/** Share of the pairs of a labelled set that are of one cluster, by counting its clusters. NaN for fewer than two items. */
export function sameClusterShare(labels: ArrayLike<number>): number {
  const sizes = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) sizes.set(labels[i]!, (sizes.get(labels[i]!) ?? 0) + 1);
  let same = 0;
  for (const size of sizes.values()) same += size * (size - 1);
  return same / (labels.length * (labels.length - 1));
}

/** φ so far: the mean over sets that have been added, and how well it is known. */
export class ShareEstimate {
  #count = 0;
  #mean = 0;
  #squares = 0;

  get count(): number {
    return this.#count;
  }

  get mean(): number {
    return this.#mean;
  }

  /** Width of the 95 % confidence interval of the mean; NaN before the second set. */
  get interval(): number {
    return 2 * 1.96 * Math.sqrt(this.#squares / (this.#count - 1) / this.#count);
  }

  /** Adds a set of two items or more. */
  add(labels: ArrayLike<number>): void {
    const share = sameClusterShare(labels);
    const change = share - this.#mean; // Welford's update
    this.#mean += change / ++this.#count;
    this.#squares += change * (share - this.#mean);
  }
}

/** Options of `estimateSameClusterShare`. */
export interface ShareOptions {
  /** Width of the 95 % confidence interval at which sampling stops. Default 0.005. */
  readonly interval?: number;
  /** Sets that are drawn at least. Default 30: below, the interval would not be that of a normal distribution. */
  readonly minSamples?: number;
  /** Sets after which sampling stops in any case. Default 1,000,000. */
  readonly maxSamples?: number;
}

/**
 * φ, the expected share of pairs that are of one cluster: the mean over sampled sets, until its 95 % confidence interval is narrow
 * enough.
 * @param draw the labels of a new set of two or more items
 * @throws when a set has fewer than two items
 */
export function estimateSameClusterShare(
  draw: () => ArrayLike<number>,
  { interval = 0.005, minSamples = 30, maxSamples = 1e6 }: ShareOptions = {},
): number {
  const estimate = new ShareEstimate();
  while (estimate.count < maxSamples) {
    const labels = draw();
    if (labels.length < 2)
      throw new Error(`estimateSameClusterShare: a set must have two items or more, got ${labels.length}`);
    estimate.add(labels);
    if (estimate.count >= Math.max(2, minSamples) && estimate.interval <= interval) break;
  }
  return estimate.mean;
}
