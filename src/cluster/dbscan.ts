import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import type { Fit } from "../lifecycle/fit";
import { Model } from "../lifecycle/model";
import type { DeviceOption, OptionSet } from "../lifecycle/model";
import { RUN_RULES } from "../lifecycle/progress";
import type { RunOptions } from "../lifecycle/progress";
import { toContiguous } from "../matrix";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { choice, either, integer, positive } from "../options";
import { Tensor } from "../tensor";
import { runCooperatively, yieldNow } from "../event-loop";
import type { Cooperative } from "../event-loop";
import { kthNeighbours } from "../neighbours/kth-neighbour";
import type { HostRows } from "../neighbours/rows";
import { UnionFind } from "../neighbours/union-find";
import { NearPairs } from "./near-pairs";
import type { Within } from "./near-pairs";
import { checkPoints } from "./points";
import type { Points } from "./points";
import { generate, mapTo } from "../typed-arrays";

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

/**
 * Density-based clusters (Ester, Kriegel, Sander and Xu, KDD 1996): core points within eps of each other share a cluster, other
 * points within eps of a core point join the lowest cluster in reach, the rest is noise, −1. Clusters are numbered by their first
 * core point, as scikit-learn does. Exact, in float64, on the calling thread, which goes on every few milliseconds. Pairs are found once, on a k-d tree up to twelve
 * columns and by products of float32 panels beyond, those that may be near measured in float64, and kept in 64 MiB: where there are more,
 * they are found anew for each of the three passes. The time grows with the pairs of the tree's leaves, or of rows within eps along the axis of widest range.
 */
export class DBSCAN extends Model<Settings> {
  #found: Found | undefined;

  /** @throws for an option that is unknown or out of its range */
  constructor(options: DBSCANOptions = {}) {
    super("DBSCAN", options, DBSCAN_OPTIONS);
  }

  /** The radius: the given one, or the one that was found. @throws before `fit` has found one */
  get eps(): number {
    const { eps } = this.settings;
    return typeof eps === "string" ? this.known("eps", this.#found).eps : eps;
  }

  /** What `fit` found for options that leave it to the data. */
  get chosen(): { readonly eps?: number } {
    return typeof this.settings.eps === "string" && this.#found ? { eps: this.#found.eps } : {};
  }

  get minSamples(): number {
    return this.settings.minSamples;
  }

  /** The cluster of each point, −1 for noise. @throws before `fit` */
  get labels(): Int32Array<ArrayBuffer> {
    return this.known("labels", this.#found).labels;
  }

  /** Row numbers of the core points, ascending. @throws before `fit` */
  get coreSampleIndices(): Int32Array<ArrayBuffer> {
    return this.known("coreSampleIndices", this.#found).cores;
  }

  /**
   * Clusters points x [n, d].
   * @param options `onStep`: after each of the three passes over the pairs; the loss is the share of points without a cluster
   * @throws when x is no matrix, is empty, or holds NaN or an infinity; the signal's reason when aborted
   */
  async fit(x: Points, options: RunOptions = {}): Promise<this> {
    return this.fitting(options, RUN_RULES, async (fit) => {
      const rows = await valuesOf(x, "DBSCAN.fit");
      await NearPairs.of(rows, (pairs) => this.#cluster(rows, pairs, fit));
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
    const { points, clusters, d } = this.known("predict", this.#found);
    return this.computing("predict", async () => {
      const given = await valuesOf(x, "DBSCAN.predict");
      if (given.d !== d) throw new Error(`DBSCAN.predict: x must have ${d} columns, got ${given.d}`);
      const count = clusters.length;
      const data = new Float64Array(points.length + given.data.length);
      data.set(points);
      data.set(given.data, points.length);
      const n = count + given.n;
      const cores = generate(Uint8Array, n, (row) => Number(row < count));
      const labels = new Int32Array(n).fill(-1);
      labels.set(clusters);
      await NearPairs.of({ data, n, d }, async (pairs) => {
        const near = await runCooperatively(pairs.within(this.eps));
        await runCooperatively(labelBorders(near, cores, labels));
      });
      return labels.slice(count);
    });
  }

  /** @throws when the bytes are no checkpoint of a DBSCAN */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<DBSCAN> {
    return Model.restored("DBSCAN", content, options, (settings) => new DBSCAN(settings));
  }

  protected override own(): Learned {
    const { eps, labels, cores, points, clusters, d } = this.known("save", this.#found);
    return {
      arrays: {
        ...{ labels: new NdArray<TypedArray>(labels), coreSampleIndices: new NdArray<TypedArray>(cores) },
        ...{ corePoints: new NdArray<TypedArray>(points, [cores.length, d]) },
        coreClusters: new NdArray<TypedArray>(clusters),
      },
      ...(typeof this.settings.eps === "string" && { state: { eps } }),
    };
  }

  protected override restore(saved: Checkpoint): void {
    const cores = saved.labels("coreSampleIndices", saved.arrays["labels"]?.data.length ?? 0);
    const clusters = saved.labels("coreClusters", cores?.length ?? 0);
    const labels = saved.labels("labels", cores?.length ?? 0, -1);
    const [count, d = 0] = saved.arrays["corePoints"]?.shape ?? [];
    if (!cores || !clusters || !labels || count !== cores.length || clusters.length !== count || d < 1)
      throw new Error("checkpoint: labels, and of each core point its row, its place and its cluster must be there");
    const points = saved.numbers("corePoints", count * d);
    const { eps: given } = this.settings;
    const eps = typeof given === "string" ? saved.entry<number>("eps", positive) : given;
    this.#found = { eps, labels, cores, points, clusters: Uint32Array.from(clusters), d };
  }

  protected override release(): void {
    this.#found = undefined;
  }

  /** Labels of rows by their pairs. */
  async #cluster(rows: HostRows, pairs: NearPairs, fit: Fit): Promise<void> {
    const { data, n, d } = rows;
    const { minSamples } = this.settings;
    const eps = await this.#radius(rows, pairs, () => this.device(data), fit);
    const report = async (step: number, loss: number): Promise<void> => {
      fit.report({ stage: "DBSCAN", epoch: 1, epochs: 1, step, steps: 3, loss });
      await yieldNow();
      await fit.between();
    };
    const near = await fit.pacing(pairs.within(eps));
    await report(1, 1);
    const isCore = mapTo(Uint8Array, near.counts, (count) => Number(count >= minSamples));
    const sets = await fit.pacing(joinCores(near, isCore));
    // numbers of the clusters in the order of their first core points
    const numbers = new Map<number, number>();
    const labels = new Int32Array(n).fill(-1);
    const cores: number[] = [];
    for (let row = 0; row < n; row++) {
      if (isCore[row] === 0) continue;
      const set = sets.find(row);
      if (!numbers.has(set)) numbers.set(set, numbers.size);
      labels[row] = numbers.get(set)!;
      cores.push(row);
    }
    await report(2, 1 - cores.length / n);
    await fit.pacing(labelBorders(near, isCore, labels));
    const points = new Float64Array(cores.length * d);
    cores.forEach((row, i) => points.set(data.subarray(row * d, (row + 1) * d), i * d));
    const clusters = mapTo(Uint32Array, cores, (row) => labels[row]!);
    this.#found = { eps, labels, cores: Int32Array.from(cores), points, d, clusters };
    this.learned();
    const noise = labels.reduce((count, label) => count + Number(label < 0), 0) / n;
    fit.report({ stage: "DBSCAN", epoch: 1, epochs: 1, step: 3, steps: 3, loss: noise });
  }

  /** The radius that is given, or searched for. */
  async #radius(rows: HostRows, pairs: NearPairs, device: () => Promise<Device>, fit: Fit): Promise<number> {
    const { eps, minSamples } = this.settings;
    if (typeof eps === "number") return eps;
    const { kneeRadius, stableRadius } = await import("./radius");
    const byKernel = (k: number, step: number): Promise<Float64Array> =>
      kthNeighbours(rows, k, undefined, device, fit, step);
    const search = { rows, minSamples, kthNeighbours: byKernel, fit };
    if (eps === "knee") return kneeRadius(search);
    return stableRadius(search, async (radius) => {
      const near = await fit.pacing(pairs.within(radius));
      const isCore = mapTo(Uint8Array, near.counts, (count) => Number(count >= minSamples));
      const sets = await fit.pacing(joinCores(near, isCore));
      const sizes = new Map<number, number>();
      isCore.forEach((core, row) => {
        if (core > 0) sizes.set(sets.find(row), sets.size(row));
      });
      return [...sizes.values()];
    });
  }
}

/** Points in float64. */
async function valuesOf(x: Points, op: string): Promise<HostRows> {
  const { n, d } = await checkPoints(x, op);
  const data = x instanceof Tensor ? await x.data() : toContiguous(x, op, "x").data;
  return { n, d, data: mapTo(Float64Array, data as ArrayLike<number>, Number) };
}

/** Sets of core points that are near each other. */
function* joinCores({ counts, each }: Within, isCore: Uint8Array): Cooperative<UnionFind> {
  const sets = new UnionFind(counts.length);
  for (const pairs of each()) {
    for (let e = 0; e < pairs.length; e += 2)
      if (isCore[pairs[e]!]! > 0 && isCore[pairs[e + 1]!]! > 0) sets.union(pairs[e]!, pairs[e + 1]!);
    yield;
  }
  return sets;
}

/** Gives points that are no core points the lowest cluster of those that they are near to. */
function* labelBorders({ each }: Within, isCore: Uint8Array, labels: Int32Array): Cooperative<void> {
  for (const pairs of each()) {
    for (let e = 0; e < pairs.length; e += 2) {
      const [i, j] = [pairs[e]!, pairs[e + 1]!];
      if (isCore[i] === isCore[j]) continue;
      const [core, border] = isCore[i]! > 0 ? [i, j] : [j, i];
      if (labels[border]! < 0 || labels[core]! < labels[border]!) labels[border] = labels[core]!;
    }
    yield;
  }
}
