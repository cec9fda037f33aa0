import { indices, format, sameShape, tensor } from "../../tensor";
import type { Tensor } from "../../tensor";
import { checkPositive, checkRange } from "../../checks";
import { add, equal, floorAt, log, mul, neg, scale, sub } from "../elementwise";
import { matmul } from "../matmul";
import { l2Normalize } from "../normalization/rows";
import { mean, sum } from "../reduce";
import { reshape } from "../shape";
import { generate } from "../../typed-arrays";
import { crossEntropy } from "./cross-entropy";

/** Probabilities count as no less than this under a logarithm, as in SCAN's published code. */
export const LEAST = 1e-8;

/** Added to the score of a row with itself: e to that is 0. */
const EXCLUDED = -1e9;

/**
 * The contrastive loss NT-Xent (Chen, Kornblith, Norouzi and Hinton, "A simple framework for contrastive learning of visual representations", ICML 2020,
 * equation 1) of z [2n, d], where rows i and i + n are two views of one item: with s_ij = cos(z_i, z_j) / τ,
 * the mean over rows of −ln(e^(s_ip) / Σ_(j≠i) e^(s_ij)), p the other view of i. A scalar. The temperature τ is 0.5 by default.
 * @throws when z is not [2n, d], or τ is not positive
 */
export function ntXent(z: Tensor, temperature = 0.5): Tensor {
  const [rows = 0] = z.shape;
  if (z.rank !== 2 || z.size === 0 || rows % 2 !== 0)
    throw new Error(`ntXent: views must be [2n, d], got ${format(z)}`);
  checkPositive("ntXent", { temperature });
  const unit = l2Normalize(z);
  const scores = scale(matmul(unit, unit, { transB: true }), 1 / temperature);
  const numbers = tensor(
    z.device,
    generate(Float32Array, rows, (i) => i),
  );
  const itself = equal(reshape(numbers, [rows, 1]), reshape(numbers, [1, rows]));
  const partners = generate(Uint32Array, rows, (i) => (i + rows / 2) % rows);
  return crossEntropy(add(scores, scale(itself, EXCLUDED)), indices(z.device, partners));
}

/**
 * The clustering loss of SCAN (Van Gansbeke, Vandenhende, Georgoulis, Proesmans and Van Gool, "SCAN: learning to classify images without labels", ECCV 2020,
 * equation 2) of probabilities p [n, k] of items and q [n, k] of a neighbour of each: with p̄ the mean of the rows of p,
 * −mean_i ln(p_i · q_i) + λ Σ_c p̄_c ln p̄_c. The first term wants items where their neighbours are, for sure; the second, minus the entropy of
 * the clusters' sizes, wants all of them used. What a logarithm is taken of counts as at least 1e-8. A scalar. λ, `entropyWeight`, is 5 by default.
 * @throws when p and q are not [n, k] both, or λ is negative
 */
export function scanLoss(p: Tensor, q: Tensor, entropyWeight = 5): Tensor {
  if (p.rank !== 2 || p.size === 0 || !sameShape(p.shape, q.shape))
    throw new Error(
      `scanLoss: probabilities of items and of neighbours must be [n, k] both, got ${format(p)} and ${format(q)}`,
    );
  checkRange("scanLoss", { entropyWeight }, 0);
  const consistency = neg(mean(log(floorAt(sum(mul(p, q), 1), LEAST))));
  const share = mean(p, 0);
  const entropy = neg(sum(mul(share, log(floorAt(share, LEAST)))));
  return sub(consistency, scale(entropy, entropyWeight));
}
