import { fma, horizontalSum } from "../base/simd";

/** Bytes whose sum is taken in float32; what is more is added up in float64. */
const BLOCK: usize = 1 << 14;

/** Σ (x - origin) of a plane, in four vectors at a time. */
function planeSum(x: usize, bytes: usize, origin: f32): f64 {
  const c = f32x4.splat(origin);
  let total: f64 = 0;
  for (let at: usize = 0; at < bytes;) {
    const end = min(bytes, at + BLOCK);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (; at + 64 <= end; at += 64) {
      s0 = f32x4.add(s0, f32x4.sub(v128.load(x + at), c));
      s1 = f32x4.add(s1, f32x4.sub(v128.load(x + at, 16), c));
      s2 = f32x4.add(s2, f32x4.sub(v128.load(x + at, 32), c));
      s3 = f32x4.add(s3, f32x4.sub(v128.load(x + at, 48), c));
    }
    let sum = horizontalSum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
    for (; at < end; at += 4) sum += f32.load(x + at) - origin;
    total += <f64>sum;
  }
  return total;
}

/** Σ (x - centre)² of a plane. */
function planeSquares(x: usize, bytes: usize, centre: f32): f64 {
  const c = f32x4.splat(centre);
  let total: f64 = 0;
  for (let at: usize = 0; at < bytes;) {
    const end = min(bytes, at + BLOCK);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (; at + 64 <= end; at += 64) {
      const d0 = f32x4.sub(v128.load(x + at), c);
      const d1 = f32x4.sub(v128.load(x + at, 16), c);
      const d2 = f32x4.sub(v128.load(x + at, 32), c);
      const d3 = f32x4.sub(v128.load(x + at, 48), c);
      s0 = fma(d0, d0, s0);
      s1 = fma(d1, d1, s1);
      s2 = fma(d2, d2, s2);
      s3 = fma(d3, d3, s3);
    }
    let sum = horizontalSum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
    for (; at < end; at += 4) {
      const d = f32.load(x + at) - centre;
      sum += d * d;
    }
    total += <f64>sum;
  }
  return total;
}

/**
 * Moments of rows [first, last) of x [n, c], all channels at once: means of the differences to the first row, since sums of numbers far from 0 would
 * round what they differ by.
 */
function columnMoments(x: usize, moments: usize, bytes: usize, first: u32, last: u32): void {
  const squares = moments + bytes;
  const origin = x + first * bytes;
  const share: f32 = 1 / <f32>(last - first);
  memory.fill(moments, 0, 2 * bytes);
  for (let i = first + 1; i < last; i++) {
    const row = x + i * bytes;
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) {
      const d = f32x4.sub(v128.load(row + at), v128.load(origin + at));
      v128.store(moments + at, f32x4.add(v128.load(moments + at), d));
    }
    for (; at < bytes; at += 4)
      f32.store(moments + at, f32.load(moments + at) + (f32.load(row + at) - f32.load(origin + at)));
  }
  for (let at: usize = 0; at < bytes; at += 4)
    f32.store(moments + at, f32.load(origin + at) + f32.load(moments + at) * share);
  for (let i = first; i < last; i++) {
    const row = x + i * bytes;
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) {
      const d = f32x4.sub(v128.load(row + at), v128.load(moments + at));
      v128.store(squares + at, fma(d, d, v128.load(squares + at)));
    }
    for (; at < bytes; at += 4) {
      const d = f32.load(row + at) - f32.load(moments + at);
      f32.store(squares + at, f32.load(squares + at) + d * d);
    }
  }
}

/** moments of batch_norm_moments; [begin, end) counts chunks where s is 1, else chunks times channels. */
export function batch_norm_moments(
  x: usize, moments: usize, n: u32, c: u32, s: u32, chunks: u32, length: u32, columns: u32, width: u32, begin: u32, end: u32,
): void {
  const channels = <usize>c << 2;
  const bytes = <usize>s << 2;
  for (let row = begin; row < end; row++) {
    const chunk = s == 1 ? row : row / c;
    const t = row % c;
    const first = chunk * length;
    const last = min(first + length, n);
    const out = moments + 2 * chunk * channels;
    if (s == 1) {
      columnMoments(x, out, channels, first, last);
      continue;
    }
    // each plane twice, the second time from the cache; planes are joined as by Chan, Golub & LeVeque
    let mean: f64 = 0;
    let squares: f64 = 0;
    for (let i = first; i < last; i++) {
      const plane = x + (i * c + t) * bytes;
      const origin = f32.load(plane);
      const own = <f64>origin + planeSum(plane, bytes, origin) / <f64>s;
      const rounding = own - <f64><f32>own;
      const difference = own - mean;
      const before = <f64>(i - first);
      mean += difference / (before + 1);
      squares += planeSquares(plane, bytes, <f32>own) - <f64>s * rounding * rounding;
      squares += difference * difference * <f64>s * before / (before + 1);
    }
    f32.store(out + (<usize>t << 2), <f32>mean);
    f32.store(out + channels + (<usize>t << 2), <f32>squares);
  }
}

/** A momentum of 1 leaves nothing of what was there, be it rounding or NaN. */
// @ts-ignore: decorator
@inline
function moved(old: f32, value: f32, momentum: f32): f32 {
  return momentum == 1 ? value : old + momentum * (value - old);
}

/** stats of batch_norm_statistics, and the running statistics moved; [begin, end) counts channels. */
export function batch_norm_statistics(
  moments: usize, running_mean: usize, running_variance: usize, stats: usize,
  n: u32, c: u32, s: u32, chunks: u32, length: u32, momentum: f32, correction: f32, eps: f32, begin: u32, end: u32,
): void {
  const channels = <usize>c << 2;
  const count = <f64>n * <f64>s;
  for (let t = begin; t < end; t++) {
    const at = <usize>t << 2;
    const old = f32.load(running_mean + at);
    const spread = f32.load(running_variance + at);
    if (chunks == 0) {
      f32.store(stats + at, old);
      f32.store(stats + channels + at, 1 / sqrt<f32>(spread + eps));
      continue;
    }
    let mean: f64 = 0;
    for (let k: u32 = 0; k < chunks; k++) {
      const weight = <f64>(min((k + 1) * length, n) - k * length) * <f64>s;
      mean += weight * <f64>f32.load(moments + 2 * k * channels + at);
    }
    mean /= count;
    let squares: f64 = 0;
    for (let k: u32 = 0; k < chunks; k++) {
      const weight = <f64>(min((k + 1) * length, n) - k * length) * <f64>s;
      const difference = <f64>f32.load(moments + 2 * k * channels + at) - mean;
      squares += <f64>f32.load(moments + (2 * k + 1) * channels + at) + weight * difference * difference;
    }
    f32.store(stats + at, <f32>mean);
    f32.store(stats + channels + at, <f32>(1 / sqrt<f64>(squares / count + <f64>eps)));
    f32.store(running_mean + at, moved(old, <f32>mean, momentum));
    f32.store(running_variance + at, moved(spread, <f32>(squares / (count - <f64>correction)), momentum));
  }
}

// @ts-ignore: decorator
@inline
function activate4(z: v128, slope: v128): v128 {
  return v128.bitselect(z, f32x4.mul(slope, z), f32x4.gt(z, f32x4.splat(0)));
}

/** y of batch_norm; [begin, end) counts images where s is 1, else planes. */
export function batch_norm(
  x: usize, stats: usize, gamma: usize, beta: usize, y: usize, n: u32, c: u32, s: u32, slope: f32, begin: u32, end: u32,
): void {
  const channels = <usize>c << 2;
  const rstds = stats + channels;
  const slopes = f32x4.splat(slope);
  const bytes = s == 1 ? channels : <usize>s << 2;
  for (let row = begin; row < end; row++) {
    const from = x + row * bytes;
    const to = y + row * bytes;
    let at: usize = 0;
    if (s == 1) {
      for (; at + 16 <= bytes; at += 16) {
        const scale = f32x4.mul(v128.load(rstds + at), v128.load(gamma + at));
        const z = fma(f32x4.sub(v128.load(from + at), v128.load(stats + at)), scale, v128.load(beta + at));
        v128.store(to + at, activate4(z, slopes));
      }
      for (; at < bytes; at += 4) {
        const scale = f32.load(rstds + at) * f32.load(gamma + at);
        const z = (f32.load(from + at) - f32.load(stats + at)) * scale + f32.load(beta + at);
        f32.store(to + at, z > 0 ? z : slope * z);
      }
      continue;
    }
    const t = <usize>(row % c) << 2;
    const mean = f32.load(stats + t);
    const scale = f32.load(rstds + t) * f32.load(gamma + t);
    const offset = f32.load(beta + t);
    const mean4 = f32x4.splat(mean);
    const scale4 = f32x4.splat(scale);
    const offset4 = f32x4.splat(offset);
    for (; at + 64 <= bytes; at += 64) {
      const p = from + at;
      const q = to + at;
      v128.store(q, activate4(fma(f32x4.sub(v128.load(p), mean4), scale4, offset4), slopes));
      v128.store(q, activate4(fma(f32x4.sub(v128.load(p, 16), mean4), scale4, offset4), slopes), 16);
      v128.store(q, activate4(fma(f32x4.sub(v128.load(p, 32), mean4), scale4, offset4), slopes), 32);
      v128.store(q, activate4(fma(f32x4.sub(v128.load(p, 48), mean4), scale4, offset4), slopes), 48);
    }
    for (; at < bytes; at += 4) {
      const z = (f32.load(from + at) - mean) * scale + offset;
      f32.store(to + at, z > 0 ? z : slope * z);
    }
  }
}

/** Sums of rows [first, last) of x [n, c], all channels at once. */
function columnSums(
  x: usize, stats: usize, gamma: usize, beta: usize, dy: usize, dgamma: usize, dbeta: usize, bytes: usize, slope: f32,
  first: u32, last: u32,
): void {
  const rstds = stats + bytes;
  const slopes = f32x4.splat(slope);
  memory.fill(dgamma, 0, bytes);
  memory.fill(dbeta, 0, bytes);
  for (let i = first; i < last; i++) {
    const start = i * bytes;
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) {
      const rstd = v128.load(rstds + at);
      const d = f32x4.sub(v128.load(x + start + at), v128.load(stats + at));
      const z = fma(d, f32x4.mul(rstd, v128.load(gamma + at)), v128.load(beta + at));
      const up = v128.load(dy + start + at);
      const g = v128.bitselect(up, f32x4.mul(slopes, up), f32x4.gt(z, f32x4.splat(0)));
      v128.store(dgamma + at, fma(g, f32x4.mul(d, rstd), v128.load(dgamma + at)));
      v128.store(dbeta + at, f32x4.add(g, v128.load(dbeta + at)));
    }
    for (; at < bytes; at += 4) {
      const rstd = f32.load(rstds + at);
      const d = f32.load(x + start + at) - f32.load(stats + at);
      const up = f32.load(dy + start + at);
      const g = d * (rstd * f32.load(gamma + at)) + f32.load(beta + at) > 0 ? up : slope * up;
      f32.store(dgamma + at, f32.load(dgamma + at) + g * (d * rstd));
      f32.store(dbeta + at, f32.load(dbeta + at) + g);
    }
  }
}

/** dgamma and dbeta by chunks of images; [begin, end) counts chunks where s is 1, else chunks times channels. */
export function batch_norm_backward_parameters(
  x: usize, stats: usize, gamma: usize, beta: usize, dy: usize, dgamma: usize, dbeta: usize,
  n: u32, c: u32, s: u32, chunks: u32, length: u32, columns: u32, width: u32, slope: f32, begin: u32, end: u32,
): void {
  const channels = <usize>c << 2;
  const bytes = <usize>s << 2;
  const slopes = f32x4.splat(slope);
  const zero = f32x4.splat(0);
  for (let row = begin; row < end; row++) {
    const chunk = s == 1 ? row : row / c;
    const first = chunk * length;
    const last = min(first + length, n);
    const out = chunk * channels;
    if (s == 1) {
      columnSums(x, stats, gamma, beta, dy, dgamma + out, dbeta + out, channels, slope, first, last);
      continue;
    }
    const t = <usize>(row % c) << 2;
    const mean = f32.load(stats + t);
    const rstd = f32.load(stats + channels + t);
    const scale = rstd * f32.load(gamma + t);
    const offset = f32.load(beta + t);
    const mean4 = f32x4.splat(mean);
    const scale4 = f32x4.splat(scale);
    const offset4 = f32x4.splat(offset);
    let allAlong: f64 = 0;
    let allPlain: f64 = 0;
    for (let i = first; i < last; i++) {
      const start = (i * c + row % c) * bytes;
      let along0 = zero;
      let plain0 = zero;
      let along1 = zero;
      let plain1 = zero;
      let at: usize = 0;
      for (; at + 32 <= bytes; at += 32) {
        const p = x + start + at;
        const q = dy + start + at;
        const d0 = f32x4.sub(v128.load(p), mean4);
        const d1 = f32x4.sub(v128.load(p, 16), mean4);
        const up0 = v128.load(q);
        const up1 = v128.load(q, 16);
        const g0 = v128.bitselect(up0, f32x4.mul(slopes, up0), f32x4.gt(fma(d0, scale4, offset4), zero));
        const g1 = v128.bitselect(up1, f32x4.mul(slopes, up1), f32x4.gt(fma(d1, scale4, offset4), zero));
        along0 = fma(g0, d0, along0);
        along1 = fma(g1, d1, along1);
        plain0 = f32x4.add(plain0, g0);
        plain1 = f32x4.add(plain1, g1);
      }
      let along = horizontalSum(f32x4.add(along0, along1));
      let plain = horizontalSum(f32x4.add(plain0, plain1));
      for (; at < bytes; at += 4) {
        const d = f32.load(x + start + at) - mean;
        const up = f32.load(dy + start + at);
        const g = d * scale + offset > 0 ? up : slope * up;
        along += g * d;
        plain += g;
      }
      allAlong += <f64>along;
      allPlain += <f64>plain;
    }
    f32.store(dgamma + out + t, <f32>(allAlong * <f64>rstd));
    f32.store(dbeta + out + t, <f32>allPlain);
  }
}

/** dx of batch_norm; [begin, end) counts images where s is 1, else planes. */
export function batch_norm_backward(
  x: usize, stats: usize, gamma: usize, beta: usize, dy: usize, dgamma: usize, dbeta: usize, dx: usize,
  n: u32, c: u32, s: u32, slope: f32, share: f32, begin: u32, end: u32,
): void {
  const channels = <usize>c << 2;
  const rstds = stats + channels;
  const slopes = f32x4.splat(slope);
  const shares = f32x4.splat(share);
  const zero = f32x4.splat(0);
  const bytes = s == 1 ? channels : <usize>s << 2;
  for (let row = begin; row < end; row++) {
    const start = row * bytes;
    const single = <usize>(row % c) << 2;
    let at: usize = 0;
    if (s == 1) {
      for (; at + 16 <= bytes; at += 16) {
        const rstd = v128.load(rstds + at);
        const scale = f32x4.mul(rstd, v128.load(gamma + at));
        const d = f32x4.sub(v128.load(x + start + at), v128.load(stats + at));
        const up = v128.load(dy + start + at);
        const positive = f32x4.gt(fma(d, scale, v128.load(beta + at)), zero);
        let g = v128.bitselect(up, f32x4.mul(slopes, up), positive);
        if (share > 0) {
          const common = fma(f32x4.mul(d, rstd), v128.load(dgamma + at), v128.load(dbeta + at));
          g = f32x4.sub(g, f32x4.mul(shares, common));
        }
        v128.store(dx + start + at, f32x4.mul(scale, g));
      }
    } else {
      const rstd = f32.load(rstds + single);
      const scale = f32x4.splat(rstd * f32.load(gamma + single));
      const mean = f32x4.splat(f32.load(stats + single));
      const offset = f32x4.splat(f32.load(beta + single));
      const plain = f32x4.splat(share > 0 ? share * f32.load(dbeta + single) : 0);
      const along = f32x4.splat(share > 0 ? share * rstd * f32.load(dgamma + single) : 0);
      for (; at + 32 <= bytes; at += 32) {
        const d0 = f32x4.sub(v128.load(x + start + at), mean);
        const d1 = f32x4.sub(v128.load(x + start + at, 16), mean);
        const up0 = v128.load(dy + start + at);
        const up1 = v128.load(dy + start + at, 16);
        const g0 = v128.bitselect(up0, f32x4.mul(slopes, up0), f32x4.gt(fma(d0, scale, offset), zero));
        const g1 = v128.bitselect(up1, f32x4.mul(slopes, up1), f32x4.gt(fma(d1, scale, offset), zero));
        v128.store(dx + start + at, f32x4.mul(scale, f32x4.sub(g0, fma(d0, along, plain))));
        v128.store(dx + start + at, f32x4.mul(scale, f32x4.sub(g1, fma(d1, along, plain))), 16);
      }
    }
    for (; at < bytes; at += 4) {
      const t = s == 1 ? at : single;
      const rstd = f32.load(rstds + t);
      const scale = rstd * f32.load(gamma + t);
      const d = f32.load(x + start + at) - f32.load(stats + t);
      const up = f32.load(dy + start + at);
      let g = d * scale + f32.load(beta + t) > 0 ? up : slope * up;
      if (share > 0) g -= share * (f32.load(dbeta + t) + d * rstd * f32.load(dgamma + t));
      f32.store(dx + start + at, scale * g);
    }
  }
}
