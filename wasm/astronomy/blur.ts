import { EXTEND, FILL, REFLECT } from "../../kernels/astronomy/blur_rows.wgsl";
import { fma } from "../base/simd";

/** The column that stands for column j, which may lie beyond the edge: the edge's, mirrored, or from the other side. */
// @ts-ignore: decorator
@inline
function columnOf(j: i32, w: i32, mode: u32): i32 {
  if (mode == EXTEND) return min(max(j, 0), w - 1);
  const period = mode == REFLECT ? 2 * w : w;
  const m = ((j % period) + period) % period;
  return m >= w ? 2 * w - 1 - m : m;
}

/** sums and shares of blur_rows; [begin, end) counts rows of all bands. */
export function blur_rows(
  x: usize, weights: usize, radii: usize, sums: usize, shares: usize,
  b: u32, h: u32, w: u32, k: u32, mode: u32, replace: u32, fill: f32, begin: u32, end: u32,
): void {
  const fills = f32x4.splat(fill);
  const ones = f32x4.splat(1);
  const replaces = replace != 0;
  for (let row = begin; row < end; row++) {
    const band = row / h;
    const r = <i32>load<u32>(radii + (<usize>band << 2));
    const taps = weights + (<usize>band * k << 2);
    const from = x + (<usize>row * w << 2);
    const sumTo = sums + (<usize>row * w << 2);
    const shareTo = shares + (<usize>row * w << 2);
    // the first columns whose neighbours all lie inside, in groups of four
    let inner = min(r, <i32>w);
    for (let j: i32 = 0; j < <i32>w;) {
      if (j == inner && j + 4 + r <= <i32>w) {
        let sum = f32x4.splat(0);
        let share = f32x4.splat(0);
        for (let t = -r; t <= r; t++) {
          const weight = v128.load32_splat(taps + (<usize>(t + r) << 2));
          let value = v128.load(from + (<usize>(j + t) << 2));
          const numbers = f32x4.eq(value, value);
          if (replaces) {
            value = v128.bitselect(value, fills, numbers);
            share = fma(weight, ones, share);
          } else {
            value = v128.and(value, numbers);
            share = f32x4.add(share, v128.and(weight, numbers));
          }
          sum = fma(weight, value, sum);
        }
        v128.store(sumTo + (<usize>j << 2), sum);
        v128.store(shareTo + (<usize>j << 2), share);
        j += 4;
        inner = j;
        continue;
      }
      let sum: f32 = 0;
      let share: f32 = 0;
      for (let t = -r; t <= r; t++) {
        const weight = f32.load(taps + (<usize>(t + r) << 2));
        let value = fill;
        const inside = j + t >= 0 && j + t < <i32>w;
        if (inside || mode != FILL) value = f32.load(from + (<usize>(inside ? j + t : columnOf(j + t, w, mode)) << 2));
        if (value != value) {
          if (!replaces) continue;
          value = fill;
        }
        sum += weight * value;
        share += weight;
      }
      f32.store(sumTo + (<usize>j << 2), sum);
      f32.store(shareTo + (<usize>j << 2), share);
      j++;
    }
  }
}

/** y of blur_columns; [begin, end) counts rows of all bands. */
export function blur_columns(
  x: usize, sums: usize, shares: usize, weights: usize, radii: usize, y: usize,
  b: u32, h: u32, w: u32, k: u32, halo: u32, preserve: u32, begin: u32, end: u32,
): void {
  const stride = <usize>w << 2;
  const nothing = f32x4.splat(f32.NaN);
  const none = f32x4.splat(0);
  for (let row = begin; row < end; row++) {
    const band = row / h;
    const i = row % h;
    const r = load<u32>(radii + (<usize>band << 2));
    const taps = weights + (<usize>band * k << 2);
    const plane = <usize>band * (h + 2 * halo) * stride;
    const center = x + plane + <usize>(halo + i) * stride;
    const to = y + <usize>row * stride;
    if (r == 0) {
      memory.copy(to, center, stride);
      continue;
    }
    const first = plane + <usize>(halo + i - r) * stride;
    let j: u32 = 0;
    for (; j + 4 <= w; j += 4) {
      let sum = f32x4.splat(0);
      let share = f32x4.splat(0);
      let from = first + (<usize>j << 2);
      for (let t: u32 = 0; t <= 2 * r; t++, from += stride) {
        const weight = v128.load32_splat(taps + (<usize>t << 2));
        sum = fma(weight, v128.load(sums + from), sum);
        share = fma(weight, v128.load(shares + from), share);
      }
      let value = v128.bitselect(f32x4.div(sum, share), nothing, f32x4.gt(share, none));
      if (preserve != 0) {
        const own = v128.load(center + (<usize>j << 2));
        value = v128.bitselect(value, own, f32x4.eq(own, own));
      }
      v128.store(to + (<usize>j << 2), value);
    }
    for (; j < w; j++) {
      let sum: f32 = 0;
      let share: f32 = 0;
      let from = first + (<usize>j << 2);
      for (let t: u32 = 0; t <= 2 * r; t++, from += stride) {
        const weight = f32.load(taps + (<usize>t << 2));
        sum += weight * f32.load(sums + from);
        share += weight * f32.load(shares + from);
      }
      const own = f32.load(center + (<usize>j << 2));
      const kept = preserve != 0 && own != own;
      f32.store(to + (<usize>j << 2), kept ? own : share > 0 ? sum / share : f32.NaN);
    }
  }
}
