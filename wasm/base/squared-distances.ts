import { fma } from "./simd";
import { scratch } from "./scratch";

/** Coordinates that one panel holds: a panel of eight points is 64 KiB. */
const DEPTH: u32 = 2048;

/** Eight points b[j0..] in columns, coordinates t0..t0+depth: panel[t, c] = b[j0 + c, t0 + t], 0 for c >= columns. */
function packPoints(b: usize, panel: usize, j0: u32, columns: u32, d: u32, t0: u32, depth: u32): void {
  const row = <usize>d << 2;
  if (columns < 8) memory.fill(panel, 0, <usize>depth << 5);
  for (let c: u32 = 0; c < columns; c++) {
    const from = b + <usize>(j0 + c) * row + (<usize>t0 << 2);
    const to = panel + (c << 2);
    for (let t: usize = 0; t < <usize>depth; t++) f32.store(to + (t << 5), f32.load(from + (t << 2)));
  }
}

/** Σ_t (a - panel)² of four rows by eight columns into `tile` [4, 8]. */
function squares4x8(a0: usize, a1: usize, a2: usize, a3: usize, panel: usize, depth: u32, tile: usize): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  const end = panel + (<usize>depth << 5);
  for (let p = panel; p < end; p += 32) {
    const b0 = v128.load(p);
    const b1 = v128.load(p, 16);
    const u0 = v128.load32_splat(a0);
    const d00 = f32x4.sub(u0, b0), d01 = f32x4.sub(u0, b1);
    c00 = fma(d00, d00, c00);
    c01 = fma(d01, d01, c01);
    const u1 = v128.load32_splat(a1);
    const d10 = f32x4.sub(u1, b0), d11 = f32x4.sub(u1, b1);
    c10 = fma(d10, d10, c10);
    c11 = fma(d11, d11, c11);
    const u2 = v128.load32_splat(a2);
    const d20 = f32x4.sub(u2, b0), d21 = f32x4.sub(u2, b1);
    c20 = fma(d20, d20, c20);
    c21 = fma(d21, d21, c21);
    const u3 = v128.load32_splat(a3);
    const d30 = f32x4.sub(u3, b0), d31 = f32x4.sub(u3, b1);
    c30 = fma(d30, d30, c30);
    c31 = fma(d31, d31, c31);
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
  }
  v128.store(tile, c00); v128.store(tile, c01, 16);
  v128.store(tile, c10, 32); v128.store(tile, c11, 48);
  v128.store(tile, c20, 64); v128.store(tile, c21, 80);
  v128.store(tile, c30, 96); v128.store(tile, c31, 112);
}

/** y[i, j] = |a_i - b_j|² for rows [begin, end) of a, by differences, so that close points keep their digits; b [m, d]. */
export function squaredDistances(a: usize, b: usize, y: usize, m: u32, d: u32, begin: u32, end: u32): void {
  const tile = scratch;
  const panel = scratch + 128;
  const row = <usize>d << 2;
  for (let j: u32 = 0; j < m; j += 8) {
    const columns = min<u32>(8, m - j);
    for (let t: u32 = 0; t < d; t += DEPTH) {
      const depth = min(DEPTH, d - t);
      packPoints(b, panel, j, columns, d, t, depth);
      for (let i = begin; i < end; i += 4) {
        const rows = min<u32>(4, end - i);
        const a0 = a + <usize>i * row + (<usize>t << 2);
        const a1 = rows > 1 ? a0 + row : a0;
        const a2 = rows > 2 ? a1 + row : a1;
        const a3 = rows > 3 ? a2 + row : a2;
        squares4x8(a0, a1, a2, a3, panel, depth, tile);
        for (let r: u32 = 0; r < rows; r++) {
          const from = tile + (<usize>r << 5);
          const to = y + (<usize>(i + r) * m + j << 2);
          if (columns == 8) {
            let low = v128.load(from);
            let high = v128.load(from, 16);
            if (t) {
              low = f32x4.add(low, v128.load(to));
              high = f32x4.add(high, v128.load(to, 16));
            }
            v128.store(to, low);
            v128.store(to, high, 16);
          } else {
            for (let c: usize = 0; c < <usize>columns; c++) {
              const s = f32.load(from + (c << 2));
              f32.store(to + (c << 2), t ? f32.load(to + (c << 2)) + s : s);
            }
          }
        }
      }
    }
  }
}
