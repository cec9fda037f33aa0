// Colours for codes that are not clustered yet.

const ROUNDS = 4;

/** Squared distance of row i of x to row c of centres. */
function squared(x: Float32Array, i: number, centers: Float64Array, c: number, d: number): number {
  let sum = 0;
  for (let j = 0; j < d; j++) sum += (x[i * d + j]! - centers[c * d + j]!) ** 2;
  return sum;
}

/** k-means of the items that are shown, a few rounds a frame from the centres of the frame before, so that colours stay with what they were given to. */
export class ProvisionalClusters {
  #centers: Float64Array | undefined;

  /** Clusters of the rows of z [n, d]. */
  labels(z: Float32Array, n: number, k: number): Int32Array<ArrayBuffer> {
    const d = z.length / n;
    if (this.#centers?.length !== k * d) this.#centers = spread(z, n, k);
    const centers = this.#centers;
    const labels = new Int32Array(n);
    for (let round = 0; round < ROUNDS; round++) {
      const sums = new Float64Array(k * d);
      const counts = new Float64Array(k);
      for (let i = 0; i < n; i++) {
        let [best, least] = [0, Infinity];
        for (let c = 0; c < k; c++) {
          const distance = squared(z, i, centers, c, d);
          if (distance < least) [best, least] = [c, distance];
        }
        labels[i] = best;
        counts[best]!++;
        for (let j = 0; j < d; j++) sums[best * d + j]! += z[i * d + j]!;
      }
      for (let c = 0; c < k; c++)
        if (counts[c]! > 0) for (let j = 0; j < d; j++) centers[c * d + j] = sums[c * d + j]! / counts[c]!;
    }
    return labels;
  }
}

/** The first row, then again and again the row that is farthest from those taken (Gonzalez 1985). */
function spread(z: Float32Array, n: number, k: number): Float64Array {
  const d = z.length / n;
  const centers = new Float64Array(k * d);
  const nearest = new Float64Array(n).fill(Infinity);
  let next = 0;
  for (let c = 0; c < k; c++) {
    centers.set(z.subarray(next * d, (next + 1) * d), c * d);
    for (let i = 0; i < n; i++) nearest[i] = Math.min(nearest[i]!, squared(z, i, centers, c, d));
    next = nearest.reduce((best, value, i) => (value > nearest[best]! ? i : best), 0);
  }
  return centers;
}
