import { checkInteger } from "../checks";
import type { Points } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import { Model } from "../lifecycle/model";
import type { OptionSet } from "../lifecycle/model";
import { RUN_RULES } from "../lifecycle/progress";
import type { RunOptions, StepReport } from "../lifecycle/progress";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { KdTree, TREE_DIMENSIONS } from "../neighbours/kd-tree";
import { aboutMeans, takeRows } from "../neighbours/rows";
import type { HostRows } from "../neighbours/rows";
import { choice, optional, range, integer } from "../options";
import type { Cooperative } from "../event-loop";
import { cutAfter, singleLinkage } from "./linkage";
import type { Linkage } from "./linkage";
import { boruvkaTree, distanceOf, primTree } from "./mutual-reachability";
import { generate } from "../typed-arrays";

/** How far apart clusters are: growth of the squares, farthest, mean, nearest pair. */
export type LinkageKind = "ward" | "complete" | "average" | "single";

/** Options of `AgglomerativeClustering`. */
export interface AgglomerativeClusteringOptions {
  /** Default 2; not together with distanceThreshold. */
  readonly nClusters?: number;
  /** Clusters at this distance and beyond stay apart. */
  readonly distanceThreshold?: number;
  /** Default "ward". */
  readonly linkage?: LinkageKind;
}

/** @inline */
type Settings = Pick<AgglomerativeClusteringOptions, "nClusters" | "distanceThreshold"> & {
  readonly linkage: LinkageKind;
};

/** Its options: their rules and defaults. @internal */
export const AGGLOMERATIVE_OPTIONS: OptionSet<Settings> = {
  rules: {
    ...{ nClusters: optional(integer(1)), distanceThreshold: optional(range(0)) },
    linkage: choice("ward", "complete", "average", "single"),
  },
  defaults: { linkage: "ward" },
  host: true,
};

/** Points whose distances "complete" and "average" hold, at most. */
const MOST_PAIRS = 5000;

interface Result extends Linkage {
  readonly labels: Int32Array<ArrayBuffer>;
  readonly n: number;
}

/**
 * Agglomerative clustering under Euclidean distances: nearest clusters are joined until they are one, by the nearest-neighbour chain (Murtagh 1983; Müllner,
 * "Modern hierarchical, agglomerative clustering algorithms", 2011). Ward's linkage holds centres only, single linkage a spanning tree, so that memory grows
 * with n; complete and average linkage hold the distances of up to 5,000 points. Merges and their distances are scipy's and scikit-learn's: Ward's
 * distance is √(2 |a| |b| / (|a| + |b|)) ‖c_a − c_b‖. In float64; the calling thread goes on every few milliseconds.
 */
export class AgglomerativeClustering extends Model<Settings> {
  #result: Result | undefined;

  /** @throws for an option that is unknown or out of its range, or when both nClusters and distanceThreshold are given */
  constructor(options: AgglomerativeClusteringOptions = {}) {
    super("AgglomerativeClustering", options, AGGLOMERATIVE_OPTIONS);
    const { nClusters, distanceThreshold } = this.settings;
    if (nClusters !== undefined && distanceThreshold !== undefined)
      throw new Error(
        `${this.name}: give nClusters or distanceThreshold, not both, got ${nClusters} and ${distanceThreshold}`,
      );
  }

  /** The cluster of each point, numbered by their first points. @throws before `fit`, as all these */
  get labels(): Int32Array<ArrayBuffer> {
    return this.known("labels", this.#result).labels;
  }
  /** What each merge joins, [n − 1, 2]: points below n, and n + i what merge i made. */
  get children(): Int32Array<ArrayBuffer> {
    return this.known("children", this.#result).children;
  }
  /** The distance of each merge, ascending, [n − 1]. */
  get distances(): Float64Array<ArrayBuffer> {
    return this.known("distances", this.#result).distances;
  }
  /** Points of what each merge made, [n − 1]. */
  get sizes(): Int32Array<ArrayBuffer> {
    return this.known("sizes", this.#result).sizes;
  }

  /**
   * Joins points x [n, d].
   * @param options `onStep`: now and then; the loss is the share of merges that are left
   * @throws when there are fewer points than clusters, or more than 5,000 for complete or average linkage; the signal's reason when aborted
   */
  async fit(x: Points, options: RunOptions = {}): Promise<this> {
    const op = "AgglomerativeClustering.fit";
    return this.fitting(options, RUN_RULES, async (fit) => {
      const { nClusters = 2, distanceThreshold, linkage } = this.settings;
      const given = await takeRows(x, op);
      const { n } = given;
      if (distanceThreshold === undefined && n < nClusters)
        throw new Error(`${op}: ${nClusters} clusters need as many points, got ${n}`);
      if ((linkage === "complete" || linkage === "average") && n > MOST_PAIRS)
        throw new Error(
          `${op}: ${linkage} linkage holds the distances of up to ${MOST_PAIRS} points, got ${n}; use "ward" or "single"`,
        );
      const { rows } = aboutMeans(given, op);
      const done = { merges: 0 };
      const report = (): StepReport => {
        const loss = n === 1 ? 0 : 1 - done.merges / (n - 1);
        return { stage: this.name, epoch: 1, epochs: 1, step: done.merges, steps: n - 1, loss };
      };
      const merging = linkage === "single" ? nearestPairs(rows) : chain(rows, linkage, done);
      const merges = n === 1 ? NONE : await fit.pacing(merging, report);
      await fit.between();
      this.#result = { ...merges, n, labels: cutAfter(merges, n, this.#mergesOf(merges)) };
      this.learned();
      done.merges = n - 1;
      fit.report(report());
    });
  }

  /** `fit`, then the labels. */
  async fitPredict(x: Points, options: RunOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** Labels of k clusters of the fitted points. @throws before `fit`, or unless k is from 1 to n */
  cut(k: number): Int32Array<ArrayBuffer> {
    const result = this.known("cut", this.#result);
    this.checkLearned("cut");
    checkInteger("AgglomerativeClustering.cut", { k }, 1, result.n);
    return cutAfter(result, result.n, result.n - k);
  }

  /** @throws when the bytes are no checkpoint of an AgglomerativeClustering */
  static async load(content: Bytes): Promise<AgglomerativeClustering> {
    return Model.restored(
      "AgglomerativeClustering",
      content,
      {},
      (settings) => new AgglomerativeClustering(settings),
      [],
    );
  }

  protected override own(): Learned {
    const { children, distances, n } = this.known("save", this.#result);
    return {
      arrays: {
        children: new NdArray<TypedArray>(children, [n - 1, 2]),
        distances: new NdArray<TypedArray>(distances),
      },
    };
  }

  protected override restore(saved: Checkpoint): void {
    const merges = saved.arrays["distances"]?.data.length;
    if (merges === undefined) throw new Error("checkpoint: distances must be there");
    const n = merges + 1;
    const distances = saved.numbers("distances", merges);
    if (!distances.every((distance, i) => distance >= (distances[i - 1] ?? 0)))
      throw new Error("checkpoint: distances must be ascending, from 0");
    const children = Int32Array.from(saved.numbers("children", 2 * merges));
    const free = new Uint8Array(n + merges).fill(1, 0, n); // what is there, and not joined yet
    const members = new Int32Array(n + merges).fill(1);
    const sizes = generate(Int32Array, merges, (i) => {
      const [a, b] = [children[2 * i]!, children[2 * i + 1]!];
      if (a === b || free[a] !== 1 || free[b] !== 1)
        throw new Error(`checkpoint: children must be a tree of ${n} points, got ${a} and ${b} at ${i}`);
      [free[a], free[b], free[n + i]] = [0, 0, 1];
      return (members[n + i] = members[a]! + members[b]!);
    });
    const merged = this.#mergesOf({ children, distances, sizes });
    if (merged < 0) throw new Error(`checkpoint: ${this.settings.nClusters} clusters need as many points, got ${n}`);
    this.#result = { children, distances, sizes, n, labels: cutAfter({ children }, n, merged) };
  }

  protected override release(): void {
    this.#result = undefined;
  }

  /** Merges that are made. @throws when there are fewer points than clusters */
  #mergesOf({ distances }: Linkage): number {
    const { nClusters = 2, distanceThreshold } = this.settings;
    if (distanceThreshold === undefined) return distances.length + 1 - nClusters;
    return distances.filter((distance) => distance < distanceThreshold).length;
  }
}

const NONE: Linkage = { children: new Int32Array(0), distances: new Float64Array(0), sizes: new Int32Array(0) };

function* nearestPairs(rows: HostRows): Cooperative<Linkage> {
  const { data, n, d } = rows;
  if (d <= TREE_DIMENSIONS)
    return singleLinkage(yield* boruvkaTree(yield* KdTree.build(data, n, d), new Float64Array(n), 1));
  return singleLinkage(yield* primTree(n, distanceOf(rows)));
}

/** Merges as the chain finds them: two places and their distance; the lower place then stands for both. */
interface Found {
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly distances: Float64Array;
}

/** Distances between clusters that change as they merge. */
interface Spaces {
  /** Squared for Ward. */
  between(i: number, j: number): number;
  merge(into: number, from: number, alive: Uint32Array, count: number): void;
}

/** Clusters by their centres: Ward's distance, squared. */
function centres({ data, d }: HostRows, sizes: Float64Array): Spaces {
  return {
    between(i, j) {
      let sum = 0;
      for (let c = 0, a = i * d, b = j * d; c < d; c++, a++, b++) {
        const away = data[a]! - data[b]!;
        sum += away * away;
      }
      return (2 * sizes[i]! * sizes[j]! * sum) / (sizes[i]! + sizes[j]!);
    },
    merge(into, from) {
      const share = sizes[from]! / (sizes[into]! + sizes[from]!);
      for (let c = 0; c < d; c++) data[into * d + c]! += share * (data[from * d + c]! - data[into * d + c]!);
    },
  };
}

/** Clusters by their distances, put together by Lance and Williams's rules. */
function* allPairs(
  { data, n, d }: HostRows,
  sizes: Float64Array,
  linkage: "complete" | "average",
): Cooperative<Spaces> {
  const pairs = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let c = 0; c < d; c++) sum += (data[i * d + c]! - data[j * d + c]!) ** 2;
      pairs[i * n + j] = pairs[j * n + i] = Math.sqrt(sum);
    }
    yield;
  }
  return {
    between: (i, j) => pairs[i * n + j]!,
    merge(into, from, alive, count) {
      const [a, b] = [sizes[into]!, sizes[from]!];
      for (let p = 0; p < count; p++) {
        const other = alive[p]!;
        const [x, y] = [pairs[into * n + other]!, pairs[from * n + other]!];
        const length = linkage === "complete" ? Math.max(x, y) : (a * x + b * y) / (a + b);
        pairs[into * n + other] = pairs[other * n + into] = length;
      }
    },
  };
}

/** Merges by the chain of nearest neighbours: each cluster on it is nearest to the one before, until two are each other's. */
function* chain(
  rows: HostRows,
  linkage: "ward" | "complete" | "average",
  done: { merges: number },
): Cooperative<Linkage> {
  const { n } = rows;
  const sizes = new Float64Array(n).fill(1);
  const spaces = linkage === "ward" ? centres(rows, sizes) : yield* allPairs(rows, sizes, linkage);
  const found: Found = { a: new Int32Array(n - 1), b: new Int32Array(n - 1), distances: new Float64Array(n - 1) };
  const alive = generate(Uint32Array, n, (i) => i);
  const places = alive.slice(); // where a cluster stands in `alive`
  const path = new Uint32Array(n);
  let [count, length] = [n, 0];
  for (let merge = 0; merge < n - 1; done.merges = merge) {
    if (length === 0) path[length++] = alive[0]!;
    const tip = path[length - 1]!;
    const before = length > 1 ? path[length - 2]! : -1;
    let [best, nearest] = [before < 0 ? Infinity : spaces.between(tip, before), before];
    for (let p = 0; p < count; p++) {
      const other = alive[p]!;
      if (other === tip || other === before) continue;
      const distance = spaces.between(tip, other);
      if (distance < best || (distance === best && nearest !== before && other < nearest))
        [best, nearest] = [distance, other];
    }
    yield;
    if (nearest !== before) {
      path[length++] = nearest;
      continue;
    }
    length -= 2;
    const [into, from] = tip < before ? [tip, before] : [before, tip];
    found.a[merge] = into;
    found.b[merge] = from;
    found.distances[merge++] = linkage === "ward" ? Math.sqrt(best) : best;
    const last = alive[--count]!;
    alive[places[from]!] = last;
    places[last] = places[from]!;
    spaces.merge(into, from, alive, count);
    sizes[into]! += sizes[from]!;
  }
  return sorted(found);
}

/** The chain's merges by ascending distance, with the numbers of what they join. */
function sorted({ a, b, distances }: Found): Linkage {
  return singleLinkage({ from: Uint32Array.from(a), to: Uint32Array.from(b), weights: Float64Array.from(distances) });
}
