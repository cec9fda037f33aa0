// What softmax and cross-entropy need of a contiguous series.
import { exp4, expf } from "./math";
import { horizontalSum } from "./simd";

// @ts-ignore: decorator
@inline
function horizontalMax(x: v128): f32 {
  const pairs = f32x4.pmax(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  const a = f32x4.extract_lane(pairs, 0);
  const b = f32x4.extract_lane(pairs, 1);
  return a < b ? b : a;
}

/** Largest of `bytes` / 4 contiguous elements. */
export function maxOf(x: usize, bytes: usize): f32 {
  let largest = f32.load(x);
  let at: usize = 0;
  if (bytes >= 16) {
    let all = v128.load(x);
    for (at = 16; at + 16 <= bytes; at += 16) all = f32x4.pmax(all, v128.load(x + at));
    largest = horizontalMax(all);
  }
  for (; at < bytes; at += 4) {
    const v = f32.load(x + at);
    if (v > largest) largest = v;
  }
  return largest;
}

/** Σ e^(x - shift) of contiguous elements. */
export function sumOfExponentials(x: usize, bytes: usize, shift: f32): f32 {
  const by = f32x4.splat(shift);
  let all = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) all = f32x4.add(all, exp4(f32x4.sub(v128.load(x + at), by)));
  let sum = horizontalSum(all);
  for (; at < bytes; at += 4) sum += expf(f32.load(x + at) - shift);
  return sum;
}
