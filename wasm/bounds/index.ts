// Lloyd's pass over points and few centres that leaves distances out by bounds, and sums the points while they are at hand.
import { at } from "../base/pointers";
import { scratch } from "../base/scratch";
import { fma, horizontalSums } from "../base/simd";
import { addRow, dots2x4, squaredDistance } from "../clustering/products";

/** Half a unit of the last digit; what bounds and limits give way by, each time. */
const UNIT: f32 = 5.9604645e-8, LESS: f32 = 1 - 2.3841858e-7, MORE: f32 = 1 + 2.3841858e-7;
/** Points whose distances to all centres are taken together where most are needed, at most, and their elements, which stay in the second cache until they are summed; centres at most. */
const POINTS: u32 = 128, ELEMENTS: u32 = 1 << 17, CENTERS: u32 = 32;
/** The work area: eight products; what the centres moved, their offsets; of each point which centres are needed, its distance to the old one; scores. */
const MOVES: usize = 64, OFFSETS: usize = 192, NEEDED: usize = 320, OWN: usize = 832, SCORES: usize = 1344;

/** dots[j] = x · c_j for four rows c, each summed as by dots2x4. */
function dots1x4(d: u32, x: usize, c0: usize, c1: usize, c2: usize, c3: usize, dots: usize): void {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  let p: v128;
  const end = x + (<usize>d << 2), vectors = x + (<usize>(d & ~3) << 2);
  for (; x != vectors; x += 16, c0 += 16, c1 += 16, c2 += 16, c3 += 16) {
    p = v128.load(x);
    s0 = fma(p, v128.load(c0), s0), s1 = fma(p, v128.load(c1), s1);
    s2 = fma(p, v128.load(c2), s2), s3 = fma(p, v128.load(c3), s3);
  }
  for (; x != end; x += 4, c0 += 4, c1 += 4, c2 += 4, c3 += 4) {
    p = v128.load32_zero(x);
    s0 = fma(p, v128.load32_zero(c0), s0), s1 = fma(p, v128.load32_zero(c1), s1);
    s2 = fma(p, v128.load32_zero(c2), s2), s3 = fma(p, v128.load32_zero(c3), s3);
  }
  v128.store(dots, horizontalSums(s0, s1, s2, s3));
}

/** Scores of `count` points from x on and all centres. */
function scoreAll(x: usize, shifted: usize, count: u32, d: u32, k: u32): void {
  const row = <usize>d << 2, dots = scratch;
  for (let j: u32 = 0; j < k; j += 4) {
    const c0 = shifted + j * row, c1 = shifted + min(j + 1, k - 1) * row;
    const c2 = shifted + min(j + 2, k - 1) * row, c3 = shifted + min(j + 3, k - 1) * row;
    const offset = v128.load(at(scratch + OFFSETS, j));
    for (let r: u32 = 0; r < count; r += 2) {
      const x0 = x + r * row, scores = at(scratch + SCORES, r * CENTERS + j), pair = r + 1 < count;
      dots2x4(d, x0, pair ? x0 + row : x0, c0, c1, c2, c3, dots);
      v128.store(scores, f32x4.sub(offset, v128.load(dots)));
      v128.store(scores, f32x4.sub(offset, v128.load(dots, 16)), CENTERS << 2);
    }
  }
}

/** Scores of a point and the centres of a mask, four at a time. */
function scoreSome(x: usize, shifted: usize, scores: usize, mask: u32, d: u32): void {
  const row = <usize>d << 2, dots = scratch;
  while (mask) {
    const j0 = <u32>ctz(mask);
    mask &= mask - 1;
    const j1 = mask ? <u32>ctz(mask) : j0;
    mask &= mask - 1;
    const j2 = mask ? <u32>ctz(mask) : j0;
    mask &= mask - 1;
    const j3 = mask ? <u32>ctz(mask) : j0;
    mask &= mask - 1;
    dots1x4(d, x, shifted + j0 * row, shifted + j1 * row, shifted + j2 * row, shifted + j3 * row, dots);
    f32.store(at(scores, j3), f32.load(at(scratch + OFFSETS, j3)) - f32.load(dots, 12));
    f32.store(at(scores, j2), f32.load(at(scratch + OFFSETS, j2)) - f32.load(dots, 8));
    f32.store(at(scores, j1), f32.load(at(scratch + OFFSETS, j1)) - f32.load(dots, 4));
    f32.store(at(scores, j0), f32.load(at(scratch + OFFSETS, j0)) - f32.load(dots));
  }
}

/** Bounds less what their centres moved; gives the mask of those that are not above the limit. */
function lessMoves(bounds: usize, k: u32, limit: f32): u32 {
  let mask: u32 = 0;
  const most = f32x4.splat(limit), give = f32x4.splat(LESS);
  for (let j: u32 = 0; j < k; j += 4) {
    const bound = f32x4.mul(f32x4.sub(v128.load(at(bounds, j)), v128.load(at(scratch + MOVES, j))), give);
    v128.store(at(bounds, j), bound);
    mask |= <u32>i32x4.bitmask(f32x4.le(bound, most)) << j;
  }
  return mask;
}

/** The largest length of k rows of d elements, and a little more. */
function longest(rows: usize, k: u32, d: u32): f32 {
  let most: f32 = 0;
  for (let j: u32 = 0; j < k; j++) {
    let sum = f32x4.splat(0);
    const row = rows + (<usize>(j * d) << 2), end = row + (<usize>d << 2), vectors = row + (<usize>(d & ~3) << 2);
    let c = row;
    for (; c != vectors; c += 16) sum = fma(v128.load(c), v128.load(c), sum);
    for (; c != end; c += 4) sum = fma(v128.load32_zero(c), v128.load32_zero(c), sum);
    most = max(most, f32x4.extract_lane(horizontalSums(sum, sum, sum, sum), 0));
  }
  return sqrt(most) * MORE;
}

/** Nearest centres by bounds, and sums of the clusters; see kernels/bounds/kmeans_bounded.wgsl. */
export function kmeans_bounded(
  x: usize, centers: usize, shifted: usize, offsets: usize, labels: usize, bounds: usize, partials: usize, status: usize,
  n: u32, d: u32, k: u32, stride: u32, chunks: u32, length: u32, fresh: u32, begin: u32, end: u32,
): void {
  const row = <usize>d << 2, block = min(POINTS, max<u32>(8, ELEMENTS / d)), everyone: u32 = k == CENTERS ? -1 : (1 << k) - 1;
  const long = longest(centers, k, d), reach = longest(shifted, k, d), rounding = <f32>4 * <f32>(d + 16) * UNIT;
  let offset: f32 = 0;
  memory.fill(scratch + MOVES, 0, 256);
  for (let j: u32 = 0; j < k; j++) {
    f32.store(at(scratch + MOVES, j), sqrt(f32.load(at(status, 2 * (chunks + j)))) * MORE);
    f32.store(at(scratch + OFFSETS, j), f32.load(at(offsets, j)));
    offset = max(offset, abs(f32.load(at(offsets, j))));
  }
  for (let chunk = begin; chunk < end; chunk++) {
    const sums = partials + <usize>(chunk * k) * row, counts = at(partials + <usize>(chunks * k) * row, chunk * k);
    memory.fill(sums, 0, k * row);
    memory.fill(counts, 0, <usize>k << 2);
    let total: f64 = 0, changed: u32 = 0;
    const stop = min((chunk + 1) * length, n);
    for (let first = chunk * length; first < stop; first += block) {
      const count = min(block, stop - first);
      let needed: u32 = 0;
      for (let r: u32 = 0; r < count; r++) {
        const i = first + r, previous = <u32>i32.load(at(labels, i)), all = fresh || previous >= k, old: u32 = all ? 0 : previous;
        const own = squaredDistance(d, x + i * row, centers + old * row);
        const slack = rounding * (reach * (long + sqrt(own)) + offset + own);
        let mask: u32 = everyone;
        if (!all) mask &= lessMoves(at(bounds, i * stride), k, sqrt(own + slack) * MORE);
        mask &= ~(1 << old);
        i32.store(at(scratch + NEEDED, r), mask);
        f32.store(at(scratch + OWN, r), own);
        needed += <u32>popcnt(mask);
      }
      const most = needed * 2 > count * (k - 1);
      if (most) scoreAll(x + first * row, shifted, count, d, k);
      for (let r: u32 = 0; r < count; r++) {
        const i = first + r, previous = <u32>i32.load(at(labels, i)), old: u32 = fresh || previous >= k ? 0 : previous;
        const point = x + i * row, own = f32.load(at(scratch + OWN, r)), found = at(bounds, i * stride);
        const slack = rounding * (reach * (long + sqrt(own)) + offset + own);
        let mask: u32 = most ? everyone & ~(1 << old) : <u32>i32.load(at(scratch + NEEDED, r)), label: u32 = old, distance = own;
        if (mask) {
          const scores = at(scratch + SCORES, r * CENTERS);
          if (!most) scoreSome(point, shifted, scores, mask | 1 << old, d);
          const before = f32.load(at(scores, old));
          let best = before;
          for (; mask; mask &= mask - 1) {
            const j = <u32>ctz(mask), score = f32.load(at(scores, j));
            f32.store(at(found, j), sqrt(max<f32>(own + 2 * (score - before) - slack, 0)) * LESS);
            if (score < best || score == best && j < label) best = score, label = j;
          }
          if (label != old) distance = squaredDistance(d, point, centers + label * row);
        }
        f32.store(at(found, old), sqrt(max<f32>(own - slack, 0)) * LESS);
        f32.store(at(found, k), distance);
        i32.store(at(labels, i), label);
        total += distance;
        changed += u32(label != previous);
        addRow(sums + label * row, point, d);
        f32.store(at(counts, label), f32.load(at(counts, label)) + 1);
      }
    }
    f32.store(at(status, 2 * chunk), <f32>total);
    f32.store(at(status, 2 * chunk), <f32>changed, 4);
  }
}
