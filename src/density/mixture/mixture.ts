import { checkInteger } from "../../checks";
import type { Points } from "../../cluster/points";
import type { Device } from "../../device";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import type { Fit } from "../../lifecycle/fit";
import { Model } from "../../lifecycle/model";
import type { Rules } from "../../options";
import { checkSamePoints, pointsOf } from "../../lifecycle/same-points";
import type { PointsOf } from "../../lifecycle/same-points";
import { RUN_RULES } from "../../lifecycle/progress";
import type { EpochRecord, RunOptions, StepReport } from "../../lifecycle/progress";
import { choleskyOf } from "../../linear-algebra/cholesky";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { takeRows } from "../../neighbours/rows";
import type { HostRows } from "../../neighbours/rows";
import { choice, flag, integer, nullable, range, seed as seedRule } from "../../options";
import { stream } from "../../random";
import type { Random } from "../../random";
import { HostMixture } from "./engine";
import type { Expectation } from "./engine";
import { checkRegularization, Engines } from "./engines";
import type { Precision } from "./engines";
import { givenShares, keptStart, randomShares, sharesByKMeans } from "./given";
import type { MixtureInit } from "./given";
import { covarianceShape, largestShares } from "./parameters";
import type { CovarianceType, MixtureParameters, Moments, Scores } from "./parameters";
import { keptStanding, mixtureArrays, restoredStanding } from "./saved";
import type { Found, Standing } from "./saved";
import { generate } from "../../typed-arrays";

/** What `onStep` of a mixture's `fit` is told: `epoch` numbers the runs, `step` iterations of one; the loss is −lowerBound. */
export interface MixtureReport extends StepReport {
  /** What the iterations raise. */
  readonly lowerBound: number;
}

/** Options of every mixture. */
export interface MixtureOptions {
  /** Components k. */
  readonly nComponents: number;
  /** Default "full". */
  readonly covarianceType?: CovarianceType;
  /** Where the search begins. Default "k-means". */
  readonly init?: MixtureInit;
  /** Runs, of which the one of highest bound is kept. Default 1. */
  readonly nInit?: number;
  /** Iterations at most. Default 100. */
  readonly maxIter?: number;
  /** A run ends when what its iterations raise rises by less. Default 1e-3; null: never, all `maxIter` iterations are done. */
  readonly tolerance?: number | null;
  /** Added to every variance. Default 1e-6. */
  readonly regCovar?: number;
  /**
   * "float64": on the host; "float32": by kernels on the device, sums in float64. Default "auto": kernels where the work is large and no covariance is
   * so nearly singular that float32 would be wrong.
   */
  readonly precision?: Precision;
  /** Default 0. */
  readonly seed?: number;
  /** Where to compute; default: a tensor's own device, else one requested at first need. */
  readonly device?: Device | undefined;
}

/** What every mixture is told. */
export type MixtureSettings = Required<Omit<MixtureOptions, "device">>;

/** What is not told. */
export const MIXTURE_DEFAULTS = {
  covarianceType: "full",
  init: "k-means",
  nInit: 1,
  maxIter: 100,
  tolerance: 1e-3,
  regCovar: 1e-6,
  precision: "auto",
  seed: 0,
} as const;

/** Rules of all but `init`. */
export const MIXTURE_RULES: Rules<Omit<MixtureSettings, "init">> = {
  ...{ nComponents: integer(1), covarianceType: choice("full", "tied", "diag", "spherical") },
  ...{ nInit: integer(1), maxIter: integer(1), tolerance: nullable(range(0)), regCovar: range(0) },
  ...{ precision: choice("auto", "float32", "float64"), seed: seedRule },
};

/** How a fit gets from responsibilities to parameters: on n points about their mean. */
export interface Estimation<P extends MixtureParameters> {
  /** Parameters for moments about means [k, d]. */
  maximized(moments: Moments, about: Float64Array): P;
  /** What the iteration raised: of the scores that it began with, their mean of ln p(x), their moments, and the parameters it ended with. */
  bound(scores: Scores, logProb: number, moments: Moments, parameters: P): number;
  /** The parameters to begin with, where the caller gave some. */
  readonly given?: P;
}

interface Result<P> extends Found<P> {
  /** Shares of the components in the fitted points, [n, k]. */
  readonly resp: Float64Array<ArrayBuffer>;
}

/**
 * A mixture of Gaussians, found by turns of expectation and maximisation from several beginnings, whatever is maximised. Points are taken about their mean
 * in float64; expectation and the sums of moments run by kernels on the device where that is worth it, about the components' means, and their chunks
 * add up in float64.
 */
export abstract class Mixture<
  Settings extends MixtureSettings = MixtureSettings,
  P extends MixtureParameters = MixtureParameters,
> extends Model<Settings> {
  #result: Result<P> | undefined;
  #standing: Standing<P> | undefined;
  /** Whether the next fit goes on from where a loaded one stood. */
  #goesOn = false;

  get nComponents(): number {
    return this.settings.nComponents;
  }
  get covarianceType(): CovarianceType {
    return this.settings.covarianceType;
  }

  /** One record per iteration of the best run; the loss is −ln p(x), the mean before the iteration's maximisation. Empty before `fit`. */
  override get history(): readonly EpochRecord[] {
    return (this.#result?.trace ?? []).map((bound, i) => ({ stage: this.name, epoch: i + 1, loss: -bound }));
  }

  /** The components' weights [k]. @throws before `fit`, as all these */
  get weights(): Float64Array<ArrayBuffer> {
    return this.known("weights", this.#result).parameters.weights;
  }
  /** Their means [k, d]. */
  get means(): NdArray<Float64Array> {
    const { means } = this.known("means", this.#result).parameters;
    return new NdArray(means, [this.nComponents, means.length / this.nComponents]);
  }
  /** The same, as clusterings call it. */
  get clusterCenters(): NdArray<Float64Array> {
    return this.means;
  }
  /** Their covariances: full [k, d, d], tied [d, d], diag [k, d], spherical [k]. */
  get covariances(): NdArray<Float64Array> {
    const { covariances, means } = this.known("covariances", this.#result).parameters;
    const d = means.length / this.nComponents;
    return new NdArray(covariances, covarianceShape(this.covarianceType, this.nComponents, d));
  }
  /** The component of each fitted point with the largest share in it. */
  get labels(): Int32Array<ArrayBuffer> {
    return largestShares(this.known("labels", this.#result).resp, this.nComponents);
  }
  /** Shares of the components in the fitted points, [n, k]. */
  get responsibilities(): NdArray<Float64Array> {
    const { resp } = this.known("responsibilities", this.#result);
    return new NdArray(resp, [resp.length / this.nComponents, this.nComponents]);
  }
  /** The mean of ln p(x) before each iteration's maximisation. */
  get lowerBoundTrace(): Float64Array<ArrayBuffer> {
    return Float64Array.from(this.known("lowerBoundTrace", this.#result).trace);
  }
  /** Whether the bound rose by less than the tolerance in the end. */
  get converged(): boolean {
    return this.known("converged", this.#result).converged;
  }
  /** Iterations of the best run. */
  get nIter(): number {
    return this.known("nIter", this.#result).trace.length;
  }

  /**
   * Fits the mixture to points x [n, d]. A fit that was stopped, saved and loaded goes on where it stood, with the same points.
   * @throws when there are fewer points than components, or x is no finite matrix; the signal's reason when aborted
   */
  async fit(x: Points, options: RunOptions<MixtureReport> = {}): Promise<this> {
    const op = `${this.name}.fit`;
    return this.fitting(options, RUN_RULES, async (fit) => {
      const rows = await takeRows(x, op);
      const { nComponents, nInit, precision, regCovar, seed } = this.settings;
      if (rows.n < nComponents) throw new Error(`${op}: ${nComponents} components need as many points, got ${rows.n}`);
      const { hash } = await pointsOf(new NdArray(rows.data, [rows.n, rows.d]), op);
      const engines = await Engines.of(rows, precision, () => this.device(x), op);
      checkRegularization(engines.rows, regCovar, op);
      try {
        const { rows, offset } = engines;
        const estimation = this.estimation(rows, offset);
        const before = this.#takeStanding({ n: rows.n, d: rows.d, hash });
        let best = before?.best;
        for (let run = before?.run ?? 0; run < nInit; run++) {
          const begun = run === before?.run ? before : undefined;
          const random = stream(seed, `${this.name}.run`, run);
          const found = await this.#run(engines, estimation, { run, best, begun, random, hash }, fit);
          if (!best || found.trace.at(-1)! > best.trace.at(-1)!) best = found;
        }
        const { parameters } = best!;
        const scores = this.scores(parameters, rows.d, op);
        const { resp } = await (await engines.for(scores)).expectation(scores);
        const means = parameters.means.map((mean, at) => mean + offset[at % rows.d]!);
        this.#result = { ...best!, resp, parameters: { ...parameters, means } };
        this.#standing = undefined;
        this.learned();
      } finally {
        engines.dispose();
      }
    });
  }

  /** `fit`, then the labels. */
  async fitPredict(x: Points, options: RunOptions<MixtureReport> = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** The component of each row of x [n, d] with the largest share in it. @throws before `fit`, or for another d */
  async predict(x: Points): Promise<Int32Array<ArrayBuffer>> {
    return largestShares((await this.#expect(x, "predict")).resp, this.nComponents);
  }

  /** Shares of the components in rows of x [n, d], [n, k]. @throws before `fit`, or for another d */
  async softAssignments(x: Points): Promise<NdArray<Float32Array>> {
    const { resp, logProb } = await this.#expect(x, "softAssignments");
    return new NdArray(Float32Array.from(resp), [logProb.length, this.nComponents]);
  }

  /** ln p(x) of each row of x [n, d]. @throws before `fit`, or for another d */
  async scoreSamples(x: Points): Promise<Float64Array<ArrayBuffer>> {
    return (await this.#expect(x, "scoreSamples")).logProb;
  }

  /** The mean of ln p(x). @throws before `fit`, or for another d */
  async score(x: Points): Promise<number> {
    const logs = await this.scoreSamples(x);
    return logs.reduce((sum, value) => sum + value, 0) / logs.length;
  }

  /** n points drawn from the mixture, [n, d], and the component of each. @throws before `fit`, or unless n is a whole number from 1 */
  sample(n: number, seed = 0): { readonly points: NdArray<Float64Array>; readonly labels: Int32Array<ArrayBuffer> } {
    checkInteger(`${this.name}.sample`, { n }, 1);
    this.checkLearned("sample");
    const { weights, means, covariances } = this.known("sample", this.#result).parameters;
    const [k, type] = [this.nComponents, this.covarianceType];
    const d = means.length / k;
    const random = stream(seed, `${this.name}.sample`);
    const points = new Float64Array(n * d);
    const factors = Array.from({ length: k }, (_, j) => {
      if (type === "diag" || type === "spherical") return undefined;
      const at = type === "tied" ? 0 : j * d * d;
      return choleskyOf(covariances.subarray(at, at + d * d), d, `${this.name}.sample`);
    });
    const labels = generate(Int32Array, n, (i) => {
      let left = random.uniform();
      let j = 0;
      while (j < k - 1 && (left -= weights[j]!) >= 0) j++;
      const normals = generate(Float64Array, d, () => random.normal());
      for (let a = 0; a < d; a++) {
        let away = 0;
        const factor = factors[j];
        if (factor) for (let b = 0; b <= a; b++) away += factor[a * d + b]! * normals[b]!;
        else away = Math.sqrt(type === "diag" ? covariances[j * d + a]! : covariances[j]!) * normals[a]!;
        points[i * d + a] = means[j * d + a]! + away;
      }
      return j;
    });
    return { points: new NdArray(points, [n, d]), labels };
  }

  /** How parameters follow from responsibilities, of n points about their mean, which lay at the offset. */
  protected abstract estimation(rows: HostRows, offset: Float64Array): Estimation<P>;
  /** What responsibilities are made of. */
  protected abstract scores(parameters: P, d: number, op: string): Scores;
  /** The way back from a checkpoint. */
  protected abstract restoredParameters(saved: Checkpoint, d: number): P;
  /** What a checkpoint keeps beside weights, means and covariances. */
  protected others(_: P): Record<string, NdArray<TypedArray>> {
    return {};
  }
  /** All that was learned. */
  protected parameters(what: string): P {
    return this.known(what, this.#result).parameters;
  }

  protected override own(): Learned {
    const standing = this.#standing && keptStanding(this.#standing, (parameters) => this.#arrays(parameters));
    const found = standing ? this.#result : this.known("save", this.#result);
    return {
      arrays: {
        ...(found && {
          ...this.#arrays(found.parameters),
          ...{ responsibilities: this.responsibilities, trace: new NdArray<TypedArray>(this.lowerBoundTrace) },
        }),
        ...standing?.arrays,
      },
      state: { ...(found && { converged: found.converged }), ...(standing && { standing: standing.state }) },
    };
  }

  protected override keptSettings(): object {
    return { ...this.settings, init: keptStart(this.settings.init, this.name) };
  }

  protected override restore(saved: Checkpoint): void {
    const k = this.nComponents;
    this.#standing = restoredStanding(saved, k, (part, d) => this.restoredParameters(part, d));
    this.#goesOn = this.#standing !== undefined;
    if (this.#standing && !saved.arrays["means"]) return;
    const d = saved.matrix("means", [k, -1])?.shape[1] ?? 0;
    const n = saved.matrix("responsibilities", [-1, k])?.shape[0] ?? 0;
    if (d === 0 || n === 0) throw new Error("checkpoint: means and responsibilities must be there");
    this.#result = {
      parameters: this.restoredParameters(saved, d),
      ...{ resp: saved.numbers("responsibilities", n * k), converged: saved.entry<boolean>("converged", flag) },
      trace: [...saved.numbers("trace", saved.arrays["trace"]?.data.length ?? 0)],
    };
  }

  protected override release(): void {
    [this.#result, this.#standing] = [undefined, undefined];
  }

  #arrays(parameters: P): Record<string, NdArray<TypedArray>> {
    const d = parameters.means.length / this.nComponents;
    return { ...mixtureArrays(this.covarianceType, parameters, d), ...this.others(parameters) };
  }

  /** Where a loaded fit stood, which this one goes on from. @throws for other points */
  #takeStanding(now: PointsOf): Standing<P> | undefined {
    const before = this.#goesOn ? this.#standing : undefined;
    const d = before && before.parameters.means.length / this.nComponents;
    if (before) checkSamePoints(`${this.name}.fit`, { n: before.n, d, hash: before.hash }, now);
    this.#goesOn = false;
    return before;
  }

  /** One run of expectation and maximisation, from its beginning or on from where it stood. */
  async #run(
    engines: Engines,
    estimation: Estimation<P>,
    from: Pick<Standing<P>, "run" | "best" | "hash"> & { begun: Found<P> | undefined; random: Random },
    fit: Fit<MixtureReport>,
  ): Promise<Found<P>> {
    const { run, best, begun, random, hash } = from;
    const op = `${this.name}.fit`;
    const { maxIter, tolerance, nInit } = this.settings;
    const { n, d } = engines.rows;
    let parameters =
      begun?.parameters ?? estimation.given ?? (await this.#begin(engines, estimation, random, fit.signal));
    let trace = begun?.trace ?? [];
    let converged = begun?.converged ?? false;
    for (let step = trace.length + 1; step <= maxIter && !converged; step++) {
      await fit.between();
      const scores = this.scores(parameters, d, op);
      const { lowerBound: logProb, moments } = await (await engines.for(scores)).pass(scores);
      parameters = estimation.maximized(moments, scores.means);
      const lowerBound = estimation.bound(scores, logProb, moments, parameters);
      if (!Number.isFinite(lowerBound))
        throw new Error(`${op}: the bound must stay finite, got ${lowerBound} in iteration ${step}`);
      const report = { stage: this.name, epoch: run + 1, epochs: nInit, step, steps: maxIter, loss: -lowerBound };
      fit.report({ ...report, lowerBound, mayEnd: tolerance !== null });
      converged = tolerance !== null && trace.length > 0 && Math.abs(lowerBound - trace.at(-1)!) < tolerance;
      trace = [...trace, lowerBound];
      this.#standing = { n, hash, run, best, parameters, trace, converged };
      this.learned(); // from now on it can say where it stands
    }
    await fit.between();
    return { parameters, trace, converged };
  }

  /** Parameters of shares by k-means, at random, or as the caller gave them. */
  async #begin(engines: Engines, estimation: Estimation<P>, random: Random, signal: AbortSignal): Promise<P> {
    const { init } = this.settings;
    const { rows } = engines;
    const { n, d } = rows;
    const k = this.nComponents;
    const resp =
      typeof init === "object" && "responsibilities" in init
        ? givenShares(init, n, k, `${this.name}.fit`)
        : init === "random"
          ? randomShares(n, k, random)
          : await sharesByKMeans(engines, k, random, signal);
    const diagonal = this.covarianceType === "diag" || this.covarianceType === "spherical";
    const about = new Float64Array(k * d);
    return estimation.maximized(await new HostMixture(rows).moments(resp, about, k, diagonal), about);
  }

  async #expect(x: Points, method: string): Promise<Expectation> {
    const { parameters } = this.known(method, this.#result);
    return this.computing(method, async () => {
      const op = `${this.name}.${method}`;
      const rows = await takeRows(x, op);
      const d = parameters.means.length / this.nComponents;
      if (rows.d !== d) throw new Error(`${op}: x must have ${d} columns, got ${rows.d}`);
      const found = await new HostMixture(rows).expectation(this.scores(parameters, d, op));
      const wrong = found.logProb.findIndex((value) => !Number.isFinite(value));
      if (wrong >= 0)
        throw new Error(`${op}: rows must be near enough for their densities to fit float64, got row ${wrong}`);
      return found;
    });
  }
}
