// The columns of a table in float64, one after the other, in pieces that let the calling thread go on.
import { runCooperatively, type Cooperative } from "../event-loop";
import { contiguous, type MatrixLike } from "../matrix";
import { NdArray, type TypedArray } from "../ndarray";

/** Values that are looked at in a piece of work. */
const PIECE = 2 ** 14;

/** A matrix as rows of numbers. */
export type Table = NdArray<TypedArray>;

/**
 * The matrix that a user gave. @throws unless it has rank 2 and a row, and for ±infinity, or NaN where `missing` does not allow it, naming its place
 */
export function* tableOf(x: MatrixLike, op: string, missing = false): Cooperative<Table> {
  const table = yield* contiguous(x, op, "x", true);
  const { data, shape } = table;
  const d = shape[1]!;
  if (data.length === 0) throw new Error(`${op}: x must have rows and columns, got shape [${shape.join(", ")}]`);
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i]!);
    if (!Number.isFinite(value) && !(missing && Number.isNaN(value)))
      throw new Error(`${op}: x must be finite, got ${value} at row ${Math.floor(i / d)}, column ${i % d}`);
    if (i % PIECE === 0) yield;
  }
  return table;
}

/** Column c, without the values that are NaN. */
export function* columnOf({ data, shape }: Table, c: number): Cooperative<Float64Array<ArrayBuffer>> {
  const [n, d] = shape as [number, number];
  const out = new Float64Array(n);
  let count = 0;
  for (let i = 0; i < n; i++) {
    const value = Number(data[i * d + c]!);
    if (!Number.isNaN(value)) out[count++] = value;
    if (i % PIECE === 0) yield;
  }
  return out.subarray(0, count);
}

/** Mean and deviation (of n, not n − 1) of values; about the first, so that a large offset takes no digits from the differences. */
export function* moments(values: Float64Array): Cooperative<{ readonly mean: number; readonly deviation: number }> {
  const first = values[0]!;
  let [sum, largest] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    sum += values[i]! - first;
    largest = Math.max(largest, Math.abs(values[i]!));
    if (i % PIECE === 0) yield;
  }
  const mean = first + sum / values.length;
  let spread = 0;
  for (let i = 0; i < values.length; i++) {
    spread = Math.max(spread, Math.abs(values[i]! - mean));
    if (i % PIECE === 0) yield;
  }
  if (spread <= 1e-15 * largest) return { mean, deviation: 0 };
  let squares = 0; // as shares of the greatest, whose square may be beyond float64
  for (let i = 0; i < values.length; i++) {
    squares += ((values[i]! - mean) / spread) ** 2;
    if (i % PIECE === 0) yield;
  }
  return { mean, deviation: spread * Math.sqrt(squares / values.length) };
}

/** The values in ascending order: runs are sorted by the engine, then merged. Overwrites them. */
export function* sorted(values: Float64Array<ArrayBuffer>): Cooperative<Float64Array> {
  for (let i = 0; i < values.length; i += PIECE) {
    values.subarray(i, i + PIECE).sort();
    yield;
  }
  let [from, to] = [values, new Float64Array(values.length > PIECE ? values.length : 0)];
  for (let width = PIECE; width < values.length; width *= 2) {
    for (let low = 0; low < values.length; low += 2 * width) {
      const [middle, high] = [Math.min(low + width, values.length), Math.min(low + 2 * width, values.length)];
      let [a, b] = [low, middle];
      for (let i = low; i < high; i++) {
        to[i] = b >= high || (a < middle && from[a]! <= from[b]!) ? from[a++]! : from[b++]!;
        if (i % PIECE === 0) yield;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}

/** The quantile q, 0 … 1, of ascending values, between two of them linearly. */
export function quantile(ascending: Float64Array, q: number): number {
  const place = q * (ascending.length - 1);
  const [low, high] = [ascending[Math.floor(place)]!, ascending[Math.ceil(place)]!];
  return low + (high - low) * (place - Math.floor(place));
}

/** A table of float64 with f(value, column) in the place of each value. */
export function mapped(table: Table, f: (value: number, c: number) => number): Promise<NdArray<Float64Array>> {
  return runCooperatively(
    (function* (): Cooperative<NdArray<Float64Array>> {
      const { data, shape } = table;
      const d = shape[1]!;
      const out = new Float64Array(data.length);
      for (let i = 0; i < data.length; i++) {
        out[i] = f(Number(data[i]!), i % d);
        if (i % PIECE === 0) yield;
      }
      return new NdArray(out, shape);
    })(),
  );
}
