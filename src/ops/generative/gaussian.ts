// Divergences in closed form between diagonal Gaussians, given as means and ln σ², [n, d]: sums over latents, means over the batch.
import { checkRange } from "../../checks";
import { sameShape, format } from "../../tensor";
import type { Tensor } from "../../tensor";
import { add, div, exp, log, mul, scale, shift, square, sub } from "../elementwise";
import { mean, sum } from "../reduce";
import { reshape } from "../shape";

/** ln 2π */
export const LOG_TAU = Math.log(2 * Math.PI);

/** @throws unless all are float32 matrices [n, d] of one shape, with rows and columns */
export function checkLatents(op: string, given: Readonly<Record<string, Tensor>>): void {
  const [[first, like]] = Object.entries(given) as [[string, Tensor]];
  if (like.rank !== 2 || like.size === 0 || like.dtype !== "f32")
    throw new Error(`${op}: ${first} must be f32 of shape [n, d], got ${like.dtype} of ${format(like)}`);
  for (const [name, x] of Object.entries(given))
    if (!sameShape(x.shape, like.shape) || x.dtype !== "f32")
      throw new Error(`${op}: ${name} must be f32 of shape ${format(like)}, got ${x.dtype} of ${format(x)}`);
}

/** Σ over all elements of x [n, …], divided by n. */
export const batchMean = (x: Tensor): Tensor => scale(sum(x), 1 / x.shape[0]!);

/**
 * z = μ + e^(lnσ²/2) ε: a sample of N(μ, σ²) through which gradients pass to both. mu, logvar [n, d]; eps standard normal, [n, d] or
 * [samples, n, d]. Kingma & Welling 2014, section 2.4. @throws when shapes do not fit
 */
export function reparameterize(mu: Tensor, logvar: Tensor, eps: Tensor): Tensor {
  checkLatents("reparameterize", { mu, logvar });
  checkDraws("reparameterize", eps, mu);
  return add(mu, mul(exp(scale(logvar, 0.5)), eps));
}

/** @throws unless eps is [n, d] or [samples, n, d] for mu [n, d] */
export function checkDraws(op: string, eps: Tensor, mu: Tensor): void {
  if (!sameShape(eps.shape.slice(-2), mu.shape) || eps.rank > 3 || eps.size === 0)
    throw new Error(`${op}: draws must be [n, d] or [samples, n, d] for latents ${format(mu)}, got ${format(eps)}`);
}

/**
 * KL(N(μ, σ²) ‖ N(0, I)) = ½ Σ_d (σ² + μ² − 1 − ln σ²), averaged over the batch; mu, logvar [n, d]. A scalar. Kingma & Welling 2014,
 * appendix B. @throws when shapes do not fit
 */
export function klNormal(mu: Tensor, logvar: Tensor): Tensor {
  checkLatents("klNormal", { mu, logvar });
  const terms = sub(add(exp(logvar), square(mu)), shift(logvar, 1));
  return scale(sum(terms), 0.5 / mu.shape[0]!);
}

/**
 * Negative log-likelihood of x under N(μ, σ²): ½ Σ (ln 2π + ln σ² + (x − μ)²/σ²) over features, averaged over the batch; all [n, …] of one
 * shape. A scalar. @throws when the shapes differ
 */
export function gaussianNll(x: Tensor, mu: Tensor, logvar: Tensor): Tensor {
  if (x.rank === 0 || x.size === 0 || !sameShape(x.shape, mu.shape) || !sameShape(x.shape, logvar.shape))
    throw new Error(
      `gaussianNll: x, mu and logvar must have one shape [n, ...], got ${format(x)}, ${format(mu)} and ${format(logvar)}`,
    );
  const squares = mul(square(sub(x, mu)), exp(scale(logvar, -1)));
  return scale(sum(shift(add(logvar, squares), LOG_TAU)), 0.5 / x.shape[0]!);
}

/** The loss of a variational autoencoder and its two parts, scalars. */
export interface Elbo {
  readonly loss: Tensor;
  /** Σ (x − x̂)² over features, averaged over the batch. */
  readonly reconstruction: Tensor;
  readonly kl: Tensor;
}

/** Σ (x − x̂)² over features, without ½, averaged over the batch; x, xhat [n, …]. A scalar. @throws when the shapes differ */
export function squaredError(x: Tensor, xhat: Tensor): Tensor {
  if (x.rank === 0 || x.size === 0 || !sameShape(x.shape, xhat.shape))
    throw new Error(
      `squaredError: x and its reconstruction must have one shape [n, ...], got ${format(x)} and ${format(xhat)}`,
    );
  return batchMean(square(sub(x, xhat)));
}

/**
 * Negative evidence lower bound with a unit Gaussian likelihood up to its constant and factor: Σ (x − x̂)² + β KL(q ‖ N(0, I)), sums over
 * features and latents, means over the batch. Higgins et al. 2017 for β. @throws when shapes do not fit
 */
export function elbo(
  x: Tensor,
  xhat: Tensor,
  mu: Tensor,
  logvar: Tensor,
  { beta = 1 }: { readonly beta?: number } = {},
): Elbo {
  if (!(beta >= 0)) throw new Error(`elbo: beta must be 0 or more, got ${beta}`);
  const reconstruction = squaredError(x, xhat);
  const kl = klNormal(mu, logvar);
  return { reconstruction, kl, loss: add(reconstruction, scale(kl, beta)) };
}

/**
 * Skew geometric Jensen-Shannon divergence of N(μ, σ²) and N(0, I): (1−α) KL(q‖G) + α KL(p‖G) with the normalised geometric mean
 * G ∝ q^(1−α) p^α, in closed form; Σ over latents, averaged over the batch. A scalar; α in [0, 1]. Nielsen 2019; Deasy et al. 2020.
 * With W = (1−α) + α σ²: ½ [α ln σ² − ln W + (1−α) W + α W/σ² + α(1−α) μ² (α σ² + (1−α)/σ²)/W − 1]. @throws when shapes do not fit
 */
export function jsGeometric(mu: Tensor, logvar: Tensor, { alpha = 0.5 }: { readonly alpha?: number } = {}): Tensor {
  checkLatents("jsGeometric", { mu, logvar });
  checkRange("jsGeometric", { alpha }, 0, 1);
  const beta = 1 - alpha;
  const variance = exp(logvar);
  const precision = exp(scale(logvar, -1));
  const w = shift(scale(variance, alpha), beta);
  const spread = sub(scale(logvar, alpha), log(w));
  const scales = mul(w, shift(scale(precision, alpha), beta));
  const shifts = div(mul(scale(square(mu), alpha * beta), add(scale(variance, alpha), scale(precision, beta))), w);
  return scale(sum(shift(add(add(spread, scales), shifts), -1)), 0.5 / mu.shape[0]!);
}

/**
 * Squared 2-Wasserstein distance of diagonal Gaussians: Σ_d (μ − μ₂)² + (σ − σ₂)², averaged over the batch; all [n, d]. A scalar.
 * @throws when shapes do not fit
 */
export function gaussianW2(mu: Tensor, logvar: Tensor, mu2: Tensor, logvar2: Tensor): Tensor {
  checkLatents("gaussianW2", { mu, logvar, mu2, logvar2 });
  const deviation = sub(exp(scale(logvar, 0.5)), exp(scale(logvar2, 0.5)));
  return batchMean(add(square(sub(mu, mu2)), square(deviation)));
}

/** Mean over the leading axes of draws of what is summed over latents: x [samples, n, d] or [n, d] → a scalar. */
export const drawMean = (x: Tensor): Tensor => mean(sum(reshape(x, [-1, x.shape.at(-1)!]), 1));
