// Variational deep embedding: a mixture of Gaussians as the prior of a VAE. Jiang et al., IJCAI 2017.
import { checkFlag } from "../../checks";
import { noGrad } from "../../graph";
import { format, sameShape } from "../../tensor";
import type { Tensor } from "../../tensor";
import { add, exp, mul, neg, scale, shift, square, sub } from "../elementwise";
import { sum } from "../reduce";
import { reshape } from "../shape";
import { logSoftmax, softmax } from "../softmax";
import { batchMean, checkLatents, LOG_TAU, reparameterize, squaredError } from "./gaussian";

/** What `vadeLoss` computes: scalars, the assignments and the sample. */
export interface VadeTerms {
  readonly loss: Tensor;
  readonly reconstruction: Tensor;
  /** ½ Σ_c γ_c Σ_d [ln σ_c² + (σ² + (μ − μ_c)²)/σ_c²] */
  readonly latent: Tensor;
  /** −Σ_c γ_c ln π_c */
  readonly assignment: Tensor;
  /** Σ_c γ_c ln γ_c */
  readonly assignmentEntropy: Tensor;
  /** −½ Σ_d (1 + ln σ²) */
  readonly posteriorEntropy: Tensor;
  /** γ [n, k] = p(c|z) of the sample. */
  readonly gamma: Tensor;
  /** The sample z = μ + σε, [n, d]. */
  readonly z: Tensor;
}

/** The mixture of a VaDE: logits of the weights [k], means and ln σ² [k, d]. */
export interface MixtureParameters {
  readonly logits: Tensor;
  readonly means: Tensor;
  readonly logvars: Tensor;
}

/** @throws unless the mixture has k weights, and means and variances [k, d] for latents of d */
function checkMixture(op: string, { logits, means, logvars }: MixtureParameters, d: number): void {
  const k = logits.shape[0]!;
  if (logits.rank !== 1 || !sameShape(means.shape, [k, d]) || !sameShape(logvars.shape, [k, d]))
    throw new Error(
      `${op}: the mixture must be logits [k], means and logvars [k, ${d}], got ${format(logits)}, ${format(means)}, ${format(logvars)}`,
    );
}

/** ln π_c + ln N(z; μ_c, σ_c²) for each row and component: z [n, d] → [n, k]. @throws when shapes do not fit */
export function mixtureLogJoint(z: Tensor, mixture: MixtureParameters): Tensor {
  if (z.rank !== 2) throw new Error(`mixtureLogJoint: z must be [n, d], got ${format(z)}`);
  checkMixture("mixtureLogJoint", mixture, z.shape[1]!);
  const { logits, means, logvars } = mixture;
  const [n, d] = z.shape as [number, number];
  const squares = mul(square(sub(reshape(z, [n, 1, d]), means)), exp(neg(logvars)));
  const densities = scale(sum(shift(add(squares, logvars), LOG_TAU), 2), -0.5);
  return add(densities, logSoftmax(logits, 0));
}

/** γ [n, k] = p(c|z), rows of z [n, d]; by softmax of the log densities. @throws when shapes do not fit */
export const mixtureAssignments = (z: Tensor, mixture: MixtureParameters): Tensor =>
  softmax(mixtureLogJoint(z, mixture), 1);

/**
 * Negative evidence lower bound of VaDE: Σ (x − x̂)² + β times ½ Σ_c γ_c Σ_d [ln σ_c² + (σ² + (μ − μ_c)²)/σ_c²] − Σ_c γ_c ln π_c +
 * Σ_c γ_c ln γ_c − ½ Σ_d (1 + ln σ²), averaged over the batch, with γ = p(c|z) at the sample z = μ + σε (`gammaGradient: false` holds it
 * constant). x, xhat [n, …]; mu, logvar, eps [n, d]. Jiang et al. 2017, eqs. 12 and 16. @throws when shapes do not fit
 */
export function vadeLoss(
  x: Tensor,
  xhat: Tensor,
  posterior: { readonly mu: Tensor; readonly logvar: Tensor; readonly eps: Tensor },
  mixture: MixtureParameters,
  { gammaGradient = true, beta = 1 }: { readonly gammaGradient?: boolean; readonly beta?: number } = {},
): VadeTerms {
  checkFlag("vadeLoss", { gammaGradient });
  const { mu, logvar, eps } = posterior;
  checkLatents("vadeLoss", { mu, logvar, eps });
  const [n, d] = mu.shape as [number, number];
  checkMixture("vadeLoss", mixture, d);
  const reconstruction = squaredError(x, xhat);
  const z = reparameterize(mu, logvar, eps);
  const assign = (): Tensor => logSoftmax(mixtureLogJoint(z, mixture), 1);
  const logGamma = gammaGradient ? assign() : noGrad(assign);
  const gamma = gammaGradient ? exp(logGamma) : noGrad(() => exp(logGamma));
  const { logits, means, logvars } = mixture;
  const spread = add(reshape(exp(logvar), [n, 1, d]), square(sub(reshape(mu, [n, 1, d]), means)));
  const distances = sum(add(mul(spread, exp(neg(logvars))), logvars), 2);
  const latent = scale(batchMean(mul(gamma, distances)), 0.5);
  const assignment = neg(batchMean(mul(gamma, logSoftmax(logits, 0))));
  const assignmentEntropy = batchMean(mul(gamma, logGamma));
  const posteriorEntropy = scale(batchMean(shift(logvar, 1)), -0.5);
  const prior = add(add(latent, assignment), add(assignmentEntropy, posteriorEntropy));
  const loss = add(reconstruction, beta === 1 ? prior : scale(prior, beta));
  return { loss, reconstruction, latent, assignment, assignmentEntropy, posteriorEntropy, gamma, z };
}
