import { TARGET } from "../../kernels/clustering/student_t_backward.wgsl";
import { squaredDistances } from "../base/squared-distances";
import { exp4, expf, log4, logf } from "../base/math";
import { horizontalSum } from "../base/simd";

const TINY: f32 = 1.1754944e-38;
const FAR: f32 = 1e38;

/** q and, where scale is not 0, parts[i] = scale · Σ_j p ln(p / q); [begin, end) counts rows of z. */
export function student_t(
  z: usize, mu: usize, p: usize, q: usize, parts: usize, n: u32, k: u32, d: u32, alpha: f32, scale: f32, begin: u32, end: u32,
): void {
  squaredDistances(z, mu, q, k, d, begin, end);
  const exponent: f32 = 0.5 * (alpha + 1);
  const bytes = <usize>k << 2;
  const whole = bytes & ~15;
  for (let i = begin; i < end; i++) {
    const row = q + i * bytes;
    let nearest: f32 = FAR;
    for (let at: usize = 0; at < bytes; at += 4) nearest = min<f32>(nearest, f32.load(row + at));
    if (nearest == FAR && !comparable(z + (<usize>i * d << 2), mu, k, d)) nearest = f32.NaN; // not squares that overflowed
    const top = alpha + nearest;
    let sum = f32x4.splat(0);
    let at: usize = 0;
    for (; at < whole; at += 16) {
      const s = f32x4.pmin(v128.load(row + at), f32x4.splat(FAR));
      let u = f32x4.div(f32x4.splat(top), f32x4.add(f32x4.splat(alpha), s));
      if (exponent != 1) u = exp4(f32x4.mul(f32x4.splat(exponent), log4(f32x4.pmax(u, f32x4.splat(TINY)))));
      v128.store(row + at, u);
      sum = f32x4.add(sum, u);
    }
    let total = horizontalSum(sum);
    for (; at < bytes; at += 4) {
      const s = f32.load(row + at);
      let u = top / (alpha + (s > FAR ? FAR : s));
      if (exponent != 1) u = expf(exponent * logf(u < TINY ? TINY : u));
      f32.store(row + at, u);
      total += u;
    }
    const inverse: f32 = 1 / total;
    for (at = 0; at < whole; at += 16) v128.store(row + at, f32x4.mul(v128.load(row + at), f32x4.splat(inverse)));
    for (; at < bytes; at += 4) f32.store(row + at, f32.load(row + at) * inverse);
    f32.store(parts + (<usize>i << 2), scale == 0 ? 0 : scale * divergence(p + i * bytes, row, k));
  }
}

/** Whether d numbers are all finite: 0 · x is NaN where x is not. */
function allFinite(x: usize, d: u32): bool {
  let sum: f32 = 0;
  for (let t: usize = 0; t < <usize>d; t++) sum += 0 * f32.load(x + (t << 2));
  return sum == 0;
}

/** Whether a point and one of the centres at least are made of finite numbers. */
function comparable(point: usize, mu: usize, k: u32, d: u32): bool {
  if (!allFinite(point, d)) return false;
  for (let j: u32 = 0; j < k; j++) if (allFinite(mu + (<usize>j * d << 2), d)) return true;
  return false;
}

/** Σ_j p ln(p / q) of a row; 0 where p is 0 or a finite number below. */
function divergence(p: usize, q: usize, k: u32): f32 {
  const tiny = f32x4.splat(TINY);
  const zero = f32x4.splat(0);
  let sum = zero;
  let j: usize = 0;
  for (; j + 4 <= <usize>k; j += 4) {
    const u = v128.load(p + (j << 2));
    const quotient = f32x4.div(u, f32x4.pmax(v128.load(q + (j << 2)), tiny));
    const term = f32x4.mul(u, log4(f32x4.pmax(quotient, tiny)));
    sum = f32x4.add(sum, v128.andnot(term, v128.and(f32x4.le(u, zero), f32x4.gt(u, f32x4.splat(-Infinity)))));
  }
  let total = horizontalSum(sum);
  for (; j < <usize>k; j++) {
    const u = f32.load(p + (j << 2));
    const v = f32.load(q + (j << 2));
    if (u <= 0 && u > -Infinity) continue;
    const quotient = u / (v < TINY ? TINY : v);
    total += u * logf(quotient < TINY ? TINY : quotient);
  }
  return total;
}

/** w[i, j] = (alpha + 1) / (alpha + s[i, j]) · v[i, j]; [begin, end) counts rows of z. */
export function student_t_backward(
  z: usize, mu: usize, q: usize, g: usize, dy: usize, w: usize, n: u32, k: u32, d: u32, op: u32, alpha: f32, scale: f32,
  begin: u32, end: u32,
): void {
  squaredDistances(z, mu, w, k, d, begin, end);
  const bytes = <usize>k << 2;
  const whole = bytes & ~15;
  const factor: f32 = (alpha + 1) * (op == TARGET ? f32.load(dy) * scale : -1);
  for (let i = begin; i < end; i++) {
    const start = i * bytes;
    const qs = q + start;
    const gs = g + start;
    const out = w + start;
    let sum = f32x4.splat(0);
    let at: usize = 0;
    for (; at < whole; at += 16) {
      const u = v128.load(gs + at);
      sum = f32x4.add(sum, op == TARGET ? u : f32x4.mul(u, v128.load(qs + at)));
    }
    let total = horizontalSum(sum);
    for (; at < bytes; at += 4) total += f32.load(gs + at) * (op == TARGET ? 1 : f32.load(qs + at));
    const all = f32x4.splat(total);
    for (at = 0; at < whole; at += 16) {
      const share = v128.load(qs + at);
      const u = v128.load(gs + at);
      const v = op == TARGET ? f32x4.sub(u, f32x4.mul(share, all)) : f32x4.mul(share, f32x4.sub(u, all));
      const s = f32x4.add(f32x4.splat(alpha), f32x4.pmin(v128.load(out + at), f32x4.splat(FAR)));
      v128.store(out + at, f32x4.div(f32x4.mul(v, f32x4.splat(factor)), s));
    }
    for (; at < bytes; at += 4) {
      const share = f32.load(qs + at);
      const u = f32.load(gs + at);
      const s = f32.load(out + at);
      f32.store(out + at, (op == TARGET ? u - share * total : share * (u - total)) * factor / (alpha + (s > FAR ? FAR : s)));
    }
  }
}

/** p[i, j] = (q² / f_j) / Σ_j (q² / f_j), 0 for a column of no mass; [begin, end) counts rows. */
export function dec_target(q: usize, f: usize, p: usize, n: u32, k: u32, begin: u32, end: u32): void {
  const bytes = <usize>k << 2;
  for (let i = begin; i < end; i++) {
    const from = q + i * bytes;
    const to = p + i * bytes;
    let total: f32 = 0;
    for (let at: usize = 0; at < bytes; at += 4) {
      const share = f32.load(from + at);
      const mass = f32.load(f + at);
      const sharpened: f32 = mass < TINY ? 0 * share : share * (share / mass);
      f32.store(to + at, sharpened);
      total += sharpened;
    }
    const inverse: f32 = 1 / (total < TINY ? TINY : total);
    for (let at: usize = 0; at < bytes; at += 4) f32.store(to + at, f32.load(to + at) * inverse);
  }
}
