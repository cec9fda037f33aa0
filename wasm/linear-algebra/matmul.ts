// out[z] [m,n] = act(op(A_z) op(B_z) + bias[n]), z in 0..batch: rows [begin, end) of the batch·m rows.
import { gemm, gemmPacked, packColumns } from "../base/gemm";
import { NARROW, narrowDots, narrowTransposed, vectorMatrix } from "./narrow";

/**
 * A_z starts at element (z / batch_inner)·a_outer + (z % batch_inner)·a_inner, B_z likewise; A_z is [m,k], or [k,m]
 * with trans_a; B_z [k,n], or [n,k] with trans_b; out contiguous. activation: as in activate4.
 */
export function matmul(
  a: usize, b: usize, bias: usize, out: usize, m: u32, n: u32, k: u32, trans_a: u32, trans_b: u32,
  batch: u32, batch_inner: u32, a_outer: u32, a_inner: u32, b_outer: u32, b_inner: u32,
  has_bias: u32, activation: u32, slope: f32, begin: u32, end: u32,
): void {
  const oneB = batch == 1 || b_outer == 0 && b_inner == 0;
  const stackedA = batch == 1 || !trans_a && a_inner == m * k && a_outer == batch_inner * a_inner;
  if (oneB && stackedA) m *= batch; // the batch is one taller matrix
  const aRow: usize = trans_a ? 4 : <usize>k << 2, aStep: usize = trans_a ? <usize>m << 2 : 4;
  const bStep: usize = trans_b ? 4 : <usize>n << 2, bColumn: usize = trans_b ? <usize>k << 2 : 4;
  const outRow: usize = <usize>n << 2;
  if (!has_bias) bias = 0;
  for (let row = begin; row < end;) {
    const z = row / m, first = row % m;
    const rows = min(m - first, end - row);
    const x = a + (<usize>(z / batch_inner) * a_outer + <usize>(z % batch_inner) * a_inner << 2) + first * aRow;
    const y = b + (<usize>(z / batch_inner) * b_outer + <usize>(z % batch_inner) * b_inner << 2);
    const c = out + row * outRow;
    const narrow = n <= NARROW;
    if (rows == 1 && !trans_b) vectorMatrix(n, k, x, aStep, y, c, bias, activation, slope);
    else if (!trans_a && (narrow || rows <= 4 && trans_b))
      narrowDots(rows, n, k, x, y, trans_b != 0, c, bias, activation, slope);
    else if (narrow && rows >= n)
      narrowTransposed(rows, n, k, x, aStep, y, bStep, bColumn, c, bias, activation, slope);
    else gemm(rows, n, k, x, aRow, aStep, y, bStep, bColumn, c, outRow, bias, activation, slope);
    row += rows;
  }
}

/** Lays op(B) of a product without a batch out in `packed`; [begin, end) counts panels of 8 columns. */
export function matmul_pack(
  a: usize, b: usize, bias: usize, out: usize, m: u32, n: u32, k: u32, trans_a: u32, trans_b: u32,
  batch: u32, batch_inner: u32, a_outer: u32, a_inner: u32, b_outer: u32, b_inner: u32,
  has_bias: u32, activation: u32, slope: f32, packed: usize, begin: u32, end: u32,
): void {
  packColumns(k, n, b, trans_b ? 4 : <usize>n << 2, trans_b ? <usize>k << 2 : 4, packed, begin, end);
}

/** `matmul` without a batch after `matmul_pack`. */
export function matmul_packed(
  a: usize, b: usize, bias: usize, out: usize, m: u32, n: u32, k: u32, trans_a: u32, trans_b: u32,
  batch: u32, batch_inner: u32, a_outer: u32, a_inner: u32, b_outer: u32, b_inner: u32,
  has_bias: u32, activation: u32, slope: f32, packed: usize, begin: u32, end: u32,
): void {
  const aRow: usize = trans_a ? 4 : <usize>k << 2, aStep: usize = trans_a ? <usize>m << 2 : 4;
  const outRow: usize = <usize>n << 2, x = a + begin * aRow, c = out + begin * outRow;
  gemmPacked(end - begin, n, k, x, aRow, aStep, packed, c, outRow, has_bias ? bias : 0, activation, slope);
}
