import { checkInteger, checkNames } from "../checks";
import { scaleFor } from "../cluster/frame";
import { smallestEigenvectors } from "../linear-algebra/smallest-eigen";
import type { MatrixLike } from "../matrix";
import { toContiguous } from "../matrix";
import { NdArray } from "../ndarray";
import { format } from "../tensor";
import { yieldWhenDue } from "../event-loop";
import { mapTo } from "../typed-arrays";

/** What classical scaling finds. */
export interface MdsResult {
  /** Columns v √λ, [n, components]; 0 where λ is not positive. */
  readonly embedding: NdArray<Float64Array>;
  /** The largest eigenvalues of B = −½ H D² H, descending. */
  readonly eigenvalues: Float64Array<ArrayBuffer>;
  /** √(‖B‖² − Σ λ²) / n, what the components leave over, as scikit-learn's `Isomap` tells it. */
  readonly reconstructionError: number;
}

/** Classical scaling of distances [n, n] that are known to be sound. */
export async function scaled(
  distances: Float64Array,
  n: number,
  components: number,
  op: string,
  signal?: AbortSignal,
): Promise<MdsResult> {
  const b = new Float64Array(n * n);
  const means = new Float64Array(n);
  let mean = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) means[i]! += distances[i * n + j]! ** 2 / n;
    mean += means[i]! / n;
    if (i % 64 === 0) await yieldWhenDue();
  }
  let norm = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const value = -0.5 * (distances[i * n + j]! ** 2 - means[i]! - means[j]! + mean);
      b[i * n + j] = value;
      norm += value * value;
    }
    if (i % 64 === 0) await yieldWhenDue();
  }
  const apply = async (x: Float64Array, width: number, out: Float64Array): Promise<void> => {
    out.fill(0);
    for (let i = 0; i < n; i++) {
      for (let j = 0, at = i * n; j < n; j++, at++) {
        const value = b[at]!;
        for (let c = 0, from = j * width, to = i * width; c < width; c++) out[to + c]! -= value * x[from + c]!;
      }
      if (i % 16 === 0) await yieldWhenDue();
    }
  };
  const { values, vectors } = await smallestEigenvectors({ n, apply }, components, op, { signal });
  const eigenvalues = values.map((value) => -value);
  const embedding = new Float64Array(n * components);
  let left = norm;
  for (let c = 0; c < components; c++) {
    const length = Math.sqrt(Math.max(0, eigenvalues[c]!));
    left -= eigenvalues[c]! ** 2;
    for (let i = 0; i < n; i++) embedding[i * components + c] = length * vectors[c * n + i]!;
  }
  return {
    embedding: new NdArray(embedding, [n, components]),
    eigenvalues,
    reconstructionError: Math.sqrt(Math.max(0, left)) / n,
  };
}

/** Options of `ClassicalMDS`. */
export interface ClassicalMDSOptions {
  /** Default 2. */
  readonly nComponents?: number;
}

/**
 * Classical (Torgerson's) scaling: points whose distances are nearest to given ones, columns v √λ of the largest eigenvalues of B = −½ H D² H
 * (Torgerson 1952; Borg and Groenen, "Modern Multidimensional Scaling", chapter 12). In float64; a column's element of largest size is positive. Holds
 * n × n.
 */
export class ClassicalMDS {
  readonly nComponents: number;
  #result: MdsResult | undefined;

  /** @throws unless nComponents is a whole number from 1 */
  constructor(options: ClassicalMDSOptions = {}) {
    checkNames<ClassicalMDSOptions>("ClassicalMDS", options, { nComponents: true });
    const { nComponents = 2 } = options;
    checkInteger("ClassicalMDS", { nComponents }, 1);
    this.nComponents = nComponents;
  }

  /** The points [n, nComponents]. @throws before `fit`, as all these */
  get embedding(): NdArray<Float64Array> {
    return this.#fitted().embedding;
  }
  /** The eigenvalues of the columns, descending; those of distances that no points have may be negative. */
  get eigenvalues(): Float64Array<ArrayBuffer> {
    return this.#fitted().eigenvalues;
  }
  /** √(‖B‖² − Σ λ²) / n. */
  get reconstructionError(): number {
    return this.#fitted().reconstructionError;
  }

  /** Finds points with distances [n, n]. @throws unless they are square, symmetric, finite, not negative, and 0 on the diagonal */
  async fit(distances: MatrixLike, options: { readonly signal?: AbortSignal } = {}): Promise<this> {
    const op = "ClassicalMDS.fit";
    checkNames<typeof options>(op, options, { signal: true });
    const { signal } = options;
    const { data, shape } = toContiguous(distances, op, "distances");
    const n = shape[0] ?? 0;
    if (shape.length !== 2 || shape[1] !== n || n === 0)
      throw new Error(`${op}: distances must be a square matrix, got shape ${format(shape)}`);
    checkInteger(op, { nComponents: this.nComponents }, 1, n);
    const values = mapTo(Float64Array, data as ArrayLike<number>, Number);
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) {
        const [value, mirrored] = [values[i * n + j]!, values[j * n + i]!];
        if (!Number.isFinite(value) || value < 0)
          throw new Error(`${op}: distances must be finite and not negative, got ${value} at row ${i}, column ${j}`);
        if (Math.abs(value - mirrored) > 1e-5 * Math.max(value, mirrored))
          throw new Error(`${op}: distances must be symmetric, got ${value} and ${mirrored} at rows ${i} and ${j}`);
        if (i === j && value > 0) throw new Error(`${op}: a point has no distance to itself, got ${value} at row ${i}`);
      }
    scaleFor(
      values.reduce((most, value) => Math.max(most, value), 0),
      op,
      "distances",
    );
    this.#result = await scaled(values, n, this.nComponents, op, signal);
    return this;
  }

  /** `fit`, then the points. */
  async fitTransform(distances: MatrixLike): Promise<NdArray<Float64Array>> {
    return (await this.fit(distances)).embedding;
  }

  #fitted(): MdsResult {
    if (!this.#result) throw new Error("ClassicalMDS: call fit first");
    return this.#result;
  }
}
