import type { Kernel } from "../kernel";
import * as kernels from "../kernels/clustering";
import { gatherRows } from "../kernels/indexing";
import { empty, run, tensor, untidied } from "../tensor";
import type { Tensor } from "../tensor";

/** Elements of the partial sums at most: 16 MB. */
export const PARTIAL_ELEMENTS = 2 ** 22;
/** Points that are summed in one go, at least; more would cost accuracy, fewer time. */
export const CHUNK = 512;
/** Columns of a WebGPU workgroup of kmeans_update. */
const WIDTH = 64;

/** What passes launch. */
export const LLOYD_KERNELS: readonly Kernel[] = [
  kernels.kmeansAssign,
  kernels.kmeansCenters,
  kernels.kmeansUpdate,
  gatherRows,
];

/** What one pass over the points found. */
export interface Pass {
  /** Σ ‖x − c‖² to the centres that the pass began with. */
  readonly inertia: number;
  /** Points whose nearest centre is another than in the pass before. */
  readonly changed: number;
  /** Σ over the centres of the squared distance by which they moved. */
  readonly shift: number;
  /** Points of each cluster, or what they weigh together. */
  readonly counts: Float32Array;
}

/** Passes of Lloyd's algorithm over points that lie on a device (`Lloyd`; `LargeLloyd` for many centres), or are read in blocks (`StreamedLloyd`). */
export interface LloydPasses {
  readonly n: number;
  readonly d: number;
  readonly k: number;
  /** How much each point counts [n]; where it is not called, each counts 1. */
  setWeights(weights: Float32Array): void;
  /** Begins with these centres [k, d]. */
  setCenters(centers: Float32Array): void;
  /** Goes on with these centres and the labels that the pass before gave, about the origin of the passes before. */
  resume(centers: Float32Array, labels: Int32Array, origin?: Float32Array<ArrayBuffer>): void;
  /** What products are taken about [d], where that is not the mean of the centres as they are. */
  readonly origin: Float32Array<ArrayBuffer> | undefined;
  /**
   * Assigns each point to the nearest centre, then moves each centre to the mean of its points; with `relocate`, empty clusters begin anew.
   * @param threshold the squared shift at which centres rest, and how many passes are left, for those that are begun before the last one is known
   */
  iterate(relocate: boolean, threshold?: number, left?: number): Promise<Pass>;
  /** Assigns the points to the centres as they are. */
  settle(): Promise<void>;
  /** Of the last assignment. */
  labels(): Promise<Int32Array<ArrayBuffer>>;
  /** Σ ‖x − c‖² of the last assignment, in float64. */
  inertia(): Promise<number>;
  centers(): Promise<Float32Array<ArrayBuffer>>;
  dispose(): void;
}

/**
 * The state of Lloyd's algorithm on a device: points x [n, d], k centres, and what the kernels need. `assign` finds the nearest
 * centres, `update` moves each centre to the mean of its points. Everything is summed in a fixed order.
 */
export class Lloyd implements LloydPasses {
  /** May be replaced by other points of the same shape. */
  x: Tensor;
  readonly n: number;
  readonly d: number;
  readonly k: number;
  origin: Float32Array<ArrayBuffer> | undefined;
  readonly #chunks: number;
  readonly #length: number;
  readonly #origin: Tensor;
  readonly #prior: Tensor;
  readonly #shifted: Tensor;
  readonly #offsets: Tensor;
  readonly #partials: Tensor;
  readonly #status: Tensor;
  readonly #distances: Tensor;
  #centers: Tensor;
  #spare: Tensor;
  #labels: Tensor;
  #previous: Tensor;
  #weights: Tensor | undefined;
  #hostWeights: Float32Array | undefined;

  /** @param length points of a chunk; default: 512, or more where there would be too many chunks */
  constructor(x: Tensor, k: number, length?: number) {
    const [n, d] = x.shape as [number, number];
    const { device } = x;
    const most = Math.max(1, Math.floor(PARTIAL_ELEMENTS / (k * (d + 1))));
    this.#length = length ?? Math.ceil(n / Math.min(Math.ceil(n / CHUNK), most));
    this.#chunks = Math.ceil(n / this.#length);
    [this.x, this.n, this.d, this.k] = [x, n, d, k];
    const make = (shape: readonly number[], dtype: "f32" | "u32" = "f32"): Tensor =>
      untidied(() => empty(device, shape, dtype, "KMeans"));
    this.#origin = make([d]);
    this.#prior = untidied(() => tensor(device, new Float32Array(k)));
    this.#shifted = make([k, d]);
    this.#offsets = make([k]);
    this.#partials = make([this.#chunks * k * (d + 1)]);
    this.#status = make([2 * (this.#chunks + k)]);
    this.#distances = make([n]);
    this.#centers = make([k, d]);
    this.#spare = make([k, d]);
    this.#labels = make([n], "u32");
    this.#previous = make([n], "u32");
  }

  dispose(): void {
    for (const own of [this.#origin, this.#prior, this.#shifted, this.#offsets, this.#partials, this.#status, this.#distances, this.#centers, this.#spare, this.#labels, this.#previous, this.#weights]) own?.dispose(); // prettier-ignore
  }

  setWeights(weights: Float32Array): void {
    this.#hostWeights = weights;
    this.#weights?.dispose();
    this.#weights = untidied(() => tensor(this.x.device, weights));
  }

  /**
   * Begins with these centres [k, d]; `counts`: the points that each stands for already (mini-batches), default none.
   * Products are taken about the centres' mean, so that an offset common to all points costs no accuracy.
   */
  setCenters(centers: Float32Array, counts?: Float32Array, origin?: Float32Array<ArrayBuffer>): void {
    const { device } = this.x;
    device.write(this.#prior.buffer, counts ?? new Float32Array(this.k));
    this.#place(centers, origin);
    device.write(this.#labels.buffer, new Uint32Array(this.n).fill(0xffffffff));
  }

  #place(centers: Float32Array, origin?: Float32Array<ArrayBuffer>): void {
    const { d, k } = this;
    const { device } = this.x;
    const mean = new Float64Array(d);
    for (let i = 0; i < centers.length; i++) mean[i % d]! += centers[i]! / k;
    this.origin = origin ?? Float32Array.from(mean);
    device.write(this.#origin.buffer, this.origin);
    device.write(this.#spare.buffer, centers);
    this.#move(this.#spare, this.#centers, 0);
  }

  resume(centers: Float32Array, labels: Int32Array, origin?: Float32Array<ArrayBuffer>): void {
    this.setCenters(centers, undefined, origin);
    this.x.device.write(this.#labels.buffer, Uint32Array.from(labels));
  }

  /** The points that each centre stands for from now on. */
  setCounts(counts: Float32Array): void {
    this.x.device.write(this.#prior.buffer, counts);
  }

  /** The nearest centre of each point. */
  assign(): void {
    [this.#labels, this.#previous] = [this.#previous, this.#labels];
    run(kernels.kmeansAssign, {
      x: this.x,
      centers: this.#centers,
      shifted: this.#shifted,
      offsets: this.#offsets,
      labels: this.#labels,
      distances: this.#distances,
      n: this.n,
      d: this.d,
      k: this.k,
    });
  }

  /**
   * Moves the centres to the means of their points and tells what `assign` found; the one wait of an iteration. With
   * `relocate`, empty clusters move to the points farthest from their centres, as in scikit-learn.
   */
  async update(relocate: boolean): Promise<Pass> {
    this.#sum();
    this.#move(this.#centers, this.#spare, this.#chunks);
    let pass = await this.#read();
    const relocates = relocate && pass.counts.includes(0) && pass.inertia > 0;
    if (relocates) {
      await this.#relocate(pass.counts);
      this.#move(this.#centers, this.#spare, this.#chunks);
      pass = { ...(await this.#read()), changed: pass.changed };
    }
    [this.#centers, this.#spare] = [this.#spare, this.#centers];
    if (relocates) this.#place(await this.centers()); // the mean of the centres may have gone far
    return pass;
  }

  iterate(relocate: boolean): Promise<Pass> {
    this.assign();
    return this.update(relocate);
  }

  async settle(): Promise<void> {
    this.assign();
  }

  /** What `assign` found, summed by chunks of points in their order: Σ x [chunks, k, d], then the counts [chunks, k]. */
  async partials(): Promise<{ readonly chunks: number; readonly partials: Float32Array }> {
    this.#sum();
    return { chunks: this.#chunks, partials: (await this.#partials.data()) as Float32Array };
  }

  async inertia(): Promise<number> {
    return total(await this.distances(), this.#hostWeights);
  }

  async centers(): Promise<Float32Array<ArrayBuffer>> {
    return (await this.#centers.data()) as Float32Array<ArrayBuffer>;
  }

  async labels(): Promise<Int32Array<ArrayBuffer>> {
    return new Int32Array((await this.#labels.data()).buffer);
  }

  /** The squared distance of each point to the centre that `assign` chose. */
  async distances(): Promise<Float32Array<ArrayBuffer>> {
    return (await this.#distances.data()) as Float32Array<ArrayBuffer>;
  }

  #sum(): void {
    run(kernels.kmeansUpdate, {
      x: this.x,
      labels: this.#labels,
      previous: this.#previous,
      distances: this.#distances,
      weights: this.#weights ?? this.#distances,
      partials: this.#partials,
      status: this.#status,
      n: this.n,
      d: this.d,
      k: this.k,
      chunks: this.#chunks,
      length: this.#length,
      width: WIDTH,
      weighted: this.#weights ? 1 : 0,
    });
  }

  #move(old: Tensor, centers: Tensor, chunks: number): void {
    run(kernels.kmeansCenters, {
      partials: this.#partials,
      old,
      origin: this.#origin,
      prior: this.#prior,
      centers,
      shifted: this.#shifted,
      offsets: this.#offsets,
      status: this.#status,
      k: this.k,
      d: this.d,
      chunks,
    });
  }

  async #read(): Promise<Pass> {
    const status = (await this.#status.data()) as Float32Array;
    const counts = new Float32Array(this.k);
    let [inertia, changed, shift] = [0, 0, 0];
    for (let c = 0; c < this.#chunks; c++) {
      inertia += status[2 * c]!;
      changed += status[2 * c + 1]!;
    }
    for (let j = 0; j < this.k; j++) {
      shift += status[2 * (this.#chunks + j)]!;
      counts[j] = status[2 * (this.#chunks + j) + 1]!;
    }
    return { inertia, changed, shift, counts };
  }

  /**
   * Makes the points farthest from their centres, one for each empty cluster, the only members of these: for the sums alone, which the next
   * `kmeans_centers` sees.
   */
  async #relocate(counts: Float32Array): Promise<void> {
    const [labels, distances] = await Promise.all([this.labels(), this.distances()]);
    const emptied = Array.from(counts.keys()).filter((j) => counts[j] === 0);
    const far = farthestRows(distances, emptied.length, this.#hostWeights);
    const put = (label: (e: number) => number): void =>
      far.forEach((row, e) => this.x.device.write(this.#labels.buffer, Uint32Array.of(label(e)), 4 * row));
    put((e) => emptied[e]!);
    this.#sum();
    put((e) => labels[far[e]!]!);
  }
}

/** The rows of largest distance that count at all, the farthest first; of equals the lowest row. */
export function farthestRows(distances: Float32Array, count: number, weights?: Float32Array): Uint32Array<ArrayBuffer> {
  const found: number[] = [];
  for (let i = 0; i < distances.length; i++) {
    if (weights?.[i] === 0 || (found.length === count && !(distances[i]! > distances[found[count - 1]!]!))) continue;
    let at = found.length;
    while (at > 0 && distances[found[at - 1]!]! < distances[i]!) at--;
    found.splice(at, 0, i);
    if (found.length > count) found.pop();
  }
  return Uint32Array.from(found);
}

/** Σ w v in float64. */
export function total(values: Float32Array, weights?: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * (weights?.[i] ?? 1);
  return sum;
}
