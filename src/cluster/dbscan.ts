import module from "../../build/host/neighbours.host.wasm";
import type { Bytes } from "../data/formats/source";
import { HostModule, onHost } from "../host";
import type { HostFunctions } from "../host";
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
import { yieldWhenDue, yieldNow } from "../event-loop";
import { kthNeighbours } from "../neighbours/kth-neighbour";
import type { HostRows } from "../neighbours/rows";
import { checkPoints } from "./points";
import type { Points } from "./points";

/** Functions of wasm/host/neighbours.ts. */
const NEIGHBOURS = /* @__PURE__ */ new HostModule<
  HostFunctions<"neighbour_counts" | "core_components" | "label_borders", void>
>(module);

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

/** The label of what has none yet. */
const NONE = 0xffffffff;

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
 * core point, as scikit-learn does. Exact, in float64, on the calling thread; memory grows with n alone. The time grows with the
 * pairs that lie within eps along the axis of widest range.
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
      const { n, d, values } = await valuesOf(x, "DBSCAN.fit");
      const { minSamples } = this.settings;
      const sorted = await Sorted.of(values, n, d);
      const eps = await this.#radius({ data: values, n, d }, sorted, () => this.device(x), fit);
      const report = async (step: number, loss: number): Promise<void> => {
        fit.report({ stage: "DBSCAN", epoch: 1, epochs: 1, step, steps: 3, loss });
        await yieldNow();
        await fit.between();
      };
      const counts = sorted.neighbourCounts(eps);
      await report(1, 1);
      const parents = sorted.components(eps, counts, minSamples);
      // numbers of the clusters in the order of their first core points
      const numbers = new Map<number, number>();
      const clusters = new Uint32Array(n).fill(NONE);
      const cores: number[] = [];
      for (let row = 0; row < n; row++) {
        const i = sorted.place[row]!;
        if (counts[i]! < minSamples) continue;
        const parent = parents[i]!;
        if (!numbers.has(parent)) numbers.set(parent, numbers.size);
        clusters[i] = numbers.get(parent)!;
        cores.push(row);
      }
      await report(2, 1 - cores.length / n);
      const labels = sorted.withBorders(eps, counts, minSamples, clusters);
      const points = new Float64Array(cores.length * d);
      cores.forEach((row, i) => points.set(values.subarray(row * d, (row + 1) * d), i * d));
      this.#found = {
        ...{ eps, labels, cores: Int32Array.from(cores), points, d },
        clusters: Uint32Array.from(cores, (row) => clusters[sorted.place[row]!]!),
      };
      this.learned();
      const noise = labels.reduce((count, label) => count + Number(label < 0), 0) / n;
      fit.report({ stage: "DBSCAN", epoch: 1, epochs: 1, step: 3, steps: 3, loss: noise });
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
      const values = new Float64Array(points.length + given.values.length);
      values.set(points);
      values.set(given.values, points.length);
      const n = count + given.n;
      const sorted = await Sorted.of(values, n, d);
      const [counts, labels] = [new Uint32Array(n), new Uint32Array(n).fill(NONE)];
      for (let row = 0; row < count; row++) {
        counts[sorted.place[row]!] = 1;
        labels[sorted.place[row]!] = clusters[row]!;
      }
      return sorted.withBorders(this.eps, counts, 1, labels).slice(count);
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

  /** The radius that is given, or searched for. */
  async #radius(rows: HostRows, sorted: Sorted, device: () => Promise<Device>, fit: Fit): Promise<number> {
    const { eps, minSamples } = this.settings;
    if (typeof eps === "number") return eps;
    const { kneeRadius, stableRadius } = await import("./radius");
    const byKernel = (k: number, step: number): Promise<Float64Array> =>
      kthNeighbours(rows, k, undefined, device, fit, step);
    const search = { rows, minSamples, kthNeighbours: byKernel, fit };
    if (eps === "knee") return kneeRadius(search);
    return stableRadius(search, (radius) => {
      const counts = sorted.neighbourCounts(radius);
      const sizes = new Map<number, number>();
      sorted.components(radius, counts, minSamples).forEach((parent, i) => {
        if (counts[i]! >= minSamples) sizes.set(parent, (sizes.get(parent) ?? 0) + 1);
      });
      return [...sizes.values()];
    });
  }
}

/** Points in float64. */
async function valuesOf(x: Points, op: string): Promise<{ n: number; d: number; values: Float64Array<ArrayBuffer> }> {
  const { n, d } = await checkPoints(x, op);
  const data = x instanceof Tensor ? await x.data() : toContiguous(x, op, "x").data;
  return { n, d, values: Float64Array.from(data as ArrayLike<number>, Number) };
}

/** Points in the order of the axis of widest range, for the host module's passes over the pairs that are near along it. */
class Sorted {
  /** Where each row has gone. */
  readonly place: Uint32Array;
  readonly #points: Float64Array;
  readonly #n: number;
  readonly #d: number;

  private constructor(points: Float64Array, place: Uint32Array, d: number) {
    [this.#points, this.place, this.#n, this.#d] = [points, place, place.length, d];
  }

  static async of(values: Float64Array, n: number, d: number): Promise<Sorted> {
    const axis = widestAxis(values, n, d);
    const keys = Float64Array.from({ length: n }, (_, i) => values[i * d + axis]!);
    const order = Uint32Array.from(keys, (_, i) => i).sort((a, b) => keys[a]! - keys[b]! || a - b);
    await yieldWhenDue();
    const points = new Float64Array(n * d);
    const place = new Uint32Array(n);
    order.forEach((row, i) => {
      place[row] = i;
      points.set(values.subarray(row * d, (row + 1) * d), i * d);
      [points[i * d], points[i * d + axis]] = [points[i * d + axis]!, points[i * d]!];
    });
    return new Sorted(points, place, d);
  }

  /** Points within eps of each, itself included. */
  neighbourCounts(eps: number): Uint32Array {
    return onHost((host) => {
      const [points, counts] = [host.f64(this.#points), host.u32(this.#n)];
      host.of(NEIGHBOURS).neighbour_counts(points.pointer, this.#n, this.#d, eps, eps * eps, counts.pointer);
      return counts.view.slice();
    });
  }

  /** For each core point one that stands for its cluster. */
  components(eps: number, counts: Uint32Array, least: number): Uint32Array {
    return onHost((host) => {
      const [points, known, parents] = [host.f64(this.#points), host.u32(counts), host.u32(this.#n)];
      host
        .of(NEIGHBOURS)
        .core_components(...[points.pointer, this.#n, this.#d, eps, eps * eps, known.pointer, least, parents.pointer]);
      return parents.view.slice();
    });
  }

  /** Labels of all rows in their own order, from those of the core points; −1 for noise. */
  withBorders(eps: number, counts: Uint32Array, least: number, labels: Uint32Array): Int32Array<ArrayBuffer> {
    return onHost((host) => {
      const [points, known, found] = [host.f64(this.#points), host.u32(counts), host.u32(labels)];
      host
        .of(NEIGHBOURS)
        .label_borders(...[points.pointer, this.#n, this.#d, eps, eps * eps, known.pointer, least, found.pointer]);
      const { view } = found;
      return Int32Array.from(this.place, (i) => view[i]! | 0); // none, 2³² − 1, becomes −1
    });
  }
}

function widestAxis(values: Float64Array, n: number, d: number): number {
  let [widest, range] = [0, -1];
  for (let axis = 0; axis < d; axis++) {
    let [low, high] = [Infinity, -Infinity];
    for (let i = axis; i < n * d; i += d) {
      low = Math.min(low, values[i]!);
      high = Math.max(high, values[i]!);
    }
    if (high - low > range) [widest, range] = [axis, high - low];
  }
  return widest;
}
