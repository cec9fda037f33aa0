import type { Points } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import { Findings } from "../lifecycle/findings";
import type { PointsOf } from "../lifecycle/findings";
import { Model } from "../lifecycle/model";
import type { DeviceOption, OptionSet } from "../lifecycle/model";
import { RUN_RULES } from "../lifecycle/progress";
import type { RunOptions, StepReport } from "../lifecycle/progress";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { kthNeighbours } from "../neighbours/kth-neighbour";
import { treeOf } from "../neighbours/kth-on-tree";
import { aboutMeans, lessOffset, takeRows } from "../neighbours/rows";
import type { HostRows } from "../neighbours/rows";
import { choice, flag, optional, positive, range, integer } from "../options";
import { yieldWhenDue } from "../event-loop";
import { condense, outlierScores, selectClusters } from "./condensed-tree";
import type { CondensedTree, Selection } from "./condensed-tree";
import { keptTree, newTree, restoredTree } from "./growing-tree";
import type { GrowingTree, Tree } from "./growing-tree";
import { singleLinkage } from "./linkage";
import type { Linkage } from "./linkage";
import { boruvkaTree, distanceOf, primTree } from "./mutual-reachability";
import type { Distance } from "./mutual-reachability";
import { clustersOfNew } from "./prediction";

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
  /** Where neighbours are sought in more than twelve columns; default: a tensor's own device, else one requested at first need. */
  readonly device?: Device | undefined;
}

/** @inline */
type Settings = Required<Omit<HDBSCANOptions, "device" | "minSamples">> & Pick<HDBSCANOptions, "minSamples">;

/** Its options: their rules and defaults. @internal */
export const HDBSCAN_OPTIONS: OptionSet<Settings> = {
  rules: {
    ...{ minClusterSize: integer(2), minSamples: optional(integer(1)), clusterSelectionEpsilon: range(0) },
    ...{ clusterSelectionMethod: choice("eom", "leaf"), allowSingleCluster: flag, alpha: positive },
  },
  defaults: {
    ...{ minClusterSize: 5, clusterSelectionEpsilon: 0, clusterSelectionMethod: "eom" },
    ...{ allowSingleCluster: false, alpha: 1 },
  },
};

/** What was learned: everything else follows from the spanning tree. */
interface Learnt {
  /** The points about their mean. */
  readonly rows: HostRows;
  readonly offset: Float64Array<ArrayBuffer>;
  /** Distance of each point to its minSamples-th neighbour. */
  readonly cores: Float64Array<ArrayBuffer>;
  readonly spanning: Tree;
}

/** Where a fit stands that has core distances, and some of the spanning tree. */
interface Standing extends PointsOf {
  readonly cores: Float64Array<ArrayBuffer>;
  readonly spanning: GrowingTree;
}

interface Result extends Selection, Learnt {
  readonly tree: CondensedTree;
  readonly linkage: Linkage;
  readonly scores: Float64Array<ArrayBuffer>;
}

/**
 * HDBSCAN: clusters of varying density as the most stable branches of the hierarchy of mutual reachability (Campello, Moulavi and Sander, PAKDD 2013;
 * Campello, Moulavi, Zimek and Sander, ACM TKDD 2015; McInnes and Healy 2017), as Python's `hdbscan` has it. In float64, in memory that grows with n alone:
 * a spanning tree by Borůvka's algorithm on a k-d tree up to twelve columns, by Prim's over all pairs beyond. The calling thread goes on every few
 * milliseconds.
 */
export class HDBSCAN extends Model<Settings> {
  readonly #findings = new Findings<Result, Standing>();

  /** @throws for an option that is unknown or out of its range */
  constructor(options: HDBSCANOptions = {}) {
    super("HDBSCAN", options, HDBSCAN_OPTIONS);
  }

  /** The cluster of each point, −1 for noise. @throws before `fit`, as all these */
  get labels(): Int32Array<ArrayBuffer> {
    return this.known("labels", this.#findings.result).labels;
  }
  /** How deep each point lies in its cluster, from 0 (noise) to 1. */
  get probabilities(): Float64Array<ArrayBuffer> {
    return this.known("probabilities", this.#findings.result).probabilities;
  }
  /** How persistent each cluster is, from 0 to 1. */
  get clusterPersistence(): Float64Array<ArrayBuffer> {
    return this.known("clusterPersistence", this.#findings.result).persistence;
  }
  /** GLOSH: how far each point falls out of the nearest dense region, from 0 to 1. */
  get outlierScores(): Float64Array<ArrayBuffer> {
    return this.known("outlierScores", this.#findings.result).scores;
  }
  /** The tree of clusters and what leaves them. */
  get condensedTree(): CondensedTree {
    return this.known("condensedTree", this.#findings.result).tree;
  }
  /** Single linkage under mutual reachability. */
  get linkage(): Linkage {
    return this.known("linkage", this.#findings.result).linkage;
  }

  /**
   * Clusters points x [n, d]; of n ≤ minSamples points the farthest counts as the neighbour. A fit that was stopped, saved and loaded goes on
   * where it stood, with the same points.
   * @param options `onStep`: after the core distances, now and then in the spanning tree, and at the end; the loss is the share of the work that is left, at
   * the end that of points without a cluster
   * @throws when x has one row, or is no finite matrix; the signal's reason when aborted
   */
  async fit(x: Points, options: RunOptions = {}): Promise<this> {
    const op = "HDBSCAN.fit";
    return this.fitting(options, RUN_RULES, async (fit) => {
      const given = await takeRows(x, op);
      const { n } = given;
      if (n < 2) throw new Error(`${op}: a hierarchy needs two points, got ${n}`);
      const { rows, offset } = await aboutMeans(given, op);
      // the core distances, the edges of the tree, and the selection are its steps
      const at = (step: number, loss = 1 - step / (n + 1)): StepReport => ({
        ...{ stage: this.name, epoch: 1, epochs: 1, step, steps: n + 1, loss },
      });
      const before = await this.#findings.enter(op, new NdArray(given.data, [n, given.d]));
      const tree = await treeOf(rows);
      if (before && !tree !== (before.spanning.nearest !== undefined))
        throw new Error(`${op}: the checkpoint has another kind of tree`);
      const cores =
        before?.cores ??
        (await kthNeighbours(rows, this.#minSamples(n), tree, () => this.device(x), fit)).map(Math.sqrt);
      const { d } = rows;
      const { spanning } = this.#findings.stand({ n, d, cores, spanning: before?.spanning ?? newTree(n, !tree) });
      this.learned(); // from now on it can say where it stands
      const progress = (): StepReport => at(1 + spanning.count);
      fit.report(progress());
      await fit.between();
      const { alpha } = this.settings;
      const distance = distanceOf(rows);
      const reach: Distance = (i, j) => Math.max(cores[i]!, cores[j]!, distance(i, j) / alpha);
      await fit.pacing(tree ? boruvkaTree(tree, cores, alpha, spanning) : primTree(n, reach, spanning), progress);
      await fit.between();
      const result = await this.#selected({ rows, offset, cores, spanning });
      await fit.between();
      this.#findings.end(result);
      fit.report(at(n + 1, result.labels.reduce((count, label) => count + Number(label < 0), 0) / n));
    });
  }

  /** `fit`, then the labels. */
  async fitPredict(x: Points, options: RunOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /**
   * The cluster that each row of x [n, d] would fall into, −1 for noise, the clusters staying as they are: of the points fitted the one of least mutual
   * reachability takes it along, unless its cluster has split or ended at that distance (as `approximate_predict` of Python's `hdbscan`, where a
   * point in a branch of a cluster that was chosen belongs to it). A point that was fitted may get another label than by `fit`.
   * @throws before `fit`, and for another d
   */
  async predict(x: Points): Promise<Int32Array<ArrayBuffer>> {
    const { rows, offset, cores, tree, within } = this.known("predict", this.#findings.result);
    return this.computing("predict", async () => {
      const given = await takeRows(x, "HDBSCAN.predict");
      if (given.d !== rows.d) throw new Error(`HDBSCAN.predict: x must have ${rows.d} columns, got ${given.d}`);
      const known = { rows, cores, tree, within, minSamples: this.#minSamples(rows.n) };
      return clustersOfNew(lessOffset(given, offset), known);
    });
  }

  /** @throws when the bytes are no checkpoint of an HDBSCAN */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<HDBSCAN> {
    return Model.restored("HDBSCAN", content, options, (settings) => new HDBSCAN(settings));
  }

  protected override own(): Learned {
    return this.#findings.kept(
      (result) => this.known("save", result),
      keptResult,
      ({ cores, spanning }) => ({
        arrays: { coreDistances: new NdArray<TypedArray>(cores), ...keptTree(spanning) },
        state: { count: spanning.count },
      }),
    );
  }

  protected override async restore(saved: Checkpoint): Promise<void> {
    const hasResult = this.#findings.restore(saved, "points", (standing, d) => {
      const n = standing.arrays["coreDistances"]?.data.length ?? 0;
      const cores = standing.numbers("coreDistances", n);
      if (!cores.every((core) => core >= 0)) throw new Error("checkpoint: coreDistances must be distances");
      const spanning = restoredTree(standing, saved.entry<number>("count", integer(0)));
      if (spanning.weights.length !== n - 1) throw new Error(`checkpoint: edges must be a tree of ${n} points`);
      return { n, d: d(), cores, spanning };
    });
    if (!hasResult) return;
    const [n = 0, d = 0, ...more] = saved.arrays["points"]?.shape ?? [];
    if (n < 2 || d < 1 || more.length > 0) throw new Error(`checkpoint: points must be rows of numbers, at least two`);
    const rows = { n, d, data: saved.numbers("points", n * d) };
    const spanning = restoredTree(saved);
    if (spanning.weights.length !== n - 1) throw new Error(`checkpoint: edges must be a tree of ${n} points`);
    const [offset, cores] = [saved.numbers("offset", d), saved.numbers("coreDistances", n)];
    this.#findings.restored(await this.#selected({ rows, offset, cores, spanning }));
  }

  protected override release(): void {
    this.#findings.release();
  }

  #minSamples(n: number): number {
    const { minClusterSize, minSamples = minClusterSize } = this.settings;
    return Math.min(minSamples, n - 1);
  }

  async #selected(learnt: Learnt): Promise<Result> {
    const { minClusterSize, allowSingleCluster } = this.settings;
    const { clusterSelectionEpsilon: epsilon, clusterSelectionMethod: method } = this.settings;
    const linkage = singleLinkage(learnt.spanning);
    await yieldWhenDue();
    const tree = condense(linkage, minClusterSize);
    await yieldWhenDue();
    const selection = selectClusters(tree, { method, allowSingleCluster, epsilon });
    return { ...learnt, ...selection, tree, linkage, scores: outlierScores(tree) };
  }
}

/** Arrays of a result: the points, and what the rest follows from. */
const keptResult = ({ rows, offset, cores, spanning }: Learnt): Record<string, NdArray<TypedArray>> => ({
  points: new NdArray<TypedArray>(rows.data, [rows.n, rows.d]),
  ...{ offset: new NdArray<TypedArray>(offset), coreDistances: new NdArray<TypedArray>(cores) },
  ...keptTree({ from: spanning.from, to: spanning.to, weights: spanning.weights, count: spanning.weights.length }),
});
