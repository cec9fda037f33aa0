import { noGrad } from "../../graph";
import type { Tensor } from "../../tensor";
import { abs, div, mul, scale, shift, sqrt, sub } from "../elementwise";
import { pairwiseSquaredDistance, weightedDifference } from "../distance";
import { decTarget, studentT } from "./dec";

/** DEC's assignments, their target and the gradient of its loss. */
export interface DecGradient {
  /** Soft assignments and target, [n, k]. */
  readonly q: Tensor;
  readonly p: Tensor;
  /** ∂L/∂z of L = Σ p ln(p/q), [n, d]. */
  readonly gradient: Tensor;
  /** ‖(α+1)/α (1 + d²/α)⁻¹ (p_ij − q_ij)(z_i − μ_j)‖ [n, k]: how hard centre j pulls at point i. */
  readonly pull: Tensor;
}

/**
 * What drives DEC: for points z [n, d] and centres mu [k, d] the gradient of its loss (a sum over rows) with respect to z, and the length of each
 * centre's part of it, which the paper plots against q. The target is that of these n points. Xie, Girshick & Farhadi 2016, eq. 4 and figure 4. No
 * gradient passes. @throws when shapes do not fit or alpha is not positive
 */
export function decGradient(z: Tensor, mu: Tensor, { alpha = 1 }: { readonly alpha?: number } = {}): DecGradient {
  return noGrad(() => {
    const q = studentT(z, mu, alpha);
    const p = decTarget(q);
    const squares = pairwiseSquaredDistance(z, mu);
    const weights = scale(div(sub(p, q), shift(scale(squares, 1 / alpha), 1)), (alpha + 1) / alpha);
    const pull = mul(abs(weights), sqrt(squares));
    return { q, p, gradient: weightedDifference(weights, z, mu, 1), pull };
  });
}
