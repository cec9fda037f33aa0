// Vector operations that engines with and without relaxed SIMD do differently, and those that WebAssembly lacks.

/** a·b + c in four lanes: rounded once with relaxed SIMD where the processor fuses, otherwise twice. */
// @ts-ignore: decorator
@inline
export function fma(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(c, f32x4.mul(a, b));
}

/** Sum of the four lanes, (0 + 2) + (1 + 3). */
// @ts-ignore: decorator
@inline
export function horizontalSum(x: v128): f32 {
  const pairs = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** The sums of four vectors, one in each lane. */
// @ts-ignore: decorator
@inline
export function horizontalSums(r0: v128, r1: v128, r2: v128, r3: v128): v128 {
  const t0 = f32x4.add(v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), v128.shuffle<f32>(r0, r1, 2, 6, 3, 7));
  const t1 = f32x4.add(v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), v128.shuffle<f32>(r2, r3, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f64>(t0, t1, 0, 2), v128.shuffle<f64>(t0, t1, 1, 3));
}
