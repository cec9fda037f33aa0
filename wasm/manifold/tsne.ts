// t-SNE: attraction along given probabilities, repulsion between all pairs, steps with momentum and gains.
import { ATTRACTION, DIVERGENCE, REPULSION } from "../../kernels/manifold/tsne_forces.wgsl";
import { log4, logf } from "../base/math";
import { scratch } from "../base/scratch";
import { fma, horizontalSum } from "../base/simd";

/** Points that are laid out by coordinate at a time. */
const BLOCK: u32 = 16384;

/** Coordinates of points first … first + count by axis, [dim][BLOCK]; past the last, so far that nothing comes of it. */
function layOut(y: usize, dim: u32, first: u32, count: u32): void {
  const padded = count + 3 & ~3;
  for (let c: u32 = 0; c < dim; c++) {
    const to = scratch + (<usize>c * BLOCK << 2);
    for (let j: u32 = 0; j < padded; j++)
      f32.store(to + (<usize>j << 2), j < count ? f32.load(y + (<usize>((first + j) * dim + c) << 2)) : 1e18);
  }
}

/** Adds to a row's forces and sums what the points of a block do; `dim` is a constant to the compiler, and so is `mode`. */
// @ts-ignore: decorator
@inline
function addBlock(own: usize, dim: u32, count: u32, p: usize, mode: u32, forces: usize, sums: usize): void {
  const u0 = v128.load32_splat(own), u1 = dim > 1 ? v128.load32_splat(own, 4) : u0, u2 = dim > 2 ? v128.load32_splat(own, 8) : u0;
  const one = f32x4.splat(1);
  let total = f32x4.splat(0), divergence = total;
  let r0 = total, r1 = total, r2 = total, a0 = total, a1 = total, a2 = total;
  const end = scratch + (<usize>count << 2);
  for (let at = scratch; at < end; at += 16) {
    const d0 = f32x4.sub(u0, v128.load(at));
    let square = fma(d0, d0, one);
    let d1 = d0, d2 = d0;
    if (dim > 1) {
      d1 = f32x4.sub(u1, v128.load(at + (<usize>BLOCK << 2)));
      square = fma(d1, d1, square);
    }
    if (dim > 2) {
      d2 = f32x4.sub(u2, v128.load(at + (<usize>BLOCK << 3)));
      square = fma(d2, d2, square);
    }
    const w = f32x4.div(one, square);
    const push = f32x4.mul(w, w);
    total = f32x4.add(total, w);
    r0 = fma(push, d0, r0);
    if (dim > 1) r1 = fma(push, d1, r1);
    if (dim > 2) r2 = fma(push, d2, r2);
    if (mode > REPULSION) {
      let probability: v128;
      const left = end - at;
      if (left >= 16) probability = v128.load(p);
      else {
        probability = f32x4.splat(0);
        probability = f32x4.replace_lane(probability, 0, f32.load(p));
        if (left > 4) probability = f32x4.replace_lane(probability, 1, f32.load(p, 4));
        if (left > 8) probability = f32x4.replace_lane(probability, 2, f32.load(p, 8));
      }
      p += 16;
      const pull = f32x4.mul(probability, w);
      a0 = fma(pull, d0, a0);
      if (dim > 1) a1 = fma(pull, d1, a1);
      if (dim > 2) a2 = fma(pull, d2, a2);
      if (mode > ATTRACTION) {
        const positive = f32x4.gt(probability, f32x4.splat(0));
        const term = f32x4.mul(probability, f32x4.add(log4(v128.bitselect(probability, one, positive)), log4(square)));
        divergence = f32x4.add(divergence, v128.and(term, positive));
      }
    }
  }
  const apart = <usize>dim << 2;
  add(forces, horizontalSum(a0));
  add(forces + apart, horizontalSum(r0));
  if (dim > 1) {
    add(forces + 4, horizontalSum(a1));
    add(forces + apart + 4, horizontalSum(r1));
  }
  if (dim > 2) {
    add(forces + 8, horizontalSum(a2));
    add(forces + apart + 8, horizontalSum(r2));
  }
  add(sums, horizontalSum(total));
  add(sums + 4, horizontalSum(divergence));
}

// @ts-ignore: decorator
@inline
function add(at: usize, value: f32): void {
  f32.store(at, f32.load(at) + value);
}

function addBlock1(own: usize, count: u32, p: usize, mode: u32, forces: usize, sums: usize): void {
  if (mode == REPULSION) addBlock(own, 1, count, p, REPULSION, forces, sums);
  else if (mode == ATTRACTION) addBlock(own, 1, count, p, ATTRACTION, forces, sums);
  else addBlock(own, 1, count, p, DIVERGENCE, forces, sums);
}

function addBlock2(own: usize, count: u32, p: usize, mode: u32, forces: usize, sums: usize): void {
  if (mode == REPULSION) addBlock(own, 2, count, p, REPULSION, forces, sums);
  else if (mode == ATTRACTION) addBlock(own, 2, count, p, ATTRACTION, forces, sums);
  else addBlock(own, 2, count, p, DIVERGENCE, forces, sums);
}

function addBlock3(own: usize, count: u32, p: usize, mode: u32, forces: usize, sums: usize): void {
  if (mode == REPULSION) addBlock(own, 3, count, p, REPULSION, forces, sums);
  else if (mode == ATTRACTION) addBlock(own, 3, count, p, ATTRACTION, forces, sums);
  else addBlock(own, 3, count, p, DIVERGENCE, forces, sums);
}

/** Attraction and repulsion of every point, and the sums; see kernels/manifold/tsne_forces.wgsl. */
export function tsne_forces(
  y: usize, p: usize, forces: usize, sums: usize, n: u32, dim: u32, mode: u32, begin: u32, end: u32,
): void {
  const row = <usize>dim << 2;
  memory.fill(forces + 2 * begin * row, 0, 2 * <usize>(end - begin) * row);
  memory.fill(sums + (<usize>begin << 3), 0, <usize>(end - begin) << 3);
  for (let first: u32 = 0; first < n; first += BLOCK) {
    const count = min<u32>(BLOCK, n - first);
    layOut(y, dim, first, count);
    for (let i = begin; i < end; i++) {
      const own = y + i * row, to = forces + 2 * i * row, sum = sums + (<usize>i << 3);
      const probabilities = mode != REPULSION ? p + (<usize>i * n + first << 2) : 0;
      if (dim == 1) addBlock1(own, count, probabilities, mode, to, sum);
      else if (dim == 2) addBlock2(own, count, probabilities, mode, to, sum);
      else addBlock3(own, count, probabilities, mode, to, sum);
    }
  }
  for (let i = begin; i < end; i++) add(sums + (<usize>i << 3), -1); // itself
}

/** Where the point lies that the e-th column names. */
// @ts-ignore: decorator
@inline
function place(y: usize, columns: usize, e: u32): usize {
  return y + (<usize><u32>i32.load(columns + (<usize>e << 2)) << 3);
}

/** Attraction of a point in the plane along `count` stored probabilities, four at a time. */
function attractInPlane(own: usize, y: usize, columns: usize, values: usize, count: u32, to: usize): void {
  const x0 = v128.load32_splat(own), y0 = v128.load32_splat(own, 4), one = f32x4.splat(1);
  let fx = f32x4.splat(0), fy = fx;
  let e: u32 = 0;
  for (; e + 4 <= count; e += 4) {
    const p = v128.load64_lane(place(y, columns, e + 1), v128.load64_zero(place(y, columns, e)), 1);
    const q = v128.load64_lane(place(y, columns, e + 3), v128.load64_zero(place(y, columns, e + 2)), 1);
    const dx = f32x4.sub(x0, v128.shuffle<f32>(p, q, 0, 2, 4, 6)), dy = f32x4.sub(y0, v128.shuffle<f32>(p, q, 1, 3, 5, 7));
    const pull = f32x4.div(v128.load(values + (<usize>e << 2)), fma(dx, dx, fma(dy, dy, one)));
    fx = fma(pull, dx, fx);
    fy = fma(pull, dy, fy);
  }
  let sumX = horizontalSum(fx), sumY = horizontalSum(fy);
  for (; e < count; e++) {
    const other = place(y, columns, e);
    const dx = f32.load(own) - f32.load(other), dy = f32.load(own, 4) - f32.load(other, 4);
    const pull = f32.load(values + (<usize>e << 2)) / (dx * dx + dy * dy + 1);
    sumX += pull * dx;
    sumY += pull * dy;
  }
  f32.store(to, sumX);
  f32.store(to, sumY, 4);
}

/** Attraction along stored probabilities; see kernels/manifold/tsne_attraction.wgsl. */
export function tsne_attraction(
  y: usize, starts: usize, columns: usize, values: usize, forces: usize, sums: usize, n: u32, dim: u32, mode: u32, begin: u32, end: u32,
): void {
  const row = <usize>dim << 2;
  for (let i = begin; i < end; i++) {
    const own = y + i * row, to = forces + i * row;
    const first = <u32>i32.load(starts + (<usize>i << 2)), last = <u32>i32.load(starts + (<usize>i << 2), 4);
    if (dim == 2 && mode == ATTRACTION) {
      attractInPlane(own, y, columns + (<usize>first << 2), values + (<usize>first << 2), last - first, to);
      f32.store(sums + (<usize>i << 2), 0);
      continue;
    }
    let divergence: f32 = 0, f0: f32 = 0, f1: f32 = 0, f2: f32 = 0;
    for (let e = first; e < last; e++) {
      const other = y + <usize><u32>i32.load(columns + (<usize>e << 2)) * row, probability = f32.load(values + (<usize>e << 2));
      const d0 = f32.load(own) - f32.load(other);
      const d1: f32 = dim > 1 ? f32.load(own, 4) - f32.load(other, 4) : 0;
      const d2: f32 = dim > 2 ? f32.load(own, 8) - f32.load(other, 8) : 0;
      const square = d0 * d0 + d1 * d1 + d2 * d2 + <f32>1, pull = probability / square;
      f0 += pull * d0;
      f1 += pull * d1;
      f2 += pull * d2;
      if (mode == DIVERGENCE && probability > 0) divergence += probability * (logf(probability) + logf(square));
    }
    f32.store(to, f0);
    if (dim > 1) f32.store(to, f1, 4);
    if (dim > 2) f32.store(to, f2, 8);
    f32.store(sums + (<usize>i << 2), divergence);
  }
}

/** A step of every point; see kernels/manifold/tsne_update.wgsl. */
export function tsne_update(
  y: usize, attraction: usize, repulsion: usize, z: usize, moved: usize, steps: usize, gains: usize,
  n: u32, dim: u32, stride: u32, apart: u32, shift: u32, exaggeration: f32, momentum: f32, rate: f32, least: f32, begin: u32, end: u32,
): void {
  const total = f32.load(z);
  for (let i = begin; i < end; i++)
    for (let c: u32 = 0; c < dim; c++) {
      const at = <usize>(i * dim + c) << 2;
      const pull = exaggeration * f32.load(attraction + (<usize>(i * stride + c) << 2));
      const g = <f32>4 * (pull - f32.load(repulsion + (<usize>(i * apart + shift + c) << 2)) / total);
      const before = f32.load(steps + at), had = f32.load(gains + at);
      const gain = max<f32>(before * g < 0 ? had + <f32>0.2 : <f32>0.8 * had, least);
      const step = momentum * before - rate * gain * g;
      f32.store(gains + at, gain);
      f32.store(steps + at, step);
      f32.store(moved + at, f32.load(y + at) + step);
    }
}
