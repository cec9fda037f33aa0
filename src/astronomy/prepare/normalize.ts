import { stripsOf, type BandSource } from "../bands/source";
import { asinhStretch, percentileLimits, sigmaClip, zscaleLimits, type Limits } from "../bands/statistics";

/** How the values of a band are brought to 0 … 1. */
export const NORMALIZATIONS = ["none", "minmax", "percentile", "zscale", "asinh"] as const;

/** One of them. */
export type Normalization = (typeof NORMALIZATIONS)[number];

/** What is known of a band after it was read once. */
export interface BandSummary {
  readonly min: number;
  readonly max: number;
  /** Pixels that are numbers. */
  readonly count: number;
  /** All finite values, or every so-manyth of a band that has more than fit. */
  readonly sample: Float32Array;
}

/** Collects what strips of bands hold. */
export class BandSummaries {
  readonly #step: number;
  readonly #width: number;
  readonly #parts: { min: number; max: number; count: number; sample: number[] }[];

  /** @param most values of a band that are kept */
  constructor({ bands, height, width }: Pick<BandSource, "bands" | "height" | "width">, most = 2 ** 20) {
    this.#step = Math.max(1, Math.ceil((height * width) / most));
    this.#width = width;
    this.#parts = Array.from({ length: bands }, () => ({ min: Infinity, max: -Infinity, count: 0, sample: [] }));
  }

  /** Takes in rows of all bands that begin at row `begin`. */
  add(rows: Float32Array, begin: number): void {
    const size = rows.length / this.#parts.length;
    const step = this.#step;
    for (const [band, part] of this.#parts.entries()) {
      const values = rows.subarray(band * size, (band + 1) * size);
      let { min, max, count } = part;
      for (let i = 0; i < size; i++) {
        const value = values[i]!;
        if (value - value !== 0) continue;
        count++;
        if (value < min) min = value;
        if (value > max) max = value;
      }
      const first = (step - ((begin * this.#width) % step)) % step;
      for (let i = first; i < size; i += step) if (values[i]! - values[i]! === 0) part.sample.push(values[i]!);
      Object.assign(part, { min, max, count });
    }
  }

  get bands(): BandSummary[] {
    return this.#parts.map(({ sample, ...rest }) => ({ ...rest, sample: Float32Array.from(sample) }));
  }
}

/** Summaries of a source's bands, read from the top. */
export async function summarize(source: BandSource, most?: number): Promise<BandSummary[]> {
  const summaries = new BandSummaries(source, most);
  for (const [begin, end] of stripsOf(source)) summaries.add(await source.rows(begin, end), begin);
  return summaries.bands;
}

/** Options of `limitsOf`. */
export interface LimitOptions {
  /** For percentile and asinh. Default: 0.25 and 99.75. */
  readonly percentiles?: readonly [lower: number, upper: number];
}

/**
 * The values that become 0 and 1: a band's extremes, percentiles (also for asinh), or zscale's.
 * @throws `normalize: …` where a band has no number, or one value alone
 */
export function limitsOf(
  summary: BandSummary,
  kind: Exclude<Normalization, "none">,
  name: string,
  { percentiles = [0.25, 99.75] }: LimitOptions = {},
): Limits {
  if (summary.count === 0) throw new Error(`normalize: ${name} must have numbers, all of it is NaN`);
  let limits: Limits = { vmin: summary.min, vmax: summary.max };
  if (kind === "zscale") limits = zscaleLimits(summary.sample);
  else if (kind !== "minmax") limits = percentileLimits(summary.sample, ...percentiles);
  if (!(limits.vmax > limits.vmin)) limits = { vmin: summary.min, vmax: summary.max };
  if (!(limits.vmax > limits.vmin))
    throw new Error(`normalize: ${name} must have more than one value, all are ${summary.min}`);
  return limits;
}

/** Rows of all bands between their limits: 0 … 1, by asinh with a = 0.1 where it is asked for; NaN stays. */
export function normalizeRows(rows: Float32Array, limits: readonly Limits[], kind: Normalization): Float32Array {
  if (kind === "none") return rows;
  const size = rows.length / limits.length;
  const out = new Float32Array(rows.length);
  for (const [band, { vmin, vmax }] of limits.entries()) {
    const values = rows.subarray(band * size, (band + 1) * size);
    if (kind === "asinh") out.set(asinhStretch(values, { vmin, vmax }), band * size);
    else
      for (let i = 0; i < size; i++) {
        const t = (values[i]! - vmin) / (vmax - vmin);
        out[band * size + i] = t < 0 ? 0 : t > 1 ? 1 : t;
      }
  }
  return out;
}

/** Limits beyond which values of a band are outliers: `sigma` clipped standard deviations from the median. */
export function outlierLimits({ sample }: BandSummary, sigma: number): Limits {
  const { median, std } = sigmaClip(sample, { sigma: 3, maxIters: 10 });
  return { vmin: median - sigma * std, vmax: median + sigma * std };
}
