import { fma, horizontalSum } from "../base/simd";

/** Σ x y of d elements. */
function dot(d: u32, x: usize, y: usize): f32 {
  let sums = f32x4.splat(0);
  const end = x + (<usize>d << 2), vectors = x + (<usize>(d & ~3) << 2);
  for (; x != vectors; x += 16, y += 16) sums = fma(v128.load(x), v128.load(y), sums);
  let sum = horizontalSum(sums);
  for (; x != end; x += 4, y += 4) sum += f32.load(x) * f32.load(y);
  return sum;
}

/** y += factor x of d elements. */
function addScaled(d: u32, factor: f32, x: usize, y: usize): void {
  const end = x + (<usize>d << 2), vectors = x + (<usize>(d & ~3) << 2);
  const factors = f32x4.splat(factor);
  for (; x != vectors; x += 16, y += 16) v128.store(y, fma(v128.load(x), factors, v128.load(y)));
  for (; x != end; x += 4, y += 4) f32.store(y, f32.load(y) + factor * f32.load(x));
}

/** Makes `count` vectors of d elements orthonormal, in order; one that is left with less than 1e-6 of the first one's length becomes 0. */
function orthonormalize(count: u32, d: u32, axes: usize): void {
  const bytes = <usize>d << 2;
  let largest: f32 = 0;
  for (let c: u32 = 0, axis = axes; c < count; c++, axis += bytes) {
    for (let t: u32 = 0; t < 2 * c; t++) {
      const before = axes + <usize>(t % c) * bytes;
      addScaled(d, -dot(d, axis, before), before, axis);
    }
    const squares = dot(d, axis, axis);
    largest = max(largest, squares);
    const factor: f32 = squares > <f32>1e-12 * largest ? 1 / sqrt(squares) : 0;
    for (let at = axis; at != axis + bytes; at += 4) f32.store(at, f32.load(at) * factor);
  }
}

/** axes of principal_axes; [begin, end) counts sets. */
export function principal_axes(
  x: usize, scores: usize, axes: usize, sets: u32, n: u32, d: u32, count: u32, rounds: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>d << 2;
  for (let s: usize = begin; s < end; s++) {
    const first = axes + s * count * bytes;
    for (let at: u32 = 0; at < count * d; at++) {
      f32.store(first + (<usize>at << 2), <f32>((at + 1) * 2654435769 >> 8) * <f32>(1.0 / 8388608.0) - 1);
    }
    for (let round: u32 = 0; round < rounds; round++) {
      const products = scores + (s * n * count << 2);
      for (let row = x + s * n * bytes, to = products, end = row + n * bytes; row != end; row += bytes) {
        for (let c: u32 = 0; c < count; c++, to += 4) f32.store(to, dot(d, row, first + c * bytes));
      }
      memory.fill(first, 0, count * bytes);
      for (let row = x + s * n * bytes, from = products, end = row + n * bytes; row != end; row += bytes) {
        for (let c: u32 = 0; c < count; c++, from += 4) addScaled(d, f32.load(from), row, first + c * bytes);
      }
      orthonormalize(count, d, first);
    }
  }
}
