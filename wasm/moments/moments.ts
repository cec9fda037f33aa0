// Means and products of rows about them, chunk by chunk.
import { transpose4 } from "../base/gemm";
import { scratch } from "../base/scratch";
import { fma, horizontalSum } from "../base/simd";

/** Rows whose products are summed in float32, four side by side; what they come to is added in float64. */
const BLOCK: u32 = 128;
/** Bytes from one column of a block to the next. */
const PLANE: usize = <usize>BLOCK << 2;

/** Columns [d, rows] of a block of rows. */
function columnsOf(x: usize, rows: u32, d: u32, rowBytes: usize, columnBytes: usize, planes: usize): void {
  if (rowBytes == 4) {
    for (let a: u32 = 0; a < d; a++) memory.copy(planes + a * PLANE, x + a * columnBytes, <usize>rows << 2);
    return;
  }
  const whole = columnBytes == 4 ? rows & ~3 : 0, width = d & ~3;
  for (let i: u32 = 0; i < rows; i++) {
    const four = i < whole, row = x + i * rowBytes, to = planes + (<usize>i << 2);
    if (four && (i & 3) == 0)
      for (let a: u32 = 0; a < width; a += 4) transpose4(row + (<usize>a << 2), rowBytes, to + a * PLANE, PLANE);
    for (let a = four ? width : 0; a < d; a++) f32.store(to + a * PLANE, f32.load(row + a * columnBytes));
  }
}

/** Moves the rows of a block without NaN and infinity to its front; how many there are. */
function wholeRows(planes: usize, rows: u32, d: u32): u32 {
  let kept: u32 = 0;
  for (let i: u32 = 0; i < rows; i++) {
    let lost: f32 = 0;
    for (let a: u32 = 0; a < d; a++) {
      const at = planes + a * PLANE, value = f32.load(at + (<usize>i << 2));
      lost += value - value;
      f32.store(at + (<usize>kept << 2), value);
    }
    kept += u32(lost == 0);
  }
  return kept;
}

/** x − o of a column in whole vectors, zeros behind its rows; 0, or NaN where a row has NaN or an infinity. */
function shifted(column: usize, rows: u32, origin: f32): f32 {
  const o = f32x4.splat(origin), end = column + (<usize>rows << 2);
  for (let at = end, stop = column + (<usize>(rows + 3 & ~3) << 2); at < stop; at += 4) f32.store(at, origin);
  let lost = f32x4.splat(0);
  for (let at = column; at < end; at += 16) {
    const value = f32x4.sub(v128.load(at), o);
    lost = f32x4.add(lost, f32x4.sub(value, value));
    v128.store(at, value);
  }
  return horizontalSum(lost);
}

/** The mean of a column of differences, which are taken less it; zeros behind the rows. */
function centred(column: usize, rows: u32): f32 {
  const end = column + (<usize>rows << 2);
  let s = f32x4.splat(0);
  for (let at = column; at < end; at += 16) s = f32x4.add(s, v128.load(at));
  const mean = horizontalSum(s) / <f32>rows, m = f32x4.splat(mean);
  for (let at = column; at < end; at += 16) v128.store(at, f32x4.sub(v128.load(at), m));
  for (let at = end, stop = column + (<usize>(rows + 3 & ~3) << 2); at < stop; at += 4) f32.store(at, 0);
  return mean;
}

/** Adds products of a block to those of the blocks before it: m2[a,b] += Σ + δ_a δ_b weight, where there are such columns and b is not before a. */
// @ts-ignore: decorator
@inline
function put(m2: usize, shifts: usize, weight: f64, d: u32, a: u32, b: u32, sum: v128): void {
  if (b >= d || b < a) return;
  const at = m2 + (<usize>(a * d - a * (a - 1) / 2 + b - a) << 3);
  f64.store(at, f64.load(at) + (<f64>horizontalSum(sum) + f64.load(shifts + (<usize>a << 3)) * f64.load(shifts + (<usize>b << 3)) * weight));
}

/** Products of three columns with three others: nine sums and what they read are what the vector registers hold. */
function nine(p: usize, q: usize, bytes: usize, m2: usize, shifts: usize, weight: f64, d: u32, a: u32, b: u32): void {
  let s00 = f32x4.splat(0), s01 = f32x4.splat(0), s02 = f32x4.splat(0);
  let s10 = f32x4.splat(0), s11 = f32x4.splat(0), s12 = f32x4.splat(0);
  let s20 = f32x4.splat(0), s21 = f32x4.splat(0), s22 = f32x4.splat(0);
  let u: v128, v: v128, w: v128, t: v128;
  for (const end = p + bytes; p != end; p += 16, q += 16) {
    u = v128.load(q), v = v128.load(q, 512), w = v128.load(q, 1024);
    t = v128.load(p), s00 = fma(t, u, s00), s01 = fma(t, v, s01), s02 = fma(t, w, s02);
    t = v128.load(p, 512), s10 = fma(t, u, s10), s11 = fma(t, v, s11), s12 = fma(t, w, s12);
    t = v128.load(p, 1024), s20 = fma(t, u, s20), s21 = fma(t, v, s21), s22 = fma(t, w, s22);
  }
  put(m2, shifts, weight, d, a, b, s00), put(m2, shifts, weight, d, a, b + 1, s01), put(m2, shifts, weight, d, a, b + 2, s02);
  if (a + 1 < d) put(m2, shifts, weight, d, a + 1, b, s10), put(m2, shifts, weight, d, a + 1, b + 1, s11), put(m2, shifts, weight, d, a + 1, b + 2, s12);
  if (a + 2 < d) put(m2, shifts, weight, d, a + 2, b, s20), put(m2, shifts, weight, d, a + 2, b + 1, s21), put(m2, shifts, weight, d, a + 2, b + 2, s22);
}

/**
 * of each chunk: n = its rows without NaN or infinity, mean[a] = Σ (x_a − o_a) / n, m2[a,b] = Σ (x_a − o_a − mean_a)(x_b − o_b − mean_b), a ≤ b; see
 * kernels/moments/chunk_moments.wgsl. Blocks of 128 rows in float32 about their own means, merged in float64 in their order; the work area holds a block
 * [d + 2, 128], means and shifts [d] and products [d(d + 1)/2] in float64: 900 columns at most.
 */
export function chunk_moments(
  x: usize, origin: usize, moments: usize,
  n: u32, d: u32, row_stride: u32, column_stride: u32, chunks: u32, length: u32, begin: u32, end: u32,
): void {
  const rowBytes = <usize>row_stride << 2, columnBytes = <usize>column_stride << 2;
  const pairs = d * (d + 1) / 2, size = 1 + d + pairs;
  const planes = scratch, means = planes + (d + 2) * PLANE, shifts = means + (<usize>d << 3), m2 = shifts + (<usize>d << 3);
  // columns of zeros make the last three whole
  memory.fill(planes + d * PLANE, 0, 2 * PLANE);
  for (let chunk = begin; chunk < end; chunk++) {
    const first = chunk * length, last = min(first + length, n);
    memory.fill(means, 0, m2 - means + (<usize>pairs << 3));
    let count: u32 = 0;
    for (let from = first; from < last; from += BLOCK) {
      let rows = min(BLOCK, last - from), lost: f32 = 0;
      columnsOf(x + from * rowBytes, rows, d, rowBytes, columnBytes, planes);
      for (let a: u32 = 0; a < d; a++) lost += shifted(planes + a * PLANE, rows, f32.load(origin + (<usize>a << 2)));
      if (lost != 0) {
        columnsOf(x + from * rowBytes, rows, d, rowBytes, columnBytes, planes);
        rows = wholeRows(planes, rows, d);
        if (rows == 0) continue;
        for (let a: u32 = 0; a < d; a++) shifted(planes + a * PLANE, rows, f32.load(origin + (<usize>a << 2)));
      }
      const total = count + rows, weight = <f64>count * <f64>rows / <f64>total;
      for (let a: u32 = 0; a < d; a++) {
        const at = <usize>a << 3, mean = f64.load(means + at), shift = <f64>centred(planes + a * PLANE, rows) - mean;
        f64.store(shifts + at, shift);
        f64.store(means + at, mean + shift * <f64>rows / <f64>total);
      }
      const bytes = <usize>(rows + 3 & ~3) << 2;
      for (let a: u32 = 0; a < d; a += 3)
        for (let b = a; b < d; b += 3) nine(planes + a * PLANE, planes + b * PLANE, bytes, m2, shifts, weight, d, a, b);
      count = total;
    }
    let out = moments + (<usize>(chunk * size) << 2);
    f32.store(out, <f32>count);
    for (let a: u32 = 0; a < d; a++) f32.store(out += 4, <f32>f64.load(means + (<usize>a << 3)));
    for (let pair: u32 = 0; pair < pairs; pair++) f32.store(out += 4, <f32>f64.load(m2 + (<usize>pair << 3)));
  }
}
