import { KMeans } from "../cluster";
import type { KMeansOptions, Matrix } from "../cluster";
import { checkColumns, withNearest } from "../cluster/centers";
import { DeviceHolder } from "../cluster/points";
import type { Points } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import { NdArray } from "../ndarray";
import { decodeCheckpoint, encodeCheckpoint } from "../training/checkpoint";
import type { EpochRecord } from "../training/loop";
import type { Estimator, EstimatorFitOptions, Method } from "./method";
import { nonNegative, oneOf, whole } from "./schema";
import type { OptionSpec } from "./schema";

/** Options of k-means that are told before `fit`. */
export type KMeansMethodOptions = Omit<KMeansOptions, "onIteration" | "signal">;

/** How centres begin. */
export const INIT: OptionSpec<"k-means++" | "random"> = {
  kind: oneOf("k-means++", "random"),
  default: "k-means++",
  help: "how the centres begin",
};

/** `kmeans`. */
export const kmeans: Method<KMeansMethodOptions> = {
  name: "kmeans",
  title: "k-means",
  summary:
    "centres move to the mean of their members, members to the nearest centre, by Lloyd's algorithm from k-means++",
  paper: "Lloyd, Least squares quantization in PCM, IEEE Transactions on Information Theory 1982",
  takes: ["rows"],
  target: "none",
  clusters: "given",
  options: {
    init: INIT,
    nInit: { kind: whole(1), default: 10, help: "runs from different beginnings, of which the best is kept" },
    maxIter: { kind: whole(1), default: 300, help: "iterations of a run at most" },
    tolerance: {
      kind: nonNegative,
      default: 1e-4,
      help: "ends when the centres' shift² is below this × mean variance",
    },
  },
  make: (options) => new FittedKMeans(options),
  load: (bytes, { device }) => FittedKMeans.load(bytes, device),
};

/** What k-means and its kin by batches found, to save, load and predict with. */
export interface FoundCenters {
  readonly labels: Int32Array;
  readonly clusterCenters: Matrix;
  readonly inertia: number;
}

/** k-means as methods are run: progress and signal are given to `fit`, and what was found is saved and loaded. */
class FittedKMeans implements Estimator {
  readonly settings: object;
  readonly history: readonly EpochRecord[] = [];
  readonly #options: KMeansMethodOptions;
  readonly #holder: DeviceHolder;
  #found: FoundCenters | undefined;

  constructor({ device, ...options }: KMeansMethodOptions) {
    this.#options = { ...options, ...(device && { device }) };
    this.settings = { ...{ init: "k-means++", nInit: 10, maxIter: 300, tolerance: 1e-4, seed: 0 }, ...options };
    new KMeans(this.#options); // checks them
    this.#holder = new DeviceHolder(device);
  }

  get labels(): Int32Array {
    return this.#result().labels;
  }
  get clusterCenters(): Matrix {
    return this.#result().clusterCenters;
  }
  get inertia(): number {
    return this.#result().inertia;
  }

  async fit(x: Points, { signal, onStep }: EstimatorFitOptions = {}): Promise<this> {
    const { nInit = 10, maxIter = 300 } = this.#options;
    const model = new KMeans({
      ...this.#options,
      ...(signal && { signal }),
      onIteration: ({ run, iteration, inertia }) =>
        onStep?.({ stage: "k-means", epoch: run + 1, epochs: nInit, step: iteration, steps: maxIter, loss: inertia }),
    });
    this.#found = await model.fit(x);
    return this;
  }

  async predict(x: Points): Promise<Int32Array> {
    const { clusterCenters } = this.#result();
    return withNearest(x, clusterCenters, this.#holder, "KMeans.predict", (lloyd) => {
      checkColumns("KMeans.predict", lloyd.d, clusterCenters);
      return lloyd.labels();
    });
  }

  save(): Promise<Uint8Array> {
    return saveCenters("KMeans", this.settings, this.#found);
  }

  static async load(bytes: Bytes, device: Device | undefined): Promise<FittedKMeans> {
    const { settings, found } = loadCenters<KMeansMethodOptions>("KMeans", bytes);
    const model = new FittedKMeans({ ...settings, ...(device && { device }) });
    model.#found = found;
    return model;
  }

  async dispose(): Promise<void> {
    await this.#holder.dispose();
  }

  #result(): FoundCenters {
    if (!this.#found) throw new Error("KMeans: call fit first");
    return this.#found;
  }
}

/** Centres, labels and inertia as a file. */
export function saveCenters(model: string, settings: object, found: FoundCenters | undefined): Promise<Uint8Array> {
  const arrays = found && { clusterCenters: found.clusterCenters, labels: new NdArray(found.labels) };
  return encodeCheckpoint(model, arrays ?? {}, { settings, ...(found && { inertia: found.inertia }) });
}

/** Centres as they were saved. */
function matrixOf({ data, shape }: { data: ArrayLike<number>; shape: readonly number[] }): Matrix {
  const values = data instanceof Float64Array ? data : Float32Array.from(data);
  return new NdArray<Float32Array | Float64Array>(values, shape);
}

/** The counterpart of `saveCenters`. */
export function loadCenters<O>(model: string, bytes: Bytes): { settings: O; found: FoundCenters | undefined } {
  const { arrays, state } = decodeCheckpoint<{ settings: O; inertia?: number }>(model, bytes);
  const { clusterCenters: centers, labels } = arrays;
  if (!centers) return { settings: state.settings, found: undefined };
  const found = {
    clusterCenters: matrixOf(centers),
    labels: Int32Array.from(labels?.data ?? []),
    inertia: state.inertia ?? NaN,
  };
  return { settings: state.settings, found };
}
