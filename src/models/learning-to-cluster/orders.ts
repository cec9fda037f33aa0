// Clusterings of one set by several orders of its items, made one.
import { hungarian } from "../../metrics/hungarian";
import { NdArray } from "../../ndarray";
import type { Random } from "../../random";
import { largest, rowArgmax } from "./prediction";
import type { SetClustering } from "./prediction";
import { inOrder } from "./sets";
import { generate } from "../../typed-arrays";

/** A set in its own order and in `orders` − 1 random ones, as `seen` in each, and what stands where. */
export function inOrders(
  set: NdArray<Float32Array>,
  orders: number,
  random: Random,
  seen: (set: NdArray<Float32Array>, pass: number) => NdArray<Float32Array>,
): { readonly sets: NdArray<Float32Array>[]; readonly permutations: Uint32Array[] } {
  const [n = 0] = set.shape;
  const permutations = Array.from({ length: orders }, (_, run) =>
    run === 0 ? generate(Uint32Array, n, (i) => i) : random.permutation(n),
  );
  const sets = permutations.map((order, pass) => new NdArray(inOrder(seen(set, pass), order), set.shape));
  return { sets, permutations };
}

/**
 * Mean of P(k), and for every k of P(l|x_i, k), where the clusters of each order take the names of those of the orders before that
 * they agree with most: the assignment that maximises Σ_i P̄(l|x_i) P(l'|x_i).
 */
export function averageOrders(found: readonly SetClustering[], permutations: readonly Uint32Array[]): SetClustering {
  const [first] = found as readonly [SetClustering];
  const n = first.labels.length;
  const counts = first.counts.map((_, i) => found.reduce((sum, one) => sum + one.counts[i]!, 0) / found.length);
  const assignments = first.assignments.map((_, i) => {
    const k = i + 1;
    const mean = new Float32Array(n * k);
    found.forEach(({ assignments }, run) => {
      const own = new Float32Array(n * k);
      const { data } = assignments[i]!;
      permutations[run]!.forEach((from, to) => own.set(data.subarray(to * k, (to + 1) * k), from * k));
      const names = run === 0 ? undefined : matching(mean, own, n, k);
      for (let j = 0; j < n * k; j++) {
        const l = names ? names[j % k]! : j % k;
        mean[j]! += own[j - (j % k) + l]! / found.length;
      }
    });
    return new NdArray(mean, [n, k]);
  });
  const k = 1 + largest(counts.subarray(0, Math.min(counts.length, n)));
  return { k, labels: rowArgmax(assignments[k - 1]!), counts, assignments };
}

/** For each cluster of a [n, k] the one of b [n, k] that goes with it. */
function matching(a: Float32Array, b: Float32Array, n: number, k: number): readonly number[] {
  const shared = new Float64Array(k * k);
  for (let i = 0; i < n; i++)
    for (let l = 0; l < k; l++) for (let m = 0; m < k; m++) shared[l * k + m]! += a[i * k + l]! * b[i * k + m]!;
  return hungarian(new NdArray(shared, [k, k]), { maximize: true }).columns;
}
