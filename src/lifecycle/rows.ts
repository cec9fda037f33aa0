import { noGrad } from "../graph";
import { isRowSource, ROW_MEMORY, type RowSource } from "../data/datasets/row-source";
import { channelsFirstRows } from "../data/datasets/row-views";
import { channelsToFront, layoutTaken } from "../data/image-layout";
import type { ImageLayout } from "../data/image-layout";
import type { ShuffleBuffer } from "../data/datasets/shuffle-buffer";
import type { Device } from "../device";
import { flattenRows, takeFloat32, takeLearnable } from "../matrix";
import type { MatrixLike } from "../matrix";
import { NdArray, sizeOf } from "../ndarray";
import { gatherRows } from "../ops/indexing";
import { concat, slice } from "../ops/layout";
import type { RandomState } from "../random";
import { format, takeTensor, tensor, tidy } from "../tensor";
import type { Tensor } from "../tensor";
import { runCooperatively, yieldWhenDue } from "../event-loop";
import { hashOf, LOOKED_AT } from "./hash";
import { Shuffle } from "./shuffle";

/** What training takes: a matrix, or rows that are read when they are needed (`NpyDataset`). */
export type RowsLike = MatrixLike | RowSource;

/** Shuffled passes over rows: the row numbers of each batch. */
export interface BatchOrder {
  /** Batches of a pass. */
  readonly steps: number;
  /** Row numbers of a batch. */
  batch(pass: number, step: number): Uint32Array;
  /** What a batch needs, to be awaited before it is used: its rows, where they are not in memory, or the order of the pass. */
  readonly load?: (pass: number, step: number) => Promise<void>;
}

/**
 * The rows of a data set, for minibatches: on the device where they fit, else in the host's memory and uploaded batch by
 * batch, or read from a source. Items of any rank are rows of their flattened elements.
 */
export class Rows {
  readonly device: Device;
  readonly count: number;
  /** Elements of a row. */
  readonly width: number;
  /** Bytes of what is made of the rows that may be held at a time: as the source says; of a matrix, which is in memory itself, any. */
  readonly memory: number;
  /** How items [n, a, b, c] were taken: those with their channels last are rows with the channels first. Undefined for items of another rank. */
  readonly layout: ImageLayout | undefined;
  #resident: Tensor | undefined;
  readonly #from: Float32Array | RowSource;
  /** How the rows of a source are shuffled: loaded where there is one. */
  readonly #Buffer: typeof ShuffleBuffer | undefined;
  #loaded: { index: Uint32Array; x: Float32Array } | undefined;

  private constructor(
    device: Device,
    from: Float32Array | RowSource,
    [count, width]: readonly [number, number],
    layout: ImageLayout | undefined,
    Buffer?: typeof ShuffleBuffer,
  ) {
    this.device = device;
    this.count = count;
    this.width = width;
    this.layout = layout;
    this.memory = from instanceof Float32Array ? Infinity : (from.memory ?? ROW_MEMORY);
    this.#from = from;
    this.#Buffer = Buffer;
  }

  /**
   * @param options.passes how often the rows will be taken; for a single pass they are not made resident
   * @param options.items what the network takes of an item, where it takes pictures: tells their layout (`layoutTaken`)
   * @throws when `x` is ragged, empty, or holds NaN or infinity; the message names the row and column
   */
  static async from(
    device: Device,
    x: RowsLike,
    op: string,
    { passes = Infinity, items = [] }: { readonly passes?: number; readonly items?: readonly number[] } = {},
  ): Promise<Rows> {
    const given = isRowSource(x) ? x : await (passes > 1 ? takeLearnable : takeFloat32)(x as MatrixLike, op, "x");
    const shape = isRowSource(given) ? [given.length, ...given.rowShape] : given.shape;
    const layout = layoutTaken(shape, items, op);
    const size = [shape[0] ?? 0, sizeOf(shape.slice(1))] as const;
    if (size.includes(0)) throw new Error(`${op}: x must have rows and columns, got ${format(shape)}`);
    const source = isRowSource(given) ? (layout === "channels-last" ? channelsFirstRows(given) : given) : undefined;
    const taken = isRowSource(given) ? undefined : given;
    const matrix =
      taken && flattenRows(layout === "channels-last" ? await runCooperatively(channelsToFront(taken)) : taken);
    const buffer = source && (await import("../data/datasets/shuffle-buffer")).ShuffleBuffer;
    const rows = new Rows(device, source ?? matrix!.data, size, layout, buffer);
    if (matrix && passes > 1 && matrix.data.byteLength <= device.maxBufferBytes / 2)
      rows.#resident = await takeTensor(device, matrix.data, size);
    return rows;
  }

  /** The order of shuffled passes: of a source by blocks, which are read ahead (see `ShuffleBuffer`), a quarter of the memory at a time. */
  order(random: RandomState, batchSize: number): BatchOrder {
    if (this.#from instanceof Float32Array) return new Shuffle(random, this.count, batchSize);
    const buffer = new this.#Buffer!(this.#from, { batchSize, seed: random });
    let at = "";
    return {
      steps: buffer.steps,
      load: async (pass, step) => {
        this.#loaded = await buffer.batch(pass, step);
        at = `${pass}/${step}`;
      },
      batch: (pass, step) => {
        if (at !== `${pass}/${step}`)
          throw new Error(`rows: batch ${step} of pass ${pass} is used before it was loaded`);
        return this.#loaded!.index;
      },
    };
  }

  /** Reads those rows from a source, so that `at` has them; where all rows are in memory there is nothing to wait for. */
  async load(index: Uint32Array): Promise<void> {
    if (this.#from instanceof Float32Array) return;
    this.#loaded = { index, x: await this.#from.rows(index) };
  }

  /** The rows of those indices as a tensor [index.length, width]. Those of a source must have been loaded, by the same array. */
  at(index: Uint32Array): Tensor {
    if (this.#resident) return gatherRows(this.#resident, index);
    if (!(this.#from instanceof Float32Array)) {
      if (this.#loaded?.index !== index) throw new Error("rows: a batch is used before it was loaded");
      return tensor(this.device, this.#loaded.x, [index.length, this.width]);
    }
    const host = this.#from;
    const batch = new Float32Array(index.length * this.width);
    index.forEach((row, i) => batch.set(host.subarray(row * this.width, (row + 1) * this.width), i * this.width));
    return tensor(this.device, batch, [index.length, this.width]);
  }

  /** What makes a tensor of the rows [begin, end), once they are read: a slice where they lie on the device, else an upload. */
  async range(begin: number, end: number): Promise<() => Tensor> {
    const resident = this.#resident;
    if (resident) return () => slice(resident, [begin, 0], [end, this.width]);
    const from = this.#from;
    const x =
      from instanceof Float32Array ? from.subarray(begin * this.width, end * this.width) : await from.range(begin, end);
    return () => tensor(this.device, x, [end - begin, this.width]);
  }

  /** What tells them from others: how many they are, and a hash of `beside` and of some of them, a polynomial in their words. */
  async fingerprint(beside?: Int32Array): Promise<readonly number[]> {
    const { count, width } = this;
    const from = this.#from;
    let hash = beside ? hashOf(beside) : 0;
    for (let row = 0; row < count; row += Math.ceil(count / LOOKED_AT)) {
      const values =
        from instanceof Float32Array ? from.subarray(row * width, (row + 1) * width) : await from.rows([row]);
      hash = hashOf(values, hash);
      await yieldWhenDue();
    }
    return [count, hash];
  }

  dispose(): void {
    this.#resident?.dispose();
  }
}

/** Rows taken at a time where no gradient is needed, by default. */
const CHUNK = 2048;

/** f of all rows, `size` at a time and without gradients, as tensors for the caller to dispose of. The next chunk is read while one computes. */
export async function* chunksOf(
  rows: Rows,
  f: (batch: Tensor) => Tensor,
  size = CHUNK,
): AsyncGenerator<Tensor, void, undefined> {
  const read = (begin: number): Promise<() => Tensor> => rows.range(begin, Math.min(begin + size, rows.count));
  let next = read(0);
  for (let begin = 0; begin < rows.count; begin += size) {
    const batch = await next;
    if (begin + size < rows.count) {
      next = read(begin + size);
      next.catch(() => undefined); // told when it is awaited
    }
    yield tidy(() => noGrad(() => f(batch())));
    await yieldWhenDue();
  }
}

/** The same, all of them. */
export async function mapChunks(rows: Rows, f: (batch: Tensor) => Tensor, size = CHUNK): Promise<Tensor[]> {
  const chunks: Tensor[] = [];
  try {
    for await (const chunk of chunksOf(rows, f, size)) chunks.push(chunk);
  } catch (error) {
    for (const chunk of chunks) chunk.dispose();
    throw error;
  }
  return chunks;
}

/** The same as one tensor, [rows.count, …]. */
export async function mapWhole(rows: Rows, f: (batch: Tensor) => Tensor, size = CHUNK): Promise<Tensor> {
  const chunks = await mapChunks(rows, f, size);
  if (chunks.length === 1) return chunks[0]!;
  try {
    return concat(chunks, 0);
  } finally {
    for (const chunk of chunks) chunk.dispose();
  }
}

/** Chunks whose results are on their way to the host at a time. */
const ABREAST = 16;

/** f of all rows on the host, [rows.count, width of f]. */
export async function mapRows(rows: Rows, f: (batch: Tensor) => Tensor, size = CHUNK): Promise<NdArray<Float32Array>> {
  let data: Float32Array | undefined;
  let at = 0;
  const arriving: Promise<void>[] = [];
  try {
    for await (const chunk of chunksOf(rows, f, size)) {
      const all = (data ??= new Float32Array((rows.count * chunk.size) / chunk.shape[0]!));
      const to = at;
      at += chunk.size;
      const arrival = chunk
        .data()
        .then((part) => all.set(part, to))
        .finally(() => chunk.dispose());
      arrival.catch(() => undefined); // told when it is awaited
      arriving.push(arrival);
      if (arriving.length === ABREAST) await arriving.shift();
    }
    await Promise.all(arriving);
  } finally {
    await Promise.allSettled(arriving);
  }
  return new NdArray(data!, [rows.count, data!.length / rows.count]);
}
