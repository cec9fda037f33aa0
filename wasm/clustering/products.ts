// What Lloyd's kernels share: squared distances, products of rows and sums of rows.
import { fma, horizontalSum, horizontalSums } from "../base/simd";

/** ‖x − y‖² of d elements. */
export function squaredDistance(d: u32, x: usize, y: usize): f32 {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  const end = x + (<usize>d << 2), vectors = x + (<usize>(d & ~3) << 2), fours = x + (<usize>(d & ~15) << 2);
  let t: v128;
  for (; x != fours; x += 64, y += 64) {
    t = f32x4.sub(v128.load(x), v128.load(y)), s0 = fma(t, t, s0);
    t = f32x4.sub(v128.load(x, 16), v128.load(y, 16)), s1 = fma(t, t, s1);
    t = f32x4.sub(v128.load(x, 32), v128.load(y, 32)), s2 = fma(t, t, s2);
    t = f32x4.sub(v128.load(x, 48), v128.load(y, 48)), s3 = fma(t, t, s3);
  }
  for (; x != vectors; x += 16, y += 16) t = f32x4.sub(v128.load(x), v128.load(y)), s0 = fma(t, t, s0);
  for (; x != end; x += 4, y += 4) t = f32x4.sub(v128.load32_zero(x), v128.load32_zero(y)), s1 = fma(t, t, s1);
  return horizontalSum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

/** dots[i][j] = x_i · c_j for two rows x and four rows c: 8 sums + 6 loads, which is what fits the vector registers. */
export function dots2x4(d: u32, x0: usize, x1: usize, c0: usize, c1: usize, c2: usize, c3: usize, dots: usize): void {
  let s00 = f32x4.splat(0), s01 = f32x4.splat(0), s02 = f32x4.splat(0), s03 = f32x4.splat(0);
  let s10 = f32x4.splat(0), s11 = f32x4.splat(0), s12 = f32x4.splat(0), s13 = f32x4.splat(0);
  let p: v128, q: v128, c: v128;
  const end = x0 + (<usize>d << 2), vectors = x0 + (<usize>(d & ~3) << 2);
  let done: usize = 0;
  // Four steps a turn share the moves of six pointers; with an exit between them engines see four small blocks and do not spill.
  while (x0 != vectors) {
    p = v128.load(x0), q = v128.load(x1);
    c = v128.load(c0), s00 = fma(p, c, s00), s10 = fma(q, c, s10);
    c = v128.load(c1), s01 = fma(p, c, s01), s11 = fma(q, c, s11);
    c = v128.load(c2), s02 = fma(p, c, s02), s12 = fma(q, c, s12);
    c = v128.load(c3), s03 = fma(p, c, s03), s13 = fma(q, c, s13);
    if (x0 + 16 == vectors) {
      done = 16;
      break;
    }
    p = v128.load(x0, 16), q = v128.load(x1, 16);
    c = v128.load(c0, 16), s00 = fma(p, c, s00), s10 = fma(q, c, s10);
    c = v128.load(c1, 16), s01 = fma(p, c, s01), s11 = fma(q, c, s11);
    c = v128.load(c2, 16), s02 = fma(p, c, s02), s12 = fma(q, c, s12);
    c = v128.load(c3, 16), s03 = fma(p, c, s03), s13 = fma(q, c, s13);
    if (x0 + 32 == vectors) {
      done = 32;
      break;
    }
    p = v128.load(x0, 32), q = v128.load(x1, 32);
    c = v128.load(c0, 32), s00 = fma(p, c, s00), s10 = fma(q, c, s10);
    c = v128.load(c1, 32), s01 = fma(p, c, s01), s11 = fma(q, c, s11);
    c = v128.load(c2, 32), s02 = fma(p, c, s02), s12 = fma(q, c, s12);
    c = v128.load(c3, 32), s03 = fma(p, c, s03), s13 = fma(q, c, s13);
    if (x0 + 48 == vectors) {
      done = 48;
      break;
    }
    p = v128.load(x0, 48), q = v128.load(x1, 48);
    c = v128.load(c0, 48), s00 = fma(p, c, s00), s10 = fma(q, c, s10);
    c = v128.load(c1, 48), s01 = fma(p, c, s01), s11 = fma(q, c, s11);
    c = v128.load(c2, 48), s02 = fma(p, c, s02), s12 = fma(q, c, s12);
    c = v128.load(c3, 48), s03 = fma(p, c, s03), s13 = fma(q, c, s13);
    x0 += 64, x1 += 64, c0 += 64, c1 += 64, c2 += 64, c3 += 64;
  }
  x0 += done, x1 += done, c0 += done, c1 += done, c2 += done, c3 += done;
  for (; x0 != end; x0 += 4, x1 += 4, c0 += 4, c1 += 4, c2 += 4, c3 += 4) {
    p = v128.load32_zero(x0), q = v128.load32_zero(x1);
    c = v128.load32_zero(c0), s00 = fma(p, c, s00), s10 = fma(q, c, s10);
    c = v128.load32_zero(c1), s01 = fma(p, c, s01), s11 = fma(q, c, s11);
    c = v128.load32_zero(c2), s02 = fma(p, c, s02), s12 = fma(q, c, s12);
    c = v128.load32_zero(c3), s03 = fma(p, c, s03), s13 = fma(q, c, s13);
  }
  v128.store(dots, horizontalSums(s00, s01, s02, s03));
  v128.store(dots, horizontalSums(s10, s11, s12, s13), 16);
}

/** sum += x, n elements. */
export function addRow(sum: usize, x: usize, n: u32): void {
  const end = x + (<usize>n << 2), fours = x + (<usize>(n & ~15) << 2);
  for (; x != fours; x += 64, sum += 64) {
    v128.store(sum, f32x4.add(v128.load(sum), v128.load(x)));
    v128.store(sum, f32x4.add(v128.load(sum, 16), v128.load(x, 16)), 16);
    v128.store(sum, f32x4.add(v128.load(sum, 32), v128.load(x, 32)), 32);
    v128.store(sum, f32x4.add(v128.load(sum, 48), v128.load(x, 48)), 48);
  }
  for (; x != end; x += 4, sum += 4) f32.store(sum, f32.load(sum) + f32.load(x));
}
