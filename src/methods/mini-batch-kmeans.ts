import { MiniBatchKMeans } from "../cluster";
import type { Matrix, MiniBatchKMeansOptions } from "../cluster";
import { withNearest } from "../cluster/centers";
import { DeviceHolder } from "../cluster/points";
import type { Points } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import type { EpochRecord } from "../training/loop";
import { INIT, loadCenters, saveCenters } from "./kmeans";
import type { FoundCenters } from "./kmeans";
import type { Estimator, EstimatorFitOptions, Method } from "./method";
import { nonNegative, whole } from "./schema";

/** Options of mini-batch k-means that are told before `fit`. */
export type MiniBatchMethodOptions = Omit<MiniBatchKMeansOptions, "onStep" | "signal">;

const DEFAULTS = { init: "k-means++", nInit: 3, batchSize: 1024, maxIter: 100, seed: 0 };

/** `mini-batch-kmeans`. */
export const miniBatchKMeans: Method<MiniBatchMethodOptions> = {
  name: "mini-batch-kmeans",
  title: "mini-batch k-means",
  summary: "k-means on random batches: each centre is the mean of all items that it was ever given",
  paper: "Sculley, Web-scale k-means clustering, WWW 2010",
  takes: ["rows"],
  target: "none",
  clusters: "given",
  options: {
    init: INIT,
    nInit: { kind: whole(1), default: 3, help: "beginnings that are tried on a sample" },
    initSize: { kind: whole(1), unset: "3 × batch size", help: "items that beginnings are compared on" },
    batchSize: { kind: whole(1), default: 1024, help: "items a step" },
    maxIter: { kind: whole(1), default: 100, help: "passes over as many items as there are, at most" },
    maxNoImprovement: {
      kind: whole(0),
      default: 10,
      help: "ends after so many steps without a lower inertia; 0: never",
    },
    reassignmentRatio: {
      kind: nonNegative,
      default: 0.01,
      help: "centres with a smaller share of the largest begin anew",
    },
    tolerance: { kind: nonNegative, default: 0, help: "ends when the centres' shift² is below this × mean variance" },
  },
  make: (options) => new FittedMiniBatches(options),
  load: (bytes, { device }) => FittedMiniBatches.load(bytes, device),
};

/** Mini-batch k-means as methods are run: progress and signal are given to `fit`, and what was found is saved and loaded. */
class FittedMiniBatches implements Estimator {
  readonly settings: object;
  readonly history: readonly EpochRecord[] = [];
  readonly #options: MiniBatchMethodOptions;
  readonly #holder: DeviceHolder;
  #found: FoundCenters | undefined;

  constructor({ device, ...options }: MiniBatchMethodOptions) {
    this.#options = { ...options, ...(device && { device }) };
    this.settings = { ...DEFAULTS, maxNoImprovement: 10, reassignmentRatio: 0.01, tolerance: 0, ...options };
    new MiniBatchKMeans(this.#options); // checks them
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
    const model = new MiniBatchKMeans({
      ...this.#options,
      ...(signal && { signal }),
      onStep: ({ step, steps, inertia }) =>
        onStep?.({ stage: "mini-batches", epoch: 1, epochs: 1, step, steps, loss: inertia }),
    });
    this.#found = await model.fit(x);
    return this;
  }

  predict(x: Points): Promise<Int32Array> {
    const { clusterCenters } = this.#result();
    return withNearest(x, clusterCenters, this.#holder, "MiniBatchKMeans.predict", (lloyd) => lloyd.labels());
  }

  save(): Promise<Uint8Array> {
    return saveCenters("MiniBatchKMeans", this.settings, this.#found);
  }

  static async load(bytes: Bytes, device: Device | undefined): Promise<FittedMiniBatches> {
    const { settings, found } = loadCenters<MiniBatchMethodOptions>("MiniBatchKMeans", bytes);
    const model = new FittedMiniBatches({ ...settings, ...(device && { device }) });
    model.#found = found;
    return model;
  }

  async dispose(): Promise<void> {
    await this.#holder.dispose();
  }

  #result(): FoundCenters {
    if (!this.#found) throw new Error("MiniBatchKMeans: call fit first");
    return this.#found;
  }
}
