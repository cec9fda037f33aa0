// Sums over all pairs of items of a set, for chunks of items j packed once: tiles of 4 × 8 inner products on the micro-kernel,
// the loss of each, and for the gradient their product with the items again. No buffer grows with n².
import { CONTRASTIVE, CROSS_ENTROPY } from "../../kernels/losses/pairwise_loss.wgsl";
import { copyTile, MR, multiplyPanels, NR, packA, packB, transpose4, WORK_END } from "../base/gemm";
import { microkernel } from "../base/microkernel";
import { log4 } from "../base/math";
import { scratch } from "../base/scratch";
import { horizontalSum } from "../base/simd";

/** Items of a chunk at most. */
const CHUNK: u32 = 256;
const TILE_BYTES: usize = 256;
/** The work area behind that of the packed product. */
const WORK_BYTES: usize = (<usize>4 << 20) - WORK_END - TILE_BYTES;

/** Items of a chunk, a multiple of 8, so that a panel of a, and labels, slopes and both packings of b fit in the work area. */
function chunkOf(d: u32): u32 {
  const fits = <u32>((WORK_BYTES - (<usize>d << 4)) / (<usize>8 * (d + NR) + 20));
  return max(NR, min(CHUNK, fits & ~7));
}

// @ts-ignore: decorator
@inline
function clipped(s: v128, alike: v128, limit: f32): v128 {
  const p = v128.bitselect(s, f32x4.sub(f32x4.splat(1), s), alike);
  return f32x4.pmin(f32x4.pmax(p, f32x4.splat(limit)), f32x4.splat(1 - limit));
}

// @ts-ignore: decorator
@inline
function loss4(op: u32, s: v128, alike: v128, same: f32, different: f32, limit: f32): v128 {
  const factor = v128.bitselect(f32x4.splat(same), f32x4.splat(different), alike);
  if (op == CROSS_ENTROPY) return f32x4.neg(f32x4.mul(factor, log4(clipped(s, alike, limit))));
  if (op == CONTRASTIVE) {
    const apart = f32x4.pmax(f32x4.sub(f32x4.splat(limit), s), f32x4.splat(0));
    return f32x4.mul(factor, v128.bitselect(s, apart, alike));
  }
  return f32x4.mul(factor, v128.bitselect(f32x4.sub(f32x4.splat(1), s), s, alike));
}

// @ts-ignore: decorator
@inline
function slope4(op: u32, s: v128, alike: v128, same: f32, different: f32, limit: f32): v128 {
  if (op == CONTRASTIVE) {
    const apart = v128.and(f32x4.splat(-different), f32x4.lt(s, f32x4.splat(limit)));
    return v128.bitselect(f32x4.splat(same), apart, alike);
  }
  const factor = v128.bitselect(f32x4.splat(-same), f32x4.splat(different), alike);
  return op == CROSS_ENTROPY ? f32x4.div(factor, clipped(s, alike, limit)) : factor;
}

/** Lanes j to j + 3 that count for item i: within the set, and not i itself. */
// @ts-ignore: decorator
@inline
function counted(i: u32, j: u32, n: u32): v128 {
  const items = i32x4.add(i32x4.splat(j), i32x4(0, 1, 2, 3));
  return v128.andnot(i32x4.lt_u(items, i32x4.splat(n)), i32x4.eq(items, i32x4.splat(i)));
}

/** rows[z·n + i] = scale · Σ_{j ≠ i} loss(a[z,i] · b[z,j]); [begin, end) counts rows. */
export function pairwise_loss(
  a: usize, b: usize, labels: usize, rows: usize,
  n: u32, d: u32, batch: u32, op: u32, same: f32, different: f32, limit: f32, scale: f32, begin: u32, end: u32,
): void {
  const tile = scratch + WORK_END, zeros = tile + 128, panel = tile + TILE_BYTES;
  const names = panel + (<usize>d << 4), packed = names + (CHUNK << 2);
  const chunk = chunkOf(d), item = <usize>d << 2;
  v128.store(zeros, f32x4.splat(0));
  v128.store(zeros, f32x4.splat(0), 16);
  for (let row = begin; row < end;) {
    const set = row / n * n, last = min(set + n, end);
    for (let origin: u32 = 0; origin < n; origin += chunk) {
      const columns = min(chunk, n - origin);
      packB(b + (set + origin) * item, 4, item, d, columns, packed);
      copyTile(labels + (<usize>(set + origin) << 2), 0, names, 0, 1, columns);
      for (let first = row; first < last; first += MR) {
        const valid = min(MR, last - first);
        packA(a + first * item, item, 4, valid, d, panel);
        let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
        for (let j: u32 = 0; j < columns; j += NR) {
          microkernel(d, panel, packed + j * item, NR << 2, tile, NR << 2, zeros, 0, -Infinity);
          for (let half: u32 = 0; half < NR; half += 4) {
            const them = v128.load(names + (<usize>(j + half) << 2)), at = tile + (<usize>half << 2);
            const other = origin + j + half, i = first - set;
            s0 = f32x4.add(s0, term(op, at, labels, first, them, i, other, n, same, different, limit));
            if (valid > 1) s1 = f32x4.add(s1, term(op, at + 32, labels, first + 1, them, i + 1, other, n, same, different, limit));
            if (valid > 2) s2 = f32x4.add(s2, term(op, at + 64, labels, first + 2, them, i + 2, other, n, same, different, limit));
            if (valid > 3) s3 = f32x4.add(s3, term(op, at + 96, labels, first + 3, them, i + 3, other, n, same, different, limit));
          }
        }
        const out = rows + (<usize>first << 2), more = origin > 0;
        put(out, s0, scale, more);
        if (valid > 1) put(out + 4, s1, scale, more);
        if (valid > 2) put(out + 8, s2, scale, more);
        if (valid > 3) put(out + 12, s3, scale, more);
      }
    }
    row = last;
  }
}

/** The losses of four pairs, 0 for those that do not count. */
// @ts-ignore: decorator
@inline
function term(
  op: u32, at: usize, labels: usize, row: u32, them: v128, i: u32, j: u32, n: u32, same: f32, different: f32, limit: f32,
): v128 {
  const alike = i32x4.eq(v128.load32_splat(labels + (<usize>row << 2)), them);
  return v128.and(loss4(op, v128.load(at), alike, same, different, limit), counted(i, j, n));
}

// @ts-ignore: decorator
@inline
function put(out: usize, sum: v128, scale: f32, more: bool): void {
  const value = horizontalSum(sum) * scale;
  f32.store(out, more ? f32.load(out) + value : value);
}

/** da[z,i] = dy[0] · scale · Σ_{j ≠ i} loss'(a[z,i] · b[z,j]) b[z,j]; [begin, end) counts rows. */
export function pairwise_loss_backward(
  a: usize, b: usize, labels: usize, dy: usize, da: usize,
  n: u32, d: u32, batch: u32, op: u32, same: f32, different: f32, limit: f32, scale: f32, begin: u32, end: u32,
): void {
  const tile = scratch + WORK_END, zeros = tile + 128, panel = tile + TILE_BYTES;
  const chunk = chunkOf(d), item = <usize>d << 2;
  const names = panel + (<usize>d << 4), slopes = names + (<usize>chunk << 2);
  const packed = slopes + (<usize>chunk << 4), again = packed + chunk * item;
  const factor = f32x4.splat(f32.load(dy) * scale);
  v128.store(zeros, f32x4.splat(0));
  v128.store(zeros, f32x4.splat(0), 16);
  for (let row = begin; row < end;) {
    const set = row / n * n, last = min(set + n, end);
    for (let origin: u32 = 0; origin < n; origin += chunk) {
      const columns = min(chunk, n - origin);
      const items = b + (set + origin) * item;
      packB(items, 4, item, d, columns, packed);
      packB(items, item, 4, columns, d, again);
      copyTile(labels + (<usize>(set + origin) << 2), 0, names, 0, 1, columns);
      for (let first = row; first < last; first += MR) {
        const valid = min(MR, last - first);
        packA(a + first * item, item, 4, valid, d, panel);
        for (let j: u32 = 0; j < columns; j += NR) {
          microkernel(d, panel, packed + j * item, NR << 2, tile, NR << 2, zeros, 0, -Infinity);
          for (let half: u32 = 0; half < NR; half += 4) {
            const them = v128.load(names + (<usize>(j + half) << 2));
            for (let r: u32 = 0; r < valid; r++) {
              const at = tile + (<usize>(r * NR + half) << 2);
              const alike = i32x4.eq(v128.load32_splat(labels + (<usize>(first + r) << 2)), them);
              const g = f32x4.mul(factor, slope4(op, v128.load(at), alike, same, different, limit));
              v128.store(at, v128.and(g, counted(first + r - set, origin + j + half, n)));
            }
            transpose4(tile + (<usize>half << 2), NR << 2, slopes + (<usize>(j + half) << 4), 16);
          }
        }
        const out = da + first * item;
        multiplyPanels(valid, d, columns, slopes, again, NR << 2, <usize>columns << 5, out, item, origin > 0, 0, 0, 0);
      }
    }
    row = last;
  }
}
