// Kernels of Gaussian mixtures: expectation and moments.
import { expf, logf } from "../base/math";
import { scratch } from "../base/scratch";
import { fma } from "../base/simd";

/** Columns of four rows side by side, [column][4]; rows past `count` are the last one again. */
function layOut(x: usize, mean: usize, d: u32, count: u32, out: usize): void {
  const row = <usize>d << 2;
  for (let c: usize = 0; c < row; c += 4) {
    const m = f32.load(mean + c);
    for (let r: u32 = 0; r < 4; r++) f32.store(out + (c << 2) + (r << 2), f32.load(x + min(r, count - 1) * row + c) - m);
  }
}

/** ‖F (x − μ)‖² of four rows that `layOut` has laid out. */
function squares(at: usize, factor: usize, d: u32, diagonal: u32): v128 {
  let square = f32x4.splat(0);
  const row = <usize>d << 2;
  if (diagonal) {
    for (let c: usize = 0; c < row; c += 4) {
      const v = f32x4.mul(v128.load32_splat(factor + c), v128.load(at + (c << 2)));
      square = fma(v, v, square);
    }
    return square;
  }
  for (let a: usize = 0; a < row; a += 4, factor += row) {
    let even = f32x4.splat(0), odd = even, b: usize = 0;
    for (; b + 4 <= a; b += 8) {
      even = fma(v128.load32_splat(factor + b), v128.load(at + (b << 2)), even);
      odd = fma(v128.load32_splat(factor + b, 4), v128.load(at + (b << 2), 16), odd);
    }
    if (b <= a) even = fma(v128.load32_splat(factor + b), v128.load(at + (b << 2)), even);
    const v = f32x4.add(even, odd);
    square = fma(v, v, square);
  }
  return square;
}

/** Responsibilities and logarithms of the density of rows [begin, end); see kernels/mixture/mixture_expectation.wgsl. */
export function mixture_expectation(
  x: usize, means: usize, factors: usize, constants: usize, resp: usize, log_prob: usize,
  n: u32, d: u32, k: u32, diagonal: u32, begin: u32, end: u32,
): void {
  const row = <usize>d << 2, width = <usize>k << 2, size = diagonal ? row : <usize>d * row;
  for (let i = begin; i < end; i += 4) {
    const count = min(4, end - i);
    for (let j: u32 = 0; j < k; j++) {
      layOut(x + i * row, means + j * row, d, count, scratch);
      const square = squares(scratch, factors + j * size, d, diagonal);
      const score = f32x4.sub(v128.load32_splat(constants + (<usize>j << 2)), f32x4.mul(f32x4.splat(0.5), square));
      const to = resp + i * width + (<usize>j << 2);
      f32.store(to, f32x4.extract_lane(score, 0));
      if (count > 1) f32.store(to + width, f32x4.extract_lane(score, 1));
      if (count > 2) f32.store(to + 2 * width, f32x4.extract_lane(score, 2));
      if (count > 3) f32.store(to + 3 * width, f32x4.extract_lane(score, 3));
    }
    for (let r = i; r < i + count; r++) {
      const to = resp + r * width;
      let largest = f32.load(to);
      for (let c: usize = 4; c < width; c += 4) largest = max(largest, f32.load(to + c));
      let total: f32 = 0;
      for (let c: usize = 0; c < width; c += 4) {
        const value = expf(f32.load(to + c) - largest);
        f32.store(to + c, value);
        total += value;
      }
      for (let c: usize = 0; c < width; c += 4) f32.store(to + c, f32.load(to + c) / total);
      f32.store(log_prob + (<usize>r << 2), largest + logf(total));
    }
  }
}

/** Weighted moments of chunks [begin, end) about the means; see kernels/mixture/mixture_moments.wgsl. */
export function mixture_moments(
  x: usize, resp: usize, means: usize, sums: usize,
  n: u32, d: u32, k: u32, diagonal: u32, chunks: u32, length: u32, begin: u32, end: u32,
): void {
  const row = <usize>d << 2, width = 4 + row + (diagonal ? row : <usize>d * row);
  for (let chunk = begin; chunk < end; chunk++) {
    const first = chunk * length, last = min(first + length, n);
    for (let j: u32 = 0; j < k; j++) {
      const out = sums + (<usize>chunk * k + j) * width, mean = means + j * row, second = out + 4 + row, away = scratch;
      memory.fill(out, 0, width);
      for (let i = first; i < last; i++) {
        const r = f32.load(resp + (<usize>(i * k + j) << 2));
        if (r == 0) continue;
        f32.store(out, f32.load(out) + r);
        const from = x + i * row;
        for (let c: usize = 0; c < row; c += 4) {
          const v = f32.load(from + c) - f32.load(mean + c);
          f32.store(away + c, v);
          f32.store(out + 4 + c, f32.load(out + 4 + c) + r * v);
          if (diagonal) f32.store(second + c, f32.load(second + c) + r * v * v);
        }
        if (!diagonal) addProduct(second, away, r, row);
      }
    }
  }
}

/** out[a,b] += r · v_a v_b, b up to a; elements above the diagonal stay as they are. */
function addProduct(out: usize, v: usize, r: f32, row: usize): void {
  for (let a: usize = 0; a < row; a += 4, out += row) {
    const factor = r * f32.load(v + a), factor4 = f32x4.splat(factor);
    let b: usize = 0;
    for (; b + 12 <= a; b += 16) v128.store(out + b, fma(factor4, v128.load(v + b), v128.load(out + b)));
    for (; b <= a; b += 4) f32.store(out + b, f32.load(out + b) + factor * f32.load(v + b));
  }
}
