import { DBSCAN } from "../cluster";
import type { DBSCANOptions } from "../cluster";
import type { Points } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import { NdArray } from "../ndarray";
import { decodeCheckpoint, encodeCheckpoint } from "../training/checkpoint";
import type { EpochRecord } from "../training/loop";
import type { CommonOptions, Estimator, EstimatorFitOptions, Method } from "./method";
import { positive, whole } from "./schema";

/** `dbscan`. */
export const dbscan: Method<DBSCANOptions & CommonOptions> = {
  name: "dbscan",
  title: "DBSCAN",
  summary: "clusters are what is densely connected, of any shape; the rest is noise",
  paper: "Ester, Kriegel, Sander and Xu, A density-based algorithm for discovering clusters, KDD 1996",
  takes: ["rows"],
  target: "none",
  clusters: "found",
  options: {
    eps: { kind: positive, default: 0.5, help: "radius of a neighbourhood, its border included" },
    minSamples: {
      kind: whole(1),
      default: 5,
      help: "items in its neighbourhood, itself included, that make a core point",
    },
  },
  make: (options) => new FittedDBSCAN(options),
  load: (bytes) => FittedDBSCAN.load(bytes),
};

/** DBSCAN as methods are run: what was found is saved and loaded. */
class FittedDBSCAN implements Estimator {
  readonly settings: Required<DBSCANOptions>;
  readonly history: readonly EpochRecord[] = [];
  #labels: Int32Array | undefined;
  #cores = new Int32Array(0);

  constructor({ eps = 0.5, minSamples = 5 }: DBSCANOptions) {
    this.settings = { eps, minSamples };
    new DBSCAN(this.settings); // checks them
  }

  get labels(): Int32Array {
    if (!this.#labels) throw new Error("DBSCAN: call fit first");
    return this.#labels;
  }

  async fit(x: Points, { signal }: EstimatorFitOptions = {}): Promise<this> {
    const model = await new DBSCAN(this.settings).fit(x);
    signal?.throwIfAborted();
    [this.#labels, this.#cores] = [model.labels, model.coreSampleIndices];
    return this;
  }

  save(): Promise<Uint8Array> {
    const arrays = this.#labels && { labels: new NdArray(this.#labels), coreSampleIndices: new NdArray(this.#cores) };
    return encodeCheckpoint("DBSCAN", arrays ?? {}, { settings: this.settings });
  }

  static async load(bytes: Bytes): Promise<FittedDBSCAN> {
    const { arrays, state } = decodeCheckpoint<{ settings: DBSCANOptions }>("DBSCAN", bytes);
    const model = new FittedDBSCAN(state.settings);
    const { labels, coreSampleIndices } = arrays;
    if (labels) model.#labels = Int32Array.from(labels.data);
    if (coreSampleIndices) model.#cores = Int32Array.from(coreSampleIndices.data);
    return model;
  }

  dispose(): void {}
}
