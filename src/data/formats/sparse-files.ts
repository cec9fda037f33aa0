import { isWhole, show } from "../../checks";
import { SparseMatrix } from "../../sparse";
import { generate, mapTo } from "../../typed-arrays";
import { gunzip, isGzip } from "./deflate";
import { isTextArray } from "./npy/npy";
import { listNpz, readNpzAny } from "./npy/npz";
import { toBytes, type Bytes } from "./source";

/** What a Matrix Market file begins with. */
const BANNER = "%%MatrixMarket";

/**
 * A sparse matrix: an npz file of scipy's `save_npz` (csr, csc or coo) or a Matrix Market file (Boisvert, Pozo and Remington, NISTIR 5935; coordinates
 * or an array, real, integer or pattern, general, symmetric or skew-symmetric), packed by gzip or not. Values at one place are added up, as by scipy.
 * @throws `npz: …` or `mtx: …` for a file that is none, is cut off, or holds complex numbers
 */
export function readSparse(content: Bytes): SparseMatrix {
  const given = toBytes(content);
  const bytes = isGzip(given) ? gunzip(given, "gzip") : given;
  return isMatrixMarket(bytes) ? readMatrixMarket(bytes) : readSparseNpz(bytes);
}

/** Whether bytes are those of a Matrix Market file. */
export const isMatrixMarket = (bytes: Uint8Array): boolean =>
  [...BANNER].every((letter, i) => bytes[i] === letter.charCodeAt(0));

/** Whether arrays are those of a sparse matrix of scipy's. */
export const isSparseNpz = (names: readonly string[]): boolean =>
  ["format", "shape", "data"].every((name) => names.includes(name));

/** Rows and columns that a few bytes may claim. */
const [MOST, EACH] = [2 ** 24, 16];

/** @throws for more rows or columns than lists are made of for the sake of so many values */
function checkSizes(op: string, n: number, m: number, values: number): void {
  const most = Math.max(MOST, EACH * values);
  if (n > most || m > most)
    throw new Error(`${op}: rows and columns must be at most ${most} for ${values} values, got ${n} and ${m}`);
}

function readSparseNpz(bytes: Uint8Array): SparseMatrix {
  const names = listNpz(bytes);
  if (!isSparseNpz(names))
    throw new Error(`npz: a sparse matrix must have format, shape and data, the file holds ${show(names.join(", "))}`);
  const numbers = (name: string): ArrayLike<number> => {
    const array = readNpzAny(bytes, name);
    if ("fields" in array || isTextArray(array)) throw new Error(`npz: ${name} must be numbers`);
    return mapTo(Float64Array, array.data as ArrayLike<number>, Number);
  };
  const kind = readNpzAny(bytes, "format");
  const format = "fields" in kind ? "records" : isTextArray(kind) ? kind.data[0] : String(kind.data[0]);
  const shape = Array.from(numbers("shape"));
  if (shape.length !== 2 || !shape.every((size) => isWhole(size, 0)))
    throw new Error(`npz: shape must be two whole numbers, got [${shape.join(", ")}]`);
  const [n, m] = shape as [number, number];
  const values = numbers("data");
  checkSizes("npz", n, m, values.length);
  const of = (rows: ArrayLike<number>, columns: ArrayLike<number>): SparseMatrix => {
    if (rows.length !== values.length || columns.length !== values.length)
      throw new Error(
        `npz: data must have a place each, got ${values.length} for ${rows.length} and ${columns.length}`,
      );
    return SparseMatrix.fromEntries([n, m], { rows, columns, values });
  };
  if (format === "coo") return of(numbers("row"), numbers("col"));
  if (format === "csr") return of(spread(numbers("indptr"), n, values.length), numbers("indices"));
  if (format === "csc") return of(numbers("indices"), spread(numbers("indptr"), m, values.length));
  throw new Error(`npz: format must be csr, csc or coo, got ${format}; convert it by tocsr()`);
}

/** The number of the row of each of `size` values, of a row pointer. */
function spread(indptr: ArrayLike<number>, rows: number, size: number): Uint32Array {
  const falls = generate(Uint8Array, rows, (i) => Number(!(indptr[i + 1]! >= indptr[i]!))).indexOf(1);
  if (indptr.length !== rows + 1 || indptr[0] !== 0 || indptr[rows] !== size || falls >= 0)
    throw new Error(
      `npz: indptr must rise from 0 to ${size} in ${rows} steps, got ${indptr.length - 1} to ${indptr[indptr.length - 1]}`,
    );
  const out = new Uint32Array(size);
  for (let i = 0; i < rows; i++) out.fill(i, indptr[i]!, indptr[i + 1]!);
  return out;
}

/** Numbers of a text, as they come; words and comments of whole lines in between are none. */
function* numbersOf(bytes: Uint8Array, begin: number): Generator<number> {
  const text = new TextDecoder();
  for (let at = begin; at < bytes.length;) {
    let end = bytes.indexOf(10, at);
    if (end < 0) end = bytes.length;
    if (bytes[at] !== 0x25) {
      const line = text.decode(bytes.subarray(at, end)).trim();
      for (const word of line === "" ? [] : line.split(/\s+/)) {
        const value = Number(word);
        if (!Number.isFinite(value)) throw new Error(`mtx: values must be finite numbers, got ${show(word)}`);
        yield value;
      }
    }
    at = end + 1;
  }
}

function readMatrixMarket(bytes: Uint8Array): SparseMatrix {
  let end = bytes.indexOf(10);
  if (end < 0) end = bytes.length;
  const banner = new TextDecoder().decode(bytes.subarray(0, end)).trim().toLowerCase().split(/\s+/);
  const [, object, format, field, symmetry] = banner;
  const isCoordinates = format === "coordinate";
  if (object !== "matrix" || (!isCoordinates && format !== "array"))
    throw new Error(
      `mtx: the file must be a matrix of coordinates or an array, got ${show(banner.slice(1).join(" "))}`,
    );
  if (!["real", "integer", "double", "pattern"].includes(field!) || (field === "pattern" && !isCoordinates))
    throw new Error(`mtx: values must be real, integer or pattern, got ${show(field)}`);
  if (!["general", "symmetric", "skew-symmetric"].includes(symmetry!))
    throw new Error(`mtx: the matrix must be general, symmetric or skew-symmetric, got ${show(symmetry)}`);
  const numbers = numbersOf(bytes, end + 1);
  const next = (): number => {
    const { done, value } = numbers.next();
    if (done) throw new Error("mtx: the file is cut off");
    return value;
  };
  const [n, m] = [next(), next()];
  const mirrored = symmetry !== "general";
  if (!isWhole(n, 0) || !isWhole(m, 0) || (mirrored && n !== m))
    throw new Error(`mtx: sizes must be whole, and of a symmetric matrix the same, got ${n} and ${m}`);
  const [rows, columns, values]: [number[], number[], number[]] = [[], [], []];
  const put = (i: number, j: number, value: number): void => {
    rows.push(i);
    columns.push(j);
    values.push(value);
    if (!mirrored || i === j) return;
    rows.push(j);
    columns.push(i);
    values.push(symmetry === "symmetric" ? value : -value);
  };
  if (isCoordinates) {
    const count = next();
    if (!isWhole(count, 0)) throw new Error(`mtx: the number of values must be whole, got ${count}`);
    checkSizes("mtx", n, m, Math.min(count, bytes.length));
    for (let e = 0; e < count; e++) {
      const [i, j] = [next(), next()];
      if (!isWhole(i, 1, n) || !isWhole(j, 1, m))
        throw new Error(`mtx: places must be from 1 to ${n} and ${m}, got ${i}, ${j}`);
      put(i - 1, j - 1, field === "pattern" ? 1 : next());
    }
  } else {
    checkSizes("mtx", n, m, bytes.length);
    const first = (j: number): number => (symmetry === "general" ? 0 : symmetry === "symmetric" ? j : j + 1);
    for (let j = 0; j < m; j++)
      for (let i = first(j); i < n; i++) {
        const value = next();
        if (value !== 0) put(i, j, value);
      }
  }
  if (!numbers.next().done) throw new Error("mtx: the file must end after its values, got more");
  return SparseMatrix.fromEntries([n, m], { rows, columns, values });
}
