import { checkInteger } from "../checks";
import * as kernels from "../kernels/linear-algebra";
import { empty, format, run, tidy } from "../tensor";
import type { Tensor } from "../tensor";

/** Rounds of the iteration: an axis is found up to (λ_next / λ)^rounds, λ the variances along axes. */
const ROUNDS = 16;

/**
 * The axes along which vectors of mean zero vary most, of each set by itself: the right singular vectors of the largest singular values, by
 * orthogonal iteration from fixed first axes (Golub & Van Loan, "Matrix Computations", section 8.2.4), which finds the space that they
 * span long before it tells apart axes of nearly equal variance. Orthonormal; an axis without variance (of vectors that are fewer than the
 * axes, or all alike) is 0. Without a gradient: scores, `matmul(x, principalAxes(x, count), { transB: true })`, have that of a
 * projection on axes held fixed. `PCA` is exact, for one matrix, and takes the mean off by itself.
 * @param x [sets, n, d]
 * @returns [sets, count, d]
 * @throws when x is of another shape or empty, or `count` is not from 1 to d
 */
export function principalAxes(x: Tensor, count: number): Tensor {
  const [sets = 0, n = 0, d = 0] = x.shape;
  if (x.dtype !== "f32" || x.rank !== 3 || x.size === 0)
    throw new Error(`principalAxes: x must be sets of vectors [sets, n, d], none empty, got ${x.dtype} ${format(x)}`);
  checkInteger("principalAxes", { count }, 1, d);
  return tidy(() => {
    const axes = empty(x.device, [sets, count, d], "f32", "principalAxes");
    const scores = empty(x.device, [sets, n, count], "f32", "principalAxes");
    run(kernels.principalAxes, { x, scores, axes, sets, n, d, count, rounds: ROUNDS });
    return axes;
  });
}
