import { MAX, SUM } from "../../kernels/reduction/reduce.wgsl";
import { horizontalSum } from "../base/simd";

// @ts-ignore: decorator
@inline
function combine4(op: u32, a: v128, b: v128): v128 {
  return op == SUM ? f32x4.add(a, b) : op == MAX ? f32x4.max(a, b) : f32x4.min(a, b); // NaN where either is
}

// @ts-ignore: decorator
@inline
function combine(op: u32, a: f32, b: f32): f32 {
  return op == SUM ? a + b : op == MAX ? max<f32>(a, b) : min<f32>(a, b);
}

/** Reduction of `count` contiguous elements, in four vectors at a time. */
function reduceRun(op: u32, x: usize, count: usize): f32 {
  const start: f32 = op == SUM ? 0 : f32.load(x);
  let s0 = f32x4.splat(start);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let i: usize = 0;
  for (; i + 16 <= count; i += 16) {
    const p = x + (i << 2);
    s0 = combine4(op, s0, v128.load(p));
    s1 = combine4(op, s1, v128.load(p, 16));
    s2 = combine4(op, s2, v128.load(p, 32));
    s3 = combine4(op, s3, v128.load(p, 48));
  }
  const all = combine4(op, combine4(op, s0, s1), combine4(op, s2, s3));
  let r = op == SUM
    ? horizontalSum(all)
    : combine(op, combine(op, f32x4.extract_lane(all, 0), f32x4.extract_lane(all, 1)), combine(op, f32x4.extract_lane(all, 2), f32x4.extract_lane(all, 3)));
  for (; i < count; i++) r = combine(op, r, f32.load(x + (i << 2)));
  return r;
}

/** y[o, c, i] = scale · reduction over the rows of chunk c; [begin, end) counts elements of y. */
export function reduce(
  x: usize, y: usize, outer: u32, n: u32, inner: u32, chunks: u32, length: u32, columns: u32, op: u32, scale: f32,
  begin: u32, end: u32,
): void {
  const row = <usize>inner << 2;
  let at = begin;
  while (at < end) {
    const i = at % inner;
    const chunk = (at / inner) % chunks;
    const o = at / inner / chunks;
    const first = chunk * length;
    const rows = min(length, n - first);
    const p = x + (<usize>(o * n + first) * inner + i << 2);
    const out = y + (<usize>at << 2);
    if (inner == 1) {
      f32.store(out, reduceRun(op, p, rows) * scale);
      at++;
      continue;
    }
    const width = min(inner - i, end - at);
    if (width >= 16) {
      let s0 = v128.load(p);
      let s1 = v128.load(p, 16);
      let s2 = v128.load(p, 32);
      let s3 = v128.load(p, 48);
      let q = p + row;
      for (let j: u32 = 1; j < rows; j++, q += row) {
        s0 = combine4(op, s0, v128.load(q));
        s1 = combine4(op, s1, v128.load(q, 16));
        s2 = combine4(op, s2, v128.load(q, 32));
        s3 = combine4(op, s3, v128.load(q, 48));
      }
      const factor = f32x4.splat(scale);
      v128.store(out, f32x4.mul(s0, factor));
      v128.store(out, f32x4.mul(s1, factor), 16);
      v128.store(out, f32x4.mul(s2, factor), 32);
      v128.store(out, f32x4.mul(s3, factor), 48);
      at += 16;
      continue;
    }
    let s = f32.load(p);
    let q = p + row;
    for (let j: u32 = 1; j < rows; j++, q += row) s = combine(op, s, f32.load(q));
    f32.store(out, s * scale);
    at++;
  }
}
