import { exp4, expf, logf } from "../base/math";
import { scratch } from "../base/scratch";
import { fma, horizontalSum, horizontalSums } from "../base/simd";

/** x = power · max(logp, low) + u of a row of `bytes` / 4 elements; returns the largest. */
function scaled(logp: usize, u: usize, x: usize, bytes: usize, power: f32, low: f32): f32 {
  const factor = f32x4.splat(power);
  const bound = f32x4.splat(low);
  let largest: f32 = -f32.MAX_VALUE;
  let at: usize = 0;
  if (bytes >= 16) {
    let all = f32x4.splat(largest);
    for (; at + 16 <= bytes; at += 16) {
      const v = fma(factor, f32x4.pmax(v128.load(logp + at), bound), v128.load(u + at));
      v128.store(x + at, v);
      all = f32x4.pmax(all, v);
    }
    const pairs = f32x4.pmax(all, v128.shuffle<f32>(all, all, 2, 3, 0, 1));
    largest = max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
  }
  for (; at < bytes; at += 4) {
    const v = power * max(low, f32.load(logp + at)) + f32.load(u + at);
    f32.store(x + at, v);
    largest = max(largest, v);
  }
  return largest;
}

/** x ← e^(x - shift) in place; returns the sum. */
function exponentials(x: usize, bytes: usize, shift: f32): f32 {
  const by = f32x4.splat(shift);
  let all = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const e = exp4(f32x4.sub(v128.load(x + at), by));
    v128.store(x + at, e);
    all = f32x4.add(all, e);
  }
  let sum = horizontalSum(all);
  for (; at < bytes; at += 4) {
    const e = expf(f32.load(x + at) - shift);
    f32.store(x + at, e);
    sum += e;
  }
  return sum;
}

/** One pass in the logarithmic domain: w of the rows, the plan, partial sums of its columns; [begin, end) counts chunks of `length` rows. */
export function sinkhorn(
  logp: usize, u: usize, w: usize, s: usize, plan: usize, partials: usize, change: usize, n: u32, k: u32, row: u32,
  chunk: u32, length: u32, lanes: u32, columns: u32, first: u32, power: f32, low: f32, begin: u32, end: u32,
): void {
  const bytes = <usize>k << 2;
  for (let c = begin; c < end; c++) {
    const sums = partials + <usize>(chunk + c) * bytes;
    memory.fill(sums, 0, bytes);
    const last = min((c + 1) * length, n);
    let moved: f32 = 0;
    for (let i = c * length; i < last; i++) {
      const x = plan + <usize>i * bytes;
      const largest = scaled(logp + <usize>i * bytes, u, x, bytes, power, low);
      const total = exponentials(x, bytes, first != 0 ? 0 : largest);
      const place = <usize>(row + i) << 2;
      let value: f32 = 0;
      let share: f32 = 1;
      if (first == 0) {
        value = largest + logf(total);
        share = 1 / total;
        moved += abs(expf(min(value - f32.load(w + place), <f32>80)) / f32.load(s + place) - 1);
      }
      f32.store(w + place, value);
      f32.store(s + place, 1);
      const factor = f32x4.splat(share);
      let at: usize = 0;
      for (; at + 16 <= bytes; at += 16) {
        const v = f32x4.mul(factor, v128.load(x + at));
        v128.store(x + at, v);
        v128.store(sums + at, f32x4.add(v, v128.load(sums + at)));
      }
      for (; at < bytes; at += 4) {
        const v = share * f32.load(x + at);
        f32.store(x + at, v);
        f32.store(sums + at, v + f32.load(sums + at));
      }
    }
    f32.store(change + (<usize>(chunk + c) << 2), moved);
  }
}

/** Four rows' Σ x · r, one in each lane; `stride`: bytes between the rows, 0 for one row four times. */
function weigh(x: usize, stride: usize, r: usize, bytes: usize): v128 {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const x0 = x + at, x1 = x0 + stride, x2 = x1 + stride;
    const w = v128.load(r + at);
    s0 = fma(v128.load(x0), w, s0);
    s1 = fma(v128.load(x1), w, s1);
    s2 = fma(v128.load(x2), w, s2);
    s3 = fma(v128.load(x2 + stride), w, s3);
  }
  return weighRest(x, stride, r, at, bytes, horizontalSums(s0, s1, s2, s3));
}

/** The last columns, fewer than four. */
// @ts-ignore: decorator
@inline
function weighRest(x: usize, stride: usize, r: usize, at: usize, bytes: usize, sums: v128): v128 {
  for (; at < bytes; at += 4) {
    let column = v128.load32_splat(x + at);
    column = v128.load32_lane(x + at + stride, column, 1);
    column = v128.load32_lane(x + at + 2 * stride, column, 2);
    column = v128.load32_lane(x + at + 3 * stride, column, 3);
    sums = fma(column, v128.load32_splat(r + at), sums);
  }
  return sums;
}

/**
 * sums += Σ factors · x over four rows, and what `weigh` finds for the next four, y, in one loop: their memory is on its
 * way while x, in the cache, is added. An exit that is never taken makes two basic blocks of the step (see microkernel).
 */
function addAndWeigh(
  x: usize, xStride: usize, factors: v128, sums: usize, y: usize, yStride: usize, r: usize, bytes: usize,
): v128 {
  const f0 = v128.shuffle<f32>(factors, factors, 0, 0, 0, 0), f1 = v128.shuffle<f32>(factors, factors, 1, 1, 1, 1);
  const f2 = v128.shuffle<f32>(factors, factors, 2, 2, 2, 2), f3 = v128.shuffle<f32>(factors, factors, 3, 3, 3, 3);
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  let at: usize = 0;
  const vectors = bytes & ~15;
  while (at != vectors) {
    const y0 = y + at, y1 = y0 + yStride, y2 = y1 + yStride;
    const w = v128.load(r + at);
    s0 = fma(v128.load(y0), w, s0);
    s1 = fma(v128.load(y1), w, s1);
    s2 = fma(v128.load(y2), w, s2);
    s3 = fma(v128.load(y2 + yStride), w, s3);
    if (at == bytes) break;
    const x0 = x + at, x1 = x0 + xStride, x2 = x1 + xStride;
    let v = fma(f0, v128.load(x0), v128.load(sums + at));
    v = fma(f1, v128.load(x1), v);
    v = fma(f2, v128.load(x2), v);
    v128.store(sums + at, fma(f3, v128.load(x2 + xStride), v));
    at += 16;
  }
  addRest(x, xStride, f0, f1, f2, f3, sums, at, bytes);
  return weighRest(y, yStride, r, at, bytes, horizontalSums(s0, s1, s2, s3));
}

// @ts-ignore: decorator
@inline
function addRest(
  x: usize, stride: usize, f0: v128, f1: v128, f2: v128, f3: v128, sums: usize, at: usize, bytes: usize,
): void {
  for (; at < bytes; at += 4) {
    const x0 = x + at, x1 = x0 + stride, x2 = x1 + stride;
    let v = fma(f0, v128.load32_zero(x0), v128.load32_zero(sums + at));
    v = fma(f1, v128.load32_zero(x1), v);
    v = fma(f2, v128.load32_zero(x2), v);
    v128.store32_lane(sums + at, fma(f3, v128.load32_zero(x2 + stride), v), 0);
  }
}

/** The new s of four rows, `stride` bytes apart; how far each went. */
// @ts-ignore: decorator
@inline
function renew(s: usize, stride: usize, totals: v128): v128 {
  const s1 = s + stride, s2 = s1 + stride, s3 = s2 + stride;
  let old = v128.load32_splat(s);
  old = v128.load32_lane(s1, old, 1);
  old = v128.load32_lane(s2, old, 2);
  old = v128.load32_lane(s3, old, 3);
  v128.store32_lane(s, totals, 0);
  v128.store32_lane(s1, totals, 1);
  v128.store32_lane(s2, totals, 2);
  v128.store32_lane(s3, totals, 3);
  return f32x4.abs(f32x4.sub(f32x4.div(totals, old), f32x4.splat(1)));
}

/** One pass over the plan: s of the rows, partial sums of the columns over s; [begin, end) counts chunks of `length` rows. */
export function sinkhorn_scale(
  plan: usize, r: usize, s: usize, partials: usize, change: usize, n: u32, k: u32, row: u32, chunk: u32, length: u32,
  lanes: u32, columns: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>k << 2;
  const one = f32x4.splat(1);
  for (let c = begin; c < end; c++) {
    const sums = partials + <usize>(chunk + c) * bytes;
    memory.fill(sums, 0, bytes);
    const last = min((c + 1) * length, n);
    let moved = f32x4.splat(0);
    // four rows at a time, from four places: memory gives four streams faster than one. Those left over one by one.
    const first = c * length;
    const quarter = (last - first) >> 2;
    const whole = first + quarter;
    let i = quarter ? first : first + 4 * quarter;
    let stride: usize = quarter ? <usize>quarter * bytes : 0;
    let totals = weigh(plan + <usize>i * bytes, stride, r, bytes);
    while (true) {
      const x = plan + <usize>i * bytes;
      const place = s + (<usize>(row + i) << 2);
      const valid = stride ? i32x4.splat(-1) : i32x4(-1, 0, 0, 0);
      moved = f32x4.add(moved, v128.and(valid, renew(place, stride ? <usize>quarter << 2 : 0, totals)));
      const factors = v128.and(valid, f32x4.div(one, totals));
      i++;
      if (stride && i == whole) i = first + 4 * quarter;
      if (i >= last) {
        addAndWeigh(x, stride, factors, sums, x, stride, r, bytes);
        break;
      }
      const next: usize = i < whole ? <usize>quarter * bytes : 0;
      totals = addAndWeigh(x, stride, factors, sums, plan + <usize>i * bytes, next, r, bytes);
      stride = next;
    }
    f32.store(change + (<usize>(chunk + c) << 2), horizontalSum(moved));
  }
}

/** Sums of 16 columns over all chunks, into `out`. */
function addChunks(partials: usize, step: usize, chunks: u32, out: usize): void {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  for (let c: u32 = 0; c < chunks; c++, partials += step) {
    s0 = f32x4.add(s0, v128.load(partials));
    s1 = f32x4.add(s1, v128.load(partials, 16));
    s2 = f32x4.add(s2, v128.load(partials, 32));
    s3 = f32x4.add(s3, v128.load(partials, 48));
  }
  v128.store(out, s0);
  v128.store(out, s1, 16);
  v128.store(out, s2, 32);
  v128.store(out, s3, 48);
}

/** r = mass / Σ partials, or that taken into u; [begin, end) counts columns. */
export function sinkhorn_update(
  partials: usize, r: usize, u: usize, k: u32, chunks: u32, absorb: u32, mass: f32, begin: u32, end: u32,
): void {
  const step = <usize>k << 2;
  let j = begin;
  while (j < end) {
    const first = partials + (<usize>j << 2);
    const width = j + 16 <= end ? 16 : 1; // a cache line of each chunk at a time
    if (width == 16) addChunks(first, step, chunks, scratch);
    else {
      let sum: f32 = 0;
      let p = first;
      for (let c: u32 = 0; c < chunks; c++, p += step) sum += f32.load(p);
      f32.store(scratch, sum);
    }
    for (let i = 0; i < width; i++, j++) {
      const place = <usize>j << 2;
      const sum = f32.load(scratch + (<usize>i << 2));
      if (absorb == 1) f32.store(u + place, f32.load(u + place) + (logf(mass) - logf(sum)));
      f32.store(r + place, absorb == 1 ? 1 : min(max(mass / sum, <f32>1e-30), <f32>1e30));
    }
  }
}

/** labels = argmax of power · max(logp, low) + u; [begin, end) counts rows. */
export function sinkhorn_labels(
  logp: usize, u: usize, labels: usize, n: u32, k: u32, row: u32, power: f32, low: f32, begin: u32, end: u32,
): void {
  const bytes = <usize>k << 2;
  for (let i = begin; i < end; i++) {
    const largest = scaled(logp + <usize>i * bytes, u, scratch, bytes, power, low);
    let place: u32 = 0;
    while (f32.load(scratch + (<usize>place << 2)) != largest && place + 1 < k) place++;
    store<u32>(labels + (<usize>(row + i) << 2), place);
  }
}
