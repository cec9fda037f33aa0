import { codes } from "../../../kernels/manifold/tsne_forces.wgsl";
import { record } from "../../graph";
import { tsneForces } from "../../kernels/manifold";
import { empty, format, run } from "../../tensor";
import type { Tensor } from "../../tensor";
import { add, div, log, mul, scale, sub } from "../elementwise";
import { slice } from "../layout";
import { sum } from "../reduce";
import { reshape } from "../shape";

/**
 * t-SNE's loss KL(P‖Q) = Σ_(i≠j) p_ij ln(p_ij / q_ij) of places y [n, dim] against symmetric affinities p [n, n] with zeros on the diagonal, q_ij ∝ (1 +
 * ‖y_i − y_j‖²)⁻¹ over all pairs; a scalar. With the gradient 4 Σ_j (p_ij − q_ij)(y_i − y_j) / (1 + ‖y_i − y_j‖²) to y; p is a constant. One kernel over
 * all pairs, that holds none. Van der Maaten and Hinton, JMLR 2008, eqs. 1, 4, 5. @throws unless y has 1 to 3 columns and p a row and column per place
 */
export function tsneLoss(y: Tensor, p: Tensor): Tensor {
  const [n = 0, dim = 0] = y.shape;
  if (y.rank !== 2 || n === 0 || dim < 1 || dim > 3 || p.rank !== 2 || p.shape[0] !== n || p.shape[1] !== n)
    throw new Error(`tsneLoss: y [n, 1 to 3] and p [n, n] are needed, got ${format(y)} and ${format(p)}`);
  const forces = empty(y.device, [n, 2 * dim], "f32", "tsneLoss");
  const sums = empty(y.device, [n, 2], "f32", "tsneLoss");
  run(tsneForces, { y, p, forces, sums, n, dim, mode: codes.DIVERGENCE });
  const totals = sum(sums, 0);
  const part = (at: number): Tensor => reshape(slice(totals, [at], [at + 1]), []);
  const [z, divergence, mass] = [part(0), part(1), sum(p)];
  const loss = add(divergence, mul(mass, log(z)));
  return record("tsneLoss", loss, [y], (dy) => [
    () => {
      const attraction = slice(forces, [0, 0], [n, dim]);
      const repulsion = mul(slice(forces, [0, dim], [n, 2 * dim]), div(mass, z));
      return mul(scale(sub(attraction, repulsion), 4), dy);
    },
  ]);
}
