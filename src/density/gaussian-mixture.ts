import { checkChoice, checkRange, checkWhole, fitted } from "../checks";
import { KMeans } from "../cluster/kmeans";
import { DeviceHolder } from "../cluster/points";
import type { Device } from "../device";
import { toContiguous } from "../matrix";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import { centeredRows, columnMeans, takeRows } from "../neighbours/rows";
import type { HostRows } from "../neighbours/rows";
import { choleskyOf } from "../linear-algebra/cholesky";
import { Random } from "../random";
import { format } from "../tensor";
import { DeviceMixture, HostMixture } from "./mixture/engine";
import type { Expectation, MixtureEngine } from "./mixture/engine";
import { covarianceShape, estimate, parameterCount, scoresOf } from "./mixture/parameters";
import type { CovarianceType, MixtureParameters, Moments, Scores } from "./mixture/parameters";

/** Where the search for a mixture begins: shares by k-means, at random, or a mixture as it is given. */
export type MixtureInit =
  | "k-means"
  | "random"
  | { readonly weights: ArrayLike<number>; readonly means: MatrixLike; readonly covariances: MatrixLike };

/** What `onIteration` is told. */
export interface MixtureProgress {
  readonly run: number;
  readonly iteration: number;
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
  readonly device?: Device;
  /** After each iteration. */
  readonly onIteration?: (progress: MixtureProgress) => void;
  /** Ends `fit` with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Multiply-adds of a pass from which kernels are worth their starting. */
const WORK = 2 ** 21;
/** Least share of a variance that float32 resolves. */
const SHARPNESS = 1e-4;

interface Result {
  readonly parameters: MixtureParameters;
  readonly trace: Float64Array<ArrayBuffer>;
  readonly converged: boolean;
  readonly last: Expectation;
}

/** The engines of a fit: points about their mean, on the host and, once it is worth it, on a device. */
class Engines {
  readonly rows: HostRows;
  readonly offset: Float64Array<ArrayBuffer>;
  readonly #host: HostMixture;
  readonly #holder: DeviceHolder;
  readonly #precision: "auto" | "float32" | "float64";
  #device: DeviceMixture | undefined;

  constructor(rows: HostRows, precision: "auto" | "float32" | "float64", device: Device | undefined) {
    this.offset = columnMeans(rows);
    this.rows = { ...rows, data: rows.data.map((value, i) => value - this.offset[i % rows.d]!) };
    this.#host = new HostMixture(this.rows);
    this.#precision = precision;
    this.#holder = new DeviceHolder(device);
  }

  /** The engine that scores of this sharpness and kind take. */
  async for({
    constants,
    diagonal,
    sharpness,
  }: Pick<Scores, "constants" | "diagonal" | "sharpness">): Promise<MixtureEngine> {
    const { n, d } = this.rows;
    const work = n * constants.length * d * (diagonal ? 1 : d);
    const small = this.#precision === "auto" && (work < WORK || sharpness < SHARPNESS);
    if (this.#precision === "float64" || small) return this.#host;
    if (!this.#device) {
      const device = await this.#holder.get(this.rows.data);
      const points = centeredRows(this.rows, new Float64Array(d), "GaussianMixture.fit");
      this.#device = await DeviceMixture.request(device, points, n, d);
    }
    return this.#device;
  }

  async dispose(): Promise<void> {
    this.#device?.dispose();
    await this.#holder.dispose();
  }
}

/**
 * A mixture of Gaussians by expectation and maximisation (Dempster, Laird and Rubin 1977; Bishop, "Pattern Recognition and Machine Learning", section
 * 9.2), as scikit-learn's `GaussianMixture` does it. Points are taken about their mean in float64; expectation and the sums of moments run by kernels
 * on the device where that is worth it, about the components' means, and their chunks add up in float64.
 */
export class GaussianMixture {
  readonly nComponents: number;
  readonly covarianceType: CovarianceType;
  readonly #options: GaussianMixtureOptions;
  #result: Result | undefined;

  /** @throws when an option is out of its range */
  constructor(options: GaussianMixtureOptions) {
    const op = "GaussianMixture";
    const {
      nComponents,
      covarianceType = "full",
      nInit = 1,
      maxIter = 100,
      tolerance = 1e-3,
      regCovar = 1e-6,
    } = options;
    const { init = "k-means", precision = "auto" } = options;
    checkWhole(op, { nComponents, nInit, maxIter }, 1);
    checkRange(op, { tolerance: tolerance ?? 0, regCovar }, 0);
    checkChoice(op, { covarianceType }, ["full", "tied", "diag", "spherical"]);
    checkChoice(op, { precision }, ["auto", "float32", "float64"]);
    if (typeof init === "string") checkChoice(op, { init }, ["k-means", "random"]);
    [this.nComponents, this.covarianceType, this.#options] = [nComponents, covarianceType, options];
  }

  /** The components' weights [k]. @throws before `fit`, as all these */
  get weights(): Float64Array<ArrayBuffer> {
    return this.#fitted("weights").parameters.weights;
  }
  /** Their means [k, d]. */
  get means(): NdArray<Float64Array> {
    const { means } = this.#fitted("means").parameters;
    return new NdArray(means, [this.nComponents, means.length / this.nComponents]);
  }
  /** Their covariances: full [k, d, d], tied [d, d], diag [k, d], spherical [k]. */
  get covariances(): NdArray<Float64Array> {
    const { parameters } = this.#fitted("covariances");
    const d = parameters.means.length / this.nComponents;
    return new NdArray(parameters.covariances, covarianceShape(this.covarianceType, this.nComponents, d));
  }
  /** The component of each fitted point with the largest share in it. */
  get labels(): Int32Array<ArrayBuffer> {
    return largestShares(this.#fitted("labels").last.resp, this.nComponents);
  }
  /** Shares of the components in the fitted points, [n, k]. */
  get softAssignments(): NdArray<Float64Array> {
    const { resp } = this.#fitted("softAssignments").last;
    return new NdArray(resp, [resp.length / this.nComponents, this.nComponents]);
  }
  /** The mean of ln p(x) before each iteration's maximisation. */
  get lowerBoundTrace(): Float64Array<ArrayBuffer> {
    return this.#fitted("lowerBoundTrace").trace;
  }
  /** Whether the bound rose by less than the tolerance in the end. */
  get converged(): boolean {
    return this.#fitted("converged").converged;
  }
  /** Iterations of the best run. */
  get nIter(): number {
    return this.#fitted("nIter").trace.length;
  }

  /** Fits the mixture to points x [n, d]. @throws when there are fewer points than components, or x is no finite matrix */
  async fit(x: MatrixLike): Promise<this> {
    const op = "GaussianMixture.fit";
    const rows = await takeRows(x, op);
    const { n } = rows;
    if (n < this.nComponents) throw new Error(`${op}: ${this.nComponents} components need as many points, got ${n}`);
    const { nInit = 1, precision = "auto", device, seed = 0 } = this.#options;
    const engines = new Engines(rows, precision, device);
    try {
      let best: Result | undefined;
      const random = new Random(seed);
      for (let run = 0; run < nInit; run++) {
        const found = await this.#run(engines, run, random.nextUint32());
        if (!best || found.trace.at(-1)! > best.trace.at(-1)!) best = found;
      }
      const { offset } = engines;
      const means = best!.parameters.means.map((mean, at) => mean + offset[at % rows.d]!);
      this.#result = { ...best!, parameters: { ...best!.parameters, means } };
    } finally {
      await engines.dispose();
    }
    return this;
  }

  /** `fit`, then the labels. */
  async fitPredict(x: MatrixLike): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x)).labels;
  }

  /** The component of each row of x [n, d] with the largest share in it. @throws before `fit`, or for another d */
  async predict(x: MatrixLike): Promise<Int32Array<ArrayBuffer>> {
    return largestShares((await this.#expect(x, "predict")).resp, this.nComponents);
  }

  /** Shares of the components in rows of x [n, d], [n, k]. @throws before `fit`, or for another d */
  async predictProbabilities(x: MatrixLike): Promise<NdArray<Float64Array>> {
    const { resp, logProb } = await this.#expect(x, "predictProbabilities");
    return new NdArray(resp, [logProb.length, this.nComponents]);
  }

  /** ln p(x) of each row of x [n, d]. @throws before `fit`, or for another d */
  async scoreSamples(x: MatrixLike): Promise<Float64Array<ArrayBuffer>> {
    return (await this.#expect(x, "scoreSamples")).logProb;
  }

  /** The mean of ln p(x). @throws before `fit`, or for another d */
  async score(x: MatrixLike): Promise<number> {
    const logs = await this.scoreSamples(x);
    return logs.reduce((sum, value) => sum + value, 0) / logs.length;
  }

  /** Schwarz's criterion −2 Σ ln p(x) + p ln n with p free parameters: the lower the better. @throws before `fit`, or for another d */
  async bic(x: MatrixLike): Promise<number> {
    const logs = await this.scoreSamples(x);
    return -2 * logs.reduce((sum, value) => sum + value, 0) + this.#parameters() * Math.log(logs.length);
  }

  /** Akaike's criterion −2 Σ ln p(x) + 2 p: the lower the better. @throws before `fit`, or for another d */
  async aic(x: MatrixLike): Promise<number> {
    return -2 * (await this.scoreSamples(x)).reduce((sum, value) => sum + value, 0) + 2 * this.#parameters();
  }

  /** n points drawn from the mixture, [n, d], and the component of each. @throws before `fit`, or unless n is a whole number from 1 */
  sample(n: number, seed = 0): { readonly points: NdArray<Float64Array>; readonly labels: Int32Array<ArrayBuffer> } {
    checkWhole("GaussianMixture.sample", { n }, 1);
    const { weights, means, covariances } = this.#fitted("sample").parameters;
    const [k, type] = [this.nComponents, this.covarianceType];
    const d = means.length / k;
    const random = new Random(seed);
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

  /** One run of expectation and maximisation. */
  async #run(engines: Engines, run: number, seed: number): Promise<Result> {
    const op = "GaussianMixture.fit";
    const { maxIter = 100, tolerance = 1e-3, regCovar = 1e-6, onIteration, signal } = this.#options;
    const { n, d } = engines.rows;
    let parameters = await this.#begin(engines, seed);
    const trace: number[] = [];
    let converged = false;
    for (let iteration = 1; iteration <= maxIter && !converged; iteration++) {
      signal?.throwIfAborted();
      const scores = scoresOf(this.covarianceType, parameters, d, op);
      const { lowerBound, moments } = await (await engines.for(scores)).pass(scores);
      if (!Number.isFinite(lowerBound))
        throw new Error(`${op}: the bound must stay finite, got ${lowerBound} in iteration ${iteration}`);
      parameters = maximized(this.covarianceType, moments, scores.means, n, d, regCovar);
      onIteration?.({ run, iteration, lowerBound });
      converged = tolerance !== null && trace.length > 0 && Math.abs(lowerBound - trace.at(-1)!) < tolerance;
      trace.push(lowerBound);
    }
    const scores = scoresOf(this.covarianceType, parameters, d, op);
    const last = await (await engines.for(scores)).expectation(scores);
    return { parameters, trace: Float64Array.from(trace), converged, last };
  }

  /** The mixture to begin with, about the points' mean. */
  async #begin(engines: Engines, seed: number): Promise<MixtureParameters> {
    const { init = "k-means", regCovar = 1e-6, device, signal } = this.#options;
    const { rows, offset } = engines;
    const { n, d, data } = rows;
    const k = this.nComponents;
    if (typeof init !== "string") return givenMixture(init, this.covarianceType, k, d, offset);
    const resp = new Float64Array(n * k);
    if (init === "random") {
      const random = new Random(seed);
      for (let i = 0; i < n; i++) {
        const shares = Array.from({ length: k }, () => random.uniform() + 2 ** -25);
        const total = shares.reduce((sum, share) => sum + share, 0);
        shares.forEach((share, j) => (resp[i * k + j] = share / total));
      }
    } else {
      const kmeans = new KMeans({ nClusters: k, nInit: 1, seed, ...(device ? { device } : {}) });
      try {
        (await kmeans.fitPredict(new NdArray(data, [n, d]), signal ? { signal } : {})).forEach(
          (label, i) => (resp[i * k + label] = 1),
        );
      } finally {
        await kmeans.dispose();
      }
    }
    const diagonal = this.covarianceType === "diag" || this.covarianceType === "spherical";
    const host = new HostMixture(rows);
    const about = new Float64Array(k * d);
    return maximized(this.covarianceType, await host.moments(resp, about, k, diagonal), about, n, d, regCovar);
  }

  async #expect(x: MatrixLike, method: string): Promise<Expectation> {
    const { parameters } = this.#fitted(method);
    const op = `GaussianMixture.${method}`;
    const rows = await takeRows(x, op);
    const d = parameters.means.length / this.nComponents;
    if (rows.d !== d) throw new Error(`${op}: x must have ${d} columns, got ${rows.d}`);
    return new HostMixture(rows).expectation(scoresOf(this.covarianceType, parameters, d, op));
  }

  #parameters(): number {
    return parameterCount(this.covarianceType, this.nComponents, this.means.shape[1]!);
  }

  #fitted(what: string): Result {
    return fitted(`GaussianMixture.${what}`, this.#result);
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

function givenMixture(
  given: Exclude<MixtureInit, string>,
  type: CovarianceType,
  k: number,
  d: number,
  offset: Float64Array,
): MixtureParameters {
  const op = "GaussianMixture.fit";
  const numbers = (x: MatrixLike, name: string, shape: readonly number[]): Float64Array<ArrayBuffer> => {
    const { data, shape: got } = toContiguous(x, op, name);
    if (got.join() !== shape.join()) throw new Error(`${op}: ${name} must be ${format(shape)}, got ${format(got)}`);
    const values = Float64Array.from(data as ArrayLike<number>, Number);
    if (!values.every(Number.isFinite)) throw new Error(`${op}: ${name} must be finite`);
    return values;
  };
  const weights = Float64Array.from(given.weights);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (weights.length !== k || !weights.every((weight) => weight > 0) || !Number.isFinite(total))
    throw new Error(`${op}: weights must be ${k} positive numbers, got ${weights.join(", ")}`);
  return {
    weights: weights.map((weight) => weight / total),
    means: numbers(given.means, "means", [k, d]).map((mean, at) => mean - offset[at % d]!),
    covariances: numbers(given.covariances, "covariances", covarianceShape(type, k, d)),
  };
}

/** The place of the largest of each k shares, the lowest of equal ones. */
export function largestShares(resp: Float64Array, k: number): Int32Array<ArrayBuffer> {
  return Int32Array.from({ length: resp.length / k }, (_, i) => {
    let best = 0;
    for (let j = 1; j < k; j++) if (resp[i * k + j]! > resp[i * k + best]!) best = j;
    return best;
  });
}
