import { noGrad } from "../autodiff";
import type { Device } from "../device";
import { flattenRows, toFloat32 } from "../matrix";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import { gatherRows } from "../ops/indexing";
import { format, keep, tensor, tidy } from "../tensor";
import type { Tensor } from "../tensor";

/**
 * The rows of a data set, for minibatches: on the device where they fit, else in the host's memory and uploaded batch by
 * batch. Items of any rank are rows of their flattened elements.
 */
export class Rows {
  readonly device: Device;
  readonly count: number;
  /** Elements of a row. */
  readonly width: number;
  readonly #resident: Tensor | undefined;
  readonly #host: Float32Array;

  private constructor(device: Device, host: Float32Array, count: number, width: number) {
    this.device = device;
    this.count = count;
    this.width = width;
    this.#host = host;
    if (host.byteLength <= device.maxBufferBytes / 2) this.#resident = keep(tensor(device, host, [count, width]));
  }

  /** @throws when `x` is ragged, empty, or holds NaN or infinity; the message names the row and column */
  static from(device: Device, x: MatrixLike, op: string): Rows {
    const { data, shape } = flattenRows(toFloat32(x, op, "x"));
    const [count, width] = shape as [number, number];
    if (count === 0 || width === 0) throw new Error(`${op}: x must have rows and columns, ${format(shape)}`);
    return new Rows(device, data, count, width);
  }

  /** The rows of those indices as a tensor [index.length, width]. */
  at(index: Uint32Array): Tensor {
    if (this.#resident) return gatherRows(this.#resident, index);
    const batch = new Float32Array(index.length * this.width);
    index.forEach((row, i) => batch.set(this.#host.subarray(row * this.width, (row + 1) * this.width), i * this.width));
    return tensor(this.device, batch, [index.length, this.width]);
  }

  /** The rows [begin, end). */
  range(begin: number, end: number): Tensor {
    return tensor(this.device, this.#host.subarray(begin * this.width, end * this.width), [end - begin, this.width]);
  }

  dispose(): void {
    this.#resident?.dispose();
  }
}

/** Rows taken at a time where no gradient is needed. */
const CHUNK = 2048;

/** f of all rows, chunk by chunk and without gradients, as tensors; the caller disposes of them. */
export function mapChunks(rows: Rows, f: (batch: Tensor) => Tensor): Tensor[] {
  const chunks: Tensor[] = [];
  for (let begin = 0; begin < rows.count; begin += CHUNK)
    chunks.push(tidy(() => noGrad(() => f(rows.range(begin, Math.min(begin + CHUNK, rows.count))))));
  return chunks;
}

/** f of all rows on the host, [rows.count, width of f]. */
export async function mapRows(rows: Rows, f: (batch: Tensor) => Tensor): Promise<NdArray<Float32Array>> {
  const chunks = mapChunks(rows, f);
  const width = chunks[0]!.size / chunks[0]!.shape[0]!;
  const data = new Float32Array(rows.count * width);
  const parts = await Promise.all(chunks.map((chunk) => chunk.data()));
  parts.forEach((part, i) => data.set(part, i * CHUNK * width));
  for (const chunk of chunks) chunk.dispose();
  return new NdArray(data, [rows.count, width]);
}
