// Divergences from a Gaussian posterior to the bimodal prior ½N(−m, s²) + ½N(m, s²), independent in each latent. Sums over latents, means over
// the batch. What stands in them: with h(x) = (|x| − m)²/2s² − ln(1 + e^(−2m|x|/s²)) + ln 2, the prior's density is e^(−h(x)) / (s√2π), which
// loses nothing far out, and the bound's mixture of exponentials e^(−h(μ)) times what both components share.
import { checkPositive, checkRange } from "../../checks";
import type { Tensor } from "../../tensor";
import { abs, add, exp, mul, neg, scale, shift, softplus, square, sub } from "../elementwise";
import { batchMean, checkDraws, checkLatents, drawMean, LOG_TAU, reparameterize } from "./gaussian";

/** The prior ½N(−m, s²) + ½N(m, s²) of each latent. */
export interface Bimodal {
  /** Distance of the two means from 0; default 2. */
  readonly m?: number;
  /** Standard deviation of both components; default 0.5. */
  readonly s?: number;
}

/** The prior with its defaults. @throws unless m is 0 or more and s above 0 */
export function bimodal(op: string, { m = 2, s = 0.5 }: Bimodal): Required<Bimodal> {
  checkRange(op, { m }, 0);
  checkPositive(op, { s });
  return { m, s };
}

/** h(x), see the top of the file. */
function exponent(x: Tensor, { m, s }: Required<Bimodal>): Tensor {
  const distance = abs(x);
  const near = scale(square(shift(distance, -m)), 0.5 / (s * s));
  return shift(sub(near, softplus(scale(distance, (-2 * m) / (s * s)))), Math.log(2));
}

/** ln of the prior's density at each element of x. */
const logPrior = (x: Tensor, prior: Required<Bimodal>): Tensor =>
  shift(neg(exponent(x, prior)), -Math.log(prior.s) - LOG_TAU / 2);

/** ln N(x; μ, σ²) at each element. */
function logNormal(x: Tensor, mu: Tensor, logvar: Tensor): Tensor {
  const squares = mul(square(sub(x, mu)), exp(neg(logvar)));
  return scale(shift(add(squares, logvar), LOG_TAU), -0.5);
}

/** ln N(z; μ, σ²) at z = μ + σε: the mean falls out. */
const logPosterior = (logvar: Tensor, eps: Tensor): Tensor => scale(shift(add(square(eps), logvar), LOG_TAU), -0.5);

/**
 * KL(q ‖ ½N(−m, s²) + ½N(m, s²)) by Monte Carlo: the mean over draws of Σ_d ln q(z|x) − ln p(z) at z = μ + σε, with the gradient through z.
 * mu, logvar [n, d]; eps [n, d] or [samples, n, d]. A scalar. @throws when shapes do not fit
 */
export function klMixtureMonteCarlo(mu: Tensor, logvar: Tensor, eps: Tensor, prior: Bimodal = {}): Tensor {
  const full = bimodal("klMixtureMonteCarlo", prior);
  const z = reparameterize(mu, logvar, eps);
  return drawMean(sub(logPosterior(logvar, eps), logPrior(z, full)));
}

/**
 * Upper bound of the same in closed form: Σ_d −ln(½ e^(−KL(q‖N(−m, s²))) + ½ e^(−KL(q‖N(m, s²)))), averaged over the batch (Hershey &
 * Olsen 2007, section 7); loose between the modes. A scalar. @throws when shapes do not fit
 */
export function klMixtureBound(mu: Tensor, logvar: Tensor, prior: Bimodal = {}): Tensor {
  checkLatents("klMixtureBound", { mu, logvar });
  const full = bimodal("klMixtureBound", prior);
  const { s } = full;
  const shared = sub(scale(exp(logvar), 0.5 / (s * s)), scale(logvar, 0.5));
  return batchMean(shift(add(shared, exponent(mu, full)), Math.log(s) - 0.5));
}

/**
 * Jensen-Shannon divergence of q and the bimodal prior p by Monte Carlo: ½ E_q[ln q − ln M] + ½ E_p[ln p − ln M], M = (q + p)/2 in each
 * latent; the first term at z = μ + σε with the gradient through z, the second at draws `priorDraws` of p (`drawBimodal`). mu, logvar [n, d];
 * eps and priorDraws [n, d] or [samples, n, d]. A scalar, at most ln 2 a latent in expectation. @throws when shapes do not fit
 */
export function jsMonteCarlo(mu: Tensor, logvar: Tensor, eps: Tensor, priorDraws: Tensor, prior: Bimodal = {}): Tensor {
  const full = bimodal("jsMonteCarlo", prior);
  const z = reparameterize(mu, logvar, eps);
  checkDraws("jsMonteCarlo", priorDraws, mu);
  // ln a − ln ½(a + b) = ln 2 − ln(1 + b/a)
  const ofPosterior = softplus(sub(logPrior(z, full), logPosterior(logvar, eps)));
  const ofPrior = softplus(sub(logNormal(priorDraws, mu, logvar), logPrior(priorDraws, full)));
  const latents = mu.shape[1]!;
  return shift(scale(add(drawMean(ofPosterior), drawMean(ofPrior)), -0.5), latents * Math.log(2));
}

/**
 * Squared 2-Wasserstein distance from N(μ, σ²) to the nearer component of the bimodal prior: Σ_d (|μ| − m)² + (σ − s)², averaged over the
 * batch. Our reading of a pointwise Wasserstein term. A scalar. @throws when shapes do not fit
 */
export function pointwiseWasserstein(mu: Tensor, logvar: Tensor, prior: Bimodal = {}): Tensor {
  checkLatents("pointwiseWasserstein", { mu, logvar });
  const { m, s } = bimodal("pointwiseWasserstein", prior);
  return batchMean(add(square(shift(abs(mu), -m)), square(shift(exp(scale(logvar, 0.5)), -s))));
}
