import { checkInteger, checkNames } from "../../checks";
import { SparseMatrix } from "../../sparse";
import { ROW_MEMORY } from "./row-source";
import type { RowSource } from "./row-source";

/**
 * The rows of a sparse matrix [n, d] as methods take them in place of a matrix that does not fit into memory: k-means, mini-batch k-means, PCA and the
 * networks lay out a block of rows at a time with its zeros, so that memory grows with the values that are stored; the time is that of all n · d.
 *
 * ```ts
 * const rows = new SparseRows(readSparse(await readFile("words.npz")));
 * const { labels } = await new KMeans({ nClusters: 8 }).fit(rows);
 * ```
 */
export class SparseRows implements RowSource {
  readonly length: number;
  readonly rowShape: readonly number[];
  readonly memory: number;
  readonly #matrix: SparseMatrix;

  /**
   * @param options `memory`: bytes that a method may hold of the rows at a time, default 256 MiB
   * @throws unless x is a `SparseMatrix` with rows and columns, of numbers that are finite in float32
   */
  constructor(x: SparseMatrix, options: { readonly memory?: number } = {}) {
    const op = "SparseRows";
    checkNames<typeof options>(op, options, { memory: true });
    const { memory = ROW_MEMORY } = options;
    checkInteger(op, { memory }, 1);
    if (!(x instanceof SparseMatrix)) throw new Error(`${op}: x must be a SparseMatrix, got ${typeof x}`);
    const [n, d] = x.shape;
    if (n === 0 || d === 0) throw new Error(`${op}: x must have rows and columns, got [${n}, ${d}]`);
    const wrong = x.data.findIndex((value) => !Number.isFinite(Math.fround(value)));
    if (wrong >= 0) {
      const row = x.indptr.findIndex((begin) => begin > wrong) - 1;
      throw new Error(
        `${op}: x must be finite in float32, got ${x.data[wrong]} at row ${row}, column ${x.indices[wrong]}`,
      );
    }
    [this.length, this.rowShape, this.memory, this.#matrix] = [n, [d], memory, x];
  }

  /** Rows [begin, end), with their zeros. */
  range(begin: number, end: number, into?: Float32Array): Promise<Float32Array> {
    const d = this.#matrix.shape[1];
    const out = into?.subarray(0, (end - begin) * d).fill(0) ?? new Float32Array((end - begin) * d);
    for (let row = begin; row < end; row++) this.#put(row, out, (row - begin) * d);
    return Promise.resolve(out);
  }

  /** Rows at these indices, with their zeros. */
  rows(index: ArrayLike<number>): Promise<Float32Array> {
    const d = this.#matrix.shape[1];
    const out = new Float32Array(index.length * d);
    for (let i = 0; i < index.length; i++) this.#put(index[i]!, out, i * d);
    return Promise.resolve(out);
  }

  #put(row: number, out: Float32Array, at: number): void {
    const { indptr, indices, data } = this.#matrix;
    for (let p = indptr[row]!; p < indptr[row + 1]!; p++) out[at + indices[p]!] = data[p]!;
  }
}
