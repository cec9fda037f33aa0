// What units are given: the sums of their rows, and Kohonen's steps one after the other.
import { expf } from "../base/math";
import { scratch } from "../base/scratch";
import { fma, horizontalSum } from "../base/simd";

/**
 * partials[c,j] = (Σ x_i, count, Σ √distances[i]) over the rows i of chunk c with labels[i] = j; x [n,d], chunks of `length` rows, partials [chunks,k,d + 2];
 * see kernels/som/unit_sums.wgsl. Sums are float64; the work area holds k·width of them. Rows: slices of `width` columns of the chunks.
 */
export function unit_sums(
  x: usize, labels: usize, distances: usize, partials: usize,
  n: u32, d: u32, k: u32, chunks: u32, length: u32, width: u32, begin: u32, end: u32,
): void {
  const columns = d + 2, slices = (columns + width - 1) / width, row = <usize>d << 2;
  for (let part = begin; part < end; part++) {
    const chunk = part / slices, from = part % slices * width, taken = min(width, columns - from);
    const first = chunk * length, last = min(first + length, n), values = from < d ? min(taken, d - from) : 0, sum = <usize>taken << 3;
    memory.fill(scratch, 0, k * sum);
    for (let i = first; i < last; i++) {
      const label = <u32>i32.load(labels + (<usize>i << 2));
      if (label >= k) continue;
      let at = scratch + label * sum, value = x + i * row + (<usize>from << 2);
      const stop = value + (<usize>values << 2), pairs = value + (<usize>(values & ~1) << 2);
      for (; value != pairs; value += 8, at += 16)
        v128.store(at, f64x2.add(v128.load(at), f64x2.promote_low_f32x4(v128.load64_zero(value))));
      if (value != stop) f64.store(at, f64.load(at) + <f64>f32.load(value)), at += 8;
      for (let c = from + values; c < from + taken; c++, at += 8)
        f64.store(at, f64.load(at) + (c == d ? 1 : Math.sqrt(<f64>f32.load(distances + (<usize>i << 2)))));
    }
    let at = scratch, out = partials + (<usize>chunk * k * columns + from << 2);
    for (let j: u32 = 0; j < k; j++, out += <usize>columns << 2)
      for (let c: u32 = 0; c < taken; c++, at += 8) f32.store(out + (<usize>c << 2), <f32>f64.load(at));
  }
}

/** ‖x − y‖² of d elements. */
function squaredDistance(d: u32, x: usize, y: usize): f32 {
  let s = f32x4.splat(0), r = f32x4.splat(0);
  const end = x + (<usize>d << 2), vectors = x + (<usize>(d & ~3) << 2);
  let t: v128;
  for (; x != vectors; x += 16, y += 16) t = f32x4.sub(v128.load(x), v128.load(y)), s = fma(t, t, s);
  for (; x != end; x += 4, y += 4) t = f32x4.sub(v128.load32_zero(x), v128.load32_zero(y)), r = fma(t, t, r);
  return horizontalSum(f32x4.add(s, r));
}

// @ts-ignore: decorator
@inline
function around(difference: f32, period: f32): f32 {
  const way = abs(difference);
  return period > 0 ? min(way, period - way) : way;
}

/**
 * for t < steps: b = nearest of codebook to x[order[t]]; codebook[j] += rate[t] h(d(b,j)) (x − codebook[j]), h = exp(−d²/(2 sigma[t]²)), 0 for d > cutoff[t];
 * see kernels/som/som_online.wgsl. One row.
 */
export function som_online(
  x: usize, initial: usize, positions: usize, order: usize, schedule: usize, codebook: usize, winners: usize,
  d: u32, k: u32, steps: u32, bubble: u32, period_x: f32, period_y: f32, begin: u32, end: u32,
): void {
  if (begin == end) return;
  const row = <usize>d << 2;
  memory.copy(codebook, initial, k * row);
  for (let t: u32 = 0; t < steps; t++) {
    const sample = x + <usize><u32>i32.load(order + (<usize>t << 2)) * row;
    let best = f32.MAX_VALUE, winner: u32 = 0;
    for (let j: u32 = 0; j < k; j++) {
      const score = squaredDistance(d, sample, codebook + j * row);
      if (score < best) best = score, winner = j;
    }
    i32.store(winners + (<usize>t << 2), winner);
    const at = schedule + <usize>t * 12, sigma = f32.load(at), rate = f32.load(at, 4), cutoff = f32.load(at, 8);
    const there = positions + (<usize>winner << 3), x0 = f32.load(there), y0 = f32.load(there, 4);
    for (let j: u32 = 0; j < k; j++) {
      const place = positions + (<usize>j << 3);
      const dx = around(f32.load(place) - x0, period_x), dy = around(f32.load(place, 4) - y0, period_y);
      const square = dx * dx + dy * dy;
      let h: f32 = 0;
      if (square <= cutoff * cutoff) h = bubble ? f32(square <= sigma * sigma) : expf(-square / (2 * sigma * sigma));
      if (h == 0) continue;
      const gain = f32x4.splat(rate * h);
      let w = codebook + j * row, v = sample;
      const stop = w + row, vectors = w + (<usize>(d & ~3) << 2);
      for (; w != vectors; w += 16, v += 16) {
        const before = v128.load(w);
        v128.store(w, fma(gain, f32x4.sub(v128.load(v), before), before));
      }
      for (; w != stop; w += 4, v += 4) f32.store(w, f32.load(w) + rate * h * (f32.load(v) - f32.load(w)));
    }
  }
}
