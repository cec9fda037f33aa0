import { isRowSource } from "../data/datasets/row-source";
import type { RowSource } from "../data/datasets/row-source";
import { checkPoints } from "../cluster/points";
import type { Points } from "../cluster/points";
import { sizeOf } from "../ndarray";
import type { Tensor } from "../tensor";
import { takeTensor } from "../tensor";
import type { Device } from "../device";

/**
 * Rows for a map: a matrix, a tensor, or a source that reads them when they are needed, as from a file larger than memory. A row of a source that holds
 * NaN or an infinity, such as a pixel without data, is masked: it belongs to no unit (−1) and moves none. In a matrix it is an error.
 */
export type MapRows = Points | RowSource;

/** Rows of d numbers that can be read piece by piece. */
export interface OpenRows {
  readonly n: number;
  readonly d: number;
  /** Rows [begin, end), one after the other. */
  read(begin: number, end: number): Promise<Float32Array> | Float32Array;
}

/** @throws unless x is a matrix of finite numbers, a tensor [n, d] or a source, with at least one row and column, and of `columns` columns where that is given */
export async function openRows(x: MapRows, op: string, columns?: number): Promise<OpenRows> {
  const rows = isRowSource(x) ? openSource(x, op) : await openMatrix(x, op, columns === undefined);
  if (columns !== undefined && rows.d !== columns)
    throw new Error(`${op}: x must have ${columns} columns, it has ${rows.d}`);
  return rows;
}

function openSource(x: RowSource, op: string): OpenRows {
  const [n, d] = [x.length, sizeOf(x.rowShape)];
  if (n === 0 || d === 0) throw new Error(`${op}: x has no elements, ${n} rows of [${x.rowShape.join(", ")}]`);
  return { n, d, read: (begin, end) => x.range(begin, end) };
}

async function openMatrix(x: Points, op: string, toLearn: boolean): Promise<OpenRows> {
  const { n, d, host } = await checkPoints(x, op, toLearn);
  const data = host?.data ?? ((await (x as Tensor).data()) as Float32Array);
  return { n, d, read: (begin, end) => data.subarray(begin * d, end * d) };
}

/** Elements of a block: 8 MB. */
const BLOCK_ELEMENTS = 2 ** 21;
/** Blocks stay on the device between passes up to this many elements: 256 MB. */
const RESIDENT_ELEMENTS = 2 ** 26;

/** Some rows on the device. */
export interface Block {
  readonly x: Tensor;
  readonly first: number;
  readonly rows: number;
}

/** Rows in blocks on a device, pass after pass: uploaded once where they are few, else read anew for each pass, one block ahead. */
export class Blocks {
  readonly device: Device;
  readonly #source: OpenRows;
  readonly #size: number;
  readonly #resident: Map<number, Tensor> | undefined;

  /** @param chunk blocks begin at multiples of so many rows */
  constructor(device: Device, source: OpenRows, chunk: number) {
    this.device = device;
    this.#source = source;
    const most = Math.min(BLOCK_ELEMENTS, Math.floor(device.maxBufferBytes / 4));
    this.#size = chunk * Math.max(1, Math.floor(most / (source.d * chunk)));
    this.#resident = source.n * source.d <= RESIDENT_ELEMENTS ? new Map() : undefined;
  }

  /** The blocks of one pass, in order. A block lives until the next is asked for. */
  async *pass(signal?: AbortSignal): AsyncGenerator<Block, void, undefined> {
    const { n, d } = this.#source;
    const resident = this.#resident;
    let ahead: ReturnType<OpenRows["read"]> | undefined;
    for (let first = 0; first < n; first += this.#size) {
      signal?.throwIfAborted();
      const rows = Math.min(this.#size, n - first);
      const kept = resident?.get(first);
      if (kept) {
        yield { x: kept, first, rows };
        continue;
      }
      const data = await (ahead ?? this.#source.read(first, first + rows));
      const x = await takeTensor(this.device, data, [rows, d]);
      const next = first + this.#size;
      ahead = next < n && !resident?.has(next) ? this.#source.read(next, Math.min(n, next + this.#size)) : undefined;
      if (ahead instanceof Promise) ahead.catch(() => undefined); // where it fails is where it is awaited
      resident?.set(first, x);
      try {
        yield { x, first, rows };
      } finally {
        if (!resident) x.dispose();
      }
    }
  }

  dispose(): void {
    for (const x of this.#resident?.values() ?? []) x.dispose();
    this.#resident?.clear();
  }
}

/** Whether a row of d numbers holds one that is NaN or infinite. */
export function isMasked(data: Float32Array, row: number, d: number): boolean {
  for (let at = row * d; at < (row + 1) * d; at++) if (data[at]! - data[at]! !== 0) return true;
  return false;
}
