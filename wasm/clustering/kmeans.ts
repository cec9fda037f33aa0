// Lloyd's k-means: nearest centres, sums of the clusters, new centres; and squared distances to a few rows, for k-means++.
import { packA, packB } from "../base/gemm";
import { microkernel } from "../base/microkernel";
import { scratch } from "../base/scratch";
import { fma } from "../base/simd";
import { addRow, dots2x4, squaredDistance } from "./products";

/**
 * Points that pass over all centres together, so that a group of four centres stays in the first-level cache and the points in the second. The work area
 * holds a group's products, then each point's four lowest scores and their labels.
 */
const POINTS: u32 = 32;

// @ts-ignore: decorator
@inline
function keepLower(state: usize, score: v128, label: u32): void {
  const best = v128.load(state);
  const lower = f32x4.lt(score, best);
  v128.store(state, v128.bitselect(score, best, lower));
  v128.store(state, v128.bitselect(i32x4.splat(label), v128.load(state, 16), lower), 16);
}

/** Keeps the scores offset_j − x·c_j of centres j, j + 1 and the points of four states where they are the lowest of the first lane; dots as from dots2x4. */
function keepPair(states: usize, count: u32, dots: usize, offsets: usize, label: u32, pair: bool): void {
  for (let i: u32 = 0; i < count; i++, states += 32, dots += 4)
    for (let j: u32 = 0; j <= u32(pair); j++) {
      const score = f32.load(offsets + (<usize>j << 2)) - f32.load(dots + (<usize>j << 4));
      if (score < f32.load(states)) {
        f32.store(states, score);
        i32.store(states, label + j, 16);
      }
    }
}

/** The label of the lowest of a state's four scores, the lowest label among equals. */
function lowest(state: usize): u32 {
  let best = f32.load(state), label = <u32>i32.load(state, 16);
  for (let lane: u32 = 1; lane < 4; lane++) {
    const score = f32.load(state + (lane << 2)), other = <u32>i32.load(state + (lane << 2), 16) + lane;
    if (score < best || score == best && other < label) best = score, label = other;
  }
  return label;
}

/** Centres from which on packed panels pay, and columns up to which they fit the work area. */
const MANY: u32 = 32, MOST: u32 = 1 << 15;
/** Points whose panels lie in the work area together, at most, and the bytes of these panels. */
const ROWS: u32 = 512, BYTES_A: u32 = 1 << 19;
/** Columns of a panel that are multiplied in one go. */
const DEPTH: u32 = 512;
/** The work area of packed panels: a tile of scores, eight offsets, the points' lowest scores, their panels and the centres'. */
const OFFSETS: usize = 128, LOWEST: usize = 192, PANEL_A: usize = LOWEST + (<usize>ROWS << 2), PANEL_B: usize = PANEL_A + <usize>BYTES_A;

/** Points of a block of panels of d columns. */
// @ts-ignore: decorator
@inline
function rowsOf(d: u32): u32 {
  return min<u32>(ROWS, max<u32>((BYTES_A / (d << 2)) & ~3, 4));
}

/** Labels of the lowest scores of `count` points from x on: eight centres at a time against panels of four points, in the product's micro-kernel. */
function assignPacked(x: usize, shifted: usize, offsets: usize, labels: usize, count: u32, d: u32, k: u32): void {
  const row = <usize>d << 2, tile = scratch, starts = scratch + OFFSETS, lowest = scratch + LOWEST, panel = scratch + PANEL_B;
  packA(x, row, 4, count, d, scratch + PANEL_A);
  for (let i: u32 = 0; i < count; i++) f32.store(lowest + (<usize>i << 2), f32.MAX_VALUE);
  memory.fill(labels, 0, <usize>count << 2);
  for (let j: u32 = 0; j < k; j += 8) {
    const width = min(8, k - j);
    packB(shifted + j * row, 4, row, d, width, panel);
    for (let at = panel, end = panel + (<usize>d << 5); at < end; at += 16) v128.store(at, f32x4.neg(v128.load(at)));
    for (let c: u32 = 0; c < 8; c++)
      f32.store(starts + (c << 2), c < width ? f32.load(offsets + (<usize>(j + c) << 2)) : f32.MAX_VALUE);
    for (let i: u32 = 0; i < count; i += 4) {
      const a = scratch + PANEL_A + i * row;
      for (let c: u32 = 0; c < d; c += DEPTH)
        microkernel(min(DEPTH, d - c), a + (<usize>c << 4), panel + (<usize>c << 5), 32, tile, 32, c ? tile : starts, c ? 32 : 0, -Infinity);
      for (let r: u32 = 0, rows = min(4, count - i); r < rows; r++) {
        const best = lowest + (<usize>(i + r) << 2), limit = v128.load32_splat(best), scores = tile + (r << 5);
        const left = f32x4.lt(v128.load(scores), limit), right = f32x4.lt(v128.load(scores, 16), limit);
        if (!v128.any_true(v128.or(left, right))) continue;
        let value = f32.load(best), label: u32 = 0;
        for (let mask = <u32>i32x4.bitmask(left) | <u32>i32x4.bitmask(right) << 4; mask; mask &= mask - 1) {
          const c = <u32>ctz(mask), score = f32.load(scores + (c << 2));
          if (score < value) value = score, label = j + c;
        }
        f32.store(best, value);
        i32.store(labels + (<usize>(i + r) << 2), label);
      }
    }
  }
}

/** labels[i] = argmin_j ‖x_i − c_j‖², ties to the lowest j; distances[i] = ‖x_i − c_labels[i]‖²; x [n,d], centers [k,d]; see kernels/clustering/kmeans_assign.wgsl. */
export function kmeans_assign(
  x: usize, centers: usize, shifted: usize, offsets: usize, labels: usize, distances: usize,
  n: u32, d: u32, k: u32, begin: u32, end: u32,
): void {
  const row = <usize>d << 2, dots = scratch, states = scratch + 32;
  if (k >= MANY && d <= MOST) {
    for (let first = begin, most = rowsOf(d); first < end; first += most) {
      const count = min(most, end - first);
      assignPacked(x + first * row, shifted, offsets, labels + (<usize>first << 2), count, d, k);
      for (let i = first; i < first + count; i++) {
        const label = <u32>i32.load(labels + (<usize>i << 2));
        f32.store(distances + (<usize>i << 2), squaredDistance(d, x + i * row, centers + label * row));
      }
    }
    return;
  }
  // whole groups of four centres; then three, with one of them twice, or one or two against four points at a time
  const rest = k & 3, fours = rest == 3 ? k : k - rest;
  for (let first = begin; first < end; first += POINTS) {
    const last = min(first + POINTS, end);
    const statesEnd = states + (<usize>(last - first) << 5);
    for (let state = states; state < statesEnd; state += 32) {
      v128.store(state, f32x4.splat(f32.MAX_VALUE));
      v128.store(state, i32x4.splat(0), 16);
    }
    for (let j: u32 = 0; j < fours; j += 4) {
      const c0 = shifted + j * row, c1 = c0 + row, c2 = c1 + row, c3 = j + 3 < k ? c2 + row : c0;
      let offset = v128.load(offsets + (<usize>j << 2));
      if (j + 3 == k) offset = f32x4.replace_lane(offset, 3, f32.MAX_VALUE);
      let state = states;
      for (let i = first; i < last; i += 2, state += 64) {
        const x0 = x + i * row, pair = i + 1 < last;
        dots2x4(d, x0, pair ? x0 + row : x0, c0, c1, c2, c3, dots);
        keepLower(state, f32x4.sub(offset, v128.load(dots)), j);
        if (pair) keepLower(state + 32, f32x4.sub(offset, v128.load(dots, 16)), j);
      }
    }
    if (fours < k) {
      const c0 = shifted + fours * row, c1 = rest == 2 ? c0 + row : c0, offset = offsets + (<usize>fours << 2);
      let state = states;
      for (let i = first; i < last; i += 4, state += 128) {
        const x0 = x + i * row, x1 = i + 1 < last ? x0 + row : x0, x2 = i + 2 < last ? x1 + row : x0, x3 = i + 3 < last ? x2 + row : x0;
        dots2x4(d, c0, c1, x0, x1, x2, x3, dots);
        keepPair(state, min(4, last - i), dots, offset, fours, rest == 2);
      }
    }
    for (let i = first; i < last; i++) {
      const label = lowest(states + (<usize>(i - first) << 5));
      i32.store(labels + (<usize>i << 2), label);
      f32.store(distances + (<usize>i << 2), squaredDistance(d, x + i * row, centers + label * row));
    }
  }
}

/** sum += w · x, n elements. */
function addScaled(sum: usize, x: usize, w: f32, n: u32): void {
  const by = f32x4.splat(w), end = x + (<usize>n << 2), fours = x + (<usize>(n & ~3) << 2);
  for (; x != fours; x += 16, sum += 16) v128.store(sum, fma(by, v128.load(x), v128.load(sum)));
  for (; x != end; x += 4, sum += 4) f32.store(sum, f32.load(sum) + w * f32.load(x));
}

/**
 * partials[c,j] = Σ w_i x_i over the points i of chunk c with labels[i] = j, followed by the Σ w_i [chunks,k]; x [n,d], chunks of `length` points; see
 * kernels/clustering/kmeans_update.wgsl. Rows: slices of `width` columns of the chunks.
 */
export function kmeans_update(
  x: usize, labels: usize, previous: usize, distances: usize, weights: usize, partials: usize, status: usize,
  n: u32, d: u32, k: u32, chunks: u32, length: u32, width: u32, weighted: u32, begin: u32, end: u32,
): void {
  const row = <usize>d << 2, slices = (d + width - 1) / width;
  for (let unit = begin; unit < end;) {
    const chunk = unit / slices, slice = unit % slices;
    const taken = min(end - unit, slices - slice);
    const column = slice * width, columns = min(d, column + taken * width) - column;
    const first = chunk * length, last = min(first + length, n);
    const base = partials + <usize>chunk * k * row + (<usize>column << 2);
    for (let j: u32 = 0; j < k; j++) memory.fill(base + j * row, 0, <usize>columns << 2);
    for (let i = first; i < last; i++) {
      const sum = base + <u32>i32.load(labels + (<usize>i << 2)) * row, own = x + i * row + (<usize>column << 2);
      if (weighted) addScaled(sum, own, f32.load(weights + (<usize>i << 2)), columns);
      else addRow(sum, own, columns);
    }
    if (slice == 0) {
      const counts = partials + <usize>chunks * k * row + (<usize>chunk * k << 2);
      memory.fill(counts, 0, <usize>k << 2);
      let sum: f64 = 0, changed: u32 = 0;
      for (let at = <usize>first << 2; at < <usize>last << 2; at += 4) {
        const label = <u32>i32.load(labels + at), count = counts + (<usize>label << 2);
        const weight: f32 = weighted ? f32.load(weights + at) : 1;
        f32.store(count, f32.load(count) + weight);
        sum += weight * f32.load(distances + at);
        changed += u32(label != <u32>i32.load(previous + at));
      }
      f32.store(status + (<usize>chunk << 3), <f32>sum);
      f32.store(status + (<usize>chunk << 3), <f32>changed, 4);
    }
    unit += taken;
  }
}

/**
 * centers[j] = old[j] + (Σ_c sums[c,j] − n_j old[j]) / (prior[j] + n_j) with n_j = Σ_c counts[c,j]: the mean of the cluster's points where prior is 0;
 * old [k,d]; see kernels/clustering/kmeans_centers.wgsl.
 */
export function kmeans_centers(
  partials: usize, old: usize, origin: usize, prior: usize, centers: usize, shifted: usize, offsets: usize, status: usize,
  k: u32, d: u32, chunks: u32, begin: u32, end: u32,
): void {
  const row = <usize>d << 2, table = <usize>k * row;
  for (let j = begin; j < end; j++) {
    let count: f32 = 0;
    for (let c: u32 = 0; c < chunks; c++) count += f32.load(partials + chunks * table + (<usize>(c * k + j) << 2));
    const center = centers + j * row, before = old + j * row;
    memory.fill(center, 0, row);
    for (let c: u32 = 0; c < chunks; c++) addRow(center, partials + c * table + j * row, d);
    const weight = f32.load(prior + (<usize>j << 2)), total = weight + count;
    let shift: f64 = 0, offset: f64 = 0;
    for (let at: usize = 0; at < row; at += 4) {
      const was = f32.load(before + at), sum = f32.load(center + at), o = f32.load(origin + at);
      const value = count == 0 ? was : weight == 0 ? sum / count : was + (sum - count * was) / total;
      const moved = value - o, step = <f64>value - <f64>was;
      f32.store(center + at, value);
      f32.store(shifted + j * row + at, moved);
      shift += step * step;
      offset += <f64>moved * (0.5 * <f64>moved + <f64>o);
    }
    f32.store(offsets + (<usize>j << 2), <f32>offset);
    const out = status + (<usize>(chunks + j) << 3);
    f32.store(out, <f32>shift);
    f32.store(out, count, 4);
  }
}

/** out[j,i] = min(closest[closest_row,i], ‖x_i − y_rows[j]‖²); x [n,d], y [·,d], rows [m], out [m,n]; without the minimum when has_closest is 0. */
export function kmeans_distances(
  x: usize, y: usize, rows: usize, closest: usize, out: usize,
  n: u32, d: u32, m: u32, has_closest: u32, closest_row: u32, begin: u32, end: u32,
): void {
  const row = <usize>d << 2;
  for (let i = begin; i < end; i++) {
    const bound = has_closest ? f32.load(closest + (<usize>(closest_row * n + i) << 2)) : f32.MAX_VALUE;
    for (let j: u32 = 0; j < m; j++) {
      const distance = squaredDistance(d, x + i * row, y + <u32>i32.load(rows + (<usize>j << 2)) * row);
      f32.store(out + (<usize>(j * n + i) << 2), min(bound, distance));
    }
  }
}
