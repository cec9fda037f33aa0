import { checkChoice, checkInteger, checkNames } from "../checks";
import { DeviceHolder } from "../cluster/points";
import type { Device } from "../device";
import { noGrad } from "../graph";
import { kNearest } from "../kernels/neighbours";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import { requestDevice } from "../request-device";
import { empty, run, takeTensor, untidied } from "../tensor";
import type { Tensor } from "../tensor";
import { runCooperatively } from "../event-loop";
import type { Cooperative } from "../event-loop";
import { KdTree } from "./kd-tree";
import { largestOf, nearestByDescent } from "./nn-descent";
import { SparseMatrix } from "../sparse";
import { framedRows } from "./rows";
import { shortRows } from "./short-rows";
import type { Float32Rows } from "./short-rows";
import type { HostRows } from "./rows";
import { nearestSparseRows, sizesOf, takePoints, unitSparseRows } from "./sparse-rows";
import type { GivenRows, Search } from "./sparse-rows";
import { generate, mapTo } from "../typed-arrays";

/** How far apart points are: ‖x − y‖, or 1 − cos(x, y). */
export type Metric = "euclidean" | "cosine";

/** Options of `knnGraph` and `kNeighbours`. */
export interface KnnOptions {
  /** Default "euclidean". */
  readonly metric?: Metric;
  readonly device?: Device;
  /** Ends the work with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Rows done so far, of `total`. */
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}

/** Their names. @internal */
export const KNN_OPTIONS = { metric: true, device: true, signal: true, onProgress: true } as const;

/** Options of `knnGraph`. */
export interface KnnGraphOptions extends KnnOptions {
  /** Whether a point is its own first neighbour, at distance 0, and counts among the k. Default false. */
  readonly includeSelf?: boolean;
  /**
   * Whether neighbours of neighbours are compared (NN-descent) in place of all pairs, so that a few of them are missed; not of points in up to three dimensions
   * nor of sparse rows, of which all are looked at. Default: beyond what 200,000 points of 64 columns take. By kernels on either device, from trees that the host
   * makes; where a buffer of a WebGPU adapter does not hold n times the columns, k, or 20 to 60 candidates, whichever is most, on a WebAssembly device instead.
   */
  readonly approximate?: boolean;
}

const KNN_GRAPH_OPTIONS = { ...KNN_OPTIONS, includeSelf: "flag", approximate: "flag" } as const;

/** The k nearest neighbours of each of n points, by ascending distance, ties by ascending number. */
export interface Neighbours {
  /** Row numbers [n, k]. */
  readonly indices: NdArray<Int32Array>;
  /** Their distances [n, k]. */
  readonly distances: NdArray<Float64Array>;
}

/** Multiply-adds between two looks at the signal. */
const WORK = 2 ** 33;
/** From so many points in a plane or in space on, a tree on the host is faster than all distances on a device. */
const TREE_POINTS = 8192;
const TREE_DIMENSIONS = 3;

/** Multiply-adds of all pairs from which on neighbours are approximate by default. */
const MOST_WORK = 200_000 ** 2 * 64;

/** Rows of length 1. @throws when a row has no direction */
function unitRows({ data, n, d }: HostRows, op: string): HostRows {
  const unit = new Float64Array(n * d);
  for (let i = 0; i < n; i++) {
    let largest = 0;
    for (let c = i * d; c < (i + 1) * d; c++) largest = Math.max(largest, Math.abs(data[c]!));
    if (largest === 0) throw new Error(`${op}: a row of zeros has no cosine, got one at row ${i}`);
    let sum = 0;
    for (let c = i * d; c < (i + 1) * d; c++) sum += (data[c]! / largest) ** 2;
    const scale = 1 / (largest * Math.sqrt(sum));
    for (let c = i * d; c < (i + 1) * d; c++) unit[c] = data[c]! * scale;
  }
  return { data: unit, n, d };
}

/** The distance of the metric from a squared Euclidean one: of unit vectors, 1 − cos = ½‖u − v‖². */
const fromSquared: Readonly<Record<Metric, (squared: number) => number>> = {
  euclidean: Math.sqrt,
  cosine: (squared) => squared / 2,
};

/** Numbers [n, k] and squared distances [n, k]. */
type Found = [Uint32Array, ArrayLike<number>];

/** Squared distances and numbers by the kernel, a piece of the queries at a time. */
async function onDevice(search: Search<HostRows>, op: string, options: KnnOptions): Promise<Found> {
  const { queries, points, k, own } = search;
  const { n, d } = queries;
  const m = points.n;
  const holder = new DeviceHolder(options.device);
  const device = await holder.get(points.data);
  await device.prepare([kNearest]);
  const { data, scale, place } = await framedRows(points, op);
  const asked = queries === points ? data : await place(queries);
  const uploaded = new Map<Float32Array, Tensor>();
  const on = async (rows: Float32Array<ArrayBuffer>, count: number, width: number): Promise<Tensor> => {
    const known = uploaded.get(rows) ?? (await takeTensor(device, rows, [count, width]));
    uploaded.set(rows, known);
    return known;
  };
  const results: Tensor[] = [];
  const resultsOf = (count: number, width: number): { indices: Tensor; distances: Tensor } => {
    const made = untidied(() => [
      empty(device, [count, width], "u32", op),
      empty(device, [count, width], "f32", op),
    ]) as [Tensor, Tensor];
    results.push(...made);
    return { indices: made[0], distances: made[1] };
  };
  try {
    const [x, y] = [await on(asked, n, d), await on(data, m, d)];
    /** The squared distances of the farthest of k points, of a few rows. */
    const reach = async (sample: Float32Rows): Promise<ArrayLike<number>> => {
      const rows = await on(sample.data, sample.n, d);
      const found = resultsOf(sample.n, k);
      const sizes = { n: sample.n, m, d, e: d, k, first: 0, own: 0, slack: 0 };
      noGrad(() => run(kNearest, { x: rows, y, shortX: rows, shortY: y, ...found, ...sizes }));
      const squared = await found.distances.data();
      return generate(Float64Array, sample.n, (i) => squared[(i + 1) * k - 1]!);
    };
    const short = await shortRows({ data, n: m, d }, { data: asked, n, d }, device, reach);
    const { width: e, slack, ...rows } = short ?? { width: d, slack: 0, points: data, queries: asked };
    const [shortX, shortY] = [await on(rows.queries, n, e), await on(rows.points, m, e)];
    const found = resultsOf(n, k);
    const piece = Math.max(64, Math.ceil(WORK / (m * e) / 64) * 64);
    for (let first = 0; first < n; first += piece) {
      options.signal?.throwIfAborted();
      const count = Math.min(piece, n - first);
      noGrad(() =>
        run(kNearest, { x, y, shortX, shortY, ...found, n: count, m, d, e, k, first, own: own ? 1 : 0, slack }),
      );
      if (piece < n) await device.synchronize();
      options.onProgress?.({ done: first + count, total: n });
    }
    const [numbers, squared] = await Promise.all([found.indices.data(), found.distances.data()]);
    if (numbers.includes(0xffffffff))
      throw new Error(`${op}: squared distances must fit float32, got points that are farther apart; scale them down`);
    return [numbers as Uint32Array, unscaled(squared, scale)];
  } finally {
    for (const tensor of [...uploaded.values(), ...results]) tensor.dispose();
    await holder.dispose();
  }
}

/** Squared distances of rows that were divided by a scale. */
const unscaled = (squared: ArrayLike<number>, scale: number): ArrayLike<number> =>
  scale === 1 ? squared : mapTo(Float64Array, squared, (value) => value * scale ** 2);

/** Work on the host that tells how many of so many rows are done; the signal ends it. */
async function watched<R>(
  work: (tell: (done: number) => void) => Cooperative<R>,
  total: number,
  { signal, onProgress }: KnnOptions,
): Promise<R> {
  signal?.throwIfAborted();
  let done = 0;
  const found = await runCooperatively(
    work((now) => (done = now)),
    () => {
      signal?.throwIfAborted();
      onProgress?.({ done, total });
      return Promise.resolve();
    },
  );
  onProgress?.({ done: total, total });
  return found;
}

/** Numbers and squared distances by a tree, in float64. */
function* onTree({ queries, points, k, own }: Search<HostRows>, tell: (done: number) => void): Cooperative<Found> {
  const { n, d } = queries;
  const tree = yield* KdTree.build(points.data, points.n, d);
  const [indices, squared] = [new Uint32Array(n * k), new Float64Array(n * k)];
  for (let i = 0; i < n; i++) {
    tree.nearest(queries.data, i * d, k, own ? i : -1, indices, squared, i * k);
    if (i % 64 > 0) continue;
    tell(i);
    yield;
  }
  return [indices, squared];
}

/** About the same by comparing neighbours of neighbours; on WebAssembly where a buffer of the device holds too little. */
async function byDescent({ points, k }: Search<HostRows>, op: string, options: KnnOptions): Promise<Found> {
  const { n, d } = points;
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  const holder = new DeviceHolder(options.device);
  let device = await holder.get(points.data);
  const own = device.maxBufferBytes < largestOf(n, d, k) && device.type === "webgpu";
  if (own) device = await requestDevice("wasm");
  try {
    const { data, scale } = await framedRows(points, op);
    const onDone = (share: number): void => onProgress?.({ done: Math.floor(share * n), total: n });
    const [indices, squared] = await nearestByDescent(device, { data, n, d }, k, op, { signal, onDone });
    onProgress?.({ done: n, total: n });
    return [indices, unscaled(squared, scale)];
  } finally {
    if (own) device.destroy();
    await holder.dispose();
  }
}

/** Queries and points as the metric measures them. */
function measured<Rows>(given: Search<Rows>, metric: Metric, unit: (rows: Rows) => Rows): Search<Rows> {
  if (metric === "euclidean") return given;
  const points = unit(given.points);
  return { ...given, points, queries: given.queries === given.points ? points : unit(given.queries) };
}

async function search(given: Search<GivenRows>, op: string, options: KnnGraphOptions): Promise<Neighbours> {
  const { metric = "euclidean", approximate } = options;
  checkChoice(op, { metric }, Object.keys(fromSquared));
  const { queries, points, k, own } = given;
  const total = sizesOf(queries).n;
  let found: Found;
  if (queries instanceof SparseMatrix && points instanceof SparseMatrix) {
    const sparse = measured({ queries, points, k, own }, metric, (rows) => unitSparseRows(rows, op));
    found = await watched((tell) => nearestSparseRows(sparse, op, tell), total, options);
  } else if (queries instanceof SparseMatrix || points instanceof SparseMatrix)
    throw new Error(
      `${op}: new rows must be a sparse matrix where the points are one, and else must not, got one of each`,
    );
  else {
    const dense = measured({ queries, points, k, own }, metric, (rows) => unitRows(rows, op));
    const { n, d } = points;
    if (d <= TREE_DIMENSIONS && Math.min(n, total) >= TREE_POINTS)
      found = await watched((tell) => onTree(dense, tell), total, options);
    else if (own && d > TREE_DIMENSIONS && (approximate ?? n * n * d > MOST_WORK))
      found = await byDescent(dense, op, options);
    else found = await onDevice(dense, op, options);
  }
  const [rows, squared] = found;
  const shape = [total, k];
  return {
    indices: new NdArray(Int32Array.from(rows), shape),
    distances: new NdArray(mapTo(Float64Array, squared, fromSquared[metric]), shape),
  };
}

/** Puts each point before its neighbours, at distance 0. */
function withSelf({ indices, distances }: Neighbours): Neighbours {
  const [n, k] = indices.shape as [number, number];
  const [rows, lengths] = [new Int32Array(n * (k + 1)), new Float64Array(n * (k + 1))];
  for (let i = 0; i < n; i++) {
    rows[i * (k + 1)] = i;
    rows.set(indices.data.subarray(i * k, (i + 1) * k), i * (k + 1) + 1);
    lengths.set(distances.data.subarray(i * k, (i + 1) * k), i * (k + 1) + 1);
  }
  return { indices: new NdArray(rows, [n, k + 1]), distances: new NdArray(lengths, [n, k + 1]) };
}

/**
 * The k nearest neighbours of each row of x [n, d] among the others. Exact, up to the rounding of float32: one kernel measures and
 * selects, tile by tile, and nothing holds n × n; where a few principal axes hold most, pairs whose coordinates along them are too far apart are not measured on
 * WebAssembly. From 8,192 points of up to three dimensions on, a k-d tree on the host (Bentley 1975),
 * in float64. Offsets common to all points are taken off in float64 first, and points of very small or large numbers are scaled.
 * Beyond what 200,000 points of 64 columns take, or with `approximate`, neighbours of neighbours are compared instead (NN-descent; Dong, Moses and Li, WWW
 * 2011), from trees of random planes, by kernels on the device: each point gathers, and writes its own list alone, so that a device gives the same bits each
 * time. Of MNIST's 70,000 digits in 50 principal components 0.990 of the fifteen nearest are found, in time that grows about as n log n.
 * The rows of a `SparseMatrix` are measured on the host, in float64, by the columns in which two have values.
 * @throws when k is not from 1 to n − 1 (n with `includeSelf`), or x is no finite matrix
 */
export async function knnGraph(
  x: MatrixLike | SparseMatrix,
  k: number,
  options: KnnGraphOptions = {},
): Promise<Neighbours> {
  checkNames<KnnGraphOptions>("knnGraph", options, KNN_GRAPH_OPTIONS);
  return neighboursAmong(await takePoints(x, "knnGraph"), { k }, "knnGraph", options);
}

/**
 * The same of rows that a method has taken, told in its words: `op`, and the number of neighbours by its name there.
 * @throws `op: …`
 * @internal
 */
export async function neighboursAmong(
  points: GivenRows,
  count: Readonly<Record<string, number>>,
  op: string,
  options: KnnGraphOptions,
): Promise<Neighbours> {
  const { n } = sizesOf(points);
  const [[name, k]] = Object.entries(count) as [[string, number]];
  const { includeSelf = false } = options;
  checkInteger(op, count, 1);
  if (k > (includeSelf ? n : n - 1))
    throw new Error(
      `${op}: ${name} must be ${includeSelf ? "at most" : "less than"} the number of points, got ${k} for ${n}`,
    );
  const others = includeSelf ? k - 1 : k;
  if (others === 0) {
    const none = { indices: new NdArray(new Int32Array(0), [n, 0]) };
    return withSelf({ ...none, distances: new NdArray(new Float64Array(0), [n, 0]) });
  }
  const found = await search({ queries: points, points, k: others, own: true }, op, options);
  return includeSelf ? withSelf(found) : found;
}

/**
 * The k rows of `points` [m, d] that are nearest to each row of `queries` [n, d], as `knnGraph`.
 * @throws when k is not from 1 to m, or the columns differ
 */
export async function kNeighbours(
  queries: MatrixLike | SparseMatrix,
  points: MatrixLike | SparseMatrix,
  k: number,
  options: KnnOptions = {},
): Promise<Neighbours> {
  const op = "kNeighbours";
  checkNames<KnnOptions>(op, options, KNN_OPTIONS);
  const among = await takePoints(points, op, "points");
  return neighboursOf(await takePoints(queries, op, "queries"), among, { k }, op, options, "queries");
}

/** The same of rows that a method has taken, as `neighboursAmong`. @throws `op: …` @internal */
export async function neighboursOf(
  queries: GivenRows,
  points: GivenRows,
  count: Readonly<Record<string, number>>,
  op: string,
  options: KnnOptions,
  name = "x",
): Promise<Neighbours> {
  const [k] = Object.values(count) as [number];
  const [{ d }, { n: m, d: columns }] = [sizesOf(queries), sizesOf(points)];
  if (d !== columns) throw new Error(`${op}: ${name} must have ${columns} columns, got ${d}`);
  checkInteger(op, count, 1, m);
  return search({ queries, points, k, own: false }, op, options);
}
