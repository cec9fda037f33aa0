import { isWhole } from "../../checks";
import type { Bytes } from "../../data/formats/source";
import type { Device } from "../../device";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import { Findings } from "../../lifecycle/findings";
import type { PointsOf } from "../../lifecycle/findings";
import type { Fit } from "../../lifecycle/fit";
import { Model } from "../../lifecycle/model";
import type { DeviceOption, OptionSet } from "../../lifecycle/model";
import { RUN_RULES } from "../../lifecycle/progress";
import type { RunOptions, StepReport } from "../../lifecycle/progress";
import { toContiguous } from "../../matrix";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { choice, either, integer, positive } from "../../options";
import { Tensor } from "../../tensor";
import { runCooperatively } from "../../event-loop";
import { kthNeighbours } from "../../neighbours/kth-neighbour";
import type { HostRows } from "../../neighbours/rows";
import { goOn, keptPasses, newPasses, PASSES, restoredPasses } from "./density-passes";
import type { Passes } from "./density-passes";
import { NearPairs } from "./near-pairs";
import { checkPoints } from "../points";
import type { Points } from "../points";
import type { TriedRadii } from "./radius";
import { generate, mapTo } from "../../typed-arrays";

/** Options of `DBSCAN`. */
export interface DBSCANOptions {
  /**
   * Radius of a neighbourhood, its border included; default 0.5. "knee": where the ascending distances to the point that makes `minSamples` bend
   * (Ester et al. 1996, section 4.2). "stable": amid the first wide range of radii with the same number of clusters, which takes some dozen times as long.
   */
  readonly eps?: number | "knee" | "stable";
  /** Points, itself included, that make a point a core point; default 5. */
  readonly minSamples?: number;
  /** Where eps is searched for in more than twelve columns; default: a tensor's own device, else one requested at first need. */
  readonly device?: Device | undefined;
}

/** @inline */
type Settings = Required<Omit<DBSCANOptions, "device">>;

/** Its options: their rules and defaults. @internal */
export const DBSCAN_OPTIONS: OptionSet<Settings> = {
  rules: { eps: either(positive, choice("knee", "stable")), minSamples: integer(1) },
  defaults: { eps: 0.5, minSamples: 5 },
};

/** What was learned: the labels, and the core points that clusters consist of. */
interface Found {
  readonly eps: number;
  readonly labels: Int32Array<ArrayBuffer>;
  /** Row numbers of the core points, ascending. */
  readonly cores: Int32Array<ArrayBuffer>;
  /** [cores, d] */
  readonly points: Float64Array;
  /** Of the core points. */
  readonly clusters: Uint32Array;
  readonly d: number;
}

/** Where a fit stands: amid the search for a radius, or with one amid the passes over the pairs. */
interface Standing extends PointsOf {
  readonly tried?: TriedRadii | undefined;
  readonly eps?: number | undefined;
  readonly passes?: Passes | undefined;
}

/**
 * Density-based clusters (Ester, Kriegel, Sander and Xu, KDD 1996): core points within eps of each other share a cluster, other
 * points within eps of a core point join the lowest cluster in reach, the rest is noise, −1. Clusters are numbered by their first
 * core point, as scikit-learn does. Exact, in float64, on the calling thread, which goes on every few milliseconds. Pairs are found once, on a k-d tree up to twelve
 * columns and by products of float32 panels beyond, those that may be near measured in float64, and kept in 64 MiB: where there are more,
 * they are found anew for each of the three passes. The time grows with the pairs of the tree's leaves, or of rows within eps along the axis of widest range.
 */
export class DBSCAN extends Model<Settings> {
  readonly #findings = new Findings<Found, Standing>();

  /** @throws for an option that is unknown or out of its range */
  constructor(options: DBSCANOptions = {}) {
    super("DBSCAN", options, DBSCAN_OPTIONS);
  }

  /** The radius: the given one, or the one that was found. @throws before `fit` has found one */
  get eps(): number {
    const { eps } = this.settings;
    return typeof eps === "string" ? this.known("eps", this.#findings.result).eps : eps;
  }

  /** What `fit` found for options that leave it to the data. */
  get chosen(): { readonly eps?: number } {
    return typeof this.settings.eps === "string" && this.#findings.result ? { eps: this.#findings.result.eps } : {};
  }

  get minSamples(): number {
    return this.settings.minSamples;
  }

  /** The cluster of each point, −1 for noise. @throws before `fit` */
  get labels(): Int32Array<ArrayBuffer> {
    return this.known("labels", this.#findings.result).labels;
  }

  /** Row numbers of the core points, ascending. @throws before `fit` */
  get coreSampleIndices(): Int32Array<ArrayBuffer> {
    return this.known("coreSampleIndices", this.#findings.result).cores;
  }

  /**
   * Clusters points x [n, d]. A fit that was stopped, saved and loaded goes on where it stood, with the same points: amid the radii that "stable" tries, or
   * amid its passes.
   * @param options `onStep`: now and then in the search for a radius and in the passes, and at the end; the loss is the share of the passes that is left, at
   * the end that of points without a cluster
   * @throws when x is no matrix, is empty, or holds NaN or an infinity; the signal's reason when aborted
   */
  async fit(x: Points, options: RunOptions = {}): Promise<this> {
    return this.fitting(options, RUN_RULES, async (fit) => {
      const op = "DBSCAN.fit";
      const rows = await valuesOf(x, op);
      const before = await this.#findings.enter(op, new NdArray(rows.data, [rows.n, rows.d]));
      await NearPairs.of(rows, (pairs) => this.#cluster(rows, pairs, fit, before));
    });
  }

  /** `fit`, then the labels. */
  async fitPredict(x: Points, options: RunOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /**
   * For each row of x [n, d] the lowest cluster that has a core point within eps, −1 where none has: for the points given to `fit` these are
   * their labels.
   * @throws before `fit`, and for another d
   */
  async predict(x: Points): Promise<Int32Array<ArrayBuffer>> {
    const { points, clusters, d } = this.known("predict", this.#findings.result);
    return this.computing("predict", async () => {
      const given = await valuesOf(x, "DBSCAN.predict");
      if (given.d !== d) throw new Error(`DBSCAN.predict: x must have ${d} columns, got ${given.d}`);
      const count = clusters.length;
      const data = new Float64Array(points.length + given.data.length);
      data.set(points);
      data.set(given.data, points.length);
      const n = count + given.n;
      const passes = { ...newPasses(n), done: PASSES - 1 };
      passes.isCore = generate(Uint8Array, n, (row) => Number(row < count));
      passes.labels.set(clusters);
      await NearPairs.of({ data, n, d }, (pairs) =>
        runCooperatively(goOn(passes, pairs.within(this.eps), this.minSamples)),
      );
      return passes.labels.slice(count);
    });
  }

  /** @throws when the bytes are no checkpoint of a DBSCAN */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<DBSCAN> {
    return Model.restored("DBSCAN", content, options, (settings) => new DBSCAN(settings));
  }

  protected override own(): Learned {
    const { arrays, state } = this.#findings.kept((result) => this.known("save", result), keptFound, keptStanding);
    const { eps } = this.chosen;
    return { arrays, state: { ...state, ...(eps !== undefined && { eps }) } };
  }

  protected override restore(saved: Checkpoint): void {
    const isFound = typeof this.settings.eps === "string";
    const hasResult = this.#findings.restore(saved, "labels", (standing, d) =>
      restoredStanding(standing, d(), isFound),
    );
    const { eps } = this.settings;
    if (hasResult)
      this.#findings.restored(
        restoredFound(saved, typeof eps === "string" ? saved.entry<number>("eps", positive) : eps),
      );
  }

  protected override release(): void {
    this.#findings.release();
  }

  /** Labels of rows by their pairs. */
  async #cluster(rows: HostRows, pairs: NearPairs, fit: Fit, before: Standing | undefined): Promise<void> {
    const { data, n, d } = rows;
    const eps = before?.eps ?? (await this.#radius(rows, pairs, fit, before?.tried));
    const passes = before?.passes ?? newPasses(n);
    this.#stand({ n, d, passes, eps: typeof this.settings.eps === "string" ? eps : undefined });
    const progress = (): StepReport => reportOf(n, n * passes.done + passes.place.row);
    fit.report(progress());
    await fit.between();
    await fit.pacing(goOn(passes, pairs.within(eps), this.minSamples), progress);
    await fit.between();
    const { isCore, labels } = passes;
    const cores = Int32Array.from(isCore.keys()).filter((row) => isCore[row]! > 0);
    const points = new Float64Array(cores.length * d);
    cores.forEach((row, i) => points.set(data.subarray(row * d, (row + 1) * d), i * d));
    const clusters = mapTo(Uint32Array, cores, (row) => labels[row]!);
    this.#findings.end({ eps, labels, cores, points, d, clusters });
    fit.report(reportOf(n, PASSES * n, labels.reduce((count, label) => count + Number(label < 0), 0) / n));
  }

  /** From now on it can say where it stands. */
  #stand(standing: Standing): void {
    this.#findings.stand(standing);
    this.learned();
  }

  /** The radius that is given, or searched for. */
  async #radius(rows: HostRows, pairs: NearPairs, fit: Fit, before: TriedRadii | undefined): Promise<number> {
    const { eps, minSamples } = this.settings;
    if (typeof eps === "number") return eps;
    const { data, n, d } = rows;
    const { kneeRadius, stableRadius } = await import("./radius");
    const byKernel = (k: number, step: number): Promise<Float64Array> =>
      kthNeighbours(rows, k, undefined, () => this.device(data), fit, step);
    const search = { rows, minSamples, kthNeighbours: byKernel, fit };
    if (eps === "knee") return kneeRadius(search);
    const clustersAt = async (radius: number): Promise<readonly number[]> => {
      const passes = newPasses(n);
      await fit.pacing(goOn(passes, pairs.within(radius), minSamples, PASSES - 1), () => reportOf(n, 0));
      const sizes = new Map<number, number>();
      for (const label of passes.labels) if (label >= 0) sizes.set(label, (sizes.get(label) ?? 0) + 1);
      return [...sizes.values()];
    };
    const stand = async (tried: TriedRadii): Promise<void> => {
      this.#stand({ n, d, tried });
      fit.report(reportOf(n, 0));
      await fit.between();
    };
    return stableRadius(search, clustersAt, stand, before);
  }
}

/** The rows of the passes are its steps. */
const reportOf = (n: number, step: number, loss = 1 - step / (PASSES * n)): StepReport => ({
  ...{ stage: "DBSCAN", epoch: 1, epochs: 1, step, steps: PASSES * n, loss },
});

/** Arrays of what was found. */
const keptFound = ({ labels, cores, points, clusters, d }: Found): Record<string, NdArray<TypedArray>> => ({
  ...{ labels: new NdArray<TypedArray>(labels), coreSampleIndices: new NdArray<TypedArray>(cores) },
  corePoints: new NdArray<TypedArray>(points, [cores.length, d]),
  coreClusters: new NdArray<TypedArray>(clusters),
});

/** The way back, with the radius. @throws for what `keptFound` does not give */
function restoredFound(saved: Checkpoint, eps: number): Found {
  const cores = saved.labels("coreSampleIndices", saved.arrays["labels"]?.data.length ?? 0);
  const clusters = saved.labels("coreClusters", cores?.length ?? 0);
  const labels = saved.labels("labels", cores?.length ?? 0, -1);
  const [count, d = 0] = saved.arrays["corePoints"]?.shape ?? [];
  if (!cores || !clusters || !labels || count !== cores.length || clusters.length !== count || d < 1)
    throw new Error("checkpoint: labels, and of each core point its row, its place and its cluster must be there");
  const points = saved.numbers("corePoints", count * d);
  return { eps, labels, cores, points, clusters: Uint32Array.from(clusters), d };
}

/** Arrays and state of where a fit stands. */
function keptStanding({ n, tried, eps, passes }: Standing): Learned {
  if (tried) return { arrays: { tried: new NdArray<TypedArray>(triedAsNumbers(tried)) }, state: { n } };
  const { arrays, state } = keptPasses(passes!);
  return { arrays, state: { ...state, ...(eps !== undefined && { radius: eps }) } };
}

/** The way back. @throws for what `keptStanding` does not give */
function restoredStanding(saved: Checkpoint, d: number, isFound: boolean): Standing {
  const numbers = saved.arrays["tried"]?.data;
  if (numbers && isFound) return { n: saved.entry<number>("n", integer(1)), d, tried: triedOfNumbers(numbers) };
  const passes = restoredPasses(saved);
  return { n: passes.counts.length, d, passes, eps: isFound ? saved.entry<number>("radius", positive) : undefined };
}

/** Where a search for a radius stands, as one row of numbers. */
const triedAsNumbers = ({ tried, radius, ranges }: TriedRadii): Float64Array =>
  Float64Array.from([tried, radius, ...ranges.flatMap(({ count, begin, length }) => [count, begin, length])]);

/** The way back. @throws for what `triedAsNumbers` does not give */
function triedOfNumbers(numbers: ArrayLike<number>): TriedRadii {
  const [tried = -1, radius = 0] = [numbers[0], numbers[1]];
  const ranges = Array.from({ length: (numbers.length - 2) / 3 }, (_, r) => {
    const [count, begin, length] = Array.from({ length: 3 }, (__, at) => numbers[2 + 3 * r + at]!) as Triple;
    return { count, begin, length };
  });
  const isSound =
    isWhole(tried, 0) &&
    radius > 0 &&
    numbers.length % 3 === 2 &&
    ranges.every(({ count, begin, length }) => isWhole(count, 0) && begin > 0 && isWhole(length, 1));
  if (!isSound)
    throw new Error("checkpoint: tried must be a number of radii, the next one, and ranges of three numbers");
  return { tried, radius, ranges };
}

type Triple = [number, number, number];

/** Points in float64. */
async function valuesOf(x: Points, op: string): Promise<HostRows> {
  const { n, d } = await checkPoints(x, op);
  const data = x instanceof Tensor ? await x.data() : toContiguous(x, op, "x").data;
  return { n, d, data: mapTo(Float64Array, data as ArrayLike<number>, Number) };
}
