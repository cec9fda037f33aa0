import { isObject } from "../../checks";
import type { Bytes } from "../../data/formats/source";
import type { Device } from "../../device";
import { kmeansDistances } from "../../kernels/clustering";
import { withPrefix } from "../../lifecycle/checkpoint";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import { yieldWhenDue } from "../../event-loop";
import { Findings } from "../../lifecycle/findings";
import type { PointsOf } from "../../lifecycle/findings";
import type { Fit } from "../../lifecycle/fit";
import { Model } from "../../lifecycle/model";
import type { DeviceOption, OptionSet } from "../../lifecycle/model";
import { HISTORY, RUN_RULES } from "../../lifecycle/progress";
import type { EpochRecord, RunOptions } from "../../lifecycle/progress";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { takeRows } from "../../neighbours/rows";
import { choice, integer, range, seed } from "../../options";
import { stream } from "../../random";
import { takeTensor } from "../../tensor";
import type { Tensor } from "../../tensor";
import { meanVariance, nearestCenters } from "./centers";
import { plusPlusRows, randomRows } from "./kmeans-init";
import { Lloyd, LLOYD_KERNELS } from "./lloyd";
import { MAX_ITER, runLloyd, TOLERANCE } from "./lloyd-runs";
import type { RunPasses } from "./lloyd-runs";
import { readRows } from "../points";
import type { Points } from "../points";

/** Options of `SphericalKMeans`. */
export interface SphericalKMeansOptions {
  readonly nClusters: number;
  /** Centres begin spread by k-means++, or at random rows. Default "k-means++". */
  readonly init?: "k-means++" | "random";
  /** Runs from different beginnings, of which the one of lowest inertia is kept. Default 10. */
  readonly nInit?: number;
  /** Iterations of a run at most. Default 300. */
  readonly maxIter?: number;
  /** A run ends when the centres' squared shift is at most this times the mean variance of the unit vectors' features. Default 1e-4. */
  readonly tolerance?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Where to compute; default: a tensor's own device, else one requested at first need. */
  readonly device?: Device | undefined;
}

/** @inline */
type Settings = Required<Omit<SphericalKMeansOptions, "device">>;

/** Its options: their rules and defaults. @internal */
export const SPHERICAL_KMEANS_OPTIONS: OptionSet<Settings> = {
  rules: {
    ...{ nClusters: integer(1), init: choice("k-means++", "random"), nInit: integer(1), maxIter: integer(1) },
    ...{ tolerance: range(0), seed },
  },
  defaults: { init: "k-means++", nInit: 10, maxIter: MAX_ITER, tolerance: TOLERANCE, seed: 0 },
  kernels: () => [...LLOYD_KERNELS, kmeansDistances],
};

interface Result {
  readonly labels: Int32Array<ArrayBuffer>;
  readonly clusterCenters: NdArray<Float32Array>;
  readonly inertia: number;
  readonly history: readonly EpochRecord[];
}

/** Where a fit stands between two iterations. */
interface Standing extends PointsOf {
  readonly run: number;
  /** Of the runs before. */
  readonly best: Result | undefined;
  readonly centers: Float32Array<ArrayBuffer>;
  /** Before the first iteration of a run −1. */
  readonly labels: Int32Array<ArrayBuffer>;
  readonly history: readonly EpochRecord[];
}

/** A result as a checkpoint has it: arrays, and what JSON holds. */
const keptArrays = ({ labels, clusterCenters }: Result): Record<string, NdArray<TypedArray>> => ({
  ...{ labels: new NdArray<TypedArray>(labels), clusterCenters },
});
const figuresOf = ({ inertia, history }: Result): object => ({ inertia, history });

/** What names of the best run before begin with, where a fit stands. */
const BEST = "best.";

/** Numbers of rows between two looks at the clock. */
const PIECE = 2 ** 16;

/** Vectors of d numbers, one after the other, over their lengths; of length 0 they stay as `instead` has them. */
function overLengths(
  vectors: Float64Array,
  d: number,
  instead: (row: number) => ArrayLike<number>,
): Float32Array<ArrayBuffer> {
  const units = new Float32Array(vectors.length);
  for (let at = 0; at < vectors.length; at += d) {
    let largest = 0; // squares of what is over it are neither infinite nor lost
    for (let c = at; c < at + d; c++) largest = Math.max(largest, Math.abs(vectors[c]!));
    if (largest === 0) {
      units.set(instead(at / d), at);
      continue;
    }
    let sum = 0;
    for (let c = at; c < at + d; c++) sum += (vectors[c]! / largest) ** 2;
    for (let c = at; c < at + d; c++) units[c] = vectors[c]! / largest / Math.sqrt(sum);
  }
  return units;
}

/** @throws unless a checkpoint has centres [k, d] of length 1 by that name */
function unitCenters(saved: Checkpoint, name: string, k: number, columns: number): NdArray<Float32Array<ArrayBuffer>> {
  const { data, shape } = saved.array(name, [k, columns]) ?? {};
  if (!data || !shape) throw new Error(`checkpoint: ${name} must be there`);
  const d = shape[1]!;
  const units = overLengths(Float64Array.from(data as ArrayLike<number>), d, () => new Float32Array(d).fill(1));
  if (!units.every((value, at) => Math.abs(value - Number(data[at])) < 1e-5))
    throw new Error(`checkpoint: ${name} must be of length 1`);
  return new NdArray(data as Float32Array<ArrayBuffer>, [k, d]);
}

const historyIn = (saved: Checkpoint): readonly EpochRecord[] => saved.entry("history", HISTORY);

/**
 * Spherical k-means: k-means of directions, by the cosine (Dhillon and Modha, "Concept decompositions for large sparse text data using clustering", Machine
 * Learning 42, 2001). Rows count by their direction alone: each is taken over its length, belongs to the centre of largest cosine, and each centre is the
 * sum of its rows over that sum's length; Σ (1 − cos) never rises. For texts, spectra, and codes whose lengths mean nothing. Assignments are those of `KMeans` of
 * unit vectors, by the same kernels: ½ ‖x − c‖² = 1 − cos. One seed gives the same bytes on one device every time.
 */
export class SphericalKMeans extends Model<Settings> {
  readonly #findings = new Findings<Result, Standing>();

  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: SphericalKMeansOptions) {
    super("SphericalKMeans", options, SPHERICAL_KMEANS_OPTIONS);
  }

  get nClusters(): number {
    return this.settings.nClusters;
  }

  /** One record per iteration of the best run; the loss is the mean of 1 − cos. Empty before `fit`. */
  override get history(): readonly EpochRecord[] {
    return this.#findings.result?.history ?? [];
  }

  /** The cluster of each row that was fitted, 0 … k − 1. @throws before `fit`, as all these */
  get labels(): Int32Array<ArrayBuffer> {
    return this.known("labels", this.#findings.result).labels;
  }
  /** The centres [k, d], of length 1. */
  get clusterCenters(): NdArray<Float32Array> {
    return this.known("clusterCenters", this.#findings.result).clusterCenters;
  }
  /** Σ (1 − cos) of the rows that were fitted and their centres, summed in float64. */
  get inertia(): number {
    return this.known("inertia", this.#findings.result).inertia;
  }
  /** Iterations of the best run. */
  get nIter(): number {
    return this.known("nIter", this.#findings.result).history.length;
  }

  /**
   * Finds the centres of the directions of rows x [n, d]. A fit that was stopped, saved and loaded goes on where it stood, with the same rows.
   * @param options `onStep`: after each iteration; the loss is the mean of 1 − cos
   * @throws when there are fewer rows than clusters, a value is NaN or infinite, or a row has no direction; the signal's reason when aborted
   */
  async fit(x: Points, options: RunOptions = {}): Promise<this> {
    const { nClusters: k, nInit } = this.settings;
    return this.fitting(options, RUN_RULES, (fit) =>
      this.#directions("fit", x, async (points) => {
        const [n] = points.shape as [number];
        if (n < k) throw new Error(`SphericalKMeans.fit: ${k} clusters need as many points, x has ${n}`);
        const before = await this.#findings.enter("SphericalKMeans.fit", x);
        const threshold = this.settings.tolerance * (await meanVariance(points));
        const lloyd = new Lloyd(points, k);
        try {
          let best = before?.best;
          for (let run = before?.run ?? 0; run < nInit; run++) {
            const result = await this.#run(
              lloyd,
              { run, best, before: run === before?.run ? before : undefined },
              threshold,
              fit,
            );
            if (!best || result.inertia < best.inertia) best = result;
          }
          this.#findings.end(best!);
        } finally {
          lloyd.dispose();
        }
      }),
    );
  }

  /** `fit`, then the labels. */
  async fitPredict(x: Points, options: RunOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** The centre of largest cosine of each row of x [n, d]; the lowest of equal ones. @throws before `fit`, for another d, and for a row without direction */
  async predict(x: Points): Promise<Int32Array<ArrayBuffer>> {
    const { clusterCenters } = this.known("predict", this.#findings.result);
    return this.computing("predict", () =>
      this.#directions("predict", x, (points) =>
        nearestCenters(points, clusterCenters, (of) => this.device(of), "SphericalKMeans.predict"),
      ),
    );
  }

  /** @throws when the bytes are no checkpoint of a SphericalKMeans */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<SphericalKMeans> {
    return Model.restored("SphericalKMeans", content, options, (settings) => new SphericalKMeans(settings));
  }

  protected override own(): Learned {
    const learned = this.#findings.kept(
      (result) => this.known("save", result),
      keptArrays,
      ({ run, best, centers, labels, history }) => ({
        arrays: {
          centers: new NdArray<TypedArray>(centers, [this.nClusters, centers.length / this.nClusters]),
          labels: new NdArray<TypedArray>(labels),
          ...(best && withPrefix(BEST, keptArrays(best))),
        },
        state: { standing: { run, history }, ...(best && { best: figuresOf(best) }) },
      }),
    );
    const { result } = this.#findings;
    return { arrays: learned.arrays, state: { ...(result && figuresOf(result)), ...learned.state } };
  }

  protected override restore(saved: Checkpoint): void {
    const { nClusters } = this;
    const within = (name: string): Readonly<Record<string, unknown>> => {
      const inner = saved.state[name];
      return isObject(inner) ? inner : {};
    };
    const hasResult = this.#findings.restore(saved, "clusterCenters", (standing, columns) => {
      const at = saved.of(standing.arrays, within("standing"));
      const d = columns();
      const labels = at.labels("labels", nClusters, -1);
      if (!labels) throw new Error("checkpoint: labels must be there");
      const of = saved.of(standing.below(BEST), within("best"));
      return {
        ...{ n: labels.length, d, labels, centers: unitCenters(at, "centers", nClusters, d).data },
        ...{ run: at.entry<number>("run", integer(0, this.settings.nInit - 1)), history: historyIn(at) },
        best: of.arrays["labels"] ? this.#restored(of, d) : undefined,
      };
    });
    if (hasResult) this.#findings.restored(this.#restored(saved));
  }

  /** @throws for what is no result */
  #restored(saved: Checkpoint, d = -1): Result {
    const labels = saved.labels("labels", this.nClusters);
    if (!labels) throw new Error("checkpoint: labels must be there");
    const clusterCenters = unitCenters(saved, "clusterCenters", this.nClusters, d);
    return { labels, clusterCenters, inertia: saved.entry("inertia", range(0)), history: historyIn(saved) };
  }

  protected override release(): void {
    this.#findings.release();
  }

  /** Runs `use` with rows over their lengths, on a device. */
  async #directions<R>(op: string, x: Points, use: (points: Tensor) => Promise<R>): Promise<R> {
    const { data, n, d } = await takeRows(x, `SphericalKMeans.${op}`);
    const units = new Float32Array(n * d);
    const rows = Math.ceil(PIECE / d);
    for (let begin = 0; begin < n; begin += rows) {
      const part = data.subarray(begin * d, (begin + rows) * d);
      const none = (row: number): never => {
        throw new Error(`SphericalKMeans.${op}: a row must have a direction, got zeros in row ${begin + row}`);
      };
      units.set(overLengths(part, d, none), begin * d);
      await yieldWhenDue();
    }
    const points = await takeTensor(await this.device(x), units, [n, d]);
    try {
      return await use(points);
    } finally {
      points.dispose();
    }
  }

  async #run(
    lloyd: Lloyd,
    { run, best, before }: Pick<Standing, "run" | "best"> & { readonly before: Standing | undefined },
    threshold: number,
    fit: Fit,
  ): Promise<Result> {
    const { init, nInit, maxIter } = this.settings;
    const { x, n, d, k } = lloyd;
    let centers: Float32Array<ArrayBuffer>;
    if (before) {
      centers = before.centers;
      lloyd.resume(centers, before.labels);
    } else {
      const random = stream(this.settings.seed, "SphericalKMeans.run", run);
      centers = await readRows(x, init === "random" ? randomRows(n, k, random) : await plusPlusRows(x, k, random));
      lloyd.setCenters(centers);
    }
    const history = [...(before?.history ?? [])];
    this.learned(); // from now on it can say where it stands
    const stand = async (): Promise<void> => {
      const labels = await lloyd.labels();
      this.#findings.stand({ n, d, run, best, centers, labels, history: [...history] });
    };
    const passes: RunPasses = {
      iterate: async (relocate) => {
        const pass = await lloyd.iterate(relocate);
        const then = centers;
        const means = Float64Array.from(await lloyd.centers());
        centers = overLengths(means, d, (j) => then.subarray(j * d, (j + 1) * d)); // opposite rows have no mean direction
        lloyd.resume(centers, await lloyd.labels());
        return { ...pass, shift: centers.reduce((sum, value, at) => sum + (value - then[at]!) ** 2, 0) };
      },
      settle: () => lloyd.settle(),
      labels: () => lloyd.labels(),
      inertia: () => lloyd.inertia(),
      centers: () => lloyd.centers(),
    };
    const found = await runLloyd(passes, {
      ...{ maxIter, threshold, begun: history.length },
      before: () => fit.between(stand),
      after: ({ inertia, changed }) => {
        const loss = inertia / 2 / n;
        history.push({ stage: this.name, epoch: history.length + 1, loss, inertia: inertia / 2, changed });
        const at = { stage: this.name, epoch: run + 1, epochs: nInit, step: history.length, steps: maxIter };
        fit.report({ ...at, loss, mayEnd: true });
      },
    });
    const clusterCenters = new NdArray(found.centers, [k, d]);
    return { labels: found.labels, clusterCenters, inertia: found.inertia / 2, history };
  }
}
