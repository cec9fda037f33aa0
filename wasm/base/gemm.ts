// The packed float32 matrix product that matmul, convolution, distances and recurrent layers are built on (BLIS scheme,
// Van Zee & van de Geijn 2015): blocks of A as panels of 4 rows, blocks of B as panels of 8 columns, a 4×8 tile of C in
// registers. The tile is what engines compile without spilling: 8 sums and the 4 + 2 loads of a step, which they may
// hoist to its front, fit 15 vector registers. A larger tile, or several steps in one basic block, halves the speed.
import { ACTIVATION_LEAKY_RELU, ACTIVATION_NONE, ACTIVATION_RELU, ACTIVATION_SIGMOID, ACTIVATION_TANH } from "../../kernels/linear-algebra/matmul.wgsl";
import { sigmoid4, tanh4 } from "./math";
import { microkernel } from "./microkernel";
import { scratch } from "./scratch";

/** Rows and columns of the register tile. */
export const MR: u32 = 4;
export const NR: u32 = 8;
/** Largest blocks: rows of A, shared dimension, columns of B. */
export const MC: u32 = 64;
export const KC: u32 = 512;
export const NC: u32 = 512;
/** Up to this many rows, B is not packed where its rows are contiguous. */
const FEW_ROWS: u32 = 8;

/** The work area: an edge tile, its bias, a block of A, a block of B; the rest, from WORK_END on, is the caller's. */
const TILE: usize = 0;
const TILE_BIAS: usize = 128;
const BLOCK_A: usize = 256;
const BLOCK_B: usize = BLOCK_A + (<usize>MC * KC << 2);
export const WORK_END: usize = BLOCK_B + (<usize>KC * NC << 2);

// @ts-ignore: decorator
@inline
function smaller(a: u32, b: u32): u32 {
  return a < b ? a : b;
}

/** Length of equal blocks, a multiple of `step` and at most `limit`, that cover `size`. */
export function blockSize(size: u32, limit: u32, step: u32): u32 {
  const blocks = (size + limit - 1) / limit;
  return blocks < 2 ? limit : ((size + blocks - 1) / blocks + step - 1) / step * step;
}

/** act(x). */
// @ts-ignore: decorator
@inline
export function activate4(x: v128, activation: u32, slope: v128): v128 {
  if (activation == ACTIVATION_NONE) return x;
  if (activation == ACTIVATION_RELU) return f32x4.pmax(x, f32x4.splat(0));
  if (activation == ACTIVATION_LEAKY_RELU) return v128.bitselect(f32x4.mul(x, slope), x, f32x4.lt(x, f32x4.splat(0)));
  return activation == ACTIVATION_SIGMOID ? sigmoid4(x) : tanh4(x);
}

/** Packs A[rows,depth] into panels of 4 rows, [panel][k][4], zeros below the last row; strides in bytes. */
export function packA(a: usize, rowStride: usize, kStride: usize, rows: u32, depth: u32, out: usize): void {
  pack(MR, a, rowStride, kStride, rows, depth, out);
}

/** Packs B[depth,columns] into panels of 8 columns, [panel][k][8], zeros right of the last column; strides in bytes. */
export function packB(b: usize, kStride: usize, columnStride: usize, depth: u32, columns: u32, out: usize): void {
  pack(NR, b, columnStride, kStride, columns, depth, out);
}

// @ts-ignore: decorator
@inline
function pack(width: u32, source: usize, laneStride: usize, kStride: usize, lanes: u32, depth: u32, out: usize): void {
  const panel = <usize>depth * width << 2;
  let lane: u32 = 0;
  if (laneStride == 4) {
    // A cache line at a time: its 16 lanes go to 16 / width panels.
    const second = width == 4 ? panel : 16, third = width == 4 ? 2 * panel : panel, fourth = third + second;
    for (; lane + 16 <= lanes; lane += 16) {
      let p = source + (<usize>lane << 2);
      let q = out;
      for (let k: u32 = 0; k < depth; k++, p += kStride, q += width << 2) {
        v128.store(q, v128.load(p));
        v128.store(q + second, v128.load(p, 16));
        v128.store(q + third, v128.load(p, 32));
        v128.store(q + fourth, v128.load(p, 48));
      }
      out += 16 / width * panel;
    }
  }
  for (; lane < lanes; lane += width, out += panel) {
    const valid = smaller(width, lanes - lane);
    let p = source + lane * laneStride;
    let q = out;
    let k: u32 = 0;
    if (valid == width && laneStride == 4) {
      for (; k < depth; k++, p += kStride, q += width << 2)
        for (let group: usize = 0; group < width << 2; group += 16) v128.store(q + group, v128.load(p + group));
    } else if (valid == width && kStride == 4) {
      for (; k + 4 <= depth; k += 4, p += 16, q += width << 4) {
        transpose4(p, laneStride, q, width << 2);
        if (width == 8) transpose4(p + 4 * laneStride, laneStride, q + 16, width << 2);
      }
    }
    for (; k < depth; k++, p += kStride)
      for (let i: u32 = 0; i < width; i++, q += 4) f32.store(q, i < valid ? f32.load(p + i * laneStride) : 0);
  }
}

/** Writes the transpose of the 4×4 floats at `source`; strides between rows in bytes. */
// @ts-ignore: decorator
@inline
export function transpose4(source: usize, sourceStride: usize, out: usize, outStride: usize): void {
  const row2 = source + 2 * sourceStride;
  transposeRows(source, source + sourceStride, row2, row2 + sourceStride, out, outStride);
}

/** Writes the transpose of four rows of four floats. */
// @ts-ignore: decorator
@inline
export function transposeRows(row0: usize, row1: usize, row2: usize, row3: usize, out: usize, outStride: usize): void {
  const r0 = v128.load(row0), r1 = v128.load(row1), r2 = v128.load(row2), r3 = v128.load(row3);
  const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), t1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const t2 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f64>(t0, t2, 0, 2));
  v128.store(out + outStride, v128.shuffle<f64>(t0, t2, 1, 3));
  v128.store(out + 2 * outStride, v128.shuffle<f64>(t1, t3, 0, 2));
  v128.store(out + 3 * outStride, v128.shuffle<f64>(t1, t3, 1, 3));
}

/** C[4,8] = act(C) in place for the activations after ACTIVATION_RELU; which one is decided once a tile. */
export function activateTile(c: usize, cRow: usize, activation: u32, slope: f32): void {
  if (activation == ACTIVATION_LEAKY_RELU) activateRows(c, cRow, ACTIVATION_LEAKY_RELU, slope);
  else if (activation == ACTIVATION_SIGMOID) activateRows(c, cRow, ACTIVATION_SIGMOID, slope);
  else activateRows(c, cRow, ACTIVATION_TANH, slope);
}

// @ts-ignore: decorator
@inline
function activateRows(c: usize, cRow: usize, activation: u32, slope: f32): void {
  const slope4 = f32x4.splat(slope);
  for (let row: u32 = 0; row < MR; row++, c += cRow) {
    v128.store(c, activate4(v128.load(c), activation, slope4));
    v128.store(c, activate4(v128.load(c, 16), activation, slope4), 16);
  }
}

/** Copies rows of floats; bytes between rows. */
export function copyTile(source: usize, sourceRow: usize, out: usize, outRow: usize, rows: u32, columns: u32): void {
  for (let i: u32 = 0; i < rows; i++, source += sourceRow, out += outRow) {
    let j: usize = 0;
    for (; j + 16 <= <usize>columns << 2; j += 16) v128.store(out + j, v128.load(source + j));
    for (; j < <usize>columns << 2; j += 4) f32.store(out + j, f32.load(source + j));
  }
}

/**
 * C[rows,columns] = act((accumulate ? C : bias[columns]) + packed A · B), whole tiles in place, edge tiles in the work
 * area; bias 0 for none. `bStep` and `bPanel`: bytes between B's rows and between its 8-column panels (32 and 32·depth
 * when packed).
 */
export function multiplyPanels(
  rows: u32, columns: u32, depth: u32, a: usize, b: usize, bStep: usize, bPanel: usize, c: usize, cRow: usize,
  accumulate: bool, bias: usize, activation: u32, slope: f32,
): void {
  const tile = scratch + TILE, edgeBias = scratch + TILE_BIAS;
  const floor: f32 = activation == ACTIVATION_RELU ? 0 : -Infinity;
  v128.store(edgeBias, f32x4.splat(0));
  v128.store(edgeBias, f32x4.splat(0), 16);
  for (let j: u32 = 0; j < columns; j += NR, b += bPanel, c += NR << 2) {
    const width = smaller(NR, columns - j);
    let start = bias ? bias + (<usize>j << 2) : edgeBias;
    if (bias && width < NR) {
      copyTile(start, 0, edgeBias, 0, 1, width);
      start = edgeBias;
    }
    let panel = a;
    for (let i: u32 = 0; i < rows; i += MR, panel += <usize>depth << 4) {
      const height = smaller(MR, rows - i);
      const corner = c + i * cRow;
      const whole = width == NR && height == MR;
      const to = whole ? corner : tile, toRow = whole ? cRow : NR << 2;
      if (accumulate && !whole) copyTile(corner, cRow, tile, NR << 2, height, width);
      microkernel(depth, panel, b, bStep, to, toRow, accumulate ? to : start, accumulate ? toRow : 0, floor);
      if (activation > ACTIVATION_RELU) activateTile(to, toRow, activation, slope);
      if (!whole) copyTile(tile, NR << 2, corner, cRow, height, width);
    }
  }
}

/**
 * C[m,n] = act(A[m,k] B[k,n] + bias[n]); A and B with any strides (bytes), C's rows contiguous and `cRow` bytes apart;
 * bias 0 for none. Uses the work area up to WORK_END.
 * For few rows, packing B would cost more than it saves: whole panels of a row-major B are then read in place.
 */
export function gemm(
  m: u32, n: u32, k: u32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize, bColumn: usize,
  c: usize, cRow: usize, bias: usize, activation: u32, slope: f32,
): void {
  const blockA = scratch + BLOCK_A, blockB = scratch + BLOCK_B;
  const mc = blockSize(m, MC, MR), kc = blockSize(k, KC, 4), nc = blockSize(n, NC, 16);
  const inPlace = m <= FEW_ROWS && bColumn == 4;
  for (let j: u32 = 0; j < n; j += nc) {
    const columns = smaller(nc, n - j);
    const direct = inPlace ? columns / NR * NR : 0;
    for (let p: u32 = 0; p < k; p += kc) {
      const depth = smaller(kc, k - p);
      const corner = b + p * bStep + j * bColumn;
      packB(corner + direct * bColumn, bStep, bColumn, depth, columns - direct, blockB);
      const act = p + depth == k ? activation : ACTIVATION_NONE;
      for (let i: u32 = 0; i < m; i += mc) {
        const rows = smaller(mc, m - i);
        packA(a + i * aRow + p * aStep, aRow, aStep, rows, depth, blockA);
        const first = j + direct, packed = columns - direct, panel = <usize>depth << 5, row = c + i * cRow;
        if (direct) {
          const start = bias ? bias + (<usize>j << 2) : 0, out = row + (<usize>j << 2);
          multiplyPanels(rows, direct, depth, blockA, corner, bStep, NR << 2, out, cRow, p > 0, start, act, slope);
        }
        const start = bias ? bias + (<usize>first << 2) : 0, out = row + (<usize>first << 2);
        multiplyPanels(rows, packed, depth, blockA, blockB, NR << 2, panel, out, cRow, p > 0, start, act, slope);
      }
    }
  }
}

/** Bytes of a panel of B. */
// @ts-ignore: decorator
@inline
function panelBytes(depth: u32): usize {
  return <usize>depth << 5;
}

/**
 * The panels [begin, end) of B[k,n] for `gemmPacked`, [k block][panel][k][8]; strides in bytes. Blocks of k lie one after
 * the other, each with all panels, so that threads can share the panels.
 */
export function packColumns(
  k: u32, n: u32, b: usize, bStep: usize, bColumn: usize, out: usize, begin: u32, end: u32,
): void {
  const panels = (n + NR - 1) / NR;
  const kc = blockSize(k, KC, 4);
  const first = begin * NR;
  const columns = smaller(n, end * NR) - first;
  for (let p: u32 = 0; p < k; p += kc) {
    const depth = smaller(kc, k - p);
    const block = out + panels * panelBytes(p);
    packB(b + p * bStep + first * bColumn, bStep, bColumn, depth, columns, block + begin * panelBytes(depth));
  }
}

/** As `gemm`, with B laid out by `packColumns`: the same sums in the same order. */
export function gemmPacked(
  m: u32, n: u32, k: u32, a: usize, aRow: usize, aStep: usize, packed: usize, c: usize, cRow: usize,
  bias: usize, activation: u32, slope: f32,
): void {
  const blockA = scratch + BLOCK_A;
  const panels = (n + NR - 1) / NR;
  const mc = blockSize(m, MC, MR), kc = blockSize(k, KC, 4);
  for (let i: u32 = 0; i < m; i += mc) {
    const rows = smaller(mc, m - i);
    for (let p: u32 = 0; p < k; p += kc) {
      const depth = smaller(kc, k - p);
      packA(a + i * aRow + p * aStep, aRow, aStep, rows, depth, blockA);
      const act = p + depth == k ? activation : ACTIVATION_NONE;
      const block = packed + panels * panelBytes(p), panel = panelBytes(depth);
      multiplyPanels(rows, n, depth, blockA, block, NR << 2, panel, c + i * cRow, cRow, p > 0, bias, act, slope);
    }
  }
}
