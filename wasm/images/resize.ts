import { BILINEAR, NEAREST, NEAREST_EXACT } from "../../kernels/images/resize.wgsl";
import { fma } from "../base/simd";
import { scratch } from "../base/scratch";

/** Of the work area: a row of up to 2^18 pixels, then for as many positions a pixel and the share of the one after it. */
const TABLE: usize = 1 << 20;

/** The pixel of position i along an axis, by its mode (see resize.wgsl). */
// @ts-ignore: decorator
@inline
function firstOf(i: u32, count: u32, places: u32, mode: u32): u32 {
  if (mode == NEAREST) return i * count / places;
  if (mode == NEAREST_EXACT) return (2 * i + 1) * count / (2 * places);
  return (max((2 * i + 1) * count, places) - places) / (2 * places);
}

/** The share of the pixel after that one. */
// @ts-ignore: decorator
@inline
function shareOf(i: u32, count: u32, places: u32, mode: u32): f32 {
  if (mode != BILINEAR) return 0;
  const t = max((2 * i + 1) * count, places) - places;
  const period = 2 * places;
  return <f32>(t % period) / <f32>period;
}

function tabulate(count: u32, places: u32, mode: u32): void {
  for (let j: u32 = 0; j < places; j++) {
    const at = scratch + TABLE + (<usize>j << 3);
    store<u32>(at, firstOf(j, count, places, mode));
    f32.store(at, shareOf(j, count, places, mode), 4);
  }
}

/** y of resize; [begin, end) counts planes. */
export function resize(
  x: usize, y: usize, planes: u32, h: u32, w: u32, oh: u32, ow: u32, mode: u32, begin: u32, end: u32,
): void {
  const width = <usize>w << 2;
  const wide = <usize>ow << 2;
  const table = scratch + TABLE;
  tabulate(w, ow, mode);
  for (let plane = begin; plane < end; plane++) {
    const start = x + plane * h * width;
    let out = y + plane * oh * wide;
    let last: u32 = h;
    for (let i: u32 = 0; i < oh; i++, out += wide) {
      const first = firstOf(i, h, oh, mode);
      const upper = start + first * width;
      if (mode != BILINEAR) {
        if (first == last) memory.copy(out, out - wide, wide);
        else
          for (let j: usize = 0; j < wide; j += 4)
            f32.store(out + j, f32.load(upper + (<usize>load<u32>(table + (j << 1)) << 2)));
        last = first;
        continue;
      }
      // down into a row of the work area, then across
      const part = shareOf(i, h, oh, mode);
      const lower = start + min(first + 1, h - 1) * width;
      for (let at: usize = 0; at < width; at += 4)
        f32.store(scratch + at, f32.load(upper + at) + part * (f32.load(lower + at) - f32.load(upper + at)));
      for (let j: usize = 0; j < wide; j += 4) {
        const k = load<u32>(table + (j << 1));
        const left = f32.load(scratch + (<usize>k << 2));
        const right = f32.load(scratch + (<usize>min(k + 1, w - 1) << 2));
        f32.store(out + j, left + f32.load(table + (j << 1), 4) * (right - left));
      }
    }
  }
}

/** dx of resize: each row of dy across into the work area, then down into its one or two rows; [begin, end) counts planes. */
export function resize_backward(
  dy: usize, dx: usize, planes: u32, h: u32, w: u32, oh: u32, ow: u32, mode: u32, begin: u32, end: u32,
): void {
  const width = <usize>w << 2;
  const table = scratch + TABLE;
  tabulate(w, ow, mode);
  for (let plane = begin; plane < end; plane++) {
    const start = dx + plane * h * width;
    memory.fill(start, 0, h * width);
    let from = dy + <usize>plane * oh * (<usize>ow << 2);
    for (let i: u32 = 0; i < oh; i++) {
      memory.fill(scratch, 0, width);
      for (let j: u32 = 0; j < ow; j++, from += 4) {
        const entry = table + (<usize>j << 3);
        const k = load<u32>(entry);
        const share = f32.load(entry, 4);
        const g = f32.load(from);
        const left = scratch + (<usize>k << 2);
        f32.store(left, f32.load(left) + (1 - share) * g);
        if (share > 0) {
          const right = scratch + (<usize>min(k + 1, w - 1) << 2);
          f32.store(right, f32.load(right) + share * g);
        }
      }
      const first = firstOf(i, h, oh, mode);
      const part = shareOf(i, h, oh, mode);
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
