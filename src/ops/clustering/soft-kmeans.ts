import { checkInteger } from "../../checks";
import { format } from "../../tensor";
import type { Tensor } from "../../tensor";
import { pairwiseSquaredDistance } from "../distance";
import { add, div, floorAt, neg, scale, shift, sqrt, square, sub, tanh } from "../elementwise";
import { matmul } from "../matmul";
import { sum } from "../reduce";
import { reshape } from "../shape";
import { softmax } from "../softmax";

/** Options of `softKMeans`. */
export interface SoftKMeansOptions {
  /** Rounds of assignment and update. Default 10. */
  readonly iterations?: number;
  /** Added to the mass of a cluster before its centre is divided by it. Default 1e-7. */
  readonly eps?: number;
}

/** What `softKMeans` gives. */
export interface SoftKMeansResult {
  /** Of the last assignment, rows sum to 1: [n, k], or [sets, n, k]. */
  readonly assignments: Tensor;
  /** After the last update, in the squashed space: [k, d], or [sets, k, d]. */
  readonly centers: Tensor;
}

/** Below this squared distance, a distance counts as its root: the root has no slope at 0. */
const NEAREST = 1e-12;

/**
 * k-means with gradients (Meier 2018, Algorithm 1): points are squashed, x ← tanh(x); each round assigns softmax_k(−(1 + ‖x_i − c_k‖)²)
 * and moves the centres to c_k = Σ_i a_ik x_i / (Σ_i a_ik + eps). Gradients pass to the points and to the first centres.
 * @param points [n, d], or [sets, n, d] to be clustered each by itself
 * @param centers the first centres, [k, d], or [sets, k, d]
 * @throws when the shapes do not fit or `iterations` is no positive whole number
 */
export function softKMeans(
  points: Tensor,
  centers: Tensor,
  { iterations = 10, eps = 1e-7 }: SoftKMeansOptions = {},
): SoftKMeansResult {
  const { rank } = points;
  const [sets, ...rest] = rank === 3 ? points.shape : [1, ...points.shape];
  const [ownSets, k = 0, d] = rank === 3 ? centers.shape : [1, ...centers.shape];
  const fits = (rank === 2 || rank === 3) && centers.rank === rank && sets === ownSets && rest[1] === d;
  if (!fits || points.size * centers.size === 0)
    throw new Error(
      `softKMeans: points must be [n, d] and centres [k, d], or both with sets before, none empty, got ${format(points)} and ${format(centers)}`,
    );
  checkInteger("softKMeans", { iterations }, 1);
  const x = tanh(points);
  const distance = rank === 3 ? batchedDistance(x) : (c: Tensor): Tensor => pairwiseSquaredDistance(x, c);
  let [c, assignments] = [centers, centers];
  for (let round = 0; round < iterations; round++) {
    const squared = floorAt(distance(c), NEAREST);
    // −(1 + r)² = −1 − 2r − r², and softmax does not see the −1
    assignments = softmax(neg(add(scale(sqrt(squared), 2), squared)), -1);
    const mass = shift(sum(assignments, rank - 2), eps);
    c = div(matmul(assignments, x, { transA: true }), reshape(mass, [...mass.shape.slice(0, -1), k, 1]));
  }
  return { assignments, centers: c };
}

/** ‖x_i − c_k‖² within each set, as ‖x‖² − 2 x·c + ‖c‖²: what is squashed is within 1 on every axis. */
function batchedDistance(x: Tensor): (c: Tensor) => Tensor {
  const own = sum(square(x), 2, true);
  return (c) => {
    const [sets = 0, k = 0] = c.shape;
    const others = reshape(sum(square(c), 2), [sets, 1, k]);
    return add(sub(own, scale(matmul(x, c, { transB: true }), 2)), others);
  };
}
