// t-SNE's repulsion by a field on a grid: points are spread over its nodes, and the field is read off at the points.
import { fma, horizontalSums } from "../base/simd";

/** Values of the cubic B-spline of the four nodes about a point at a share u between the middle two. */
// @ts-ignore: decorator
@inline
function values(u: f32): v128 {
  const v: f32 = 1 - u;
  let w = f32x4.splat(v * v * v);
  w = f32x4.replace_lane(w, 1, 4 + u * u * (3 * u - 6));
  w = f32x4.replace_lane(w, 2, 4 + v * v * (3 * v - 6));
  w = f32x4.replace_lane(w, 3, u * u * u);
  return f32x4.mul(w, f32x4.splat(1 / 6));
}

/** Their derivatives by u. */
// @ts-ignore: decorator
@inline
function slopes(u: f32): v128 {
  const v: f32 = 1 - u;
  let w = f32x4.splat(-v * v);
  w = f32x4.replace_lane(w, 1, u * (3 * u - 4));
  w = f32x4.replace_lane(w, 2, v * (4 - 3 * v));
  w = f32x4.replace_lane(w, 3, u * u);
  return f32x4.mul(w, f32x4.splat(0.5));
}

/** Σ_k a_k b_(k ± d) for d = 0 … 3, in both directions together. */
// @ts-ignore: decorator
@inline
function together(a: v128, b: v128): v128 {
  const zero = f32x4.splat(0);
  const one = fma(a, v128.shuffle<f32>(b, zero, 1, 2, 3, 4), f32x4.mul(b, v128.shuffle<f32>(a, zero, 1, 2, 3, 4)));
  const two = fma(a, v128.shuffle<f32>(b, zero, 2, 3, 4, 4), f32x4.mul(b, v128.shuffle<f32>(a, zero, 2, 3, 4, 4)));
  const three = fma(a, v128.shuffle<f32>(b, zero, 3, 4, 4, 4), f32x4.mul(b, v128.shuffle<f32>(a, zero, 3, 4, 4, 4)));
  return horizontalSums(f32x4.mul(a, b), one, two, three);
}

/** Σ_r c_r rows[r], of the four rows of a table [4,4]. */
// @ts-ignore: decorator
@inline
function combined(c: v128, rows: usize): v128 {
  let sum = f32x4.mul(f32x4.splat(f32x4.extract_lane(c, 0)), v128.load(rows));
  sum = fma(f32x4.splat(f32x4.extract_lane(c, 1)), v128.load(rows, 16), sum);
  sum = fma(f32x4.splat(f32x4.extract_lane(c, 2)), v128.load(rows, 32), sum);
  return fma(f32x4.splat(f32x4.extract_lane(c, 3)), v128.load(rows, 48), sum);
}

/** The value of the cubic B-spline at a distance below 2. */
// @ts-ignore: decorator
@inline
function spline(x: f32): f32 {
  const a = abs(x), far: f32 = 2 - a;
  return a < 1 ? (4 - 6 * a * a + 3 * a * a * a) / 6 : far * far * far / 6;
}

/** charges[r,c] = Σ_p B(r − t_p) B(c − s_p): see kernels/manifold/tsne_spread.wgsl. Rows: those of the grid. */
export function tsne_spread(points: usize, starts: usize, charges: usize, side: u32, begin: u32, end: u32): void {
  const row = <usize>side << 2;
  memory.fill(charges + begin * row, 0, <usize>(end - begin) * row);
  for (let r = begin; r < end; r++) {
    const line = charges + r * row;
    for (let cell = max<u32>(r, 2) - 2; cell < min(r + 2, side); cell++) {
      const first = <u32>i32.load(starts + cell * row), last = <u32>i32.load(starts + (cell + 1) * row);
      for (let at = points + (<usize>first << 3), to = points + (<usize>last << 3); at != to; at += 8) {
        const s = f32.load(at), left = floor(s), up = spline(<f32>r - f32.load(at, 4));
        const nodes = line + (<usize>(<u32>left - 1) << 2);
        v128.store(nodes, fma(f32x4.splat(up), values(s - left), v128.load(nodes)));
      }
    }
  }
}

/** forces[i] = (0, 0, −½ ∇φ(y_i)), sums[i] = (φ(y_i), 0): see kernels/manifold/tsne_interpolate.wgsl. */
export function tsne_interpolate(
  y: usize, field: usize, response: usize, forces: usize, sums: usize,
  n: u32, side: u32, left: f32, bottom: f32, step: f32, begin: u32, end: u32,
): void {
  const row = <usize>side << 2, most = <f32>side - 3, factor: f32 = -0.5 / step;
  for (let i = begin; i < end; i++) {
    const own = y + (<usize>i << 3);
    const s = max<f32>(1, min<f32>(most, (f32.load(own) - left) / step)), t = max<f32>(1, min<f32>(most, (f32.load(own, 4) - bottom) / step));
    const column = floor(s), line = floor(t);
    const nodes = field + (<u32>line - 1) * row + (<usize>(<u32>column - 1) << 2);
    const n0 = v128.load(nodes), n1 = v128.load(nodes + row), n2 = v128.load(nodes + 2 * row), n3 = v128.load(nodes + 3 * row);
    const across = values(s - column), along = slopes(s - column), up = values(t - line), rise = slopes(t - line);
    let level = f32x4.mul(f32x4.splat(f32x4.extract_lane(up, 0)), n0);
    level = fma(f32x4.splat(f32x4.extract_lane(up, 1)), n1, level);
    level = fma(f32x4.splat(f32x4.extract_lane(up, 2)), n2, level);
    level = fma(f32x4.splat(f32x4.extract_lane(up, 3)), n3, level);
    let steep = f32x4.mul(f32x4.splat(f32x4.extract_lane(rise, 0)), n0);
    steep = fma(f32x4.splat(f32x4.extract_lane(rise, 1)), n1, steep);
    steep = fma(f32x4.splat(f32x4.extract_lane(rise, 2)), n2, steep);
    steep = fma(f32x4.splat(f32x4.extract_lane(rise, 3)), n3, steep);
    const beside = together(across, across), sideways = together(along, across);
    const above = combined(together(up, up), response), upwards = combined(together(rise, up), response);
    const sum = f32x4.sub(f32x4.mul(level, across), f32x4.mul(above, beside));
    const slopeX = f32x4.sub(f32x4.mul(level, along), f32x4.mul(above, sideways));
    const slopeY = f32x4.sub(f32x4.mul(steep, across), f32x4.mul(upwards, beside));
    const found = horizontalSums(slopeX, slopeY, sum, sum), to = forces + (<usize>i << 4);
    f32.store(to, 0), f32.store(to, 0, 4);
    f32.store(to, factor * f32x4.extract_lane(found, 0), 8);
    f32.store(to, factor * f32x4.extract_lane(found, 1), 12);
    f32.store(sums + (<usize>i << 3), f32x4.extract_lane(found, 2));
    f32.store(sums + (<usize>i << 3), 0, 4);
  }
}
