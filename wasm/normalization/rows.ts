import { fma, horizontalSum } from "../base/simd";

const TINY: f32 = 1.1754944e-38;

function sumOf(x: usize, bytes: usize): f32 {
  let all = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) all = f32x4.add(all, v128.load(x + at));
  let sum = horizontalSum(all);
  for (; at < bytes; at += 4) sum += f32.load(x + at);
  return sum;
}

/** Σ (x - centre)² */
function squaresOf(x: usize, bytes: usize, centre: f32): f32 {
  let all = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const difference = f32x4.sub(v128.load(x + at), f32x4.splat(centre));
    all = fma(difference, difference, all);
  }
  let sum = horizontalSum(all);
  for (; at < bytes; at += 4) {
    const difference = f32.load(x + at) - centre;
    sum += difference * difference;
  }
  return sum;
}

/** y and stats of layer_norm; [begin, end) counts rows. */
export function layer_norm(
  x: usize, gamma: usize, beta: usize, y: usize, stats: usize, n: u32, d: u32, lanes: u32, eps: f32, begin: u32, end: u32,
): void {
  const bytes = <usize>d << 2;
  for (let i = begin; i < end; i++) {
    const row = x + i * bytes;
    const out = y + i * bytes;
    const mean = sumOf(row, bytes) / <f32>d;
    const rstd: f32 = 1 / sqrt<f32>(squaresOf(row, bytes, mean) / <f32>d + eps);
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) {
      const h = f32x4.mul(f32x4.sub(v128.load(row + at), f32x4.splat(mean)), f32x4.splat(rstd));
      v128.store(out + at, fma(v128.load(gamma + at), h, v128.load(beta + at)));
    }
    for (; at < bytes; at += 4)
      f32.store(out + at, f32.load(gamma + at) * ((f32.load(row + at) - mean) * rstd) + f32.load(beta + at));
    f32.store(stats + (<usize>i << 3), mean);
    f32.store(stats + (<usize>i << 3), rstd, 4);
  }
}

/** dx of layer_norm; [begin, end) counts rows. */
export function layer_norm_backward(
  x: usize, gamma: usize, stats: usize, dy: usize, dx: usize, n: u32, d: u32, lanes: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>d << 2;
  const whole = bytes & ~15;
  for (let i = begin; i < end; i++) {
    const start = i * bytes;
    const mean = f32.load(stats + (<usize>i << 3));
    const rstd = f32.load(stats + (<usize>i << 3), 4);
    let plain = f32x4.splat(0);
    let along = plain;
    let at: usize = 0;
    for (; at < whole; at += 16) {
      const g = f32x4.mul(v128.load(dy + start + at), v128.load(gamma + at));
      const h = f32x4.mul(f32x4.sub(v128.load(x + start + at), f32x4.splat(mean)), f32x4.splat(rstd));
      plain = f32x4.add(plain, g);
      along = fma(g, h, along);
    }
    let first = horizontalSum(plain);
    let second = horizontalSum(along);
    for (; at < bytes; at += 4) {
      const g = f32.load(dy + start + at) * f32.load(gamma + at);
      first += g;
      second += g * ((f32.load(x + start + at) - mean) * rstd);
    }
    first /= <f32>d;
    second /= <f32>d;
    for (at = 0; at < whole; at += 16) {
      const g = f32x4.mul(v128.load(dy + start + at), v128.load(gamma + at));
      const h = f32x4.mul(f32x4.sub(v128.load(x + start + at), f32x4.splat(mean)), f32x4.splat(rstd));
      const r = f32x4.sub(f32x4.sub(g, f32x4.splat(first)), f32x4.mul(h, f32x4.splat(second)));
      v128.store(dx + start + at, f32x4.mul(r, f32x4.splat(rstd)));
    }
    for (; at < bytes; at += 4) {
      const g = f32.load(dy + start + at) * f32.load(gamma + at);
      const h = (f32.load(x + start + at) - mean) * rstd;
      f32.store(dx + start + at, rstd * (g - first - h * second));
    }
  }
}

/** dgamma and dbeta by chunks of rows; [begin, end) counts chunks. */
export function layer_norm_backward_parameters(
  x: usize, stats: usize, dy: usize, dgamma: usize, dbeta: usize,
  n: u32, d: u32, chunks: u32, length: u32, columns: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>d << 2;
  for (let chunk = begin; chunk < end; chunk++) {
    const gammas = dgamma + chunk * bytes;
    const betas = dbeta + chunk * bytes;
    memory.fill(gammas, 0, bytes);
    memory.fill(betas, 0, bytes);
    const last = min((chunk + 1) * length, n);
    for (let i = chunk * length; i < last; i++) {
      const mean = f32.load(stats + (<usize>i << 3));
      const rstd = f32.load(stats + (<usize>i << 3), 4);
      const start = i * bytes;
      let at: usize = 0;
      for (; at + 16 <= bytes; at += 16) {
        const g = v128.load(dy + start + at);
        const h = f32x4.mul(f32x4.sub(v128.load(x + start + at), f32x4.splat(mean)), f32x4.splat(rstd));
        v128.store(gammas + at, fma(g, h, v128.load(gammas + at)));
        v128.store(betas + at, f32x4.add(g, v128.load(betas + at)));
      }
      for (; at < bytes; at += 4) {
        const g = f32.load(dy + start + at);
        f32.store(gammas + at, f32.load(gammas + at) + g * ((f32.load(x + start + at) - mean) * rstd));
        f32.store(betas + at, f32.load(betas + at) + g);
      }
    }
  }
}

/** y and norms of l2_normalize; [begin, end) counts rows. */
export function l2_normalize(
  x: usize, y: usize, norms: usize, n: u32, d: u32, lanes: u32, eps: f32, begin: u32, end: u32,
): void {
  const bytes = <usize>d << 2;
  for (let i = begin; i < end; i++) {
    const row = x + i * bytes;
    const out = y + i * bytes;
    let largest: f32 = TINY;
    for (let at: usize = 0; at < bytes; at += 4) {
      largest = max<f32>(largest, abs<f32>(f32.load(row + at)));
    }
    const unit = f32x4.splat(largest);
    let all = f32x4.splat(0);
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) {
      const v = f32x4.div(v128.load(row + at), unit);
      v128.store(out + at, v);
      all = fma(v, v, all);
    }
    let squares = horizontalSum(all);
    for (; at < bytes; at += 4) {
      const v = f32.load(row + at) / largest;
      f32.store(out + at, v);
      squares += v * v;
    }
    const relative = sqrt<f32>(squares);
    const bound = max<f32>(relative, eps / largest);
    for (at = 0; at + 16 <= bytes; at += 16)
      v128.store(out + at, f32x4.div(v128.load(out + at), f32x4.splat(bound)));
    for (; at < bytes; at += 4) f32.store(out + at, f32.load(out + at) / bound);
    f32.store(norms + (<usize>i << 2), relative * largest);
  }
}

/** dx of l2_normalize; [begin, end) counts rows. */
export function l2_normalize_backward(
  y: usize, norms: usize, dy: usize, dx: usize, n: u32, d: u32, lanes: u32, eps: f32, begin: u32, end: u32,
): void {
  const bytes = <usize>d << 2;
  for (let i = begin; i < end; i++) {
    const start = i * bytes;
    const norm = f32.load(norms + (<usize>i << 2));
    let all = f32x4.splat(0);
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) all = fma(v128.load(y + start + at), v128.load(dy + start + at), all);
    let along = horizontalSum(all);
    for (; at < bytes; at += 4) along += f32.load(y + start + at) * f32.load(dy + start + at);
    if (!(norm > eps)) along = 0;
    const bound = max<f32>(norm, eps);
    for (at = 0; at + 16 <= bytes; at += 16) {
      const g = f32x4.sub(v128.load(dy + start + at), f32x4.mul(v128.load(y + start + at), f32x4.splat(along)));
      v128.store(dx + start + at, f32x4.div(g, f32x4.splat(bound)));
    }
    for (; at < bytes; at += 4)
      f32.store(dx + start + at, (f32.load(dy + start + at) - f32.load(y + start + at) * along) / bound);
  }
}
