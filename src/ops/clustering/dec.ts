import { codes } from "../../../kernels/clustering/student_t_backward.wgsl";
import { noGrad, record } from "../../graph";
import { checkPositive } from "../../checks";
import * as kernels from "../../kernels/clustering";
import { empty, format, run, sameShape } from "../../tensor";
import type { Tensor } from "../../tensor";
import { pointSizes, weightedDifference } from "../distance";
import { sum } from "../reduce";

const UPSTREAM = { gradient: codes.GRADIENT, target: codes.TARGET } as const;

/** q, and the parts of scale · KL(p‖q) by row; p is not read where the scale is 0. */
function assign(
  op: string,
  z: Tensor,
  mu: Tensor,
  p: Tensor,
  alpha: number,
  scale: number,
): [q: Tensor, parts: Tensor] {
  const [n, k, d] = pointSizes(op, z.shape, mu.shape, () => `z ${format(z)}, mu ${format(mu)}`);
  checkPositive(op, { alpha });
  const q = empty(z.device, [n, k], "f32", op);
  const parts = empty(z.device, [n], "f32", op);
  run(kernels.studentT, { z, mu, p, q, parts, n, k, d, alpha, scale });
  return [q, parts];
}

interface Upstream {
  readonly op: keyof typeof UPSTREAM;
  /** ∂L/∂q, or the target p. */
  readonly g: Tensor;
  readonly dy: Tensor;
  readonly alpha: number;
  readonly scale: number;
}

/** The gradients to z and mu; what they share is computed by the thunk that runs first. */
function towardsPoints(z: Tensor, mu: Tensor, q: Tensor, { op, g, dy, alpha, scale }: Upstream): (() => Tensor)[] {
  let weights: Tensor | undefined;
  const weigh = (): Tensor => {
    if (weights) return weights;
    const [n, k] = q.shape as [number, number];
    weights = empty(z.device, [n, k], "f32", "studentT");
    run(kernels.studentTBackward, {
      z,
      mu,
      q,
      g,
      dy,
      w: weights,
      n,
      k,
      d: z.shape[1]!,
      op: UPSTREAM[op],
      alpha,
      scale,
    });
    return weights;
  };
  return [() => weightedDifference(weigh(), z, mu, 1), () => weightedDifference(weigh(), mu, z, 1, true)];
}

/**
 * Soft assignment by Student's t distribution with `alpha` degrees of freedom: q_ij ∝ (1 + ‖z_i − μ_j‖²/α)^(−(α+1)/2), each
 * row summing to 1; z [n, d], mu [k, d], q [n, k]. Computed relative to the nearest centre, so that no row underflows.
 * Xie, Girshick & Farhadi 2016, eq. 1. @throws when shapes do not fit or alpha is not positive
 */
export function studentT(z: Tensor, mu: Tensor, alpha = 1): Tensor {
  const [q, parts] = assign("studentT", z, mu, z, alpha, 0);
  parts.dispose();
  return record("studentT", q, [z, mu], (dy) =>
    towardsPoints(z, mu, q, { op: "gradient", g: dy, dy, alpha, scale: 1 }),
  );
}

/**
 * DEC's target distribution p_ij = (q_ij²/f_j) / Σ_j' (q_ij'²/f_j'), q and p [n, k]; a constant, no gradient passes. `f` is
 * the mass [k] of each cluster, by default Σ_i q_ij; give it when q is a part of a larger data set. A cluster without mass
 * gets p = 0. Xie, Girshick & Farhadi 2016, eq. 3. @throws when shapes do not fit
 */
export function decTarget(q: Tensor, f?: Tensor): Tensor {
  const [n, k] = q.shape;
  if (n === undefined || k === undefined || q.rank !== 2 || (f && !sameShape(f.shape, [k])))
    throw new Error(`decTarget: q must be [n, k] and f [k], got ${format(q)}${f ? ` and ${format(f)}` : ""}`);
  const mass = f ?? noGrad(() => sum(q, 0));
  const p = empty(q.device, [n, k], "f32", "decTarget");
  run(kernels.decTarget, { q, f: mass, p, n, k });
  if (!f) mass.dispose();
  return p;
}

/** How the rows of a loss are put together: their sum, or that divided by the number of rows. */
export type RowReduction = "sum" | "batchmean";

/**
 * DEC's clustering loss KL(P‖Q) = Σ_ij p_ij ln(p_ij/q_ij) of embeddings z [n, d] and centres mu [k, d] against a constant
 * target p [n, k], q being `studentT(z, mu, alpha)`; the default reduction divides by n. A scalar. The gradient is the closed
 * form (α+1)/α · Σ_j (1 + ‖z_i − μ_j‖²/α)⁻¹ (p_ij − q_ij)(z_i − μ_j), and its like for μ.
 * Xie, Girshick & Farhadi 2016, eqs. 2, 4, 5. @throws when shapes do not fit or alpha is not positive
 */
export function decLoss(
  z: Tensor,
  mu: Tensor,
  p: Tensor,
  { alpha = 1, reduction = "batchmean" }: { alpha?: number; reduction?: RowReduction } = {},
): Tensor {
  if (!sameShape(p.shape, [z.shape[0]!, mu.shape[0]!]))
    throw new Error(`decLoss: p must be [n, k] for z [n, d] and mu [k, d], got ${[p, z, mu].map(format).join(", ")}`);
  const scale = reduction === "sum" ? 1 : 1 / z.shape[0]!;
  const [q, parts] = assign("decLoss", z, mu, p, alpha, scale);
  return record("decLoss", sum(parts), [z, mu], (dy) =>
    towardsPoints(z, mu, q, { op: "target", g: p, dy, alpha, scale }),
  );
}
