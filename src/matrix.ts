import { NdArray, checkExtent, isTypedArray, rowMajorStride, sizeOf, type TypedArray } from "./ndarray";
import { runAtOnce, runCooperatively, type Cooperative } from "./event-loop";

/**
 * npm `ndarray`'s storage for element types without a typed array.
 * @inline
 */
interface GenericData {
  readonly length: number;
  /** The element at a position. */
  get(index: number): number | bigint;
}

/** Anything shaped like npm's `ndarray` (any strides), or a flat array with its shape (row-major). */
export interface NdArrayLike {
  readonly data: ArrayLike<number> | ArrayLike<bigint> | GenericData;
  readonly shape: readonly number[];
  readonly stride?: readonly number[];
  readonly offset?: number;
}

/** Nested arrays of numbers, the innermost of which may be typed arrays. */
export type NestedArray = ArrayLike<number> | ArrayLike<bigint> | readonly NestedArray[];

/** What every API that takes a matrix accepts: an ndarray, `{ data, shape }`, or rows. */
export type MatrixLike = NdArrayLike | NestedArray;

/** Elements that are looked at in a piece of work. */
const PIECE = 2 ** 14;
/** Sizes between which squares and their sums stay far from the ends of float32. */
export const [SMALL, LARGE] = [2 ** -24, 2 ** 40];

interface View {
  readonly data: ArrayLike<number | bigint> | GenericData;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  readonly offset: number;
}

/**
 * The same elements in row-major order without gaps, of the same type (arrays of plain numbers become Float64Array).
 * Shares memory with x where x is already so. `op` and `name` begin the error messages.
 */
export function toContiguous(x: MatrixLike, op: string, name: string): NdArray<TypedArray> {
  return runAtOnce(contiguous(x, op, name));
}

/** The same in pieces; with `matrix`, throws unless x has rank 2. */
export function* contiguous(x: MatrixLike, op: string, name: string, matrix = false): Cooperative<NdArray<TypedArray>> {
  const view = yield* toView(x, op, name);
  if (matrix) checkMatrix(view.shape, op, name);
  const size = sizeOf(view.shape);
  if (isTypedArray(view.data) && isRowMajor(view))
    return new NdArray(view.data.subarray(view.offset, view.offset + size), view.shape);
  const Type = (isTypedArray(view.data) ? view.data.constructor : Float64Array) as new (length: number) => TypedArray;
  const out = new Type(size);
  yield* copy(view, out);
  return new NdArray(out, view.shape);
}

function checkMatrix(shape: readonly number[], op: string, name: string): void {
  if (shape.length !== 2)
    throw new Error(
      `${op}: ${name} must be a matrix (rank 2), got shape [${shape.join(", ")}]${shape.length > 2 ? "; see flattenRows" : ""}`,
    );
}

/**
 * x as float32 in row-major order, any rank. Shares memory with x where x is already so: do not write into it.
 * Throws for ragged rows and for a value that is NaN, infinite or too large for float32, naming the first one's place.
 */
export function toFloat32(x: MatrixLike, op: string, name: string): NdArray<Float32Array> {
  return runAtOnce(float32(x, op, name));
}

/** The same, letting the calling thread go on every few milliseconds. */
export function takeFloat32(x: MatrixLike, op: string, name: string): Promise<NdArray<Float32Array>> {
  return runCooperatively(float32(x, op, name));
}

/** `toFloat32` for a matrix: throws unless x has rank 2. Result shape [rows, columns]. */
export function toFloat32Matrix(x: MatrixLike, op: string, name: string): NdArray<Float32Array> {
  return runAtOnce(float32(x, op, name, true));
}

/** The same, letting the calling thread go on every few milliseconds. */
export function takeFloat32Matrix(x: MatrixLike, op: string, name: string): Promise<NdArray<Float32Array>> {
  return runCooperatively(float32(x, op, name, true));
}

/**
 * Rows to learn from, which are not centred or scaled: `takeFloat32`.
 * @throws also when float32 keeps next to nothing of what tells rows apart (times, places on a map), or squares of the numbers leave it
 */
export function takeLearnable(x: MatrixLike, op: string, name: string, matrix = false): Promise<NdArray<Float32Array>> {
  return runCooperatively(learnable(x, op, name, matrix));
}

function* learnable(x: MatrixLike, op: string, name: string, matrix: boolean): Cooperative<NdArray<Float32Array>> {
  const { rounded, largest } = yield* sized(x, op, name, matrix);
  const exact = yield* contiguous(x, op, name);
  if (exact.data.BYTES_PER_ELEMENT > 2 && !(exact.data instanceof Float32Array))
    yield* checkDifferences(exact, rounded.data, op, name);
  if (largest > 0 && !(largest >= SMALL && largest <= LARGE))
    throw new Error(
      `${op}: the largest of ${name} must be between ${SMALL.toPrecision(2)} and ${LARGE.toPrecision(2)} in size, got ${largest}; scale it first`,
    );
  return rounded;
}

/** Columns of which rounding takes more than this part of their range are not what they were; ranges below that part of the size are rounding already. */
const [LOST, ROUNDING] = [1 / 64, 1e-12];

/** @throws for the first column of rows whose differences float32 does not keep */
function* checkDifferences(
  { data, shape }: NdArray<TypedArray>,
  rounded: Float32Array,
  op: string,
  name: string,
): Cooperative<void> {
  const d = sizeOf(shape.slice(1));
  const low = new Float64Array(d).fill(Infinity);
  const [high, lost] = [low.map((value) => -value), new Float64Array(d)];
  for (let i = 0, c = 0; i < rounded.length; i++) {
    const value = Number(data[i]);
    if (value < low[c]!) low[c] = value;
    if (value > high[c]!) high[c] = value;
    const away = Math.abs(value - rounded[i]!);
    if (away > lost[c]!) lost[c] = away;
    if (++c === d) c = 0;
    if (i % PIECE === 0) yield;
  }
  for (let c = 0; c < d; c++) {
    const range = high[c]! - low[c]!;
    if (lost[c]! > LOST * range && range > ROUNDING * Math.max(Math.abs(low[c]!), Math.abs(high[c]!)))
      throw new Error(
        `${op}: ${name} must keep its differences in float32, got ${low[c]} to ${high[c]} in column ${c}; subtract the column's mean first, or standardize it`,
      );
  }
}

function* float32(x: MatrixLike, op: string, name: string, matrix = false): Cooperative<NdArray<Float32Array>> {
  return (yield* sized(x, op, name, matrix)).rounded;
}

/** x in float32, and the size of its largest element. */
function* sized(
  x: MatrixLike,
  op: string,
  name: string,
  matrix: boolean,
): Cooperative<{ rounded: NdArray<Float32Array>; largest: number }> {
  const view = yield* toView(x, op, name);
  const { data, shape, offset } = view;
  if (matrix) checkMatrix(shape, op, name);
  const size = sizeOf(shape);
  let out: Float32Array;
  if (data instanceof Float32Array && isRowMajor(view)) out = data.subarray(offset, offset + size);
  else yield* copy(view, (out = new Float32Array(size)));
  const bits = new Int32Array(out.buffer, out.byteOffset, size);
  let largest = 0;
  for (let i = 0; i < size; i += PIECE) {
    largest = Math.max(largest, largestSize(bits, i, Math.min(i + PIECE, size)));
    if (!(largest < Infinity)) throw new Error(nonFinite(view, out.findIndex((v) => v - v !== 0), op, name)); // prettier-ignore
    yield;
  }
  return { rounded: new NdArray(out, shape), largest };
}

/** The size of the largest of float32 numbers by their bits, which without the sign have the numbers' order, NaN last: twice as fast as a look at numbers. */
export function largestSize(bits: Int32Array, begin: number, end: number): number {
  let largest = 0;
  for (let i = begin; i < end; i++) {
    const size = bits[i]! & 0x7fffffff;
    if (size > largest) largest = size;
  }
  return new Float32Array(Int32Array.of(largest).buffer)[0]!;
}

/** [n, a, b, …] seen as a matrix [n, a·b·…]: images as rows of pixels. A vector [n] becomes [n, 1]. */
export function flattenRows<T extends TypedArray>(x: NdArray<T>): NdArray<T> {
  const [rows, ...rest] = x.shape;
  if (rows === undefined) throw new Error("flattenRows: an array of rank 1 or more is needed, given a scalar");
  return new NdArray(toContiguous(x, "flattenRows", "x").data as T, [rows, sizeOf(rest)]);
}

/**
 * Labels as int32. Accepts a vector (or a column [n, 1]) of integers of any type; -1 stands for noise, as in DBSCAN.
 * Throws for a value that is not an integer of 32 bits, naming its place.
 */
export function toLabels(x: MatrixLike, op: string, name: string): Int32Array {
  const view = runAtOnce(toView(x, op, name));
  const [n = 0, columns = 1] = view.shape;
  if (view.shape.length === 0 || view.shape.length > 2 || columns !== 1)
    throw new Error(`${op}: ${name} must be a vector, got shape [${view.shape.join(", ")}]`);
  if (view.data instanceof Int32Array && isRowMajor(view)) return view.data.subarray(view.offset, view.offset + n);
  const out = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const value = elementAt(view, i);
    out[i] = Number(value);
    if (out[i] !== Number(value)) throw new Error(`${op}: ${name} must be integers of 32 bits, got ${value} at ${i}`);
  }
  return out;
}

/**
 * 64-bit integers as numbers (Float64Array), where every one is exact: at most 2^53 - 1 in size.
 * Throws for the first one beyond, with its value and index.
 */
export function toSafeIntegers(data: BigInt64Array | BigUint64Array, op = "toSafeIntegers"): Float64Array {
  const out = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    out[i] = Number(data[i]!);
    if (!Number.isSafeInteger(out[i]))
      throw new Error(`${op}: integers must be at most 2^53 - 1 in size, got ${data[i]} at ${i}; keep the BigInts`);
  }
  return out;
}

function* toView(x: MatrixLike, op: string, name: string): Cooperative<View> {
  if (isNdArrayLike(x)) {
    if ("indptr" in x)
      throw new Error(`${op}: ${name} must hold all its values here, got a sparse matrix; see SparseRows and toDense`);
    const { data, shape, stride = rowMajorStride(shape), offset = 0 } = x;
    checkExtent(data.length, shape, stride, offset, op, name);
    const size = sizeOf(shape);
    if (x.stride === undefined && size !== data.length)
      throw new Error(`${op}: ${name} of shape [${shape.join(", ")}] has ${size} elements, its data ${data.length}`);
    return { data, shape, stride, offset };
  }
  if (isTypedArray(x)) return { data: x as ArrayLike<number | bigint>, shape: [x.length], stride: [1], offset: 0 };
  if (!Array.isArray(x))
    throw new Error(`${op}: ${name} must be an ndarray, { data, shape } or rows of numbers, got ${describe(x)}`);
  return yield* nested(x as readonly unknown[], op, name);
}

function isNdArrayLike(x: unknown): x is NdArrayLike {
  if (typeof x !== "object" || x === null || !("data" in x) || !("shape" in x)) return false;
  return Array.isArray(x.shape) && typeof x.data === "object" && x.data !== null && "length" in x.data;
}

function* nested(x: readonly unknown[], op: string, name: string): Cooperative<View> {
  const shape: number[] = [];
  for (let level: unknown = x; isArray(level); level = level[0]) shape.push(level.length);
  const rows: ArrayLike<unknown>[] = [];
  const collect = (level: unknown, path: readonly number[]): void => {
    if (!isArray(level))
      throw new Error(
        `${op}: ${name} must be evenly nested, got ${describe(level)} where an array is due, ${place(path)}`,
      );
    if (level.length !== shape[path.length])
      throw new Error(
        `${op}: ${name} must not be ragged, ${place(path)} has ${level.length} values, the first has ${shape[path.length]}`,
      );
    if (path.length === shape.length - 1) rows.push(level);
    else for (let i = 0; i < level.length; i++) collect(level[i], [...path, i]);
  };
  collect(x, []);
  const data = new Float64Array(sizeOf(shape));
  let next = 0;
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) {
      const value = row[i];
      if (typeof value !== "number" && typeof value !== "bigint")
        throw new Error(`${op}: ${name} must hold numbers, got ${describe(value)} at ${place(unravel(shape, next))}`);
      data[next++] = Number(value);
    }
    yield;
  }
  return { data, shape, stride: rowMajorStride(shape), offset: 0 };
}

function isArray(x: unknown): x is ArrayLike<unknown> {
  return Array.isArray(x) || isTypedArray(x);
}

function isRowMajor({ shape, stride }: View): boolean {
  const expected = rowMajorStride(shape);
  return stride.every((s, axis) => s === expected[axis] || shape[axis]! <= 1) || shape.includes(0);
}

// Copies all elements in row-major order, an innermost run at a time.
function* copy(view: View, out: TypedArray): Cooperative<void> {
  const { data, shape, stride, offset } = view;
  const size = sizeOf(shape);
  if (size === 0) return;
  const at = "get" in data ? (i: number) => data.get(i) : undefined;
  const source = data as ArrayLike<number | bigint>;
  const big = out instanceof BigInt64Array || out instanceof BigUint64Array;
  const convert = !big && (at !== undefined || data instanceof BigInt64Array || data instanceof BigUint64Array);
  const target = out as { [i: number]: number | bigint };
  if (!convert && isTypedArray(data) && isRowMajor(view)) {
    for (let i = 0; i < size; i += PIECE) {
      (out as Float64Array).set(data.subarray(offset + i, offset + Math.min(i + PIECE, size)) as Float64Array, i);
      yield;
    }
    return;
  }
  const last = shape.length - 1;
  const length = shape[last] ?? 1;
  const step = stride[last] ?? 0;
  const counter = new Array<number>(Math.max(last, 0)).fill(0);
  let begin = offset;
  for (let o = 0; o < size;) {
    if (convert) for (let i = 0, p = begin; i < length; i++, p += step) target[o++] = Number(at ? at(p) : source[p]!);
    else for (let i = 0, p = begin; i < length; i++, p += step) target[o++] = source[p]!;
    for (let axis = last - 1; axis >= 0; axis--) {
      begin += stride[axis]!;
      if (++counter[axis]! < shape[axis]!) break;
      counter[axis] = 0;
      begin -= stride[axis]! * shape[axis]!;
    }
    yield;
  }
}

function unravel(shape: readonly number[], flat: number): number[] {
  return rowMajorStride(shape).map((s, axis) => Math.floor(flat / s) % shape[axis]!);
}

function elementAt({ data, shape, stride, offset }: View, flat: number): number | bigint {
  const position = unravel(shape, flat).reduce((sum, i, axis) => sum + i * stride[axis]!, offset);
  return "get" in data ? data.get(position) : data[position]!;
}

function place(indices: readonly number[]): string {
  const words = ["row", "column"];
  return indices.length <= 2 ? indices.map((i, axis) => `${words[axis]} ${i}`).join(", ") : `[${indices.join(", ")}]`;
}

function nonFinite(view: View, flat: number, op: string, name: string): string {
  const value = elementAt(view, flat);
  const where = place(unravel(view.shape, flat));
  return typeof value === "number" && !Number.isFinite(value)
    ? `${op}: ${name} must be finite, got ${value} at ${where}`
    : `${op}: ${name} must hold numbers that fit float32, got ${describe(value)} at ${where}`;
}

function describe(x: unknown): string {
  if (typeof x === "string") return JSON.stringify(x.length > 40 ? `${x.slice(0, 40)}…` : x);
  if (typeof x === "object" && x !== null)
    return Array.isArray(x) ? "an array" : `a ${x.constructor?.name ?? "object"}`;
  return typeof x === "function" ? "a function" : String(x);
}
