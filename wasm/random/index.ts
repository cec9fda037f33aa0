import { UNIFORM } from "../../kernels/random/random.wgsl";
import { log4 } from "../base/math";
import { scratch } from "../base/scratch";

// @ts-ignore: decorator
@inline
function mix(b: v128, bits: i32, a: v128): v128 {
  return v128.xor(v128.or(i32x4.shl(b, bits), i32x4.shr_u(b, 32 - bits)), a);
}

/** Blocks counter + j … + 3 of Threefry-2x32-20 (src/random.ts) to the work area: four first words, then four second words. */
function threefry4(k0: u32, k1: u32, counter0: u32, counter1: u32, j: u32): void {
  const k2: u32 = k0 ^ k1 ^ 0x1bd11bda;
  const js = i32x4.add(i32x4.splat(j), i32x4(0, 1, 2, 3));
  const low = i32x4.add(i32x4.splat(counter0), js);
  const high = i32x4.sub(i32x4.splat(counter1), i32x4.lt_u(low, js)); // a carry where the sum wrapped
  let a = i32x4.add(low, i32x4.splat(k0));
  let b = i32x4.add(high, i32x4.splat(k1));
  for (let group: u32 = 0; ; group += 2) {
    a = i32x4.add(a, b); b = mix(b, 13, a);
    a = i32x4.add(a, b); b = mix(b, 15, a);
    a = i32x4.add(a, b); b = mix(b, 26, a);
    a = i32x4.add(a, b); b = mix(b, 6, a);
    // the key words come in turn: 1 and 2, 2 and 0, 0 and 1, ...
    a = i32x4.add(a, i32x4.splat(group == 0 ? k1 : group == 2 ? k0 : k2));
    b = i32x4.add(b, i32x4.splat((group == 0 ? k2 : group == 2 ? k1 : k0) + group + 1));
    if (group == 4) break;
    a = i32x4.add(a, b); b = mix(b, 17, a);
    a = i32x4.add(a, b); b = mix(b, 29, a);
    a = i32x4.add(a, b); b = mix(b, 16, a);
    a = i32x4.add(a, b); b = mix(b, 24, a);
    a = i32x4.add(a, i32x4.splat(group == 0 ? k2 : k1));
    b = i32x4.add(b, i32x4.splat((group == 0 ? k0 : k2) + group + 2));
  }
  v128.store(scratch, a);
  v128.store(scratch, b, 16);
}

// @ts-ignore: decorator
@inline
function uniform4(words: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_u(i32x4.shr_u(words, 8)), f32x4.splat(5.9604645e-8));
}

// @ts-ignore: decorator
@inline
function step(sum: v128, z: v128, coefficient: f32): v128 {
  return f32x4.sub(f32x4.splat(coefficient), f32x4.mul(z, sum));
}

/**
 * y[i] = offset + span (u - shift) (uniform) or offset + span g (normal); u in [0, 1) and g ~ N(0, 1) from Threefry;
 * [begin, end) counts groups of eight elements, four blocks each.
 */
export function random(
  y: usize, n: u32, op: u32, key0: u32, key1: u32, counter0: u32, counter1: u32, offset: f32, span: f32, shift: f32,
  begin: u32, end: u32,
): void {
  for (let group = begin; group < end; group++) {
    threefry4(key0, key1, counter0, counter1, group << 2);
    let p = v128.load(scratch);
    let q = v128.load(scratch, 16);
    if (op == UNIFORM) {
      p = f32x4.mul(f32x4.splat(span), f32x4.sub(uniform4(p), f32x4.splat(shift)));
      q = f32x4.mul(f32x4.splat(span), f32x4.sub(uniform4(q), f32x4.splat(shift)));
    } else {
      const u = f32x4.mul(
        f32x4.convert_i32x4_u(i32x4.add(i32x4.shr_u(p, 8), i32x4.splat(1))), f32x4.splat(5.9604645e-8),
      );
      const square = f32x4.pmax(f32x4.splat(0), f32x4.mul(f32x4.splat(-2), log4(u)));
      const radius = f32x4.mul(f32x4.splat(span), f32x4.sqrt(square));
      // cosine and sine by their series within an eighth of a turn of the nearest quarter
      const turns = f32x4.mul(f32x4.splat(4), uniform4(q));
      const quarter = f32x4.floor(f32x4.add(turns, f32x4.splat(0.5)));
      const angle = f32x4.mul(f32x4.sub(turns, quarter), f32x4.splat(1.5707964));
      const z = f32x4.mul(angle, angle);
      let s = step(f32x4.splat(2.7557319e-6), z, 0.00019841270);
      s = step(s, z, 0.008333334);
      s = step(s, z, 0.16666667);
      s = f32x4.mul(angle, step(s, z, 1));
      let c = step(f32x4.splat(2.7557319e-7), z, 2.4801588e-5);
      c = step(c, z, 0.0013888889);
      c = step(c, z, 0.041666668);
      c = step(c, z, 0.5);
      c = step(c, z, 1);
      const k = i32x4.trunc_sat_f32x4_s(quarter);
      const odd = i32x4.ne(v128.and(k, i32x4.splat(1)), i32x4.splat(0));
      const flip = i32x4.shl(v128.and(k, i32x4.splat(2)), 30); // the sign bit in the third and fourth quarter
      p = f32x4.mul(radius, v128.xor(v128.bitselect(f32x4.neg(s), c, odd), flip));
      q = f32x4.mul(radius, v128.xor(v128.bitselect(c, s, odd), flip));
    }
    p = f32x4.add(f32x4.splat(offset), p);
    q = f32x4.add(f32x4.splat(offset), q);
    const at = y + (<usize>group << 5);
    v128.store(at, v128.shuffle<f32>(p, q, 0, 4, 1, 5));
    v128.store(at, v128.shuffle<f32>(p, q, 2, 6, 3, 7), 16);
  }
}

/**
 * y[i] = scale x[i] where word i / width of Threefry >= threshold, else 0; [begin, end) counts groups of eight words, that is of eight
 * elements where width is 1, else of eight planes.
 */
export function dropout(
  x: usize, y: usize, n: u32, width: u32, key0: u32, key1: u32, counter0: u32, counter1: u32, threshold: u32, scale: f32,
  begin: u32, end: u32,
): void {
  const limit = i32x4.splat(threshold);
  const factor = f32x4.splat(scale);
  for (let group = begin; group < end; group++) {
    threefry4(key0, key1, counter0, counter1, group << 2);
    if (width > 1) {
      dropPlanes(x, y, n / width, width, group << 3, threshold, scale);
      continue;
    }
    const p = i32x4.ge_u(v128.load(scratch), limit);
    const q = i32x4.ge_u(v128.load(scratch, 16), limit);
    const at = <usize>group << 5;
    const a = v128.and(factor, v128.shuffle<f32>(p, q, 0, 4, 1, 5));
    const b = v128.and(factor, v128.shuffle<f32>(p, q, 2, 6, 3, 7));
    v128.store(y + at, f32x4.mul(a, v128.load(x + at)));
    v128.store(y + at, f32x4.mul(b, v128.load(x + at, 16)), 16);
  }
}

/** Planes first, first + 1, ... of a group of eight, by the words in the work area. */
function dropPlanes(x: usize, y: usize, planes: u32, width: u32, first: u32, threshold: u32, scale: f32): void {
  const bytes = <usize>width << 2;
  const last = min(first + 8, planes);
  for (let plane = first; plane < last; plane++) {
    const from = x + plane * bytes;
    const to = y + plane * bytes;
    const j = plane - first;
    const kept = <u32>i32.load(scratch + (<usize>((j & 1) * 4 + (j >> 1)) << 2)) >= threshold;
    const own: f32 = kept ? scale : 0; // 0 · NaN is NaN
    const factor = f32x4.splat(own);
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) v128.store(to + at, f32x4.mul(factor, v128.load(from + at)));
    for (; at < bytes; at += 4) f32.store(to + at, own * f32.load(from + at));
  }
}
