import { BCE, BCE_WITH_LOGITS, MAE, MSE } from "../../kernels/losses/pair_loss.wgsl";
import { log4, sigmoid4, softplus4 } from "../base/math";
import { horizontalSum } from "../base/simd";

const TINY: f32 = 1.1754944e-38;

/** x and at least the smallest normal number, NaN where x is: pmax gives its first operand unless it is the smaller. */
// @ts-ignore: decorator
@inline
function floored(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(TINY));
}

/** Lanes of finite numbers that are not above 0. */
// @ts-ignore: decorator
@inline
function without(p: v128): v128 {
  return v128.and(f32x4.le(p, f32x4.splat(0)), f32x4.gt(p, f32x4.splat(-Infinity)));
}

// @ts-ignore: decorator
@inline
function loss4(op: u32, u: v128, v: v128): v128 {
  const one = f32x4.splat(1);
  if (op == MSE) {
    const difference = f32x4.sub(u, v);
    return f32x4.mul(difference, difference);
  }
  if (op == MAE) return f32x4.abs(f32x4.sub(u, v));
  if (op == BCE) {
    const yes = f32x4.mul(v, log4(floored(u)));
    const no = f32x4.mul(f32x4.sub(one, v), log4(floored(f32x4.sub(one, u))));
    return f32x4.neg(f32x4.add(yes, no));
  }
  if (op == BCE_WITH_LOGITS) return f32x4.sub(softplus4(u), f32x4.mul(u, v));
  const term = f32x4.mul(u, log4(floored(f32x4.div(u, floored(v)))));
  return v128.andnot(term, without(u));
}

/** parts[c] = scale · Σ_i loss(a[i], b[i]), i in part c; [begin, end) counts parts. */
export function pair_loss(a: usize, b: usize, parts: usize, n: u32, length: u32, op: u32, scale: f32, begin: u32, end: u32): void {
  for (let part = begin; part < end; part++) {
    const first = <usize>part * length << 2;
    const last = min(first + (<usize>length << 2), <usize>n << 2);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let at = first;
    for (; at + 32 <= last; at += 32) {
      s0 = f32x4.add(s0, loss4(op, v128.load(a + at), v128.load(b + at)));
      s1 = f32x4.add(s1, loss4(op, v128.load(a + at, 16), v128.load(b + at, 16)));
    }
    for (; at + 16 <= last; at += 16) s0 = f32x4.add(s0, loss4(op, v128.load(a + at), v128.load(b + at)));
    let sum = horizontalSum(f32x4.add(s0, s1));
    for (; at < last; at += 4) {
      sum += f32x4.extract_lane(loss4(op, v128.load32_splat(a + at), v128.load32_splat(b + at)), 0);
    }
    f32.store(parts + (<usize>part << 2), sum * scale);
  }
}

// @ts-ignore: decorator
@inline
function slope4(op: u32, side: u32, u: v128, v: v128): v128 {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  if (op == MSE) {
    const difference = side ? f32x4.sub(v, u) : f32x4.sub(u, v);
    return f32x4.add(difference, difference);
  }
  if (op == MAE) {
    const difference = side ? f32x4.sub(v, u) : f32x4.sub(u, v);
    return f32x4.sub(v128.and(one, f32x4.gt(difference, zero)), v128.and(one, f32x4.lt(difference, zero)));
  }
  if (op == BCE) {
    if (side) return f32x4.sub(log4(floored(f32x4.sub(one, u))), log4(floored(u)));
    return f32x4.div(f32x4.sub(u, v), f32x4.pmax(f32x4.mul(u, f32x4.sub(one, u)), f32x4.splat(1e-12)));
  }
  if (op == BCE_WITH_LOGITS) return side ? f32x4.neg(u) : f32x4.sub(sigmoid4(u), v);
  if (side) return f32x4.neg(f32x4.div(u, floored(v)));
  const slope = f32x4.add(one, log4(floored(f32x4.div(floored(u), floored(v)))));
  return v128.andnot(slope, without(u));
}

/** dx[i] = dy[0] · scale · ∂loss(a[i], b[i]) with respect to a or b; [begin, end) counts vectors of four. */
export function pair_loss_backward(
  a: usize, b: usize, dy: usize, dx: usize, n: u32, op: u32, side: u32, scale: f32, begin: u32, end: u32,
): void {
  const factor = f32x4.splat(f32.load(dy) * scale);
  const last = <usize>end << 4;
  for (let at = <usize>begin << 4; at < last; at += 16)
    v128.store(dx + at, f32x4.mul(factor, slope4(op, side, v128.load(a + at), v128.load(b + at))));
}
