import { fma } from "../base/simd";
import { scratch } from "../base/scratch";

/** Twice `factor` times the centre of pixel i of the enlarged axis, in pixels of the other, from the first centre on. */
// @ts-ignore: decorator
@inline
function centre(i: u32, factor: u32): u32 {
  return max(2 * i + 1, factor) - factor;
}

/** What is left of such a number after whole pixels. */
// @ts-ignore: decorator
@inline
function fraction(t: u32, factor: u32): f32 {
  const period = 2 * factor;
  return <f32>(t % period) / <f32>period;
}

/** y of upsample; [begin, end) counts planes. */
export function upsample(
  x: usize, y: usize, planes: u32, h: u32, w: u32, rows: u32, columns: u32, bilinear: u32, begin: u32, end: u32,
): void {
  const width = <usize>w << 2;
  const wide = width * columns;
  for (let plane = begin; plane < end; plane++) {
    const start = x + plane * h * width;
    let out = y + plane * h * rows * wide;
    for (let i: u32 = 0; i < h * rows; i++, out += wide) {
      if (!bilinear) {
        if (i % rows != 0) {
          memory.copy(out, out - wide, wide);
          continue;
        }
        let to = out;
        for (let at = start + (i / rows) * width, last = at + width; at < last; at += 4) {
          const v = f32.load(at);
          for (let j: u32 = 0; j < columns; j++, to += 4) f32.store(to, v);
        }
        continue;
      }
      // down into a row of the work area, then across
      const t = centre(i, rows);
      const first = t / (2 * rows);
      const part = fraction(t, rows);
      const upper = start + first * width;
      const lower = start + min(first + 1, h - 1) * width;
      for (let at: usize = 0; at < width; at += 4)
        f32.store(scratch + at, f32.load(upper + at) + part * (f32.load(lower + at) - f32.load(upper + at)));
      for (let j: u32 = 0; j < w * columns; j++) {
        const s = centre(j, columns);
        const k = s / (2 * columns);
        const share = fraction(s, columns);
        const left = f32.load(scratch + (<usize>k << 2));
        const right = f32.load(scratch + (<usize>min(k + 1, w - 1) << 2));
        f32.store(out + (<usize>j << 2), left + share * (right - left));
      }
    }
  }
}

/** dx of upsample: each row of dy across into the work area, then down into its one or two rows; [begin, end) counts planes. */
export function upsample_backward(
  dy: usize, dx: usize, planes: u32, h: u32, w: u32, rows: u32, columns: u32, bilinear: u32, begin: u32, end: u32,
): void {
  const width = <usize>w << 2;
  for (let plane = begin; plane < end; plane++) {
    const start = dx + plane * h * width;
    memory.fill(start, 0, h * width);
    let from = dy + plane * h * rows * columns * width;
    for (let i: u32 = 0; i < h * rows; i++) {
      memory.fill(scratch, 0, width);
      for (let j: u32 = 0; j < w * columns; j++, from += 4) {
        const s = bilinear ? centre(j, columns) : 2 * columns * (j / columns);
        const k = s / (2 * columns);
        const share = fraction(s, columns);
        const g = f32.load(from);
        const left = scratch + (<usize>k << 2);
        const right = scratch + (<usize>min(k + 1, w - 1) << 2);
        f32.store(left, f32.load(left) + (1 - share) * g);
        f32.store(right, f32.load(right) + share * g);
      }
      const t = bilinear ? centre(i, rows) : 2 * rows * (i / rows);
      const first = t / (2 * rows);
      const part = fraction(t, rows);
      addRow(start + first * width, width, 1 - part);
      if (part > 0) addRow(start + min(first + 1, h - 1) * width, width, part);
    }
  }
}

/** row += factor · work area */
function addRow(row: usize, bytes: usize, factor: f32): void {
  const factors = f32x4.splat(factor);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) v128.store(row + at, fma(factors, v128.load(scratch + at), v128.load(row + at)));
  for (; at < bytes; at += 4) f32.store(row + at, f32.load(row + at) + factor * f32.load(scratch + at));
}
