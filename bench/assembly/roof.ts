// AssemblyScript: what one core can do at most. Compiled by roof.ts with and without relaxed SIMD.

/** Twelve independent chains c ← a c + b of four lanes, 96 flop a pass, all in registers; returns their sum to keep them alive. */
export function multiply_add(passes: i32, x: f32, y: f32): f32 {
  const a = f32x4.splat(x);
  const b = f32x4.splat(y);
  let c0 = a,
    c1 = b,
    c2 = f32x4.add(a, c1),
    c3 = f32x4.add(a, c2),
    c4 = f32x4.add(a, c3),
    c5 = f32x4.add(a, c4);
  let c6 = f32x4.add(a, c5),
    c7 = f32x4.add(a, c6),
    c8 = f32x4.add(a, c7),
    c9 = f32x4.add(a, c8),
    c10 = f32x4.add(a, c9),
    c11 = f32x4.add(a, c10);
  for (let i = 0; i < passes; i++) {
    if (ASC_FEATURE_RELAXED_SIMD) {
      c0 = f32x4.relaxed_madd(a, c0, b);
      c1 = f32x4.relaxed_madd(a, c1, b);
      c2 = f32x4.relaxed_madd(a, c2, b);
      c3 = f32x4.relaxed_madd(a, c3, b);
      c4 = f32x4.relaxed_madd(a, c4, b);
      c5 = f32x4.relaxed_madd(a, c5, b);
      c6 = f32x4.relaxed_madd(a, c6, b);
      c7 = f32x4.relaxed_madd(a, c7, b);
      c8 = f32x4.relaxed_madd(a, c8, b);
      c9 = f32x4.relaxed_madd(a, c9, b);
      c10 = f32x4.relaxed_madd(a, c10, b);
      c11 = f32x4.relaxed_madd(a, c11, b);
    } else {
      c0 = f32x4.add(f32x4.mul(a, c0), b);
      c1 = f32x4.add(f32x4.mul(a, c1), b);
      c2 = f32x4.add(f32x4.mul(a, c2), b);
      c3 = f32x4.add(f32x4.mul(a, c3), b);
      c4 = f32x4.add(f32x4.mul(a, c4), b);
      c5 = f32x4.add(f32x4.mul(a, c5), b);
      c6 = f32x4.add(f32x4.mul(a, c6), b);
      c7 = f32x4.add(f32x4.mul(a, c7), b);
      c8 = f32x4.add(f32x4.mul(a, c8), b);
      c9 = f32x4.add(f32x4.mul(a, c9), b);
      c10 = f32x4.add(f32x4.mul(a, c10), b);
      c11 = f32x4.add(f32x4.mul(a, c11), b);
    }
  }
  let sum = f32x4.add(f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3)), f32x4.add(f32x4.add(c4, c5), f32x4.add(c6, c7)));
  sum = f32x4.add(sum, f32x4.add(f32x4.add(c8, c9), f32x4.add(c10, c11)));
  return f32x4.extract_lane(sum, 0);
}

/** Copies `bytes` bytes, a multiple of 64, by 16-byte loads and stores. */
export function copy(target: usize, source: usize, bytes: usize): void {
  const end = source + bytes;
  while (source < end) {
    v128.store(target, v128.load(source));
    v128.store(target, v128.load(source, 16), 16);
    v128.store(target, v128.load(source, 32), 32);
    v128.store(target, v128.load(source, 48), 48);
    source += 64;
    target += 64;
  }
}

/** The same by the engine's own routine. */
export function move(target: usize, source: usize, bytes: usize): void {
  memory.copy(target, source, bytes);
}
