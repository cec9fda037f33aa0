import { BY_ROW, DISTRIBUTION, UNWEIGHTED } from "../../kernels/losses/cross_entropy.wgsl";
import { exp4, expf, logf } from "../base/math";
import { maxOf, sumOfExponentials } from "../base/log-sum-exp";

/** parts[i] = scale · cross-entropy of row i against a label or a distribution; [begin, end) counts rows. */
export function cross_entropy(
  x: usize, goal: usize, weights: usize, parts: usize, stats: usize, mass: usize,
  n: u32, k: u32, lanes: u32, op: u32, weighting: u32, scale: f32, begin: u32, end: u32,
): void {
  const bytes = <usize>k << 2;
  for (let i = begin; i < end; i++) {
    const row = x + i * bytes;
    const largest = maxOf(row, bytes);
    const rest = logf(sumOfExponentials(row, bytes, largest));
    let share: f32 = 0;
    let below: f32 = 0;
    if (op == DISTRIBUTION) {
      for (let at: usize = 0; at < bytes; at += 4) {
        const part = f32.load(goal + i * bytes + at);
        share += part;
        if (part != 0) below += part * (largest - f32.load(row + at));
      }
    } else {
      const label = load<u32>(goal + (<usize>i << 2));
      if (label < k) {
        share = weighting == UNWEIGHTED ? 1 : f32.load(weights + (<usize>(weighting == BY_ROW ? i : label) << 2));
        below = share * (largest - f32.load(row + (<usize>label << 2)));
      }
    }
    f32.store(parts + (<usize>i << 2), scale * (below + share * rest));
    f32.store(stats + (<usize>i << 3), largest);
    f32.store(stats + (<usize>i << 3), rest, 4);
    f32.store(mass + (<usize>i << 2), share);
  }
}

/** dx of cross_entropy; [begin, end) counts rows. */
export function cross_entropy_backward(
  x: usize, goal: usize, stats: usize, mass: usize, dy: usize, dx: usize, n: u32, k: u32, op: u32, scale: f32,
  begin: u32, end: u32,
): void {
  const bytes = <usize>k << 2;
  const factor: f32 = f32.load(dy) * scale;
  for (let i = begin; i < end; i++) {
    const start = i * bytes;
    const largest = f32.load(stats + (<usize>i << 3));
    const rest = f32.load(stats + (<usize>i << 3), 4);
    const share = f32.load(mass + (<usize>i << 2));
    const outer: f32 = share * factor;
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) {
      const shifted = f32x4.sub(f32x4.sub(v128.load(x + start + at), f32x4.splat(largest)), f32x4.splat(rest));
      let g = f32x4.mul(exp4(shifted), f32x4.splat(outer));
      if (op == DISTRIBUTION) g = f32x4.sub(g, f32x4.mul(f32x4.splat(factor), v128.load(goal + start + at)));
      v128.store(dx + start + at, g);
    }
    for (; at < bytes; at += 4) {
      let g = expf(f32.load(x + start + at) - largest - rest) * outer;
      if (op == DISTRIBUTION) g -= factor * f32.load(goal + start + at);
      f32.store(dx + start + at, g);
    }
    if (op == DISTRIBUTION) continue;
    const label = load<u32>(goal + (<usize>i << 2));
    if (label >= k) continue;
    const own = start + (<usize>label << 2);
    f32.store(dx + own, (expf(f32.load(x + own) - largest - rest) - 1) * outer);
  }
}
