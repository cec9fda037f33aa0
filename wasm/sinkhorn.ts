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

/** One pass: w of the rows, partial sums of the columns; [begin, end) counts chunks of `length` rows. */
export function sinkhorn(
  logp: usize, u: usize, w: usize, partials: usize, change: usize, n: u32, k: u32, row: u32, chunk: u32, length: u32,
  lanes: u32, columns: u32, first: u32, power: f32, low: f32, begin: u32, end: u32,
): void {
  const bytes = <usize>k << 2;
  const x = scratch;
  for (let c = begin; c < end; c++) {
    const sums = partials + <usize>(chunk + c) * bytes;
    memory.fill(sums, 0, bytes);
    const last = min((c + 1) * length, n);
    let moved: f32 = 0;
    for (let i = c * length; i < last; i++) {
      const largest = scaled(logp + <usize>i * bytes, u, x, bytes, power, low);
      const total = exponentials(x, bytes, first != 0 ? 0 : largest);
      const place = w + (<usize>(row + i) << 2);
      let value: f32 = 0;
      let share: f32 = 1;
      if (first == 0) {
        value = largest + logf(total);
        share = 1 / total;
        moved += abs(expf(min(value - f32.load(place), <f32>80)) - 1);
      }
      f32.store(place, value);
      const factor = f32x4.splat(share);
      let at: usize = 0;
      for (; at + 16 <= bytes; at += 16)
        v128.store(sums + at, fma(factor, v128.load(x + at), v128.load(sums + at)));
      for (; at < bytes; at += 4) f32.store(sums + at, share * f32.load(x + at) + f32.load(sums + at));
    }
    f32.store(change + (<usize>(chunk + c) << 2), moved);
  }
}

/** u += shift - ln Σ partials; [begin, end) counts columns. */
export function sinkhorn_update(partials: usize, u: usize, k: u32, chunks: u32, shift: f32, begin: u32, end: u32): void {
  const step = <usize>k << 2;
  for (let j = begin; j < end; j++) {
    let p = partials + (<usize>j << 2);
    const place = u + (<usize>j << 2);
    let sum: f32 = 0;
    for (let c: u32 = 0; c < chunks; c++, p += step) sum += f32.load(p);
    f32.store(place, f32.load(place) + (shift - logf(sum)));
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
