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
    return transposed([n, m], this.indptr, this.indices, this.data);
  }

  /** Of each stored value where its mirror image is stored, of (i, j) the place of (j, i); −1 where none is. For square matrices. */
  mirrors(): Int32Array<ArrayBuffer> {
    const { indptr, indices } = this;
    const mirrors = new Int32Array(this.size).fill(-1);
    const next = indptr.slice();
    for (let i = 0; i < this.shape[0]; i++)
      for (let p = indptr[i]!; p < indptr[i + 1]!; p++) {
        const j = indices[p]!;
        const end = indptr[j + 1]!;
        let at = next[j]!;
        while (at < end && indices[at]! < i) at++; // rows come in order: what was passed is not asked for again
        next[j] = at;
        if (at < end && indices[at] === i) mirrors[p] = at;
      }
    return mirrors;
  }

  /** A matrix of parts that are known to belong together: none is looked at, or copied. @internal */
  static ofParts(
    shape: readonly [number, number],
    indptr: Uint32Array<ArrayBuffer>,
    indices: Uint32Array<ArrayBuffer>,
    data: Float64Array<ArrayBuffer>,
  ): SparseMatrix {
    return Object.assign(Object.create(SparseMatrix.prototype) as SparseMatrix, { shape, indptr, indices, data });
  }

  /** The row of each stored value. */
  rowNumbers(): Uint32Array<ArrayBuffer> {
    const rows = new Uint32Array(this.size);
    for (let i = 0; i < this.shape[0]; i++) rows.fill(i, this.indptr[i]!, this.indptr[i + 1]!);
    return rows;
  }

  /** out [n, width] = this · x [m, width], row-major, for the rows [begin, end). */
  multiply(x: Float64Array, width: number, out: Float64Array, begin = 0, end = this.shape[0]): void {
    let column = 0;
    for (; column + 9 <= width; column += 9) multiplyNine(this, x, width, column, out, begin, end);
    for (; column + 3 <= width; column += 3) multiplyThree(this, x, width, column, out, begin, end);
    for (; column < width; column++) multiplyOne(this, x, width, column, out, begin, end);
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

/** Nine columns of a product, whose sums stay in registers: rows of x, which lie anywhere, are fetched once. */
function multiplyNine(
  { indptr, indices, data }: SparseMatrix,
  x: Float64Array,
  width: number,
  column: number,
  out: Float64Array,
  begin: number,
  end: number,
): void {
  for (let i = begin, p = indptr[begin]!; i < end; i++) {
    let a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, k = 0; // prettier-ignore
    for (const last = indptr[i + 1]!; p < last; p++) {
      const value = data[p]!;
      const from = indices[p]! * width + column;
      a += value * x[from]!;
      b += value * x[from + 1]!;
      c += value * x[from + 2]!;
      d += value * x[from + 3]!;
      e += value * x[from + 4]!;
      f += value * x[from + 5]!;
      g += value * x[from + 6]!;
      h += value * x[from + 7]!;
      k += value * x[from + 8]!;
    }
    const to = i * width + column;
    out[to] = a;
    out[to + 1] = b;
    out[to + 2] = c;
    out[to + 3] = d;
    out[to + 4] = e;
    out[to + 5] = f;
    out[to + 6] = g;
    out[to + 7] = h;
    out[to + 8] = k;
  }
}

/** Three columns of a product, whose sums stay in registers. */
function multiplyThree(
  { indptr, indices, data }: SparseMatrix,
  x: Float64Array,
  width: number,
  column: number,
  out: Float64Array,
  begin: number,
  end: number,
): void {
  for (let i = begin, p = indptr[begin]!; i < end; i++) {
    let [a, b, c] = [0, 0, 0];
    for (const last = indptr[i + 1]!; p < last; p++) {
      const value = data[p]!;
      const from = indices[p]! * width + column;
      a += value * x[from]!;
      b += value * x[from + 1]!;
      c += value * x[from + 2]!;
    }
    const to = i * width + column;
    out[to] = a;
    out[to + 1] = b;
    out[to + 2] = c;
  }
}

/** One column of it. */
function multiplyOne(
  { indptr, indices, data }: SparseMatrix,
  x: Float64Array,
  width: number,
  column: number,
  out: Float64Array,
  begin: number,
  end: number,
): void {
  for (let i = begin, p = indptr[begin]!; i < end; i++) {
    let sum = 0;
    for (const last = indptr[i + 1]!; p < last; p++) sum += data[p]! * x[indices[p]! * width + column]!;
    out[i * width + column] = sum;
  }
}

/** The transpose of a matrix [n, m] in compressed rows, whose columns need not ascend within a row; those of the transpose do. @internal */
export function transposed(
  [n, m]: readonly [number, number],
  indptr: ArrayLike<number>,
  indices: ArrayLike<number>,
  data: ArrayLike<number>,
): SparseMatrix {
  const starts = new Uint32Array(m + 1);
  const size = indptr[n]!;
  for (let p = 0; p < size; p++) starts[indices[p]! + 1]!++;
  for (let j = 0; j < m; j++) starts[j + 1]! += starts[j]!;
  const next = starts.slice();
  const [rows, values] = [new Uint32Array(size), new Float64Array(size)];
  for (let i = 0; i < n; i++)
    for (let p = indptr[i]!, end = indptr[i + 1]!; p < end; p++) {
      const to = next[indices[p]!]!++;
      rows[to] = i;
      values[to] = data[p]!;
    }
  return SparseMatrix.ofParts([m, n], starts, rows, values);
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
