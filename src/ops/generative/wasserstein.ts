import { record } from "../../graph";
import * as kernels from "../../kernels/generative";
import { empty, format, run, sameShape, tensor, view } from "../../tensor";
import type { Tensor } from "../../tensor";
import { abs, add, mul, scale, square, sub } from "../elementwise";
import { mean, sum } from "../reduce";
import { reshape } from "../shape";
import { batchMean } from "./gaussian";
import { sort } from "./sort";
import { generate } from "../../typed-arrays";

/**
 * One-dimensional Wasserstein distances of two samples, to the power p and without a root: columns of z and prior [n, d] sorted by themselves,
 * the mean over i of |z_(i) − prior_(i)|^p, summed over columns. Our reading of an aggregate Wasserstein term. A scalar; the gradient passes
 * through the permutations. @throws when shapes differ or p is not 1 or 2
 */
export function sortedWasserstein(z: Tensor, prior: Tensor, { p = 2 }: { readonly p?: 1 | 2 } = {}): Tensor {
  if (z.rank !== 2 || z.size === 0 || !sameShape(z.shape, prior.shape))
    throw new Error(`sortedWasserstein: z and prior must have one shape [n, d], got ${format(z)} and ${format(prior)}`);
  if (p !== 1 && p !== 2) throw new Error(`sortedWasserstein: p must be 1 or 2, got ${String(p)}`);
  const difference = sub(sort(z, 0), sort(prior, 0));
  return batchMean(p === 1 ? abs(difference) : square(difference));
}

/** Largest covariance: an invocation holds what it takes to rotate one. */
const MAX_DIMENSIONS = 256;
/** Passes of rotations, of which about eight do. */
const SWEEPS = 30;

/** tr (A½ B A½)½ for each pair of covariances [n, d, d] → [n]; the gradients are half the maps between the two Gaussians. */
function fidelity(a: Tensor, b: Tensor): Tensor {
  const [n, d] = a.shape as [number, number];
  const trace = empty(a.device, [n], "f32", "gaussianW2Full");
  const toA = empty(a.device, a.shape, "f32", "gaussianW2Full");
  const toB = empty(a.device, a.shape, "f32", "gaussianW2Full");
  const work = empty(a.device, [n, 4, d, d], "f32", "gaussianW2Full");
  run(kernels.bures, { a, b, trace, to_a: toA, to_b: toB, work, n, d, sweeps: SWEEPS });
  work.dispose();
  const half = (dy: Tensor, map: Tensor): Tensor => scale(mul(view(dy, [n, 1, 1]), map), 0.5);
  return record("gaussianW2Full", trace, [a, b], (dy) => [() => half(dy, toB), () => half(dy, toA)]);
}

/**
 * Squared 2-Wasserstein distance of Gaussians with full covariances: ‖μ − μ₂‖² + tr(A + B − 2 (A½ B A½)½), averaged over the batch; mu [n, d] or
 * [d], covariances symmetric [n, d, d] or [d, d], d to 256. A scalar; directions without variance get no gradient through the root. Dowson &
 * Landau 1982; Bures 1969. @throws when shapes do not fit
 */
export function gaussianW2Full(mu: Tensor, covariance: Tensor, mu2: Tensor, covariance2: Tensor): Tensor {
  const d = mu.shape.at(-1) ?? 0;
  const single = mu.rank === 1;
  const shape = [...mu.shape, d];
  if (
    (!single && mu.rank !== 2) ||
    mu.size === 0 ||
    d > MAX_DIMENSIONS ||
    !sameShape(mu.shape, mu2.shape) ||
    !sameShape(covariance.shape, shape) ||
    !sameShape(covariance2.shape, shape)
  )
    throw new Error(
      `gaussianW2Full: means must be [n, d] and covariances [n, d, d] with d at most ${MAX_DIMENSIONS}, got ${[mu, covariance, mu2, covariance2].map(format).join(", ")}`,
    );
  const n = single ? 1 : mu.shape[0]!;
  const [a, b] = [reshape(covariance, [n, d, d]), reshape(covariance2, [n, d, d])];
  const identity = tensor(
    mu.device,
    generate(Float32Array, d * d, (i) => Number(i % (d + 1) === 0)),
    [d, d],
  );
  const traces = sum(mul(add(a, b), identity), [1, 2]);
  const shifts = sum(square(reshape(sub(mu, mu2), [n, d])), 1);
  return mean(add(shifts, sub(traces, scale(fidelity(a, b), 2))));
}
