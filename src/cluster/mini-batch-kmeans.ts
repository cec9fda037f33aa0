import { checkRange, checkWhole, fitted } from "../checks";
import type { NdArray } from "../ndarray";
import { gatherRows } from "../ops/indexing";
import { Random } from "../random";
import { untidied } from "../tensor";
import type { Tensor } from "../tensor";
import {
  checkColumns,
  checkInit,
  distancesToCenters,
  givenCenters,
  meanVariance,
  shiftOf,
  total,
  withNearest,
} from "./centers";
import type { Frame, Matrix } from "./frame";
import type { KMeansOptions } from "./kmeans";
import { plusPlusRows, randomRows } from "./kmeans-init";
import { Lloyd } from "./lloyd";
import { DeviceHolder, readRows, withPoints } from "./points";
import type { Points } from "./points";

/** What `onStep` is told. */
export interface MiniBatchProgress {
  /** Batches done. */
  readonly step: number;
  /** Batches at most. */
  readonly steps: number;
  /** Mean ‖x − c‖² of the batch to the centres before it. */
  readonly inertia: number;
}

/** Options of `MiniBatchKMeans`. */
export interface MiniBatchKMeansOptions extends Omit<KMeansOptions, "onIteration"> {
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
  /** After each step. */
  readonly onStep?: (progress: MiniBatchProgress) => void;
}

/**
 * k-means on random batches: each centre moves to the mean of all the points that it was ever given, which is the per-centre
 * rate 1 / count of Sculley, "Web-scale k-means clustering", WWW 2010, algorithm 1. Beginnings, reassignment and the early stop
 * are scikit-learn's `MiniBatchKMeans`.
 */
export class MiniBatchKMeans {
  readonly nClusters: number;
  readonly #options: Required<Omit<MiniBatchKMeansOptions, "device" | "signal" | "onStep" | "initSize">>;
  readonly #initSize: number;
  readonly #onStep: ((progress: MiniBatchProgress) => void) | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #holder: DeviceHolder;
  readonly #random: Random;
  #centers: Matrix | undefined;
  #counts: Float64Array;
  #sinceReassignment = 0;
  #labels: Int32Array<ArrayBuffer> | undefined;
  #inertia = NaN;
  #nSteps = 0;
  #nIter = 0;

  /** @throws when an option is out of its range */
  constructor(options: MiniBatchKMeansOptions) {
    const { nClusters, init = "k-means++", seed = 0, batchSize = 1024, maxIter = 100, tolerance = 0 } = options;
    const { nInit = typeof init === "string" ? 3 : 1, reassignmentRatio = 0.01, maxNoImprovement = 10 } = options;
    const op = "MiniBatchKMeans";
    const { initSize = Math.max(3 * batchSize, 3 * nClusters) } = options;
    checkWhole(op, { nClusters, nInit, batchSize, maxIter }, 1);
    checkWhole(op, { maxNoImprovement }, 0);
    checkWhole(op, { initSize }, nClusters);
    checkRange(op, { tolerance, reassignmentRatio }, 0);
    checkInit(op, init);
    this.nClusters = nClusters;
    this.#initSize = initSize;
    this.#options = {
      ...{ nClusters, init, nInit, seed, batchSize, maxIter },
      ...{ tolerance, reassignmentRatio, maxNoImprovement },
    };
    this.#onStep = options.onStep;
    this.#signal = options.signal;
    this.#holder = new DeviceHolder(options.device);
    this.#random = new Random(seed);
    this.#counts = new Float64Array(nClusters);
  }

  /** The cluster of each point of the last `fit` or `partialFit`. @throws before either */
  get labels(): Int32Array<ArrayBuffer> {
    this.#fitted("labels");
    return this.#labels!;
  }
  /** The centres [k, d], in float64 where float32 cannot hold them. @throws before `fit` */
  get clusterCenters(): Matrix {
    return this.#fitted("clusterCenters");
  }
  /** Σ ‖x − c‖² over the points of the last `fit` or `partialFit` to the centres that gave the labels. */
  get inertia(): number {
    this.#fitted("inertia");
    return this.#inertia;
  }
  /** Points that each centre was given so far. */
  get counts(): Float64Array {
    return this.#counts.slice();
  }
  /** Passes over as many points as there are, rounded up. */
  get nIter(): number {
    return this.#nIter;
  }
  /** Batches of the last `fit`, or all of `partialFit`. */
  get nSteps(): number {
    return this.#nSteps;
  }

  /**
   * Finds the centres of points x [n, d] from the beginning, then labels all points.
   * @throws when there are fewer points than clusters, a value is NaN or infinite, or given centres have another shape
   */
  async fit(x: Points): Promise<this> {
    const { maxIter, tolerance, seed } = this.#options;
    await withPoints(x, this.#holder, "MiniBatchKMeans.fit", async (points, n, d, frame) => {
      const unit = frame.scale ** 2; // of squared distances
      this.#checkEnough(n, "fit");
      this.#random.restore(new Random(seed).state());
      this.#centers = frame.back(await this.#begin(points, frame, "fit"), [this.nClusters, d]);
      this.#counts = new Float64Array(this.nClusters);
      [this.#sinceReassignment, this.#nSteps] = [0, 0];
      const batchSize = Math.min(this.#options.batchSize, n);
      const threshold = tolerance === 0 ? -1 : tolerance * (await meanVariance(points));
      const steps = Math.floor((maxIter * n) / batchSize);
      const improvement = new Improvement(batchSize, n, this.#options.maxNoImprovement);
      let lloyd: Lloyd | undefined;
      try {
        for (let step = 0; step < steps; step++) {
          this.#signal?.throwIfAborted();
          const rows = Uint32Array.from({ length: batchSize }, () => this.#random.integer(n));
          const batch = untidied(() => gatherRows(points, rows));
          try {
            if (lloyd) lloyd.x = batch;
            else this.#load((lloyd = new Lloyd(batch, this.nClusters)), frame);
            lloyd.assign();
            const { inertia, shift } = await this.#step(lloyd);
            this.#onStep?.({ step: step + 1, steps, inertia: (unit * inertia) / batchSize });
            if (shift <= threshold || (step > 0 && improvement.ended(inertia / batchSize))) break;
          } finally {
            batch.dispose();
          }
        }
        if (lloyd) this.#centers = frame.back(await lloyd.centers(), [this.nClusters, d]);
      } finally {
        lloyd?.dispose();
      }
      this.#nIter = Math.ceil((this.#nSteps * batchSize) / n);
      await this.#label(points, frame);
    });
    return this;
  }

  /** `fit`, then the labels. */
  async fitPredict(x: Points): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x)).labels;
  }

  /**
   * One step with x [n, d] as the batch; the first call finds where to begin among it. `labels` are then the clusters of the
   * batch as they were before the centres moved.
   * @throws as `fit`, or when x has another d than before
   */
  async partialFit(x: Points): Promise<this> {
    const op = "MiniBatchKMeans.partialFit";
    const step = async (points: Tensor, n: number, d: number, frame: Frame): Promise<void> => {
      if (!this.#centers) {
        if (typeof this.#options.init === "string") this.#checkEnough(n, "partialFit");
        this.#centers = frame.back(await this.#begin(points, frame, "partialFit"), [this.nClusters, d]);
      } else checkColumns(op, d, this.#centers);
      const lloyd = new Lloyd(points, this.nClusters);
      try {
        this.#load(lloyd, frame);
        lloyd.assign();
        const labels = await lloyd.labels();
        this.#inertia = frame.scale ** 2 * (await this.#step(lloyd)).inertia;
        this.#labels = labels;
        this.#centers = frame.back(await lloyd.centers(), [this.nClusters, d]);
      } finally {
        lloyd.dispose();
      }
    };
    await withPoints(x, this.#holder, op, step, this.#centers && shiftOf(this.#centers));
    return this;
  }

  /** The nearest centre of each row of x [n, d]; the lowest of equally near ones. @throws before `fit`, or for another d */
  async predict(x: Points): Promise<Int32Array<ArrayBuffer>> {
    return withNearest(x, this.#fitted("predict"), this.#holder, "MiniBatchKMeans.predict", (lloyd) => lloyd.labels());
  }

  /** −Σ ‖x − c‖² to the nearest centres: the higher the better. @throws before `fit`, or for another d */
  async score(x: Points): Promise<number> {
    const sum = async (lloyd: Lloyd, { scale }: Frame): Promise<number> =>
      -(scale ** 2) * total(await lloyd.distances());
    return withNearest(x, this.#fitted("score"), this.#holder, "MiniBatchKMeans.score", sum);
  }

  /** The distance ‖x − c‖ of each row of x [n, d] to each centre, [n, k]. @throws before `fit`, or for another d */
  async transform(x: Points): Promise<NdArray> {
    return distancesToCenters(x, this.#fitted("transform"), this.#holder, "MiniBatchKMeans.transform");
  }

  /** Ends the device, if it was requested here. */
  async dispose(): Promise<void> {
    await this.#holder.dispose();
  }

  #checkEnough(n: number, method: string): void {
    if (n < this.nClusters)
      throw new Error(`MiniBatchKMeans.${method}: ${this.nClusters} clusters need as many points, x has ${n}`);
  }

  #load(lloyd: Lloyd, frame: Frame): void {
    lloyd.setCenters(frame.into(this.#centers!.data), Float32Array.from(this.#counts));
  }

  /** The best of `nInit` beginnings, by the inertia of a random sample. */
  async #begin(x: Tensor, frame: Frame, method: string): Promise<Float32Array> {
    const { init, nInit } = this.#options;
    const k = this.nClusters;
    if (typeof init !== "string") return givenCenters(init, k, frame, x.shape[1]!, `MiniBatchKMeans.${method}`);
    const n = x.shape[0]!;
    const size = Math.min(this.#initSize, n);
    const sample = (): Tensor => untidied(() => gatherRows(x, Uint32Array.from(randomRows(n, size, this.#random))));
    const lloyd = new Lloyd(sample(), k);
    let best: Float32Array | undefined;
    let lowest = Infinity;
    try {
      for (let trial = 0; trial < nInit; trial++) {
        const among = sample();
        try {
          const rows =
            init === "random" ? randomRows(size, k, this.#random) : await plusPlusRows(among, k, this.#random);
          const centers = await readRows(among, rows);
          lloyd.setCenters(centers);
          lloyd.assign();
          const inertia = total(await lloyd.distances());
          if (inertia < lowest) [best, lowest] = [centers, inertia];
        } finally {
          among.dispose();
        }
      }
    } finally {
      lloyd.x.dispose();
      lloyd.dispose();
    }
    return best!;
  }

  /** Moves the centres of an assigned batch, and begins anew those that stay almost without points. */
  async #step(lloyd: Lloyd): Promise<{ inertia: number; shift: number }> {
    const { reassignmentRatio } = this.#options;
    const pass = await lloyd.update(false);
    this.#nSteps++;
    pass.counts.forEach((count, j) => (this.#counts[j]! += count));
    this.#sinceReassignment += lloyd.n;
    const due = this.#counts.includes(0) || this.#sinceReassignment >= 10 * this.nClusters;
    if (due) this.#sinceReassignment = 0;
    const weak = due && reassignmentRatio > 0 ? this.#weakCenters(lloyd.n, reassignmentRatio) : [];
    if (weak.length > 0) {
      const centers = await lloyd.centers();
      const points = await readRows(lloyd.x, randomRows(lloyd.n, weak.length, this.#random));
      weak.forEach((j, i) => centers.set(points.subarray(i * lloyd.d, (i + 1) * lloyd.d), j * lloyd.d));
      const kept = this.#counts.filter((_, j) => !weak.includes(j));
      for (const j of weak) this.#counts[j] = Math.min(...kept);
      lloyd.setCenters(centers, Float32Array.from(this.#counts));
    } else lloyd.setCounts(Float32Array.from(this.#counts));
    return pass;
  }

  /** Centres with few points, the fewest first; at most half as many as the batch has points. */
  #weakCenters(batch: number, ratio: number): number[] {
    const limit = ratio * this.#counts.reduce((a, b) => Math.max(a, b), 0);
    const weak = Array.from(this.#counts, (_, j) => j).filter((j) => this.#counts[j]! < limit);
    return weak.sort((a, b) => this.#counts[a]! - this.#counts[b]! || a - b).slice(0, Math.floor(batch / 2));
  }

  async #label(points: Tensor, frame: Frame): Promise<void> {
    const lloyd = new Lloyd(points, this.nClusters);
    try {
      lloyd.setCenters(frame.into(this.#centers!.data));
      lloyd.assign();
      this.#labels = await lloyd.labels();
      this.#inertia = frame.scale ** 2 * total(await lloyd.distances());
    } finally {
      lloyd.dispose();
    }
  }

  #fitted(what: string): Matrix {
    return fitted(`MiniBatchKMeans.${what}`, this.#centers);
  }
}

/** The early stop: an exponentially weighted mean of the batches' inertia that has not fallen for some steps. */
class Improvement {
  readonly #alpha: number;
  readonly #patience: number;
  #mean: number | undefined;
  #lowest = Infinity;
  #waited = 0;

  constructor(batchSize: number, n: number, patience: number) {
    this.#alpha = Math.min(1, (2 * batchSize) / (n + 1));
    this.#patience = patience;
  }

  ended(inertia: number): boolean {
    this.#mean = this.#mean === undefined ? inertia : this.#mean * (1 - this.#alpha) + inertia * this.#alpha;
    if (this.#mean < this.#lowest) [this.#lowest, this.#waited] = [this.#mean, 0];
    else this.#waited++;
    return this.#patience > 0 && this.#waited >= this.#patience;
  }
}
