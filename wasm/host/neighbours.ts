// Pairs of rows that are near each other, for DBSCAN: products of float32 panels turn most pairs away, and what may be near is measured in float64.
import { microkernel } from "../base/microkernel";

/** Rounding of float32. */
const UNIT: f64 = 5.9604644775390625e-8;
/** More than sums of numbers that float32 rounds to nothing come to. */
const TINY: f64 = 1e-36;
/** Columns of a panel that are multiplied in one go. */
const DEPTH: u32 = 512;

/** What a score ½‖y‖² − x·y may be off by over ½‖x‖² + ½‖y‖²: of products and sums of float32, and of rows that were rounded to it. */
// @ts-ignore: decorator
@inline
function slackOf(d: u32): f64 {
  return 4 * UNIT * <f64>(d + 16);
}

/** Whether ‖x − y‖² is at most `limit`, summed column by column. */
// @ts-ignore: decorator
@inline
function within(x: usize, y: usize, d: u32, limit: f64): bool {
  let sum: f64 = 0;
  for (const end = x + (<usize>d << 3); x != end; x += 8, y += 8) {
    const difference = f64.load(x) - f64.load(y);
    sum += difference * difference;
    if (sum > limit) return false;
  }
  return true;
}

/**
 * The panels of rows [begin, end) of x [n, d] less `means` [d] and over `scale`, [panel][column][8] in float32, `begin` a multiple of eight; of each row
 * where its scores start and two bounds, for pairs whose squared distance over scale² is at most `limit`: one that the scores of all of them lie below, and
 * one that only theirs lie below.
 */
export function near_panels(
  x: usize, means: usize, scale: f64, limit: f64, n: u32, d: u32, begin: u32, end: u32, panels: usize, starts: usize, bounds: usize,
): void {
  const slack = slackOf(d);
  for (let i = begin; i < end; i++) {
    const row = x + i * (<usize>d << 3), panel = panels + (i >> 3) * (<usize>d << 5) + ((i & 7) << 2);
    let half: f64 = 0;
    for (let c: u32 = 0; c < d; c++) {
      const value: f32 = i < n ? <f32>((f64.load(row + (<usize>c << 3)) - f64.load(means + (<usize>c << 3))) / scale) : 0;
      f32.store(panel + (<usize>c << 5), value);
      half += 0.5 * <f64>value * <f64>value;
    }
    f32.store(starts + (<usize>i << 2), i < n ? <f32>(half * (1 - slack)) : f32.MAX_VALUE);
    f32.store(bounds + (<usize>i << 3), <f32>(0.5 * limit * (1 + slack) - half * (1 - slack) + TINY));
    f32.store(bounds + (<usize>i << 3), <f32>(0.5 * limit * (1 - slack) - half * (1 + slack) - TINY), 4);
  }
}

/**
 * Pairs i < j, i of rows [first, last) and j of [from, to), with ‖x_i − x_j‖² ≤ limit: two numbers each from `out` on; returns how many. `first`, `from` and
 * `to` are multiples of eight, x [n, d], and the panels, starts and bounds as above; `work` has room for the panels of the first rows and a tile of scores.
 */
export function near_pairs(
  x: usize, panels: usize, starts: usize, bounds: usize, n: u32, d: u32, limit: f64, first: u32, last: u32, from: u32, to: u32, work: usize, out: usize,
): u32 {
  const row = <usize>d << 3, tile = work, own = work + 128, begin = out, slack = slackOf(d);
  for (let i = first, a = own; i < last; i += 4)
    for (let c: u32 = 0; c < d; c++, a += 16)
      v128.store(a, f32x4.neg(v128.load(panels + (i >> 3) * (<usize>d << 5) + (<usize>c << 5) + ((i & 4) << 2))));
  for (let j = from; j < to; j += 8) {
    const panel = panels + (j >> 3) * (<usize>d << 5), start = starts + (<usize>j << 2);
    for (let group = first; group < last && group < j + 8; group += 4) {
      const a = own + (group - first) * (<usize>d << 2);
      for (let c: u32 = 0; c < d; c += DEPTH)
        microkernel(min(DEPTH, d - c), a + (<usize>c << 4), panel + (<usize>c << 5), 32, tile, 32, c ? tile : start, c ? 32 : 0, -Infinity);
      for (let i = group, ends = min(group + 4, last), scores = tile; i < ends; i++, scores += 32) {
        const bound = v128.load32_splat(bounds + (<usize>i << 3)), sure = <f64>f32.load(bounds + (<usize>i << 3), 4);
        const left = f32x4.le(v128.load(scores), bound), right = f32x4.le(v128.load(scores, 16), bound);
        if (!v128.any_true(v128.or(left, right))) continue;
        for (let mask = <u32>i32x4.bitmask(left) | <u32>i32x4.bitmask(right) << 4; mask; mask &= mask - 1) {
          const c = <u32>ctz(mask), at = j + c;
          if (at <= i || at >= n) continue;
          const most = <f64>f32.load(scores + (c << 2)) + 3 * slack * <f64>f32.load(start + (c << 2));
          if (!(most <= sure) && !within(x + i * row, x + at * row, d, limit)) continue;
          i32.store(out, i);
          i32.store(out, at, 4);
          out += 8;
        }
      }
    }
  }
  return <u32>(out - begin) >> 3;
}
