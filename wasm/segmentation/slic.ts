// Superpixels: which seed a pixel belongs to, and where the seeds are then.
import { scratch } from "../base/scratch";
import { fma } from "../base/simd";

/** Columns that are done together: their lowest scores stay in the first-level cache. */
const COLUMNS: u32 = 2048;

/** Seed k competes for the pixels of a row from column x on: image at that pixel of the first band, `plane` bytes a band, out and best at column x. */
function compete(
  image: usize, plane: usize, bands: u32, center: usize, spatial: f32, x: u32, end: u32, weight: f32, k: u32, best: usize, labels: usize,
): void {
  const cx = f32.load(center, 4), colors = center + 8, stop = colors + (<usize>bands << 2);
  const seed = i32x4.splat(k), four = f32x4.splat(4), scale = f32x4.splat(weight), away = f32x4.splat(spatial);
  let dx = f32x4.add(f32x4.splat(<f32>x - cx), f32x4(0, 1, 2, 3));
  for (; x + 4 <= end; x += 4, image += 16, best += 16, labels += 16, dx = f32x4.add(dx, four)) {
    let score = f32x4.mul(fma(dx, dx, away), scale);
    const lowest = v128.load(best);
    if (!v128.any_true(f32x4.le(score, lowest))) continue; // colours only add
    for (let color = colors, at = image; color != stop; color += 4, at += plane) {
      const t = f32x4.sub(v128.load(at), v128.load32_splat(color));
      score = fma(t, t, score);
    }
    const label = v128.load(labels);
    const nearer = v128.or(f32x4.lt(score, lowest), v128.and(f32x4.eq(score, lowest), i32x4.lt_u(seed, label)));
    v128.store(best, v128.bitselect(score, lowest, nearer));
    v128.store(labels, v128.bitselect(seed, label, nearer));
  }
  for (; x < end; x++, image += 4, best += 4, labels += 4) {
    const across = f32x4.splat(<f32>x - cx);
    let score = f32x4.mul(fma(across, across, away), scale);
    for (let color = colors, at = image; color != stop; color += 4, at += plane) {
      const t = f32x4.sub(v128.load32_splat(at), v128.load32_splat(color));
      score = fma(t, t, score);
    }
    const value = f32x4.extract_lane(score, 0), lowest = f32.load(best);
    if (value < lowest || value == lowest && k < <u32>i32.load(labels)) {
      f32.store(best, value);
      i32.store(labels, k);
    }
  }
}

/**
 * labels[y,x] = argmin_k ‖(y,x) − (cy,cx)‖²/step² + Σ_b (image[b,y,x] − colour_k[b])² over the seeds k whose window holds the pixel, ties to the lowest k; see
 * kernels/segmentation/slic_assign.wgsl. Rows: those of the image.
 */
export function slic_assign(
  image: usize, centers: usize, windows: usize, cells: usize, members: usize, previous: usize, labels: usize,
  height: u32, width: u32, bands: u32, cells_y: u32, cells_x: u32, cell_y: u32, cell_x: u32, colored: u32, weight: f32, begin: u32, end: u32,
): void {
  const plane = <usize>height * width << 2, stride = <usize>(bands + 2) << 2, used = colored ? bands : 0, best = scratch;
  const found = scratch + (<usize>COLUMNS << 2), far = f32x4.splat(f32.MAX_VALUE), none = i32x4.splat(-1);
  for (let y = begin; y < end; y++) {
    const row = y / cell_y;
    for (let first: u32 = 0; first < width; first += COLUMNS) {
      const last = min(first + COLUMNS, width), from = first / cell_x, to = (last - 1) / cell_x;
      const left = from > 2 ? from - 2 : 0, right = min(to + 3, cells_x);
      const cut = <usize>(last - first) << 2;
      for (let at: usize = 0; at < cut; at += 16) v128.store(best + at, far), v128.store(found + at, none);
      // the row's own cells first: few seeds farther away come so near by their place alone
      for (let i: u32 = 0; i < 5; i++) {
        const r = i & 1 ? row - ((i + 1) >> 1) : row + (i >> 1);
        if (r >= cells_y) continue; // also above the first
        // the cells of a row of them lie side by side, and so do their members
        const line = cells + (<usize>(r * cells_x) << 2);
        const stop = <u32>i32.load(line + (<usize>right << 2));
        for (let m = <u32>i32.load(line + (<usize>left << 2)); m < stop; m++) {
          const k = <u32>i32.load(members + (<usize>m << 2)), window = windows + (<usize>k << 4);
          if (y < <u32>i32.load(window) || y >= <u32>i32.load(window, 4)) continue;
          const x0 = max(first, <u32>i32.load(window, 8)), x1 = min(last, <u32>i32.load(window, 12));
          if (x0 >= x1) continue;
          const center = centers + k * stride, dy = <f32>y - f32.load(center), at = <usize>(x0 - first) << 2;
          compete(image + (<usize>(y * width + x0) << 2), plane, used, center, dy * dy, x0, x1, weight, k, best + at, found + at);
        }
      }
      const out = <usize>(y * width + first) << 2;
      for (let at: usize = 0; at < cut; at += 4) {
        const before = i32.load(previous + out + at), now = i32.load(found + at);
        i32.store(labels + out + at, before == -1 || now == -1 ? before : now);
      }
    }
  }
}

/** sums += 1, y, x and the bands of a pixel. */
// @ts-ignore: decorator
@inline
function addPixel(sums: usize, image: usize, plane: usize, bands: u32, y: u32, x: u32): void {
  f64.store(sums, f64.load(sums) + 1);
  f64.store(sums, f64.load(sums, 8) + <f64>y, 8);
  f64.store(sums, f64.load(sums, 16) + <f64>x, 16);
  let sum = sums + 24;
  for (const stop = sum + (<usize>bands << 3); sum != stop; sum += 8, image += plane) f64.store(sum, f64.load(sum) + <f64>f32.load(image));
}

/**
 * centers[k] = mean of (y, x, image[·,y,x]) over the pixels with labels[y,x] = k, counts[k] = how many; see kernels/segmentation/slic_centers.wgsl. Sums are
 * float64.
 */
export function slic_centers(
  image: usize, labels: usize, boxes: usize, centers: usize, counts: usize, height: u32, width: u32, bands: u32, k: u32, begin: u32, end: u32,
): void {
  const plane = <usize>height * width << 2, sums = scratch, quantities = bands + 3;
  for (let seed = begin; seed < end; seed++) {
    memory.fill(sums, 0, <usize>quantities << 3);
    const box = boxes + (<usize>seed << 4), wanted = i32x4.splat(seed);
    const top = <u32>i32.load(box), bottom = <u32>i32.load(box, 4), left = <u32>i32.load(box, 8), right = <u32>i32.load(box, 12);
    for (let y = top; y < bottom; y++) {
      let x = left, at = <usize>(y * width + left) << 2;
      for (; x + 4 <= right; x += 4, at += 16) {
        const same = i32x4.bitmask(i32x4.eq(v128.load(labels + at), wanted));
        if (same & 1) addPixel(sums, image + at, plane, bands, y, x);
        if (same & 2) addPixel(sums, image + at + 4, plane, bands, y, x + 1);
        if (same & 4) addPixel(sums, image + at + 8, plane, bands, y, x + 2);
        if (same & 8) addPixel(sums, image + at + 12, plane, bands, y, x + 3);
      }
      for (; x < right; x++, at += 4) if (<u32>i32.load(labels + at) == seed) addPixel(sums, image + at, plane, bands, y, x);
    }
    const count = f64.load(sums), out = centers + (<usize>(seed * (bands + 2)) << 2);
    i32.store(counts + (<usize>seed << 2), <u32>count);
    for (let q: u32 = 1; q < quantities; q++)
      f32.store(out + (<usize>(q - 1) << 2), count > 0 ? <f32>(f64.load(sums + (<usize>q << 3)) / count) : 0);
  }
}
