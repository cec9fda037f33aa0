// What CONTRIBUTING asks of who adds a method, done for a small one: k-medoids by alternation (Park and Jun 2009).
import { NdArray } from "../../src/ndarray";
import { toFloat32Matrix } from "../../src/matrix";
import type { MatrixLike } from "../../src/matrix";
import { Random } from "../../src/random";
import { readSafetensors, writeSafetensors } from "../../src/data/formats/safetensors";
import type { Estimator, EstimatorFitOptions, Method } from "../../src/methods";
import { integer } from "../../src/options";

interface KMedoidsOptions {
  readonly nClusters: number;
  readonly maxIter?: number;
  readonly seed?: number;
}

/** Clusters around items of the data: each medoid is the member that is nearest to all others of its cluster. */
class KMedoids implements Estimator {
  readonly settings: Required<KMedoidsOptions>;
  readonly history = [];
  #labels: Int32Array | undefined;
  #medoids: NdArray<Float32Array> | undefined;

  constructor({ nClusters, maxIter = 20, seed = 0 }: KMedoidsOptions) {
    this.settings = { nClusters, maxIter, seed };
  }

  get labels(): Int32Array {
    if (!this.#labels) throw new Error("KMedoids: call fit first");
    return this.#labels;
  }
  get clusterCenters(): NdArray<Float32Array> {
    if (!this.#medoids) throw new Error("KMedoids: call fit first");
    return this.#medoids;
  }

  async fit(x: MatrixLike, { signal, onStep }: EstimatorFitOptions = {}): Promise<this> {
    const points = toFloat32Matrix(x, "KMedoids.fit", "x");
    const [n, d] = points.shape as [number, number];
    const { nClusters: k, maxIter, seed } = this.settings;
    if (k > n) throw new Error(`KMedoids.fit: nClusters must be at most the number of items, ${k} for ${n}`);
    const row = (i: number): Float32Array => points.data.subarray(i * d, (i + 1) * d);
    let medoids = [...new Random(seed).permutation(n).subarray(0, k)];
    let labels = new Int32Array(n);
    for (let iteration = 1; iteration <= maxIter; iteration++) {
      signal?.throwIfAborted();
      labels = Int32Array.from({ length: n }, (_, i) => nearest(row(i), medoids.map(row)));
      const next = medoids.map((medoid, j) => {
        const members = [...labels.keys()].filter((i) => labels[i] === j);
        const costs = members.map((i) => members.reduce((sum, other) => sum + distance(row(i), row(other)), 0));
        return members[costs.indexOf(Math.min(...costs))] ?? medoid;
      });
      const loss = labels.reduce((sum, label, i) => sum + distance(row(i), row(medoids[label]!)), 0) / n;
      onStep?.({ stage: "k-medoids", epoch: 1, epochs: 1, step: iteration, steps: maxIter, loss });
      if (next.every((medoid, j) => medoid === medoids[j])) break;
      medoids = next;
    }
    this.#labels = labels;
    this.#medoids = new NdArray(Float32Array.from(medoids.flatMap((i) => [...row(i)])), [k, d]);
    return this;
  }

  async predict(x: MatrixLike): Promise<Int32Array> {
    const medoids = this.clusterCenters;
    const { data, shape } = toFloat32Matrix(x, "KMedoids.predict", "x");
    const [n, d] = shape as [number, number];
    if (d !== medoids.shape[1]) throw new Error(`KMedoids.predict: x must have ${medoids.shape[1]} columns, got ${d}`);
    const centers = Array.from({ length: medoids.shape[0]! }, (_, j) => medoids.data.subarray(j * d, (j + 1) * d));
    return Int32Array.from({ length: n }, (_, i) => nearest(data.subarray(i * d, (i + 1) * d), centers));
  }

  async save(): Promise<Uint8Array> {
    const arrays = { medoids: this.clusterCenters, labels: new NdArray(this.labels) };
    return writeSafetensors(arrays, { metadata: { model: "KMedoids", settings: JSON.stringify(this.settings) } });
  }

  static load(bytes: Uint8Array): KMedoids {
    const { tensors, metadata } = readSafetensors(bytes);
    const model = new KMedoids(JSON.parse(metadata["settings"]!) as KMedoidsOptions);
    model.#labels = Int32Array.from(tensors.get("labels")!.data as Int32Array);
    const { data, shape } = tensors.get("medoids")!;
    model.#medoids = new NdArray(Float32Array.from(data as Float32Array), shape);
    return model;
  }

  dispose(): void {}
}

const distance = (a: Float32Array, b: Float32Array): number =>
  Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0));

function nearest(point: Float32Array, centers: readonly Float32Array[]): number {
  const distances = centers.map((center) => distance(point, center));
  return distances.indexOf(Math.min(...distances));
}

/** `k-medoids`. */
export const kMedoids: Method<KMedoidsOptions> = {
  name: "k-medoids",
  title: "k-medoids",
  summary: "clusters around items of the data, each the member that is nearest to all others of its cluster",
  paper: "Park and Jun, A simple and fast algorithm for k-medoids clustering, Expert Systems with Applications 2009",
  takes: ["rows"],
  target: "none",
  clusters: "given",
  options: { maxIter: { rule: integer(1), default: 20, help: "iterations at most" } },
  make: ({ nClusters, maxIter, seed }) =>
    new KMedoids({ nClusters, ...(maxIter !== undefined && { maxIter }), ...(seed !== undefined && { seed }) }),
  load: async (bytes) => KMedoids.load(bytes as Uint8Array),
};
