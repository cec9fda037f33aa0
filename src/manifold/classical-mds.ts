import { checkInteger } from "../checks";
import { scaleFor } from "../cluster/frame";
import type { Bytes } from "../data/formats/source";
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import { Findings } from "../lifecycle/findings";
import type { PointsOf } from "../lifecycle/findings";
import { Model } from "../lifecycle/model";
import type { OptionSet } from "../lifecycle/model";
import { RUN_RULES } from "../lifecycle/progress";
import type { RunOptions, StepReport } from "../lifecycle/progress";
import { keptRounds, restoredRounds } from "../linear-algebra/kept-rounds";
import { MOST_ROUNDS, smallestEigenvectors } from "../linear-algebra/smallest-eigen";
import type { EigenRounds, SmallestEigenOptions } from "../linear-algebra/smallest-eigen";
import type { MatrixLike } from "../matrix";
import { toContiguous } from "../matrix";
import { NdArray } from "../ndarray";
import { integer } from "../options";
import { format } from "../tensor";
import { yieldWhenDue } from "../event-loop";
import { mapTo } from "../typed-arrays";
import { keptScaling, restoredScaling } from "./kept-scaling";

/** What classical scaling finds. */
export interface MdsResult {
  /** Columns v √λ, [n, components]; 0 where λ is not positive. */
  readonly embedding: NdArray<Float64Array>;
  /** The largest eigenvalues of B = −½ H D² H, descending. */
  readonly eigenvalues: Float64Array<ArrayBuffer>;
  /** √(‖B‖² − Σ λ²) / n, what the components leave over, as scikit-learn's `Isomap` tells it. */
  readonly reconstructionError: number;
}

/**
 * Classical scaling of distances [n, n] that are known to be sound.
 * @param rounds how it is stopped, told where it stands, and goes on
 */
export async function scaled(
  distances: Float64Array,
  n: number,
  components: number,
  op: string,
  rounds: Pick<SmallestEigenOptions, "signal" | "before" | "onRound">,
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
      if (i % 16 > 0) continue;
      await yieldWhenDue();
      rounds.signal?.throwIfAborted();
    }
  };
  const { values, vectors } = await smallestEigenvectors({ n, apply }, components, op, rounds);
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

/** @inline */
type Settings = Required<ClassicalMDSOptions>;

const OPTIONS: OptionSet<Settings> = { rules: { nComponents: integer(1) }, defaults: { nComponents: 2 }, host: true };

/** Where a fit stands: amid the rounds that find the eigenvectors. */
interface Standing extends PointsOf {
  readonly rounds: EigenRounds;
}

/**
 * Classical (Torgerson's) scaling: points whose distances are nearest to given ones, columns v √λ of the largest eigenvalues of B = −½ H D² H
 * (Torgerson 1952; Borg and Groenen, "Modern Multidimensional Scaling", chapter 12). In float64; a column's element of largest size is positive. Holds
 * n × n.
 */
export class ClassicalMDS extends Model<Settings> {
  readonly #findings = new Findings<MdsResult, Standing>();

  /** @throws unless nComponents is a whole number from 1 */
  constructor(options: ClassicalMDSOptions = {}) {
    super("ClassicalMDS", options, OPTIONS);
  }

  get nComponents(): number {
    return this.settings.nComponents;
  }
  /** The points [n, nComponents]. @throws before `fit`, as all these */
  get embedding(): NdArray<Float64Array> {
    return this.known("embedding", this.#findings.result).embedding;
  }
  /** The eigenvalues of the columns, descending; those of distances that no points have may be negative. */
  get eigenvalues(): Float64Array<ArrayBuffer> {
    return this.known("eigenvalues", this.#findings.result).eigenvalues;
  }
  /** √(‖B‖² − Σ λ²) / n. */
  get reconstructionError(): number {
    return this.known("reconstructionError", this.#findings.result).reconstructionError;
  }

  /**
   * Finds points with distances [n, n]. A fit of more than 200 that was stopped, saved and loaded goes on amid the rounds that find its eigenvectors, with the
   * same distances.
   * @param options `onStep`: before each of these rounds, of which there are 300 at most, and at the end; the loss is the share of them that is left
   * @throws unless the distances are square, symmetric, finite, not negative, and 0 on the diagonal; the signal's reason when aborted
   */
  async fit(distances: MatrixLike, options: RunOptions = {}): Promise<this> {
    return this.fitting(options, RUN_RULES, async (fit) => {
      const op = "ClassicalMDS.fit";
      const { nComponents } = this.settings;
      const { values, n } = soundDistances(distances, op);
      checkInteger(op, { nComponents }, 1, n);
      const at = (step: number): StepReport => ({
        ...{ stage: this.name, epoch: 1, epochs: 1, step, steps: MOST_ROUNDS, loss: 1 - step / MOST_ROUNDS },
        mayEnd: true,
      });
      const before = await this.#findings.enter(op, new NdArray(values, [n, n]));
      const onRound = async (rounds: EigenRounds): Promise<void> => {
        this.#findings.stand({ n, d: n, rounds });
        this.learned(); // from now on it can say where it stands
        fit.report(at(rounds.round));
        await fit.between();
      };
      const { signal } = fit;
      this.#findings.end(await scaled(values, n, nComponents, op, { signal, before: before?.rounds, onRound }));
      this.learned();
      fit.report(at(MOST_ROUNDS));
    });
  }

  /** `fit`, then the points. */
  async fitTransform(distances: MatrixLike, options: RunOptions = {}): Promise<NdArray<Float64Array>> {
    return (await this.fit(distances, options)).embedding;
  }

  /** @throws when the bytes are no checkpoint of a ClassicalMDS */
  static async load(content: Bytes): Promise<ClassicalMDS> {
    return Model.restored("ClassicalMDS", content, {}, (settings) => new ClassicalMDS(settings), []);
  }

  protected override own(): Learned {
    return this.#findings.kept(
      (result) => this.known("save", result),
      keptScaling,
      ({ rounds, n }) => keptRounds(rounds, n),
    );
  }

  protected override restore(saved: Checkpoint): void {
    const { nComponents } = this.settings;
    const hasResult = this.#findings.restore(saved, "scaled", (standing, d) => {
      const n = d();
      const rounds = restoredRounds(standing, n, nComponents);
      if (!rounds) throw new Error("checkpoint: subspace must be there, got nothing");
      return { n, d: n, rounds };
    });
    const [n = 0] = saved.arrays["scaled"]?.shape ?? [];
    if (hasResult && n === 0) throw new Error("checkpoint: scaled must be of a point or more, got none");
    if (hasResult) this.#findings.restored(restoredScaling(saved, n, nComponents));
  }

  protected override release(): void {
    this.#findings.release();
  }
}

/** Distances in float64. @throws unless they are square, symmetric, finite, not negative, and 0 on the diagonal */
function soundDistances(
  distances: MatrixLike,
  op: string,
): { readonly values: Float64Array<ArrayBuffer>; readonly n: number } {
  const { data, shape } = toContiguous(distances, op, "distances");
  const n = shape[0] ?? 0;
  if (shape.length !== 2 || shape[1] !== n || n === 0)
    throw new Error(`${op}: distances must be a square matrix, got shape ${format(shape)}`);
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
  return { values, n };
}
