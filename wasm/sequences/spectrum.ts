import { scratch } from "../base/scratch";
import { fma } from "../base/simd";

/** x[i] of `samples`, mirrored at the ends or 0 outside. */
// @ts-ignore: decorator
@inline
function sampleAt(x: usize, i: i32, samples: i32, mirror: u32): f32 {
  const last = samples - 1;
  if (mirror) i = i > last ? 2 * last - i : abs<i32>(i);
  return i < 0 || i > last ? 0 : f32.load(x + (<usize>i << 2));
}

/** Samples i, i + step1, i + step2, i + step3 in four lanes. */
// @ts-ignore: decorator
@inline
function four(x: usize, i: i32, step1: i32, step2: i32, step3: i32, samples: i32, mirror: u32, inside: bool): v128 {
  if (inside) {
    const at = x + (<usize>i << 2);
    let v = v128.load32_splat(at);
    v = v128.load_lane<f32>(at + (<usize>step1 << 2), v, 1);
    v = v128.load_lane<f32>(at + (<usize>step2 << 2), v, 2);
    return v128.load_lane<f32>(at + (<usize>step3 << 2), v, 3);
  }
  return f32x4(
    sampleAt(x, i, samples, mirror), sampleAt(x, i + step1, samples, mirror),
    sampleAt(x, i + step2, samples, mirror), sampleAt(x, i + step3, samples, mirror),
  );
}

/**
 * y of power_spectrum; [begin, end) counts groups of four neighbouring frames of an item, one in each lane. The points are in
 * the work area, real and imaginary parts side by side.
 */
export function power_spectrum(
  x: usize, window: usize, twiddles: usize, y: usize,
  batch: u32, samples: u32, frames: u32, fft: u32, stages: u32, hop: u32, margin: u32, mirror: u32, begin: u32, end: u32,
): void {
  const half = fft >> 1;
  const groups = (frames + 3) >> 2;
  for (let group = begin; group < end; group++) {
    const item = group / groups;
    const first = (group % groups) << 2;
    const last = frames - 1 - first; // lanes behind the last frame repeat it
    const signal = x + ((<usize>item * samples) << 2);
    const start = <i32>(first * hop) - <i32>margin;
    const step1 = <i32>(min<u32>(1, last) * hop);
    const step2 = <i32>(min<u32>(2, last) * hop);
    const step3 = <i32>(min<u32>(3, last) * hop);
    const inside = start >= 0 && start + step3 + <i32>fft <= <i32>samples;
    for (let j: u32 = 0, place: u32 = 0; j < half; j++) {
      const to = scratch + (<usize>place << 5);
      const i = start + <i32>(2 * j);
      const w = window + (<usize>j << 3);
      const even = four(signal, i, step1, step2, step3, samples, mirror, inside);
      const odd = four(signal, i + 1, step1, step2, step3, samples, mirror, inside);
      v128.store(to, f32x4.mul(even, v128.load32_splat(w)));
      v128.store(to, f32x4.mul(odd, v128.load32_splat(w, 4)), 16);
      let bit = half >> 1; // place counts in reversed bits
      while (place & bit) {
        place ^= bit;
        bit >>= 1;
      }
      place |= bit;
    }
    for (let stage: u32 = 0; stage < stages; stage++) {
      const reach: u32 = 1 << stage;
      for (let within: u32 = 0; within < reach; within++) {
        const turn = twiddles + (<usize>(within * (half >> stage)) << 3);
        const c = v128.load32_splat(turn);
        const s = v128.load32_splat(turn, 4);
        for (let a = within; a < half; a += 2 * reach) {
          const p = scratch + (<usize>a << 5);
          const q = p + (<usize>reach << 5);
          const re = v128.load(q);
          const im = v128.load(q, 16);
          const turnedRe = fma(c, re, f32x4.neg(f32x4.mul(s, im)));
          const turnedIm = fma(c, im, f32x4.mul(s, re));
          const keptRe = v128.load(p);
          const keptIm = v128.load(p, 16);
          v128.store(p, f32x4.add(keptRe, turnedRe));
          v128.store(p, f32x4.add(keptIm, turnedIm), 16);
          v128.store(q, f32x4.sub(keptRe, turnedRe));
          v128.store(q, f32x4.sub(keptIm, turnedIm), 16);
        }
      }
    }
    // spectra of the even and of the odd samples from that of the packed ones
    const h = f32x4.splat(0.5);
    for (let k: u32 = 0; k <= half; k++) {
      const z = scratch + (<usize>(k % half) << 5);
      const m = scratch + (<usize>((half - k) % half) << 5);
      const evenRe = f32x4.mul(h, f32x4.add(v128.load(z), v128.load(m)));
      const evenIm = f32x4.mul(h, f32x4.sub(v128.load(z, 16), v128.load(m, 16)));
      const oddRe = f32x4.mul(h, f32x4.add(v128.load(z, 16), v128.load(m, 16)));
      const oddIm = f32x4.mul(h, f32x4.sub(v128.load(m), v128.load(z)));
      const turn = twiddles + (<usize>k << 3);
      const c = k < half ? v128.load32_splat(turn) : f32x4.splat(-1);
      const s = k < half ? v128.load32_splat(turn, 4) : f32x4.splat(0);
      const re = f32x4.add(evenRe, fma(c, oddRe, f32x4.neg(f32x4.mul(s, oddIm))));
      const im = f32x4.add(evenIm, fma(c, oddIm, f32x4.mul(s, oddRe)));
      const power = fma(re, re, f32x4.mul(im, im));
      const to = y + ((<usize>(item * (half + 1) + k) * frames + first) << 2);
      if (last >= 3) v128.store(to, power);
      else {
        f32.store(to, f32x4.extract_lane(power, 0));
        if (last >= 1) f32.store(to, f32x4.extract_lane(power, 1), 4);
        if (last >= 2) f32.store(to, f32x4.extract_lane(power, 2), 8);
      }
    }
  }
}
