// What a clustering into k clusters is worth, seen from the items alone.
import { calinskiHarabasz, daviesBouldin, silhouette } from "../../metrics";
import type { NdArray } from "../../ndarray";

/** Rows in float64. */
export type Rows = NdArray<Float64Array>;

/** How numbers of clusters are compared. */
export type Criterion =
  "silhouette" | "simplifiedSilhouette" | "daviesBouldin" | "calinskiHarabasz" | "gap" | "bic" | "stability";

/** Squared distance of row i of `a` and row j of `b`. */
export function squaredDistance(a: Float64Array, i: number, b: Float64Array, j: number, d: number): number {
  let sum = 0;
  for (let f = 0; f < d; f++) sum += (a[i * d + f]! - b[j * d + f]!) ** 2;
  return sum;
}

/** The labels that there are, in ascending order, and for each row the place of its own. */
export function codesOf(labels: Int32Array): { readonly codes: Int32Array; readonly k: number } {
  const found = [...new Set(labels)].sort((a, b) => a - b);
  const places = new Map(found.map((label, place) => [label, place]));
  return { codes: labels.map((label) => places.get(label)!), k: found.length };
}

/** Means [k, d] of the rows of each code, and how many there are. */
export function meansOf(
  { data, shape }: Rows,
  codes: Int32Array,
  k: number,
): { readonly means: Float64Array; readonly counts: Int32Array } {
  const d = shape[1]!;
  const [means, counts] = [new Float64Array(k * d), new Int32Array(k)];
  codes.forEach((code, i) => {
    const share = 1 / ++counts[code]!;
    for (let f = 0; f < d; f++) means[code * d + f]! += share * (data[i * d + f]! - means[code * d + f]!);
  });
  return { means, counts };
}

/** Σ ‖x − mean of its cluster‖². */
export function withinSquares(x: Rows, labels: Int32Array): number {
  const { codes, k } = codesOf(labels);
  const { means } = meansOf(x, codes, k);
  let sum = 0;
  codes.forEach((code, i) => (sum += squaredDistance(x.data, i, means, code, x.shape[1]!)));
  return sum;
}

/** Mean of (b − a) / max(a, b), a and b the distances to the own mean and to the nearest other: O(n k d). Hruschka, Campello, de Castro 2004. */
function simplifiedSilhouette(x: Rows, labels: Int32Array): number {
  const { codes, k } = codesOf(labels);
  const { means } = meansOf(x, codes, k);
  let sum = 0;
  codes.forEach((own, i) => {
    let [a, b] = [0, Infinity];
    for (let c = 0; c < k; c++) {
      const distance = Math.sqrt(squaredDistance(x.data, i, means, c, x.shape[1]!));
      if (c === own) a = distance;
      else b = Math.min(b, distance);
    }
    if (Math.max(a, b) > 0) sum += (b - a) / Math.max(a, b);
  });
  return sum / codes.length;
}

/**
 * Bayesian information criterion of round clusters of one variance, less is better: −2 log L + p log n with p = k d + k (means, variance, shares).
 * Pelleg, Moore, X-means, 2000.
 */
function roundBic(x: Rows, labels: Int32Array): number {
  const [n, d] = x.shape as [number, number];
  const { codes, k } = codesOf(labels);
  const { counts } = meansOf(x, codes, k);
  const variance = withinSquares(x, labels) / (d * Math.max(1, n - k));
  if (!(variance > 0)) return -Infinity;
  let log = -0.5 * n * d * Math.log(2 * Math.PI * variance) - 0.5 * d * (n - k);
  for (const count of counts) log += count * Math.log(count / n);
  return -2 * log + k * (d + 1) * Math.log(n);
}

/** The score of labels by a criterion that needs nothing else; undefined where there are too few or too many clusters for it. */
export function scoreOf(criterion: Criterion, x: Rows, labels: Int32Array): number | undefined {
  const { k } = codesOf(labels);
  const n = labels.length;
  if (criterion === "gap") return Math.log(Math.max(withinSquares(x, labels), Number.MIN_VALUE));
  if (criterion === "bic") return k < n ? roundBic(x, labels) : undefined;
  if (k < 2 || k >= n) return undefined;
  if (criterion === "silhouette") return silhouette(x, labels).score;
  if (criterion === "simplifiedSilhouette") return simplifiedSilhouette(x, labels);
  return criterion === "daviesBouldin" ? daviesBouldin(x, labels) : calinskiHarabasz(x, labels);
}
