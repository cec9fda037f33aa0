// Clusters of codes that merge where the dip test finds one mode in two of them: the host's part of DipDECK.
import { yieldWhenDue } from "../../event-loop";
import { dipOf, dipPValue } from "../../metrics/dip";
import { mapTo } from "../../typed-arrays";

/** Two clusters that were merged. */
export interface DipMerge {
  /** Looks at all items before it. */
  readonly interval: number;
  /** Clusters that were left. */
  readonly clusters: number;
  /** Of the dip test of the two. */
  readonly pValue: number;
}

/** What clusters are made of. */
interface Clustering {
  /** Codes [n, d]. */
  readonly z: Float32Array;
  readonly d: number;
  /** Cluster of each item; each has some. Overwritten by merges. */
  readonly labels: Int32Array<ArrayBuffer>;
  /** How many times as many items a cluster may have as another before only those nearest to the other are tested, too. */
  readonly sizeRatio: number;
}

/** Items that a pair of clusters of very different sizes is tested with at least: the authors' code. */
const FEWEST = 50;

/** Clusters of codes, each with the item that stands for it, and the p-values of the dip test of all pairs. */
export class DipClusters {
  readonly #z: Float32Array;
  readonly #d: number;
  readonly #sizeRatio: number;
  readonly labels: Int32Array<ArrayBuffer>;
  /** Items of each cluster in ascending order. */
  readonly #members: number[][];
  /** The item of each cluster that is nearest to its mean, or to what it was merged of. */
  readonly medoids: number[];
  /** p-values of pairs, symmetric; 0 for a cluster and itself. */
  readonly pValues: number[][];

  private constructor({ z, d, labels, sizeRatio }: Clustering, count: number) {
    [this.#z, this.#d, this.#sizeRatio, this.labels] = [z, d, sizeRatio, labels];
    this.#members = Array.from({ length: count }, (): number[] => []);
    labels.forEach((label, i) => this.#members[label]!.push(i));
    this.medoids = [];
    this.pValues = [];
  }

  /** The items that stand for clusters: those of each that are nearest to its mean. */
  static medoids(clustering: Clustering, count: number): number[] {
    const clusters = new DipClusters(clustering, count);
    return clusters.#members.map((items) => clusters.#nearest(items, clusters.#mean(items)));
  }

  /** @param medoids one for each cluster; by default the items nearest to their means */
  static async of(
    clustering: Clustering,
    count: number,
    medoids = DipClusters.medoids(clustering, count),
  ): Promise<DipClusters> {
    const clusters = new DipClusters(clustering, count);
    clusters.medoids.push(...medoids);
    for (let i = 0; i < count; i++) clusters.pValues.push(await clusters.#row(i));
    return clusters;
  }

  get count(): number {
    return this.#members.length;
  }

  /** The pair with the largest p-value, the first of equals. */
  get likest(): { readonly pair: readonly [number, number]; readonly pValue: number } {
    let best: { pair: [number, number]; pValue: number } = { pair: [0, 1], pValue: -1 };
    this.pValues.forEach((row, i) =>
      row.slice(0, i).forEach((pValue, j) => {
        if (pValue > best.pValue) best = { pair: [j, i], pValue };
      }),
    );
    return best;
  }

  /** Makes one cluster of two, which keeps the smaller number; its medoid is the item nearest to the mean of theirs, weighted by their sizes. */
  async merge([a, b]: readonly [number, number]): Promise<void> {
    const [left, right] = [this.#members[a]!, this.#members[b]!];
    const [near, far] = [this.#code(this.medoids[a]!), this.#code(this.medoids[b]!)];
    const items = [...left, ...right].sort((i, j) => i - j);
    const middle = near.map((value, j) => (left.length * value + right.length * far[j]!) / items.length);
    this.#members[a] = items;
    this.medoids[a] = this.#nearest(items, middle);
    for (const list of [this.#members, this.medoids, this.pValues, ...this.pValues] as unknown[][]) list.splice(b, 1);
    this.labels.forEach((label, i) => {
      if (label === b) this.labels[i] = a;
      else if (label > b) this.labels[i] = label - 1;
    });
    this.pValues[a] = [];
    const row = Array.from({ length: this.count }, () => 0);
    for (let i = 0; i < this.count; i++) {
      if (i !== a) row[i] = this.pValues[i]![a] = this.#pValue(Math.min(a, i), Math.max(a, i));
      await yieldWhenDue();
    }
    this.pValues[a] = row;
  }

  /** p-values of cluster i and all others; those of pairs with an earlier one are known. */
  async #row(i: number): Promise<number[]> {
    const row: number[] = [];
    for (let j = 0; j < this.count; j++) {
      row.push(j === i ? 0 : j < i ? this.pValues[j]![i]! : this.#pValue(i, j));
      await yieldWhenDue();
    }
    return row;
  }

  /** Whether two clusters may be one: the p-value of the dip of their items on the line through their medoids; where the sizes differ much, the smaller of that and that near the smaller cluster. */
  #pValue(a: number, b: number): number {
    const [first, second] = [this.#members[a]!, this.#members[b]!];
    const [from, to] = [this.#code(this.medoids[a]!), this.#code(this.medoids[b]!)];
    const axis = from.map((value, j) => value - to[j]!);
    const all = this.#dip([...first, ...second], axis);
    if (first.length > this.#sizeRatio * second.length)
      return Math.min(all, this.#dip([...this.#part(first, second.length, to), ...second], axis));
    if (second.length > this.#sizeRatio * first.length)
      return Math.min(all, this.#dip([...first, ...this.#part(second, first.length, from)], axis));
    return all;
  }

  /** p-value of the dip of items along an axis. */
  #dip(items: readonly number[], axis: readonly number[]): number {
    const at = mapTo(Float64Array, items, (i) =>
      axis.reduce((sum, value, j) => sum + value * this.#z[i * this.#d + j]!, 0),
    );
    return dipPValue(dipOf(at.sort()), items.length);
  }

  /** Those of a large cluster that are nearest to the medoid of one of so many items. */
  #part(items: readonly number[], size: number, medoid: readonly number[]): number[] {
    const distances = new Map(items.map((i) => [i, this.#distance(i, medoid)]));
    const sorted = [...items].sort((i, j) => distances.get(i)! - distances.get(j)! || i - j);
    return sorted.slice(0, Math.max(Math.floor(size * this.#sizeRatio), FEWEST - size));
  }

  #code(i: number): number[] {
    return Array.from(this.#z.subarray(i * this.#d, (i + 1) * this.#d));
  }

  #mean(items: readonly number[]): number[] {
    const sum = new Float64Array(this.#d);
    for (const i of items) for (let j = 0; j < this.#d; j++) sum[j]! += this.#z[i * this.#d + j]!;
    return Array.from(sum, (value) => value / items.length);
  }

  #distance(i: number, point: readonly number[]): number {
    return point.reduce((sum, value, j) => sum + (this.#z[i * this.#d + j]! - value) ** 2, 0);
  }

  #nearest(items: readonly number[], point: readonly number[]): number {
    let [best, least] = [items[0]!, Infinity];
    for (const i of items) {
      const distance = this.#distance(i, point);
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  }
}
