import { L1, L2_HYS } from "../../kernels/images/hog_blocks.wgsl";
import { horizontalSum } from "../base/simd";

/** Adds the length of a gradient to its bin in `cell`. The bin is how many bounds lie before the gradient: they go once around. */
// @ts-ignore: decorator
@inline
function vote(cell: usize, down: f32, across: f32, square: f32, directions: usize, bins: u32): void {
  let dr = down, dc = across;
  if (dr < 0) { dr = -dr; dc = -dc; }
  let bin: u32 = 0;
  if (dr > 0)
    for (let bound = directions, last = directions + (<usize>(bins - 1) << 3); bound < last; bound += 8)
      bin += u32(f32.load(bound) * dr - f32.load(bound, 4) * dc >= 0);
  const to = cell + (<usize>bin << 2);
  f32.store(to, f32.load(to) + sqrt<f32>(square));
}

/** y of hog_cells; [begin, end) counts rows of cells over all images. */
export function hog_cells(
  x: usize, directions: usize, y: usize, n: u32, channels: u32, h: u32, w: u32, rows: u32, columns: u32, bins: u32,
  cell: u32, begin: u32, end: u32,
): void {
  const width = <usize>w << 2;
  const plane = width * h;
  const share = <f32>1 / <f32>(cell * cell);
  const limit = columns * cell;
  const next = <usize>bins << 2;
  const last = directions + (<usize>(bins - 1) << 3);
  const zero = f32x4.splat(0);
  const sign = i32x4.splat(0x80000000);
  for (let row = begin; row < end; row++) {
    const image = x + <usize>(row / rows) * channels * plane;
    const out = y + <usize>row * columns * next;
    memory.fill(out, 0, <usize>columns * next);
    const top = row % rows * cell;
    for (let r = top; r < top + cell; r++) {
      const inside = r > 0 && r + 1 < h;
      const counts = i32x4.splat(inside ? -1 : 0);
      const step = inside ? width : 0;
      let to = out, until = cell;
      let c: u32 = 0;
      for (; c + 4 <= limit; c += 4) {
        let dr = zero, dc = zero, square = f32x4.splat(-1);
        let at = image + r * width + (<usize>c << 2);
        for (let channel: u32 = 0; channel < channels; channel++, at += plane) {
          const down = v128.and(f32x4.sub(v128.load(at + step), v128.load(at - step)), counts);
          // the first and the last column of the image have no difference
          const here = v128.load(at);
          const left = c > 0 ? v128.load(at - 4) : v128.shuffle<i32>(here, here, 1, 0, 1, 2);
          const right = c + 4 < w ? v128.load(at + 4) : v128.shuffle<i32>(here, here, 1, 2, 3, 2);
          let across = f32x4.sub(right, left);
          if (c == 0) across = f32x4.replace_lane(across, 0, 0);
          if (c + 4 == w) across = f32x4.replace_lane(across, 3, 0);
          const s = f32x4.add(f32x4.mul(down, down), f32x4.mul(across, across));
          const taken = v128.or(f32x4.gt(s, square), f32x4.ne(s, s));
          dr = v128.bitselect(down, dr, taken);
          dc = v128.bitselect(across, dc, taken);
          square = v128.bitselect(s, square, taken);
        }
        const turned = v128.and(f32x4.lt(dr, zero), sign);
        dr = v128.xor(dr, turned);
        dc = v128.xor(dc, turned);
        let bin = zero;
        for (let bound = directions; bound < last; bound += 8) {
          const before = f32x4.sub(
            f32x4.mul(v128.load32_splat(bound), dr),
            f32x4.mul(v128.load32_splat(bound, 4), dc),
          );
          bin = i32x4.sub(bin, f32x4.ge(before, zero));
        }
        bin = i32x4.shl(v128.and(bin, f32x4.gt(dr, zero)), 2);
        const length = f32x4.sqrt(square);
        if (c == until) { to += next; until += cell; }
        let place = to + <usize>i32x4.extract_lane(bin, 0);
        f32.store(place, f32.load(place) + f32x4.extract_lane(length, 0));
        if (c + 1 == until) { to += next; until += cell; }
        place = to + <usize>i32x4.extract_lane(bin, 1);
        f32.store(place, f32.load(place) + f32x4.extract_lane(length, 1));
        if (c + 2 == until) { to += next; until += cell; }
        place = to + <usize>i32x4.extract_lane(bin, 2);
        f32.store(place, f32.load(place) + f32x4.extract_lane(length, 2));
        if (c + 3 == until) { to += next; until += cell; }
        place = to + <usize>i32x4.extract_lane(bin, 3);
        f32.store(place, f32.load(place) + f32x4.extract_lane(length, 3));
      }
      for (; c < limit; c++) {
        let dr: f32 = 0, dc: f32 = 0, square: f32 = -1;
        let at = image + r * width + (<usize>c << 2);
        for (let channel: u32 = 0; channel < channels; channel++, at += plane) {
          const down: f32 = inside ? f32.load(at + width) - f32.load(at - width) : 0;
          const across: f32 = c > 0 && c + 1 < w ? f32.load(at + 4) - f32.load(at - 4) : 0;
          const s = down * down + across * across;
          if (s > square || s != s) { square = s; dr = down; dc = across; }
        }
        if (c == until) { to += next; until += cell; }
        vote(to, dr, dc, square, directions, bins);
      }
    }
    for (let at: usize = 0; at < <usize>columns * next; at += 4) f32.store(out + at, f32.load(out + at) * share);
  }
}

/** y of hog_blocks; [begin, end) counts rows of blocks over all images. */
export function hog_blocks(
  x: usize, y: usize, n: u32, rows: u32, columns: u32, bins: u32, side: u32, norm: u32, begin: u32, end: u32,
): void {
  const down = rows - side + 1;
  const across = columns - side + 1;
  const cell = <usize>bins << 2;
  const row = columns * cell;
  const width = side * cell;
  const most = f32x4.splat(0.2);
  let to = y + begin * across * side * width;
  for (let r = begin; r < end; r++) {
    let from = x + (r / down * rows + r % down) * row;
    for (let c: u32 = 0; c < across; c++, from += cell) {
      // the cells of a block, one after the other
      for (let a: u32 = 0; a < side; a++) memory.copy(to + a * width, from + a * row, width);
      const size = side * width;
      const whole = size & ~15;
      let sums = f32x4.splat(0);
      let sum: f32 = 0;
      for (let t: usize = 0; t < whole; t += 16) {
        const v = v128.load(to + t);
        sums = f32x4.add(sums, norm == L1 ? v : f32x4.mul(v, v));
      }
      for (let t = whole; t < size; t += 4) {
        const v = f32.load(to + t);
        sum += norm == L1 ? v : v * v;
      }
      sum += horizontalSum(sums);
      let share: f32 = norm == L1 ? 1 / (sum + 1e-5) : 1 / sqrt<f32>(sum + 1e-10);
      if (norm == L2_HYS) {
        const first = f32x4.splat(share);
        sums = f32x4.splat(0);
        sum = 0;
        for (let t: usize = 0; t < whole; t += 16) {
          const v = f32x4.min(f32x4.mul(v128.load(to + t), first), most);
          v128.store(to + t, v);
          sums = f32x4.add(sums, f32x4.mul(v, v));
        }
        for (let t = whole; t < size; t += 4) {
          const v = min<f32>(f32.load(to + t) * share, 0.2);
          f32.store(to + t, v);
          sum += v * v;
        }
        share = 1 / sqrt<f32>(sum + horizontalSum(sums) + 1e-10);
      }
      const all = f32x4.splat(share);
      for (let t: usize = 0; t < whole; t += 16) v128.store(to + t, f32x4.mul(v128.load(to + t), all));
      for (let t = whole; t < size; t += 4) f32.store(to + t, f32.load(to + t) * share);
      to += size;
    }
  }
}
