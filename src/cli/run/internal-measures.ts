// What a clustering is worth, seen from the items alone: for runs whose classes nobody knows.
import { scoreOf } from "../../methods/choose-k/criteria";
import type { Criterion } from "../../methods/choose-k/criteria";
import type { Measures } from "../../metrics/measures";
import { NdArray } from "../../ndarray";
import type { Items } from "../data/scaling";
import { mapTo } from "../../typed-arrays";

/** Above so many rows, and above so many differences of numbers, the silhouette is the simplified one: the exact one takes the square of the rows. */
const [EXACT_ROWS, EXACT_WORK] = [10_000, 2 ** 35];

/**
 * Silhouette (the simplified one of many items), Davies-Bouldin and Calinski-Harabasz index of the labels, by the items as the method was given them.
 * Items that are noise count for nothing; there are none where fewer than two clusters are left, or each item is one.
 */
export function internalMeasures({ data, shape }: Items, labels: Int32Array): Measures {
  const rows = Array.from(labels.keys()).filter((row) => labels[row]! >= 0);
  const d = data.length / shape[0]!;
  const held = new Float64Array(rows.length * d);
  rows.forEach((row, to) => held.set(data.subarray(row * d, (row + 1) * d), to * d));
  const x = new NdArray(held, [rows.length, d]);
  const own = mapTo(Int32Array, rows, (row) => labels[row]!);
  const exact = rows.length <= EXACT_ROWS && rows.length ** 2 * d <= EXACT_WORK;
  const criteria: readonly Criterion[] = [
    exact ? "silhouette" : "simplifiedSilhouette",
    "daviesBouldin",
    "calinskiHarabasz",
  ];
  return Object.fromEntries(
    criteria.flatMap((criterion) => {
      const score = scoreOf(criterion, x, own);
      return score === undefined ? [] : [[criterion, score]];
    }),
  );
}
