import { scratch } from "../base/scratch";
import { fma, horizontalSum } from "../base/simd";

// @ts-ignore: decorator
@inline
function mix(a: f32, b: f32, part: f32): f32 {
  return a + part * (b - a);
}

/** The shift of axis `axis` at a point of the grid whose upper left vertex is at `upper` and lower left at `lower`. */
// @ts-ignore: decorator
@inline
function shiftAt(upper: usize, lower: usize, down: f32, across: f32): f32 {
  return mix(mix(f32.load(upper), f32.load(upper, 8), across), mix(f32.load(lower), f32.load(lower, 8), across), down);
}

/** y of warp; [begin, end) counts rows of all images. */
export function warp(
  x: usize, maps: usize, y: usize,
  n: u32, c: u32, h: u32, w: u32, oh: u32, ow: u32, rows: u32, columns: u32, fill: f32, begin: u32, end: u32,
): void {
  const corners: u32 = rows > 0 ? 2 * (rows + 1) * (columns + 1) : 0;
  const plane = <usize>h * w << 2;
  const outPlane = <usize>oh * ow << 2;
  const height = <f32>h;
  const width = <f32>w;
  for (let row = begin; row < end; row++) {
    const image = row / oh;
    const map = maps + (<usize>image * (6 + corners) << 2);
    const i = <f32>(row % oh);
    const v0 = f32.load(map) * i + f32.load(map, 8);
    const u0 = f32.load(map, 12) * i + f32.load(map, 20);
    const vStep = f32.load(map, 4);
    const uStep = f32.load(map, 16);
    const start = x + image * c * plane;
    let out = y + image * c * outPlane + (<usize>(row % oh) * ow << 2);
    for (let j: u32 = 0; j < ow; j++, out += 4) {
      let v = v0 + vStep * <f32>j;
      let u = u0 + uStep * <f32>j;
      if (rows > 0) {
        const down = min<f32>(max<f32>((v + 0.5) / height * <f32>rows, 0), <f32>rows);
        const across = min<f32>(max<f32>((u + 0.5) / width * <f32>columns, 0), <f32>columns);
        const r = min(<u32>down, rows - 1);
        const k = min(<u32>across, columns - 1);
        const upper = map + 24 + (<usize>(r * (columns + 1) + k) << 3);
        const lower = upper + (<usize>(columns + 1) << 3);
        v += shiftAt(upper, lower, down - <f32>r, across - <f32>k);
        u += shiftAt(upper + 4, lower + 4, down - <f32>r, across - <f32>k);
      }
      if (!(v >= -0.5 && v < height - 0.5 && u >= -0.5 && u < width - 0.5)) {
        for (let t: u32 = 0; t < c; t++) f32.store(out + t * outPlane, fill);
        continue;
      }
      const down = min<f32>(max<f32>(v, 0), height - 1);
      const across = min<f32>(max<f32>(u, 0), width - 1);
      const r = <u32>down;
      const k = <u32>across;
      const upper = start + (<usize>(r * w + k) << 2);
      const right: usize = k + 1 < w ? 4 : 0;
      const below: usize = r + 1 < h ? <usize>w << 2 : 0;
      const downPart = down - <f32>r;
      const acrossPart = across - <f32>k;
      for (let t: u32 = 0; t < c; t++) {
        const at = upper + t * plane;
        const above = mix(f32.load(at), f32.load(at + right), acrossPart);
        const under = mix(f32.load(at + below), f32.load(at + below + right), acrossPart);
        f32.store(out + t * outPlane, mix(above, under, downPart));
      }
    }
  }
}

const RED: f32 = 0.299;
const GREEN: f32 = 0.587;
const BLUE: f32 = 0.114;

// @ts-ignore: decorator
@inline
function bound4(v: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(v, low), high); // NaN where v is
}

/** Σ of a plane after brightness. */
function brightSum(x: usize, bytes: usize, factor: f32, low: f32, high: f32): f32 {
  let all = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const v = f32x4.mul(f32x4.splat(factor), v128.load(x + at));
    all = f32x4.add(all, bound4(v, f32x4.splat(low), f32x4.splat(high)));
  }
  let sum = horizontalSum(all);
  for (; at < bytes; at += 4) sum += min<f32>(high, max<f32>(low, factor * f32.load(x + at)));
  return sum;
}

/** f of a value of the pixel: value - chroma max(0, min(k, 4 - k, 1)), k = (n + 6 hue) mod 6. */
// @ts-ignore: decorator
@inline
function hueToChannel(n: f32, hue: v128, value: v128, chroma: v128): v128 {
  const raw = f32x4.add(f32x4.splat(n), hue);
  const k = f32x4.sub(raw, f32x4.mul(f32x4.splat(6), f32x4.floor(f32x4.div(raw, f32x4.splat(6)))));
  const share = f32x4.pmin(k, f32x4.sub(f32x4.splat(4), k));
  return f32x4.sub(value, f32x4.mul(chroma, bound4(share, f32x4.splat(0), f32x4.splat(1))));
}

/** Four pixels with planes `stride` bytes apart, from brightness to hue. */
function jitterPixels(x: usize, y: usize, stride: usize, factors: usize, mean: f32, low: v128, high: v128): void {
  const brightness = f32x4.splat(f32.load(factors));
  const contrast = f32x4.splat(f32.load(factors, 4));
  const saturation = f32x4.splat(f32.load(factors, 8));
  const turn = f32.load(factors, 12);
  const m = f32x4.splat(mean);
  let r = bound4(f32x4.mul(brightness, v128.load(x)), low, high);
  let g = bound4(f32x4.mul(brightness, v128.load(x + stride)), low, high);
  let b = bound4(f32x4.mul(brightness, v128.load(x + 2 * stride)), low, high);
  r = bound4(fma(contrast, f32x4.sub(r, m), m), low, high);
  g = bound4(fma(contrast, f32x4.sub(g, m), m), low, high);
  b = bound4(fma(contrast, f32x4.sub(b, m), m), low, high);
  const grey = fma(f32x4.splat(RED), r, fma(f32x4.splat(GREEN), g, f32x4.mul(f32x4.splat(BLUE), b)));
  r = bound4(fma(saturation, f32x4.sub(r, grey), grey), low, high);
  g = bound4(fma(saturation, f32x4.sub(g, grey), grey), low, high);
  b = bound4(fma(saturation, f32x4.sub(b, grey), grey), low, high);
  if (turn != 0) {
    const value = f32x4.pmax(r, f32x4.pmax(g, b));
    const chroma = f32x4.sub(value, f32x4.pmin(r, f32x4.pmin(g, b)));
    const divisor = v128.bitselect(f32x4.splat(1), chroma, f32x4.eq(chroma, f32x4.splat(0)));
    const ofBlue = f32x4.add(f32x4.splat(4), f32x4.div(f32x4.sub(r, g), divisor));
    const ofGreen = f32x4.add(f32x4.splat(2), f32x4.div(f32x4.sub(b, r), divisor));
    const ofRed = f32x4.div(f32x4.sub(g, b), divisor);
    let hue = v128.bitselect(ofRed, v128.bitselect(ofGreen, ofBlue, f32x4.eq(value, g)), f32x4.eq(value, r));
    hue = f32x4.add(hue, f32x4.splat(6 * turn));
    r = hueToChannel(5, hue, value, chroma);
    g = hueToChannel(3, hue, value, chroma);
    b = hueToChannel(1, hue, value, chroma);
  }
  v128.store(y, r);
  v128.store(y + stride, g);
  v128.store(y + 2 * stride, b);
}

/** y of color_jitter; [begin, end) counts images. */
export function color_jitter(
  x: usize, factors: usize, y: usize, n: u32, c: u32, s: u32, low: f32, high: f32, begin: u32, end: u32,
): void {
  const bytes = <usize>s << 2;
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  for (let image = begin; image < end; image++) {
    const start = x + image * c * bytes;
    const out = y + image * c * bytes;
    const own = factors + (<usize>image << 4);
    const brightness = f32.load(own);
    const contrast = f32.load(own, 4);
    let mean: f32 = 0;
    for (let t: u32 = 0; t < c; t++) {
      const weight: f32 = c != 3 ? 1 / <f32>c : t == 0 ? RED : t == 1 ? GREEN : BLUE;
      mean += weight * brightSum(start + t * bytes, bytes, brightness, low, high);
    }
    mean /= <f32>s;
    if (c == 3) {
      let at: usize = 0;
      for (; at + 16 <= bytes; at += 16) jitterPixels(start + at, out + at, bytes, own, mean, lows, highs);
      const rest = bytes - at;
      if (rest > 0) {
        for (let t: usize = 0; t < 3; t++) memory.copy(scratch + 16 * t, start + t * bytes + at, rest);
        jitterPixels(scratch, scratch, 16, own, mean, lows, highs);
        for (let t: usize = 0; t < 3; t++) memory.copy(out + t * bytes + at, scratch + 16 * t, rest);
      }
      continue;
    }
    const whole = <usize>c * bytes;
    let at: usize = 0;
    for (; at + 16 <= whole; at += 16) {
      const v = bound4(f32x4.mul(f32x4.splat(brightness), v128.load(start + at)), lows, highs);
      const m = f32x4.splat(mean);
      v128.store(out + at, bound4(fma(f32x4.splat(contrast), f32x4.sub(v, m), m), lows, highs));
    }
    for (; at < whole; at += 4) {
      const v = min<f32>(high, max<f32>(low, brightness * f32.load(start + at)));
      f32.store(out + at, min<f32>(high, max<f32>(low, mean + contrast * (v - mean))));
    }
  }
}
