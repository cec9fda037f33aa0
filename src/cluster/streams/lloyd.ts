import { CHUNK, farthestRows, PARTIAL_ELEMENTS, total } from "../kmeans/lloyd";
import type { Lloyd, LloydPasses, Pass } from "../kmeans/lloyd";
import type { TakenBlocks } from "./reading";
import { mapTo } from "../../typed-arrays";

/** Bytes of a block whose chunks' sums the partial sums of `Lloyd` have room for: then all chunks are of one length, and how rows are cut into blocks changes nothing. */
export const blockBytes = (k: number, d: number): number =>
  Math.floor(PARTIAL_ELEMENTS / (k * (d + 1))) * CHUNK * d * 4;

/** What reads rows by number, in the frame of the blocks. */
export type ReadRows = (rows: Uint32Array) => Promise<Float32Array>;

/**
 * Lloyd's algorithm over blocks of points that are never on the device at once: a block is assigned and summed, then the next. The same passes as
 * `Lloyd`, but that chunks are added in float64. Holds a label and a distance of each point, on the host.
 */
export class StreamedLloyd implements LloydPasses {
  readonly n: number;
  readonly d: number;
  readonly k: number;
  readonly #Lloyd: typeof Lloyd;
  readonly #blocks: TakenBlocks;
  readonly #rest: (() => Promise<void>) | undefined;
  /** A pass begins about the mean of its centres. */
  readonly origin = undefined;
  readonly #read: ReadRows;
  readonly #labels: Int32Array<ArrayBuffer>;
  readonly #distances: Float32Array<ArrayBuffer>;
  /** By the rows of a block: the last one may have fewer. */
  readonly #lloyds = new Map<number, Lloyd>();
  #centers: Float32Array<ArrayBuffer>;
  #weights: Float32Array | undefined;

  /**
   * @param Passes over a block: the class as the program has it
   * @param rest what is awaited between two blocks: the caller may stop it there
   */
  constructor(
    Passes: typeof Lloyd,
    blocks: TakenBlocks,
    { n, d, k }: { readonly n: number; readonly d: number; readonly k: number },
    read: ReadRows,
    rest?: () => Promise<void>,
  ) {
    [this.#Lloyd, this.#blocks, this.#read, this.#rest] = [Passes, blocks, read, rest];
    [this.n, this.d, this.k] = [n, d, k];
    this.#labels = new Int32Array(n).fill(-1);
    this.#distances = new Float32Array(n);
    this.#centers = new Float32Array(k * d);
  }

  dispose(): void {
    for (const lloyd of this.#lloyds.values()) lloyd.dispose();
    this.#lloyds.clear();
  }

  setWeights(weights: Float32Array): void {
    this.#weights = weights;
  }

  setCenters(centers: Float32Array): void {
    this.#centers = Float32Array.from(centers);
    this.#labels.fill(-1);
  }

  resume(centers: Float32Array, labels: Int32Array): void {
    this.#centers = Float32Array.from(centers);
    this.#labels.set(labels);
  }

  async iterate(relocate: boolean): Promise<Pass> {
    const { k, d } = this;
    const sums = new Float64Array(k * d);
    const counts = new Float64Array(k);
    const changed = await this.#pass(async (lloyd) => {
      const { chunks, partials } = await lloyd.partials();
      for (let c = 0; c < chunks; c++) {
        for (let i = 0, at = c * k * d; i < k * d; i++, at++) sums[i]! += partials[at]!;
        for (let j = 0; j < k; j++) counts[j]! += partials[chunks * k * d + c * k + j]!;
      }
    });
    const inertia = total(this.#distances, this.#weights);
    if (relocate && counts.includes(0) && inertia > 0) await this.#relocate(sums, counts);
    let shift = 0;
    const centers = mapTo(Float32Array, this.#centers, (before, at) => {
      const count = counts[Math.floor(at / d)]!;
      const value = count > 0 ? Math.fround(sums[at]! / count) : before;
      shift += (value - before) ** 2;
      return value;
    });
    this.#centers = centers;
    return { inertia, changed, shift, counts: Float32Array.from(counts) };
  }

  async settle(): Promise<void> {
    await this.#pass();
  }

  async labels(): Promise<Int32Array<ArrayBuffer>> {
    return this.#labels.slice();
  }

  async inertia(): Promise<number> {
    return total(this.#distances, this.#weights);
  }

  async centers(): Promise<Float32Array<ArrayBuffer>> {
    return this.#centers.slice();
  }

  /** The nearest centres of all points; returns how many are others than before. */
  async #pass(use?: (lloyd: Lloyd) => Promise<void>): Promise<number> {
    const ready = new Set<Lloyd>();
    let changed = 0;
    for await (const { x, first, rows } of this.#blocks.pass()) {
      let lloyd = this.#lloyds.get(rows);
      if (!lloyd) this.#lloyds.set(rows, (lloyd = new this.#Lloyd(x, this.k, CHUNK)));
      lloyd.x = x;
      if (!ready.has(lloyd)) lloyd.setCenters(this.#centers);
      ready.add(lloyd);
      if (this.#weights) lloyd.setWeights(this.#weights.subarray(first, first + rows));
      lloyd.assign();
      const [labels, distances] = await Promise.all([lloyd.labels(), lloyd.distances(), use?.(lloyd)]);
      for (let i = 0; i < rows; i++) changed += Number(labels[i] !== this.#labels[first + i]);
      this.#labels.set(labels, first);
      this.#distances.set(distances, first);
      await this.#rest?.();
    }
    return changed;
  }

  /** As `Lloyd` does it: the points farthest from their centres become the only members of the empty clusters. */
  async #relocate(sums: Float64Array, counts: Float64Array): Promise<void> {
    const { d } = this;
    const emptied = Array.from(counts, (_, j) => j).filter((j) => counts[j] === 0);
    const far = farthestRows(this.#distances, emptied.length, this.#weights);
    const points = await this.#read(far);
    for (const [e, j] of emptied.entries()) {
      const from = this.#labels[far[e]!]!;
      const weight = this.#weights?.[far[e]!] ?? 1;
      for (let i = 0; i < d; i++) {
        sums[from * d + i]! -= weight * points[e * d + i]!;
        sums[j * d + i] = weight * points[e * d + i]!;
      }
      counts[from]! -= weight;
      counts[j] = weight;
    }
  }
}
