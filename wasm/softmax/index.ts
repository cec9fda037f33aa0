import { LOG_SOFTMAX } from "../../kernels/softmax/softmax.wgsl";
import { maxOf, sumOfExponentials } from "../base/log-sum-exp";
import { exp4, expf, log4, logf } from "../base/math";
import { horizontalSum } from "../base/simd";

/** One contiguous series. */
function softmaxRow(x: usize, y: usize, bytes: usize, logarithm: bool): void {
  const largest = maxOf(x, bytes);
  const sum = sumOfExponentials(x, bytes, largest);
  const by = f32x4.splat(largest);
  let at: usize = 0;
  if (logarithm) {
    const rest = logf(sum);
    for (; at + 16 <= bytes; at += 16)
      v128.store(y + at, f32x4.sub(f32x4.sub(v128.load(x + at), by), f32x4.splat(rest)));
    for (; at < bytes; at += 4) f32.store(y + at, f32.load(x + at) - largest - rest);
    return;
  }
  const inverse: f32 = 1 / sum;
  for (; at + 16 <= bytes; at += 16)
    v128.store(y + at, f32x4.mul(exp4(f32x4.sub(v128.load(x + at), by)), f32x4.splat(inverse)));
  for (; at < bytes; at += 4) f32.store(y + at, expf(f32.load(x + at) - largest) * inverse);
}

// @ts-ignore: decorator
@inline
function load(p: usize, wide: bool): v128 {
  return wide ? v128.load(p) : v128.load32_splat(p);
}

// @ts-ignore: decorator
@inline
function store(p: usize, v: v128, wide: bool): void {
  if (wide) v128.store(p, v);
  else v128.store32_lane(p, v, 0);
}

/** Softmax, or its logarithm, along the middle axis; [begin, end) counts series. */
export function softmax(x: usize, y: usize, series: u32, n: u32, inner: u32, lanes: u32, op: u32, begin: u32, end: u32): void {
  const logarithm = op == LOG_SOFTMAX;
  if (inner == 1) {
    const bytes = <usize>n << 2;
    for (let i = begin; i < end; i++) softmaxRow(x + i * bytes, y + i * bytes, bytes, logarithm);
    return;
  }
  const step = <usize>inner << 2;
  let s = begin;
  while (s < end) {
    const i = s % inner;
    const wide = i + 4 <= inner && s + 4 <= end; // four neighbouring series at once
    const start = <usize>(s - i) * n + i << 2;
    const from = x + start;
    const stop = from + n * step;
    let largest = load(from, wide);
    for (let p = from + step; p < stop; p += step) largest = f32x4.pmax(largest, load(p, wide));
    let sum = f32x4.splat(0);
    for (let p = from; p < stop; p += step) sum = f32x4.add(sum, exp4(f32x4.sub(load(p, wide), largest)));
    const rest = logarithm ? log4(sum) : f32x4.div(f32x4.splat(1), sum);
    let to = y + start;
    for (let p = from; p < stop; p += step, to += step) {
      const shifted = f32x4.sub(load(p, wide), largest);
      store(to, logarithm ? f32x4.sub(shifted, rest) : f32x4.mul(exp4(shifted), rest), wide);
    }
    s += wide ? 4 : 1;
  }
}

/** The gradient of softmax or its logarithm; [begin, end) counts series. */
export function softmax_backward(
  y: usize, dy: usize, dx: usize, series: u32, n: u32, inner: u32, lanes: u32, op: u32, begin: u32, end: u32,
): void {
  const logarithm = op == LOG_SOFTMAX;
  if (inner == 1) {
    const bytes = <usize>n << 2;
    for (let i = begin; i < end; i++) {
      const start = i * bytes;
      let all = f32x4.splat(0);
      let at: usize = 0;
      for (; at + 16 <= bytes; at += 16) {
        const g = v128.load(dy + start + at);
        all = f32x4.add(all, logarithm ? g : f32x4.mul(g, v128.load(y + start + at)));
      }
      let total = horizontalSum(all);
      for (; at < bytes; at += 4) total += f32.load(dy + start + at) * (logarithm ? 1 : f32.load(y + start + at));
      const sum = f32x4.splat(total);
      for (at = 0; at + 16 <= bytes; at += 16) {
        const g = v128.load(dy + start + at);
        const v = v128.load(y + start + at);
        const r = logarithm ? f32x4.sub(g, f32x4.mul(exp4(v), sum)) : f32x4.mul(v, f32x4.sub(g, sum));
        v128.store(dx + start + at, r);
      }
      for (; at < bytes; at += 4) {
        const g = f32.load(dy + start + at);
        const v = f32.load(y + start + at);
        f32.store(dx + start + at, logarithm ? g - expf(v) * total : v * (g - total));
      }
    }
    return;
  }
  const step = <usize>inner << 2;
  let s = begin;
  while (s < end) {
    const i = s % inner;
    const wide = i + 4 <= inner && s + 4 <= end;
    const start = <usize>(s - i) * n + i << 2;
    const stop = start + n * step;
    let sum = f32x4.splat(0);
    for (let p = start; p < stop; p += step) {
      const g = load(dy + p, wide);
      sum = f32x4.add(sum, logarithm ? g : f32x4.mul(g, load(y + p, wide)));
    }
    for (let p = start; p < stop; p += step) {
      const g = load(dy + p, wide);
      const v = load(y + p, wide);
      store(dx + p, logarithm ? f32x4.sub(g, f32x4.mul(exp4(v), sum)) : f32x4.mul(v, f32x4.sub(g, sum)), wide);
    }
    s += wide ? 4 : 1;
  }
}
