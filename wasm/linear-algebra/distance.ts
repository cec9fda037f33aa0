import { squaredDistances } from "../base/squared-distances";
import { fma } from "../base/simd";

/** y[c, i, t] = scale · Σ_j w[i, j] (a[i, t] - b[j, t]), j in chunk c; [begin, end) counts the rows (c, i) of y. */
export function weighted_difference(
  w: usize, a: usize, b: usize, y: usize, n: u32, m: u32, d: u32, chunks: u32, length: u32, row: u32, column: u32, scale: f32,
  begin: u32, end: u32,
): void {
  const bytes = <usize>d << 2;
  const factor = f32x4.splat(scale);
  for (let at = begin; at < end; at++) {
    const i = at % n;
    const first = at / n * length;
    const last = min(first + length, m);
    const step = <usize>column << 2;
    const weights = w + (<usize>i * row << 2) + first * step;
    const points = b + first * bytes;
    const here = a + i * bytes;
    const out = y + at * bytes;
    let t: usize = 0;
    for (; t + 16 <= bytes; t += 16) {
      const u = v128.load(here + t);
      let s0 = f32x4.splat(0);
      let s1 = s0;
      let p = points + t;
      let q = weights;
      let j = first;
      for (; j + 2 <= last; j += 2) {
        s0 = fma(v128.load32_splat(q), f32x4.sub(u, v128.load(p)), s0);
        s1 = fma(v128.load32_splat(q + step), f32x4.sub(u, v128.load(p + bytes)), s1);
        p += bytes << 1;
        q += step << 1;
      }
      if (j < last) s0 = fma(v128.load32_splat(q), f32x4.sub(u, v128.load(p)), s0);
      v128.store(out + t, f32x4.mul(f32x4.add(s0, s1), factor));
    }
    for (; t < bytes; t += 4) {
      const u = f32.load(here + t);
      let s: f32 = 0;
      let p = points + t;
      let q = weights;
      for (let j = first; j < last; j++) {
        s += f32.load(q) * (u - f32.load(p));
        p += bytes;
        q += step;
      }
      f32.store(out + t, s * scale);
    }
  }
}

/** y[i, j] = |a_i - b_j|²; [begin, end) counts rows of a. */
export function squared_distance(a: usize, b: usize, y: usize, n: u32, m: u32, d: u32, begin: u32, end: u32): void {
  squaredDistances(a, b, y, m, d, begin, end);
}
