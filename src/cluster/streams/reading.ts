// Rows that are read block by block. Imports no more of the library than numbers, so that it can be loaded apart.
import type { RowSource } from "../../data/datasets/row-source";
import { ROW_MEMORY } from "../../data/datasets/row-source";
import type { Device } from "../../device";
import { sizeOf } from "../../ndarray";
import type { Tensor } from "../../tensor";

/** Rows of d numbers that can be read piece by piece. */
export interface OpenRows {
  readonly n: number;
  readonly d: number;
  /** Bytes of them that may be held at a time; default 256 MiB. */
  readonly memory?: number | undefined;
  /** What `read` gives lies in memory as it is: there is nothing to read into. */
  readonly held?: boolean;
  /** Rows [begin, end), one after the other; in `into`, where it can. */
  read(begin: number, end: number, into?: Float32Array): Promise<Float32Array> | Float32Array;
}

/** The rows of a source. @throws where there are none */
export function openSource(x: RowSource, op: string): OpenRows {
  const [n, d] = [x.length, sizeOf(x.rowShape)];
  if (n === 0 || d === 0) throw new Error(`${op}: x has no elements, ${n} rows of [${x.rowShape.join(", ")}]`);
  return { n, d, memory: x.memory, read: (begin, end, into) => x.range(begin, end, into) };
}

/** Bytes of a block at most, where a chunk has no more. */
const BLOCK_BYTES = 2 ** 23;

/** Rows of a block: whole chunks, as many as 8 MiB or a quarter of the memory hold, one at least. */
export function blockRows({ d, memory = ROW_MEMORY }: OpenRows, chunk: number, most = Infinity): number {
  return chunk * Math.max(1, Math.floor(Math.min(BLOCK_BYTES, memory / 4, most) / (4 * d * chunk)));
}

/** The rows in blocks, from row `from` on, on the host; the next one is read while one is used, in the memory of the one before: a block lives until the next is asked for. */
export async function* readBlocks(
  { n, d, read, held }: Pick<OpenRows, "n" | "d" | "read" | "held">,
  size: number,
  signal?: AbortSignal,
  from = 0,
): AsyncGenerator<{ readonly data: Float32Array; readonly first: number; readonly rows: number }, void, undefined> {
  const spare: (Float32Array | undefined)[] = [];
  let turn = 0;
  const begin = (first: number): ReturnType<OpenRows["read"]> => {
    const into = n > size && !held ? (spare[(turn ^= 1)] ??= new Float32Array(size * d)) : undefined;
    return read(first, Math.min(n, first + size), into);
  };
  let ahead = begin(from);
  for (let first = from; first < n; first += size) {
    const data = await ahead;
    signal?.throwIfAborted();
    if (first + size < n) {
      ahead = begin(first + size);
      if (ahead instanceof Promise) ahead.catch(() => undefined); // where it fails is where it is awaited
    }
    yield { data, first, rows: Math.min(size, n - first) };
  }
}

/** Some rows on the device. */
export interface Block {
  readonly x: Tensor;
  readonly first: number;
  readonly rows: number;
}

/** What brings rows to a device: `takeTensor`. */
export type TakeTensor = (device: Device, rows: Float32Array, shape: readonly number[]) => Promise<Tensor>;

/** Rows in blocks on a device, pass after pass: uploaded once where they are few, else read anew for each pass, one block ahead. */
export class TakenBlocks {
  readonly device: Device;
  /** Rows of a block; the last may have fewer. */
  readonly size: number;
  readonly #source: OpenRows;
  readonly #take: TakeTensor;
  #resident: Block[] | undefined;
  readonly #keeps: boolean;

  /**
   * @param take brings them there
   * @param chunk blocks begin at multiples of so many rows
   * @param most bytes of a block at most, where a chunk has no more
   */
  constructor(take: TakeTensor, device: Device, source: OpenRows, chunk: number, most = Infinity) {
    this.#take = take;
    this.device = device;
    this.#source = source;
    this.size = blockRows(source, chunk, Math.min(most, device.maxBufferBytes));
    this.#keeps = 4 * source.n * source.d <= (source.memory ?? ROW_MEMORY);
  }

  /** The blocks of one pass, in order; of the first one from row `from` on. A block lives until the next is asked for. */
  async *pass(signal?: AbortSignal, from = 0): AsyncGenerator<Block, void, undefined> {
    if (this.#resident) {
      for (const block of this.#resident) {
        signal?.throwIfAborted();
        yield block;
      }
      return;
    }
    const kept: Block[] = [];
    let whole = false;
    try {
      for await (const { data, first, rows } of readBlocks(this.#source, this.size, signal, from)) {
        const block = { x: await this.#take(this.device, data, [rows, this.#source.d]), first, rows };
        if (this.#keeps) kept.push(block);
        try {
          yield block;
        } finally {
          if (!this.#keeps) block.x.dispose();
        }
      }
      whole = this.#keeps && from === 0;
    } finally {
      if (whole) this.#resident = kept;
      else for (const { x } of kept) x.dispose();
    }
  }

  dispose(): void {
    for (const { x } of this.#resident ?? []) x.dispose();
    this.#resident = undefined;
  }
}
