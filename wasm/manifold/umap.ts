// UMAP's layout, an epoch at a time.
import { exp4, log4 } from "../base/math";
import { mix } from "../base/mix";
import { scratch } from "../base/scratch";
import { fma, horizontalSum } from "../base/simd";

/** Of an edge in an epoch, the same for both its ends: which part of a wide epoch moves them. */
// @ts-ignore: decorator
@inline
function pairOf(epoch: u32, i: u32, j: u32): u32 {
  return mix(epoch ^ mix(min(i, j) ^ mix(max(i, j))));
}

/** Which row of the t-th `parts` rows moves in this part of an epoch: each does once, and not always beside the same ones. */
// @ts-ignore: decorator
@inline
function rowOf(epoch: u32, part: u32, parts: u32, t: u32): u32 {
  return t * parts + (part + mix(epoch ^ mix(t)) % parts) % parts;
}

/** The row that was moved before, in the same place of the part before; every row of `moved` is then as `y` has it, but those of this part. */
// @ts-ignore: decorator
@inline
function rowBefore(epoch: u32, part: u32, parts: u32, t: u32): u32 {
  return part > 0 ? rowOf(epoch, part - 1, parts, t) : rowOf(epoch - 1, parts - 1, parts, t);
}

/**
 * What differences of four points are to be multiplied by, whose squared lengths are `square`: 2γb / ((0.001 + s)(1 + a s^b)), in the first lane where it
 * is the edge −2ab s^b / (s (1 + a s^b)); 0 of points in one place. a, b, −2ab and 2γb in four lanes each.
 */
// @ts-ignore: decorator
@inline
function strengths(square: v128, isEdge: bool, a4: v128, b4: v128, pull4: v128, push4: v128): v128 {
  const one = f32x4.splat(1), apart = f32x4.gt(square, f32x4.splat(0)), safe = v128.bitselect(square, one, apart);
  const power = exp4(f32x4.mul(b4, log4(safe))), below = f32x4.add(f32x4.mul(a4, power), one);
  let strength = f32x4.div(push4, f32x4.mul(f32x4.add(f32x4.splat(0.001), safe), below));
  if (isEdge) strength = v128.bitselect(f32x4.div(f32x4.mul(pull4, power), f32x4.mul(safe, below)), strength, i32x4(-1, 0, 0, 0));
  return v128.and(strength, apart);
}

/** A point of two dimensions, (x, y, 0, 0). */
// @ts-ignore: decorator
@inline
function pointAt(points: usize, i: u32): v128 {
  return v128.load64_zero(points + (<usize>i << 3));
}

/** `umap_epoch` in two dimensions, where points are held in registers. */
function epochInPlane(
  y: usize, others: usize, starts: usize, columns: usize, periods: usize, moved: usize,
  n: u32, m: u32, epoch: u32, part: u32, parts: u32, negative: u32, seed: u32, a: f32, b: f32, alpha: f32, gamma: f32, begin: u32, end: u32,
): void {
  const zero = f32x4.splat(0), low = f32x4.splat(-4), high = f32x4.splat(4);
  const a4 = f32x4.splat(a), b4 = f32x4.splat(b), pull4 = f32x4.splat(-2 * a * b), push4 = f32x4.splat(2 * gamma * b);
  const now = <f32>epoch, next = now + 1;
  for (let t = begin; t < end; t++) {
    const i = rowOf(epoch, part, parts, t), before = rowBefore(epoch, part, parts, t);
    if (before < n && before != i) v128.store64_lane(moved + (<usize>before << 3), pointAt(y, before), 0);
    if (i >= n) continue;
    let own = pointAt(y, i);
    const last = <u32>i32.load(starts + (<usize>i << 2), 4);
    for (let e = <u32>i32.load(starts + (<usize>i << 2)); e < last; e++) {
      const period = f32.load(periods + (<usize>e << 2));
      if (Mathf.floor(next / period) <= Mathf.floor(now / period)) continue;
      const to = pointAt(others, <u32>i32.load(columns + (<usize>e << 2)));
      const key = mix(seed ^ mix(epoch ^ mix(e)));
      for (let half: u32 = 0; half < 2; half++) {
        const draws: u32 = half == 0 ? 0 : negative;
        let s: u32 = 0, forces0 = zero, forces1 = zero;
        for (let done: u32 = 0; done == 0 || done < draws + 1; done += 4) {
          // lane t holds force done + t: 0 the edge, the others draws; what is left over stays where it is
          let p0 = own, p1 = own, p2 = own, p3 = own;
          if (done == 0) p0 = to;
          else if (done <= draws) p0 = pointAt(others, mix(key + s++) % m);
          if (done + 1 <= draws) p1 = pointAt(others, mix(key + s++) % m);
          if (done + 2 <= draws) p2 = pointAt(others, mix(key + s++) % m);
          if (done + 3 <= draws) p3 = pointAt(others, mix(key + s++) % m);
          const p01 = v128.shuffle<f32>(p0, p1, 0, 4, 1, 5), p23 = v128.shuffle<f32>(p2, p3, 0, 4, 1, 5);
          const d0 = f32x4.sub(v128.shuffle<f32>(own, own, 0, 0, 0, 0), v128.shuffle<f64>(p01, p23, 0, 2));
          const d1 = f32x4.sub(v128.shuffle<f32>(own, own, 1, 1, 1, 1), v128.shuffle<f64>(p01, p23, 1, 3));
          const square = f32x4.add(f32x4.mul(d0, d0), f32x4.mul(d1, d1));
          const coefficient = strengths(square, done == 0, a4, b4, pull4, push4);
          forces0 = f32x4.add(forces0, f32x4.pmin(f32x4.pmax(f32x4.mul(coefficient, d0), low), high));
          forces1 = f32x4.add(forces1, f32x4.pmin(f32x4.pmax(f32x4.mul(coefficient, d1), low), high));
        }
        own = f32x4.replace_lane(own, 0, f32x4.extract_lane(own, 0) + alpha * horizontalSum(forces0));
        own = f32x4.replace_lane(own, 1, f32x4.extract_lane(own, 1) + alpha * horizontalSum(forces1));
      }
    }
    v128.store64_lane(moved + (<usize>i << 3), own, 0);
  }
}

/** Moves of the points [begin, end); see kernels/manifold/umap_epoch.wgsl. Four forces at a time, the edge's pull in the first lane. */
export function umap_epoch(
  y: usize, others: usize, starts: usize, columns: usize, periods: usize, moved: usize,
  n: u32, m: u32, dim: u32, epoch: u32, part: u32, parts: u32, negative: u32, seed: u32, a: f32, b: f32, alpha: f32, gamma: f32, begin: u32, end: u32,
): void {
  if (dim == 2)
    return epochInPlane(y, others, starts, columns, periods, moved, n, m, epoch, part, parts, negative, seed, a, b, alpha, gamma, begin, end);
  const row = <usize>dim << 2, differences = scratch, own = scratch + 64;
  const zero = f32x4.splat(0), low = f32x4.splat(-4), high = f32x4.splat(4);
  const a4 = f32x4.splat(a), b4 = f32x4.splat(b), pull4 = f32x4.splat(-2 * a * b), push4 = f32x4.splat(2 * gamma * b);
  const now = <f32>epoch, next = now + 1;
  for (let t = begin; t < end; t++) {
    const i = rowOf(epoch, part, parts, t), before = rowBefore(epoch, part, parts, t);
    if (before < n && before != i) memory.copy(moved + before * row, y + before * row, row);
    if (i >= n) continue;
    memory.copy(own, y + i * row, row);
    const last = <u32>i32.load(starts + (<usize>i << 2), 4);
    for (let e = <u32>i32.load(starts + (<usize>i << 2)); e < last; e++) {
      const period = f32.load(periods + (<usize>e << 2));
      if (Mathf.floor(next / period) <= Mathf.floor(now / period)) continue;
      const to = others + <usize><u32>i32.load(columns + (<usize>e << 2)) * row;
      const key = mix(seed ^ mix(epoch ^ mix(e)));
      for (let half: u32 = 0; half < 2; half++) {
        const draws: u32 = half == 0 ? 0 : negative;
        let s: u32 = 0, forces0 = zero, forces1 = zero, forces2 = zero, forces3 = zero;
        for (let done: u32 = 0; done == 0 || done < draws + 1; done += 4) {
          // each lane holds a force: 0 the edge, the others draws
          for (let lane: u32 = 0; lane < 4; lane++) {
            const force = done + lane, at = differences + (lane << 2);
            let from = own;
            if (force == 0) from = to;
            else if (force <= draws) from = others + <usize>(mix(key + s++) % m) * row;
            for (let c: u32 = 0; c < dim; c++) f32.store(at + (<usize>c << 4), f32.load(own + (<usize>c << 2)) - f32.load(from + (<usize>c << 2)));
          }
          const d0 = v128.load(differences), d1 = dim > 1 ? v128.load(differences, 16) : zero;
          const d2 = dim > 2 ? v128.load(differences, 32) : zero, d3 = dim > 3 ? v128.load(differences, 48) : zero;
          const square = f32x4.add(f32x4.add(f32x4.mul(d0, d0), f32x4.mul(d1, d1)), f32x4.add(f32x4.mul(d2, d2), f32x4.mul(d3, d3)));
          const coefficient = strengths(square, done == 0, a4, b4, pull4, push4);
          forces0 = f32x4.add(forces0, f32x4.pmin(f32x4.pmax(f32x4.mul(coefficient, d0), low), high));
          if (dim > 1) forces1 = f32x4.add(forces1, f32x4.pmin(f32x4.pmax(f32x4.mul(coefficient, d1), low), high));
          if (dim > 2) forces2 = f32x4.add(forces2, f32x4.pmin(f32x4.pmax(f32x4.mul(coefficient, d2), low), high));
          if (dim > 3) forces3 = f32x4.add(forces3, f32x4.pmin(f32x4.pmax(f32x4.mul(coefficient, d3), low), high));
        }
        f32.store(own, f32.load(own) + alpha * horizontalSum(forces0));
        if (dim > 1) f32.store(own, f32.load(own, 4) + alpha * horizontalSum(forces1), 4);
        if (dim > 2) f32.store(own, f32.load(own, 8) + alpha * horizontalSum(forces2), 8);
        if (dim > 3) f32.store(own, f32.load(own, 12) + alpha * horizontalSum(forces3), 12);
      }
    }
    memory.copy(moved + i * row, own, row);
  }
}

/**
 * Moves of the points [begin, end) in any number of dimensions, rows filled up to whole quads; see kernels/manifold/umap_epoch_wide.wgsl. Four forces at a
 * time get their strengths, the edge's pull in the first lane; coordinates four at a time.
 */
export function umap_epoch_wide(
  y: usize, others: usize, starts: usize, columns: usize, periods: usize, moved: usize, work: usize,
  n: u32, m: u32, quads: u32, epoch: u32, part: u32, parts: u32, negative: u32, seed: u32, both: u32, a: f32, b: f32, alpha: f32, gamma: f32, begin: u32, end: u32,
): void {
  const row = <usize>quads << 4, squares = scratch, by4 = scratch + 16, sources = scratch + 32;
  const zero = f32x4.splat(0), low = f32x4.splat(-4), high = f32x4.splat(4);
  const a4 = f32x4.splat(a), b4 = f32x4.splat(b), pull4 = f32x4.splat(-2 * a * b), push4 = f32x4.splat(2 * gamma * b);
  const alpha4 = f32x4.splat(alpha);
  const now = <f32>epoch, next = now + 1;
  for (let i = begin; i < end; i++) {
    const own = moved + i * row, force = work + 2 * i * row, to = force + row;
    memory.copy(own, y + i * row, row);
    memory.fill(force, 0, 2 * row);
    const last = <u32>i32.load(starts + (<usize>i << 2), 4);
    for (let e = <u32>i32.load(starts + (<usize>i << 2)); e < last; e++) {
      const period = f32.load(periods + (<usize>e << 2));
      if (Mathf.floor(next / period) <= Mathf.floor(now / period)) continue;
      if (parts > 1 && pairOf(epoch, i, <u32>i32.load(columns + (<usize>e << 2))) % parts != part) continue;
      memory.copy(to, others + <usize><u32>i32.load(columns + (<usize>e << 2)) * row, row);
      const key = mix(seed ^ mix(epoch ^ mix(e)));
      for (let half: u32 = 0; half < 2; half++) {
        const all = ((negative + 1 - half) >> 1) + 1;
        let s = half;
        memory.fill(force, 0, row);
        for (let done: u32 = 0; done < all; done += 4) {
          const count = min<u32>(4, all - done);
          v128.store(squares, zero);
          for (let t: u32 = 0; t < count; t++) {
            let from = to;
            if (done + t > 0) {
              from = others + <usize>(mix(key + s) % m) * row;
              s += 2;
            }
            store<usize>(sources + (<usize>t << 2), from);
            let sum = zero;
            for (let c: usize = 0; c < row; c += 16) {
              const away = f32x4.sub(v128.load(own + c), v128.load(from + c));
              sum = fma(away, away, sum);
            }
            f32.store(squares + (<usize>t << 2), horizontalSum(sum));
          }
          v128.store(by4, strengths(v128.load(squares), done == 0, a4, b4, pull4, push4));
          for (let t: u32 = 0; t < count; t++) {
            const from = load<usize>(sources + (<usize>t << 2)), by = v128.load32_splat(by4 + (<usize>t << 2));
            for (let c: usize = 0; c < row; c += 16) {
              const push = f32x4.mul(by, f32x4.sub(v128.load(own + c), v128.load(from + c)));
              v128.store(force + c, f32x4.add(v128.load(force + c), f32x4.pmin(f32x4.pmax(push, low), high)));
            }
            if (done + t > 0 || both == 0) continue;
            for (let c: usize = 0; c < row; c += 16) v128.store(to + c, f32x4.sub(v128.load(to + c), f32x4.mul(alpha4, v128.load(force + c))));
          }
        }
        for (let c: usize = 0; c < row; c += 16) v128.store(own + c, f32x4.add(v128.load(own + c), f32x4.mul(alpha4, v128.load(force + c))));
      }
    }
  }
}
