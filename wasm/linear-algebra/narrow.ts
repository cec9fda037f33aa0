// Matrix products with too few columns or rows for the packed tile: packing would cost as much as the product, and
// lanes would idle.
import { ACTIVATION_NONE } from "../../kernels/linear-algebra/matmul.wgsl";
import { activate4, blockSize, gemm, transpose4, WORK_END } from "../base/gemm";
import { scratch } from "../base/scratch";
import { fma, horizontalSums } from "../base/simd";

/** Up to this many columns (or, in `dots`, rows) the product counts as narrow. */
export const NARROW: u32 = 12;
const DEPTH: u32 = 512; // of a block of dot products: 4 rows of A and NARROW rows of B stay in the first-level cache
const STRIP: u32 = 1024;

/** out[i,j] = out[i,j] + bias[j] for contiguous rows, then act in place; bias 0 for none. */
function finishRows(out: usize, rows: u32, columns: u32, bias: usize, activation: u32, slope: f32): void {
  const end = out + (<usize>rows * columns << 2);
  if (bias)
    for (let row = out; row < end; row += <usize>columns << 2)
      for (let j: usize = 0; j < <usize>columns << 2; j += 4)
        f32.store(row + j, f32.load(row + j) + f32.load(bias + j));
  if (activation == ACTIVATION_NONE) return;
  const slope4 = f32x4.splat(slope);
  for (; out + 16 <= end; out += 16) v128.store(out, activate4(v128.load(out), activation, slope4));
  for (; out < end; out += 4) v128.store32_lane(out, activate4(v128.load32_splat(out), activation, slope4), 0);
}

/** out[columns,rows] = source[rows,columns]ᵀ; bytes between rows. */
export function transpose(source: usize, sourceRow: usize, rows: u32, columns: u32, out: usize, outRow: usize): void {
  const wholeRows = rows & ~3, wholeColumns = columns & ~3;
  for (let i: u32 = 0; i < rows; i += 4) {
    const whole = i < wholeRows;
    if (whole)
      for (let j: u32 = 0; j < wholeColumns; j += 4)
        transpose4(source + i * sourceRow + (<usize>j << 2), sourceRow, out + j * outRow + (<usize>i << 2), outRow);
    for (let j = whole ? wholeColumns : 0; j < columns; j++)
      for (let r = i; r < min(i + 4, rows); r++)
        f32.store(out + j * outRow + (<usize>r << 2), f32.load(source + r * sourceRow + (<usize>j << 2)));
  }
}

/** out[i][j] (+)= a_i · b_j for 4 rows of a and 2 of b, of which `rows` and `columns` are stored; lanes run along k. */
function dots4x2(
  depth: u32, a: usize, aRow: usize, b: usize, bRow: usize, out: usize, outRow: usize,
  rows: u32, columns: u32, accumulate: bool,
): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  let b0: v128, b1: v128, x: v128;
  let p1 = rows > 1 ? a + aRow : a, p2 = rows > 2 ? p1 + aRow : a, p3 = rows > 3 ? p2 + aRow : a;
  let q = columns > 1 ? b + bRow : b;
  const vectors = b + (<usize>(depth & ~3) << 2), end = b + (<usize>depth << 2);
  for (; b != vectors; a += 16, p1 += 16, p2 += 16, p3 += 16, b += 16, q += 16) {
    b0 = v128.load(b), b1 = v128.load(q);
    x = v128.load(a), c00 = fma(x, b0, c00), c01 = fma(x, b1, c01);
    x = v128.load(p1), c10 = fma(x, b0, c10), c11 = fma(x, b1, c11);
    x = v128.load(p2), c20 = fma(x, b0, c20), c21 = fma(x, b1, c21);
    x = v128.load(p3), c30 = fma(x, b0, c30), c31 = fma(x, b1, c31);
  }
  for (; b != end; a += 4, p1 += 4, p2 += 4, p3 += 4, b += 4, q += 4) {
    b0 = v128.load32_zero(b), b1 = v128.load32_zero(q);
    x = v128.load32_zero(a), c00 = fma(x, b0, c00), c01 = fma(x, b1, c01);
    x = v128.load32_zero(p1), c10 = fma(x, b0, c10), c11 = fma(x, b1, c11);
    x = v128.load32_zero(p2), c20 = fma(x, b0, c20), c21 = fma(x, b1, c21);
    x = v128.load32_zero(p3), c30 = fma(x, b0, c30), c31 = fma(x, b1, c31);
  }
  storeColumn(out, outRow, rows, horizontalSums(c00, c10, c20, c30), accumulate);
  if (columns > 1) storeColumn(out + 4, outRow, rows, horizontalSums(c01, c11, c21, c31), accumulate);
}

// @ts-ignore: decorator
@inline
function storeColumn(out: usize, outRow: usize, rows: u32, sums: v128, accumulate: bool): void {
  for (let i: u32 = 0; i < rows; i++, out += outRow, sums = v128.shuffle<f32>(sums, sums, 1, 2, 3, 0))
    f32.store(out, (accumulate ? f32.load(out) : 0) + f32x4.extract_lane(sums, 0));
}

/**
 * out[rows,columns] = act(A B + bias) for few columns or few rows; A [rows,k], B [columns,k] with `transB`, else
 * [k,columns] and at most NARROW columns.
 */
export function narrowDots(
  rows: u32, columns: u32, k: u32, a: usize, b: usize, transB: bool, out: usize,
  bias: usize, activation: u32, slope: f32,
): void {
  const rowBytes = <usize>k << 2, outRow = <usize>columns << 2;
  const block = blockSize(k, DEPTH, 4);
  for (let p: u32 = 0; p < k; p += block) {
    const depth = min(block, k - p);
    let matrixB = b + (<usize>p << 2), bRow = rowBytes;
    if (!transB) {
      matrixB = scratch;
      bRow = <usize>block << 2;
      transpose(b + p * outRow, outRow, depth, columns, matrixB, bRow);
    }
    for (let i: u32 = 0; i < rows; i += 4) {
      const panel = a + i * rowBytes + (<usize>p << 2);
      for (let j: u32 = 0; j < columns; j += 2) {
        const corner = out + i * outRow + (<usize>j << 2);
        const height = min(4, rows - i), width = min(2, columns - j);
        dots4x2(depth, panel, rowBytes, matrixB + j * bRow, bRow, corner, outRow, height, width, p > 0);
      }
    }
  }
  finishRows(out, rows, columns, bias, activation, slope);
}

/**
 * out[rows,columns] = act(A B + bias) for at most NARROW columns, A stored [k,m]: strips of the transposed product
 * Bᵀ Aᵀ, whose wide side is contiguous.
 */
export function narrowTransposed(
  rows: u32, columns: u32, k: u32, a: usize, aStep: usize, b: usize, bStep: usize, bColumn: usize, out: usize,
  bias: usize, activation: u32, slope: f32,
): void {
  const strip = scratch + WORK_END;
  for (let i: u32 = 0; i < rows; i += STRIP) {
    const width = min(STRIP, rows - i);
    gemm(columns, width, k, b, bColumn, bStep, a + (<usize>i << 2), aStep, 4, strip, STRIP << 2, 0, 0, 0);
    transpose(strip, STRIP << 2, columns, width, out + (<usize>i * columns << 2), <usize>columns << 2);
  }
  finishRows(out, rows, columns, bias, activation, slope);
}

/** out[n] = act(a[k] B[k,n] + bias[n]), B's rows contiguous: four rows of B a pass, so that B streams through once. */
export function vectorMatrix(
  n: u32, k: u32, a: usize, aStep: usize, b: usize, out: usize, bias: usize, activation: u32, slope: f32,
): void {
  const row = <usize>n << 2, end = row & ~15;
  memory.fill(out, 0, row);
  for (let p: u32 = 0; p < k; p += 4, a += 4 * aStep, b += 4 * row) {
    // Past the last row the weight is 0 and the row is the first of the pass.
    const left = k - p;
    const x0 = v128.load32_splat(a), x1 = left > 1 ? v128.load32_splat(a + aStep) : f32x4.splat(0);
    const x2 = left > 2 ? v128.load32_splat(a + 2 * aStep) : f32x4.splat(0);
    const x3 = left > 3 ? v128.load32_splat(a + 3 * aStep) : f32x4.splat(0);
    const b1 = left > 1 ? b + row : b, b2 = left > 2 ? b + 2 * row : b, b3 = left > 3 ? b + 3 * row : b;
    for (let j: usize = 0; j < end; j += 16) {
      let sum = fma(x0, v128.load(b + j), v128.load(out + j));
      sum = fma(x1, v128.load(b1 + j), sum);
      sum = fma(x2, v128.load(b2 + j), sum);
      v128.store(out + j, fma(x3, v128.load(b3 + j), sum));
    }
    for (let j = end; j < row; j += 4) {
      let sum = fma(x0, v128.load32_zero(b + j), v128.load32_zero(out + j));
      sum = fma(x1, v128.load32_zero(b1 + j), sum);
      sum = fma(x2, v128.load32_zero(b2 + j), sum);
      v128.store32_lane(out + j, fma(x3, v128.load32_zero(b3 + j), sum), 0);
    }
  }
  finishRows(out, 1, n, bias, activation, slope);
}
