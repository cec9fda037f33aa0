// Hartley transforms of rows, and convolutions by them: four lines at a time, one in each lane.
import { scratch } from "../base/scratch";
import { fma } from "../base/simd";

/** The next number in the order of reversed bits below `length`. */
// @ts-ignore: decorator
@inline
function reversedNext(reversed: u32, length: u32): u32 {
  let bit = length >> 1;
  while (reversed & bit) reversed ^= bit, bit >>= 1;
  return reversed | bit;
}

/** H of four lines of `length` vectors in the work area, whose numbers lie in the order of their reversed bits. */
function transform(length: u32, turns: usize): void {
  const end = scratch + (<usize>length << 4);
  for (let at = scratch; at != end; at += 64) {
    const p = v128.load(at), q = v128.load(at, 16), r = v128.load(at, 32), s = v128.load(at, 48);
    const a = f32x4.add(p, q), b = f32x4.sub(p, q), c = f32x4.add(r, s), d = f32x4.sub(r, s);
    v128.store(at, f32x4.add(a, c)), v128.store(at, f32x4.add(b, d), 16);
    v128.store(at, f32x4.sub(a, c), 32), v128.store(at, f32x4.sub(b, d), 48);
  }
  for (let half: u32 = 4; half < length; half <<= 1) {
    const span = <usize>half << 4, middle = span >> 1, stride = <usize>(length / half) << 2;
    for (let group = scratch; group != end; group += span << 1) {
      const other = group + span;
      let a = v128.load(group), b = v128.load(other);
      v128.store(group, f32x4.add(a, b)), v128.store(other, f32x4.sub(a, b));
      a = v128.load(group + middle), b = v128.load(other + middle);
      v128.store(group + middle, f32x4.add(a, b)), v128.store(other + middle, f32x4.sub(a, b));
      let turn = turns + stride;
      for (let k: usize = 16, m = span - 16; k < m; k += 16, m -= 16, turn += stride) {
        const cos = v128.load32_splat(turn), sin = v128.load32_splat(turn, 4);
        const b1 = v128.load(other + k), d1 = v128.load(other + m), a1 = v128.load(group + k), c1 = v128.load(group + m);
        const t1 = fma(b1, cos, f32x4.mul(d1, sin)), t2 = f32x4.sub(f32x4.mul(b1, sin), f32x4.mul(d1, cos));
        v128.store(group + k, f32x4.add(a1, t1)), v128.store(other + k, f32x4.sub(a1, t1));
        v128.store(group + m, f32x4.add(c1, t2)), v128.store(other + m, f32x4.sub(c1, t2));
      }
    }
  }
}

/** y[r] = the discrete Hartley transform of row r: see kernels/manifold/hartley.wgsl. Rows: fours of them. */
export function hartley(
  x: usize, turns: usize, y: usize, rows: u32, given: u32, kept: u32, length: u32, begin: u32, end: u32,
): void {
  for (let four = begin; four < end; four++) {
    const first = four << 2, last = min(first + 4, rows) - 1;
    const x0 = x + (<usize>(first * given) << 2), x1 = x + (<usize>(min(first + 1, last) * given) << 2);
    const x2 = x + (<usize>(min(first + 2, last) * given) << 2), x3 = x + (<usize>(last * given) << 2);
    if (given < length) memory.fill(scratch, 0, <usize>length << 4);
    for (let i: u32 = 0, reversed: u32 = 0; i < given; i++) {
      const at = <usize>i << 2;
      let v = v128.load32_splat(x0 + at);
      v = v128.load32_lane(x1 + at, v, 1), v = v128.load32_lane(x2 + at, v, 2), v = v128.load32_lane(x3 + at, v, 3);
      v128.store(scratch + (<usize>reversed << 4), v);
      reversed = reversedNext(reversed, length);
    }
    transform(length, turns);
    const from = scratch;
    for (let r = first; r <= last; r++) {
      const to = y + (<usize>(r * kept) << 2), lane = from + (<usize>(r - first) << 2);
      for (let i: u32 = 0; i < kept; i++) f32.store(to + (<usize>i << 2), f32.load(lane + (<usize>i << 4)));
    }
  }
}

/** y[·,c] = the convolution of column c: see kernels/manifold/hartley_filter.wgsl. Rows: fours of columns. */
export function hartley_filter(
  x: usize, turns: usize, factors: usize, y: usize, rows: u32, length: u32, begin: u32, end: u32,
): void {
  const row = <usize>length << 2, width = <usize>((length >> 1) + 1) << 2, half = length >> 1;
  for (let four = begin; four < end; four++) {
    const column = four << 2, first = <usize>column << 2;
    memory.fill(scratch, 0, <usize>length << 4);
    for (let i: u32 = 0, reversed: u32 = 0; i < rows; i++) {
      v128.store(scratch + (<usize>reversed << 4), v128.load(x + i * row + first));
      reversed = reversedNext(reversed, length);
    }
    transform(length, turns);
    for (let i: u32 = 0, j: u32 = 0; i < length; i++) {
      if (i <= j) {
        const at = scratch + (<usize>i << 4), other = scratch + (<usize>j << 4);
        const p = f32x4.mul(v128.load(at), factorsAt(factors + min(i, length - i) * width, column, half, length));
        const q = f32x4.mul(v128.load(other), factorsAt(factors + min(j, length - j) * width, column, half, length));
        v128.store(at, q);
        v128.store(other, p);
      }
      j = reversedNext(j, length);
    }
    transform(length, turns);
    for (let i: u32 = 0; i < rows; i++) v128.store(y + i * row + first, v128.load(scratch + (<usize>i << 4)));
  }
}

/** The factors of four columns from one on, of which those past the middle mirror those before; `length` is a multiple of eight. */
// @ts-ignore: decorator
@inline
function factorsAt(row: usize, column: u32, half: u32, length: u32): v128 {
  if (column < half) return v128.load(row + (<usize>column << 2));
  const mirrored = v128.load(row + (<usize>(length - column - 3) << 2));
  return v128.shuffle<f32>(mirrored, mirrored, 3, 2, 1, 0);
}
