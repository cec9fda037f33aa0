import { generate, mapTo } from "../typed-arrays";

/** Disjoint sets of the numbers below n: union by size, paths halved (Tarjan and van Leeuwen, "Worst-case analysis of set union algorithms", 1984). */
export class UnionFind {
  readonly #parents: Uint32Array;
  readonly #sizes: Uint32Array;
  /** Sets that are left. */
  count: number;

  constructor(n: number) {
    this.#parents = generate(Uint32Array, n, (i) => i);
    this.#sizes = new Uint32Array(n).fill(1);
    this.count = n;
  }

  /** The number that stands for the set of i. */
  find(i: number): number {
    const parents = this.#parents;
    let at = i;
    while (parents[at] !== at) at = parents[at] = parents[parents[at]!]!;
    return at;
  }

  /** Joins the sets of two numbers. Returns whether they were apart. */
  union(i: number, j: number): boolean {
    let [a, b] = [this.find(i), this.find(j)];
    if (a === b) return false;
    if (this.#sizes[a]! < this.#sizes[b]!) [a, b] = [b, a];
    this.#parents[b] = a;
    this.#sizes[a]! += this.#sizes[b]!;
    this.count--;
    return true;
  }

  /** Members of the set of i. */
  size(i: number): number {
    return this.#sizes[this.find(i)]!;
  }

  /** A number for each set, from 0 by its first member: [n]. */
  labels(): Int32Array<ArrayBuffer> {
    const numbers = new Map<number, number>();
    return mapTo(Int32Array, this.#parents, (_, i) => {
      const root = this.find(i);
      const known = numbers.get(root);
      if (known !== undefined) return known;
      numbers.set(root, numbers.size);
      return numbers.size - 1;
    });
  }
}
