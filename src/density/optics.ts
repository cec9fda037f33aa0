import { checkPositive } from "../checks";
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
import { aboutMeans, takeRows } from "../neighbours/rows";
import { choice, integer, optional, positive, share } from "../options";
import { distanceOf } from "./mutual-reachability";
import { keptDistances, restoredDistances } from "./growing-tree";
import { cutAt, newOrdering, order, xiClusters } from "./reachability";
import type { GrowingOrdering, Ordering } from "./reachability";

/** Options of `OPTICS`; names and defaults are scikit-learn's. */
export interface OPTICSOptions {
  /** Points, itself included, within its core distance of a core point. Default 5. */
  readonly minSamples?: number;
  /** Neighbours lie within this distance. Default: however far. */
  readonly maxEps?: number;
  /** Clusters between steep flanks of the reachability plot, or DBSCAN's at `eps`. Default "xi". */
  readonly clusterMethod?: "xi" | "dbscan";
  /** By what share the reachability falls at least from a point to the next on a steep flank. Default 0.05. */
  readonly xi?: number;
  /** Points of a cluster at least, by "xi". Default: minSamples. */
  readonly minClusterSize?: number;
  /** Of "dbscan". Default: maxEps. */
  readonly eps?: number;
  /** Where neighbours are sought in more than twelve columns; default: a tensor's own device, else one requested at first need. */
  readonly device?: Device | undefined;
}

/** @inline */
type Settings = Required<Pick<OPTICSOptions, "minSamples" | "clusterMethod" | "xi">> &
  Pick<OPTICSOptions, "maxEps" | "minClusterSize" | "eps">;

/** Its options: their rules and defaults. @internal */
export const OPTICS_OPTIONS: OptionSet<Settings> = {
  rules: {
    ...{ minSamples: integer(2), maxEps: optional(positive), clusterMethod: choice("xi", "dbscan"), xi: share },
    ...{ minClusterSize: optional(integer(2)), eps: optional(positive) },
  },
  defaults: { minSamples: 5, clusterMethod: "xi", xi: 0.05 },
};

/** Where a fit stands that has core distances, and some of the order. */
interface Standing extends PointsOf {
  readonly cores: Float64Array<ArrayBuffer>;
  readonly growing: GrowingOrdering;
}

interface Result extends Ordering {
  readonly cores: Float64Array<ArrayBuffer>;
  readonly labels: Int32Array<ArrayBuffer>;
  readonly hierarchy: Int32Array<ArrayBuffer>;
}

/**
 * OPTICS: the order in which points are reached from dense regions outwards, with the distance at which each is; valleys of this reachability plot are
 * clusters, of any shape and of several densities (Ankerst, Breunig, Kriegel and Sander, SIGMOD 1999). As scikit-learn's, with its correction by
 * predecessors. In float64, in n² time and in memory that grows with n alone; the calling thread goes on every few milliseconds.
 */
export class OPTICS extends Model<Settings> {
  readonly #findings = new Findings<Result, Standing>();

  /** @throws for an option that is unknown or out of its range */
  constructor(options: OPTICSOptions = {}) {
    super("OPTICS", options, OPTICS_OPTIONS);
    const { eps, maxEps = Infinity } = this.settings;
    if (eps !== undefined && eps > maxEps) throw new Error(`OPTICS: eps must be at most maxEps ${maxEps}, got ${eps}`);
  }

  /** The cluster of each point, −1 for noise. @throws before `fit`, as all these */
  get labels(): Int32Array<ArrayBuffer> {
    return this.known("labels", this.#findings.result).labels;
  }
  /** Row numbers in the order in which they were reached. */
  get ordering(): Int32Array<ArrayBuffer> {
    return this.known("ordering", this.#findings.result).ordering;
  }
  /** The distance at which each row was reached; infinite for the first of what hangs together. */
  get reachability(): Float64Array<ArrayBuffer> {
    return this.known("reachability", this.#findings.result).reachability;
  }
  /** Distance of each row to its minSamples-th neighbour, itself included; infinite beyond maxEps. */
  get coreDistances(): Float64Array<ArrayBuffer> {
    return this.known("coreDistances", this.#findings.result).cores;
  }
  /** From which row each was reached; −1 where it was not. */
  get predecessors(): Int32Array<ArrayBuffer> {
    return this.known("predecessors", this.#findings.result).predecessors;
  }
  /** Clusters by "xi", nested ones too: first and last place in `ordering`, [clusters, 2], inner before outer. None by "dbscan". */
  get clusterHierarchy(): NdArray<Int32Array> {
    const { hierarchy } = this.known("clusterHierarchy", this.#findings.result);
    return new NdArray(hierarchy, [hierarchy.length / 2, 2]);
  }

  /**
   * Orders and clusters points x [n, d]; of fewer than minSamples points none is a core point. A fit that was stopped, saved and loaded goes on
   * where it stood, with the same points.
   * @param options `onStep`: after the core distances, now and then in the order, and at the end; the loss is the share of the work that is left, at the end
   * that of points without a cluster
   * @throws when x is no finite matrix; the signal's reason when aborted
   */
  async fit(x: Points, options: RunOptions = {}): Promise<this> {
    return this.fitting(options, RUN_RULES, async (fit) => {
      const given = await takeRows(x, "OPTICS.fit");
      const { n } = given;
      const { rows } = await aboutMeans(given, "OPTICS.fit");
      const { minSamples, maxEps = Infinity } = this.settings;
      // the core distances, the places in the order, and the clusters are its steps
      const at = (step: number, loss = 1 - step / (n + 2)): StepReport => ({
        ...{ stage: this.name, epoch: 1, epochs: 1, step, steps: n + 2, loss },
      });
      const before = await this.#findings.enter("OPTICS.fit", new NdArray(given.data, [n, given.d]));
      const cores =
        before?.cores ??
        (n < minSamples
          ? new Float64Array(n).fill(Infinity)
          : (await kthNeighbours(rows, minSamples - 1, await treeOf(rows), () => this.device(x), fit)).map((squared) =>
              Math.sqrt(squared) > maxEps ? Infinity : Math.sqrt(squared),
            ));
      const { d } = rows;
      const { growing } = this.#findings.stand({ n, d, cores, growing: before?.growing ?? newOrdering(n) });
      this.learned(); // from now on it can say where it stands
      const progress = (): StepReport => at(1 + growing.count);
      fit.report(progress());
      await fit.between();
      const ordering = await fit.pacing(order(n, cores, distanceOf(rows), maxEps, growing), progress);
      await fit.between();
      this.#findings.end(this.#clustered(ordering, cores));
      fit.report(at(n + 2, this.labels.reduce((count, label) => count + Number(label < 0), 0) / n));
    });
  }

  /** `fit`, then the labels. */
  async fitPredict(x: Points, options: RunOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /**
   * DBSCAN's clusters of the fitted points at a distance eps up to maxEps, but for some border points, which are noise here.
   * @throws before `fit`, or unless eps is above 0 and at most maxEps
   */
  labelsAt(eps: number): Int32Array<ArrayBuffer> {
    const result = this.known("labelsAt", this.#findings.result);
    this.checkLearned("labelsAt");
    checkPositive("OPTICS.labelsAt", { eps });
    const { maxEps = Infinity } = this.settings;
    if (eps > maxEps) throw new Error(`OPTICS.labelsAt: eps must be at most maxEps ${maxEps}, got ${eps}`);
    return cutAt(result, result.cores, eps);
  }

  /** @throws when the bytes are no checkpoint of an OPTICS */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<OPTICS> {
    return Model.restored("OPTICS", content, options, (settings) => new OPTICS(settings));
  }

  protected override own(): Learned {
    return this.#findings.kept(
      (result) => this.known("save", result),
      (result) => keptOrdering({ ...result, count: result.ordering.length }, result.cores),
      ({ growing, cores }) => ({ arrays: keptOrdering(growing, cores) }),
    );
  }

  protected override restore(saved: Checkpoint): void {
    const hasResult = this.#findings.restore(saved, "ordering", (standing, d) => {
      const { growing, cores } = restoredOrdering(standing);
      return { growing, cores, n: cores.length, d: d() };
    });
    if (!hasResult) return;
    const { growing, cores } = restoredOrdering(saved);
    if (growing.count < cores.length) throw new Error("checkpoint: ordering must hold each row once");
    this.#findings.restored(this.#clustered(growing, cores));
  }

  protected override release(): void {
    this.#findings.release();
  }

  /** The clusters that the settings ask for. */
  #clustered(ordering: Ordering, cores: Float64Array<ArrayBuffer>): Result {
    const { clusterMethod, xi, minSamples, minClusterSize = minSamples } = this.settings;
    const { eps = this.settings.maxEps ?? Infinity } = this.settings;
    const { hierarchy, labels } =
      clusterMethod === "xi"
        ? xiClusters(ordering, { xi, minSamples, minClusterSize })
        : { hierarchy: new Int32Array(0), labels: cutAt(ordering, cores, eps) };
    return { ...ordering, cores, hierarchy, labels };
  }
}

/** Arrays of a checkpoint: what `restoredOrdering` takes. */
const keptOrdering = (
  { ordering, reachability, predecessors, count }: GrowingOrdering,
  cores: Float64Array,
): Record<string, NdArray<TypedArray>> => ({
  ...{
    ordering: new NdArray<TypedArray>(ordering.slice(0, count)),
    predecessors: new NdArray<TypedArray>(predecessors),
  },
  ...{ reachability: keptDistances(reachability), coreDistances: keptDistances(cores) },
});

/** An order as a checkpoint has it, whole or not. @throws for what is none */
function restoredOrdering(saved: Checkpoint): {
  readonly growing: GrowingOrdering;
  readonly cores: Float64Array<ArrayBuffer>;
} {
  const n = saved.arrays["coreDistances"]?.data.length ?? 0;
  const [reached, predecessors] = [saved.labels("ordering", n), saved.labels("predecessors", n, -1)];
  if (n === 0 || !reached || reached.length > n || new Set(reached).size < reached.length)
    throw new Error("checkpoint: ordering must hold each row once");
  if (predecessors?.length !== n) throw new Error(`checkpoint: predecessors must be a vector of ${n}`);
  const ordering = new Int32Array(n);
  ordering.set(reached);
  const reachability = restoredDistances(saved, "reachability", n);
  const growing = { ordering, reachability, predecessors, count: reached.length };
  return { growing, cores: restoredDistances(saved, "coreDistances", n) };
}
