// Convolution on the packed product of gemm.ts: 4 output channels × 8 neighbouring pixels are a tile. The taps of a row
// of the input are packed once, [panel of 8 pixels][row][channel][tap][8]; the panels of an output row are then taps_y
// successive rows of it, so that the rows an output row shares with the next are not packed again.
import { ACTIVATION_NONE, ACTIVATION_RELU } from "../../kernels/images/conv2d.wgsl";
import { activateTile, blockSize, copyTile, MR, NR, transposeRows } from "../base/gemm";
import { microkernel } from "../base/microkernel";
import { scratch } from "../base/scratch";

/** The work area: an edge tile, the bias in 8 lanes a channel, rows with their padding, packed rows, packed weights. */
const TILE: usize = 0;
const STARTS: usize = 256;
const MAX_ROWS: u32 = 2048; // output channels of a block
const STAGED: usize = STARTS + (<usize>MAX_ROWS << 5);
const STAGED_BYTES: u32 = 512 << 10;
const PANELS: usize = STAGED + STAGED_BYTES;
/** What is packed at a time: stays in the second-level cache. */
const PACKED_BYTES: u32 = 192 << 10;
const WEIGHTS: usize = PANELS + PACKED_BYTES;
const WEIGHT_BYTES: u32 = 3 << 20;
/** Products summed in one go: a panel of weights and one of pixels stay in the first-level cache. */
const DEPTH: u32 = 384;

// @ts-ignore: decorator
@inline
function roundUp(x: u32, step: u32): u32 {
  return (x + step - 1) / step * step;
}

/**
 * Copies rows [top, top + rows) and columns [left, left + width) of `channels` planes [h,w], with zeros outside them;
 * `outRow` bytes, at least 4·width, between the rows of the copy.
 */
function stage(
  x: usize, h: u32, w: u32, channels: u32, top: i32, rows: u32, left: i32, width: u32, out: usize, outRow: u32,
): void {
  const first = max(left, 0), last = min(left + <i32>width, <i32>w);
  const before: usize = first > left ? min(<usize>(first - left) << 2, outRow) : 0;
  const bytes: usize = last > first ? <usize>(last - first) << 2 : 0;
  for (let c: u32 = 0; c < channels; c++, x += <usize>h * w << 2) {
    for (let r: u32 = 0; r < rows; r++, out += outRow) {
      const y = top + <i32>r;
      let at: usize = 0;
      if (<u32>y < h && bytes) {
        const row = x + (<usize>y * w + first << 2), to = out + before;
        for (; at < before; at += 4) f32.store(out + at, 0);
        for (at = 0; at + 16 <= bytes; at += 16) v128.store(to + at, v128.load(row + at));
        for (; at < bytes; at += 4) f32.store(to + at, f32.load(row + at));
        at += before;
      }
      for (; at + 16 <= outRow; at += 16) v128.store(out + at, f32x4.splat(0));
      for (; at < outRow; at += 4) f32.store(out + at, 0);
    }
  }
}

/** Packs rows of `channels` planes for every tap u of a row: out[panel][row][channel][u][8] = x[channel, row, step·(8 panel + lane) + u]. */
function packTaps(
  x: usize, plane: usize, row: usize, rows: u32, channels: u32, taps: u32, step: u32, panels: u32, out: usize,
): void {
  for (let panel: u32 = 0; panel < panels; panel++, x += <usize>step << 5) {
    for (let r: u32 = 0; r < rows; r++) {
      let p = x + r * row;
      if (step == 1 && taps == 3) {
        for (let c: u32 = 0; c < channels; c++, p += plane, out += 96) {
          v128.store(out, v128.load(p));
          v128.store(out, v128.load(p, 16), 16);
          v128.store(out, v128.load(p, 4), 32);
          v128.store(out, v128.load(p, 20), 48);
          v128.store(out, v128.load(p, 8), 64);
          v128.store(out, v128.load(p, 24), 80);
        }
      } else {
        for (let c: u32 = 0; c < channels; c++, p += plane)
          for (let u: u32 = 0; u < taps; u++, out += 32) {
            const q = p + (<usize>u << 2);
            if (step == 1) {
              v128.store(out, v128.load(q));
              v128.store(out, v128.load(q, 16), 16);
            } else if (step == 2) {
              v128.store(out, v128.shuffle<f32>(v128.load(q), v128.load(q, 16), 0, 2, 4, 6));
              v128.store(out, v128.shuffle<f32>(v128.load(q, 32), v128.load(q, 48), 0, 2, 4, 6), 16);
            } else for (let lane: usize = 0; lane < 8; lane++) f32.store(out + (lane << 2), f32.load(q + lane * (step << 2)));
          }
      }
    }
  }
}

/** out[panel][t][channel][u][4] = weight[channels of 4, channel, t, u], zeros below the last row; strides in elements. */
function packWeights(
  weight: usize, rows: u32, taps_y: u32, channels: u32, taps_x: u32,
  stride_m: i32, stride_c: i32, stride_y: i32, stride_x: i32, out: usize,
): void {
  for (let i: u32 = 0; i < rows; i += MR, weight += <isize>(stride_m * MR) << 2)
    for (let t: u32 = 0; t < taps_y; t++)
      for (let c: u32 = 0; c < channels; c++)
        for (let u: u32 = 0; u < taps_x; u++)
          for (let lane: u32 = 0; lane < MR; lane++, out += 4) {
            const at = <isize>lane * stride_m + <isize>c * stride_c + <isize>t * stride_y + <isize>u * stride_x;
            f32.store(out, i + lane < rows ? f32.load(weight + (at << 2)) : 0);
          }
}

/** Copies a tile between [4,8] and pixels `step` bytes apart in channels `plane` bytes apart. */
function moveTile(
  from: usize, fromRow: usize, fromStep: usize, to: usize, toRow: usize, toStep: usize, rows: u32, columns: u32,
): void {
  if (fromStep == 4 && toStep == 4) return copyTile(from, fromRow, to, toRow, rows, columns);
  for (let i: u32 = 0; i < rows; i++, from += fromRow, to += toRow)
    for (let j: u32 = 0; j < columns; j++) f32.store(to + j * toStep, f32.load(from + j * fromStep));
}

/** One row of pixels of `rows` channels: out = act((accumulate ? out : starts) + packed weights · packed pixels). */
function convolveRow(
  rows: u32, columns: u32, depth: u32, a: usize, b: usize, bPanel: usize, starts: usize,
  out: usize, plane: usize, step: usize, accumulate: bool, activation: u32, slope: f32,
): void {
  const tile = scratch + TILE;
  const floor: f32 = activation == ACTIVATION_RELU ? 0 : -Infinity;
  for (let j: u32 = 0; j < columns; j += NR, b += bPanel, out += step << 3) {
    const width = min(NR, columns - j);
    let panel = a, corner = out, start = starts;
    for (let i: u32 = 0; i < rows; i += MR, panel += <usize>depth << 4, corner += plane << 2, start += MR << 5) {
      const height = min(MR, rows - i);
      const whole = width == NR && height == MR && step == 4;
      const to = whole ? corner : tile, toRow = whole ? plane : NR << 2;
      if (accumulate && !whole) moveTile(corner, plane, step, tile, NR << 2, 4, height, width);
      microkernel(depth, panel, b, NR << 2, to, toRow, accumulate ? to : start, accumulate ? toRow : NR << 2, floor);
      if (activation > ACTIVATION_RELU) activateTile(to, toRow, activation, slope);
      if (!whole) moveTile(tile, NR << 2, 4, corner, plane, step, height, width);
    }
  }
}

/**
 * y[i, m, Y·out_step_y + out_y, X·out_step_x + out_x] = act(bias[m] + Σ weight[m, c, t, u] x[i, c, Y·step_y + t + top,
 * X·step_x + u + left]) over c, t < taps_y, u < taps_x; x [n,c,h,w] is 0 outside; Y < rows, X < columns; y [n,m,out_h,out_w];
 * weight with strides from weight_base on. Rows [begin, end) of the n·rows rows Y.
 */
export function conv2d(
  x: usize, weight: usize, bias: usize, y: usize, n: u32, c: u32, h: u32, w: u32, m: u32, rows: u32, columns: u32,
  taps_y: u32, taps_x: u32, step_y: u32, step_x: u32, top: i32, left: i32,
  out_h: u32, out_w: u32, out_step_y: u32, out_step_x: u32, out_y: u32, out_x: u32,
  weight_base: u32, weight_m: i32, weight_c: i32, weight_y: i32, weight_x: i32,
  has_bias: u32, activation: u32, slope: f32, begin: u32, end: u32,
): void {
  const starts = scratch + STARTS, weights = scratch + WEIGHTS, staged = scratch + STAGED, panels = scratch + PANELS;
  weight += <usize>weight_base << 2;
  // depth: blocks of channels, or of rows of taps where one channel's are too many
  const area = taps_y * taps_x, reach = max(taps_x, step_x);
  const channels = blockSize(c, max<u32>(1, DEPTH / max<u32>(1, taps_y * reach)), 1);
  const taps = max<u32>(1, min<u32>(taps_y, 1024 / reach));
  // pixels: as many rows, and of wide images columns, as fit in the cache with all their taps
  const panelRow = channels * reach << 5;
  const wide = min((columns + NR - 1) / NR, max<u32>(1, PACKED_BYTES / (taps * panelRow)));
  const rowsIn = PACKED_BYTES / (wide * panelRow);
  const strip: u32 = rowsIn > taps ? (rowsIn - taps) / step_y + 1 : 1;
  // all weights are packed once if they fit, else block by block
  const resident = m <= MAX_ROWS && roundUp(m, MR) * c * area <= WEIGHT_BYTES >> 2;
  const height = resident ? m : min(min(m, MAX_ROWS), (WEIGHT_BYTES >> 2) / (min(channels, c) * taps * max<u32>(1, taps_x)) / MR * MR);
  const plane = <usize>out_h * out_w << 2, xEnd = x + (<usize>n * c * h * w << 2);
  if (resident)
    for (let c0: u32 = 0; c0 < c; c0 += channels)
      for (let t0: u32 = 0; t0 < taps_y; t0 += taps) {
        const cs = min(channels, c - c0), ts = min(taps, taps_y - t0);
        const from = weight + (<isize>c0 * weight_c + <isize>t0 * weight_y << 2);
        const to = weights + (<usize>roundUp(m, MR) * (c0 * area + cs * t0 * taps_x) << 2);
        packWeights(from, m, ts, cs, taps_x, weight_m, weight_c, weight_y, weight_x, to);
      }
  for (let m0: u32 = 0; m0 < m; m0 += height) {
    const ms = min(height, m - m0);
    for (let i: u32 = 0; i < roundUp(ms, MR); i++) {
      const value = f32x4.splat(has_bias && i < ms ? f32.load(bias + (<usize>(m0 + i) << 2)) : 0);
      v128.store(starts + (i << 5), value);
      v128.store(starts + (i << 5), value, 16);
    }
    for (let row = begin; row < end;) {
      const image = row / rows, first = row % rows;
      const count = min(min(strip, rows - first), end - row);
      const planes = x + (<usize>image * c * h * w << 2);
      for (let x0: u32 = 0; x0 < columns; x0 += wide * NR) {
        const width = min(wide * NR, columns - x0), panelCount = (width + NR - 1) / NR;
        const out = y + ((<usize>(image * m + m0) * out_h + first * out_step_y + out_y) * out_w + x0 * out_step_x + out_x << 2);
        let accumulate = false;
        for (let c0: u32 = 0; c0 < c; c0 += channels)
          for (let t0: u32 = 0; t0 < taps_y || t0 == 0; t0 += taps) {
            const cs = min(channels, c - c0), ts = min(taps, taps_y - t0);
            const fromY = top + <i32>(first * step_y + t0), fromX = left + <i32>(x0 * step_x);
            const needed = (count - 1) * step_y + ts, span = (width - 1) * step_x + taps_x;
            const stagedWidth = panelCount * NR * step_x + taps_x + 4; // what the last panel reads, used or not
            let source = planes + (<usize>c0 * h * w << 2), sourceRow = <usize>w << 2, sourcePlane = <usize>h * w << 2;
            const inside = fromY >= 0 && fromX >= 0 && fromY + <i32>needed <= <i32>h && fromX + <i32>span <= <i32>w;
            const corner = source + (<usize>(<u32>fromY * w + fromX) << 2);
            if (inside && corner + (cs - 1) * sourcePlane + (needed - 1) * sourceRow + (stagedWidth << 2) <= xEnd) source = corner;
            else {
              stage(source, h, w, cs, fromY, needed, fromX, stagedWidth, staged, stagedWidth << 2);
              source = staged, sourceRow = <usize>stagedWidth << 2, sourcePlane = needed * sourceRow;
            }
            packTaps(source, sourcePlane, sourceRow, needed, cs, taps_x, step_x, panelCount, panels);
            let a = weights;
            if (resident) a += <usize>roundUp(m, MR) * (c0 * area + cs * t0 * taps_x) << 2;
            else {
              const from = weight + (<isize>m0 * weight_m + <isize>c0 * weight_c + <isize>t0 * weight_y << 2);
              packWeights(from, ms, ts, cs, taps_x, weight_m, weight_c, weight_y, weight_x, a);
            }
            const packedRow = <usize>cs * taps_x << 5, bPanel = needed * packedRow;
            const last = c0 + cs == c && t0 + ts == taps_y;
            for (let r: u32 = 0; r < count; r++)
              convolveRow(
                ms, width, ts * cs * taps_x, a, panels + r * step_y * packedRow, bPanel, starts,
                out + r * out_step_y * (<usize>out_w << 2), plane, <usize>out_step_x << 2,
                accumulate, last ? activation : ACTIVATION_NONE, slope,
              );
            accumulate = true;
          }
      }
      row += count;
    }
  }
}

/** Sums of the weight gradient at a time. */
const SUM_BYTES: u32 = 1 << 20;
const SUMS: usize = PANELS;
const MAX_LANES: u32 = 4096; // their 4-byte offsets take the place of the bias
const PIXELS: usize = SUMS + SUM_BYTES; // packed dy, then packed x
const PIXELS_DEEP: u32 = 512; // summed in one go
const ROW_BYTES: u32 = 1 << 20;

/** Packs [8 lanes][pixels] as [pixel][8]: the lanes' rows begin at x + offset; offsets are bytes, 8 at `offsets`. */
function packLanes(x: usize, offsets: usize, count: u32, step: u32, out: usize): void {
  const p0 = x + load<u32>(offsets), p1 = x + load<u32>(offsets, 4), p2 = x + load<u32>(offsets, 8), p3 = x + load<u32>(offsets, 12);
  const p4 = x + load<u32>(offsets, 16), p5 = x + load<u32>(offsets, 20), p6 = x + load<u32>(offsets, 24), p7 = x + load<u32>(offsets, 28);
  let i: usize = 0;
  if (step == 1 && count >= 4)
    for (; i < count; i += 4) {
      const at = min(i, <usize>count - 4), to = out + (at << 5), from = at << 2; // the last four overlap
      transposeRows(p0 + from, p1 + from, p2 + from, p3 + from, to, 32);
      transposeRows(p4 + from, p5 + from, p6 + from, p7 + from, to + 16, 32);
    }
  for (; i < count; i++) {
    const from = i * step << 2, to = out + (i << 5);
    f32.store(to, f32.load(p0 + from)), f32.store(to, f32.load(p1 + from), 4);
    f32.store(to, f32.load(p2 + from), 8), f32.store(to, f32.load(p3 + from), 12);
    f32.store(to, f32.load(p4 + from), 16), f32.store(to, f32.load(p5 + from), 20);
    f32.store(to, f32.load(p6 + from), 24), f32.store(to, f32.load(p7 + from), 28);
  }
}

/** Packs 4 channels of `count` pixels as [pixel][4], zeros from channel `valid` on. */
function packChannels(x: usize, plane: usize, valid: u32, count: u32, out: usize): void {
  let i: usize = 0;
  if (valid == MR && count >= 4)
    for (; i < count; i += 4) {
      const at = min(i, <usize>count - 4), p = x + (at << 2);
      transposeRows(p, p + plane, p + 2 * plane, p + 3 * plane, out + (at << 4), 16);
    }
  for (; i < count; i++)
    for (let lane: u32 = 0; lane < MR; lane++)
      f32.store(out + (i << 4) + (lane << 2), lane < valid ? f32.load(x + lane * plane + (i << 2)) : 0);
}

/**
 * dw[z, o, c, i, j] = Σ dy[s, o, Y, X] x[s, c, Y·sh + i - ph, X·sw + j - pw] over the rows of chunk z, of which each but the
 * last has `length` of the n·oh rows (s, Y): chunks [begin, end). A tile is 4 output channels × 8 taps (c, j) of a row;
 * the packed rows of x serve every i.
 */
export function conv2d_backward_weight(
  x: usize, dy: usize, dw: usize, n: u32, c: u32, h: u32, w: u32, o: u32, oh: u32, ow: u32, kh: u32, kw: u32,
  sh: u32, sw: u32, ph: u32, pw: u32, chunks: u32, length: u32, begin: u32, end: u32,
): void {
  const sums = scratch + SUMS, offsets = scratch + STARTS, staged = scratch + STAGED, pixels = scratch + PIXELS;
  const dyPlane = <usize>oh * ow << 2;
  let height: u32 = min<u32>(roundUp(o, MR), 128);
  while (height > MR && kh * height * roundUp(kw, NR) << 2 > SUM_BYTES) height = roundUp(height >> 1, MR);
  const most = min(SUM_BYTES / (kh * height << 2), MAX_LANES) / NR * NR;
  let channels = min(c, max<u32>(1, most / kw)), wide: u32 = min<u32>(ow, PIXELS_DEEP);
  // a row of outputs with all its taps must fit, whatever the shape
  while (
    channels * kh * ((wide - 1) * sw + kw + 4) << 2 > STAGED_BYTES ||
    roundUp(channels * kw, NR) * (kh + sh) * wide << 2 > ROW_BYTES
  ) {
    if (wide > 64 || channels == 1) wide = (wide + 1) >> 1;
    else channels = (channels + 1) >> 1;
  }
  const lanes = roundUp(channels * kw, NR), groups = lanes / NR;
  const fit = min(PACKED_BYTES / (lanes * wide << 2), STAGED_BYTES / (channels * ((wide - 1) * sw + kw + 4) << 2));
  const strip = min<u32>(fit > kh + sh ? (fit - kh - sh) / sh + 1 : 1, max<u32>(1, PIXELS_DEEP / wide));
  const sumRow = <usize>lanes << 2, sumTap = <usize>height * sumRow;
  for (let z = begin; z < end; z++) {
    const firstRow = z * length, lastRow = min(firstRow + length, n * oh);
    for (let c0: u32 = 0; c0 < c; c0 += channels) {
      const cs = min(channels, c - c0);
      for (let o0: u32 = 0; o0 < o; o0 += height) {
        const os = min(height, o - o0);
        memory.fill(sums, 0, kh * sumTap);
        for (let row = firstRow; row < lastRow;) {
          const image = row / oh, first = row % oh;
          const count = min(min(strip, oh - first), lastRow - row);
          // rows of x, those that stride sh leaves between ordered by their remainder: a tap's rows are then neighbours
          const needed = (count - 1) * sh + kh, perPhase = (needed + sh - 1) / sh;
          for (let x0: u32 = 0; x0 < ow; x0 += wide) {
            const width = min(wide, ow - x0), depth = count * width;
            const stagedWidth = (width - 1) * sw + kw + 4, stagedRow = stagedWidth << 2;
            const planes = x + (<usize>(image * c + c0) * h * w << 2);
            const fromY = <i32>(first * sh) - <i32>ph, fromX = <i32>(x0 * sw) - <i32>pw;
            stage(planes, h, w, cs, fromY, needed, fromX, stagedWidth, staged, stagedRow);
            for (let lane: u32 = 0; lane < lanes; lane++) {
              const channel = min(lane / kw, cs - 1), tap = lane % kw; // lanes past the last repeat one
              store<u32>(offsets + (lane << 2), channel * needed * stagedRow + (tap << 2));
            }
            const packedA = pixels, packedB = pixels + (<usize>roundUp(os, MR) * depth << 2);
            for (let i: u32 = 0; i < os; i += MR)
              for (let r: u32 = 0; r < count; r++) {
                const from = dy + ((<usize>(image * o + o0 + i) * oh + first + r) * ow + x0 << 2);
                packChannels(from, dyPlane, min(MR, os - i), width, packedA + (<usize>(i / MR * count + r) * width << 4));
              }
            const panel = <usize>perPhase * sh * width << 5;
            for (let g: u32 = 0; g < groups; g++)
              for (let r: u32 = 0; r < needed; r++) {
                const to = packedB + g * panel + (<usize>(r % sh * perPhase + r / sh) * width << 5);
                packLanes(staged + r * stagedRow, offsets + (g << 5), width, sw, to);
              }
            for (let g: u32 = 0; g < groups; g++)
              for (let t: u32 = 0; t < kh; t++) {
                const b = packedB + g * panel + (<usize>(t % sh * perPhase + t / sh) * width << 5);
                let sum = sums + t * sumTap + (g << 5), a = packedA;
                for (let i: u32 = 0; i < os; i += MR, a += <usize>depth << 4, sum += sumRow << 2)
                  microkernel(depth, a, b, NR << 2, sum, sumRow, sum, sumRow, -Infinity);
              }
          }
          row += count;
        }
        for (let i: u32 = 0; i < os; i++)
          for (let channel: u32 = 0; channel < cs; channel++) {
            let to = dw + (<usize>((z * o + o0 + i) * c + c0 + channel) * kh * kw << 2);
            for (let t: u32 = 0; t < kh; t++)
              for (let u: u32 = 0; u < kw; u++, to += 4)
                f32.store(to, f32.load(sums + t * sumTap + i * sumRow + (<usize>(channel * kw + u) << 2)));
          }
      }
    }
  }
}
