// Variational inference of a mixture: priors, and the distributions of its parameters.
import { choleskyOf } from "../../linear-algebra/cholesky";
import { sizeOf } from "../../ndarray";
import { columnMeans } from "../../neighbours/rows";
import type { HostRows } from "../../neighbours/rows";
import { digamma, logGamma } from "../../special-functions";
import { covarianceShape, estimate, factorsOf } from "./parameters";
import type { CovarianceType, MixtureParameters, Moments, Scores } from "./parameters";
import { generate, mapTo } from "../../typed-arrays";

/** How weights are shared out: by sticks that are broken in turn, few of them long, or evenly. */
export type WeightPrior = "dirichlet-process" | "dirichlet-distribution";

/** What parameters are taken to be before a point is seen. */
export interface Priors {
  readonly weights: WeightPrior;
  /** Of the weights; small: few components. */
  readonly concentration: number;
  /** How firmly means are held at `mean`, in points. */
  readonly meanPrecision: number;
  /** [d] */
  readonly mean: Float64Array;
  /** Degrees of freedom of the precisions, above d − 1. */
  readonly freedom: number;
  /** As `covariances` of one component. */
  readonly covariance: Float64Array;
}

/** Expected values, and what else the distributions of weights, means and precisions are made of. */
export interface VariationalParameters extends MixtureParameters {
  /** [k, 2] of sticks: what is broken off, and what is left; [k] of a Dirichlet distribution. */
  readonly concentrations: Float64Array<ArrayBuffer>;
  /** [k] */
  readonly meanPrecisions: Float64Array<ArrayBuffer>;
  /** [k], or [1] of one covariance for all. */
  readonly freedoms: Float64Array<ArrayBuffer>;
}

/** Sum of a few numbers. */
const total = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + value, 0);

/** The covariance of rows as scikit-learn's prior has it: over n − 1, in the form of one component. */
export function sampleCovariance(type: CovarianceType, { data, n, d }: HostRows): Float64Array<ArrayBuffer> {
  const means = columnMeans({ data, n, d });
  const out = new Float64Array(d * d);
  for (let i = 0; i < n; i++)
    for (let a = 0; a < d; a++) {
      const away = data[i * d + a]! - means[a]!;
      for (let b = 0; b <= a; b++) out[a * d + b]! += away * (data[i * d + b]! - means[b]!);
    }
  for (let a = 0; a < d; a++) for (let b = 0; b <= a; b++) out[b * d + a] = out[a * d + b]! /= Math.max(1, n - 1);
  if (type === "full" || type === "tied") return out;
  const variances = generate(Float64Array, d, (c) => out[c * d + c]!);
  return type === "diag" ? variances : Float64Array.of(total(variances) / d);
}

/** Distributions of the parameters for moments about means (Bishop, "Pattern Recognition and Machine Learning", 10.58 to 10.63; Blei and Jordan 2006). */
export function updated(
  type: CovarianceType,
  moments: Moments,
  about: Float64Array,
  d: number,
  regCovar: number,
  priors: Priors,
): VariationalParameters {
  const { counts, means: observed, covariances: within } = estimate(type, moments, about, d, regCovar);
  const k = counts.length;
  const concentrations = concentrationsOf(counts, priors);
  const meanPrecisions = counts.map((count) => priors.meanPrecision + count);
  const means = observed.map((mean, at) => {
    const j = Math.floor(at / d);
    return (priors.meanPrecision * priors.mean[at % d]! + counts[j]! * mean) / meanPrecisions[j]!;
  });
  const all = total(counts);
  const freedoms =
    type === "tied" ? Float64Array.of(priors.freedom + all / k) : counts.map((count) => priors.freedom + count);
  const away = (j: number, c: number): number => observed[j * d + c]! - priors.mean[c]!;
  /** How much the mean of component j lies off the prior's counts. */
  const pull = (j: number): number => (priors.meanPrecision * counts[j]!) / meanPrecisions[j]!;
  const covariances = new Float64Array(within.length);
  if (type === "tied") {
    covariances.set(within.map((value, at) => priors.covariance[at]! + (value * all) / k));
    for (let j = 0; j < k; j++)
      for (let at = 0; at < d * d; at++)
        covariances[at]! += (pull(j) / k) * away(j, Math.floor(at / d)) * away(j, at % d);
    covariances.forEach((value, at) => (covariances[at] = value / freedoms[0]!));
  } else {
    const size = within.length / k;
    for (let at = 0; at < within.length; at++) {
      const [j, own] = [Math.floor(at / size), at % size];
      let off = 0;
      if (type === "full") off = away(j, Math.floor(own / d)) * away(j, own % d);
      else if (type === "diag") off = away(j, own) ** 2;
      else for (let c = 0; c < d; c++) off += away(j, c) ** 2 / d;
      covariances[at] = (priors.covariance[own]! + counts[j]! * within[at]! + pull(j) * off) / freedoms[j]!;
    }
  }
  return { weights: expectedWeights(concentrations, priors.weights), means, covariances, concentrations, meanPrecisions, freedoms }; // prettier-ignore
}

function concentrationsOf(counts: Float64Array, { weights, concentration }: Priors): Float64Array<ArrayBuffer> {
  if (weights === "dirichlet-distribution") return mapTo(Float64Array, counts, (count) => concentration + count);
  const k = counts.length;
  const out = new Float64Array(2 * k);
  for (let j = k - 1, after = 0; j >= 0; after += counts[j--]!) {
    out[2 * j] = 1 + counts[j]!;
    out[2 * j + 1] = concentration + after;
  }
  return out;
}

/** Their means, made to sum to 1. */
function expectedWeights(concentrations: Float64Array, prior: WeightPrior): Float64Array<ArrayBuffer> {
  const shares: number[] = [];
  if (prior === "dirichlet-distribution") shares.push(...concentrations);
  else
    for (let j = 0, left = 1; j < concentrations.length; j += 2) {
      const [broken, rest] = [concentrations[j]!, concentrations[j + 1]!];
      shares.push((left * broken) / (broken + rest));
      left *= rest / (broken + rest);
    }
  const sum = total(shares);
  return mapTo(Float64Array, shares, (share) => share / sum);
}

/** E[ln π] of each component. */
function expectedLogWeights(concentrations: Float64Array, prior: WeightPrior): number[] {
  if (prior === "dirichlet-distribution") {
    const all = digamma(total(concentrations));
    return Array.from(concentrations, (own) => digamma(own) - all);
  }
  const out: number[] = [];
  for (let j = 0, left = 0; j < concentrations.length; j += 2) {
    const [broken, rest] = [concentrations[j]!, concentrations[j + 1]!];
    const both = digamma(broken + rest);
    out.push(digamma(broken) - both + left);
    left += digamma(rest) - both;
  }
  return out;
}

const freedomOf = ({ freedoms }: VariationalParameters, j: number): number => freedoms[freedoms.length === 1 ? 0 : j]!;

/** Scores of the expected logarithms (Bishop, 10.46 and 10.64 to 10.66). @throws `op: …` where a covariance is not positive definite */
export function variationalScores(
  type: CovarianceType,
  parameters: VariationalParameters,
  d: number,
  prior: WeightPrior,
  op: string,
): Scores {
  const { means, covariances, concentrations, meanPrecisions, weights } = parameters;
  const { factors, logDeterminants, sharpness } = factorsOf(type, covariances, weights.length, d, op);
  const constants = mapTo(Float64Array, expectedLogWeights(concentrations, prior), (logWeight, j) => {
    const freedom = freedomOf(parameters, j);
    let logLambda = d * Math.LN2;
    for (let c = 0; c < d; c++) logLambda += digamma(0.5 * (freedom - c));
    const gaussian = logDeterminants[j]! - 0.5 * d * Math.log(2 * Math.PI) - 0.5 * d * Math.log(freedom);
    return logWeight + gaussian + 0.5 * (logLambda - d / meanPrecisions[j]!);
  });
  return { constants, means, factors, diagonal: type === "diag" || type === "spherical", sharpness };
}

/** −Σ r ln r of the shares that scores gave n points of a mean ln p, by the moments about their means: no point need be looked at again. */
export function entropy(
  { constants, factors, diagonal }: Scores,
  logProb: number,
  n: number,
  moments: Moments,
): number {
  const { zeroth, second } = moments;
  const k = constants.length;
  const d = moments.first.length / k;
  let weighted = 0; // Σ r score
  for (let j = 0; j < k; j++) {
    weighted += constants[j]! * zeroth[j]!;
    if (diagonal) for (let c = j * d; c < (j + 1) * d; c++) weighted -= 0.5 * factors[c]! ** 2 * second[c]!;
    else
      for (let row = 0; row < d; row++)
        for (let a = 0; a <= row; a++)
          for (let b = 0; b <= a; b++) {
            const [at, twice] = [j * d * d, a === b ? 1 : 2];
            weighted -= 0.5 * twice * factors[at + row * d + a]! * factors[at + row * d + b]! * second[at + a * d + b]!;
          }
  }
  return n * logProb - weighted;
}

/** The variational bound less what no iteration changes (Bishop, 10.70 to 10.77, put together as scikit-learn has it). */
export function variationalBound(
  type: CovarianceType,
  parameters: VariationalParameters,
  d: number,
  prior: WeightPrior,
  shareEntropy: number,
): number {
  const { covariances, concentrations, meanPrecisions, weights } = parameters;
  const k = weights.length;
  const { logDeterminants } = factorsOf(type, covariances, k, d, "BayesianGaussianMixture.fit");
  let wishart = 0; // ln of the normalisations
  for (let j = 0; j < k; j++) {
    const freedom = freedomOf(parameters, j);
    wishart -= freedom * (logDeterminants[j]! - 0.5 * d * Math.log(freedom)) + 0.5 * freedom * d * Math.LN2;
    for (let c = 0; c < d; c++) wishart -= logGamma(0.5 * (freedom - c));
  }
  let dirichlet = 0;
  if (prior === "dirichlet-distribution") {
    dirichlet = logGamma(total(concentrations));
    for (const own of concentrations) dirichlet -= logGamma(own);
  } else
    for (let j = 0; j < 2 * k; j += 2) {
      const [broken, rest] = [concentrations[j]!, concentrations[j + 1]!];
      dirichlet -= logGamma(broken) + logGamma(rest) - logGamma(broken + rest);
    }
  const means = meanPrecisions.reduce((sum, precision) => sum + Math.log(precision), 0);
  return shareEntropy - wishart - dirichlet - 0.5 * d * means;
}

/** @throws `op: …` where a prior is none: of another size, not finite, not positive definite; a covariance only where it is given */
export function checkPriors(
  type: CovarianceType,
  { mean, freedom, covariance }: Pick<Priors, "mean" | "freedom"> & { readonly covariance: Float64Array | undefined },
  d: number,
  op: string,
): void {
  if (mean.length !== d) throw new Error(`${op}: meanPrior must be ${d} numbers, got ${mean.length}`);
  if (!(freedom > d - 1)) throw new Error(`${op}: degreesOfFreedomPrior must be above ${d - 1}, got ${freedom}`);
  if (!covariance) return;
  const size = sizeOf(covarianceShape(type, 1, d));
  if (covariance.length !== size)
    throw new Error(`${op}: covariancePrior must be ${size} numbers, got ${covariance.length}`);
  if (type === "full" || type === "tied") choleskyOf(covariance, d, `${op}: covariancePrior`);
  else if (!covariance.every((variance) => variance > 0))
    throw new Error(`${op}: covariancePrior must be positive, got ${covariance.join(", ")}`);
}
