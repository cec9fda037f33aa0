// Elementary functions in four lanes by polynomials fitted at Chebyshev nodes. NaN goes in and out; no finite input
// gives NaN except log(x < 0). The scalar forms run the vector ones, so a tail gets the bits that a full vector would.
// Constants lie in memory: engines rebuild vector literals in every iteration; a load from a constant address is one
// instruction.
import { fma } from "./simd";

const TABLE: usize = memory.data<f32>([
  // 0: exp: range, 1/ln 2, -ln 2 in two parts, then (e^r - 1 - r) / r² for |r| <= ln 2 / 2, highest power first
  130, -130, 1.44269504, -0.693359375, 0.00021219444, 0.0013926250, 0.0083632329, 0.0416665524, 0.1666657627, 0.5,
  // 10: log: smallest normal, 2^23, 23, then (log(1 + f) - f + f²/2) / f³ for 1 + f in [√½, √2], highest power first
  1.17549435e-38, 8388608, 23, 0.0697161183, -0.1147973388, 0.1168541983, -0.1242568716, 0.1424905807, -0.1666780263,
  0.2000071555, -0.2499999702, 0.3333333135,
  // 22: tanh: limit, then (tanh x - x) / x³ in x² for |x| < limit, highest power first
  0.625, -0.0060967142, 0.0209971797, -0.0538509078, 0.1333276927, -0.3333332837,
  // 28: 1, 2, -1/2, infinity, -infinity
  1, 2, -0.5, Infinity, -Infinity,
  // 33: sin: 1/pi, -pi in three parts, then (sin x - x) / x³ in x² for |x| <= pi / 2, highest power first
  0.318309886, -3.140625, -0.000967502594, -1.50995803e-7,
  -2.38849331e-8, 2.75251364e-6, -1.98408627e-4, 8.33333097e-3, -0.166666672,
]);
const ONE = 28, TWO = 29, MINUS_HALF = 30, INFINITE = 31, MINUS_INFINITE = 32;

// @ts-ignore: decorator
@inline
function constant(index: usize): v128 {
  return v128.load32_splat(TABLE + (index << 2));
}

/** One Horner step: sum·x + the constant at `index`. */
// @ts-ignore: decorator
@inline
function horner(sum: v128, x: v128, index: usize): v128 {
  return fma(sum, x, constant(index));
}

/** 2^exponent for an integer exponent in -126..127. */
// @ts-ignore: decorator
@inline
function powerOfTwo(exponent: v128): v128 {
  return i32x4.shl(i32x4.add(exponent, i32x4.splat(127)), 23);
}

/** e^x: inf above 88.72, through the denormals to 0 below -103.97. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const clamped = f32x4.pmax(f32x4.pmin(x, constant(0)), constant(1));
  const n = f32x4.nearest(f32x4.mul(clamped, constant(2)));
  const r = fma(n, constant(4), fma(n, constant(3), clamped));
  let p = horner(constant(5), r, 6);
  p = horner(p, r, 7);
  p = horner(p, r, 8);
  p = horner(p, r, 9);
  p = f32x4.add(fma(f32x4.mul(r, r), p, r), constant(ONE));
  const exponent = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(exponent, 1); // in two factors: 2^n itself may lie outside the range that p·2^n reaches
  return f32x4.mul(f32x4.mul(p, powerOfTwo(half)), powerOfTwo(i32x4.sub(exponent, half)));
}

/** ln x: -inf at 0, NaN below. */
export function log4(x: v128): v128 {
  const denormal = f32x4.lt(x, constant(10));
  const normal = v128.bitselect(f32x4.mul(x, constant(11)), x, denormal);
  const exponent = i32x4.shr_s(i32x4.sub(normal, i32x4.splat(0x3f3504f3)), 23); // x = 2^exponent·(1 + f), 1 + f near 1
  const f = f32x4.sub(i32x4.sub(normal, i32x4.shl(exponent, 23)), constant(ONE));
  const e = f32x4.sub(f32x4.convert_i32x4_s(exponent), v128.and(constant(12), denormal));
  let p = horner(constant(13), f, 14);
  p = horner(p, f, 15);
  p = horner(p, f, 16);
  p = horner(p, f, 17);
  p = horner(p, f, 18);
  p = horner(p, f, 19);
  p = horner(p, f, 20);
  p = horner(p, f, 21);
  const square = f32x4.mul(f, f);
  p = fma(square, constant(MINUS_HALF), f32x4.mul(f32x4.mul(square, f), p));
  p = f32x4.sub(f32x4.add(f, f32x4.sub(p, f32x4.mul(e, constant(4)))), f32x4.mul(e, constant(3)));
  const zero = f32x4.splat(0);
  const outside = v128.bitselect(constant(MINUS_INFINITE), f32x4.sqrt(x), f32x4.eq(x, zero)); // √-1 = NaN, √inf = inf
  return v128.bitselect(p, outside, v128.and(f32x4.gt(x, zero), f32x4.lt(x, constant(INFINITE))));
}

/** tanh x. */
export function tanh4(x: v128): v128 {
  const magnitude = f32x4.abs(x);
  const square = f32x4.mul(x, x);
  let p = horner(constant(23), square, 24);
  p = horner(p, square, 25);
  p = horner(p, square, 26);
  p = horner(p, square, 27);
  const small = fma(f32x4.mul(magnitude, square), p, magnitude);
  const e = exp4(f32x4.add(magnitude, magnitude));
  const large = f32x4.sub(constant(ONE), f32x4.div(constant(TWO), f32x4.add(e, constant(ONE))));
  const value = v128.bitselect(small, large, f32x4.lt(magnitude, constant(22)));
  return v128.or(value, v128.and(x, i32x4.splat(0x80000000)));
}

/** 1 / (1 + e^-x). */
export function sigmoid4(x: v128): v128 {
  return f32x4.div(constant(ONE), f32x4.add(exp4(f32x4.neg(x)), constant(ONE)));
}

/** ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|). */
export function softplus4(x: v128): v128 {
  const e = exp4(f32x4.neg(f32x4.abs(x)));
  const w = f32x4.add(e, constant(ONE));
  const rounding = f32x4.sub(f32x4.sub(w, constant(ONE)), e); // ln(1 + e) = ln w - rounding / w to first order
  const tail = f32x4.sub(log4(w), f32x4.div(rounding, w));
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), tail);
}

/** (-1)^whole sin(x - n·pi) for |x - n·pi| up to pi / 2. */
// @ts-ignore: decorator
@inline
function halfWave(x: v128, whole: v128, n: v128): v128 {
  const r = fma(n, constant(36), fma(n, constant(35), fma(n, constant(34), x)));
  const s = f32x4.mul(r, r);
  let p = horner(constant(37), s, 38);
  p = horner(p, s, 39);
  p = horner(p, s, 40);
  p = horner(p, s, 41);
  const odd = i32x4.shl(i32x4.trunc_sat_f32x4_s(whole), 31);
  return v128.xor(fma(f32x4.mul(s, r), p, r), odd);
}

/** sin x, to 1e-7 for |x| below 1,000; the error grows with |x|. */
export function sin4(x: v128): v128 {
  const n = f32x4.nearest(f32x4.mul(x, constant(33)));
  return halfWave(x, n, n);
}

/** cos x = -sin(x - pi / 2), as exact as `sin4`. */
export function cos4(x: v128): v128 {
  const n = f32x4.nearest(fma(x, constant(33), constant(MINUS_HALF)));
  return f32x4.neg(halfWave(x, n, f32x4.sub(n, constant(MINUS_HALF))));
}

/** The scalar forms, bit for bit a lane of the vector forms. */
export function expf(x: f32): f32 { return f32x4.extract_lane(exp4(f32x4.splat(x)), 0); }
export function logf(x: f32): f32 { return f32x4.extract_lane(log4(f32x4.splat(x)), 0); }
export function tanhf(x: f32): f32 { return f32x4.extract_lane(tanh4(f32x4.splat(x)), 0); }
export function sigmoidf(x: f32): f32 { return f32x4.extract_lane(sigmoid4(f32x4.splat(x)), 0); }
export function softplusf(x: f32): f32 { return f32x4.extract_lane(softplus4(f32x4.splat(x)), 0); }
export function sinf(x: f32): f32 { return f32x4.extract_lane(sin4(f32x4.splat(x)), 0); }
export function cosf(x: f32): f32 { return f32x4.extract_lane(cos4(f32x4.splat(x)), 0); }
