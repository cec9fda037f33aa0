// The nearest and second nearest of many centres: a tile of points, eight in two vectors, passes over four centres at a time.
import { scratch } from "../base/scratch";
import { fma } from "../base/simd";

/** Points that pass over the centres together: they fill two vectors. */
const POINTS: u32 = 8;
/** Centres that they pass over together: eight sums, what a column loads and a difference are what the vector registers hold. */
const CENTERS: u32 = 4;
/** Groups of points of a tile, at most, and bytes that the panels of more than one take: they stay in the caches. */
const GROUPS: u32 = 64;
const TILE_BYTES: u32 = 1 << 18;
/** Columns whose sums are taken in one go, and bytes that centres may take, four of so many columns at least. */
const COLUMNS: u32 = 8192;
const CENTERS_BYTES: u32 = 1 << 19;
/** Of a group: lowest scores, their labels plus one, then the same of the second lowest, two vectors each; and sums that go on with more columns. */
const STATE: usize = 128;
const SUMS: usize = 128;
/** Bytes before the centres, for their labels. */
const LABELS: usize = 64;

/** out[c][p] = x_p[c] for eight rows x, `row` bytes apart, of which those from `rows` on repeat the last; `width` columns. */
function panel(x: usize, row: usize, width: u32, rows: u32, out: usize): void {
  const x0 = x, x1 = x0 + (rows > 1 ? row : 0), x2 = x1 + (rows > 2 ? row : 0), x3 = x2 + (rows > 3 ? row : 0);
  const x4 = x3 + (rows > 4 ? row : 0), x5 = x4 + (rows > 5 ? row : 0), x6 = x5 + (rows > 6 ? row : 0), x7 = x6 + (rows > 7 ? row : 0);
  const end = <usize>width << 2;
  let at: usize = 0;
  for (; at + 16 <= end; at += 16, out += 128) {
    fourColumns(v128.load(x0 + at), v128.load(x1 + at), v128.load(x2 + at), v128.load(x3 + at), out);
    fourColumns(v128.load(x4 + at), v128.load(x5 + at), v128.load(x6 + at), v128.load(x7 + at), out + 16);
  }
  for (; at < end; at += 4, out += 32) {
    f32.store(out, f32.load(x0 + at));
    f32.store(out, f32.load(x1 + at), 4);
    f32.store(out, f32.load(x2 + at), 8);
    f32.store(out, f32.load(x3 + at), 12);
    f32.store(out, f32.load(x4 + at), 16);
    f32.store(out, f32.load(x5 + at), 20);
    f32.store(out, f32.load(x6 + at), 24);
    f32.store(out, f32.load(x7 + at), 28);
  }
}

// @ts-ignore: decorator
@inline
function fourColumns(r0: v128, r1: v128, r2: v128, r3: v128, out: usize): void {
  const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const c = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7), d = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f64>(a, b, 0, 2));
  v128.store(out, v128.shuffle<f64>(a, b, 1, 3), 32);
  v128.store(out, v128.shuffle<f64>(c, d, 0, 2), 64);
  v128.store(out, v128.shuffle<f64>(c, d, 1, 3), 96);
}

/**
 * out[c][j] = centre_j[c] for four centres, `row` bytes apart; those from `count` on are NaN, which is never nearer than another. Before them, LABELS
 * bytes, their labels and one.
 */
function packCenters(centers: usize, row: usize, width: u32, label: u32, count: u32, out: usize): void {
  for (let j: u32 = 0; j < CENTERS; j++, out += 16) {
    v128.store(out - LABELS, i32x4.splat(label + j + 1));
    let at = out, center = centers + j * row;
    for (let c: u32 = 0; c < width; c++, at += CENTERS << 4, center += 4) v128.store(at, j < count ? v128.load32_splat(center) : f32x4.splat(NaN));
  }
}

/** s + (p − c)². */
// @ts-ignore: decorator
@inline
function plusSquare(s: v128, p: v128, c: v128): v128 {
  const t = f32x4.sub(p, c);
  return fma(t, t, s);
}

/** Keeps the lower of the lowest scores of four points and another, and whose it is: of equal ones the first. */
// @ts-ignore: decorator
@inline
function keep(state: usize, s0: v128, s1: v128, s2: v128, s3: v128, own: usize): void {
  let best = v128.load(state), labels = v128.load(state, 32);
  labels = i32x4.max_u(labels, v128.and(f32x4.lt(s0, best), v128.load(own))), best = f32x4.pmin(best, s0);
  labels = i32x4.max_u(labels, v128.and(f32x4.lt(s1, best), v128.load(own, 16))), best = f32x4.pmin(best, s1);
  labels = i32x4.max_u(labels, v128.and(f32x4.lt(s2, best), v128.load(own, 32))), best = f32x4.pmin(best, s2);
  labels = i32x4.max_u(labels, v128.and(f32x4.lt(s3, best), v128.load(own, 48))), best = f32x4.pmin(best, s3);
  v128.store(state, best);
  v128.store(state, labels, 32);
}

/** The same of the two lowest: what is lower than the lowest makes that the second. */
// @ts-ignore: decorator
@inline
function keepTwo(state: usize, s0: v128, s1: v128, s2: v128, s3: v128, own: usize): void {
  let best = v128.load(state), labels = v128.load(state, 32), second = v128.load(state, 64), others = v128.load(state, 96);
  let is = v128.load(own), lower = f32x4.lt(s0, best), between = v128.and(f32x4.lt(s0, second), is);
  others = v128.bitselect(labels, i32x4.max_u(others, between), lower), labels = i32x4.max_u(labels, v128.and(lower, is));
  second = f32x4.pmin(second, f32x4.pmax(s0, best)), best = f32x4.pmin(best, s0);
  is = v128.load(own, 16), lower = f32x4.lt(s1, best), between = v128.and(f32x4.lt(s1, second), is);
  others = v128.bitselect(labels, i32x4.max_u(others, between), lower), labels = i32x4.max_u(labels, v128.and(lower, is));
  second = f32x4.pmin(second, f32x4.pmax(s1, best)), best = f32x4.pmin(best, s1);
  is = v128.load(own, 32), lower = f32x4.lt(s2, best), between = v128.and(f32x4.lt(s2, second), is);
  others = v128.bitselect(labels, i32x4.max_u(others, between), lower), labels = i32x4.max_u(labels, v128.and(lower, is));
  second = f32x4.pmin(second, f32x4.pmax(s2, best)), best = f32x4.pmin(best, s2);
  is = v128.load(own, 48), lower = f32x4.lt(s3, best), between = v128.and(f32x4.lt(s3, second), is);
  others = v128.bitselect(labels, i32x4.max_u(others, between), lower), labels = i32x4.max_u(labels, v128.and(lower, is));
  second = f32x4.pmin(second, f32x4.pmax(s3, best)), best = f32x4.pmin(best, s3);
  v128.store(state, best), v128.store(state, labels, 32), v128.store(state, second, 64), v128.store(state, others, 96);
}

/**
 * Squared distances of groups of eight points, panels of `width` columns, to four centres laid out side by side. Their sums begin with those of the
 * columns before, where there are any, and where more follow they are kept for them.
 */
function fourCenters(points: usize, groups: u32, width: u32, centers: usize, state: usize, sums: usize, begins: bool, ends: bool, two: bool): void {
  const panelBytes = <usize>width << 5, own = centers - LABELS;
  for (let group: u32 = 0; group < groups; group++, state += STATE, sums += SUMS, points += panelBytes) {
    let s00 = f32x4.splat(0), s01 = f32x4.splat(0), s10 = f32x4.splat(0), s11 = f32x4.splat(0);
    let s20 = f32x4.splat(0), s21 = f32x4.splat(0), s30 = f32x4.splat(0), s31 = f32x4.splat(0);
    if (!begins) {
      s00 = v128.load(sums), s01 = v128.load(sums, 16), s10 = v128.load(sums, 32), s11 = v128.load(sums, 48);
      s20 = v128.load(sums, 64), s21 = v128.load(sums, 80), s30 = v128.load(sums, 96), s31 = v128.load(sums, 112);
    }
    let center = centers, point = points, left = width, p: v128, q: v128, c: v128;
    // ways out between columns, without which an engine loads all of them first and has no registers left
    for (;;) {
      p = v128.load(point), q = v128.load(point, 16);
      c = v128.load(center), s00 = plusSquare(s00, p, c), s01 = plusSquare(s01, q, c);
      c = v128.load(center, 16), s10 = plusSquare(s10, p, c), s11 = plusSquare(s11, q, c);
      c = v128.load(center, 32), s20 = plusSquare(s20, p, c), s21 = plusSquare(s21, q, c);
      c = v128.load(center, 48), s30 = plusSquare(s30, p, c), s31 = plusSquare(s31, q, c);
      if (left == 1) break;
      p = v128.load(point, 32), q = v128.load(point, 48);
      c = v128.load(center, 64), s00 = plusSquare(s00, p, c), s01 = plusSquare(s01, q, c);
      c = v128.load(center, 80), s10 = plusSquare(s10, p, c), s11 = plusSquare(s11, q, c);
      c = v128.load(center, 96), s20 = plusSquare(s20, p, c), s21 = plusSquare(s21, q, c);
      c = v128.load(center, 112), s30 = plusSquare(s30, p, c), s31 = plusSquare(s31, q, c);
      if (left == 2) break;
      p = v128.load(point, 64), q = v128.load(point, 80);
      c = v128.load(center, 128), s00 = plusSquare(s00, p, c), s01 = plusSquare(s01, q, c);
      c = v128.load(center, 144), s10 = plusSquare(s10, p, c), s11 = plusSquare(s11, q, c);
      c = v128.load(center, 160), s20 = plusSquare(s20, p, c), s21 = plusSquare(s21, q, c);
      c = v128.load(center, 176), s30 = plusSquare(s30, p, c), s31 = plusSquare(s31, q, c);
      if ((left -= 3) == 0) break;
      point += 96, center += 192;
    }
    if (!ends) {
      v128.store(sums, s00), v128.store(sums, s01, 16), v128.store(sums, s10, 32), v128.store(sums, s11, 48);
      v128.store(sums, s20, 64), v128.store(sums, s21, 80), v128.store(sums, s30, 96), v128.store(sums, s31, 112);
    } else if (two) {
      keepTwo(state, s00, s10, s20, s30, own);
      keepTwo(state + 16, s01, s11, s21, s31, own);
    } else {
      keep(state, s00, s10, s20, s30, own);
      keep(state + 16, s01, s11, s21, s31, own);
    }
  }
}

/** What a group found, `rows` of its points: distances, and labels without the one that they are kept with. */
function hand(state: usize, rows: u32, distances: usize, labels: usize): void {
  const one = i32x4.splat(1);
  if (rows == POINTS) {
    v128.store(distances, v128.load(state)), v128.store(distances, v128.load(state, 16), 16);
    v128.store(labels, i32x4.sub(v128.load(state, 32), one)), v128.store(labels, i32x4.sub(v128.load(state, 48), one), 16);
    return;
  }
  for (const end = state + (<usize>rows << 2); state != end; state += 4, distances += 4, labels += 4) {
    f32.store(distances, f32.load(state));
    i32.store(labels, i32.load(state, 32) - 1);
  }
}

/**
 * labels[r,i] = the r-th nearest centre of x_i by ‖x_i − c_j‖², ties to the lowest j; distances[r,i] its ‖x_i − c_j‖²; x [n,d], centers [k,d], r < ranks (1 or
 * 2); see kernels/som/nearest_centers.wgsl.
 */
export function nearest_centers(
  x: usize, centers: usize, labels: usize, distances: usize,
  n: u32, d: u32, k: u32, ranks: u32, begin: u32, end: u32,
): void {
  const row = <usize>d << 2, two = ranks > 1, width = min(d, COLUMNS), panelBytes = <usize>width << 5;
  const tile = POINTS * max(1, min(GROUPS, TILE_BYTES / <u32>panelBytes));
  const far = f32x4.splat(f32.MAX_VALUE), none = i32x4.splat(0);
  const state = scratch, sums = state + GROUPS * STATE, packed = sums + GROUPS * SUMS + LABELS, points = packed + CENTERS_BYTES;
  // all centres are laid out once where they have room, else four of them when a tile comes to them
  const four = LABELS + (<usize>width << 6), once = <u64>((k + 3) >> 2) * four <= CENTERS_BYTES;
  if (once)
    for (let j: u32 = 0, place = packed; j < k; j += CENTERS, place += four)
      packCenters(centers + j * row, row, d, j, min(CENTERS, k - j), place);
  for (let first = begin; first < end; first += tile) {
    const last = min(end, first + tile), groups = (last - first + POINTS - 1) / POINTS;
    for (let at = state, stop = state + groups * STATE; at != stop; at += 64) {
      v128.store(at, far), v128.store(at, far, 16);
      v128.store(at, none, 32), v128.store(at, none, 48);
    }
    for (let j: u32 = 0, place = packed; j < k; j += CENTERS)
      for (let from: u32 = 0; from < d; from += width) {
        const columns = min(width, d - from), shift = <usize>from << 2;
        if (j == 0 || width < d)
          for (let group: u32 = 0, i = first; group < groups; group++, i += POINTS)
            panel(x + i * row + shift, row, columns, min(POINTS, last - i), points + group * panelBytes);
        if (!once) packCenters(centers + j * row + shift, row, columns, j, min(CENTERS, k - j), place);
        fourCenters(points, groups, columns, place, state, sums, from == 0, from + columns == d, two);
        if (once) place += four;
      }
    for (let group: u32 = 0, i = first; group < groups; group++, i += POINTS) {
      const found = state + group * STATE, rows = min(POINTS, last - i), at = <usize>i << 2;
      hand(found, rows, distances + at, labels + at);
      if (two) hand(found + 64, rows, distances + at + (<usize>n << 2), labels + at + (<usize>n << 2));
    }
  }
}
