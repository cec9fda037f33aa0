// The plane that an embedding is shown in, and how sure its members are.

/** Rounds of the power iteration: few, since each frame begins with the axes of the one before. */
const ROUNDS = 4;

/**
 * The two leading principal axes of what it is given, followed from frame to frame: it begins with the axes of the frame before, and turns
 * the picture so that it moves as little as it can (orthogonal Procrustes in the plane).
 */
export class Projection {
  #axes: Float64Array | undefined;
  #mean = new Float64Array(0);
  #last: Float32Array | undefined;
  /** The turn of the last frame, [a, b, c, d] of (x, y) → (ax + by, cx + dy). */
  #turn: readonly [number, number, number, number] = [1, 0, 0, 1];

  /** z [n, d] in the plane, [n, 2]. */
  project(z: Float32Array, n: number): Float32Array<ArrayBuffer> {
    const d = z.length / n;
    this.#mean = new Float64Array(d);
    for (let i = 0; i < z.length; i++) this.#mean[i % d]! += z[i]! / n;
    if (d > 2) this.#follow(z, n, d);
    this.#turn = [1, 0, 0, 1];
    const xy = this.#place(z, d);
    const last = this.#last;
    if (last?.length === xy.length && d > 2) {
      // the rotation or reflection R that minimises Σ ‖R x − y‖²
      let [xx, xy_, yx, yy] = [0, 0, 0, 0];
      for (let i = 0; i < n; i++) {
        xx += xy[2 * i]! * last[2 * i]!;
        xy_ += xy[2 * i]! * last[2 * i + 1]!;
        yx += xy[2 * i + 1]! * last[2 * i]!;
        yy += xy[2 * i + 1]! * last[2 * i + 1]!;
      }
      const rotated = Math.hypot(xx + yy, xy_ - yx);
      const mirrored = Math.hypot(xx - yy, xy_ + yx);
      const angle = rotated >= mirrored ? Math.atan2(xy_ - yx, xx + yy) : Math.atan2(xy_ + yx, xx - yy);
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      this.#turn = rotated >= mirrored ? [c, -s, s, c] : [c, s, s, -c];
      xy.set(this.#place(z, d));
    }
    this.#last = xy;
    return xy;
  }

  /** Other rows of the same space, [n, d], in the plane of the last that was projected. */
  place(z: Float32Array, n: number): Float32Array<ArrayBuffer> {
    return this.#place(z, z.length / n);
  }

  #place(z: Float32Array, d: number): Float32Array<ArrayBuffer> {
    const n = z.length / d;
    const [a, b, c, e] = this.#turn;
    const xy = new Float32Array(2 * n);
    for (let i = 0; i < n; i++) {
      let [u, v] = [0, 0];
      if (d <= 2) [u, v] = [z[i * d]!, d === 2 ? z[i * d + 1]! : 0];
      else
        for (let j = 0; j < d; j++) {
          const value = z[i * d + j]! - this.#mean[j]!;
          u += value * this.#axes![j]!;
          v += value * this.#axes![d + j]!;
        }
      xy[2 * i] = a * u + b * v;
      xy[2 * i + 1] = c * u + e * v;
    }
    return xy;
  }

  /** Power iteration on the covariance: axes ← orthonormalised Xᵀ X axes. */
  #follow(z: Float32Array, n: number, d: number): void {
    let axes = this.#axes;
    const fresh = axes?.length !== 2 * d;
    if (fresh) {
      axes = new Float64Array(2 * d);
      for (let j = 0; j < 2 * d; j++) axes[j] = Math.sin(1 + j * 12.9898) + (j % 7 === 0 ? 1 : 0);
    }
    for (let round = 0; round < (fresh ? 3 * ROUNDS : ROUNDS); round++) {
      const next = new Float64Array(2 * d);
      for (let i = 0; i < n; i++) {
        let [u, v] = [0, 0];
        for (let j = 0; j < d; j++) {
          const value = z[i * d + j]! - this.#mean[j]!;
          u += value * axes![j]!;
          v += value * axes![d + j]!;
        }
        for (let j = 0; j < d; j++) {
          const value = z[i * d + j]! - this.#mean[j]!;
          next[j]! += u * value;
          next[d + j]! += v * value;
        }
      }
      normalise(next, 0, d);
      let dot = 0;
      for (let j = 0; j < d; j++) dot += next[j]! * next[d + j]!;
      for (let j = 0; j < d; j++) next[d + j]! -= dot * next[j]!;
      normalise(next, d, d);
      axes = next;
    }
    this.#axes = axes;
  }
}

function normalise(axes: Float64Array, from: number, d: number): void {
  let squares = 0;
  for (let j = 0; j < d; j++) squares += axes[from + j]! ** 2;
  const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
  for (let j = 0; j < d; j++) axes[from + j]! *= scale;
}

/** Means of the members of each cluster, [k, d]; NaN for a cluster without members. */
export function clusterMeans(z: Float32Array, labels: ArrayLike<number>, k: number): Float32Array {
  const d = z.length / labels.length;
  const means = new Float32Array(k * d);
  const counts = new Float64Array(k);
  for (let i = 0; i < labels.length; i++) if (labels[i]! >= 0) counts[labels[i]!]!++;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label >= 0) for (let j = 0; j < d; j++) means[label * d + j]! += z[i * d + j]! / counts[label]!;
  }
  for (let c = 0; c < k; c++) if (counts[c] === 0) means.fill(NaN, c * d, (c + 1) * d);
  return means;
}

/**
 * How much nearer each row of z is to its own centre than to the next, 1 − d₁/d₂: 0 on the border of two clusters, 1 on the centre. 0 for noise.
 */
export function margins(z: Float32Array, labels: ArrayLike<number>, centers: Float32Array): Float32Array<ArrayBuffer> {
  const n = labels.length;
  const d = z.length / n;
  const k = centers.length / d;
  return Float32Array.from({ length: n }, (_, i) => {
    const label = labels[i]!;
    if (label < 0) return 0;
    let [own, next] = [0, Infinity];
    for (let c = 0; c < k; c++) {
      let squared = 0;
      for (let j = 0; j < d; j++) squared += (z[i * d + j]! - centers[c * d + j]!) ** 2;
      if (c === label) own = squared;
      else if (squared < next) next = squared;
    }
    if (next === Infinity) return 1;
    return next > 0 ? Math.max(0, 1 - Math.sqrt(own / next)) : 0;
  });
}
