import { choleskyOf, inverseLower } from "../../linear-algebra/cholesky";
import { generate, mapTo } from "../../typed-arrays";

/** Covariances of a mixture: of each component in full, one for all, of each the variances, or one variance. */
export type CovarianceType = "full" | "tied" | "diag" | "spherical";

/** A mixture of k Gaussians in d dimensions, float64. */
export interface MixtureParameters {
  /** [k], their sum 1. */
  readonly weights: Float64Array<ArrayBuffer>;
  /** [k, d] */
  readonly means: Float64Array<ArrayBuffer>;
  /** full [k, d, d], tied [d, d], diag [k, d], spherical [k]. */
  readonly covariances: Float64Array<ArrayBuffer>;
}

/** Sums over the points about means μ [k, d]: Σ r, Σ r (x − μ), and Σ r (x − μ)(x − μ)ᵀ or its diagonal. */
export interface Moments {
  readonly zeroth: Float64Array<ArrayBuffer>;
  readonly first: Float64Array<ArrayBuffer>;
  readonly second: Float64Array<ArrayBuffer>;
}

/** What scores are made of: score_j = constants_j − ½ ‖F_j (x − μ_j)‖², F_j lower triangular or, where `diagonal`, its diagonal. */
export interface Scores {
  readonly constants: Float64Array<ArrayBuffer>;
  readonly means: Float64Array<ArrayBuffer>;
  readonly factors: Float64Array<ArrayBuffer>;
  readonly diagonal: boolean;
  /** The least share of a column's variance that the columns before it do not tell: what float32 can resolve. */
  readonly sharpness: number;
}

/** Shape of the covariances. */
export function covarianceShape(type: CovarianceType, k: number, d: number): number[] {
  return { full: [k, d, d], tied: [d, d], diag: [k, d], spherical: [k] }[type];
}

/** Numbers that a mixture of this kind is free to choose. */
export function parameterCount(type: CovarianceType, k: number, d: number): number {
  const covariances = { full: (k * d * (d + 1)) / 2, tied: (d * (d + 1)) / 2, diag: k * d, spherical: k }[type];
  return covariances + k * d + k - 1;
}

/** F with Fᵀ F = C⁻¹ of each component, ln |F_j|, and the sharpness. @throws `op: …` where a covariance is not positive definite */
export function factorsOf(
  type: CovarianceType,
  covariances: Float64Array,
  k: number,
  d: number,
  op: string,
): {
  readonly factors: Float64Array<ArrayBuffer>;
  readonly logDeterminants: Float64Array<ArrayBuffer>;
  readonly sharpness: number;
} {
  const diagonal = type === "diag" || type === "spherical";
  const factors = new Float64Array(k * d * (diagonal ? 1 : d));
  const logDeterminants = new Float64Array(k);
  let sharpness = 1;
  for (let j = 0; j < k; j++) {
    if (diagonal)
      for (let c = 0; c < d; c++) {
        const variance = type === "diag" ? covariances[j * d + c]! : covariances[j]!;
        if (!(variance > 0))
          throw new Error(`${op}: variances must be positive, got ${variance} in component ${j}; raise regCovar`);
        factors[j * d + c] = 1 / Math.sqrt(variance);
        logDeterminants[j]! -= 0.5 * Math.log(variance);
      }
    else if (type === "tied" && j > 0) {
      factors.copyWithin(j * d * d, 0, d * d);
      logDeterminants[j] = logDeterminants[0]!;
    } else {
      const from = type === "tied" ? 0 : j * d * d;
      const covariance = covariances.subarray(from, from + d * d);
      const l = choleskyOf(covariance, d, `${op}: component ${j}`, "; raise regCovar, or scale x");
      factors.set(inverseLower(l, d), j * d * d);
      for (let c = 0; c < d; c++) {
        logDeterminants[j]! -= Math.log(l[c * d + c]!);
        sharpness = Math.min(sharpness, l[c * d + c]! ** 2 / covariance[c * d + c]!);
      }
    }
  }
  return { factors, logDeterminants, sharpness };
}

/** Scores of a mixture: constants ln π_j + ln |F_j| − ½ d ln 2π. */
export function scoresOf(
  type: CovarianceType,
  { weights, means, covariances }: MixtureParameters,
  d: number,
  op: string,
): Scores {
  const k = weights.length;
  const { factors, logDeterminants, sharpness } = factorsOf(type, covariances, k, d, op);
  const constants = mapTo(Float64Array, weights, (weight, j) => Math.log(weight) + logDeterminants[j]! - 0.5 * d * Math.log(2 * Math.PI)); // prettier-ignore
  return { constants, means, factors, diagonal: type === "diag" || type === "spherical", sharpness };
}

/** Means and covariances of moments about other means; `counts` [k] are Σ r and a little, as scikit-learn has it. */
export function estimate(
  type: CovarianceType,
  moments: Moments,
  about: Float64Array,
  d: number,
  regCovar: number,
): {
  readonly counts: Float64Array<ArrayBuffer>;
  readonly means: Float64Array<ArrayBuffer>;
  readonly covariances: Float64Array<ArrayBuffer>;
} {
  const { zeroth, first, second } = moments;
  const k = zeroth.length;
  const counts = zeroth.map((count) => count + 10 * Number.EPSILON);
  const means = about.map((mean, at) => {
    const j = Math.floor(at / d);
    return (zeroth[j]! * mean + first[at]!) / counts[j]!;
  });
  const covariances = new Float64Array(covarianceShape(type, k, d).reduce((product, size) => product * size, 1));
  const total = counts.reduce((sum, count) => sum + count, 0);
  for (let j = 0; j < k; j++) {
    const shift = (c: number): number => means[j * d + c]! - about[j * d + c]!;
    /** Σ r (x − m)_a (x − m)_b about the new mean. */
    const scatter = (a: number, b: number, sum: number): number =>
      sum - first[j * d + a]! * shift(b) - shift(a) * first[j * d + b]! + zeroth[j]! * shift(a) * shift(b);
    for (let a = 0; a < d; a++) {
      if (type === "diag" || type === "spherical") {
        const variance = Math.max(0, scatter(a, a, second[j * d + a]!)) / counts[j]! + regCovar;
        if (type === "diag") covariances[j * d + a] = variance;
        else covariances[j]! += variance / d;
        continue;
      }
      for (let b = 0; b <= a; b++) {
        const value = scatter(a, b, second[(j * d + a) * d + b]!) / (type === "tied" ? total : counts[j]!);
        const at = type === "tied" ? 0 : j * d * d;
        const regular = a === b && (type === "full" || j === 0) ? regCovar : 0;
        covariances[at + a * d + b]! += value + regular;
        if (a !== b) covariances[at + b * d + a]! += value;
      }
    }
  }
  return { counts, means, covariances };
}

/** The place of the largest of each k shares, the lowest of equal ones. */
export function largestShares(resp: Float32Array | Float64Array, k: number): Int32Array<ArrayBuffer> {
  return generate(Int32Array, resp.length / k, (i) => {
    let best = 0;
    for (let j = 1; j < k; j++) if (resp[i * k + j]! > resp[i * k + best]!) best = j;
    return best;
  });
}
