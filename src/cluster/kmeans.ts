import { checkRange, checkWhole, fitted } from "../checks";
import type { Device } from "../device";
import type { MatrixLike } from "../matrix";
import type { NdArray } from "../ndarray";
import { Random } from "../random";
import type { Tensor } from "../tensor";
import { checkInit, distancesToCenters, givenCenters, meanVariance, total, withNearest } from "./centers";
import type { Frame, Matrix } from "./frame";
import { plusPlusRows, randomRows } from "./kmeans-init";
import { Lloyd } from "./lloyd";
import { DeviceHolder, readRows, withPoints } from "./points";
import type { Points } from "./points";

/** How centres begin: spread by k-means++, at random points, or where the caller says ([k, d]). */
export type KMeansInit = "k-means++" | "random" | MatrixLike;

/** What `onIteration` is told. */
export interface KMeansProgress {
  /** Which of the `nInit` runs, from 0. */
  readonly run: number;
  /** Iterations done in this run. */
  readonly iteration: number;
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
  readonly device?: Device;
  /** After each iteration. */
  readonly onIteration?: (progress: KMeansProgress) => void;
  /** Ends `fit` with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The result of the best run. */
interface Fitted {
  readonly labels: Int32Array<ArrayBuffer>;
  readonly clusterCenters: Matrix;
  readonly inertia: number;
  readonly nIter: number;
}

/**
 * k-means by Lloyd's algorithm (Lloyd 1982), as scikit-learn's `KMeans` does it: greedy k-means++, several runs, empty clusters
 * moved to the points farthest from their centres, a stop when labels repeat or centres rest, labels that agree with the centres.
 * Distances decide in float32; the sums are ordered, so that one seed gives the same bytes on one device every time.
 */
export class KMeans {
  readonly nClusters: number;
  readonly #options: Required<Omit<KMeansOptions, "device" | "onIteration" | "signal" | "nClusters">>;
  readonly #onIteration: ((progress: KMeansProgress) => void) | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #holder: DeviceHolder;
  #fitted: Fitted | undefined;

  /** @throws when an option is out of its range */
  constructor(options: KMeansOptions) {
    const { nClusters, init = "k-means++", maxIter = 300, tolerance = 1e-4, seed = 0 } = options;
    const { nInit = typeof init === "string" ? 10 : 1 } = options;
    checkWhole("KMeans", { nClusters, nInit, maxIter }, 1);
    checkRange("KMeans", { tolerance }, 0);
    checkInit("KMeans", init);
    this.nClusters = nClusters;
    this.#options = { init, nInit, maxIter, tolerance, seed };
    this.#onIteration = options.onIteration;
    this.#signal = options.signal;
    this.#holder = new DeviceHolder(options.device);
  }

  /** The cluster of each point that was fitted, 0 … k − 1. @throws before `fit` */
  get labels(): Int32Array<ArrayBuffer> {
    return this.#result("labels").labels;
  }
  /** The centres [k, d], in float64 where float32 cannot hold them. @throws before `fit` */
  get clusterCenters(): Matrix {
    return this.#result("clusterCenters").clusterCenters;
  }
  /** Σ ‖x − c‖² over the points that were fitted, summed in float64. @throws before `fit` */
  get inertia(): number {
    return this.#result("inertia").inertia;
  }
  /** Iterations of the best run. @throws before `fit` */
  get nIter(): number {
    return this.#result("nIter").nIter;
  }

  /**
   * Finds the centres of points x [n, d].
   * @throws when there are fewer points than clusters, a value is NaN or infinite, or given centres have another shape
   */
  async fit(x: Points): Promise<this> {
    await withPoints(x, this.#holder, "KMeans.fit", async (points, n, d, frame) => {
      const k = this.nClusters;
      if (n < k) throw new Error(`KMeans.fit: ${k} clusters need as many points, x has ${n}`);
      const given = this.#givenCenters(d, frame);
      const { nInit, seed, tolerance } = this.#options;
      const threshold = tolerance === 0 ? 0 : tolerance * (await meanVariance(points));
      const random = new Random(seed);
      const lloyd = new Lloyd(points, k);
      try {
        let best: Fitted | undefined;
        for (let run = 0; run < nInit; run++) {
          const fitted = await this.#run(lloyd, given ?? (await this.#begin(points, random)), threshold, run, frame);
          if (!best || fitted.inertia < best.inertia) best = fitted;
        }
        this.#fitted = best;
      } finally {
        lloyd.dispose();
      }
    });
    return this;
  }

  /** `fit`, then the labels. */
  async fitPredict(x: Points): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x)).labels;
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
    const { clusterCenters } = this.#result("transform");
    return distancesToCenters(x, clusterCenters, this.#holder, "KMeans.transform");
  }

  /** Ends the device, if it was requested here. */
  async dispose(): Promise<void> {
    await this.#holder.dispose();
  }

  #givenCenters(d: number, frame: Frame): Float32Array | undefined {
    const { init } = this.#options;
    if (typeof init === "string") return undefined;
    return givenCenters(init, this.nClusters, frame, d, "KMeans.fit");
  }

  async #begin(x: Tensor, random: Random): Promise<Float32Array> {
    const k = this.nClusters;
    const rows =
      this.#options.init === "random" ? randomRows(x.shape[0]!, k, random) : await plusPlusRows(x, k, random);
    return readRows(x, rows);
  }

  /** One run from given centres. */
  async #run(lloyd: Lloyd, centers: Float32Array, threshold: number, run: number, frame: Frame): Promise<Fitted> {
    const unit = frame.scale ** 2; // of squared distances
    lloyd.setCenters(centers);
    let [nIter, settled] = [0, false];
    while (nIter < this.#options.maxIter) {
      this.#signal?.throwIfAborted();
      lloyd.assign();
      const { inertia, changed, shift } = await lloyd.update(true);
      nIter++;
      this.#onIteration?.({ run, iteration: nIter, inertia: inertia * unit, changed, shift: shift * unit });
      settled = changed === 0 && shift === 0;
      if (changed === 0 || shift <= threshold) break;
    }
    if (!settled) lloyd.assign(); // the labels of the centres as they are now
    const [labels, distances, data] = await Promise.all([lloyd.labels(), lloyd.distances(), lloyd.centers()]);
    return { labels, clusterCenters: frame.back(data, [lloyd.k, lloyd.d]), inertia: unit * total(distances), nIter };
  }

  #nearest<R>(x: Points, method: string, result: (lloyd: Lloyd, frame: Frame) => Promise<R>): Promise<R> {
    return withNearest(x, this.#result(method).clusterCenters, this.#holder, `KMeans.${method}`, result);
  }

  #result(what: string): Fitted {
    return fitted(`KMeans.${what}`, this.#fitted);
  }
}
