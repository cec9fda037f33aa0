import { checkPositive, checkRange, checkInteger, fitted, checkNames } from "../../checks";
import { PCA } from "../../cluster/pca";
import { DeviceHolder } from "../../cluster/points";
import type { Device } from "../../device";
import { toContiguous } from "../../matrix";
import type { MatrixLike } from "../../matrix";
import { NdArray } from "../../ndarray";
import { connectedComponents } from "../../neighbours/graph";
import { neighboursAmong, neighboursOf } from "../../neighbours/knn";
import type { Metric } from "../../neighbours/knn";
import { takeRows } from "../../neighbours/rows";
import type { HostRows } from "../../neighbours/rows";
import { Random } from "../../random";
import { smallestEigenvectors } from "../../linear-algebra/smallest-eigen";
import { SparseMatrix } from "../../sparse";
import { normalizedLaplacian } from "../../spectral/laplacian";
import { fitCurve } from "./curve";
import { fuzzyGraph, memberships, sampledEdges } from "./fuzzy-set";
import { layOut } from "./layout";
import { mapTo } from "../../typed-arrays";

/** Options of `UMAP`; the defaults are those of Python's `umap-learn`. */
export interface UMAPOptions {
  /** Default 2. */
  readonly nComponents?: number;
  /** Neighbours of a point, itself counted. Default 15. */
  readonly nNeighbors?: number;
  /** How close places may come. Default 0.1. */
  readonly minDist?: number;
  /** Scale of the places. Default 1. */
  readonly spread?: number;
  /** Default 500 up to 10,000 points, else 200. */
  readonly nEpochs?: number;
  /** Default 1. */
  readonly learningRate?: number;
  /** Points that are drawn and pushed away for each sample of an edge. Default 5. */
  readonly negativeSampleRate?: number;
  /** Default 1. */
  readonly repulsionStrength?: number;
  /** First places: the graph's smallest eigenvectors (PCA's scores where it is in parts), "pca", "random", or given [n, nComponents]. Default "spectral". */
  readonly init?: "spectral" | "pca" | "random" | MatrixLike;
  /** Default "euclidean". */
  readonly metric?: Metric;
  /** Default 0. */
  readonly seed?: number;
  readonly device?: Device;
  /** Every ten epochs, and after the last. */
  readonly onEpoch?: (progress: { readonly epoch: number; readonly epochs: number }) => void;
  /** Ends the work with the signal's reason. */
  readonly signal?: AbortSignal;
}

interface Result {
  readonly rows: HostRows;
  readonly embedding: NdArray;
  /** Not of a UMAP that was given its places. */
  readonly graph?: SparseMatrix;
}

/** Points up to which 500 epochs are done. */
const SMALL = 10_000;

/**
 * UMAP (McInnes, Healy and Melville, "UMAP: uniform manifold approximation and projection for dimension reduction", 2018): places whose fuzzy graph of
 * neighbours is nearest to that of the points, by sampled edges and drawn pushes. Exact neighbours; an epoch is a few parts, each of which moves its points at
 * once by one kernel, along their own edges in their order towards where the others stood before it, so that one seed gives the same bytes on one device.
 */
export class UMAP {
  readonly #options: UMAPOptions;
  readonly #curve: { readonly a: number; readonly b: number };
  #result: Result | undefined;

  /** @throws when an option is out of its range */
  constructor(options: UMAPOptions = {}) {
    checkNames<UMAPOptions>("UMAP", options, {
      nComponents: true,
      nNeighbors: true,
      minDist: true,
      spread: true,
      nEpochs: true,
      learningRate: true,
      negativeSampleRate: true,
      repulsionStrength: true,
      init: true,
      metric: true,
      seed: true,
      device: true,
      onEpoch: true,
      signal: true,
    });
    const { nComponents = 2, nNeighbors = 15, minDist = 0.1, spread = 1, nEpochs = 1, init = "spectral" } = options;
    const { learningRate = 1, negativeSampleRate = 5, repulsionStrength = 1 } = options;
    checkInteger("UMAP", { nComponents }, 1);
    checkInteger("UMAP", { nNeighbors }, 2);
    checkInteger("UMAP", { nEpochs }, 1);
    checkInteger("UMAP", { negativeSampleRate }, 0);
    checkPositive("UMAP", { spread, learningRate });
    checkRange("UMAP", { minDist }, 0, spread);
    checkRange("UMAP", { repulsionStrength }, 0);
    if (typeof init === "string" && !["spectral", "pca", "random"].includes(init))
      throw new Error(`UMAP: init must be "spectral", "pca", "random" or a matrix, got ${JSON.stringify(init)}`);
    [this.#options, this.#curve] = [options, fitCurve(spread, minDist)];
  }

  /** The places [n, nComponents]. @throws before `fit`, as all these */
  get embedding(): NdArray {
    return fitted("UMAP.embedding", this.#result).embedding;
  }
  /** The fuzzy graph of the points, symmetric [n, n]; `placed` has none. */
  get graph(): SparseMatrix {
    return fitted("UMAP.graph", this.#result?.graph);
  }

  /**
   * A UMAP whose points x [n, d] have their places [n, nComponents] already, as `fit` found them: what it takes to `transform` others.
   * @throws when an option is out of its range, or the sizes do not belong together
   */
  static async placed(x: MatrixLike, places: MatrixLike, options: UMAPOptions = {}): Promise<UMAP> {
    const op = "UMAP.placed";
    const umap = new UMAP(options);
    const [rows, { data, n, d }] = [await takeRows(x, op), await takeRows(places, op)];
    const { nComponents = 2 } = options;
    if (n !== rows.n || d !== nComponents)
      throw new Error(`${op}: places must be [${rows.n}, ${nComponents}], got [${n}, ${d}]`);
    umap.#result = { rows, embedding: new NdArray(Float32Array.from(data), [n, d]) };
    return umap;
  }

  /** Places points x [n, d]; of n ≤ nNeighbors points all are neighbours. @throws when x has one row, or is no finite matrix */
  async fit(x: MatrixLike): Promise<this> {
    const op = "UMAP.fit";
    const { nComponents = 2, metric = "euclidean", signal } = this.#options;
    const rows = await takeRows(x, op);
    const { n } = rows;
    if (n < 2) throw new Error(`${op}: neighbours need two points, got ${n}`);
    const holder = new DeviceHolder(this.#options.device);
    const device = await holder.get(rows.data);
    try {
      const k = Math.min(this.#options.nNeighbors ?? 15, n);
      const others = { nNeighbors: k - 1 };
      const graph = await fuzzyGraph(await neighboursAmong(rows, others, op, { metric, device, signal }), k);
      const epochs = this.#options.nEpochs ?? (n <= SMALL ? 500 : 200);
      const sampled = sampledEdges(graph, epochs);
      const y = await this.#begin(x, rows, sampled.graph, device);
      const places = await layOut(device, y, nComponents, sampled.graph, sampled.periods, this.#layout(epochs));
      this.#result = { rows, graph, embedding: new NdArray(places, [n, nComponents]) };
    } finally {
      await holder.dispose();
    }
    return this;
  }

  /** `fit`, then the places. */
  async fitTransform(x: MatrixLike): Promise<NdArray> {
    return (await this.fit(x)).embedding;
  }

  /** Places of rows [m, d] among the fitted ones, which stay; a row that was fitted has the place that it got then. @throws before `fit`, or for another d */
  async transform(x: MatrixLike): Promise<NdArray> {
    const op = "UMAP.transform";
    const { rows, embedding } = fitted(op, this.#result);
    const given = await takeRows(x, op);
    const { nComponents = 2, metric = "euclidean", signal } = this.#options;
    const { n, d } = rows;
    const k = Math.min(this.#options.nNeighbors ?? 15, n);
    const holder = new DeviceHolder(this.#options.device);
    const device = await holder.get(rows.data);
    try {
      const near = await neighboursOf(given, rows, { nNeighbors: k }, op, { metric, device, signal });
      const m = near.indices.shape[0]!;
      const strengths = await memberships(near, k);
      const entries = { rows: mapTo(Uint32Array, strengths, (_, e) => Math.floor(e / k)), columns: near.indices.data };
      const graph = SparseMatrix.fromEntries([m, n], { ...entries, values: strengths });
      const y = new Float32Array(m * nComponents);
      for (let i = 0; i < m; i++) {
        let total = 0;
        for (let e = graph.indptr[i]!; e < graph.indptr[i + 1]!; e++) total += graph.data[e]!;
        for (let e = graph.indptr[i]!; e < graph.indptr[i + 1]!; e++)
          for (let c = 0; c < nComponents; c++)
            y[i * nComponents + c]! += (graph.data[e]! / total) * embedding.data[graph.indices[e]! * nComponents + c]!;
      }
      const epochs = Math.max(1, Math.floor((this.#options.nEpochs ?? (n <= SMALL ? 300 : 90)) / 3));
      const sampled = sampledEdges(graph, epochs);
      const fixed = { ...this.#layout(epochs), fixed: embedding.data };
      const places = await layOut(device, y, nComponents, sampled.graph, sampled.periods, fixed);
      for (let i = 0; i < m; i++) {
        const same = near.indices.data
          .subarray(i * k, (i + 1) * k)
          .find((j) => sameRow(given.data, i, rows.data, j, d));
        if (same === undefined) continue;
        places.set(embedding.data.subarray(same * nComponents, (same + 1) * nComponents), i * nComponents);
      }
      return new NdArray(places, [m, nComponents]);
    } finally {
      await holder.dispose();
    }
  }

  #layout(epochs: number) {
    const {
      learningRate = 1,
      negativeSampleRate = 5,
      repulsionStrength = 1,
      seed = 0,
      onEpoch,
      signal,
    } = this.#options;
    // eslint-disable-next-line no-restricted-syntax -- places that the figures of N2D were measured with
    const word = new Random(seed).nextUint32();
    return { epochs, ...this.#curve, learningRate, negativeSampleRate, repulsionStrength, seed: word, onEpoch, signal };
  }

  async #begin(x: MatrixLike, rows: HostRows, graph: SparseMatrix, device: Device): Promise<Float32Array<ArrayBuffer>> {
    const { init = "spectral", nComponents = 2, seed = 0, signal } = this.#options;
    const { n, d } = rows;
    // eslint-disable-next-line no-restricted-syntax -- places that the figures of N2D were measured with
    const random = new Random(seed).split();
    if (typeof init !== "string") {
      const { data, shape } = toContiguous(init, "UMAP.fit", "init");
      if (shape.join() !== [n, nComponents].join())
        throw new Error(`UMAP.fit: init must be [${n}, ${nComponents}], got [${shape.join(", ")}]`);
      const given = mapTo(Float32Array, data as ArrayLike<number>, Number);
      if (!given.every(Number.isFinite)) throw new Error("UMAP.fit: init must be finite");
      return given;
    }
    const places = new Float32Array(n * nComponents);
    const numbers = graph.rowNumbers();
    const whole = (): boolean =>
      connectedComponents(n, { from: numbers, to: graph.indices }).every((part) => part === 0);
    if (init === "spectral" && n > nComponents + 1 && whole()) {
      const laplacian = normalizedLaplacian(graph);
      const { vectors } = await smallestEigenvectors(laplacian, nComponents + 1, "UMAP.fit", {
        tolerance: 1e-4,
        signal,
      });
      for (let c = 0; c < nComponents; c++)
        for (let i = 0; i < n; i++) places[i * nComponents + c] = vectors[(c + 1) * n + i]!;
    } else if (init !== "random" && Math.min(n, d) >= nComponents)
      places.set((await new PCA({ nComponents, device }).fitTransform(x)).data);
    else random.fillUniform(places, -1, 1);
    spreadOut(places, nComponents);
    const noise = new Float32Array(places.length);
    random.fillNormal(noise, 0, 1e-4);
    return places.map((value, i) => value + noise[i]!);
  }
}

/** Whether row i of x is row j of y. */
function sameRow(x: ArrayLike<number>, i: number, y: ArrayLike<number>, j: number, d: number): boolean {
  for (let c = 0; c < d; c++) if (x[i * d + c] !== y[j * d + c]) return false;
  return true;
}

/** Stretches the places so that the longer side of their box is 10. */
function spreadOut(places: Float32Array, dim: number): void {
  const [low, high] = [new Float64Array(dim).fill(Infinity), new Float64Array(dim).fill(-Infinity)];
  places.forEach((value, i) => {
    low[i % dim] = Math.min(low[i % dim]!, value);
    high[i % dim] = Math.max(high[i % dim]!, value);
  });
  const side = Math.max(...high.map((value, c) => value - low[c]!)) || 1;
  for (let i = 0; i < places.length; i++) places[i] = (10 * (places[i]! - low[i % dim]!)) / side;
}
