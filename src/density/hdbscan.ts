import { checkChoice, checkPositive, checkRange, checkWhole, fitted } from "../checks";
import type { Device } from "../device";
import type { MatrixLike } from "../matrix";
import { KdTree } from "../neighbours/kd-tree";
import { knnGraph } from "../neighbours/knn";
import { columnMeans, takeRows } from "../neighbours/rows";
import type { HostRows } from "../neighbours/rows";
import { inTurns, pause } from "../turn";
import { condense, outlierScores, selectClusters } from "./condensed-tree";
import type { CondensedTree, Selection } from "./condensed-tree";
import { singleLinkage } from "./linkage";
import type { Linkage } from "./linkage";
import { boruvkaTree, primTree } from "./mutual-reachability";
import type { Tree } from "./mutual-reachability";

/** Options of `HDBSCAN`; names and defaults are those of Python's `hdbscan`. */
export interface HDBSCANOptions {
  /** Points of a cluster at least. Default 5. */
  readonly minClusterSize?: number;
  /** The core distance of a point is that to its minSamples-th neighbour. Default: minClusterSize. */
  readonly minSamples?: number;
  /** Clusters born at distances below this are merged upwards. Default 0. */
  readonly clusterSelectionEpsilon?: number;
  /** Excess of mass, or the leaves of the tree. Default "eom". */
  readonly clusterSelectionMethod?: "eom" | "leaf";
  /** Whether all points may be one cluster. Default false. */
  readonly allowSingleCluster?: boolean;
  /** Distances are divided by this in the reachability. Default 1. */
  readonly alpha?: number;
  readonly device?: Device;
  /** Ends `fit` with the signal's reason. */
  readonly signal?: AbortSignal;
}

interface Result extends Selection {
  readonly tree: CondensedTree;
  readonly linkage: Linkage;
  readonly scores: Float64Array<ArrayBuffer>;
}

/** Columns up to which a k-d tree tells most pairs without looking at them. */
const TREE_DIMENSIONS = 12;

/**
 * HDBSCAN: clusters of varying density as the most stable branches of the hierarchy of mutual reachability (Campello, Moulavi and Sander, PAKDD 2013;
 * Campello, Moulavi, Zimek and Sander, ACM TKDD 2015; McInnes and Healy 2017), as Python's `hdbscan` has it. In float64, in memory that grows with n alone:
 * a spanning tree by Borůvka's algorithm on a k-d tree up to twelve columns, by Prim's over all pairs beyond. The calling thread goes on every few
 * milliseconds.
 */
export class HDBSCAN {
  readonly #options: HDBSCANOptions;
  #result: Result | undefined;

  /** @throws when an option is out of its range */
  constructor(options: HDBSCANOptions = {}) {
    const { minClusterSize = 5, minSamples = minClusterSize, alpha = 1 } = options;
    const { clusterSelectionEpsilon = 0, clusterSelectionMethod = "eom" } = options;
    checkWhole("HDBSCAN", { minClusterSize }, 2);
    checkWhole("HDBSCAN", { minSamples }, 1);
    checkRange("HDBSCAN", { clusterSelectionEpsilon }, 0);
    checkPositive("HDBSCAN", { alpha });
    checkChoice("HDBSCAN", { clusterSelectionMethod }, ["eom", "leaf"]);
    this.#options = options;
  }

  /** The cluster of each point, −1 for noise. @throws before `fit`, as all these */
  get labels(): Int32Array<ArrayBuffer> {
    return this.#fitted("labels").labels;
  }
  /** How deep each point lies in its cluster, from 0 (noise) to 1. */
  get probabilities(): Float64Array<ArrayBuffer> {
    return this.#fitted("probabilities").probabilities;
  }
  /** How persistent each cluster is, from 0 to 1. */
  get clusterPersistence(): Float64Array<ArrayBuffer> {
    return this.#fitted("clusterPersistence").persistence;
  }
  /** GLOSH: how far each point falls out of the nearest dense region, from 0 to 1. */
  get outlierScores(): Float64Array<ArrayBuffer> {
    return this.#fitted("outlierScores").scores;
  }
  /** The tree of clusters and what leaves them. */
  get condensedTree(): CondensedTree {
    return this.#fitted("condensedTree").tree;
  }
  /** Single linkage under mutual reachability. */
  get linkage(): Linkage {
    return this.#fitted("linkage").linkage;
  }

  /** Clusters points x [n, d]; of n ≤ minSamples points the farthest counts as the neighbour. @throws when x has one row, or is no finite matrix */
  async fit(x: MatrixLike): Promise<this> {
    const op = "HDBSCAN.fit";
    const { minClusterSize = 5, minSamples = minClusterSize, alpha = 1, allowSingleCluster = false } = this.#options;
    const { clusterSelectionEpsilon: epsilon = 0, clusterSelectionMethod: method = "eom", signal } = this.#options;
    const given = await takeRows(x, op);
    const { n, d } = given;
    if (n < 2) throw new Error(`${op}: a hierarchy needs two points, got ${n}`);
    const means = columnMeans(given);
    const rows = { n, d, data: given.data.map((value, i) => value - means[i % d]!) };
    const k = Math.min(minSamples, n - 1);
    const spanning = await (d <= TREE_DIMENSIONS ? this.#onTree(rows, k, alpha) : this.#overPairs(rows, x, k, alpha));
    signal?.throwIfAborted();
    const linkage = singleLinkage(spanning);
    await pause();
    const tree = condense(linkage, minClusterSize);
    await pause();
    const selection = selectClusters(tree, { method, allowSingleCluster, epsilon });
    this.#result = { ...selection, tree, linkage, scores: outlierScores(tree) };
    return this;
  }

  /** `fit`, then the labels. */
  async fitPredict(x: MatrixLike): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x)).labels;
  }

  async #onTree({ data, n, d }: HostRows, k: number, alpha: number): Promise<Tree> {
    const tree = await inTurns(KdTree.build(data, n, d));
    const cores = new Float64Array(n);
    const [indices, squared] = [new Uint32Array(k), new Float64Array(k)];
    for (let i = 0; i < n; i++) {
      tree.nearest(data, i * d, k, i, indices, squared, 0);
      cores[i] = Math.sqrt(squared[k - 1]!);
      if (i % 64 === 0) await pause();
    }
    this.#options.signal?.throwIfAborted();
    return inTurns(boruvkaTree(tree, cores, alpha));
  }

  async #overPairs({ data, n, d }: HostRows, x: MatrixLike, k: number, alpha: number): Promise<Tree> {
    const distance = (i: number, j: number): number => {
      let sum = 0;
      for (let c = 0, a = i * d, b = j * d; c < d; c++, a++, b++) sum += (data[a]! - data[b]!) ** 2;
      return Math.sqrt(sum);
    };
    const { device, signal } = this.#options;
    const { indices } = await knnGraph(x, k, { ...(device ? { device } : {}), signal });
    const cores = Float64Array.from({ length: n }, (_, i) => {
      let farthest = 0;
      for (let e = i * k; e < (i + 1) * k; e++) farthest = Math.max(farthest, distance(i, indices.data[e]!));
      return farthest;
    });
    return inTurns(primTree(n, (i, j) => Math.max(cores[i]!, cores[j]!, distance(i, j) / alpha)));
  }

  #fitted(what: string): Result {
    return fitted(`HDBSCAN.${what}`, this.#result);
  }
}
