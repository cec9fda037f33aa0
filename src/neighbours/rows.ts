import { scaleFor } from "../cluster/frame";
import type { Points } from "../cluster/points";
import { toContiguous } from "../matrix";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import { format, Tensor } from "../tensor";
import { runCooperatively } from "../event-loop";
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

/** Rows less an offset [d], in float64: about the means of the columns, what distances need, however far from zero rows are. */
export const lessOffset = (rows: HostRows, offset: Float64Array): HostRows => ({
  ...rows,
  data: rows.data.map((value, i) => value - offset[i % rows.d]!),
});

/** @throws `op: …` unless squares of what is left of rows less an offset [d], and their sums, fit float64 */
export function checkSpan(rows: HostRows<ArrayBufferLike>, op: string, offset = columnMeans(rows)): void {
  scaleFor(spanAbout(rows, offset), op);
}

/**
 * Rows about the means of their columns, in float64, and the means.
 * @throws unless squares of what is left, and their sums, fit float64
 */
export function aboutMeans(
  rows: HostRows,
  op: string,
): { readonly rows: HostRows; readonly offset: Float64Array<ArrayBuffer> } {
  const offset = columnMeans(rows);
  checkSpan(rows, op, offset);
  return { rows: lessOffset(rows, offset), offset };
}

/** Σ x / n of each column, in float64. */
export function columnMeans({ data, n, d }: HostRows<ArrayBufferLike>): Float64Array<ArrayBuffer> {
  const means = new Float64Array(d);
  for (let i = 0; i < n * d; i += d) for (let c = 0; c < d; c++) means[c]! += data[i + c]!;
  for (let c = 0; c < d; c++) means[c]! /= n;
  return means;
}

/** The size of the largest number of rows less an offset [d]. */
export function spanAbout({ data, d }: HostRows<ArrayBufferLike>, offset: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < data.length; i += d)
    for (let c = 0; c < d; c++) largest = Math.max(largest, Math.abs(data[i + c]! - offset[c]!));
  return largest;
}

/**
 * Rows less an offset [d] and over a scale, in float64 and then rounded to float32, so that points far from the origin keep their differences.
 * @throws when a difference does not fit float32
 */
export function centeredRows(
  { data, d }: HostRows,
  offset: Float64Array,
  op: string,
  scale = 1,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(data.length);
  for (let i = 0; i < out.length; i++) out[i] = (data[i]! - offset[i % d]!) / scale;
  const wrong = out.findIndex((value) => value - value !== 0);
  if (wrong >= 0)
    throw new Error(
      `${op}: values must differ by what fits float32, got ${data[wrong]} at row ${Math.floor(wrong / d)}`,
    );
  return out;
}
