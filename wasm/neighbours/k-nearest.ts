// The k nearest rows: products of packed panels of short rows turn most candidates away, and what may be near enough is measured by differences.
import { packB } from "../base/gemm";
import { microkernel } from "../base/microkernel";
import { scratch } from "../base/scratch";
import { squaredDistance } from "./squared-distance";

/** The work area: a tile of scores, eight offsets, then the rows' bounds and norms, their panels and the candidates'. */
const OFFSETS: usize = 128;
const BOUNDS: usize = 192;
/** Rows at a time, at most. */
const ROWS: u32 = 512;
const NORMS: usize = BOUNDS + (<usize>ROWS << 2);
const PANEL_A: usize = NORMS + (<usize>ROWS << 2);
/** Bytes of the rows' panels, at most. */
const BYTES_A: u32 = 1 << 19;
const PANEL_B: usize = PANEL_A + (<usize>BYTES_A);
/** Columns of a panel that are multiplied in one go. */
const DEPTH: u32 = 512;
/** Columns of short rows up to which panels fit the work area. */
const MOST: u32 = 1 << 15;
/** Rounding of float32. */
const UNIT: f64 = 5.9604644775390625e-8;

/** Puts j at its place in a list of k sorted distances, behind equal ones; returns the largest that is left. */
function insert(indices: usize, distances: usize, k: u32, j: u32, value: f32): f32 {
  let at = <usize>(k - 1) << 2;
  for (; at > 0; at -= 4) {
    const before = f32.load(distances + at - 4);
    if (before <= value) break;
    f32.store(distances + at, before);
    i32.store(indices + at, i32.load(indices + at - 4));
  }
  f32.store(distances + at, value);
  i32.store(indices + at, j);
  return f32.load(distances + (<usize>(k - 1) << 2));
}

/** ½‖y‖² in float64. */
function halfNorm(d: u32, y: usize): f64 {
  let sum: f64 = 0;
  for (const end = y + (<usize>d << 2); y != end; y += 4) sum += <f64>f32.load(y) * <f64>f32.load(y);
  return 0.5 * sum;
}

/** Panels of four rows of −x, [panel][column][4]; rows past the last are that one again. */
function packRows(x: usize, d: u32, rows: u32, out: usize): void {
  const row = <usize>d << 2;
  for (let i: u32 = 0; i < rows; i += 4)
    for (let r: u32 = 0; r < 4; r++) {
      const from = x + min(i + r, rows - 1) * row, to = out + <usize>i * row + (r << 2);
      for (let c: usize = 0; c < <usize>d; c++) f32.store(to + (c << 4), -f32.load(from + (c << 2)));
    }
}

/** Score below which a point may be nearer than `worst`: scores are ½‖y‖² − x·y, and the rounding of both ways to a distance is allowed for, and that of short rows. */
// @ts-ignore: decorator
@inline
function boundOf(worst: f32, halfX: f64, error: f64, slack: f32): f32 {
  const reach = sqrt<f64>(worst) + <f64>slack;
  return <f32>min(0.5 * reach * reach * (1 + error) - halfX + 2 * error * halfX, <f64>f32.MAX_VALUE);
}

/** Measures the points of a tile whose scores lie below the row's bound, and keeps those that are near enough. */
function measure(
  mask: u32, j: u32, m: u32, d: u32, k: u32, x: usize, y: usize, own: u32, indices: usize, distances: usize, bound: usize, halfX: f64, error: f64, slack: f32,
): void {
  let worst = f32.load(distances + (<usize>(k - 1) << 2));
  for (; mask; mask &= mask - 1) {
    const at = j + <u32>ctz(mask);
    if (at >= m || at == own) continue;
    const value = squaredDistance(d, x, y + <usize>at * (<usize>d << 2));
    if (value >= worst) continue;
    worst = insert(indices, distances, k, at, value);
    f32.store(bound, boundOf(worst, halfX, error, slack));
  }
}

/** Whether any of a row's eight scores is below its bound. */
// @ts-ignore: decorator
@inline
function below(scores: usize, bounds: usize): v128 {
  const limit = v128.load32_splat(bounds);
  return v128.or(f32x4.lt(v128.load(scores), limit), f32x4.lt(v128.load(scores, 16), limit));
}

/** Every point measured: where panels would not fit. */
function measureAll(x: usize, y: usize, m: u32, d: u32, k: u32, own: u32, indices: usize, distances: usize): void {
  let worst = f32.MAX_VALUE;
  for (let j: u32 = 0; j < m; j++) {
    if (j == own) continue;
    const value = squaredDistance(d, x, y + <usize>j * (<usize>d << 2));
    if (value < worst) worst = insert(indices, distances, k, j, value);
  }
}

/** The k nearest rows of y of rows first + [begin, end) of x; see kernels/neighbours/k_nearest.wgsl. */
export function k_nearest(
  x: usize, y: usize, shortX: usize, shortY: usize, indices: usize, distances: usize,
  n: u32, m: u32, d: u32, e: u32, k: u32, first: u32, own: u32, slack: f32, begin: u32, end: u32,
): void {
  const row = <usize>d << 2, short = <usize>e << 2, list = <usize>k << 2;
  const most: u32 = e > MOST ? 4 : min<u32>(ROWS, max<u32>(BYTES_A / <u32>short & ~3, 4));
  for (let from = begin; from < end; from += most) {
    const count = min<u32>(most, end - from), base = first + from;
    for (let i: u32 = 0; i < count * k; i++) {
      f32.store(distances + base * list + (<usize>i << 2), f32.MAX_VALUE);
      i32.store(indices + base * list + (<usize>i << 2), -1);
    }
    if (e > MOST) {
      for (let i = base; i < base + count; i++) measureAll(x + i * row, y, m, d, k, own ? i : u32.MAX_VALUE, indices + i * list, distances + i * list);
      continue;
    }
    for (let i: u32 = 0; i < count; i++) {
      f32.store(scratch + NORMS + (<usize>i << 2), <f32>halfNorm(e, shortX + (base + i) * short));
      f32.store(scratch + BOUNDS + (<usize>i << 2), f32.MAX_VALUE);
    }
    packRows(shortX + base * short, e, count, scratch + PANEL_A);
    nearestOf(x, y, shortY, indices, distances, m, d, e, k, base, count, own, slack);
  }
}

/** Lists of `count` rows whose panels, norms and bounds lie in the work area. */
function nearestOf(
  x: usize, y: usize, shortY: usize, indices: usize, distances: usize, m: u32, d: u32, e: u32, k: u32, base: u32, count: u32, own: u32, slack: f32,
): void {
  const row = <usize>d << 2, short = <usize>e << 2, list = <usize>k << 2, tile = scratch, offsets = scratch + OFFSETS, panel = scratch + PANEL_B;
  const unit = UNIT * <f64>(d + 8);
  for (let j: u32 = 0; j < m; j += 8) {
    const width = min(8, m - j);
    packB(shortY + j * short, 4, short, e, width, panel);
    let longest: f64 = 0;
    for (let c: u32 = 0; c < 8; c++) {
      const norm = c < width ? halfNorm(e, shortY + (j + c) * short) : <f64>f32.MAX_VALUE;
      f32.store(offsets + (c << 2), <f32>norm);
      if (c < width) longest = max(longest, norm);
    }
    // |score − exact| ≤ unit (‖x‖‖y‖ + ½‖y‖²) ≤ unit (½‖x‖² + 2 · ½‖y‖²), half of it in the bound
    const loss = f32x4.splat(<f32>(2.5 * unit * longest));
    const low = v128.load(offsets), high = v128.load(offsets, 16);
    v128.store(offsets, f32x4.sub(low, loss));
    v128.store(offsets, f32x4.sub(high, loss), 16);
    for (let i: u32 = 0; i < count; i += 4) {
      const a = scratch + PANEL_A + i * short;
      for (let c: u32 = 0; c < e; c += DEPTH)
        microkernel(min(DEPTH, e - c), a + (<usize>c << 4), panel + (<usize>c << 5), 32, tile, 32, c ? tile : offsets, c ? 32 : 0, -Infinity);
      const bounds = scratch + BOUNDS + (<usize>i << 2);
      const upper = v128.or(below(tile, bounds), below(tile + 32, bounds + 4));
      if (!v128.any_true(v128.or(upper, v128.or(below(tile + 64, bounds + 8), below(tile + 96, bounds + 12))))) continue;
      for (let r: u32 = 0, rows = min(4, count - i); r < rows; r++) {
        const bound = scratch + BOUNDS + (<usize>(i + r) << 2), limit = v128.load32_splat(bound), scores = tile + (r << 5);
        const left = f32x4.lt(v128.load(scores), limit), right = f32x4.lt(v128.load(scores, 16), limit);
        if (!v128.any_true(v128.or(left, right))) continue;
        const mask = <u32>i32x4.bitmask(left) | <u32>i32x4.bitmask(right) << 4, at = base + i + r;
        const halfX = <f64>f32.load(scratch + NORMS + (<usize>(i + r) << 2));
        measure(mask, j, m, d, k, x + at * row, y, own ? at : u32.MAX_VALUE, indices + at * list, distances + at * list, bound, halfX, unit, slack);
      }
    }
  }
}
