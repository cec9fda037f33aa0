import { format } from "../tensor";
import type { Tensor } from "../tensor";
import { pairwiseSquaredDistance } from "./distance";
import { add, div, floorAt, neg, scale, shift, sqrt, tanh } from "./elementwise";
import { matmul } from "./matmul";
import { sum } from "./reduce";
import { reshape } from "./shape";
import { softmax } from "./softmax";

/** Options of `softKMeans`. */
export interface SoftKMeansOptions {
  /** Rounds of assignment and update. Default 10. */
  readonly iterations?: number;
  /** Added to the mass of a cluster before its centre is divided by it. Default 1e-7. */
  readonly eps?: number;
}

/** What `softKMeans` gives. */
export interface SoftKMeansResult {
  /** Of the last assignment, rows sum to 1: [n, k]. */
  readonly assignments: Tensor;
  /** After the last update, in the squashed space: [k, d]. */
  readonly centers: Tensor;
}

/** Below this squared distance, a distance counts as its root: the root has no slope at 0. */
const NEAREST = 1e-12;

/**
 * k-means with gradients (Meier 2018, Algorithm 1): points are squashed, x ← tanh(x); each round assigns softmax_k(−(1 + ‖x_i − c_k‖)²)
 * and moves the centres to c_k = Σ_i a_ik x_i / (Σ_i a_ik + eps). Gradients pass to the points and to the first centres.
 * @param points [n, d]
 * @param centers the first centres, [k, d]
 * @throws when the shapes do not fit or `iterations` is no positive whole number
 */
export function softKMeans(
  points: Tensor,
  centers: Tensor,
  { iterations = 10, eps = 1e-7 }: SoftKMeansOptions = {},
): SoftKMeansResult {
  if (
    points.rank !== 2 ||
    centers.rank !== 2 ||
    points.shape[1] !== centers.shape[1] ||
    points.size * centers.size === 0
  )
    throw new Error(
      `softKMeans: points [n, d] and centres [k, d], none empty, ${format(points.shape)} and ${format(centers.shape)}`,
    );
  if (!Number.isInteger(iterations) || iterations < 1)
    throw new Error(`softKMeans: iterations must be a positive whole number, ${iterations}`);
  const x = tanh(points);
  const k = centers.shape[0]!;
  let [c, assignments] = [centers, centers];
  for (let round = 0; round < iterations; round++) {
    const squared = floorAt(pairwiseSquaredDistance(x, c), NEAREST);
    // −(1 + r)² = −1 − 2r − r², and softmax does not see the −1
    assignments = softmax(neg(add(scale(sqrt(squared), 2), squared)), -1);
    const mass = reshape(shift(sum(assignments, 0), eps), [k, 1]);
    c = div(matmul(assignments, x, { transA: true }), mass);
  }
  return { assignments, centers: c };
}
