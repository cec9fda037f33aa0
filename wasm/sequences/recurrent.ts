// LSTM over whole sequences: [begin, end) counts sequences, those of a direction rounded up to a multiple of four. U is packed
// once for all steps of a call; the recurrent product of a step runs for up to GROUP sequences at a time.
import { gemm, MR, multiplyPanels, NR, packA, packB, WORK_END } from "../base/gemm";
import { sigmoid4, tanh4 } from "../base/math";
import { scratch } from "../base/scratch";
import { fma } from "../base/simd";

const GROUP: u32 = 64;
/** With more units than this, four sequences at a time: 64 rows of 4h no longer fit in the work area. */
const MANY_UNITS: u32 = 2048;
const WORK_BYTES: usize = (<usize>4 << 20) - WORK_END;

// @ts-ignore: decorator
@inline
function roundUp(x: u32, step: u32): u32 {
  return (x + step - 1) / step * step;
}

/** Whether U, as `rows` × `columns`, fits packed in the work area beside `floats` of every sequence of a group. */
function packs(rows: u32, columns: u32, floats: u32): bool {
  return (<usize>rows * roundUp(columns, NR) + <usize>GROUP * floats << 2) <= WORK_BYTES;
}

/** Four floats, or in tails one in every lane. */
// @ts-ignore: decorator
@inline
function load(at: usize, whole: bool): v128 {
  return whole ? v128.load(at) : v128.load32_splat(at);
}

// @ts-ignore: decorator
@inline
function store(at: usize, x: v128, whole: bool): void {
  if (whole) v128.store(at, x);
  else f32.store(at, f32x4.extract_lane(x, 0));
}

// @ts-ignore: decorator
@inline
function gate(x: v128, hard: u32): v128 {
  if (!hard) return sigmoid4(x);
  const line = f32x4.add(f32x4.mul(x, f32x4.splat(0.2)), f32x4.splat(0.5));
  return f32x4.pmin(f32x4.pmax(line, f32x4.splat(0)), f32x4.splat(1));
}

/** Derivative of `gate`, from its value. */
// @ts-ignore: decorator
@inline
function gateSlope(x: v128, hard: u32): v128 {
  const one = f32x4.splat(1);
  if (!hard) return f32x4.mul(x, f32x4.sub(one, x));
  return v128.and(f32x4.splat(0.2), v128.and(f32x4.gt(x, f32x4.splat(0)), f32x4.lt(x, one)));
}

/** z = f(z + product) in place over some bytes of a gate; a loop of its own for each f, since engines load ahead and spill. */
// @ts-ignore: decorator
@inline
function squash(z: usize, product: usize, bytes: usize, tangent: bool, hard: u32): void {
  const whole = z + (bytes & ~15), end = z + bytes;
  for (; z < whole; z += 16, product += 16) {
    const sum = f32x4.add(v128.load(z), v128.load(product));
    v128.store(z, tangent ? tanh4(sum) : gate(sum, hard));
  }
  for (; z < end; z += 4, product += 4) {
    const sum = f32x4.add(v128.load32_splat(z), v128.load32_splat(product));
    store(z, tangent ? tanh4(sum) : gate(sum, hard), false);
  }
}

/** y += x₀ m₀ + … + x₇ m₇, eight rows of m. */
// @ts-ignore: decorator
@inline
function addRows(x: usize, m: usize, row: usize, y: usize): void {
  const x0 = v128.load32_splat(x), x1 = v128.load32_splat(x, 4), x2 = v128.load32_splat(x, 8), x3 = v128.load32_splat(x, 12);
  const x4 = v128.load32_splat(x, 16), x5 = v128.load32_splat(x, 20), x6 = v128.load32_splat(x, 24), x7 = v128.load32_splat(x, 28);
  for (let lower = m + 4 * row, end = y + row; y < end; y += 16, m += 16, lower += 16) {
    let sum = fma(x0, v128.load(m), v128.load(y)), other = f32x4.mul(x4, v128.load(lower));
    sum = fma(x1, v128.load(m + row), sum);
    other = fma(x5, v128.load(lower + row), other);
    sum = fma(x2, v128.load(m + 2 * row), sum);
    other = fma(x6, v128.load(lower + 2 * row), other);
    sum = fma(x3, v128.load(m + 3 * row), sum);
    other = fma(x7, v128.load(lower + 3 * row), other);
    v128.store(y, f32x4.add(sum, other));
  }
}

/** y = bias + x m for one row x; m [depth, columns] is read once, in order. A tile of four rows, three of them zeros, would cost twice as much. */
function multiplyRow(x: usize, m: usize, depth: u32, columns: u32, bias: usize, y: usize): void {
  const row = <usize>columns << 2;
  memory.copy(y, bias, row);
  let k: u32 = 0;
  for (; k + 8 <= depth; k += 8) addRows(x + (k << 2), m + k * row, row, y);
  for (; k < depth; k++) {
    const factor = v128.load32_splat(x + (k << 2));
    for (let at: usize = 0; at < row; at += 16) v128.store(y + at, fma(factor, v128.load(m + k * row + at), v128.load(y + at)));
  }
}

/** Cell and output of one unit, or of four; `block` is the bytes between the gates of a sequence. */
// @ts-ignore: decorator
@inline
function output(z: usize, before: usize, c: usize, y: usize, block: usize, whole: bool): void {
  const cell = fma(load(z + block, whole), load(before, whole), f32x4.mul(load(z, whole), load(z + 2 * block, whole)));
  store(c, cell, whole);
  store(y, f32x4.mul(load(z + 3 * block, whole), tanh4(cell)), whole);
}

/**
 * z[d,n,t,4h] += h' U + bias, then in place gates i, f, g, o; c[d,n,t,h] = f c' + i g; y[n,t,d·h] = o tanh c; u [d,h,4h];
 * start [2,d,n,h] holds h and c before the first step. Direction 1 walks from the last step to the first.
 */
export function lstm(
  bias: usize, u: usize, start: usize, z: usize, c: usize, y: usize,
  n: u32, t: u32, h: u32, directions: u32, hard: u32, begin: u32, end: u32,
): void {
  const columns = 4 * h, width = <usize>h << 2, gates = width << 2;
  const padded = roundUp(n, MR), limit = h > MANY_UNITS ? MR : GROUP;
  const packed = packs(h, columns, 5 * h);
  const area = scratch + WORK_END;
  const panels = area, product = packed ? panels + (<usize>h * roundUp(columns, NR) << 2) : area;
  const rowsOfA = product + limit * gates;
  const yRow = directions * width;
  let inPanels = -1;
  for (let row = begin; row < end;) {
    const direction = row / padded, first = row % padded;
    const group = min(limit, min(padded - first, end - row));
    row += group;
    if (first >= n) continue;
    const valid = min(n - first, group);
    const matrix = u + direction * h * gates, own = bias + direction * gates;
    if (packed && valid > 1 && inPanels != <i32>direction) {
      packB(matrix, gates, 4, h, columns, panels);
      inPanels = direction;
    }
    const sequence = <usize>direction * n + first; // of the direction's
    for (let step: u32 = 0; step < t; step++) {
      const now = direction ? t - 1 - step : step, before = direction ? now + 1 : now - 1;
      const hidden = step ? y + ((<usize>first * t + before) * directions + direction) * width : start + sequence * width;
      const hiddenRow = step ? t * yRow : width;
      if (valid == 1) multiplyRow(hidden, matrix, h, columns, own, product);
      else if (packed) {
        packA(hidden, hiddenRow, 4, valid, h, rowsOfA);
        multiplyPanels(roundUp(valid, MR), columns, h, rowsOfA, panels, NR << 2, width << 3, product, gates, false, own, 0, 0);
      } else gemm(valid, columns, h, hidden, hiddenRow, 4, matrix, gates, 4, product, gates, own, 0, 0);
      for (let i: u32 = 0; i < valid; i++) {
        const cells = (sequence + i) * t, p = product + i * gates;
        let zAt = z + (cells + now) * gates, cAt = c + (cells + now) * width;
        squash(zAt, p, 2 * width, false, hard);
        squash(zAt + 2 * width, p + 2 * width, width, true, hard);
        squash(zAt + 3 * width, p + 3 * width, width, false, hard);
        let yAt = y + ((<usize>(first + i) * t + now) * directions + direction) * width;
        let cBefore = step ? c + (cells + before) * width : start + (<usize>directions * n + sequence + i) * width;
        const whole = zAt + (width & ~15), last = zAt + width;
        for (; zAt < whole; zAt += 16, cBefore += 16, cAt += 16, yAt += 16) output(zAt, cBefore, cAt, yAt, width, true);
        for (; zAt < last; zAt += 4, cBefore += 4, cAt += 4, yAt += 4) output(zAt, cBefore, cAt, yAt, width, false);
      }
    }
  }
}

/** Gradient of the gates and of the cell before, of one unit or of four; dz holds tanh c in the place of o's. */
// @ts-ignore: decorator
@inline
function backward(
  gates: usize, before: usize, dy: usize, dh: usize, dc: usize, dz: usize, block: usize, hard: u32, whole: bool,
): void {
  const one = f32x4.splat(1);
  const i = load(gates, whole), f = load(gates + block, whole);
  const g = load(gates + 2 * block, whole), o = load(gates + 3 * block, whole);
  const squashed = load(dz + 3 * block, whole);
  const slope = f32x4.add(load(dy, whole), load(dh, whole));
  const cell = fma(f32x4.mul(slope, o), f32x4.sub(one, f32x4.mul(squashed, squashed)), load(dc, whole));
  store(dz, f32x4.mul(f32x4.mul(cell, g), gateSlope(i, hard)), whole);
  store(dz + block, f32x4.mul(f32x4.mul(cell, load(before, whole)), gateSlope(f, hard)), whole);
  store(dz + 2 * block, f32x4.mul(f32x4.mul(cell, i), f32x4.sub(one, f32x4.mul(g, g))), whole);
  store(dz + 3 * block, f32x4.mul(f32x4.mul(slope, squashed), gateSlope(o, hard)), whole);
  store(dc, f32x4.mul(cell, f), whole);
}

/**
 * dz[d,n,t,4h], gradient of the gates before they are squashed, from dy[n,t,d·h], last step to first; carry[2,d,n,h] is the
 * gradient of h and c: on entry of those after the last step, at the end of those before the first. u [d,4h,h].
 */
export function lstm_backward(
  u: usize, gates: usize, c: usize, start: usize, dy: usize, carry: usize, dz: usize,
  n: u32, t: u32, h: u32, directions: u32, hard: u32, begin: u32, end: u32,
): void {
  const depth = 4 * h, width = <usize>h << 2, row4 = width << 2;
  const padded = roundUp(n, MR), limit = h > MANY_UNITS ? MR : GROUP;
  const packed = packs(depth, h, depth);
  const panels = scratch + WORK_END, rowsOfA = panels + (<usize>depth * roundUp(h, NR) << 2);
  const cells = <usize>directions * n * width; // from the gradient of h to that of c
  let inPanels = -1;
  for (let row = begin; row < end;) {
    const direction = row / padded, first = row % padded;
    const group = min(limit, min(padded - first, end - row));
    row += group;
    if (first >= n) continue;
    const valid = min(n - first, group);
    const matrix = u + direction * depth * width;
    if (packed && inPanels != <i32>direction) {
      packB(matrix, width, 4, depth, h, panels);
      inPanels = direction;
    }
    const sequence = <usize>direction * n + first;
    const hidden = carry + sequence * width;
    for (let step = t; step > 0; step--) {
      const now = direction ? t - step : step - 1, before = direction ? now + 1 : now - 1;
      for (let i: u32 = 0; i < valid; i++) {
        const at = (sequence + i) * t;
        let gatesAt = gates + (at + now) * row4, dzAt = dz + (at + now) * row4, cAt = c + (at + now) * width;
        let cBefore = step > 1 ? c + (at + before) * width : start + (<usize>directions * n + sequence + i) * width;
        let dyAt = dy + ((<usize>(first + i) * t + now) * directions + direction) * width, dh = hidden + i * width;
        const whole = dh + (width & ~15), last = dh + width;
        for (let squashed = dzAt + 3 * width, end = cAt + width; cAt < end; cAt += 16, squashed += 16) {
          const left = end - cAt;
          if (left >= 16) v128.store(squashed, tanh4(v128.load(cAt)));
          else for (let k: usize = 0; k < left; k += 4) store(squashed + k, tanh4(v128.load32_splat(cAt + k)), false);
        }
        for (; dh < whole; dh += 16, gatesAt += 16, cBefore += 16, dyAt += 16, dzAt += 16)
          backward(gatesAt, cBefore, dyAt, dh, dh + cells, dzAt, width, hard, true);
        for (; dh < last; dh += 4, gatesAt += 4, cBefore += 4, dyAt += 4, dzAt += 4)
          backward(gatesAt, cBefore, dyAt, dh, dh + cells, dzAt, width, hard, false);
      }
      const slopes = dz + (sequence * t + now) * row4;
      if (packed) {
        packA(slopes, t * row4, 4, valid, depth, rowsOfA);
        multiplyPanels(valid, h, depth, rowsOfA, panels, NR << 2, <usize>depth << 5, hidden, width, false, 0, 0, 0);
      } else gemm(valid, h, depth, slopes, t * row4, 4, matrix, width, 4, hidden, width, 0, 0, 0);
    }
  }
}
