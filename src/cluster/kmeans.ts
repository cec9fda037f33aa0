import { isObject } from "../checks";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import { entryOf, labelsOf, matrixOf } from "../lifecycle/checkpoint";
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import type { Fit } from "../lifecycle/fit";
import { Model } from "../lifecycle/model";
import type { DeviceOption, OptionSet } from "../lifecycle/model";
import { HISTORY, RUN_RULES } from "../lifecycle/progress";
import type { EpochRecord, RunOptions, StepReport } from "../lifecycle/progress";
import { toContiguous } from "../matrix";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { range, seed as seedRule, integer } from "../options";
import type { Rule } from "../options";
import { stream } from "../random";
import type { Random } from "../random";
import type { Tensor } from "../tensor";
import { distancesToCenters, givenCenters, meanVariance, total, withNearest } from "./centers";
import type { Frame, Matrix } from "./frame";
import { plusPlusRows, randomRows } from "./kmeans-init";
import { Lloyd, LLOYD_KERNELS } from "./lloyd";
import { readRows, withPoints } from "./points";
import type { Points } from "./points";

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

/** How centres may begin, as options say it. */
export const INIT_RULE: Rule = {
  words: '"k-means++", "random" or a matrix of centres',
  holds: (value) => value === "k-means++" || value === "random" || (typeof value === "object" && value !== null),
};

const OPTIONS: OptionSet<Settings> = {
  rules: {
    ...{ nClusters: integer(1), init: INIT_RULE, nInit: integer(1), maxIter: integer(1), tolerance: range(0) },
    seed: seedRule,
  },
  defaults: { init: "k-means++", nInit: 10, maxIter: 300, tolerance: 1e-4, seed: 0 },
  kernels: () => LLOYD_KERNELS,
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

/** The result of the best run. */
interface Result {
  readonly labels: Int32Array<ArrayBuffer>;
  readonly clusterCenters: Matrix;
  readonly inertia: number;
  readonly nIter: number;
  readonly history: readonly EpochRecord[];
}

/**
 * k-means by Lloyd's algorithm (Lloyd 1982), as scikit-learn's `KMeans` does it: greedy k-means++, several runs, empty clusters
 * moved to the points farthest from their centres, a stop when labels repeat or centres rest, labels that agree with the centres.
 * Distances decide in float32; the sums are ordered, so that one seed gives the same bytes on one device every time.
 */
export class KMeans extends Model<Settings> {
  #result: Result | undefined;

  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: KMeansOptions) {
    super("KMeans", withRuns(options), OPTIONS);
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
  /** Σ ‖x − c‖² over the points that were fitted, summed in float64. @throws before `fit` */
  get inertia(): number {
    return this.known("inertia", this.#result).inertia;
  }
  /** Iterations of the best run. @throws before `fit` */
  get nIter(): number {
    return this.known("nIter", this.#result).nIter;
  }

  /**
   * Finds the centres of points x [n, d].
   * @throws when there are fewer points than clusters, a value is NaN or infinite, or given centres have another shape; the signal's
   * reason when aborted
   */
  async fit(x: Points, options: RunOptions<KMeansReport> = {}): Promise<this> {
    const k = this.nClusters;
    return this.fitting(options, RUN_RULES, (fit) =>
      withPoints(x, this.#deviceFor, "KMeans.fit", async (points, n, d, frame) => {
        if (n < k) throw new Error(`KMeans.fit: ${k} clusters need as many points, x has ${n}`);
        const given = this.#givenCenters(d, frame);
        const { nInit, seed, tolerance } = this.settings;
        const threshold = tolerance === 0 ? 0 : tolerance * (await meanVariance(points));
        const lloyd = new Lloyd(points, k);
        try {
          let best: Result | undefined;
          for (let run = 0; run < nInit; run++) {
            const random = stream(seed, "KMeans.run", run);
            const result = await this.#run(
              lloyd,
              given ?? (await this.#begin(points, random)),
              threshold,
              run,
              fit,
              frame,
            );
            if (!best || result.inertia < best.inertia) best = result;
          }
          this.#result = best;
          this.learned();
        } finally {
          lloyd.dispose();
        }
      }),
    );
  }

  /** `fit`, then the labels. */
  async fitPredict(x: Points, options: RunOptions<KMeansReport> = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** The nearest centre of each row of x [n, d]; the lowest of equally near ones. @throws before `fit`, or for another d */
  async predict(x: Points): Promise<Int32Array<ArrayBuffer>> {
    return this.#nearest(x, "predict", (lloyd) => lloyd.labels());
  }

  /** −Σ ‖x − c‖² to the nearest centres: the higher the better. @throws before `fit`, or for another d */
  async score(x: Points): Promise<number> {
    return this.#nearest(x, "score", async (lloyd, { scale }) => -(scale ** 2) * total(await lloyd.distances()));
  }

  /** The distance ‖x − c‖ of each row of x [n, d] to each centre, [n, k]. @throws before `fit`, or for another d */
  async transform(x: Points): Promise<NdArray> {
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
    const { labels, clusterCenters, inertia, nIter, history } = this.known("save", this.#result);
    return { arrays: { labels: new NdArray<TypedArray>(labels), clusterCenters }, state: { inertia, nIter, history } };
  }

  protected override keptSettings(): object {
    return { ...this.settings, init: keptInit(this.settings.init) };
  }

  protected override restore(saved: Checkpoint): void {
    const labels = labelsOf(saved, "labels", this.nClusters);
    const clusterCenters = matrixOf(saved, "clusterCenters", [this.nClusters, -1]);
    if (!labels || !clusterCenters) throw new Error("checkpoint: labels and clusterCenters must be there");
    this.#result = {
      ...{ labels, clusterCenters, inertia: entryOf(saved, "inertia", range(0)) },
      ...{ nIter: entryOf(saved, "nIter", integer(0)), history: entryOf(saved, "history", HISTORY) },
    };
  }

  protected override release(): void {
    this.#result = undefined;
  }

  readonly #deviceFor = (x: Points): Promise<Device> => this.device(x);

  #givenCenters(d: number, frame: Frame): Float32Array | undefined {
    const { init } = this.settings;
    if (typeof init === "string") return undefined;
    return givenCenters(init, this.nClusters, frame, d, "KMeans.fit");
  }

  async #begin(x: Tensor, random: Random): Promise<Float32Array> {
    const k = this.nClusters;
    const rows =
      this.settings.init === "random" ? randomRows(x.shape[0]!, k, random) : await plusPlusRows(x, k, random);
    return readRows(x, rows);
  }

  /** One run from given centres. */
  async #run(
    lloyd: Lloyd,
    centers: Float32Array,
    threshold: number,
    run: number,
    fit: Fit<KMeansReport>,
    frame: Frame,
  ): Promise<Result> {
    const { maxIter, nInit } = this.settings;
    const unit = frame.scale ** 2; // of squared distances
    const history: EpochRecord[] = [];
    lloyd.setCenters(centers);
    let settled = false;
    while (history.length < maxIter) {
      await fit.between();
      lloyd.assign();
      const { changed, shift, ...pass } = await lloyd.update(true);
      const inertia = pass.inertia * unit;
      const loss = inertia / lloyd.n;
      history.push({ stage: "KMeans", epoch: history.length + 1, loss, inertia, changed });
      fit.report({
        ...{ stage: "KMeans", epoch: run + 1, epochs: nInit, step: history.length, steps: maxIter },
        ...{ loss, inertia, changed, shift: shift * unit },
      });
      settled = changed === 0 && shift === 0;
      if (changed === 0 || shift <= threshold) break;
    }
    if (!settled) lloyd.assign(); // the labels of the centres as they are now
    const [labels, distances, data] = await Promise.all([lloyd.labels(), lloyd.distances(), lloyd.centers()]);
    return {
      ...{ labels, clusterCenters: frame.back(data, [lloyd.k, lloyd.d]), inertia: unit * total(distances) },
      ...{ nIter: history.length, history },
    };
  }

  #nearest<R>(x: Points, method: string, result: (lloyd: Lloyd, frame: Frame) => Promise<R>): Promise<R> {
    const { clusterCenters } = this.known(method, this.#result);
    return this.computing(method, () => withNearest(x, clusterCenters, this.#deviceFor, `KMeans.${method}`, result));
  }
}
