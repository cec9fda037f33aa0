import type { Kernel } from "../../kernel";
import * as kernels from "../../kernels/clustering";
import { gatherRows } from "../../kernels/indexing";
import { empty, run, tensor, untidied } from "../../tensor";
import type { LaunchArgs, Tensor } from "../../tensor";

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
  readonly #sizes: Readonly<Record<"n" | "d" | "k" | "chunks" | "length" | "width", number>>;
  /** By the names that kernels have for them; weights where there are some. */
  readonly #own: Record<"origin" | "prior" | "shifted" | "offsets" | "partials" | "status" | "distances" | "centers" | "spare" | "labels" | "previous", Tensor> & { weights?: Tensor }; // prettier-ignore
  #hostWeights: Float32Array | undefined;

  /** @param length points of a chunk; default: 512, or more where there would be too many chunks */
  constructor(x: Tensor, k: number, length?: number) {
    const [n, d] = x.shape as [number, number];
    const { device } = x;
    const most = Math.max(1, Math.floor(PARTIAL_ELEMENTS / (k * (d + 1))));
    length ??= Math.ceil(n / Math.min(Math.ceil(n / CHUNK), most));
    const chunks = Math.ceil(n / length);
    [this.x, this.n, this.d, this.k] = [x, n, d, k];
    this.#sizes = { n, d, k, chunks, length, width: WIDTH };
    const make = (shape: readonly number[], dtype: "f32" | "u32" = "f32"): Tensor =>
      untidied(() => empty(device, shape, dtype, "KMeans"));
    this.#own = {
      origin: make([d]),
      prior: make([k]),
      shifted: make([k, d]),
      offsets: make([k]),
      partials: make([chunks * k * (d + 1)]),
      status: make([2 * (chunks + k)]),
      distances: make([n]),
      centers: make([k, d]),
      spare: make([k, d]),
      labels: make([n], "u32"),
      previous: make([n], "u32"),
    };
  }

  dispose(): void {
    for (const own of Object.values(this.#own)) own.dispose();
  }

  setWeights(weights: Float32Array): void {
    this.#hostWeights = weights;
    this.#own.weights?.dispose();
    this.#own.weights = untidied(() => tensor(this.x.device, weights));
  }

  /**
   * Begins with these centres [k, d]; `counts`: the points that each stands for already (mini-batches), default none.
   * Products are taken about the centres' mean, so that an offset common to all points costs no accuracy.
   */
  setCenters(centers: Float32Array, counts?: Float32Array, origin?: Float32Array<ArrayBuffer>): void {
    const { device } = this.x;
    device.write(this.#own.prior.buffer, counts ?? new Float32Array(this.k));
    this.#place(centers, origin);
    device.write(this.#own.labels.buffer, new Uint32Array(this.n).fill(0xffffffff));
  }

  #place(centers: Float32Array, origin?: Float32Array<ArrayBuffer>): void {
    const { d, k } = this;
    const { device } = this.x;
    const mean = new Float64Array(d);
    for (let i = 0; i < centers.length; i++) mean[i % d]! += centers[i]! / k;
    this.origin = origin ?? Float32Array.from(mean);
    device.write(this.#own.origin.buffer, this.origin);
    device.write(this.#own.spare.buffer, centers);
    this.#move(this.#own.spare, this.#own.centers, 0);
  }

  resume(centers: Float32Array, labels: Int32Array, origin?: Float32Array<ArrayBuffer>): void {
    this.setCenters(centers, undefined, origin);
    this.x.device.write(this.#own.labels.buffer, Uint32Array.from(labels));
  }

  /** The points that each centre stands for from now on. */
  setCounts(counts: Float32Array): void {
    this.x.device.write(this.#own.prior.buffer, counts);
  }

  /** The nearest centre of each point. */
  assign(): void {
    [this.#own.labels, this.#own.previous] = [this.#own.previous, this.#own.labels];
    this.#launch(kernels.kmeansAssign);
  }

  /**
   * Moves the centres to the means of their points and tells what `assign` found; the one wait of an iteration. With
   * `relocate`, empty clusters move to the points farthest from their centres, as in scikit-learn.
   * @param kernel what sums the points
   */
  async update(relocate: boolean, kernel: Kernel = kernels.kmeansUpdate, more?: LaunchArgs): Promise<Pass> {
    this.#launch(kernel, more);
    this.#move(this.#own.centers, this.#own.spare, this.#sizes.chunks);
    let pass = await this.#read();
    const relocates = relocate && pass.counts.includes(0) && pass.inertia > 0;
    if (relocates) {
      await this.#relocate(pass.counts);
      this.#move(this.#own.centers, this.#own.spare, this.#sizes.chunks);
      const { shift, counts } = await this.#read();
      pass = { ...pass, shift, counts };
    }
    [this.#own.centers, this.#own.spare] = [this.#own.spare, this.#own.centers];
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
    this.#launch(kernels.kmeansUpdate);
    return { chunks: this.#sizes.chunks, partials: (await this.#own.partials.data()) as Float32Array };
  }

  async inertia(): Promise<number> {
    return total(await this.distances(), this.#hostWeights);
  }

  async centers(): Promise<Float32Array<ArrayBuffer>> {
    return (await this.#own.centers.data()) as Float32Array<ArrayBuffer>;
  }

  async labels(): Promise<Int32Array<ArrayBuffer>> {
    return new Int32Array((await this.#own.labels.data()).buffer);
  }

  /** The squared distance of each point to the centre that `assign` chose. */
  async distances(): Promise<Float32Array<ArrayBuffer>> {
    return (await this.#own.distances.data()) as Float32Array<ArrayBuffer>;
  }

  /** Runs a kernel on what it takes of the state, or of what is put in its place. */
  #launch(kernel: Kernel, more?: LaunchArgs): void {
    const own = this.#own;
    const weighted = own.weights ? 1 : 0;
    const all: LaunchArgs = { x: this.x, weights: own.distances, weighted, ...own, ...this.#sizes, ...more };
    run(kernel, Object.fromEntries([...kernel.bindings, ...kernel.params].map(({ name }) => [name, all[name]!])));
  }

  #move(old: Tensor, centers: Tensor, chunks: number): void {
    this.#launch(kernels.kmeansCenters, { old, centers, chunks });
  }

  async #read(): Promise<Pass> {
    const status = (await this.#own.status.data()) as Float32Array;
    const counts = new Float32Array(this.k);
    let [inertia, changed, shift] = [0, 0, 0];
    for (let c = 0; c < this.#sizes.chunks; c++) {
      inertia += status[2 * c]!;
      changed += status[2 * c + 1]!;
    }
    for (let j = 0; j < this.k; j++) {
      shift += status[2 * (this.#sizes.chunks + j)]!;
      counts[j] = status[2 * (this.#sizes.chunks + j) + 1]!;
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
      far.forEach((row, e) => this.x.device.write(this.#own.labels.buffer, Uint32Array.of(label(e)), 4 * row));
    put((e) => emptied[e]!);
    this.#launch(kernels.kmeansUpdate);
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
