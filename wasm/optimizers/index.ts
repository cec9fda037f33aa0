// One step of an optimizer on one parameter, in place. Padding behind n is updated too, which nobody reads. [begin, end) counts
// vectors of four.
import { fma } from "../base/simd";

/** g = grad + decay p */
// @ts-ignore: decorator
@inline
function decayed(grad: usize, p: usize, decay: v128): v128 {
  return fma(decay, v128.load(p), v128.load(grad));
}

/** p -= lr step */
// @ts-ignore: decorator
@inline
function descend(p: usize, lr: v128, step: v128): void {
  v128.store(p, f32x4.sub(v128.load(p), f32x4.mul(lr, step)));
}

/** keep sum + rest g² */
// @ts-ignore: decorator
@inline
function average(keep: v128, sum: v128, rest: v128, g: v128): v128 {
  return fma(f32x4.mul(rest, g), g, f32x4.mul(keep, sum));
}

/** p -= lr (grad + decay p) */
export function sgd(grad: usize, p: usize, n: u32, lr: f32, decay: f32, begin: u32, end: u32): void {
  const rate = f32x4.splat(lr);
  const l2 = f32x4.splat(decay);
  const last = <usize>end << 4;
  for (let at = <usize>begin << 4; at < last; at += 16) descend(p + at, rate, decayed(grad + at, p + at, l2));
}

/** g = grad + decay p; v = momentum v + g; p -= lr v, or with Nesterov's form p -= lr (g + momentum v) */
export function sgd_momentum(
  grad: usize, p: usize, velocity: usize, n: u32, nesterov: u32, lr: f32, momentum: f32, decay: f32, begin: u32, end: u32,
): void {
  const rate = f32x4.splat(lr);
  const keep = f32x4.splat(momentum);
  const l2 = f32x4.splat(decay);
  const last = <usize>end << 4;
  for (let at = <usize>begin << 4; at < last; at += 16) {
    const g = decayed(grad + at, p + at, l2);
    const v = fma(keep, v128.load(velocity + at), g);
    v128.store(velocity + at, v);
    descend(p + at, rate, nesterov ? fma(keep, v, g) : v);
  }
}

/** m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g²; p = keep p - rate m / (√v correction + eps) */
export function adam(
  grad: usize, p: usize, m: usize, v: usize, n: u32, beta1: f32, beta2: f32, rest1: f32, rest2: f32, rate: f32,
  correction: f32, eps: f32, l2: f32, keep: f32, begin: u32, end: u32,
): void {
  const b1 = f32x4.splat(beta1);
  const b2 = f32x4.splat(beta2);
  const r1 = f32x4.splat(rest1);
  const r2 = f32x4.splat(rest2);
  const lr = f32x4.splat(rate);
  const scale = f32x4.splat(correction);
  const floor = f32x4.splat(eps);
  const decay = f32x4.splat(l2);
  const shrink = f32x4.splat(keep);
  const last = <usize>end << 4;
  for (let at = <usize>begin << 4; at < last; at += 16) {
    const g = decayed(grad + at, p + at, decay);
    const first = fma(b1, v128.load(m + at), f32x4.mul(r1, g));
    const second = average(b2, v128.load(v + at), r2, g);
    v128.store(m + at, first);
    v128.store(v + at, second);
    const step = f32x4.div(f32x4.mul(lr, first), fma(f32x4.sqrt(second), scale, floor));
    v128.store(p + at, f32x4.sub(f32x4.mul(shrink, v128.load(p + at)), step));
  }
}

/** v = alpha v + (1 - alpha) g²; step = g / (√v + eps); b = momentum b + step; p -= lr b */
export function rmsprop(
  grad: usize, p: usize, v: usize, velocity: usize, n: u32, lr: f32, alpha: f32, rest: f32, eps: f32, momentum: f32,
  decay: f32, begin: u32, end: u32,
): void {
  const last = <usize>end << 4;
  for (let at = <usize>begin << 4; at < last; at += 16) {
    const g = decayed(grad + at, p + at, f32x4.splat(decay));
    const second = average(f32x4.splat(alpha), v128.load(v + at), f32x4.splat(rest), g);
    v128.store(v + at, second);
    let step = f32x4.div(g, f32x4.add(f32x4.sqrt(second), f32x4.splat(eps)));
    if (momentum != 0) {
      step = fma(f32x4.splat(momentum), v128.load(velocity + at), step);
      v128.store(velocity + at, step);
    }
    descend(p + at, f32x4.splat(lr), step);
  }
}

/** v = rho v + (1 - rho) g²; u = g √(d + eps) / √(v + eps); d = rho d + (1 - rho) u²; p -= lr u */
export function adadelta(
  grad: usize, p: usize, v: usize, d: usize, n: u32, lr: f32, rho: f32, rest: f32, eps: f32, decay: f32,
  begin: u32, end: u32,
): void {
  const last = <usize>end << 4;
  const floor = f32x4.splat(eps);
  for (let at = <usize>begin << 4; at < last; at += 16) {
    const g = decayed(grad + at, p + at, f32x4.splat(decay));
    const second = average(f32x4.splat(rho), v128.load(v + at), f32x4.splat(rest), g);
    const old = v128.load(d + at);
    const root = f32x4.div(f32x4.sqrt(f32x4.add(old, floor)), f32x4.sqrt(f32x4.add(second, floor)));
    const u = f32x4.mul(g, root);
    v128.store(v + at, second);
    v128.store(d + at, average(f32x4.splat(rho), old, f32x4.splat(rest), u));
    descend(p + at, f32x4.splat(lr), u);
  }
}
