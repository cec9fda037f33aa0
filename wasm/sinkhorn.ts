import { exp4, expf, logf } from "./math";
import { scratch } from "./scratch";
import { fma, horizontalSum } from "./simd";

/** x = power · max(logp, low) + u of a row of `bytes` / 4 elements; returns the largest. */
function scaled(logp: usize, u: usize, x: usize, bytes: usize, power: f32, low: f32): f32 {
  const factor = f32x4.splat(power);
  const bound = f32x4.splat(low);
  let largest: f32 = -f32.MAX_VALUE;
  let at: usize = 0;
  if (bytes >= 16) {
    let all = f32x4.splat(largest);
    for (; at + 16 <= bytes; at += 16) {
      const v = fma(factor, f32x4.pmax(bound, v128.load(logp + at)), v128.load(u + at));
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

/** Σ plan · r of a row. */
function weighted(plan: usize, r: usize, bytes: usize): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) {
    s0 = fma(v128.load(plan + at), v128.load(r + at), s0);
    s1 = fma(v128.load(plan + at, 16), v128.load(r + at, 16), s1);
    s2 = fma(v128.load(plan + at, 32), v128.load(r + at, 32), s2);
    s3 = fma(v128.load(plan + at, 48), v128.load(r + at, 48), s3);
  }
  for (; at + 16 <= bytes; at += 16) s0 = fma(v128.load(plan + at), v128.load(r + at), s0);
  let sum = horizontalSum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  for (; at < bytes; at += 4) sum += f32.load(plan + at) * f32.load(r + at);
  return sum;
}

/** The new s of a row; adds to `moved` how far it went. */
// @ts-ignore: decorator
@inline
function relative(total: f32, place: usize): f32 {
  const moved: f32 = abs(total / f32.load(place) - 1);
  f32.store(place, total);
  return moved;
}

/** One pass over the plan: s of the rows, partial sums of the columns over s; [begin, end) counts chunks of `length` rows. */
export function sinkhorn_scale(
  plan: usize, r: usize, s: usize, partials: usize, change: usize, n: u32, k: u32, row: u32, chunk: u32, length: u32,
  lanes: u32, columns: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>k << 2;
  for (let c = begin; c < end; c++) {
    const sums = partials + <usize>(chunk + c) * bytes;
    memory.fill(sums, 0, bytes);
    const last = min((c + 1) * length, n);
    let moved: f32 = 0;
    let i = c * length;
    for (; i + 4 <= last; i += 4) { // four rows at once: the sums are read and written once for them
      const x0 = plan + <usize>i * bytes;
      const x1 = x0 + bytes;
      const x2 = x1 + bytes;
      const x3 = x2 + bytes;
      const place = s + (<usize>(row + i) << 2);
      const t0 = weighted(x0, r, bytes);
      const t1 = weighted(x1, r, bytes);
      const t2 = weighted(x2, r, bytes);
      const t3 = weighted(x3, r, bytes);
      moved += relative(t0, place) + relative(t1, place + 4) + relative(t2, place + 8) + relative(t3, place + 12);
      const f0 = f32x4.splat(1 / t0);
      const f1 = f32x4.splat(1 / t1);
      const f2 = f32x4.splat(1 / t2);
      const f3 = f32x4.splat(1 / t3);
      let at: usize = 0;
      for (; at + 16 <= bytes; at += 16) {
        let v = fma(f0, v128.load(x0 + at), v128.load(sums + at));
        v = fma(f1, v128.load(x1 + at), v);
        v = fma(f2, v128.load(x2 + at), v);
        v128.store(sums + at, fma(f3, v128.load(x3 + at), v));
      }
      for (; at < bytes; at += 4) {
        let v = f32.load(x0 + at) / t0 + f32.load(sums + at);
        v += f32.load(x1 + at) / t1;
        v += f32.load(x2 + at) / t2;
        f32.store(sums + at, f32.load(x3 + at) / t3 + v);
      }
    }
    for (; i < last; i++) {
      const x = plan + <usize>i * bytes;
      const total = weighted(x, r, bytes);
      moved += relative(total, s + (<usize>(row + i) << 2));
      for (let at: usize = 0; at < bytes; at += 4) f32.store(sums + at, f32.load(x + at) / total + f32.load(sums + at));
    }
    f32.store(change + (<usize>(chunk + c) << 2), moved);
  }
}

/** r = mass / Σ partials, or that taken into u; [begin, end) counts columns. */
export function sinkhorn_update(
  partials: usize, r: usize, u: usize, k: u32, chunks: u32, absorb: u32, mass: f32, begin: u32, end: u32,
): void {
  const step = <usize>k << 2;
  for (let j = begin; j < end; j++) {
    const place = <usize>j << 2;
    let p = partials + place;
    let sum: f32 = 0;
    for (let c: u32 = 0; c < chunks; c++, p += step) sum += f32.load(p);
    if (absorb == 1) f32.store(u + place, f32.load(u + place) + (logf(mass) - logf(sum)));
    f32.store(r + place, absorb == 1 ? 1 : min(max(mass / sum, <f32>1e-30), <f32>1e30));
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
