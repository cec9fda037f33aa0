import { checkWhole, fitted } from "../checks";
import type { Device } from "../device";
import { onHost } from "../host";
import { NdArray } from "../ndarray";
import { add, sub } from "../ops/elementwise";
import { matmul } from "../ops/matmul";
import { mean } from "../ops/reduce";
import { noGrad } from "../graph";
import { tensor, tidy } from "../tensor";
import type { Tensor } from "../tensor";
import { DeviceHolder, withPoints } from "./points";
import type { Points } from "./points";

/** Options of `PCA`. */
export interface PCAOptions {
  /** Default: as many as there are, min(n, d). */
  readonly nComponents?: number;
  /** Scales what `transform` gives to unit variance. Default false. */
  readonly whiten?: boolean;
  readonly device?: Device;
}

interface Fitted {
  readonly mean: NdArray;
  readonly components: NdArray;
  readonly explainedVariance: Float64Array;
  readonly explainedVarianceRatio: Float64Array;
  readonly singularValues: Float64Array;
}

/**
 * Principal components: the eigenvectors of the covariance Σ (x − x̄)(x − x̄)ᵀ / (n − 1), by decreasing variance (Jolliffe,
 * "Principal Component Analysis", 2002). The covariance is a product of centred float32 data on the device, its
 * eigen-decomposition float64 on the host, which takes seconds from about 1,000 columns on. Each component's sign is such that
 * its loading of largest size is positive.
 */
export class PCA {
  readonly #nComponents: number | undefined;
  readonly #whiten: boolean;
  readonly #holder: DeviceHolder;
  #fitted: Fitted | undefined;

  /** @throws when nComponents is no whole number from 1 */
  constructor({ nComponents, whiten = false, device }: PCAOptions = {}) {
    if (nComponents !== undefined) checkWhole("PCA", { nComponents }, 1);
    this.#nComponents = nComponents;
    this.#whiten = whiten;
    this.#holder = new DeviceHolder(device);
  }

  /** Column means [d]. @throws before `fit`, as all these */
  get mean(): NdArray {
    return this.#result("mean").mean;
  }
  /** Unit vectors [nComponents, d]. */
  get components(): NdArray {
    return this.#result("components").components;
  }
  /** Variance along each component. */
  get explainedVariance(): Float64Array {
    return this.#result("explainedVariance").explainedVariance;
  }
  /** The same as a share of the data's total variance; zeros where that is zero. */
  get explainedVarianceRatio(): Float64Array {
    return this.#result("explainedVarianceRatio").explainedVarianceRatio;
  }
  /** √(explainedVariance (n − 1)). */
  get singularValues(): Float64Array {
    return this.#result("singularValues").singularValues;
  }

  /** @throws for fewer than two points, more components than min(n, d), NaN or an infinity in the data */
  async fit(x: Points): Promise<this> {
    await withPoints(x, this.#holder, "PCA.fit", async (points, n, d) => {
      const most = Math.min(n, d);
      const c = this.#nComponents ?? most;
      if (n < 2) throw new Error("PCA.fit: a variance needs two points, x has 1");
      if (c > most)
        throw new Error(`PCA.fit: nComponents must be at most min(n, d) = ${most}, ${c} for x of shape [${n}, ${d}]`);
      const parts = tidy(() =>
        noGrad(() => {
          const center = mean(points, [0]);
          const centered = sub(points, center);
          return [center, mean(centered, [0]), matmul(centered, centered, { transA: true })];
        }),
      );
      const [center, rest, products] = (await Promise.all(parts.map((part) => part.data()))) as Float32Array[];
      for (const part of parts) part.dispose();
      // what the float32 means left over is taken out again: Σ (x − r)(x − r)ᵀ = Σ x xᵀ − n r rᵀ
      const covariance = Float64Array.from(
        products!,
        (sum, i) => (sum - n * rest![Math.floor(i / d)]! * rest![i % d]!) / (n - 1),
      );
      const { values, vectors } = symmetricEigen(covariance, d);
      const variances = values.map((value) => Math.max(value, 0));
      const totalVariance = variances.reduce((a, b) => a + b, 0);
      const explainedVariance = variances.slice(0, c);
      this.#fitted = {
        mean: new NdArray(
          center!.map((value, i) => value + rest![i]!),
          [d],
        ),
        components: new NdArray(Float32Array.from(vectors.subarray(0, c * d)), [c, d]),
        explainedVariance,
        explainedVarianceRatio: explainedVariance.map((value) => (totalVariance > 0 ? value / totalVariance : 0)),
        singularValues: explainedVariance.map((value) => Math.sqrt(value * (n - 1))),
      };
    });
    return this;
  }

  /** Scores (x − mean) componentsᵀ [n, nComponents] of x [n, d]; whitened: over √variance, 0 along directions without any. */
  async transform(x: Points): Promise<NdArray> {
    const { mean, components } = this.#result("transform");
    const loadings = this.#scaled((deviation) => (deviation > 0 ? 1 / deviation : 0));
    return this.#apply(x, "transform", components.shape[1]!, (points) =>
      matmul(sub(points, tensor(points.device, mean.data)), tensor(points.device, loadings, components.shape), {
        transB: true,
      }),
    );
  }

  /** `fit`, then the scores. */
  async fitTransform(x: Points): Promise<NdArray> {
    return (await this.fit(x)).transform(x);
  }

  /** The points [n, d] that have these scores [n, nComponents], up to what the other components held. */
  async inverseTransform(y: Points): Promise<NdArray> {
    const { mean, components } = this.#result("inverseTransform");
    const loadings = this.#scaled((deviation) => deviation);
    return this.#apply(y, "inverseTransform", components.shape[0]!, (scores) =>
      add(matmul(scores, tensor(scores.device, loadings, components.shape)), tensor(scores.device, mean.data)),
    );
  }

  /** Ends the device, if it was requested here. */
  async dispose(): Promise<void> {
    await this.#holder.dispose();
  }

  /** The components, each times a factor of its standard deviation when whitening. */
  #scaled(factor: (deviation: number) => number): Float32Array {
    const { components, explainedVariance } = this.#result("transform");
    if (!this.#whiten) return components.data;
    const d = components.shape[1]!;
    const [largest = 0] = explainedVariance;
    const deviation = explainedVariance.map((value) => (value > 1e-12 * largest ? Math.sqrt(value) : 0));
    return components.data.map((value, i) => value * factor(deviation[Math.floor(i / d)]!));
  }

  async #apply(x: Points, method: string, columns: number, f: (x: Tensor) => Tensor): Promise<NdArray> {
    return withPoints(x, this.#holder, `PCA.${method}`, async (points, _, d) => {
      if (d !== columns) throw new Error(`PCA.${method}: x must have ${columns} columns, it has ${d}`);
      const y = tidy(() => noGrad(() => f(points)));
      try {
        return new NdArray((await y.data()) as Float32Array, y.shape);
      } finally {
        y.dispose();
      }
    });
  }

  #result(what: string): Fitted {
    return fitted(`PCA.${what}`, this.#fitted);
  }
}

/**
 * Eigenvalues of a symmetric matrix [d, d], descending, and its unit eigenvectors as rows; of each the element of largest size
 * is positive (the first among equals).
 */
function symmetricEigen(matrix: Float64Array, d: number): { values: Float64Array; vectors: Float64Array } {
  return onHost((host) => {
    const scale = matrix.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
    const a = host.f64(matrix.map((value) => value / scale));
    const [diagonal, beside, scales, work, vectors] = [d, d, d, d, d * d].map((length) => host.f64(length));
    const { run } = host;
    run.tridiagonalize(a.pointer, d, diagonal!.pointer, beside!.pointer, scales!.pointer, work!.pointer);
    run.accumulate_reflections(a.pointer, d, scales!.pointer, vectors!.pointer);
    if (!run.diagonalize(diagonal!.pointer, beside!.pointer, d, vectors!.pointer))
      throw new Error(`PCA.fit: the eigenvalues of a covariance of ${d} columns were not found`);
    const found = diagonal!.view.slice();
    const order = Uint32Array.from(found, (_, i) => i).sort((i, j) => found[j]! - found[i]! || i - j);
    const sorted = new Float64Array(d * d);
    order.forEach((from, to) => {
      const vector = vectors!.view.subarray(from * d, (from + 1) * d);
      const largest = vector.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
      const sign = largest < 0 ? -1 : 1;
      vector.forEach((value, i) => (sorted[to * d + i] = sign * value));
    });
    return { values: Float64Array.from(order, (i) => found[i]! * scale), vectors: sorted };
  });
}
