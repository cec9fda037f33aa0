import { checkInteger } from "../checks";
import type { MatrixLike } from "../matrix";
import { takeRows } from "../neighbours/rows";
import { yieldWhenDue } from "../event-loop";

/**
 * How far the nearest places are nearest points too, from 0 to 1: 1 − 2 / (n k (2n − 3k − 1)) Σ_i Σ_j max(0, r(i, j) − k) over the k nearest places j of
 * each point i, r the rank of j among the points by distance from i (Venna and Kaski 2001), as scikit-learn's. On the host, in n² time.
 * @throws unless 1 ≤ k < n / 2, and both have n rows
 */
export async function trustworthiness(points: MatrixLike, places: MatrixLike, k = 5): Promise<number> {
  const op = "trustworthiness";
  const [x, y] = [await takeRows(points, op, "points"), await takeRows(places, op, "places")];
  const { n } = x;
  if (y.n !== n) throw new Error(`${op}: a place for each of ${n} points is needed, got ${y.n}`);
  checkInteger(op, { k }, 1);
  if (2 * k >= n) throw new Error(`${op}: k must be below half the number of points, got ${k} for ${n}`);
  const [far, near] = [new Float64Array(n), new Float64Array(n)];
  let penalty = 0;
  for (let i = 0; i < n; i++) {
    squaredDistances(x.data, n, x.d, i, far);
    squaredDistances(y.data, n, y.d, i, near);
    near[i] = Infinity;
    const closest: number[] = [];
    for (let j = 0; j < n; j++) {
      if (closest.length === k && near[j]! >= near[closest[k - 1]!]!) continue;
      let at = closest.length;
      while (at > 0 && near[closest[at - 1]!]! > near[j]!) at--;
      closest.splice(at, 0, j);
      if (closest.length > k) closest.pop();
    }
    for (const j of closest) {
      let rank = 1;
      for (let other = 0; other < n; other++)
        if (other !== i && (far[other]! < far[j]! || (far[other] === far[j] && other < j))) rank++;
      penalty += Math.max(0, rank - k);
    }
    await yieldWhenDue();
  }
  return 1 - (2 * penalty) / (n * k * (2 * n - 3 * k - 1));
}

function squaredDistances(data: Float64Array, n: number, d: number, i: number, out: Float64Array): void {
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let c = 0; c < d; c++) sum += (data[i * d + c]! - data[j * d + c]!) ** 2;
    out[j] = sum;
  }
}
