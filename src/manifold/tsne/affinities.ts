import { checkRange } from "../../checks";
import { toContiguous } from "../../matrix";
import type { MatrixLike } from "../../matrix";
import { NdArray } from "../../ndarray";
import { checkSpan, takeRows } from "../../neighbours/rows";
import type { Neighbours } from "../../neighbours/knn";
import { SparseMatrix } from "../../sparse";
import { symmetrized } from "../../spectral/affinity";
import { yieldWhenDue } from "../../event-loop";

/** Affinities of all pairs. */
export interface TsneAffinities {
  /** p(j | i), rows summing to 1, [n, n]. */
  readonly conditional: NdArray<Float64Array>;
  /** 1 / (2 σ_i²), [n]. */
  readonly beta: Float64Array<ArrayBuffer>;
  /** (p(j | i) + p(i | j)) / 2n, summing to 1, [n, n]. */
  readonly p: NdArray<Float64Array>;
}

/**
 * Fills `out` with exp(−β d²) / Σ over squared distances, β such that the entropy is ln(perplexity), by Newton's method within the bounds of a bisection, to
 * float64's end; returns β. Distances that are all alike give equal shares whatever β.
 */
export function conditionalRow(squared: Float64Array, perplexity: number, out: Float64Array): number {
  const target = Math.log(perplexity);
  let nearest = Infinity;
  for (const value of squared) if (value < nearest) nearest = value;
  let spread = 0;
  for (const value of squared) spread += (value - nearest) / squared.length;
  let [beta, low, high] = [spread > 0 ? 1 / spread : 1, 0, Infinity];
  for (let step = 0; step < 200; step++) {
    let [total, weighted, squares] = [0, 0, 0];
    for (let j = 0; j < squared.length; j++) {
      const away = squared[j]! - nearest;
      const value = Math.exp(-beta * away);
      out[j] = value;
      total += value;
      weighted += value * away;
      squares += value * away * away;
    }
    const entropy = Math.log(total) + (beta * weighted) / total;
    for (let j = 0; j < squared.length; j++) out[j]! /= total;
    const difference = entropy - target;
    if (Math.abs(difference) < 1e-12 || spread === 0) break;
    if (difference > 0) low = beta;
    else high = beta;
    const mean = weighted / total;
    const slope = -beta * (squares / total - mean * mean); // of the entropy
    const newton = beta - difference / slope;
    const within = newton > low && newton < high && newton < beta * 16;
    const next = within ? newton : high === Infinity ? beta * 2 : (low + high) / 2;
    if (next === beta || next > 1e300) break;
    beta = next;
  }
  return beta;
}

/**
 * t-SNE's affinities of points x [n, d] over all pairs: each row's precision such that its entropy is ln(perplexity), the two directions put together
 * (van der Maaten and Hinton, JMLR 2008, section 2). In float64; holds n × n.
 * @throws unless 1 ≤ perplexity < n − 1, or x is no finite matrix
 */
export async function tsneAffinities(x: MatrixLike, perplexity: number): Promise<TsneAffinities> {
  const op = "tsneAffinities";
  const rows = await takeRows(x, op);
  const { data, n, d } = rows;
  checkPerplexity(op, perplexity, n);
  checkSpan(rows, op);
  const conditional = new Float64Array(n * n);
  const beta = new Float64Array(n);
  const [squared, row] = [new Float64Array(n - 1), new Float64Array(n - 1)];
  for (let i = 0; i < n; i++) {
    for (let j = 0, at = 0; j < n; j++) {
      if (j === i) continue;
      let sum = 0;
      for (let c = 0; c < d; c++) sum += (data[i * d + c]! - data[j * d + c]!) ** 2;
      squared[at++] = sum;
    }
    beta[i] = conditionalRow(squared, perplexity, row);
    conditional.set(row.subarray(0, i), i * n);
    conditional.set(row.subarray(i), i * n + i + 1);
    await yieldWhenDue();
  }
  const p = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) p[i * n + j] = (conditional[i * n + j]! + conditional[j * n + i]!) / (2 * n);
  return { conditional: new NdArray(conditional, [n, n]), beta, p: new NdArray(p, [n, n]) };
}

/** @throws unless the perplexity is from 1 to below the number of other points */
export function checkPerplexity(op: string, perplexity: number, n: number): void {
  checkRange(op, { perplexity }, 1);
  if (!(perplexity < n - 1)) throw new Error(`${op}: perplexity must be below n − 1 = ${n - 1}, got ${perplexity}`);
}

/** The same over nearest neighbours only, as a sparse matrix that sums to 1. */
export async function neighbourAffinities(
  { indices, distances }: Neighbours,
  perplexity: number,
  signal?: AbortSignal,
): Promise<SparseMatrix> {
  const [n, k] = indices.shape as [number, number];
  const values = new Float64Array(n * k);
  const [squared, row] = [new Float64Array(k), new Float64Array(k)];
  for (let i = 0; i < n; i++) {
    for (let e = 0; e < k; e++) squared[e] = distances.data[i * k + e]! ** 2;
    conditionalRow(squared, perplexity, row);
    for (let e = 0; e < k; e++) values[i * k + e] = row[e]! / (2 * n);
    if (i % 16 > 0) continue;
    await yieldWhenDue();
    signal?.throwIfAborted();
  }
  return symmetrized({ indices, distances }, values, (a, b) => a + b);
}

/** Affinities as the caller gave them. @throws unless they are symmetric [n, n], not negative, and sum to 1 */
export function givenAffinities(given: SparseMatrix | MatrixLike, n: number, op: string): SparseMatrix {
  const p = given instanceof SparseMatrix ? given : sparseOf(given, op);
  if (p.shape[0] !== n || p.shape[1] !== n)
    throw new Error(`${op}: probabilities must be [${n}, ${n}], got [${p.shape.join(", ")}]`);
  const [rows, mirrors] = [p.rowNumbers(), p.mirrors()];
  let total = 0;
  for (let e = 0; e < p.size; e++) {
    const [value, mirrored] = [p.data[e]!, mirrors[e]! < 0 ? 0 : p.data[mirrors[e]!]!];
    if (!(value >= 0) || Math.abs(value - mirrored) > 1e-5 * Math.max(value, mirrored))
      throw new Error(
        `${op}: probabilities must be symmetric and not negative, got ${value} and ${mirrored} at rows ${rows[e]} and ${p.indices[e]}`,
      );
    total += value;
  }
  if (Math.abs(total - 1) > 1e-3) throw new Error(`${op}: probabilities must sum to 1, got ${total}`);
  return p;
}

function sparseOf(given: MatrixLike, op: string): SparseMatrix {
  const { data, shape } = toContiguous(given, op, "probabilities");
  const [n = 0, m = 0] = shape;
  if (shape.length !== 2) throw new Error(`${op}: probabilities must be a matrix, got shape [${shape.join(", ")}]`);
  const [rows, columns, values]: [number[], number[], number[]] = [[], [], []];
  for (let at = 0; at < data.length; at++) {
    const value = Number(data[at]);
    if (value === 0) continue;
    rows.push(Math.floor(at / m));
    columns.push(at % m);
    values.push(value);
  }
  return SparseMatrix.fromEntries([n, m], { rows, columns, values });
}
