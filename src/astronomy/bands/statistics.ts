import { checkChoice, checkInteger, checkPositive } from "../../checks";
import { generate } from "../../typed-arrays";

/** Values that are numbers, in their order; infinities are none. */
export function finiteOf(values: ArrayLike<number>): Float64Array {
  let n = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! - values[i]! === 0) n++;
  const out = new Float64Array(n);
  n = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! - values[i]! === 0) out[n++] = values[i]!;
  return out;
}

/** The middle of sorted values [begin, end), the mean of two where their number is even; NaN of none. */
export function sortedMedian(sorted: ArrayLike<number>, begin = 0, end = sorted.length): number {
  const n = end - begin;
  if (n === 0) return NaN;
  const middle = begin + (n >> 1);
  return n % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Lowest and highest value to show. */
export interface Limits {
  readonly vmin: number;
  readonly vmax: number;
}

/** Options of `zscaleLimits`: IRAF's. */
export interface ZscaleOptions {
  /** Values that are looked at. Default: 1000. */
  readonly nSamples?: number;
  /** Default: 0.25. */
  readonly contrast?: number;
  /** Share of the values that may be left out before the fit is given up. Default: 0.5. */
  readonly maxReject?: number;
  /** Values that must be left. Default: 5. */
  readonly minNPixels?: number;
  /** Residuals beyond this many standard deviations are left out. Default: 2.5. */
  readonly kRej?: number;
  /** Fits at most. Default: 5. */
  readonly maxIterations?: number;
}

/** Every so-manyth finite value, sorted. */
function sampled(values: ArrayLike<number>, nSamples: number): Float64Array {
  const finite = finiteOf(values);
  const step = Math.max(1, Math.floor(finite.length / nSamples));
  const n = Math.min(nSamples, Math.ceil(finite.length / step));
  return generate(Float64Array, n, (i) => finite[i * step]!).sort();
}

/**
 * Limits that show the bulk of an image: a line through the sorted sample, fitted without its outliers, is extended from the median by 1 / contrast.
 * @throws where there is no finite value, and for options that cannot be
 */
export function zscaleLimits(values: ArrayLike<number>, options: ZscaleOptions = {}): Limits {
  const { nSamples = 1000, contrast = 0.25, maxReject = 0.5, minNPixels = 5, kRej = 2.5, maxIterations = 5 } = options;
  checkInteger("zscaleLimits", { nSamples }, 1);
  checkPositive("zscaleLimits", { contrast });
  const sorted = sampled(values, nSamples);
  const n = sorted.length;
  if (n === 0) throw new Error("zscaleLimits: there must be a finite value, all are NaN or infinite");
  const least = Math.max(minNPixels, Math.floor(n * maxReject));
  const bad = new Uint8Array(n);
  const grow = Math.max(1, Math.floor(n * 0.01));
  let good = n;
  let last = n + 1;
  let slope = 0;
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    if (good >= last || good < least) break;
    let [sx, sy, sxx, sxy] = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      if (bad[i]) continue;
      sx += i;
      sy += sorted[i]!;
    }
    const [mx, my] = [sx / good, sy / good];
    for (let i = 0; i < n; i++) {
      if (bad[i]) continue;
      sxx += (i - mx) * (i - mx);
      sxy += (i - mx) * (sorted[i]! - my);
    }
    slope = sxx === 0 ? 0 : sxy / sxx;
    const residual = (i: number): number => sorted[i]! - my - slope * (i - mx);
    let [sum, squares] = [0, 0];
    for (let i = 0; i < n; i++) if (!bad[i]) sum += residual(i);
    for (let i = 0; i < n; i++) if (!bad[i]) squares += (residual(i) - sum / good) ** 2;
    const threshold = kRej * Math.sqrt(squares / good);
    const rejected = bad.slice();
    for (let i = 0; i < n; i++) if (Math.abs(residual(i)) > threshold) rejected[i] = 1;
    last = good;
    good = 0;
    for (let i = 0; i < n; i++) {
      bad[i] = 0;
      for (let j = i - Math.floor(grow / 2); j <= i + Math.floor((grow - 1) / 2); j++) if (rejected[j]) bad[i] = 1;
      if (!bad[i]) good++;
    }
  }
  const [lowest, highest] = [sorted[0]!, sorted[n - 1]!];
  if (good < least) return { vmin: lowest, vmax: highest };
  const line = slope / contrast;
  const center = Math.floor((n - 1) / 2);
  const median = sortedMedian(sorted);
  return {
    vmin: Math.max(lowest, median - (center - 1) * line),
    vmax: Math.min(highest, median + (n - center) * line),
  };
}

/** Percentiles of the finite values, linear between ranks. @throws where there is no finite value, and unless 0 ≤ lower ≤ upper ≤ 100 */
export function percentileLimits(values: ArrayLike<number>, lower: number, upper: number): Limits {
  if (!(lower >= 0 && lower <= upper && upper <= 100))
    throw new Error(`percentileLimits: percentiles must be from 0 to 100 in their order, got ${lower} and ${upper}`);
  const sorted = finiteOf(values).sort();
  if (sorted.length === 0) throw new Error("percentileLimits: there must be a finite value, all are NaN or infinite");
  const at = (percent: number): number => {
    const rank = (percent / 100) * (sorted.length - 1);
    const low = Math.floor(rank);
    const high = Math.min(low + 1, sorted.length - 1);
    return sorted[low]! + (rank - low) * (sorted[high]! - sorted[low]!);
  };
  return { vmin: at(lower), vmax: at(upper) };
}

/** Options of `sigmaClip` and `backgroundMesh`. */
export interface SigmaClipOptions {
  /** Values beyond this many standard deviations from the centre go. Default: 3. */
  readonly sigma?: number;
  /** Rounds at most; null: until nothing goes. Default: 5. */
  readonly maxIters?: number | null;
  /** Default: median. */
  readonly center?: "median" | "mean";
}

/** What is left after clipping; NaN where there is nothing. */
export interface ClippedStatistics {
  readonly mean: number;
  readonly median: number;
  /** Of the population (divided by n). */
  readonly std: number;
  readonly n: number;
}

function moments(sorted: Float64Array, begin: number, end: number): { readonly mean: number; readonly std: number } {
  const n = end - begin;
  if (n === 0) return { mean: NaN, std: NaN };
  let sum = 0;
  for (let i = begin; i < end; i++) sum += sorted[i]!;
  const mean = sum / n;
  let squares = 0;
  for (let i = begin; i < end; i++) squares += (sorted[i]! - mean) ** 2;
  return { mean, std: Math.sqrt(squares / n) };
}

/**
 * Mean, median, standard deviation and number of the finite values after those far from the centre were taken away, round by round, and the limits between
 * which the others lie.
 */
export function sigmaClip(values: ArrayLike<number>, options: SigmaClipOptions = {}): ClippedStatistics & Limits {
  const { sigma = 3, maxIters = 5, center = "median" } = options;
  checkPositive("sigmaClip", { sigma });
  if (maxIters !== null) checkInteger("sigmaClip", { maxIters }, 0);
  checkChoice("sigmaClip", { center }, ["median", "mean"]);
  const sorted = finiteOf(values).sort();
  let [begin, end] = [0, sorted.length];
  for (let round = 0; round < (maxIters ?? Infinity) && end > begin; round++) {
    const { mean, std } = moments(sorted, begin, end);
    const middle = center === "mean" ? mean : sortedMedian(sorted, begin, end);
    const [first, last] = [begin, end];
    while (begin < end && sorted[begin]! < middle - sigma * std) begin++;
    while (end > begin && sorted[end - 1]! > middle + sigma * std) end--;
    if (begin === first && end === last) break;
  }
  const left = { ...moments(sorted, begin, end), median: sortedMedian(sorted, begin, end), n: end - begin };
  return { ...left, vmin: sorted[begin] ?? NaN, vmax: sorted[end - 1] ?? NaN };
}

/** y = asinh(t / a) / asinh(1 / a) of t = (x − vmin) / (vmax − vmin), held in [0, 1]; NaN stays. Source: Lupton et al. (2004). */
export function asinhStretch(values: ArrayLike<number>, { vmin, vmax }: Limits, a = 0.1): Float32Array<ArrayBuffer> {
  checkPositive("asinhStretch", { a });
  if (!(vmax > vmin)) throw new Error(`asinhStretch: vmin must be less than vmax, got ${vmin} and ${vmax}`);
  const scale = 1 / Math.asinh(1 / a);
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const t = (values[i]! - vmin) / (vmax - vmin);
    out[i] = Math.asinh((t < 0 ? 0 : t > 1 ? 1 : t) / a) * scale;
  }
  return out;
}
