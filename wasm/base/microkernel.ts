// The innermost loop of the packed product; see gemm.ts. A file of its own, which the host's modules import without the rest.
import { fma } from "./simd";

/**
 * C[4,8] = max(start[4,8] + Σ_k a[k,4]ᵀ b[k,8], floor): floor 0 is relu, -inf nothing. Bytes between rows: `bStep` (32
 * when packed), `cRow`, `startRow` (0 when start is a bias for every row); start may be C. The loop is four times the
 * same step with an exit between: each stays a basic block, and the engine checks for interruption once in four.
 */
export function microkernel(
  depth: u32, a: usize, b: usize, bStep: usize, c: usize, cRow: usize, start: usize, startRow: usize, floor: f32,
): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  let b0: v128, b1: v128, x: v128;
  const end = a + (<usize>depth << 4);
  while (a != end) {
    b0 = v128.load(b), b1 = v128.load(b, 16);
    x = v128.load32_splat(a), c00 = fma(x, b0, c00), c01 = fma(x, b1, c01);
    x = v128.load32_splat(a, 4), c10 = fma(x, b0, c10), c11 = fma(x, b1, c11);
    x = v128.load32_splat(a, 8), c20 = fma(x, b0, c20), c21 = fma(x, b1, c21);
    x = v128.load32_splat(a, 12), c30 = fma(x, b0, c30), c31 = fma(x, b1, c31);
    a += 16, b += bStep;
    if (a == end) break;
    b0 = v128.load(b), b1 = v128.load(b, 16);
    x = v128.load32_splat(a), c00 = fma(x, b0, c00), c01 = fma(x, b1, c01);
    x = v128.load32_splat(a, 4), c10 = fma(x, b0, c10), c11 = fma(x, b1, c11);
    x = v128.load32_splat(a, 8), c20 = fma(x, b0, c20), c21 = fma(x, b1, c21);
    x = v128.load32_splat(a, 12), c30 = fma(x, b0, c30), c31 = fma(x, b1, c31);
    a += 16, b += bStep;
    if (a == end) break;
    b0 = v128.load(b), b1 = v128.load(b, 16);
    x = v128.load32_splat(a), c00 = fma(x, b0, c00), c01 = fma(x, b1, c01);
    x = v128.load32_splat(a, 4), c10 = fma(x, b0, c10), c11 = fma(x, b1, c11);
    x = v128.load32_splat(a, 8), c20 = fma(x, b0, c20), c21 = fma(x, b1, c21);
    x = v128.load32_splat(a, 12), c30 = fma(x, b0, c30), c31 = fma(x, b1, c31);
    a += 16, b += bStep;
    if (a == end) break;
    b0 = v128.load(b), b1 = v128.load(b, 16);
    x = v128.load32_splat(a), c00 = fma(x, b0, c00), c01 = fma(x, b1, c01);
    x = v128.load32_splat(a, 4), c10 = fma(x, b0, c10), c11 = fma(x, b1, c11);
    x = v128.load32_splat(a, 8), c20 = fma(x, b0, c20), c21 = fma(x, b1, c21);
    x = v128.load32_splat(a, 12), c30 = fma(x, b0, c30), c31 = fma(x, b1, c31);
    a += 16, b += bStep;
  }
  const floor4 = f32x4.splat(floor);
  storeRow(c, start, c00, c01, floor4);
  storeRow(c + cRow, start + startRow, c10, c11, floor4);
  storeRow(c + 2 * cRow, start + 2 * startRow, c20, c21, floor4);
  storeRow(c + 3 * cRow, start + 3 * startRow, c30, c31, floor4);
}

// @ts-ignore: decorator
@inline
function storeRow(c: usize, start: usize, left: v128, right: v128, floor: v128): void {
  v128.store(c, f32x4.pmax(f32x4.add(v128.load(start), left), floor));
  v128.store(c, f32x4.pmax(f32x4.add(v128.load(start, 16), right), floor), 16);
}
