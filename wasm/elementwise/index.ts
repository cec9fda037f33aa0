import { cos4, exp4, expf, log4, logf, sigmoid4, sin4, softplus4, tanh4 } from "../base/math";

import {
  ADD, DIV, EQUAL, FIRST, GREATER, MAXIMUM, MINIMUM, MUL, POW, SUB,
} from "../../kernels/elementwise/binary.wgsl";
import {
  ABS, COS, EXP, FLOOR_AT, LEAKY_RELU, LOG, NEG, POWER, RELU, SCALE, SHIFT, SIGMOID, SIN, SOFTPLUS, SQRT, SQUARE, TANH,
} from "../../kernels/elementwise/unary.wgsl";

// @ts-ignore: decorator
@inline
function powScalar(v: f32, alpha: f32): f32 {
  const magnitude = expf(alpha * logf(max<f32>(abs(v), 1.1754944e-38)));
  if (v == 0) return alpha > 0 ? 0 : magnitude;
  const odd = abs(alpha - 2 * floor<f32>(alpha * 0.5)) == 1;
  return odd && v < 0 ? -magnitude : magnitude;
}

function power4(v: v128, alpha: f32): v128 {
  const one = f32x4.splat(1);
  if (alpha == 0) return one;
  if (alpha == 1) return v;
  if (alpha == 2) return f32x4.mul(v, v);
  if (alpha == 3) return f32x4.mul(f32x4.mul(v, v), v);
  if (alpha == 4) return f32x4.mul(f32x4.mul(v, v), f32x4.mul(v, v));
  if (alpha == -1) return f32x4.div(one, v);
  if (alpha == -2) return f32x4.div(one, f32x4.mul(v, v));
  if (alpha == 0.5) return f32x4.sqrt(v);
  if (alpha == -0.5) return f32x4.div(one, f32x4.sqrt(v));
  let r = f32x4.splat(powScalar(f32x4.extract_lane(v, 0), alpha));
  r = f32x4.replace_lane(r, 1, powScalar(f32x4.extract_lane(v, 1), alpha));
  r = f32x4.replace_lane(r, 2, powScalar(f32x4.extract_lane(v, 2), alpha));
  return f32x4.replace_lane(r, 3, powScalar(f32x4.extract_lane(v, 3), alpha));
}

// @ts-ignore: decorator
@inline
function apply4(op: u32, v: v128, alpha: f32): v128 {
  switch (op) {
    case ABS: return f32x4.abs(v);
    case NEG: return f32x4.neg(v);
    case EXP: return exp4(v);
    case LOG: return log4(v);
    case SQRT: return f32x4.sqrt(v);
    case SQUARE: return f32x4.mul(v, v);
    case TANH: return tanh4(v);
    case SIGMOID: return sigmoid4(v);
    case RELU: return f32x4.pmax(v, f32x4.splat(0));
    case LEAKY_RELU: return v128.bitselect(v, f32x4.mul(v, f32x4.splat(alpha)), f32x4.gt(v, f32x4.splat(0)));
    case SOFTPLUS: return softplus4(v);
    case POWER: return power4(v, alpha);
    case SCALE: return f32x4.mul(v, f32x4.splat(alpha));
    case SHIFT: return f32x4.add(v, f32x4.splat(alpha));
    case FLOOR_AT: return f32x4.pmax(v, f32x4.splat(alpha));
    case SIN: return sin4(v);
    case COS: return cos4(v);
    default: return v;
  }
}

/** The loop for one function: `op` is a constant where this is inlined, since a choice in the loop costs more than most functions. */
// @ts-ignore: decorator
@inline
function unaryLoop(op: u32, x: usize, y: usize, at: usize, last: usize, alpha: f32): void {
  for (; at < last; at += 16) v128.store(y + at, apply4(op, v128.load(x + at), alpha));
}

/** y[i] = f(x[i]); [begin, end) counts vectors of four: buffers are padded to whole ones. */
export function unary(x: usize, y: usize, n: u32, op: u32, alpha: f32, begin: u32, end: u32): void {
  const at = <usize>begin << 4, last = <usize>end << 4;
  switch (op) {
    case ABS: return unaryLoop(ABS, x, y, at, last, alpha);
    case NEG: return unaryLoop(NEG, x, y, at, last, alpha);
    case EXP: return unaryLoop(EXP, x, y, at, last, alpha);
    case LOG: return unaryLoop(LOG, x, y, at, last, alpha);
    case SQRT: return unaryLoop(SQRT, x, y, at, last, alpha);
    case SQUARE: return unaryLoop(SQUARE, x, y, at, last, alpha);
    case TANH: return unaryLoop(TANH, x, y, at, last, alpha);
    case SIGMOID: return unaryLoop(SIGMOID, x, y, at, last, alpha);
    case RELU: return unaryLoop(RELU, x, y, at, last, alpha);
    case LEAKY_RELU: return unaryLoop(LEAKY_RELU, x, y, at, last, alpha);
    case SOFTPLUS: return unaryLoop(SOFTPLUS, x, y, at, last, alpha);
    case POWER: return unaryLoop(POWER, x, y, at, last, alpha);
    case SCALE: return unaryLoop(SCALE, x, y, at, last, alpha);
    case SHIFT: return unaryLoop(SHIFT, x, y, at, last, alpha);
    case FLOOR_AT: return unaryLoop(FLOOR_AT, x, y, at, last, alpha);
    case SIN: return unaryLoop(SIN, x, y, at, last, alpha);
    case COS: return unaryLoop(COS, x, y, at, last, alpha);
  }
}

// @ts-ignore: decorator
@inline
function derivative4(op: u32, v: v128, y: v128, alpha: f32): v128 {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  switch (op) {
    case ABS: return f32x4.sub(v128.and(one, f32x4.gt(v, zero)), v128.and(one, f32x4.lt(v, zero)));
    case NEG: return f32x4.splat(-1);
    case EXP: return y;
    case LOG: return f32x4.div(one, v);
    case SQRT: return f32x4.div(f32x4.splat(0.5), y);
    case SQUARE: return f32x4.add(v, v);
    case TANH: return f32x4.sub(one, f32x4.mul(y, y));
    case SIGMOID: return f32x4.mul(y, f32x4.sub(one, y));
    case RELU: return v128.and(one, f32x4.gt(y, zero));
    case LEAKY_RELU: return v128.bitselect(one, f32x4.splat(alpha), f32x4.gt(v, zero));
    case SOFTPLUS: return sigmoid4(v);
    case POWER: {
      const slope = f32x4.div(f32x4.mul(f32x4.splat(alpha), y), v);
      return v128.bitselect(f32x4.splat(alpha == 1 ? 1 : 0), slope, f32x4.eq(v, zero));
    }
    case SCALE: return f32x4.splat(alpha);
    case FLOOR_AT: return v128.and(one, f32x4.gt(v, f32x4.splat(alpha)));
    default: return one;
  }
}

// @ts-ignore: decorator
@inline
function unaryBackwardLoop(op: u32, x: usize, y: usize, dy: usize, dx: usize, at: usize, last: usize, alpha: f32): void {
  for (; at < last; at += 16) {
    const slope = derivative4(op, v128.load(x + at), v128.load(y + at), alpha);
    v128.store(dx + at, f32x4.mul(v128.load(dy + at), slope));
  }
}

/** dx[i] = dy[i] f'(x[i]); [begin, end) counts vectors of four. */
export function unary_backward(
  x: usize, y: usize, dy: usize, dx: usize, n: u32, op: u32, alpha: f32, begin: u32, end: u32,
): void {
  let at = <usize>begin << 4;
  const last = <usize>end << 4;
  switch (op) {
    case ABS: return unaryBackwardLoop(ABS, x, y, dy, dx, at, last, alpha);
    case NEG: return unaryBackwardLoop(NEG, x, y, dy, dx, at, last, alpha);
    case EXP: return unaryBackwardLoop(EXP, x, y, dy, dx, at, last, alpha);
    case LOG: return unaryBackwardLoop(LOG, x, y, dy, dx, at, last, alpha);
    case SQRT: return unaryBackwardLoop(SQRT, x, y, dy, dx, at, last, alpha);
    case SQUARE: return unaryBackwardLoop(SQUARE, x, y, dy, dx, at, last, alpha);
    case TANH: return unaryBackwardLoop(TANH, x, y, dy, dx, at, last, alpha);
    case SIGMOID: return unaryBackwardLoop(SIGMOID, x, y, dy, dx, at, last, alpha);
    case RELU: {
      const zero = f32x4.splat(0);
      for (; at < last; at += 16) v128.store(dx + at, v128.and(v128.load(dy + at), f32x4.gt(v128.load(y + at), zero)));
      return;
    }
    case LEAKY_RELU: return unaryBackwardLoop(LEAKY_RELU, x, y, dy, dx, at, last, alpha);
    case SOFTPLUS: return unaryBackwardLoop(SOFTPLUS, x, y, dy, dx, at, last, alpha);
    case POWER: return unaryBackwardLoop(POWER, x, y, dy, dx, at, last, alpha);
    case SCALE: return unaryBackwardLoop(SCALE, x, y, dy, dx, at, last, alpha);
    case SHIFT: return unaryBackwardLoop(SHIFT, x, y, dy, dx, at, last, alpha);
    case FLOOR_AT: return unaryBackwardLoop(FLOOR_AT, x, y, dy, dx, at, last, alpha);
  }
}

// @ts-ignore: decorator
@inline
function combine4(op: u32, a: v128, b: v128): v128 {
  switch (op) {
    case ADD: return f32x4.add(a, b);
    case SUB: return f32x4.sub(a, b);
    case MUL: return f32x4.mul(a, b);
    case DIV: return f32x4.div(a, b);
    case POW: { // all bits set, NaN, below 0
      const y = exp4(f32x4.mul(b, log4(f32x4.pmax(a, f32x4.splat(1.1754944e-38)))));
      return v128.or(y, f32x4.lt(a, f32x4.splat(0)));
    }
    case MAXIMUM: return f32x4.max(a, b);
    case MINIMUM: return f32x4.min(a, b);
    case FIRST: return a;
    case EQUAL: return v128.and(f32x4.splat(1), f32x4.eq(a, b));
    default: return v128.and(f32x4.splat(1), f32x4.gt(a, b));
  }
}

/** One run along the innermost axis for one function, a constant where this is inlined; a stride is 0 or 1 element. */
// @ts-ignore: decorator
@inline
function runLoop(op: u32, a: usize, aStep: usize, b: usize, bStep: usize, y: usize, count: usize): void {
  const last = y + (count << 2), vectors = y + ((count & ~3) << 2);
  if (aStep && bStep) for (; y != vectors; y += 16, a += 16, b += 16) v128.store(y, combine4(op, v128.load(a), v128.load(b)));
  else if (aStep) {
    const v = v128.load32_splat(b);
    for (; y != vectors; y += 16, a += 16) v128.store(y, combine4(op, v128.load(a), v));
  } else {
    const u = v128.load32_splat(a);
    if (bStep) for (; y != vectors; y += 16, b += 16) v128.store(y, combine4(op, u, v128.load(b)));
    else {
      const value = combine4(op, u, v128.load32_splat(b));
      for (; y != vectors; y += 16) v128.store(y, value);
    }
  }
  for (; y != last; y += 4, a += aStep << 2, b += bStep << 2)
    v128.store32_lane(y, combine4(op, v128.load32_splat(a), v128.load32_splat(b)), 0);
}

function combineRun(op: u32, a: usize, aStep: usize, b: usize, bStep: usize, y: usize, count: usize): void {
  switch (op) {
    case ADD: return runLoop(ADD, a, aStep, b, bStep, y, count);
    case SUB: return runLoop(SUB, a, aStep, b, bStep, y, count);
    case MUL: return runLoop(MUL, a, aStep, b, bStep, y, count);
    case DIV: return runLoop(DIV, a, aStep, b, bStep, y, count);
    case POW: return runLoop(POW, a, aStep, b, bStep, y, count);
    case MAXIMUM: return runLoop(MAXIMUM, a, aStep, b, bStep, y, count);
    case MINIMUM: return runLoop(MINIMUM, a, aStep, b, bStep, y, count);
    case FIRST: return runLoop(FIRST, a, aStep, b, bStep, y, count);
    case EQUAL: return runLoop(EQUAL, a, aStep, b, bStep, y, count);
    case GREATER: return runLoop(GREATER, a, aStep, b, bStep, y, count);
  }
}

/** y[i] = f(a[ia], b[ib]); [begin, end) counts elements of y, taken as runs along the innermost axis. */
export function binary(
  a: usize, b: usize, y: usize, n: u32, op: u32, d1: u32, d2: u32, d3: u32,
  a0: u32, a1: u32, a2: u32, a3: u32, b0: u32, b1: u32, b2: u32, b3: u32, begin: u32, end: u32,
): void {
  let i = begin;
  while (i < end) {
    const i3 = i % d3;
    let rest = i / d3;
    const i2 = rest % d2;
    rest /= d2;
    const i1 = rest % d1;
    const i0 = rest / d1;
    const count = min(d3 - i3, end - i);
    const ia = i0 * a0 + i1 * a1 + i2 * a2 + i3 * a3;
    const ib = i0 * b0 + i1 * b1 + i2 * b2 + i3 * b3;
    combineRun(op, a + (<usize>ia << 2), a3, b + (<usize>ib << 2), b3, y + (<usize>i << 2), count);
    i += count;
  }
}
