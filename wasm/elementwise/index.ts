import { cos4, exp4, expf, log4, logf, sigmoid4, sin4, softplus4, tanh4 } from "../base/math";

import {
  ADD, DIV, EQUAL, FIRST, GREATER, MAXIMUM, MINIMUM, MUL, POW, SUB,
} from "../../kernels/elementwise/binary.wgsl";
import {
  ABS, COS, EXP, FLOOR_AT, LEAKY_RELU, LOG, NEG, POWER, RELU, SCALE, SHIFT, SIGMOID, SIN, SOFTPLUS, SQRT, SQUARE, TANH,
} from "../../kernels/elementwise/unary.wgsl";

// The functions as types: a loop of its own is compiled for each, since a choice in the loop costs more than most functions. Passing the code to an
// inlined loop is not enough: the compiler folds such loops into one again.
class Abs {}
class Add {}
class Cos {}
class Div {}
class Equal {}
class Exp {}
class First {}
class FloorAt {}
class Greater {}
class LeakyRelu {}
class Log {}
class Maximum {}
class Minimum {}
class Mul {}
class Neg {}
class Pow {}
class Power {}
class Relu {}
class Scale {}
class Shift {}
class Sigmoid {}
class Sin {}
class Softplus {}
class Sqrt {}
class Square {}
class Sub {}
class Tanh {}

// @ts-ignore: decorator
@inline
function is<F, G>(): bool { return idof<F>() == idof<G>(); }

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
function apply4<F>(v: v128, alpha: f32): v128 {
  if (is<F, Abs>()) return f32x4.abs(v);
  if (is<F, Neg>()) return f32x4.neg(v);
  if (is<F, Exp>()) return exp4(v);
  if (is<F, Log>()) return log4(v);
  if (is<F, Sqrt>()) return f32x4.sqrt(v);
  if (is<F, Square>()) return f32x4.mul(v, v);
  if (is<F, Tanh>()) return tanh4(v);
  if (is<F, Sigmoid>()) return sigmoid4(v);
  if (is<F, Relu>()) return f32x4.pmax(v, f32x4.splat(0));
  if (is<F, LeakyRelu>()) return v128.bitselect(v, f32x4.mul(v, f32x4.splat(alpha)), f32x4.gt(v, f32x4.splat(0)));
  if (is<F, Softplus>()) return softplus4(v);
  if (is<F, Power>()) return power4(v, alpha);
  if (is<F, Scale>()) return f32x4.mul(v, f32x4.splat(alpha));
  if (is<F, Shift>()) return f32x4.add(v, f32x4.splat(alpha));
  if (is<F, FloorAt>()) return f32x4.pmax(v, f32x4.splat(alpha));
  if (is<F, Sin>()) return sin4(v);
  if (is<F, Cos>()) return cos4(v);
  return v;
}

/** The loop for one function: `op` is a constant where this is inlined, since a choice in the loop costs more than most functions. */
// @ts-ignore: decorator
@inline
function unaryLoop<F>(x: usize, y: usize, at: usize, last: usize, alpha: f32): void {
  for (; at < last; at += 16) v128.store(y + at, apply4<F>(v128.load(x + at), alpha));
}

/** y[i] = f(x[i]); [begin, end) counts vectors of four: buffers are padded to whole ones. */
export function unary(x: usize, y: usize, n: u32, op: u32, alpha: f32, begin: u32, end: u32): void {
  const at = <usize>begin << 4, last = <usize>end << 4;
  switch (op) {
    case ABS: return unaryLoop<Abs>(x, y, at, last, alpha);
    case NEG: return unaryLoop<Neg>(x, y, at, last, alpha);
    case EXP: return unaryLoop<Exp>(x, y, at, last, alpha);
    case LOG: return unaryLoop<Log>(x, y, at, last, alpha);
    case SQRT: return unaryLoop<Sqrt>(x, y, at, last, alpha);
    case SQUARE: return unaryLoop<Square>(x, y, at, last, alpha);
    case TANH: return unaryLoop<Tanh>(x, y, at, last, alpha);
    case SIGMOID: return unaryLoop<Sigmoid>(x, y, at, last, alpha);
    case RELU: return unaryLoop<Relu>(x, y, at, last, alpha);
    case LEAKY_RELU: return unaryLoop<LeakyRelu>(x, y, at, last, alpha);
    case SOFTPLUS: return unaryLoop<Softplus>(x, y, at, last, alpha);
    case POWER: return unaryLoop<Power>(x, y, at, last, alpha);
    case SCALE: return unaryLoop<Scale>(x, y, at, last, alpha);
    case SHIFT: return unaryLoop<Shift>(x, y, at, last, alpha);
    case FLOOR_AT: return unaryLoop<FloorAt>(x, y, at, last, alpha);
    case SIN: return unaryLoop<Sin>(x, y, at, last, alpha);
    case COS: return unaryLoop<Cos>(x, y, at, last, alpha);
  }
}

// @ts-ignore: decorator
@inline
function derivative4<F>(v: v128, y: v128, alpha: f32): v128 {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  if (is<F, Abs>()) return f32x4.sub(v128.and(one, f32x4.gt(v, zero)), v128.and(one, f32x4.lt(v, zero)));
  if (is<F, Neg>()) return f32x4.splat(-1);
  if (is<F, Exp>()) return y;
  if (is<F, Log>()) return f32x4.div(one, v);
  if (is<F, Sqrt>()) return f32x4.div(f32x4.splat(0.5), y);
  if (is<F, Square>()) return f32x4.add(v, v);
  if (is<F, Tanh>()) return f32x4.sub(one, f32x4.mul(y, y));
  if (is<F, Sigmoid>()) return f32x4.mul(y, f32x4.sub(one, y));
  if (is<F, Relu>()) return v128.and(one, f32x4.gt(y, zero));
  if (is<F, LeakyRelu>()) return v128.bitselect(one, f32x4.splat(alpha), f32x4.gt(v, zero));
  if (is<F, Softplus>()) return sigmoid4(v);
  if (is<F, Power>()) {
      const slope = f32x4.div(f32x4.mul(f32x4.splat(alpha), y), v);
      return v128.bitselect(f32x4.splat(alpha == 1 ? 1 : 0), slope, f32x4.eq(v, zero));
    }
  if (is<F, Scale>()) return f32x4.splat(alpha);
  if (is<F, FloorAt>()) return v128.and(one, f32x4.gt(v, f32x4.splat(alpha)));
  return one;
}

// @ts-ignore: decorator
@inline
function unaryBackwardLoop<F>(x: usize, y: usize, dy: usize, dx: usize, at: usize, last: usize, alpha: f32): void {
  for (; at < last; at += 16) {
    const slope = derivative4<F>(v128.load(x + at), v128.load(y + at), alpha);
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
    case ABS: return unaryBackwardLoop<Abs>(x, y, dy, dx, at, last, alpha);
    case NEG: return unaryBackwardLoop<Neg>(x, y, dy, dx, at, last, alpha);
    case EXP: return unaryBackwardLoop<Exp>(x, y, dy, dx, at, last, alpha);
    case LOG: return unaryBackwardLoop<Log>(x, y, dy, dx, at, last, alpha);
    case SQRT: return unaryBackwardLoop<Sqrt>(x, y, dy, dx, at, last, alpha);
    case SQUARE: return unaryBackwardLoop<Square>(x, y, dy, dx, at, last, alpha);
    case TANH: return unaryBackwardLoop<Tanh>(x, y, dy, dx, at, last, alpha);
    case SIGMOID: return unaryBackwardLoop<Sigmoid>(x, y, dy, dx, at, last, alpha);
    case RELU: {
      const zero = f32x4.splat(0);
      for (; at < last; at += 16) v128.store(dx + at, v128.and(v128.load(dy + at), f32x4.gt(v128.load(y + at), zero)));
      return;
    }
    case LEAKY_RELU: return unaryBackwardLoop<LeakyRelu>(x, y, dy, dx, at, last, alpha);
    case SOFTPLUS: return unaryBackwardLoop<Softplus>(x, y, dy, dx, at, last, alpha);
    case POWER: return unaryBackwardLoop<Power>(x, y, dy, dx, at, last, alpha);
    case SCALE: return unaryBackwardLoop<Scale>(x, y, dy, dx, at, last, alpha);
    case SHIFT: return unaryBackwardLoop<Shift>(x, y, dy, dx, at, last, alpha);
    case FLOOR_AT: return unaryBackwardLoop<FloorAt>(x, y, dy, dx, at, last, alpha);
  }
}

// @ts-ignore: decorator
@inline
function combine4<F>(a: v128, b: v128): v128 {
  if (is<F, Add>()) return f32x4.add(a, b);
  if (is<F, Sub>()) return f32x4.sub(a, b);
  if (is<F, Mul>()) return f32x4.mul(a, b);
  if (is<F, Div>()) return f32x4.div(a, b);
  if (is<F, Pow>()) { // all bits set, NaN, below 0
      const y = exp4(f32x4.mul(b, log4(f32x4.pmax(a, f32x4.splat(1.1754944e-38)))));
      return v128.or(y, f32x4.lt(a, f32x4.splat(0)));
    }
  if (is<F, Maximum>()) return f32x4.max(a, b);
  if (is<F, Minimum>()) return f32x4.min(a, b);
  if (is<F, First>()) return a;
  if (is<F, Equal>()) return v128.and(f32x4.splat(1), f32x4.eq(a, b));
  return v128.and(f32x4.splat(1), f32x4.gt(a, b));
}

/** One run along the innermost axis for one function, a constant where this is inlined; a stride is 0 or 1 element. */
// @ts-ignore: decorator
@inline
function runLoop<F>(a: usize, aStep: usize, b: usize, bStep: usize, y: usize, count: usize): void {
  const last = y + (count << 2), vectors = y + ((count & ~3) << 2);
  if (aStep && bStep) for (; y != vectors; y += 16, a += 16, b += 16) v128.store(y, combine4<F>(v128.load(a), v128.load(b)));
  else if (aStep) {
    const v = v128.load32_splat(b);
    for (; y != vectors; y += 16, a += 16) v128.store(y, combine4<F>(v128.load(a), v));
  } else {
    const u = v128.load32_splat(a);
    if (bStep) for (; y != vectors; y += 16, b += 16) v128.store(y, combine4<F>(u, v128.load(b)));
    else {
      const value = combine4<F>(u, v128.load32_splat(b));
      for (; y != vectors; y += 16) v128.store(y, value);
    }
  }
  for (; y != last; y += 4, a += aStep << 2, b += bStep << 2)
    v128.store32_lane(y, combine4<F>(v128.load32_splat(a), v128.load32_splat(b)), 0);
}

function combineRun(op: u32, a: usize, aStep: usize, b: usize, bStep: usize, y: usize, count: usize): void {
  switch (op) {
    case ADD: return runLoop<Add>(a, aStep, b, bStep, y, count);
    case SUB: return runLoop<Sub>(a, aStep, b, bStep, y, count);
    case MUL: return runLoop<Mul>(a, aStep, b, bStep, y, count);
    case DIV: return runLoop<Div>(a, aStep, b, bStep, y, count);
    case POW: return runLoop<Pow>(a, aStep, b, bStep, y, count);
    case MAXIMUM: return runLoop<Maximum>(a, aStep, b, bStep, y, count);
    case MINIMUM: return runLoop<Minimum>(a, aStep, b, bStep, y, count);
    case FIRST: return runLoop<First>(a, aStep, b, bStep, y, count);
    case EQUAL: return runLoop<Equal>(a, aStep, b, bStep, y, count);
    case GREATER: return runLoop<Greater>(a, aStep, b, bStep, y, count);
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
