// What exact and approximate neighbours are measured by: each family has it in its own module, where a call costs nothing.
import { fma, horizontalSum } from "../base/simd";

/** ‖x − y‖² of d elements. */
export function squaredDistance(d: u32, x: usize, y: usize): f32 {
  let s0 = f32x4.splat(0), s1 = s0;
  const end = x + (<usize>d << 2), vectors = x + (<usize>(d & ~3) << 2), eights = x + (<usize>(d & ~7) << 2);
  let t: v128;
  for (; x != eights; x += 32, y += 32) {
    t = f32x4.sub(v128.load(x), v128.load(y)), s0 = fma(t, t, s0);
    t = f32x4.sub(v128.load(x, 16), v128.load(y, 16)), s1 = fma(t, t, s1);
  }
  for (; x != vectors; x += 16, y += 16) t = f32x4.sub(v128.load(x), v128.load(y)), s0 = fma(t, t, s0);
  for (; x != end; x += 4, y += 4) t = f32x4.sub(v128.load32_zero(x), v128.load32_zero(y)), s1 = fma(t, t, s1);
  return horizontalSum(f32x4.add(s0, s1));
}
