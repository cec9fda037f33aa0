// The nearest and second nearest of many centres: eight points in two vectors pass over four centres at a time.
import { scratch } from "../base/scratch";
import { fma } from "../base/simd";

/** Points that pass over the centres together: they fill two vectors. */
const POINTS: u32 = 8;
/** State of eight points in the work area: lowest scores, their labels, then the same of the second lowest, two vectors each. */
const STATE: usize = 128;

/** out[c][p] = x_p[c] for eight rows x of d columns, of which those from `rows` on repeat the last. */
function panel(x: usize, d: u32, rows: u32, out: usize): void {
  const row = <usize>d << 2;
  const x0 = x, x1 = x0 + (rows > 1 ? row : 0), x2 = x1 + (rows > 2 ? row : 0), x3 = x2 + (rows > 3 ? row : 0);
  const x4 = x3 + (rows > 4 ? row : 0), x5 = x4 + (rows > 5 ? row : 0), x6 = x5 + (rows > 6 ? row : 0), x7 = x6 + (rows > 7 ? row : 0);
  let at: usize = 0;
  for (; at + 16 <= row; at += 16, out += 128) {
    fourColumns(v128.load(x0 + at), v128.load(x1 + at), v128.load(x2 + at), v128.load(x3 + at), out);
    fourColumns(v128.load(x4 + at), v128.load(x5 + at), v128.load(x6 + at), v128.load(x7 + at), out + 16);
  }
  for (; at < row; at += 4, out += 32) {
    f32.store(out, f32.load(x0 + at));
    f32.store(out, f32.load(x1 + at), 4);
    f32.store(out, f32.load(x2 + at), 8);
    f32.store(out, f32.load(x3 + at), 12);
    f32.store(out, f32.load(x4 + at), 16);
    f32.store(out, f32.load(x5 + at), 20);
    f32.store(out, f32.load(x6 + at), 24);
    f32.store(out, f32.load(x7 + at), 28);
  }
}

// @ts-ignore: decorator
@inline
function fourColumns(r0: v128, r1: v128, r2: v128, r3: v128, out: usize): void {
  const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const c = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7), d = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f64>(a, b, 0, 2));
  v128.store(out, v128.shuffle<f64>(a, b, 1, 3), 32);
  v128.store(out, v128.shuffle<f64>(c, d, 0, 2), 64);
  v128.store(out, v128.shuffle<f64>(c, d, 1, 3), 96);
}

/** Keeps the lowest scores of four points, and whose they are. */
// @ts-ignore: decorator
@inline
function keep(state: usize, s0: v128, s1: v128, s2: v128, s3: v128, label: u32): void {
  let best = v128.load(state), labels = v128.load(state, 32);
  labels = v128.bitselect(i32x4.splat(label), labels, f32x4.lt(s0, best)), best = f32x4.pmin(best, s0);
  labels = v128.bitselect(i32x4.splat(label + 1), labels, f32x4.lt(s1, best)), best = f32x4.pmin(best, s1);
  labels = v128.bitselect(i32x4.splat(label + 2), labels, f32x4.lt(s2, best)), best = f32x4.pmin(best, s2);
  labels = v128.bitselect(i32x4.splat(label + 3), labels, f32x4.lt(s3, best)), best = f32x4.pmin(best, s3);
  v128.store(state, best);
  v128.store(state, labels, 32);
}

/** One score of four points, of which the two lowest are kept. */
// @ts-ignore: decorator
@inline
function keepTwo(state: usize, score: v128, label: u32): void {
  const best = v128.load(state), bestLabel = v128.load(state, 32), second = v128.load(state, 64), labels = i32x4.splat(label);
  const lower = f32x4.lt(score, best), between = f32x4.lt(score, second);
  v128.store(state, v128.bitselect(v128.bitselect(best, score, lower), second, between), 64);
  v128.store(state, v128.bitselect(v128.bitselect(bestLabel, labels, lower), v128.load(state, 96), between), 96);
  v128.store(state, f32x4.pmin(best, score));
  v128.store(state, v128.bitselect(labels, bestLabel, lower), 32);
}

/** Squared distances of eight points, a panel of d columns, to four centres: 8 sums + 6 loads, which is what fits the vector registers. */
function fourCenters(points: usize, d: u32, c0: usize, c1: usize, c2: usize, c3: usize, label: u32, count: u32, state: usize, two: bool): void {
  let s00 = f32x4.splat(0), s01 = f32x4.splat(0), s10 = f32x4.splat(0), s11 = f32x4.splat(0);
  let s20 = f32x4.splat(0), s21 = f32x4.splat(0), s30 = f32x4.splat(0), s31 = f32x4.splat(0);
  const end = points + (<usize>d << 5);
  for (; points != end; points += 32, c0 += 4, c1 += 4, c2 += 4, c3 += 4) {
    const p = v128.load(points), q = v128.load(points, 16);
    let c = v128.load32_splat(c0), t = f32x4.sub(p, c);
    s00 = fma(t, t, s00), t = f32x4.sub(q, c), s01 = fma(t, t, s01);
    c = v128.load32_splat(c1), t = f32x4.sub(p, c);
    s10 = fma(t, t, s10), t = f32x4.sub(q, c), s11 = fma(t, t, s11);
    c = v128.load32_splat(c2), t = f32x4.sub(p, c);
    s20 = fma(t, t, s20), t = f32x4.sub(q, c), s21 = fma(t, t, s21);
    c = v128.load32_splat(c3), t = f32x4.sub(p, c);
    s30 = fma(t, t, s30), t = f32x4.sub(q, c), s31 = fma(t, t, s31);
  }
  // what stands in for a centre that is not there is never nearer than another
  if (count < 2) s10 = f32x4.splat(f32.MAX_VALUE), s11 = s10;
  if (count < 3) s20 = f32x4.splat(f32.MAX_VALUE), s21 = s20;
  if (count < 4) s30 = f32x4.splat(f32.MAX_VALUE), s31 = s30;
  if (!two) {
    keep(state, s00, s10, s20, s30, label);
    keep(state + 16, s01, s11, s21, s31, label);
    return;
  }
  keepTwo(state, s00, label), keepTwo(state + 16, s01, label);
  keepTwo(state, s10, label + 1), keepTwo(state + 16, s11, label + 1);
  keepTwo(state, s20, label + 2), keepTwo(state + 16, s21, label + 2);
  keepTwo(state, s30, label + 3), keepTwo(state + 16, s31, label + 3);
}

/**
 * labels[r,i] = the r-th nearest centre of x_i by ‖x_i − c_j‖², ties to the lowest j; distances[r,i] its ‖x_i − c_j‖²; x [n,d], centers [k,d], r < ranks (1 or
 * 2); see kernels/som/nearest_centers.wgsl.
 */
export function nearest_centers(
  x: usize, centers: usize, labels: usize, distances: usize,
  n: u32, d: u32, k: u32, ranks: u32, begin: u32, end: u32,
): void {
  const row = <usize>d << 2, state = scratch, points = scratch + STATE;
  const far = f32x4.splat(f32.MAX_VALUE), none = i32x4.splat(-1), two = ranks > 1;
  for (let first = begin; first < end; first += POINTS) {
    const rows = min(POINTS, end - first);
    panel(x + first * row, d, rows, points);
    for (let at: usize = 0; at < STATE; at += 64) {
      v128.store(state + at, far), v128.store(state + at, far, 16);
      v128.store(state + at, none, 32), v128.store(state + at, none, 48);
    }
    for (let j: u32 = 0; j < k; j += 4) {
      const count = min(4, k - j), c0 = centers + j * row;
      const c1 = count > 1 ? c0 + row : c0, c2 = count > 2 ? c1 + row : c0, c3 = count > 3 ? c2 + row : c0;
      fourCenters(points, d, c0, c1, c2, c3, j, count, state, two);
    }
    const out = <usize>first << 2;
    memory.copy(distances + out, state, rows << 2);
    memory.copy(labels + out, state + 32, rows << 2);
    if (two) {
      const second = out + (<usize>n << 2);
      memory.copy(distances + second, state + 64, rows << 2);
      memory.copy(labels + second, state + 96, rows << 2);
    }
  }
}
