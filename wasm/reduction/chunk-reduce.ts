import { FINITE } from "../../kernels/reduction/chunk_reduce.wgsl";
import { fma, horizontalSum } from "../base/simd";

/** y[first + c] = over chunk c of x: by op 1 where all elements are finite, else 0, or Σ x²; [begin, end) counts chunks. */
export function chunk_reduce(x: usize, y: usize, n: u32, length: u32, first: u32, op: u32, begin: u32, end: u32): void {
  for (let chunk = begin; chunk < end; chunk++) {
    let at = x + ((<usize>chunk * length) << 2);
    const last = x + (<usize>min((chunk + 1) * length, n) << 2);
    let result: f32;
    if (op == FINITE) {
      const exponent = i32x4.splat(0x7f800000);
      let bad = i32x4.splat(0);
      for (; at + 16 <= last; at += 16)
        bad = v128.or(bad, i32x4.eq(v128.and(v128.load(at), exponent), exponent));
      let any = v128.any_true(bad);
      for (; at < last; at += 4) any = any || (load<u32>(at) & 0x7f800000) == 0x7f800000;
      result = any ? 0 : 1;
    } else {
      let a = f32x4.splat(0);
      let b = f32x4.splat(0);
      for (; at + 32 <= last; at += 32) {
        const u = v128.load(at);
        const v = v128.load(at, 16);
        a = fma(u, u, a);
        b = fma(v, v, b);
      }
      result = horizontalSum(f32x4.add(a, b));
      for (; at < last; at += 4) result += load<f32>(at) * load<f32>(at);
    }
    store<f32>(y + (<usize>(first + chunk) << 2), result);
  }
}
