import { isObject } from "../../checks";
import type { Bytes } from "../../data/formats/source";
import type { Device } from "../../device";
import { kmeansDistances } from "../../kernels/clustering";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import type { Fit } from "../../lifecycle/fit";
import { Model } from "../../lifecycle/model";
import type { DeviceOption, OptionSet } from "../../lifecycle/model";
import { RUN_RULES } from "../../lifecycle/progress";
import type { SampleWeight } from "./sample-weight";
import type { EpochRecord, RunOptions, StepReport } from "../../lifecycle/progress";
import { toContiguous } from "../../matrix";
import type { MatrixLike } from "../../matrix";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { choice, either, optional, range, seed as seedRule, integer } from "../../options";
import type { Rules } from "../../options";
import type { Random } from "../../random";
import { distancesToCenters, givenCenters, inertiaOf, nearestCenters } from "./centers";
import type { Frame, Matrix } from "../frame";
import { plusPlusRows, randomRows } from "./kmeans-init";
import { LLOYD_KERNELS } from "./lloyd";
import type { LloydPasses } from "./lloyd";
import { MAX_ITER, randomOfRun, runLloyd, TOLERANCE } from "./lloyd-runs";
import { readRows } from "../points";
import type { PointSource } from "../points";
import type { Result, Standing } from "./restored-kmeans";
import { withPointSet } from "../streams/point-set";
import type { PointSet } from "../streams/point-set";

/** How centres begin: spread by k-means++, at random points, or where the caller says ([k, d]). */
export type KMeansInit = "k-means++" | "random" | MatrixLike;

/** What `onStep` of `KMeans.fit` is told: `epoch` numbers the runs, `step` iterations of one; the loss is the mean ‖x − c‖². */
export interface KMeansReport extends StepReport {
  /** Σ ‖x − c‖² to the centres that the iteration began with. */
  readonly inertia: number;
  /** Points that changed their cluster. */
  readonly changed: number;
  /** Σ over the centres of the squared distance moved. */
  readonly shift: number;
}

/** Options of `KMeans.fit`. */
export interface KMeansFitOptions extends RunOptions<KMeansReport> {
  /** How much each point counts [n], as if it were there so many times; 0 leaves it out of all but the labels. Default 1 each. */
  readonly sampleWeight?: ArrayLike<number> | undefined;
}

/** Options of `KMeans`. */
export interface KMeansOptions {
  readonly nClusters: number;
  /** Default "k-means++". */
  readonly init?: KMeansInit;
  /** Runs from different beginnings, of which the one of lowest inertia is kept; default 10, or 1 for given centres. */
  readonly nInit?: number;
  /** Iterations of a run at most; default 300. */
  readonly maxIter?: number;
  /** A run ends when the centres' squared shift is at most this times the mean variance of the features; default 1e-4. */
  readonly tolerance?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Where to compute; default: a tensor's own device, else one requested at first need. */
  readonly device?: Device | undefined;
}

/** @inline */
type Settings = Required<Omit<KMeansOptions, "device">>;

/** What few need. */
const aside = (): Promise<typeof import("./restored-kmeans")> => import("./restored-kmeans");

/** How centres may begin, as options say it. */
export const INIT_RULE = /* @__PURE__ */ either(/* @__PURE__ */ choice("k-means++", "random"), {
  words: "a matrix of centres",
  holds: (value) => typeof value === "object" && value !== null,
});

/** Rules of `KMeansFitOptions`; weights are looked at where they are taken. */
const FIT_RULES: Rules<KMeansFitOptions> = { ...RUN_RULES, sampleWeight: optional({ words: "", holds: () => true }) };

/** Its options: their rules and defaults. @internal */
export const KMEANS_OPTIONS: OptionSet<Settings> = {
  rules: {
    ...{ nClusters: integer(1), init: INIT_RULE, nInit: integer(1), maxIter: integer(1), tolerance: range(0) },
    seed: seedRule,
  },
  defaults: { init: "k-means++", nInit: 10, maxIter: MAX_ITER, tolerance: TOLERANCE, seed: 0 },
  kernels: () => [...LLOYD_KERNELS, kmeansDistances],
};

/** `init` as JSON holds it. */
export function keptInit(init: KMeansInit): KMeansInit {
  if (typeof init === "string") return init;
  const { data, shape } = toContiguous(init, "KMeans.save", "init");
  return { data: Array.from(data as ArrayLike<number>, Number), shape };
}

/** Options with as many runs as there are beginnings: one, where the centres are given. */
export function withRuns<O extends { readonly init?: KMeansInit; readonly nInit?: number }>(options: O): O {
  const given = isObject(options) && options.init !== undefined && typeof options.init !== "string";
  return given ? { nInit: 1, ...options } : options;
}

/** How a result is named in a checkpoint: plainly, or under "best.". */
const resultArrays = ({ labels, clusterCenters }: Result, prefix = ""): Record<string, NdArray<TypedArray>> => ({
  [`${prefix}labels`]: new NdArray<TypedArray>(labels),
  [`${prefix}clusterCenters`]: clusterCenters,
});

/**
 * k-means by Lloyd's algorithm (Lloyd 1982), as scikit-learn's `KMeans` does it: greedy k-means++, several runs, empty clusters
 * moved to the points farthest from their centres, a stop when labels repeat or centres rest, labels that agree with the centres.
 * Distances decide in float32; the sums are ordered, so that one seed gives the same bytes on one device every time. On WebGPU more than 256 centres
 * are moved by rows sorted by their labels, where that pays, and iterations are launched ahead of what is read, up to three (arXiv 2603.09229). For
 * thousands of them take `init: "random"`: k-means++ passes over the points for each centre.
 *
 * Rows of a source (`NpyDataset`) are read in blocks, once for their means and once an iteration, and chunks of 512 are added in float64. Beginnings are
 * sought among a sixteenth of `memory`, 16 MiB of rows; where there are no more than that, they and the labels are those of the same rows in memory.
 */
export class KMeans extends Model<Settings> {
  #result: Result | undefined;
  #standing: Standing | undefined;
  /** Whether the next fit goes on from where a loaded one stood. */
  #goesOn = false;

  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: KMeansOptions) {
    super("KMeans", withRuns(options), KMEANS_OPTIONS);
  }

  get nClusters(): number {
    return this.settings.nClusters;
  }

  /** One record per iteration of the best run; the loss is the mean ‖x − c‖². Empty before `fit`. */
  override get history(): readonly EpochRecord[] {
    return this.#result?.history ?? [];
  }

  /** The cluster of each point that was fitted, 0 … k − 1. @throws before `fit` */
  get labels(): Int32Array<ArrayBuffer> {
    return this.known("labels", this.#result).labels;
  }
  /** The centres [k, d], in float64 where float32 cannot hold them. @throws before `fit` */
  get clusterCenters(): Matrix {
    return this.known("clusterCenters", this.#result).clusterCenters;
  }
  /** Σ w ‖x − c‖² over the points that were fitted, summed in float64. @throws before `fit` */
  get inertia(): number {
    return this.known("inertia", this.#result).inertia;
  }
  /** Iterations of the best run. @throws before `fit` */
  get nIter(): number {
    return this.known("nIter", this.#result).nIter;
  }

  /**
   * Finds the centres of points x [n, d]. A fit that was stopped, saved and loaded goes on where it stood, with the same points and weights.
   * @throws when there are fewer points than clusters, a value is NaN or infinite, given centres have another shape, or weights are negative or not
   * one a point; the signal's reason when aborted
   */
  async fit(x: PointSource, options: KMeansFitOptions = {}): Promise<this> {
    const k = this.nClusters;
    return this.fitting(options, FIT_RULES, (fit) => {
      const work = async (points: PointSet): Promise<void> => {
        const { n, d, frame } = points;
        if (n < k) throw new Error(`KMeans.fit: ${k} clusters need as many points, x has ${n}`);
        const given = this.#givenCenters(d, frame);
        const { nInit, seed, tolerance } = this.settings;
        const threshold = tolerance === 0 ? 0 : tolerance * (await points.meanVariance());
        const before = this.#goesOn ? this.#standing : undefined;
        const weight = options.sampleWeight && (await aside()).takeWeights(options.sampleWeight, n, k);
        if (before) await (await aside()).checkSame(before, k, points, weight?.total);
        this.#goesOn = false;
        const lloyd = await points.lloyd(k);
        try {
          if (weight) lloyd.setWeights(weight.weights);
          let best = before?.best;
          for (let run = before?.run ?? 0; run < nInit; run++) {
            if (run === before?.run) lloyd.resume(before.centers, before.labels, before.origin);
            else lloyd.setCenters(given ?? (await this.#begin(points, randomOfRun(seed, run), weight)));
            const history = run === before?.run ? before.history : [];
            const result = await this.#run(lloyd, { run, best, history }, threshold, fit, points, weight?.total);
            if (!best || result.inertia < best.inertia) best = result;
          }
          this.#result = best;
          this.#standing = undefined;
        } finally {
          lloyd.dispose();
        }
      };
      return withPointSet(x, this.#deviceFor, "KMeans.fit", work, () => fit.between());
    });
  }

  /** `fit`, then the labels. */
  async fitPredict(x: PointSource, options: KMeansFitOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** The nearest centre of each row of x [n, d]; the lowest of equally near ones. @throws before `fit`, or for another d */
  async predict(x: PointSource): Promise<Int32Array<ArrayBuffer>> {
    const { clusterCenters } = this.known("predict", this.#result);
    return this.computing("predict", () => nearestCenters(x, clusterCenters, this.#deviceFor, "KMeans.predict"));
  }

  /** −Σ ‖x − c‖² to the nearest centres: the higher the better. @throws before `fit`, or for another d */
  async score(x: PointSource): Promise<number> {
    const { clusterCenters } = this.known("score", this.#result);
    return this.computing("score", async () => -(await inertiaOf(x, clusterCenters, this.#deviceFor, "KMeans.score")));
  }

  /** The distance ‖x − c‖ of each row of x [n, d] to each centre, [n, k]. @throws before `fit`, or for another d */
  async transform(x: PointSource): Promise<NdArray> {
    const { clusterCenters } = this.known("transform", this.#result);
    return this.computing("transform", () =>
      distancesToCenters(x, clusterCenters, this.#deviceFor, "KMeans.transform"),
    );
  }

  /** @throws when the bytes are no checkpoint of a KMeans */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<KMeans> {
    return Model.restored("KMeans", content, options, (settings) => new KMeans(settings));
  }

  protected override own(): Learned {
    const standing = this.#standing;
    const result = standing ? this.#result : this.known("save", this.#result);
    const figures = ({ inertia, nIter, history }: Result): object => ({ inertia, nIter, history });
    const { run, best, centers, labels, origin, history, weight, hash } = standing ?? {};
    return {
      arrays: {
        ...(result && resultArrays(result)),
        ...(best && resultArrays(best, "best.")),
        ...(centers && { "standing.centers": new NdArray(centers, [this.nClusters, centers.length / this.nClusters]) }),
        ...(labels && { "standing.labels": new NdArray<TypedArray>(labels) }),
        ...(origin && { "standing.origin": new NdArray(origin) }),
      },
      state: {
        ...(result && figures(result)),
        ...(standing && { standing: { run, history, weight, hash } }),
        ...(best && { best: figures(best) }),
      },
    };
  }

  protected override keptSettings(): object {
    return { ...this.settings, init: keptInit(this.settings.init) };
  }

  protected override async restore(saved: Checkpoint): Promise<void> {
    [this.#result, this.#standing] = (await aside()).restoredKMeans(saved, this.settings);
    this.#goesOn = this.#standing !== undefined;
  }

  protected override release(): void {
    this.#result = undefined;
    this.#standing = undefined;
  }

  readonly #deviceFor = (x: PointSource): Promise<Device> => this.device(x);

  #givenCenters(d: number, frame: Frame): Float32Array | undefined {
    const { init } = this.settings;
    if (typeof init === "string") return undefined;
    return givenCenters(init, this.nClusters, frame, d, "KMeans.fit");
  }

  async #begin(points: PointSet, random: Random, weight?: SampleWeight): Promise<Float32Array> {
    const k = this.nClusters;
    if (this.settings.init === "random")
      return points.read(weight?.draw(k, random) ?? Uint32Array.from(randomRows(points.n, k, random)));
    return points.sample(k, random, async (x, rows) => readRows(x, await plusPlusRows(x, k, random, weight?.of(rows))));
  }

  /** One run, from where the centres are. */
  async #run(
    lloyd: LloydPasses,
    { run, best, history: before }: Pick<Standing, "run" | "best" | "history">,
    threshold: number,
    fit: Fit<KMeansReport>,
    points: PointSet,
    weight?: number,
  ): Promise<Result> {
    const { maxIter, nInit } = this.settings;
    const { frame } = points;
    const unit = frame.scale ** 2; // of squared distances
    const history = [...before];
    this.learned(); // from now on it can say where it stands
    const stand = async (): Promise<void> => {
      this.#standing = await (await aside()).standingAt(lloyd, points, { run, best, history: [...history], weight });
    };
    const { labels, centers, inertia } = await runLloyd(lloyd, {
      ...{ maxIter, threshold, begun: history.length },
      before: async () => {
        if (points.streamed) await stand(); // a pass that reads can be stopped in its middle
        await fit.between(stand);
      },
      after: ({ changed, shift, ...pass }) => {
        const inertia = pass.inertia * unit;
        const loss = inertia / (weight ?? lloyd.n);
        history.push({ stage: "KMeans", epoch: history.length + 1, loss, inertia, changed });
        fit.report({
          ...{ stage: "KMeans", epoch: run + 1, epochs: nInit, step: history.length, steps: maxIter },
          ...{ loss, inertia, changed, shift: shift * unit, mayEnd: true },
        });
      },
    });
    return {
      ...{ labels, clusterCenters: frame.back(centers, [lloyd.k, lloyd.d]), inertia: unit * inertia },
      ...{ nIter: history.length, history },
    };
  }
}
