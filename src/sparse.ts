import { isWhole } from "./checks";
import { generate } from "./typed-arrays";

/** Values by row and column, for `SparseMatrix.fromEntries`. */
export interface Entries {
  readonly rows: ArrayLike<number>;
  readonly columns: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/**
 * A sparse matrix in compressed rows, as scipy's `csr_matrix`: row i has the values data[p] in the columns indices[p], p from indptr[i] to
 * indptr[i + 1]; columns ascend within a row and none comes twice.
 */
export class SparseMatrix {
  readonly shape: readonly [rows: number, columns: number];
  readonly indptr: Uint32Array<ArrayBuffer>;
  readonly indices: Uint32Array<ArrayBuffer>;
  readonly data: Float64Array<ArrayBuffer>;

  /** @throws unless the arrays describe a matrix of that shape, its columns ascending */
  constructor(
    shape: readonly [number, number],
    indptr: ArrayLike<number>,
    indices: ArrayLike<number>,
    data: ArrayLike<number>,
  ) {
    const [rows, columns] = shape;
    const op = "SparseMatrix";
    if (!isWhole(rows, 0) || !isWhole(columns, 0))
      throw new Error(`${op}: sizes must be whole, got [${shape.join(", ")}]`);
    if (
      indptr.length !== rows + 1 ||
      indptr[0] !== 0 ||
      indptr[rows] !== indices.length ||
      indices.length !== data.length
    )
      throw new Error(
        `${op}: indptr must lead from 0 to the number of values in ${rows + 1} steps, got ${indptr.length} from ${indptr[0]} to ${indptr[rows]} for ${indices.length} columns and ${data.length} values`,
      );
    for (let i = 0; i < rows; i++) {
      if (indptr[i + 1]! < indptr[i]!)
        throw new Error(`${op}: indptr must not fall, got ${indptr[i + 1]} after ${indptr[i]}`);
      for (let p = indptr[i]!; p < indptr[i + 1]!; p++) {
        const ordered = p === indptr[i]! || indices[p]! > indices[p - 1]!;
        if (!isWhole(indices[p]!, 0, columns - 1) || !ordered)
          throw new Error(`${op}: columns must ascend within a row, below ${columns}, got ${indices[p]} in row ${i}`);
      }
    }
    this.shape = [rows, columns];
    this.indptr = Uint32Array.from(indptr);
    this.indices = Uint32Array.from(indices);
    this.data = Float64Array.from(data);
  }

  /** A matrix of these values; those at one place are put together by `merge`, by default their sum. */
  static fromEntries(
    shape: readonly [number, number],
    { rows, columns, values }: Entries,
    merge: (a: number, b: number) => number = (a, b) => a + b,
  ): SparseMatrix {
    const [n, m] = shape;
    const count = values.length;
    for (let e = 0; e < count; e++)
      if (!isWhole(rows[e]!, 0, n - 1) || !isWhole(columns[e]!, 0, m - 1))
        throw new Error(`SparseMatrix: entries must lie within [${n}, ${m}], got (${rows[e]}, ${columns[e]})`);
    // by column, then stably by row: two counting sorts
    const byColumn = countingOrder(
      columns,
      m,
      generate(Uint32Array, count, (e) => e),
    );
    const order = countingOrder(rows, n, byColumn);
    const indptr = new Uint32Array(n + 1);
    const [indices, data] = [new Uint32Array(count), new Float64Array(count)];
    let at = 0;
    let row = -1;
    for (const e of order) {
      if (rows[e] === row && indices[at - 1] === columns[e]) {
        data[at - 1] = merge(data[at - 1]!, values[e]!);
        continue;
      }
      row = rows[e]!;
      indices[at] = columns[e]!;
      data[at++] = values[e]!;
      indptr[row + 1] = at;
    }
    for (let i = 0; i < n; i++) indptr[i + 1] = Math.max(indptr[i + 1]!, indptr[i]!);
    return new SparseMatrix(shape, indptr, indices.subarray(0, at), data.subarray(0, at));
  }

  /** Values that are stored. */
  get size(): number {
    return this.data.length;
  }

  /** Where the value of a row and column is stored; −1 where none is. */
  place(row: number, column: number): number {
    let [low, high] = [this.indptr[row]!, this.indptr[row + 1]!];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.indices[middle]! < column) low = middle + 1;
      else high = middle;
    }
    return low < this.indptr[row + 1]! && this.indices[low] === column ? low : -1;
  }

  /** The value of a row and column, 0 where none is stored. */
  get(row: number, column: number): number {
    const at = this.place(row, column);
    return at < 0 ? 0 : this.data[at]!;
  }

  /** Rows as columns. */
  transpose(): SparseMatrix {
    const [n, m] = this.shape;
    return SparseMatrix.fromEntries([m, n], { rows: this.indices, columns: this.rowNumbers(), values: this.data });
  }

  /** The row of each stored value. */
  rowNumbers(): Uint32Array<ArrayBuffer> {
    const rows = new Uint32Array(this.size);
    for (let i = 0; i < this.shape[0]; i++) rows.fill(i, this.indptr[i]!, this.indptr[i + 1]!);
    return rows;
  }

  /** out [n, width] = this · x [m, width], row-major, for the rows [begin, end). */
  multiply(x: Float64Array, width: number, out: Float64Array, begin = 0, end = this.shape[0]): void {
    const { indptr, indices, data } = this;
    for (let i = begin; i < end; i++) {
      const to = i * width;
      out.fill(0, to, to + width);
      for (let p = indptr[i]!; p < indptr[i + 1]!; p++) {
        const value = data[p]!;
        for (let c = 0, from = indices[p]! * width; c < width; c++) out[to + c]! += value * x[from + c]!;
      }
    }
  }

  /** Σ of each row. */
  rowSums(): Float64Array<ArrayBuffer> {
    const sums = new Float64Array(this.shape[0]);
    for (let i = 0; i < sums.length; i++)
      for (let p = this.indptr[i]!; p < this.indptr[i + 1]!; p++) sums[i]! += this.data[p]!;
    return sums;
  }

  /** All values, row-major [n · m]. */
  toDense(): Float64Array<ArrayBuffer> {
    const [n, m] = this.shape;
    const dense = new Float64Array(n * m);
    for (let i = 0; i < n; i++)
      for (let p = this.indptr[i]!; p < this.indptr[i + 1]!; p++) dense[i * m + this.indices[p]!] = this.data[p]!;
    return dense;
  }
}

/** `order` sorted by keys below `bound`, equal ones as they were. */
function countingOrder(keys: ArrayLike<number>, bound: number, order: Uint32Array): Uint32Array {
  const starts = new Uint32Array(bound + 1);
  for (const e of order) starts[keys[e]! + 1]!++;
  for (let key = 0; key < bound; key++) starts[key + 1]! += starts[key]!;
  const sorted = new Uint32Array(order.length);
  for (const e of order) sorted[starts[keys[e]!]!++] = e;
  return sorted;
}
