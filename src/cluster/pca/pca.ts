import { isRowSource, ROW_MEMORY } from "../../data/datasets/row-source";
import type { RowSource } from "../../data/datasets/row-source";
import type { Bytes } from "../../data/formats/source";
import type { Device } from "../../device";
import { binary } from "../../kernels/elementwise";
import * as linearAlgebra from "../../kernels/linear-algebra";
import { reduce } from "../../kernels/reduction";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import type { Fit } from "../../lifecycle/fit";
import { Model } from "../../lifecycle/model";
import type { DeviceOption, OptionSet } from "../../lifecycle/model";
import { RUN_RULES } from "../../lifecycle/progress";
import type { RunOptions } from "../../lifecycle/progress";
import { NdArray, sizeOf } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { add, sub } from "../../ops/elementwise";
import { matmul } from "../../ops/matmul";
import { choice, flag, optional, seed as seedRule, share, integer } from "../../options";
import type { Rule } from "../../options";
import { stream } from "../../random";
import { takeTensor, tensor } from "../../tensor";
import type { Tensor } from "../../tensor";
import { joined } from "../kmeans/centers";
import { axesOfFew } from "./few-columns";
import type { Frame, Matrix } from "../frame";
import { withPoints } from "../points";
import { mapPoints } from "../streams/map-points";
import { axesAboutMean, chooseSolver, forShare, readMatrix, SOLVERS } from "./principal";
import type { Axes, Kept, Solver } from "./principal";
import { findAxes } from "./sampled-axes";
import type { Points, PointSource } from "../points";
import { axesOfSource } from "../streams/axes";
import type { ReadSoFar } from "../streams/axes";
import type { keptReading } from "../streams/rows-read";
import { yieldWhenDue } from "../../event-loop";
import { mapTo } from "../../typed-arrays";

/** Options of `PCA`. */
export interface PCAOptions {
  /** How many, or below 1 the share of the variance that they have at least; default, and `null`: all there are, min(n, d). */
  readonly nComponents?: number | null;
  /**
   * How the components are found: from the products of the columns ("covariance") or of the rows ("gram"), all of them, or a few from a random sample of
   * what the points span ("randomized"). Default "auto": a product on the smaller side, a sample where both are large and few are wanted.
   */
  readonly solver?: Solver | "auto";
  /** Scales what `transform` gives to unit variance. Default false. */
  readonly whiten?: boolean;
  /** Of the random sample; default 0. */
  readonly seed?: number;
  readonly device?: Device | undefined;
}

/** @inline */
type Settings = Required<Omit<PCAOptions, "device" | "nComponents">> & Pick<PCAOptions, "nComponents">;

/** How many, or the share of the variance that they have at least; `null`: all there are. */
const COMPONENTS: Rule<number | null> = {
  words: "a whole number from 1, or a share of the variance above 0 and less than 1",
  holds: (value) => value === null || integer(1).holds(value) || (share.holds(value) && value !== 0),
  spelled: { as: "number", step: "any", min: 0 },
};

/** Its options: their rules and defaults. @internal */
export const PCA_OPTIONS: OptionSet<Settings> = {
  rules: { nComponents: optional(COMPONENTS), solver: choice("auto", ...SOLVERS), whiten: flag, seed: seedRule },
  defaults: { solver: "auto", whiten: false, seed: 0 },
  kernels: () => [binary, linearAlgebra.matmul, reduce],
};

interface Fitted {
  readonly solver: Solver;
  readonly mean: Matrix;
  readonly components: NdArray;
  readonly explainedVariance: Float64Array;
  readonly explainedVarianceRatio: Float64Array;
  readonly singularValues: Float64Array;
}

/**
 * Principal components: the eigenvectors of the covariance Σ (x − x̄)(x − x̄)ᵀ / (n − 1), by decreasing variance (Jolliffe,
 * "Principal Component Analysis", 2002). They are found on the smaller side: from the covariance, a product of centred float32
 * data on the device, or for fewer points than columns from the points' products with each other, decomposed in float64 on the
 * host; of many ordinary rows of up to 64 columns by one kernel that goes over the rows as they are, 128 of them at a time about their own means, merged in
 * float64. Where both sides are above 1,024 and at most a quarter of the components is wanted, they come from a random sample of what
 * the points span (Halko, Martinsson and Tropp 2011). The calling thread goes on every few milliseconds. Each component's
 * sign is such that its loading of largest size is positive; those without variance complete an orthonormal set.
 *
 * Rows of a source (`NpyDataset`) are read twice, in blocks: for their means, taken in float64, and for their covariance. Of more than 4,096 columns only a
 * quarter of the components is found, from a random sample and a pass for each of its products. Where there are fewer rows than columns, and `memory`
 * holds them, they are taken into memory.
 */
export class PCA extends Model<Settings> {
  #fitted: Fitted | undefined;
  /** A fit to a source that was stopped, or runs: what was read. */
  #read: ReadSoFar | undefined;
  /** Whether the next fit goes on from what a loaded one has read. */
  #goesOn = false;
  #keptReading: typeof keptReading | undefined;

  /** @throws when nComponents is neither a whole number from 1 nor a share between 0 and 1, and for an option that is unknown */
  constructor(options: PCAOptions = {}) {
    super("PCA", options, PCA_OPTIONS);
  }

  /** How the components were found. @throws before `fit`, as all these */
  get solver(): Solver {
    return this.known("solver", this.#fitted).solver;
  }
  /** Column means [d], in float64 where float32 cannot hold them. */
  get mean(): Matrix {
    return this.known("mean", this.#fitted).mean;
  }
  /** Unit vectors [nComponents, d]. */
  get components(): NdArray {
    return this.known("components", this.#fitted).components;
  }
  /** Variance along each component. */
  get explainedVariance(): Float64Array {
    return this.known("explainedVariance", this.#fitted).explainedVariance;
  }
  /** The same as a share of the data's total variance; zeros where that is zero. */
  get explainedVarianceRatio(): Float64Array {
    return this.known("explainedVarianceRatio", this.#fitted).explainedVarianceRatio;
  }
  /** √(explainedVariance (n − 1)). */
  get singularValues(): Float64Array {
    return this.known("singularValues", this.#fitted).singularValues;
  }

  /**
   * Finds the components. A fit to a source that was stopped, saved and loaded goes on with the block at which it stood, of the same rows.
   * @param options `onStep`: after the means and after the axes, and after each block of a source that was read for them; the loss is the share of the variance that is not explained yet
   * @throws for fewer than two points, more components than min(n, d), NaN or an infinity in the data; the signal's reason when aborted
   */
  async fit(x: PointSource, options: RunOptions = {}): Promise<this> {
    return this.fitting(options, RUN_RULES, async (fit) => {
      if (isRowSource(x) && !this.#taken(x)) return this.#fitSource(x, fit);
      const points = isRowSource(x) ? new NdArray(await x.range(0, x.length), [x.length, sizeOf(x.rowShape)]) : x;
      const op = "PCA.fit";
      const between = async (): Promise<void> => {
        fit.report({ ...REPORT, step: 1, loss: 1 });
        await fit.between();
      };
      const few = await axesOfFew(points, this.#deviceFor, op, this.#keptOfFew, between);
      if (few) return this.#finish(few, "covariance", few.mean, few.frame, few.n, fit);
      return withPoints(points, this.#deviceFor, op, async (points, n, d, frame) => {
        const { wanted, solver } = this.#plan(n, d);
        const random = stream(this.settings.seed, "PCA");
        const find = findAxes(solver, wanted, this.#kept(wanted), random);
        const { mean, ...axes } = await axesAboutMean(points, solver, find, between);
        this.#finish(axes, solver, mean, frame, n, fit);
      });
    });
  }

  /** How many axes are kept of points [n, d] of few columns, where the covariance gives them. */
  readonly #keptOfFew = (n: number, d: number): Kept | undefined => {
    const { wanted, solver } = this.#plan(n, d);
    return solver === "covariance" ? this.#kept(wanted) : undefined;
  };

  /** What is wanted of points [n, d], and how it is found. @throws for fewer than two points, and for too many components */
  #plan(n: number, d: number): { wanted: number; solver: Solver } {
    const most = Math.min(n, d);
    const wanted = this.settings.nComponents ?? most;
    if (n < 2) throw new Error("PCA.fit: a variance needs two points, x has 1");
    if (wanted > most)
      throw new Error(
        `PCA.fit: nComponents must be at most min(n, d) = ${most}, got ${wanted} for x of shape [${n}, ${d}]`,
      );
    const { solver: asked } = this.settings;
    const solver = asked === "auto" ? chooseSolver(n, d, wanted < 1 ? most : wanted) : asked;
    if (solver === "randomized" && wanted < 1)
      throw new Error(`PCA.fit: solver randomized needs a whole number of components, got the share ${wanted}`);
    return { wanted, solver };
  }

  /** Whether the rows of a source are taken into memory: where the products of the rows are wanted, or there are fewer than columns, and they have room. */
  #taken({ length, rowShape, memory = ROW_MEMORY }: RowSource): boolean {
    const d = sizeOf(rowShape);
    return (length < d || this.settings.solver === "gram") && 4 * length * d <= memory;
  }

  async #fitSource(x: RowSource, fit: Fit): Promise<void> {
    const op = "PCA.fit";
    const [n, d] = [x.length, sizeOf(x.rowShape)];
    const { keptReading, sameRows } = await import("../streams/rows-read");
    this.#keptReading = keptReading;
    const before = sameRows(this.#goesOn ? this.#read : undefined, n, d);
    this.#goesOn = false;
    const report = (): void => fit.report({ ...REPORT, step: 1, loss: 1 });
    try {
      const { axes, solver, mean, frame } = await axesOfSource(x, op, {
        plan: () => this.#sourcePlan(n, d),
        kept: this.#kept,
        random: stream(this.settings.seed, "PCA"),
        device: () => this.device(),
        before,
        between: () => fit.between(),
        surveyed: (read) => {
          this.#read = read;
          this.learned();
          report();
        },
        rest: async (read) => {
          report();
          await fit.between(async () => {
            this.#read = read();
          });
        },
      });
      const inFrame = mean.map((value, c) => (value - (frame.shift?.[c] ?? 0)) / frame.scale);
      this.#finish(axes, solver, inFrame, frame, n, fit);
      this.#read = undefined;
    } catch (error) {
      if (!fit.signal.aborted) this.#read = undefined; // what has failed begins anew
      throw error;
    }
  }

  #sourcePlan(n: number, d: number): { wanted: number; solver: Solver } {
    if (this.settings.solver === "gram")
      throw new Error(
        `PCA.fit: solver gram takes all rows into memory, [${n}, ${d}] are more than the source's memory`,
      );
    return this.#plan(n, d);
  }

  #finish(axes: Axes, solver: Solver, mean: Float64Array, frame: Frame, n: number, fit: Fit): void {
    this.#fitted = { solver, ...result(axes, mean, frame, n, mean.length) };
    this.learned();
    const explained = this.#fitted.explainedVarianceRatio.reduce((sum, share) => sum + share, 0);
    fit.report({ ...REPORT, step: 2, loss: Math.max(0, 1 - explained) });
  }

  readonly #kept =
    (wanted: number) =>
    (variances: Float64Array, total: number): number =>
      wanted < 1 ? forShare(variances, wanted * total) : wanted;

  /** Scores (x − mean) componentsᵀ [n, nComponents] of x [n, d]; whitened: over √variance, 0 along directions without any. */
  async transform(x: PointSource): Promise<NdArray> {
    const { mean, components } = this.known("transform", this.#fitted);
    const loadings = await this.#scaled((deviation) => (deviation > 0 ? 1 / deviation : 0));
    const project = (points: Tensor, axes: Tensor, frame: Frame): Tensor =>
      matmul(sub(points, tensor(points.device, frame.into(mean.data))), axes, { transB: true });
    const parts = await this.#apply(x, "transform", components.shape[1]!, loadings, project, shiftOf(mean));
    const scores = parts.map(({ y, frame: { scale } }) => (scale === 1 ? y : y.map((value) => value * scale)));
    const all = joined(scores, (length) => new Float32Array(length));
    return new NdArray(all, [all.length / components.shape[0]!, components.shape[0]!]);
  }

  /** `fit`, then the scores. */
  async fitTransform(x: PointSource, options: RunOptions = {}): Promise<NdArray> {
    return (await this.fit(x, options)).transform(x);
  }

  /** The points [n, d] that have these scores [n, nComponents], up to what the other components held. */
  async inverseTransform(y: Points): Promise<Matrix> {
    const { mean, components } = this.known("inverseTransform", this.#fitted);
    const [c, d] = components.shape as [number, number];
    const loadings = await this.#scaled((deviation) => deviation);
    const centre = mean.data instanceof Float32Array ? mean.data : undefined;
    const expand = (scores: Tensor, axes: Tensor, { scale }: Frame): Tensor => {
      const x = matmul(scores, axes);
      return centre && scale === 1 ? add(x, tensor(scores.device, centre)) : x;
    };
    const [{ y: x, frame }] = (await this.#apply(y, "inverseTransform", c, loadings, expand, null)) as [Applied];
    const shape = [x.length / d, d];
    if (centre && frame.scale === 1) return new NdArray<Float32Array | Float64Array>(x, shape);
    const values = mapTo(Float64Array, x, (value, i) => value * frame.scale + mean.data[i % d]!);
    return new NdArray<Float32Array | Float64Array>(centre ? Float32Array.from(values) : values, shape);
  }

  /** @throws when the bytes are no checkpoint of a PCA */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<PCA> {
    return Model.restored("PCA", content, options, (settings) => new PCA(settings));
  }

  protected override own(): Learned {
    const read = this.#read && this.#keptReading?.(this.#read);
    const { solver, mean, components, ...values } = read ? (this.#fitted ?? {}) : this.known("save", this.#fitted);
    const vectors = Object.entries({ ...values, ...read?.arrays });
    return {
      arrays: {
        ...(mean && components && { mean, components }),
        ...Object.fromEntries(vectors.map(([name, value]) => [name, new NdArray<TypedArray>(value)])),
      },
      state: { ...(solver && { solver }), ...read?.state },
    };
  }

  protected override async restore(saved: Checkpoint): Promise<void> {
    if ("read" in saved.state) {
      const { keptReading, restoredReading } = await import("../streams/rows-read");
      [this.#read, this.#keptReading, this.#goesOn] = [restoredReading(saved), keptReading, true];
      if (!saved.arrays["components"]) return;
    }
    const components = saved.array("components", [-1, -1]);
    const [c = 0, d = 0] = components?.shape ?? [];
    const mean = saved.matrix("mean", [d]);
    if (!components || !mean) throw new Error("checkpoint: mean and components must be there");
    this.#fitted = {
      solver: saved.entry("solver", choice(...SOLVERS)),
      ...{ mean, components, explainedVariance: saved.numbers("explainedVariance", c) },
      explainedVarianceRatio: saved.numbers("explainedVarianceRatio", c),
      singularValues: saved.numbers("singularValues", c),
    };
  }

  protected override release(): void {
    [this.#fitted, this.#read] = [undefined, undefined];
  }

  readonly #deviceFor = (x: PointSource): Promise<Device> => this.device(x);

  /** The components, each times a factor of its standard deviation when whitening. */
  async #scaled(factor: (deviation: number) => number): Promise<Float32Array> {
    const { components, explainedVariance } = this.known("transform", this.#fitted);
    if (!this.settings.whiten) return components.data;
    const [c, d] = components.shape as [number, number];
    const [largest = 0] = explainedVariance;
    const loadings = new Float32Array(c * d);
    for (let i = 0; i < c; i++) {
      const variance = explainedVariance[i]!;
      const times = factor(variance > 1e-12 * largest ? Math.sqrt(variance) : 0);
      for (let at = i * d; at < (i + 1) * d; at++) loadings[at] = components.data[at]! * times;
      await yieldWhenDue();
    }
    return loadings;
  }

  /** f of all rows, or of a source block by block. */
  async #apply(
    x: PointSource,
    method: string,
    columns: number,
    loadings: Float32Array,
    f: (x: Tensor, loadings: Tensor, frame: Frame) => Tensor,
    shift: Float64Array | null,
  ): Promise<Applied[]> {
    const { shape } = this.known(method, this.#fitted).components;
    const applied = async (points: Tensor, _: number, d: number, frame: Frame): Promise<Applied> => {
      if (d !== columns) throw new Error(`PCA.${method}: x must have ${columns} columns, got ${d}`);
      const axes = await takeTensor(points.device, loadings, shape);
      try {
        return { y: await readMatrix(() => f(points, axes, frame)), frame };
      } finally {
        axes.dispose();
      }
    };
    return this.computing(method, () => mapPoints(x, this.#deviceFor, `PCA.${method}`, applied, shift));
  }
}

/** What was made of some rows. */
interface Applied {
  readonly y: Float32Array<ArrayBuffer>;
  readonly frame: Frame;
}

const REPORT = { stage: "PCA", epoch: 1, epochs: 1, steps: 2 };

/** The shift at which points are given, once the means are known: none for those that float32 holds. */
function shiftOf({ data }: Matrix): Float64Array | null {
  return data instanceof Float32Array ? null : data;
}

/** What was found, in the data's own units. */
function result(
  { components, variances, total }: Axes,
  mean: Float64Array,
  { shift, scale }: Frame,
  n: number,
  d: number,
): Omit<Fitted, "solver"> {
  const c = variances.length;
  const centre = mean.map((value, i) => value * scale + (shift?.[i] ?? 0));
  const explainedVariance = variances.map((value) => value * scale ** 2);
  return {
    mean: new NdArray<Float32Array | Float64Array>(shift ? centre : Float32Array.from(centre), [d]),
    components: new NdArray(components, [c, d]),
    explainedVariance,
    explainedVarianceRatio: variances.map((value) => (total > 0 ? value / total : 0)),
    singularValues: explainedVariance.map((value) => Math.sqrt(value * (n - 1))),
  };
}
