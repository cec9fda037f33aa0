import { scaleFor } from "../cluster/frame";
import type { Points } from "../cluster/points";
import { toContiguous } from "../matrix";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import { format, Tensor } from "../tensor";
import { runAtOnce, runCooperatively } from "../event-loop";
import type { Cooperative } from "../event-loop";

/** Rows in float64 on the host, [n, d], row-major. */
export interface HostRows<Buffer extends ArrayBufferLike = ArrayBuffer> {
  readonly data: Float64Array<Buffer>;
  readonly n: number;
  readonly d: number;
}

/** ‖x_i − x_j‖² of rows i and j. */
export const squaredDistanceOf =
  ({ data, d }: HostRows): ((i: number, j: number) => number) =>
  (i, j) => {
    let sum = 0;
    for (let c = 0, a = i * d, b = j * d; c < d; c++, a++, b++) sum += (data[a]! - data[b]!) ** 2;
    return sum;
  };

/** Elements that are looked at in a piece of work. */
const PIECE = 2 ** 14;

function* checked(x: MatrixLike, op: string, name: string): Cooperative<HostRows> {
  const { data, shape } = toContiguous(x, op, name);
  if (shape.length !== 2) throw new Error(`${op}: ${name} must be a matrix [n, d], got shape ${format(shape)}`);
  const [n, d] = shape as [number, number];
  if (n === 0 || d === 0) throw new Error(`${op}: ${name} has no elements, got shape ${format(shape)}`);
  const out = new Float64Array(n * d);
  for (let i = 0; i < out.length; i++) {
    const value = Number(data[i]);
    if (value - value !== 0)
      throw new Error(`${op}: ${name} must be finite, got ${value} at row ${Math.floor(i / d)}, column ${i % d}`);
    out[i] = value;
    if (i % PIECE === 0) yield;
  }
  return { data: out, n, d };
}

/** A matrix as float64 rows, a copy. @throws unless it is [n, d], not empty, and finite */
export async function takeRows(x: Points, op: string, name = "x"): Promise<HostRows> {
  return runCooperatively(checked(x instanceof Tensor ? new NdArray(await x.data(), x.shape) : x, op, name));
}

/** Calls `row` with the first element of each row, and after so many rows gives the thread back. */
function* eachRow({ data, d }: HostRows<ArrayBufferLike>, row: (at: number) => void): Cooperative<void> {
  const step = Math.ceil(PIECE / d) * d;
  for (let begin = 0; begin < data.length; begin += step) {
    for (let at = begin, end = Math.min(data.length, begin + step); at < end; at += d) row(at);
    yield;
  }
}

function* means(rows: HostRows<ArrayBufferLike>): Cooperative<Float64Array<ArrayBuffer>> {
  const { data, n, d } = rows;
  const sums = new Float64Array(d);
  yield* eachRow(rows, (at) => {
    for (let c = 0; c < d; c++) sums[c]! += data[at + c]!;
  });
  for (let c = 0; c < d; c++) sums[c]! /= n;
  return sums;
}

function* span(rows: HostRows<ArrayBufferLike>, offset: Float64Array): Cooperative<number> {
  const { data, d } = rows;
  let largest = 0;
  yield* eachRow(rows, (at) => {
    for (let c = 0; c < d; c++) largest = Math.max(largest, Math.abs(data[at + c]! - offset[c]!));
  });
  return largest;
}

function* less(rows: HostRows, offset: Float64Array): Cooperative<HostRows> {
  const { data, d } = rows;
  const out = new Float64Array(data.length);
  yield* eachRow(rows, (at) => {
    for (let c = 0; c < d; c++) out[at + c] = data[at + c]! - offset[c]!;
  });
  return { ...rows, data: out };
}

function* centered(
  rows: HostRows,
  offset: Float64Array,
  op: string,
  scale: number,
): Cooperative<Float32Array<ArrayBuffer>> {
  const { data, d } = rows;
  const out = new Float32Array(data.length);
  yield* eachRow(rows, (at) => {
    for (let c = 0; c < d; c++) {
      const value = Math.fround((data[at + c]! - offset[c]!) / scale);
      if (value - value !== 0)
        throw new Error(
          `${op}: values must differ by what fits float32, got ${data[at + c]} at row ${Math.floor(at / d)}`,
        );
      out[at + c] = value;
    }
  });
  return out;
}

/** Rows less an offset [d], in float64: about the means of the columns, what distances need, however far from zero rows are. */
export const lessOffset = (rows: HostRows, offset: Float64Array): HostRows => runAtOnce(less(rows, offset));

/** @throws `op: …` unless squares of what is left of rows less an offset [d], and their sums, fit float64 */
export function checkSpan(rows: HostRows<ArrayBufferLike>, op: string, offset = columnMeans(rows)): void {
  scaleFor(spanAbout(rows, offset), op);
}

/** The means of the columns, and the power of two that brings rows about them to ordinary size. @throws unless their squares, and sums of these, fit float64 */
async function frameOf(
  rows: HostRows,
  op: string,
): Promise<{ readonly offset: Float64Array<ArrayBuffer>; readonly scale: number }> {
  const offset = await runCooperatively(means(rows));
  return { offset, scale: scaleFor(await runCooperatively(span(rows, offset)), op) };
}

/** Rows about the means of their columns. */
export interface AboutMeans {
  readonly rows: HostRows;
  /** The means. */
  readonly offset: Float64Array<ArrayBuffer>;
  /** The power of two that would bring them to ordinary size. */
  readonly scale: number;
}

/**
 * Rows about the means of their columns, in float64; piece by piece.
 * @throws unless squares of what is left, and their sums, fit float64
 */
export async function aboutMeans(rows: HostRows, op: string): Promise<AboutMeans> {
  const { offset, scale } = await frameOf(rows, op);
  return { rows: await runCooperatively(less(rows, offset)), offset, scale };
}

/** Σ x / n of each column, in float64. */
export const columnMeans = (rows: HostRows<ArrayBufferLike>): Float64Array<ArrayBuffer> => runAtOnce(means(rows));

/** The size of the largest number of rows less an offset [d]. */
export const spanAbout = (rows: HostRows<ArrayBufferLike>, offset: Float64Array): number =>
  runAtOnce(span(rows, offset));

/**
 * Rows less an offset [d] and over a scale, in float64 and then rounded to float32, so that points far from the origin keep their differences.
 * Piece by piece.
 * @throws when a difference does not fit float32
 */
export const centeredRows = (
  rows: HostRows,
  offset: Float64Array,
  op: string,
  scale = 1,
): Promise<Float32Array<ArrayBuffer>> => runCooperatively(centered(rows, offset, op, scale));

/**
 * Rows as kernels measure them: about their means and over a power of two, so that squares stay far from the ends of float32, piece by piece. `place`
 * does the same to other rows.
 */
export async function framedRows(
  rows: HostRows,
  op: string,
): Promise<{
  readonly data: Float32Array<ArrayBuffer>;
  readonly scale: number;
  readonly place: (others: HostRows) => Promise<Float32Array<ArrayBuffer>>;
}> {
  const { offset, scale } = await frameOf(rows, op);
  const place = (others: HostRows): Promise<Float32Array<ArrayBuffer>> => centeredRows(others, offset, op, scale);
  return { data: await place(rows), scale, place };
}
