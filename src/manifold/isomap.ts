import { checkInteger, checkNames } from "../checks";
import type { Device } from "../device";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import { connectedComponents, shortestPaths } from "../neighbours/graph";
import type { Edges } from "../neighbours/graph";
import { kNeighbours, neighboursAmong, neighboursOf } from "../neighbours/knn";
import type { Metric, Neighbours } from "../neighbours/knn";
import { takeRows } from "../neighbours/rows";
import type { HostRows } from "../neighbours/rows";
import { stream } from "../random";
import { yieldWhenDue } from "../event-loop";
import { scaled } from "./classical-mds";
import type { MdsResult } from "./classical-mds";
import { generate } from "../typed-arrays";

/** Options of `Isomap`. */
export interface IsomapOptions {
  /** Neighbours of a point. Default 5. */
  readonly nNeighbors?: number;
  /** Default 2. */
  readonly nComponents?: number;
  /** Default "euclidean". */
  readonly metric?: Metric;
  /** Points whose distances to all others are scaled, the others being placed by theirs. Default: all, or 1,000 of more than 5,000. */
  readonly nLandmarks?: number;
  /** Chooses the landmarks. Default 0. */
  readonly seed?: number;
  readonly device?: Device;
  readonly signal?: AbortSignal;
}

/** Points up to which all of them are landmarks. */
const ALL = 5000;
const LANDMARKS = 1000;

interface Fitted {
  readonly rows: HostRows;
  readonly mds: MdsResult;
  readonly embedding: NdArray<Float64Array>;
  /** From each landmark to each point, [landmarks, n]. */
  readonly geodesics: NdArray<Float64Array>;
  readonly landmarks: Uint32Array<ArrayBuffer>;
  readonly nConnected: number;
}

/**
 * Isomap: points placed so that their distances are those along the graph of nearest neighbours (Tenenbaum, de Silva and Langford, Science 2000), as
 * scikit-learn's: the graph in both directions, parts without a link joined by the shortest bridge between each two of them, Dijkstra's shortest paths,
 * classical scaling, in float64. Beyond 5,000 points by landmarks (de Silva and Tenenbaum, "Sparse multidimensional scaling using landmark points",
 * 2004), so that nothing holds n × n.
 */
export class Isomap {
  readonly #options: Required<Omit<IsomapOptions, "device" | "signal" | "nLandmarks">>;
  readonly #nLandmarks: number | undefined;
  readonly #device: { readonly device?: Device };
  readonly #signal: AbortSignal | undefined;
  #fitted: Fitted | undefined;

  /** @throws when an option is out of its range */
  constructor(given: IsomapOptions = {}) {
    checkNames<IsomapOptions>("Isomap", given, {
      nNeighbors: true,
      nComponents: true,
      metric: true,
      nLandmarks: true,
      seed: true,
      device: true,
      signal: true,
    });
    const { device, signal, nLandmarks, ...options } = given;
    const { nNeighbors = 5, nComponents = 2, metric = "euclidean", seed = 0 } = options;
    checkInteger("Isomap", { nNeighbors, nComponents, nLandmarks: nLandmarks ?? 1 }, 1);
    this.#options = { nNeighbors, nComponents, metric, seed };
    this.#nLandmarks = nLandmarks;
    this.#device = device ? { device } : {};
    this.#signal = signal;
  }

  /** The places of the points, [n, nComponents]. @throws before `fit`, as all these */
  get embedding(): NdArray<Float64Array> {
    return this.#result("embedding").embedding;
  }
  /** The eigenvalues of the columns, descending. */
  get eigenvalues(): Float64Array<ArrayBuffer> {
    return this.#result("eigenvalues").mds.eigenvalues;
  }
  /** √(‖B‖² − Σ λ²) / n over the landmarks. */
  get reconstructionError(): number {
    return this.#result("reconstructionError").mds.reconstructionError;
  }
  /** Parts of the graph before bridges joined them. */
  get nConnected(): number {
    return this.#result("nConnected").nConnected;
  }
  /** Lengths of shortest paths from each landmark (each point, where there are none) to each point. */
  get geodesicDistances(): NdArray<Float64Array> {
    return this.#result("geodesicDistances").geodesics;
  }

  /** @throws when x [n, d] is no finite matrix, has no more rows than neighbours, or fewer landmarks than components */
  async fit(x: MatrixLike): Promise<this> {
    const op = "Isomap.fit";
    const { nNeighbors, nComponents, metric, seed } = this.#options;
    const signal = this.#signal;
    const rows = await takeRows(x, op);
    const { n } = rows;
    const graph = await neighboursAmong(rows, { nNeighbors }, op, { metric, signal, ...this.#device });
    const edges = edgesOf(graph);
    const parts = connectedComponents(n, edges);
    const nConnected = parts.reduce((most, part) => Math.max(most, part + 1), 0);
    if (nConnected > 1) await this.#bridge(edges, rows, parts, nConnected);
    const count = Math.min(n, this.#nLandmarks ?? (n > ALL ? LANDMARKS : n));
    checkInteger(op, { nComponents }, 1, count);
    const landmarks =
      count === n
        ? generate(Uint32Array, n, (i) => i)
        : stream(seed, "Isomap.landmarks").permutation(n).slice(0, count).sort();
    const geodesics = await shortestPaths(n, edges, { sources: landmarks, signal });
    const among = new Float64Array(count * count);
    for (let i = 0; i < count; i++)
      for (let j = 0; j < count; j++) among[i * count + j] = geodesics.data[i * n + landmarks[j]!]!;
    const mds = await scaled(among, count, nComponents, op, signal);
    const place = placing(among, count, mds);
    const embedding = new Float64Array(n * nComponents);
    const lengths = new Float64Array(count);
    if (count === n) embedding.set(mds.embedding.data);
    else
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < count; j++) lengths[j] = geodesics.data[j * n + i]!;
        place(lengths, embedding, i * nComponents);
        if (i % 64 === 0) await yieldWhenDue();
      }
    this.#fitted = { rows, mds, embedding: new NdArray(embedding, [n, nComponents]), geodesics, landmarks, nConnected };
    return this;
  }

  /** `fit`, then the places. */
  async fitTransform(x: MatrixLike): Promise<NdArray<Float64Array>> {
    return (await this.fit(x)).embedding;
  }

  /** The places of new rows [m, d], by the shortest ways through their neighbours among the fitted. @throws for another d */
  async transform(x: MatrixLike): Promise<NdArray<Float64Array>> {
    const { rows, mds, geodesics, landmarks } = this.#result("transform");
    const { nNeighbors, nComponents, metric } = this.#options;
    const { n } = rows;
    const op = "Isomap.transform";
    const given = await takeRows(x, op);
    const near = await neighboursOf(given, rows, { nNeighbors }, op, { metric, signal: this.#signal, ...this.#device });
    const [m, count] = [near.indices.shape[0]!, landmarks.length];
    const among = new Float64Array(count * count);
    for (let i = 0; i < count; i++)
      for (let j = 0; j < count; j++) among[i * count + j] = geodesics.data[i * n + landmarks[j]!]!;
    const place = placing(among, count, mds);
    const embedding = new Float64Array(m * nComponents);
    const lengths = new Float64Array(count);
    for (let i = 0; i < m; i++) {
      lengths.fill(Infinity);
      for (let e = i * nNeighbors; e < (i + 1) * nNeighbors; e++)
        for (let j = 0; j < count; j++) {
          const length = near.distances.data[e]! + geodesics.data[j * n + near.indices.data[e]!]!;
          if (length < lengths[j]!) lengths[j] = length;
        }
      place(lengths, embedding, i * nComponents);
      if (i % 16 === 0) await yieldWhenDue();
    }
    return new NdArray(embedding, [m, nComponents]);
  }

  /** Adds the shortest edge between each two parts. */
  async #bridge(edges: GrowingEdges, rows: HostRows, parts: Int32Array, count: number): Promise<void> {
    const { data, d } = rows;
    const members = Array.from({ length: count }, (): number[] => []);
    parts.forEach((part, i) => members[part]!.push(i));
    const points = members.map((list) => {
      const own = new Float64Array(list.length * d);
      list.forEach((i, at) => own.set(data.subarray(i * d, (i + 1) * d), at * d));
      return new NdArray(own, [list.length, d]);
    });
    const options = { metric: this.#options.metric, signal: this.#signal, ...this.#device };
    for (let a = 0; a < count; a++)
      for (let b = a + 1; b < count; b++) {
        const { indices, distances } = await kNeighbours(points[a]!, points[b]!, 1, options);
        const from = distances.data.reduce((best, length, i) => (length < distances.data[best]! ? i : best), 0);
        edges.from.push(members[a]![from]!);
        edges.to.push(members[b]![indices.data[from]!]!);
        edges.weights.push(distances.data[from]!);
      }
  }

  #result(what: string): Fitted {
    if (!this.#fitted) throw new Error(`Isomap.${what}: call fit first`);
    return this.#fitted;
  }
}

interface GrowingEdges extends Edges {
  readonly from: number[];
  readonly to: number[];
  readonly weights: number[];
}

function edgesOf({ indices, distances }: Neighbours): GrowingEdges {
  const k = indices.shape[1]!;
  return {
    from: Array.from(indices.data, (_, e) => Math.floor(e / k)),
    to: Array.from(indices.data),
    weights: Array.from(distances.data),
  };
}

/** Places a point by its distances to the landmarks, whose own are `among` [count, count]. */
function placing(among: Float64Array, count: number, { embedding, eigenvalues }: MdsResult) {
  const components = eigenvalues.length;
  const means = new Float64Array(count);
  for (let i = 0; i < count; i++) for (let j = 0; j < count; j++) means[j]! += among[i * count + j]! ** 2 / count;
  return (lengths: Float64Array, out: Float64Array, at: number): void => {
    for (let c = 0; c < components; c++) {
      let sum = 0;
      for (let j = 0; j < count; j++) sum += embedding.data[j * components + c]! * (means[j]! - lengths[j]! ** 2);
      out[at + c] = eigenvalues[c]! > 0 ? sum / (2 * eigenvalues[c]!) : 0;
    }
  };
}
