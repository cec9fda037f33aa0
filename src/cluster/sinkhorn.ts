import { checkFlag, checkInteger, checkPositive, checkRange } from "../checks";
import { isRowSource } from "../data/datasets/row-source";
import type { RowSource } from "../data/datasets/row-source";
import type { Device } from "../device";
import * as kernels from "../kernels/transport";
import { takeFloat32Matrix } from "../matrix";
import type { MatrixLike } from "../matrix";
import { max } from "../ops/reduce";
import { noGrad } from "../graph";
import { requestDevice } from "../request-device";
import { empty, format, run, takeTensor, Tensor, tidy, untidied } from "../tensor";
import { Blocks, openSource } from "./streams/blocks";
import { mapTo } from "../typed-arrays";

/** Options of `sinkhorn`. */
export interface SinkhornOptions {
  /** Exponent of the probabilities: the larger, the closer to the unrelaxed transport problem. Default 25. */
  readonly lambda?: number;
  /** Ends when Σ_i |c_i / c'_i − 1| over all rows is at most this; default 0.1. */
  readonly tolerance?: number;
  /** Iterations at most; default 1,000. */
  readonly maxIterations?: number;
  /** Iterations between two looks at the error, the first one included; default 10. */
  readonly checkEvery?: number;
  /** Moves the items of lowest margin out of over-full classes until class sizes differ by one at most. Default false. */
  readonly balance?: boolean;
  /** Logarithms of probabilities are raised to this, so that a probability of 0 stays finite; default −80. */
  readonly floor?: number;
  /** For data on the host and sources; default: one requested for the call. */
  readonly device?: Device;
  readonly signal?: AbortSignal;
}

/** What `sinkhorn` finds: the plan is q_ij = e^(lambda·logp_ij + logRow_i + logColumn_j). */
export interface SinkhornResult {
  /** argmax_j q_ij of each row, [n]; the lowest of equals. After `balance`, in classes of equal size. */
  readonly labels: Uint32Array;
  /** Logarithms of the scalings of the classes, [k]. */
  readonly logColumn: Float32Array;
  /** Logarithms of the scalings of the rows, [n]. */
  readonly logRow: Float32Array;
  readonly iterations: number;
  /** Σ_i |c_i / c'_i − 1| at the last look. */
  readonly error: number;
  /** Whether the error came down to the tolerance. */
  readonly converged: boolean;
  /** Items that `balance` moved to another class than their best. */
  readonly moved: number;
}

/** Chunks of rows whose column sums are taken side by side. */
const CHUNKS = 1024;
/** Rows of a chunk, at least. */
const ROWS = 16;
/** Iterations at first that are all in the logarithmic domain: the scalings move far in them. */
const LOGARITHMIC = 3;
/** Logarithm of a scaling of the plan from where on it is taken into the plan. */
const FAR = 20;
/** Elements of the partial sums at most. */
const PARTIAL_ELEMENTS = 2 ** 22;

const power2 = (n: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, n)));

/**
 * Balanced soft assignment of n items to k classes: the plan q ∝ p^lambda with row sums 1/n and column sums 1/k, by
 * Sinkhorn and Knopp's alternating scaling (Cuturi 2013) as self-labelling uses it (Asano, Rupprecht and Vedaldi 2020,
 * section 3.2), in the logarithmic domain: u_j = −ln k − LSE_i(a_ij + v_i), v_i = −ln n − LSE_j(a_ij + u_j), a = lambda·ln p.
 *
 * An iteration reads a matrix once: with x_ij = a_ij + u_j and w_i = LSE_j x_ij, the next u_j is
 * u_j + ln(n / k) − ln Σ_i e^(x_ij − w_i). After the first step no sum there can be smaller than 1/(n k), so nothing underflows.
 * After three iterations the plan P_ij = e^(x_ij − w_i) is kept and scaled by factors r_j and 1/s_i instead, without exponentials,
 * s = P r, r_j = (n / k) / Σ_i P_ij / s_i; it is made anew from a where ln r has gone far (absorption: Schmitzer 2019, section 3.1).
 * @param logp log-probabilities [n, k]: a tensor, the same in several tensors of some of the rows each (where one would pass
 * the device's `maxBufferBytes`), a matrix on the host, which is cut up by itself, or a source, of which each iteration reads the rows in blocks and
 * takes them in the logarithmic domain: what is held are three numbers a row
 * @throws when shapes differ or an option is out of its range; the signal's reason when aborted
 */
export async function sinkhorn(
  logp: Tensor | readonly Tensor[] | MatrixLike | RowSource,
  options: SinkhornOptions = {},
): Promise<SinkhornResult> {
  const { lambda = 25, tolerance = 0.1, maxIterations = 1000, checkEvery = 10, floor = -80 } = options;
  checkFlag("sinkhorn", { balance: options.balance });
  checkPositive("sinkhorn", { lambda });
  checkRange("sinkhorn", { tolerance }, 0);
  if (!(floor < 0 && floor > -Infinity)) throw new Error(`sinkhorn: floor must be negative and finite, got ${floor}`);
  checkInteger("sinkhorn", { maxIterations, checkEvery }, 1);
  if (logp instanceof Tensor) return scale(lying([logp]), options);
  if (isTensors(logp)) return scale(lying(logp), options);
  if (isRowSource(logp)) return scaleSource(logp, options);
  const x = await takeFloat32Matrix(logp, "sinkhorn", "logp");
  const device = options.device ?? (await requestDevice());
  const [n, k] = x.shape as [number, number];
  checkSizes(n, k);
  const rows = Math.max(1, Math.floor(device.maxBufferBytes / (4 * Math.max(1, k))));
  const parts: Tensor[] = [];
  try {
    for (let i = 0; i < n; i += rows) {
      const end = Math.min(i + rows, n);
      parts.push(await takeTensor(device, x.data.subarray(i * k, end * k), [end - i, k]));
    }
    return await scale(lying(parts), options);
  } finally {
    for (const part of parts) part.dispose();
    if (!options.device) device.destroy();
  }
}

const isTensors = (x: unknown): x is readonly Tensor[] => Array.isArray(x) && x[0] instanceof Tensor;

/** Log-probabilities in parts: all on the device, or read when a pass comes to them. */
interface Parts {
  readonly device: Device;
  /** Rows of each part. */
  readonly rows: readonly number[];
  readonly k: number;
  /** The parts that lie on the device; undefined where they are read. */
  readonly tensors: readonly Tensor[] | undefined;
  /** `use` of each part in turn; its tensor lives as long. */
  each(use: (logp: Tensor, i: number) => Promise<void> | void): Promise<void>;
}

function lying(tensors: readonly Tensor[]): Parts {
  const k = tensors[0]?.shape[1] ?? 0;
  for (const { shape, dtype } of tensors)
    if (shape.length !== 2 || shape[1] !== k || dtype !== "f32")
      throw new Error(
        `sinkhorn: logp must be float32 [n, k] with one k, got ${tensors.map((p) => format(p)).join(", ")}`,
      );
  return {
    ...{ device: tensors[0]!.device, rows: tensors.map(({ shape }) => shape[0]!), k, tensors },
    each: async (use) => {
      for (const [i, part] of tensors.entries()) await use(part, i);
    },
  };
}

/** Rows of a chunk of n rows of k numbers. */
const chunkLength = (n: number, k: number): number =>
  Math.max(ROWS, Math.ceil(n / Math.max(1, Math.min(CHUNKS, Math.floor(PARTIAL_ELEMENTS / k)))));

async function scaleSource(logp: RowSource, options: SinkhornOptions): Promise<SinkhornResult> {
  if (options.balance)
    throw new Error("sinkhorn: balance must be false for rows that are read from a source, got true");
  const source = openSource(logp, "sinkhorn");
  const { n, d: k } = source;
  const device = options.device ?? (await requestDevice());
  const blocks = new Blocks(device, source, chunkLength(n, k));
  const rows = Array.from({ length: Math.ceil(n / blocks.size) }, (_, i) => Math.min(blocks.size, n - i * blocks.size));
  try {
    const each: Parts["each"] = async (use) => {
      for await (const { x, first } of blocks.pass(options.signal)) {
        await use(x, first / blocks.size);
        await device.read(x.buffer, 0, 4); // else blocks would queue up faster than they are used
      }
    };
    return await scale({ device, rows, k, tensors: undefined, each }, options);
  } finally {
    blocks.dispose();
    if (!options.device) device.destroy();
  }
}

/** Where the rows of one part stand among all. */
interface Part {
  readonly n: number;
  /** First row. */
  readonly row: number;
  /** First chunk. */
  readonly chunk: number;
}

function checkSizes(n: number, k: number): void {
  if (n === 0 || k === 0) throw new Error(`sinkhorn: logp must have rows and columns, got [${n}, ${k}]`);
}

function layOut({ rows, k }: Parts): { places: Part[]; n: number; length: number; chunks: number } {
  const n = rows.reduce((total, count) => total + count, 0);
  checkSizes(n, k);
  const length = chunkLength(n, k);
  let [row, chunks] = [0, 0];
  const places = rows.map((count) => {
    const place = { n: count, row, chunk: chunks };
    row += count;
    chunks += Math.ceil(count / length);
    return place;
  });
  return { places, n, length, chunks };
}

async function scale(parts: Parts, options: SinkhornOptions): Promise<SinkhornResult> {
  const { lambda = 25, tolerance = 0.1, maxIterations = 1000, checkEvery = 10, floor = -80, signal } = options;
  const { places, n, length, chunks } = layOut(parts);
  const { device, k, tensors } = parts;
  const made = untidied(() => ({
    u: empty(device, [k], "f32", "sinkhorn"),
    r: empty(device, [k], "f32", "sinkhorn"),
    w: empty(device, [n], "f32", "sinkhorn"),
    s: empty(device, [n], "f32", "sinkhorn"),
    partials: empty(device, [chunks, k], "f32", "sinkhorn"),
    change: empty(device, [chunks], "f32", "sinkhorn"),
    labels: empty(device, [n], "u32", "sinkhorn"),
  }));
  // of parts that are read only the one at work has a plan, which no pass comes back to
  const plans = untidied(() =>
    (tensors ? parts.rows : [Math.max(...parts.rows)]).map((rows) => empty(device, [rows, k], "f32", "sinkhorn")),
  );
  const { u, r, w, s, partials, change, labels } = made;
  const weights = { u, power: lambda, low: floor };
  const sizes = { k, length, lanes: Math.min(16, power2(k)), columns: Math.min(256, power2(k)) };
  const logarithmicPass = (first: 0 | 1): Promise<void> =>
    parts.each((logp, i) => {
      const plan = plans[i] ?? plans[0]!;
      run(kernels.sinkhorn, { ...weights, logp, w, s, plan, partials, change, ...sizes, ...places[i]!, first });
    });
  const scalingPass = (): void =>
    places.forEach((place, i) =>
      run(kernels.sinkhornScale, { plan: plans[i]!, r, s, partials, change, ...sizes, ...place }),
    );
  /** Renews r; to be in u where the next pass is logarithmic. */
  const update = (absorb: boolean): void =>
    run(kernels.sinkhornUpdate, { partials, r, u, k, chunks, absorb: Number(absorb), mass: n / k });
  try {
    device.write(u.buffer, await columnStart(parts, lambda, floor));
    await logarithmicPass(1);
    update(true);
    let [iterations, error, far] = [0, Infinity, false];
    for (;;) {
      const logarithmic = !tensors || iterations < LOGARITHMIC || far;
      if (logarithmic) await logarithmicPass(0);
      else scalingPass();
      iterations++;
      const last = iterations === maxIterations;
      far = false;
      if (last || (iterations - 1) % checkEvery === 0) {
        const [changes, scalings] = (await Promise.all([change.data(), r.data()])) as Float32Array[];
        error = changes!.reduce((sum, part) => sum + part, 0);
        far = scalings!.some((value) => Math.abs(Math.log(value)) > FAR);
        signal?.throwIfAborted();
        if (last || error <= tolerance) break;
      }
      update(!tensors || iterations < LOGARITHMIC || far);
    }
    const [absorbed, scalings, sums, totals] = await Promise.all([u.data(), r.data(), w.data(), s.data()]);
    const logColumn = (absorbed as Float32Array).map((value, j) => value + Math.log(scalings[j]!));
    device.write(u.buffer, logColumn);
    await parts.each((logp, i) => {
      const { chunk: _, ...place } = places[i]!;
      run(kernels.sinkhornLabels, { ...weights, logp, labels, k, ...place });
    });
    const result = {
      labels: (await labels.data()) as Uint32Array,
      logColumn,
      logRow: (sums as Float32Array).map((value, i) => -Math.log(n) - value - Math.log(totals[i]!)),
      ...{ iterations, error, converged: error <= tolerance },
    };
    const moved = options.balance ? await balanceLabels(tensors!, result.labels, result.logColumn, lambda, floor) : 0;
    return { ...result, moved };
  } finally {
    for (const tensor of [...Object.values(made), ...plans]) tensor.dispose();
  }
}

/** u at first: −lambda times the columns' largest log-probabilities, so that no column is out of float32's reach. */
async function columnStart(parts: Parts, lambda: number, floor: number): Promise<Float32Array> {
  const largest = new Float32Array(parts.k).fill(-Infinity);
  await parts.each(async (logp) => {
    using found = tidy(() => noGrad(() => max(logp, 0)));
    (await found.data()).forEach((value, j) => (largest[j] = Math.max(largest[j]!, value)));
  });
  return largest.map((value) => -lambda * Math.max(floor, value));
}

/**
 * Moves items of over-full classes to under-full ones, those first that lose least by it, until sizes are ⌊n/k⌋ or one more (in the
 * classes that were largest). Changes `labels`; returns how many moved. Deterministic: of equal margins the lowest row goes first.
 */
async function balanceLabels(
  parts: readonly Tensor[],
  labels: Uint32Array,
  u: Float32Array,
  lambda: number,
  floor: number,
): Promise<number> {
  const [n, k] = [labels.length, u.length];
  const excess = new Int32Array(k);
  for (const label of labels) excess[label]!++;
  const bySize = mapTo(Uint32Array, excess, (_, j) => j).sort((a, b) => excess[b]! - excess[a]! || a - b);
  bySize.forEach((j, place) => (excess[j]! -= Math.floor(n / k) + Number(place < n % k)));
  if (excess.every((count) => count <= 0)) return 0;
  /** For each item of an over-full class, its margin to the best class that has room. */
  const heap: { row: number; margin: number; to: number }[] = [];
  const rows = new Map<number, Float32Array>();
  const best = (row: number): { row: number; margin: number; to: number } => {
    const values = rows.get(row)!;
    let [to, highest] = [-1, -Infinity];
    for (let j = 0; j < k; j++) if (excess[j]! < 0 && values[j]! > highest) [to, highest] = [j, values[j]!];
    return { row, to, margin: values[labels[row]!]! - highest };
  };
  let row = 0;
  for (const logp of parts) {
    const data = (await logp.data()) as Float32Array;
    const count = logp.shape[0]!;
    for (let i = 0; i < count; i++) {
      if (excess[labels[row + i]!]! <= 0) continue;
      rows.set(
        row + i,
        data.subarray(i * k, (i + 1) * k).map((value, j) => lambda * Math.max(floor, value) + u[j]!),
      );
      heap.push(best(row + i));
    }
    row += count;
  }
  const before = (a: { row: number; margin: number }, b: { row: number; margin: number }): boolean =>
    a.margin < b.margin || (a.margin === b.margin && a.row < b.row);
  const sink = (at: number): void => {
    for (let child = 2 * at + 1; child < heap.length; at = child, child = 2 * at + 1) {
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, heap[at]!)) return;
      [heap[at], heap[child]] = [heap[child]!, heap[at]!];
    }
  };
  for (let at = heap.length >> 1; at >= 0; at--) sink(at);
  let moved = 0;
  while (heap.length > 0) {
    const { row, to } = heap[0]!;
    const from = labels[row]!;
    if (excess[from]! > 0 && excess[to]! >= 0)
      heap[0] = best(row); // its place has been taken
    else {
      if (excess[from]! > 0) {
        labels[row] = to;
        excess[from]!--;
        excess[to]!++;
        moved++;
      }
      const last = heap.pop()!;
      if (heap.length > 0) heap[0] = last;
    }
    sink(0);
  }
  return moved;
}
