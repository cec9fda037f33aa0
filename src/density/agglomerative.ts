import { checkInteger } from "../checks";
import type { Points } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import { Findings } from "../lifecycle/findings";
import type { PointsOf } from "../lifecycle/findings";
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
import { keptChain, mergesByChain, newChain, restoredChain } from "./chain";
import type { GrowingChain } from "./chain";
import { keptTree, newTree, restoredTree } from "./growing-tree";
import type { GrowingTree } from "./growing-tree";
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

/** Where a fit stands: what it has found of a chain, or of a spanning tree. */
interface Standing extends PointsOf {
  readonly chain?: GrowingChain;
  readonly tree?: GrowingTree;
  readonly found: { readonly count: number };
}

/**
 * Agglomerative clustering under Euclidean distances: nearest clusters are joined until they are one, by the nearest-neighbour chain (Murtagh 1983; Müllner,
 * "Modern hierarchical, agglomerative clustering algorithms", 2011). Ward's linkage holds centres only, single linkage a spanning tree, so that memory grows
 * with n; complete and average linkage hold the distances of up to 5,000 points. Merges and their distances are scipy's and scikit-learn's: Ward's
 * distance is √(2 |a| |b| / (|a| + |b|)) ‖c_a − c_b‖. In float64; the calling thread goes on every few milliseconds.
 */
export class AgglomerativeClustering extends Model<Settings> {
  readonly #findings = new Findings<Result, Standing>();

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
    return this.known("labels", this.#findings.result).labels;
  }
  /** What each merge joins, [n − 1, 2]: points below n, and n + i what merge i made. */
  get children(): Int32Array<ArrayBuffer> {
    return this.known("children", this.#findings.result).children;
  }
  /** The distance of each merge, ascending, [n − 1]. */
  get distances(): Float64Array<ArrayBuffer> {
    return this.known("distances", this.#findings.result).distances;
  }
  /** Points of what each merge made, [n − 1]. */
  get sizes(): Int32Array<ArrayBuffer> {
    return this.known("sizes", this.#findings.result).sizes;
  }

  /**
   * Joins points x [n, d]. A fit that was stopped, saved and loaded goes on where it stood, with the same points.
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
      const { rows } = await aboutMeans(given, op);
      const before = await this.#findings.enter(op, new NdArray(given.data, [n, given.d]));
      const report = (): StepReport => {
        const merged = this.#findings.standing?.found.count ?? n - 1;
        const loss = n === 1 ? 0 : 1 - merged / (n - 1);
        return { stage: this.name, epoch: 1, epochs: 1, step: merged, steps: n - 1, loss };
      };
      const merges = n === 1 ? NONE : await fit.pacing(this.#merging(rows, linkage, before), report);
      await fit.between();
      this.#findings.end({ ...merges, n, labels: cutAfter(merges, n, this.#mergesOf(merges)) });
      this.learned();
      fit.report(report());
    });
  }

  /** `fit`, then the labels. */
  async fitPredict(x: Points, options: RunOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** Labels of k clusters of the fitted points. @throws before `fit`, or unless k is from 1 to n */
  cut(k: number): Int32Array<ArrayBuffer> {
    const result = this.known("cut", this.#findings.result);
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

  /** Merges, from where they stood; what is found of them is kept as it is found. */
  #merging(rows: HostRows, linkage: LinkageKind, before: Standing | undefined): Cooperative<Linkage> {
    const { n, d } = rows;
    const byTree = d <= TREE_DIMENSIONS;
    const chain = before?.chain ?? newChain(n);
    const tree = before?.tree ?? newTree(n, !byTree);
    this.#findings.stand({ n, d, ...(linkage === "single" ? { tree, found: tree } : { chain, found: chain }) });
    this.learned(); // from now on it can say where it stands
    return linkage === "single" ? nearestPairs(rows, tree) : mergesByChain(rows, linkage, chain);
  }

  protected override own(): Learned {
    return this.#findings.kept(
      (result) => this.known("save", result),
      ({ children, distances, n }) => ({
        children: new NdArray<TypedArray>(children, [n - 1, 2]),
        distances: new NdArray<TypedArray>(distances),
      }),
      ({ chain, tree, found }) => ({
        arrays: { ...(chain && keptChain(chain)), ...(tree && keptTree(tree)) },
        state: { count: found.count, ...(chain && { length: chain.length }) },
      }),
    );
  }

  protected override restore(saved: Checkpoint): void {
    const hasResult = this.#findings.restore(saved, "distances", (standing, columns) => {
      const whole = (name: string): number => saved.entry<number>(name, integer(0));
      const [d, count] = [columns(), whole("count")];
      if (this.settings.linkage !== "single") {
        const chain = restoredChain(standing, count, whole("length"));
        return { n: chain.distances.length + 1, d, chain, found: chain };
      }
      const tree = restoredTree(standing, count);
      if ((tree.nearest !== undefined) !== d > TREE_DIMENSIONS)
        throw new Error(`checkpoint: nearest must be there of points of more than ${TREE_DIMENSIONS} columns alone`);
      return { n: tree.weights.length + 1, d, tree, found: tree };
    });
    if (!hasResult) return;
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
    this.#findings.restored({ children, distances, sizes, n, labels: cutAfter({ children }, n, merged) });
  }

  protected override release(): void {
    this.#findings.release();
  }

  /** Merges that are made. @throws when there are fewer points than clusters */
  #mergesOf({ distances }: Linkage): number {
    const { nClusters = 2, distanceThreshold } = this.settings;
    if (distanceThreshold === undefined) return distances.length + 1 - nClusters;
    return distances.filter((distance) => distance < distanceThreshold).length;
  }
}

const NONE: Linkage = { children: new Int32Array(0), distances: new Float64Array(0), sizes: new Int32Array(0) };

function* nearestPairs(rows: HostRows, tree: GrowingTree): Cooperative<Linkage> {
  const { data, n, d } = rows;
  if (d <= TREE_DIMENSIONS)
    return singleLinkage(yield* boruvkaTree(yield* KdTree.build(data, n, d), new Float64Array(n), 1, tree));
  return singleLinkage(yield* primTree(n, distanceOf(rows), tree));
}
