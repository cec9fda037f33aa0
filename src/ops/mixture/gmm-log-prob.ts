import { noGrad } from "../../graph";
import { format } from "../../tensor";
import type { Tensor } from "../../tensor";
import { add, exp, log, mul, neg, scale, shift, square, sub } from "../elementwise";
import { max, mean, sum } from "../reduce";
import { reshape } from "../shape";
import { logSoftmax, softmax } from "../softmax";

/** What `gmmLogProb` gives. */
export interface GmmLogProb {
  /** ln p(x) of each row, [n]. */
  readonly logProb: Tensor;
  /** The share of each component in each row, [n, k]. */
  readonly resp: Tensor;
  /** −mean ln p(x), a scalar. */
  readonly loss: Tensor;
}

/**
 * The logarithm of the density of a Gaussian mixture with diagonal covariances, ln p(x) = ln Σ_c π_c N(x; μ_c, diag e^{lv_c}) with π = softmax(logits), of
 * the rows of x [n, d]; logits [k], means and logarithms of variances [k, d]. With gradients to all four. Holds n · k · d.
 * Bishop, "Pattern Recognition and Machine Learning", section 9.2. @throws when shapes do not fit
 */
export function gmmLogProb(x: Tensor, logits: Tensor, means: Tensor, logVariances: Tensor): GmmLogProb {
  const [n = 0, d = 0] = x.shape;
  const [k = 0] = logits.shape;
  const expected = [k, d].join();
  if (
    x.rank !== 2 ||
    logits.rank !== 1 ||
    n * d * k === 0 ||
    means.shape.join() !== expected ||
    logVariances.shape.join() !== expected
  )
    throw new Error(
      `gmmLogProb: x must be [n, d], logits [k], means and logVariances [k, d], got ${[x, logits, means, logVariances].map(format).join(", ")}`,
    );
  const away = sub(reshape(x, [n, 1, d]), reshape(means, [1, k, d]));
  const quadratic = sum(mul(square(away), reshape(exp(neg(logVariances)), [1, k, d])), 2);
  const density = scale(shift(add(quadratic, sum(logVariances, 1)), d * Math.log(2 * Math.PI)), -0.5);
  const joint = add(density, logSoftmax(logits));
  const largest = noGrad(() => max(joint, 1, true));
  const logProb = reshape(add(log(sum(exp(sub(joint, largest)), 1, true)), largest), [n]);
  return { logProb, resp: softmax(joint, 1), loss: neg(mean(logProb)) };
}
