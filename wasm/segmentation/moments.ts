// Means and products of rows about them, chunk by chunk.
import { scratch } from "../base/scratch";

// @ts-ignore: decorator
@inline
function sumOf(pairs: v128): f64 {
  return f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1);
}

/**
 * of each chunk: n = its rows without NaN or infinity, mean[a] = Σ (x_a − o_a) / n, m2[a,b] = Σ (x_a − o_a − mean_a)(x_b − o_b − mean_b), a ≤ b; see
 * kernels/segmentation/chunk_moments.wgsl. In float64; the work area holds the rows of a chunk without those that are left out, [d, length].
 */
export function chunk_moments(
  x: usize, origin: usize, moments: usize,
  n: u32, d: u32, row_stride: u32, column_stride: u32, chunks: u32, length: u32, begin: u32, end: u32,
): void {
  const rowBytes = <usize>row_stride << 2, columnBytes = <usize>column_stride << 2, plane = <usize>(length + 1 & ~1) << 3;
  const size = 1 + d + d * (d + 1) / 2;
  for (let chunk = begin; chunk < end; chunk++) {
    const first = chunk * length, last = min(first + length, n), out = moments + (<usize>(chunk * size) << 2);
    let kept: usize = 0;
    for (let i = first; i < last; i++) {
      const row = x + i * rowBytes;
      // a row that is left out is overwritten by the next one
      let whole: u32 = 1;
      for (let a: u32 = 0; a < d; a++) {
        const value = f32.load(row + a * columnBytes);
        whole &= u32(value - value == 0);
        f64.store(scratch + a * plane + kept, <f64>value - <f64>f32.load(origin + (<usize>a << 2)));
      }
      kept += <usize>whole << 3;
    }
    const count = <u32>(kept >> 3);
    f32.store(out, <f32>count);
    for (let a: u32 = 0; a < d; a++) {
      const column = scratch + a * plane;
      if (count & 1) f64.store(column + kept, 0);
      let sum = f64x2.splat(0);
      for (let at: usize = 0; at < kept; at += 16) sum = f64x2.add(sum, v128.load(column + at));
      const mean = count > 0 ? sumOf(sum) / <f64>count : 0;
      f32.store(out + (<usize>(1 + a) << 2), <f32>mean);
      // about the mean as it is given away, so that what was rounded is in neither
      const center = f64x2.splat(<f64><f32>mean);
      for (let at: usize = 0; at < kept; at += 16) v128.store(column + at, f64x2.sub(v128.load(column + at), center));
      if (count & 1) f64.store(column + kept, 0);
    }
    let pair = out + (<usize>(1 + d) << 2);
    for (let a: u32 = 0; a < d; a++)
      for (let b = a; b < d; b++, pair += 4) {
        const p = scratch + a * plane, q = scratch + b * plane;
        let s = f64x2.splat(0), t = f64x2.splat(0), at: usize = 0;
        for (; at + 32 <= kept; at += 32) {
          s = f64x2.add(s, f64x2.mul(v128.load(p + at), v128.load(q + at)));
          t = f64x2.add(t, f64x2.mul(v128.load(p + at, 16), v128.load(q + at, 16)));
        }
        for (; at < kept; at += 16) s = f64x2.add(s, f64x2.mul(v128.load(p + at), v128.load(q + at)));
        f32.store(pair, <f32>sumOf(f64x2.add(s, t)));
      }
  }
}
