// What online deep clustering remembers: features and cluster of each item, and the sums of the clusters.
import type { RowSource } from "../../data/datasets/row-source";
import { subsetRows } from "../../data/datasets/row-views";
import type { ScratchRows } from "../../data/datasets/scratch-rows";
import { readBlocks } from "../../cluster/streams/blocks";
import { Tensor } from "../../tensor";
import { shapeOf } from "./feature-store";
import type { Features } from "./feature-store";

/** Items whose features are read at a time. */
const STRETCH = 4096;

/** Features of unit length, [n, d]: in memory, or in a scratch file. */
export class FeatureMemory {
  readonly n: number;
  readonly d: number;
  readonly #held: Float32Array | undefined;
  readonly #file: ScratchRows | undefined;

  private constructor(n: number, d: number, held: Float32Array | undefined, file?: ScratchRows) {
    [this.n, this.d, this.#held, this.#file] = [n, d, held, file];
  }

  /** Takes features over. */
  static async of(features: Features): Promise<FeatureMemory> {
    const [n, d] = shapeOf(features);
    if (!(features instanceof Tensor)) return new FeatureMemory(n, d, undefined, features);
    const held = (await features.data()) as Float32Array;
    features.dispose();
    return new FeatureMemory(n, d, held);
  }

  /** Of features in memory. */
  static holding(held: Float32Array, d: number): FeatureMemory {
    return new FeatureMemory(held.length / d, d, held);
  }

  /** Bytes of features that may be held at a time. */
  get memory(): number {
    return this.#file?.memory ?? Infinity;
  }

  /** All of them, where they are in memory. */
  get held(): Float32Array | undefined {
    return this.#held;
  }

  /** Those of these items, one after the other. */
  async rows(index: Uint32Array): Promise<Float32Array> {
    if (this.#file) return this.#file.rows(index);
    const { d } = this;
    const out = new Float32Array(index.length * d);
    index.forEach((i, row) => out.set(this.#held!.subarray(i * d, (i + 1) * d), row * d));
    return out;
  }

  async write(index: Uint32Array, rows: Float32Array): Promise<void> {
    if (this.#file) return this.#file.write(index, rows);
    const { d } = this;
    index.forEach((i, row) => this.#held!.set(rows.subarray(row * d, (row + 1) * d), i * d));
  }

  /** All items in pieces, in their order. */
  async *pieces(): AsyncGenerator<{ readonly data: Float32Array; readonly first: number; readonly rows: number }> {
    const { n, d } = this;
    const read = (begin: number, end: number): Promise<Float32Array> | Float32Array =>
      this.#file ? this.#file.range(begin, end) : this.#held!.subarray(begin * d, end * d);
    yield* readBlocks({ n, d, read }, STRETCH);
  }

  /** Some items as rows that are read; of features in a file. */
  subset(items: Uint32Array): RowSource {
    return subsetRows(this.#file!, items);
  }

  async dispose(): Promise<void> {
    await this.#file?.dispose();
  }
}

/** What a checkpoint holds of a memory. */
export interface Remembered {
  readonly labels: Int32Array<ArrayBuffer>;
  /** [k, d] */
  readonly centers: Float32Array<ArrayBuffer>;
  readonly d: number;
}

/**
 * The items' features and clusters, with the sums of the clusters in float64, which follow each item that moves: a centre costs no look at the items.
 */
export class ClusterMemory implements Remembered {
  readonly features: FeatureMemory;
  readonly labels: Int32Array<ArrayBuffer>;
  /** Means of the features of their items, [k, d], as of their last renewal. */
  readonly centers: Float32Array<ArrayBuffer>;
  /** Σ of the features of their items, [k, d]. */
  readonly sums: Float64Array<ArrayBuffer>;
  readonly counts: number[];
  readonly k: number;

  private constructor(
    features: FeatureMemory,
    labels: Int32Array<ArrayBuffer>,
    k: number,
    centers: Float32Array<ArrayBuffer>,
    sums: Float64Array<ArrayBuffer>,
  ) {
    [this.features, this.labels, this.k, this.centers, this.sums] = [features, labels, k, centers, sums];
    this.counts = new Array<number>(k).fill(0);
    for (const label of labels) this.counts[label]!++;
  }

  /** Of items in clusters; the sums are taken, and centres and sums as given where they are known. */
  static async of(
    features: FeatureMemory,
    labels: Int32Array<ArrayBuffer>,
    k: number,
    known: { readonly centers?: Float32Array<ArrayBuffer>; readonly sums?: Float64Array<ArrayBuffer> } = {},
  ): Promise<ClusterMemory> {
    const { d } = features;
    const sums = known.sums ?? new Float64Array(k * d);
    const memory = new ClusterMemory(features, labels, k, known.centers ?? new Float32Array(k * d), sums);
    if (!known.sums)
      for await (const { data, first, rows } of features.pieces())
        for (let row = 0; row < rows; row++) memory.#add(labels[first + row]!, data, row, 1);
    if (!known.centers) memory.renew();
    return memory;
  }

  /** A row's features were `before`, in the item's cluster; from now on they are `now`, in this one. Rows of lists of features. */
  move(item: number, to: number, before: Float32Array, now: Float32Array, row: number): void {
    const from = this.labels[item]!;
    this.#add(from, before, row, -1);
    this.#add(to, now, row, 1);
    this.counts[from]!--;
    this.counts[to]!++;
    this.labels[item] = to;
  }

  get d(): number {
    return this.features.d;
  }

  /** The means of these clusters, of all by default; a cluster without items keeps its centre. */
  renew(clusters: readonly number[] = Array.from({ length: this.k }, (_, j) => j)): void {
    const { d } = this.features;
    for (const j of clusters)
      if (this.counts[j]! > 0)
        for (let t = j * d; t < (j + 1) * d; t++) this.centers[t] = this.sums[t]! / this.counts[j]!;
  }

  /** Items of the clusters that `wanted` says yes to, ascending. */
  members(wanted: (j: number) => boolean): Uint32Array<ArrayBuffer> {
    const items = new Uint32Array(this.counts.reduce((sum, count, j) => sum + (wanted(j) ? count : 0), 0));
    let at = 0;
    for (let i = 0; i < this.labels.length; i++) if (wanted(this.labels[i]!)) items[at++] = i;
    return items;
  }

  /** Moves items to where `to` says by their features: some thousand at a time. */
  async reassign(items: Uint32Array, to: (features: Float32Array, place: number) => number): Promise<void> {
    const { d } = this.features;
    for (let begin = 0; begin < items.length; begin += STRETCH) {
      const part = items.subarray(begin, begin + STRETCH);
      const rows = await this.features.rows(part);
      const clusters = Array.from(part, (_, row) => to(rows.subarray(row * d, (row + 1) * d), begin + row));
      part.forEach((item, row) => this.move(item, clusters[row]!, rows, rows, row));
    }
  }

  #add(j: number, features: Float32Array, row: number, times: 1 | -1): void {
    const { d } = this.features;
    for (let t = 0; t < d; t++) this.sums[j * d + t]! += times * features[row * d + t]!;
  }
}
