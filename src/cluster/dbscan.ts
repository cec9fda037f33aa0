import { checkWhole, fitted } from "../checks";
import { onHost } from "../host";
import { toContiguous } from "../matrix";
import { Tensor } from "../tensor";
import { checkPoints } from "./points";
import type { Points } from "./points";

/** Options of `DBSCAN`. */
export interface DBSCANOptions {
  /** Radius of a neighbourhood, its border included; default 0.5. */
  readonly eps?: number;
  /** Points, itself included, that make a point a core point; default 5. */
  readonly minSamples?: number;
}

const NONE = 0xffffffff;

/**
 * Density-based clusters (Ester, Kriegel, Sander and Xu, KDD 1996): core points within eps of each other share a cluster, other
 * points within eps of a core point join the lowest cluster in reach, the rest is noise, −1. Clusters are numbered by their first
 * core point, as scikit-learn does. Exact, in float64, on the calling thread; memory grows with n alone. The time grows with the
 * pairs that lie within eps along the axis of widest range.
 */
export class DBSCAN {
  readonly eps: number;
  readonly minSamples: number;
  #labels: Int32Array<ArrayBuffer> | undefined;
  #cores = new Int32Array(0);

  /** @throws unless eps is positive and minSamples a whole number from 1 */
  constructor({ eps = 0.5, minSamples = 5 }: DBSCANOptions = {}) {
    if (!(eps > 0 && eps < Infinity)) throw new Error(`DBSCAN: eps must be positive, ${eps}`);
    checkWhole("DBSCAN", { minSamples }, 1);
    this.eps = eps;
    this.minSamples = minSamples;
  }

  /** The cluster of each point, −1 for noise. @throws before `fit` */
  get labels(): Int32Array<ArrayBuffer> {
    return fitted("DBSCAN.labels", this.#labels);
  }
  /** Row numbers of the core points, ascending. */
  get coreSampleIndices(): Int32Array<ArrayBuffer> {
    return this.#cores;
  }

  /** Clusters points x [n, d]. @throws when x is no matrix, is empty, or holds NaN or an infinity */
  async fit(x: Points): Promise<this> {
    const { n, d } = await checkPoints(x, "DBSCAN.fit");
    const data = x instanceof Tensor ? await x.data() : toContiguous(x, "DBSCAN.fit", "x").data;
    const values = Float64Array.from(data as ArrayLike<number>, Number);
    const axis = widestAxis(values, n, d);
    const keys = Float64Array.from({ length: n }, (_, i) => values[i * d + axis]!);
    const order = Uint32Array.from(keys, (_, i) => i).sort((a, b) => keys[a]! - keys[b]! || a - b);
    const { eps, minSamples } = this;
    this.#labels = onHost((host) => {
      const points = host.f64(n * d);
      const counts = host.u32(n);
      const parents = host.u32(n);
      const sorted = points.view;
      order.forEach((row, i) => {
        sorted.set(values.subarray(row * d, (row + 1) * d), i * d);
        [sorted[i * d], sorted[i * d + axis]] = [sorted[i * d + axis]!, sorted[i * d]!];
      });
      host.run.neighbour_counts(points.pointer, n, d, eps, eps * eps, counts.pointer);
      host.run.core_components(points.pointer, n, d, eps, eps * eps, counts.pointer, minSamples, parents.pointer);
      // numbers of the clusters in the order of their first core points
      const place = new Uint32Array(n);
      order.forEach((row, i) => (place[row] = i));
      const numbers = new Map<number, number>();
      const labels = parents.view.slice().fill(NONE);
      const cores: number[] = [];
      for (let row = 0; row < n; row++) {
        const i = place[row]!;
        if (counts.view[i]! < minSamples) continue;
        const parent = parents.view[i]!;
        if (!numbers.has(parent)) numbers.set(parent, numbers.size);
        labels[i] = numbers.get(parent)!;
        cores.push(row);
      }
      this.#cores = Int32Array.from(cores);
      parents.view.set(labels);
      host.run.label_borders(points.pointer, n, d, eps, eps * eps, counts.pointer, minSamples, parents.pointer);
      const found = parents.view;
      return Int32Array.from({ length: n }, (_, row) => found[place[row]!]! | 0); // none, 2³² − 1, becomes −1
    });
    return this;
  }

  /** `fit`, then the labels. */
  async fitPredict(x: Points): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x)).labels;
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
