import { checkInteger, isObject } from "../checks";
import { KMeans } from "../cluster/kmeans";
import type { Points } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import type { Fit } from "../lifecycle/fit";
import { Model } from "../lifecycle/model";
import type { DeviceOption, OptionSet } from "../lifecycle/model";
import { RUN_RULES } from "../lifecycle/progress";
import type { EpochRecord, RunOptions, StepReport } from "../lifecycle/progress";
import { choleskyOf } from "../linear-algebra/cholesky";
import { toContiguous } from "../matrix";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { takeRows } from "../neighbours/rows";
import { choice, either, flag, nullable, range, seed as seedRule, integer } from "../options";
import { stream } from "../random";
import type { Random } from "../random";
import { HostMixture } from "./mixture/engine";
import type { Expectation } from "./mixture/engine";
import { checkRegularization, Engines } from "./mixture/engines";
import { covarianceShape, estimate, parameterCount, scoresOf } from "./mixture/parameters";
import type { CovarianceType, MixtureParameters, Moments } from "./mixture/parameters";
import { givenMixture } from "./mixture/given";
import type { MixtureInit } from "./mixture/given";
import { mixtureArrays, restoredMixture } from "./mixture/saved";

/** What `onStep` of `GaussianMixture.fit` is told: `epoch` numbers the runs, `step` iterations of one; the loss is −lowerBound. */
export interface MixtureReport extends StepReport {
  /** The mean of ln p(x) before the iteration's maximisation. */
  readonly lowerBound: number;
}

/** Options of `GaussianMixture`. */
export interface GaussianMixtureOptions {
  readonly nComponents: number;
  /** Default "full". */
  readonly covarianceType?: CovarianceType;
  /** Default "k-means". */
  readonly init?: MixtureInit;
  /** Runs, of which the one of highest bound is kept. Default 1. */
  readonly nInit?: number;
  /** Iterations at most. Default 100. */
  readonly maxIter?: number;
  /** A run ends when the bound rises by less. Default 1e-3; null: never, all `maxIter` iterations are done. */
  readonly tolerance?: number | null;
  /** Added to every variance. Default 1e-6. */
  readonly regCovar?: number;
  /**
   * "float64": on the host; "float32": by kernels on the device, sums in float64. Default "auto": kernels where the work is large and no covariance is
   * so nearly singular that float32 would be wrong.
   */
  readonly precision?: "auto" | "float32" | "float64";
  /** Default 0. */
  readonly seed?: number;
  /** Where to compute; default: a tensor's own device, else one requested at first need. */
  readonly device?: Device | undefined;
}

/** @inline */
type Settings = Required<Omit<GaussianMixtureOptions, "device">>;

/** Its options: their rules and defaults. @internal */
export const MIXTURE_OPTIONS: OptionSet<Settings> = {
  rules: {
    ...{ nComponents: integer(1), covarianceType: choice("full", "tied", "diag", "spherical") },
    init: either(choice("k-means", "random"), {
      words: "an object with weights, means and covariances",
      holds: (value) => isObject(value) && hasMixture(value),
    }),
    ...{ nInit: integer(1), maxIter: integer(1), tolerance: nullable(range(0)), regCovar: range(0) },
    ...{ precision: choice("auto", "float32", "float64"), seed: seedRule },
  },
  defaults: {
    ...{ covarianceType: "full", init: "k-means", nInit: 1, maxIter: 100, tolerance: 1e-3, regCovar: 1e-6 },
    ...{ precision: "auto", seed: 0 },
  },
};

const hasMixture = (given: object): boolean => "weights" in given && "means" in given && "covariances" in given;

interface Result {
  readonly parameters: MixtureParameters;
  readonly trace: Float64Array<ArrayBuffer>;
  readonly converged: boolean;
  /** Shares of the components in the fitted points, [n, k]. */
  readonly resp: Float64Array<ArrayBuffer>;
}

/**
 * A mixture of Gaussians by expectation and maximisation (Dempster, Laird and Rubin 1977; Bishop, "Pattern Recognition and Machine Learning", section
 * 9.2), as scikit-learn's `GaussianMixture` does it. Points are taken about their mean in float64; expectation and the sums of moments run by kernels
 * on the device where that is worth it, about the components' means, and their chunks add up in float64.
 */
export class GaussianMixture extends Model<Settings> {
  #result: Result | undefined;

  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: GaussianMixtureOptions) {
    super("GaussianMixture", options, MIXTURE_OPTIONS);
  }

  get nComponents(): number {
    return this.settings.nComponents;
  }
  get covarianceType(): CovarianceType {
    return this.settings.covarianceType;
  }

  /** One record per iteration of the best run; the loss is −ln p(x), the mean before the iteration's maximisation. Empty before `fit`. */
  override get history(): readonly EpochRecord[] {
    return Array.from(this.#result?.trace ?? [], (bound, i) => ({ stage: this.name, epoch: i + 1, loss: -bound }));
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
    return this.known("lowerBoundTrace", this.#result).trace;
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
   * Fits the mixture to points x [n, d].
   * @throws when there are fewer points than components, or x is no finite matrix; the signal's reason when aborted
   */
  async fit(x: Points, options: RunOptions<MixtureReport> = {}): Promise<this> {
    const op = "GaussianMixture.fit";
    return this.fitting(options, RUN_RULES, async (fit) => {
      const rows = await takeRows(x, op);
      const { nComponents, nInit, precision, regCovar, seed } = this.settings;
      if (rows.n < nComponents) throw new Error(`${op}: ${nComponents} components need as many points, got ${rows.n}`);
      const engines = new Engines(rows, precision, () => this.device(x));
      checkRegularization(engines.rows, regCovar, op);
      try {
        let best: Result | undefined;
        for (let run = 0; run < nInit; run++) {
          const found = await this.#run(engines, run, stream(seed, "GaussianMixture.run", run), fit);
          if (!best || found.trace.at(-1)! > best.trace.at(-1)!) best = found;
        }
        const { offset } = engines;
        const means = best!.parameters.means.map((mean, at) => mean + offset[at % rows.d]!);
        this.#result = { ...best!, parameters: { ...best!.parameters, means } };
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

  /** Schwarz's criterion −2 Σ ln p(x) + p ln n with p free parameters: the lower the better. @throws before `fit`, or for another d */
  async bic(x: Points): Promise<number> {
    const logs = await this.scoreSamples(x);
    return -2 * logs.reduce((sum, value) => sum + value, 0) + this.#parameters() * Math.log(logs.length);
  }

  /** Akaike's criterion −2 Σ ln p(x) + 2 p: the lower the better. @throws before `fit`, or for another d */
  async aic(x: Points): Promise<number> {
    return -2 * (await this.scoreSamples(x)).reduce((sum, value) => sum + value, 0) + 2 * this.#parameters();
  }

  /** n points drawn from the mixture, [n, d], and the component of each. @throws before `fit`, or unless n is a whole number from 1 */
  sample(n: number, seed = 0): { readonly points: NdArray<Float64Array>; readonly labels: Int32Array<ArrayBuffer> } {
    checkInteger("GaussianMixture.sample", { n }, 1);
    this.checkLearned("sample");
    const { weights, means, covariances } = this.known("sample", this.#result).parameters;
    const [k, type] = [this.nComponents, this.covarianceType];
    const d = means.length / k;
    const random = stream(seed, "GaussianMixture.sample");
    const points = new Float64Array(n * d);
    const factors = Array.from({ length: k }, (_, j) => {
      if (type === "diag" || type === "spherical") return undefined;
      const at = type === "tied" ? 0 : j * d * d;
      return choleskyOf(covariances.subarray(at, at + d * d), d, "GaussianMixture.sample");
    });
    const labels = Int32Array.from({ length: n }, (_, i) => {
      let left = random.uniform();
      let j = 0;
      while (j < k - 1 && (left -= weights[j]!) >= 0) j++;
      const normals = Float64Array.from({ length: d }, () => random.normal());
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

  /** @throws when the bytes are no checkpoint of a GaussianMixture */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<GaussianMixture> {
    return Model.restored("GaussianMixture", content, options, (settings) => new GaussianMixture(settings));
  }

  protected override own(): Learned {
    const { parameters, trace, converged } = this.known("save", this.#result);
    const { covarianceType, responsibilities } = this;
    const arrays = {
      ...mixtureArrays(covarianceType, parameters, parameters.means.length / this.nComponents),
      ...{ responsibilities, trace: new NdArray<TypedArray>(trace) },
    };
    return { arrays, state: { converged } };
  }

  protected override keptSettings(): object {
    const { init } = this.settings;
    if (typeof init === "string") return this.settings;
    const kept = (x: MatrixLike, name: string): object => {
      const { data, shape } = toContiguous(x, "GaussianMixture.save", name);
      return { data: Array.from(data as ArrayLike<number>, Number), shape };
    };
    const { weights, means, covariances } = init;
    return {
      ...this.settings,
      init: {
        weights: Array.from(weights),
        means: kept(means, "means"),
        covariances: kept(covariances, "covariances"),
      },
    };
  }

  protected override restore(saved: Checkpoint): void {
    const k = this.nComponents;
    const d = saved.matrix("means", [k, -1])?.shape[1] ?? 0;
    const n = saved.matrix("responsibilities", [-1, k])?.shape[0] ?? 0;
    if (d === 0 || n === 0) throw new Error("checkpoint: means and responsibilities must be there");
    this.#result = {
      parameters: restoredMixture(saved, this.covarianceType, k, d),
      ...{ resp: saved.numbers("responsibilities", n * k), converged: saved.entry<boolean>("converged", flag) },
      trace: saved.numbers("trace", saved.arrays["trace"]?.data.length ?? 0),
    };
  }

  protected override release(): void {
    this.#result = undefined;
  }

  /** One run of expectation and maximisation. */
  async #run(engines: Engines, run: number, random: Random, fit: Fit<MixtureReport>): Promise<Result> {
    const op = "GaussianMixture.fit";
    const { maxIter, tolerance, regCovar, nInit } = this.settings;
    const { n, d } = engines.rows;
    let parameters = await this.#begin(engines, random, fit.signal);
    const trace: number[] = [];
    let converged = false;
    for (let step = 1; step <= maxIter && !converged; step++) {
      await fit.between();
      const scores = scoresOf(this.covarianceType, parameters, d, op);
      const { lowerBound, moments } = await (await engines.for(scores)).pass(scores);
      if (!Number.isFinite(lowerBound))
        throw new Error(`${op}: the bound must stay finite, got ${lowerBound} in iteration ${step}`);
      parameters = maximized(this.covarianceType, moments, scores.means, n, d, regCovar);
      const report = { stage: this.name, epoch: run + 1, epochs: nInit, step, steps: maxIter, loss: -lowerBound };
      fit.report({ ...report, lowerBound, mayEnd: tolerance !== null });
      converged = tolerance !== null && trace.length > 0 && Math.abs(lowerBound - trace.at(-1)!) < tolerance;
      trace.push(lowerBound);
    }
    await fit.between();
    const scores = scoresOf(this.covarianceType, parameters, d, op);
    const { resp } = await (await engines.for(scores)).expectation(scores);
    return { parameters, trace: Float64Array.from(trace), converged, resp };
  }

  /** The mixture to begin with, about the points' mean. */
  async #begin(engines: Engines, random: Random, signal: AbortSignal): Promise<MixtureParameters> {
    const { init, regCovar } = this.settings;
    const { rows, offset } = engines;
    const { n, d, data } = rows;
    const k = this.nComponents;
    if (typeof init !== "string") return givenMixture(init, this.covarianceType, k, d, offset);
    const resp = new Float64Array(n * k);
    if (init === "random")
      for (let i = 0; i < n; i++) {
        const shares = Array.from({ length: k }, () => random.uniform() + 2 ** -25);
        const total = shares.reduce((sum, share) => sum + share, 0);
        shares.forEach((share, j) => (resp[i * k + j] = share / total));
      }
    else {
      const device = await engines.device();
      const kmeans = new KMeans({ nClusters: k, nInit: 1, seed: random.nextUint32(), device });
      const labels = await kmeans.fitPredict(new NdArray(data, [n, d]), { signal });
      kmeans.dispose();
      labels.forEach((label, i) => (resp[i * k + label] = 1));
    }
    const diagonal = this.covarianceType === "diag" || this.covarianceType === "spherical";
    const host = new HostMixture(rows);
    const about = new Float64Array(k * d);
    return maximized(this.covarianceType, await host.moments(resp, about, k, diagonal), about, n, d, regCovar);
  }

  async #expect(x: Points, method: string): Promise<Expectation> {
    const { parameters } = this.known(method, this.#result);
    return this.computing(method, async () => {
      const op = `GaussianMixture.${method}`;
      const rows = await takeRows(x, op);
      const d = parameters.means.length / this.nComponents;
      if (rows.d !== d) throw new Error(`${op}: x must have ${d} columns, got ${rows.d}`);
      return new HostMixture(rows).expectation(scoresOf(this.covarianceType, parameters, d, op));
    });
  }

  #parameters(): number {
    return parameterCount(this.covarianceType, this.nComponents, this.means.shape[1]!);
  }
}

/** The mixture of most likelihood for moments about given means. */
function maximized(
  type: CovarianceType,
  moments: Moments,
  about: Float64Array,
  n: number,
  d: number,
  regCovar: number,
): MixtureParameters {
  const { counts, means, covariances } = estimate(type, moments, about, d, regCovar);
  return { weights: counts.map((count) => count / n), means, covariances };
}

/** The place of the largest of each k shares, the lowest of equal ones. */
export function largestShares(resp: Float32Array | Float64Array, k: number): Int32Array<ArrayBuffer> {
  return Int32Array.from({ length: resp.length / k }, (_, i) => {
    let best = 0;
    for (let j = 1; j < k; j++) if (resp[i * k + j]! > resp[i * k + best]!) best = j;
    return best;
  });
}
