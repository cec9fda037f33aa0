import { checkRange, checkInteger } from "../../checks";
import type { Bytes } from "../../data/formats/source";
import type { Device } from "../../device";
import { kmeansDistances } from "../../kernels/clustering";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import { Model } from "../../lifecycle/model";
import type { DeviceOption, OptionSet } from "../../lifecycle/model";
import { HISTORY, RUN_RULES } from "../../lifecycle/progress";
import type { EpochRecord, RunOptions, StepReport } from "../../lifecycle/progress";
import { checkSamePoints } from "../../lifecycle/same-points";
import type { PointsOf } from "../../lifecycle/same-points";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { finite, optional, range, seed as seedRule, integer } from "../../options";
import { Random, stream } from "../../random";
import type { Tensor } from "../../tensor";
import { checkColumns, distancesToCenters, givenCenters, inertiaOf, nearestCenters, shiftOf } from "./centers";
import type { Frame, Matrix } from "../frame";
import { INIT_RULE, keptInit, withRuns } from "./kmeans";
import type { KMeansOptions } from "./kmeans";
import { plusPlusRows, randomRows } from "./kmeans-init";
import { Lloyd, LLOYD_KERNELS } from "./lloyd";
import {
  assigned,
  foundAt,
  Improvement,
  keptStanding,
  load,
  RANDOM_STATE,
  restoredStanding,
  standingOf,
  weakCenters,
} from "./mini-batch-steps";
import type { Found, Standing } from "./mini-batch-steps";
import { hashOfPoints } from "../point-hash";
import { readRows, withPoints } from "../points";
import type { Points, PointSource } from "../points";
import { Batches } from "../streams/batches";
import { onDevice, withPointSet } from "../streams/point-set";
import type { PointSet } from "../streams/point-set";

/** What `onStep` of `MiniBatchKMeans.fit` is told: one epoch of `steps` batches at most; the loss is the batch's mean ‖x − c‖² to the centres before it. */
export type MiniBatchReport = StepReport;

/** Options of `MiniBatchKMeans`. */
export interface MiniBatchKMeansOptions extends KMeansOptions {
  /** Beginnings that are tried on a sample; default 3, or 1 for given centres. */
  readonly nInit?: number;
  /** Points of a batch; default 1,024. */
  readonly batchSize?: number;
  /** Passes over as many points as there are, at most; default 100. */
  readonly maxIter?: number;
  /** Points that beginnings are sought and compared on; default three batches, or 3 k. */
  readonly initSize?: number;
  /** Centres with fewer points than this share of the largest one's begin anew at random points; 0: never. Default 0.01. */
  readonly reassignmentRatio?: number;
  /** Ends when the centres' squared shift in a step is at most this times the mean variance; default 0: unused. */
  readonly tolerance?: number;
  /** Ends after so many steps without a lower smoothed inertia; 0: never. Default 10. */
  readonly maxNoImprovement?: number;
}

/** @inline */
type Settings = Required<Omit<MiniBatchKMeansOptions, "device" | "initSize">> &
  Pick<MiniBatchKMeansOptions, "initSize">;

/** Its options: their rules and defaults. @internal */
export const MINI_BATCH_OPTIONS: OptionSet<Settings> = {
  rules: {
    ...{ nClusters: integer(1), init: INIT_RULE, nInit: integer(1), batchSize: integer(1), maxIter: integer(1) },
    ...{
      initSize: optional(integer(1)),
      reassignmentRatio: range(0),
      tolerance: range(0),
      maxNoImprovement: integer(0),
    },
    seed: seedRule,
  },
  defaults: {
    ...{ init: "k-means++", nInit: 3, batchSize: 1024, maxIter: 100, reassignmentRatio: 0.01, tolerance: 0 },
    ...{ maxNoImprovement: 10, seed: 0 },
  },
  kernels: () => [...LLOYD_KERNELS, kmeansDistances],
};

/**
 * k-means on random batches: each centre moves to the mean of all the points that it was ever given, which is the per-centre
 * rate 1 / count of Sculley, "Web-scale k-means clustering", WWW 2010, algorithm 1. Beginnings, reassignment and the early stop
 * are scikit-learn's `MiniBatchKMeans`. Rows of a source (`NpyDataset`) are read as batches ask for them, the next one while a step computes, and once
 * for their means and once for their labels: what is found is the same as of the rows in memory.
 */
export class MiniBatchKMeans extends Model<Settings> {
  #found: Found | undefined;
  #standing: Standing | undefined;
  /** Whether the next fit goes on from where a loaded one stood. */
  #goesOn = false;

  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: MiniBatchKMeansOptions) {
    super("MiniBatchKMeans", withRuns(options), MINI_BATCH_OPTIONS);
    const { initSize = Infinity, nClusters } = this.settings;
    if (initSize < nClusters) checkInteger("MiniBatchKMeans", { initSize }, nClusters);
  }

  get nClusters(): number {
    return this.settings.nClusters;
  }

  /** The cluster of each point of the last `fit` or `partialFit`. @throws before either */
  get labels(): Int32Array<ArrayBuffer> {
    return this.known("labels", this.#found).labels;
  }
  /** The centres [k, d], in float64 where float32 cannot hold them. @throws before `fit` */
  get clusterCenters(): Matrix {
    return this.known("clusterCenters", this.#found).centers;
  }
  /** Σ ‖x − c‖² over the points of the last `fit` or `partialFit` to the centres that gave the labels. */
  get inertia(): number {
    return this.known("inertia", this.#found).inertia;
  }
  /** Points that each centre was given so far. */
  get counts(): Float64Array {
    return this.#found?.counts.slice() ?? new Float64Array(this.nClusters);
  }
  /** Passes over as many points as there are, rounded up. */
  get nIter(): number {
    return this.#found?.nIter ?? 0;
  }
  /** Batches of the last `fit`, or all of `partialFit`. */
  get nSteps(): number {
    return this.#found?.nSteps ?? 0;
  }

  /** One record per step of the last `fit`; the loss is the batch's mean ‖x − c‖² to the centres before it. */
  override get history(): readonly EpochRecord[] {
    return this.#found?.history ?? [];
  }

  /**
   * Finds the centres of points x [n, d] from the beginning, then labels all points. A fit that was stopped, saved and loaded goes on where it stood,
   * with the same points.
   * @throws when there are fewer points than clusters, a value is NaN or infinite, or given centres have another shape; the signal's
   * reason when aborted
   */
  async fit(x: PointSource, options: RunOptions<MiniBatchReport> = {}): Promise<this> {
    const { maxIter, tolerance, seed, nClusters } = this.settings;
    return this.fitting(options, RUN_RULES, (fit) => {
      const work = async (points: PointSet): Promise<void> => {
        const { n, d, frame } = points;
        const unit = frame.scale ** 2; // of squared distances
        this.#checkEnough(n, "fit");
        const hash = await hashOfPoints(points);
        const before = this.#takeStanding({ n, d, hash });
        const found = before
          ? foundAt(before, frame)
          : await this.#begin(points, stream(seed, "MiniBatchKMeans"), "fit");
        const batchSize = Math.min(this.settings.batchSize, n);
        const threshold = tolerance === 0 ? -1 : tolerance * (await points.meanVariance());
        const steps = Math.floor((maxIter * n) / batchSize);
        const improvement = new Improvement(batchSize, n, this.settings.maxNoImprovement, before?.improvement);
        const batches = new Batches(points, found.random, batchSize);
        const history: EpochRecord[] = [...(before?.history ?? [])];
        let lloyd: Lloyd | undefined;
        let ended = before?.ended ?? false;
        const stand = async (): Promise<void> => {
          if (lloyd) this.#standing = await standingOf(lloyd, found, { n, d, hash, history, improvement, ended });
        };
        try {
          for (let step = history.length; step < steps && !ended; step++) {
            await fit.between(stand);
            const batch = await batches.next(step + 1 < steps);
            try {
              if (lloyd) lloyd.x = batch;
              else load((lloyd = new Lloyd(batch, nClusters)), found, frame, before);
              lloyd.assign();
              const { inertia, shift } = await this.#step(lloyd, found);
              const loss = (unit * inertia) / batchSize;
              history.push({ stage: "MiniBatchKMeans", epoch: step + 1, loss });
              this.learned();
              const mayEnd = this.settings.maxNoImprovement > 0 || tolerance > 0;
              fit.report({ stage: "MiniBatchKMeans", epoch: 1, epochs: 1, step: step + 1, steps, loss, mayEnd });
              ended = shift <= threshold || (step > 0 && improvement.ended(loss));
            } finally {
              batch.dispose();
            }
          }
          ended = true;
          await stand(); // all points are labelled next, which can be stopped
          if (lloyd) found.centers = frame.back(await lloyd.centers(), [nClusters, d]);
        } finally {
          lloyd?.dispose();
          await batches.end();
        }
        const [labels, inertia] = await assigned(points, found.centers);
        const nIter = Math.ceil((found.nSteps * batchSize) / n);
        this.#found = { ...found, labels, inertia: unit * inertia, nIter, history };
        this.#standing = undefined;
        this.learned();
      };
      return withPointSet(x, this.#deviceFor, "MiniBatchKMeans.fit", work, () => fit.between());
    });
  }

  /** `fit`, then the labels. */
  async fitPredict(x: PointSource, options: RunOptions<MiniBatchReport> = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /**
   * One step with x [n, d] as the batch; the first call finds where to begin among it. `labels` are then the clusters of the
   * batch as they were before the centres moved.
   * @throws as `fit`, or when x has another d than before
   */
  async partialFit(x: Points): Promise<this> {
    const op = "MiniBatchKMeans.partialFit";
    const { init, seed, nClusters } = this.settings;
    const work = (): Promise<void> => {
      const before = this.#found;
      const step = async (points: Tensor, n: number, d: number, frame: Frame): Promise<void> => {
        if (before) checkColumns(op, d, before.centers);
        else if (typeof init === "string") this.#checkEnough(n, "partialFit");
        const found = before
          ? { ...before, counts: before.counts.slice(), random: new Random(before.random.state()) }
          : await this.#begin(onDevice(points, frame), stream(seed, "MiniBatchKMeans"), "partialFit");
        const lloyd = new Lloyd(points, nClusters);
        try {
          load(lloyd, found, frame);
          lloyd.assign();
          found.labels = await lloyd.labels();
          found.inertia = frame.scale ** 2 * (await this.#step(lloyd, found)).inertia;
          found.centers = frame.back(await lloyd.centers(), [nClusters, d]);
        } finally {
          lloyd.dispose();
        }
        this.#found = found;
        this.learned();
      };
      return withPoints(x, this.#deviceFor, op, step, before && shiftOf(before.centers));
    };
    return this.fitting({}, RUN_RULES, work, "partialFit");
  }

  /** The nearest centre of each row of x [n, d]; the lowest of equally near ones. @throws before `fit`, or for another d */
  async predict(x: PointSource): Promise<Int32Array<ArrayBuffer>> {
    const { centers } = this.known("predict", this.#found);
    return this.computing("predict", () => nearestCenters(x, centers, this.#deviceFor, "MiniBatchKMeans.predict"));
  }

  /** −Σ ‖x − c‖² to the nearest centres: the higher the better. @throws before `fit`, or for another d */
  async score(x: PointSource): Promise<number> {
    const { centers } = this.known("score", this.#found);
    return this.computing(
      "score",
      async () => -(await inertiaOf(x, centers, this.#deviceFor, "MiniBatchKMeans.score")),
    );
  }

  /** The distance ‖x − c‖ of each row of x [n, d] to each centre, [n, k]. @throws before `fit`, or for another d */
  async transform(x: PointSource): Promise<NdArray> {
    const { centers } = this.known("transform", this.#found);
    return this.computing("transform", () =>
      distancesToCenters(x, centers, this.#deviceFor, "MiniBatchKMeans.transform"),
    );
  }

  /** @throws when the bytes are no checkpoint of a MiniBatchKMeans */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<MiniBatchKMeans> {
    return Model.restored("MiniBatchKMeans", content, options, (settings) => new MiniBatchKMeans(settings));
  }

  protected override own(): Learned {
    const standing = this.#standing && keptStanding(this.#standing);
    const found = standing ? this.#found : this.known("save", this.#found);
    const { centers, counts, random, labels, ...state } = found ?? {};
    return {
      arrays: {
        ...(found && {
          labels: new NdArray<TypedArray>(labels!),
          counts: new NdArray<TypedArray>(counts!),
          clusterCenters: centers!,
        }),
        ...standing?.arrays,
      },
      state: { ...state, ...(random && { random: random.state() }), ...(standing && { standing: standing.state }) },
    };
  }

  protected override keptSettings(): object {
    return { ...this.settings, init: keptInit(this.settings.init) };
  }

  protected override restore(saved: Checkpoint): void {
    const { nClusters } = this.settings;
    this.#standing = restoredStanding(saved, nClusters);
    this.#goesOn = this.#standing !== undefined;
    if (this.#standing && !saved.arrays["labels"]) return;
    const labels = saved.labels("labels", nClusters);
    const centers = saved.matrix("clusterCenters", [nClusters, -1]);
    const counts = saved.arrays["counts"];
    if (!labels || !centers || counts?.data.length !== nClusters)
      throw new Error("checkpoint: labels, clusterCenters and as many counts must be there");
    checkRange("checkpoint", Object.fromEntries(Array.from(counts.data, (count, j) => [`counts[${j}]`, count])), 0);
    this.#found = {
      ...{ labels, centers, counts: Float64Array.from(counts.data) },
      random: new Random(saved.entry("random", RANDOM_STATE)),
      sinceReassignment: saved.entry("sinceReassignment", integer(0)),
      inertia: saved.entry("inertia", finite),
      nSteps: saved.entry("nSteps", integer(0)),
      nIter: saved.entry("nIter", integer(0)),
      history: saved.entry("history", HISTORY),
    };
  }

  protected override release(): void {
    [this.#found, this.#standing] = [undefined, undefined];
  }

  readonly #deviceFor = (x: PointSource): Promise<Device> => this.device(x);

  /** Where a loaded fit stood, which this one goes on from. @throws for other points */
  #takeStanding(now: PointsOf): Standing | undefined {
    const before = this.#goesOn ? this.#standing : undefined;
    if (before) checkSamePoints("MiniBatchKMeans.fit", before, now);
    this.#goesOn = false;
    return before;
  }

  #checkEnough(n: number, method: string): void {
    const { nClusters } = this.settings;
    if (n < nClusters)
      throw new Error(`MiniBatchKMeans.${method}: ${nClusters} clusters need as many points, x has ${n}`);
  }

  /** The best of `nInit` beginnings, by the inertia of a random sample. */
  async #begin(points: PointSet, random: Random, method: string): Promise<Found> {
    const { init, nInit, batchSize, nClusters: k, initSize = Math.max(3 * batchSize, 3 * k) } = this.settings;
    const { n, d, frame } = points;
    const from = (centers: Float32Array): Found => ({
      ...{ centers: frame.back(centers, [k, d]), counts: new Float64Array(k), random, sinceReassignment: 0 },
      ...{ labels: new Int32Array(0), inertia: 0, nSteps: 0, nIter: 0, history: [] },
    });
    if (typeof init !== "string") return from(givenCenters(init, k, frame, d, `MiniBatchKMeans.${method}`));
    const size = Math.min(initSize, n);
    const sample = (): Promise<Tensor> => points.gather(Uint32Array.from(randomRows(n, size, random)));
    const lloyd = new Lloyd(await sample(), k);
    let best: Float32Array | undefined;
    let lowest = Infinity;
    try {
      for (let trial = 0; trial < nInit; trial++) {
        const among = await sample();
        try {
          const rows = init === "random" ? randomRows(size, k, random) : await plusPlusRows(among, k, random);
          const centers = await readRows(among, rows);
          lloyd.setCenters(centers);
          lloyd.assign();
          const inertia = await lloyd.inertia();
          if (inertia < lowest) [best, lowest] = [centers, inertia];
        } finally {
          among.dispose();
        }
      }
    } finally {
      lloyd.x.dispose();
      lloyd.dispose();
    }
    return from(best!);
  }

  /** Moves the centres of an assigned batch, and begins anew those that stay almost without points. */
  async #step(lloyd: Lloyd, found: Found): Promise<{ inertia: number; shift: number }> {
    const { reassignmentRatio, nClusters } = this.settings;
    const { counts, random } = found;
    const pass = await lloyd.update(false);
    found.nSteps++;
    pass.counts.forEach((count, j) => (counts[j]! += count));
    found.sinceReassignment += lloyd.n;
    const due = counts.includes(0) || found.sinceReassignment >= 10 * nClusters;
    if (due) found.sinceReassignment = 0;
    const weak = due && reassignmentRatio > 0 ? weakCenters(counts, lloyd.n, reassignmentRatio) : [];
    if (weak.length > 0) {
      const centers = await lloyd.centers();
      const points = await readRows(lloyd.x, randomRows(lloyd.n, weak.length, random));
      weak.forEach((j, i) => centers.set(points.subarray(i * lloyd.d, (i + 1) * lloyd.d), j * lloyd.d));
      const kept = counts.filter((_, j) => !weak.includes(j));
      for (const j of weak) counts[j] = Math.min(...kept);
      lloyd.setCenters(centers, Float32Array.from(counts));
    } else lloyd.setCounts(Float32Array.from(counts));
    return pass;
  }
}
