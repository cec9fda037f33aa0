/** First position of a window along an axis that is within the plane. */
// @ts-ignore: decorator
@inline
function firstOf(i: u32, stride: u32, padding: u32): u32 {
  return max(i * stride, padding) - padding;
}

/** Position after the last of a window along an axis that is within the plane. */
// @ts-ignore: decorator
@inline
function endOf(i: u32, stride: u32, padding: u32, kernel: u32, length: u32): u32 {
  return min(i * stride + kernel - padding, length);
}

/** Windows 2 x 2 side by side of a row of at least four, four at a time; the last four may have been done before. */
function rowOfPairs(x: usize, y: usize, index: usize, top: u32, w: u32, ow: u32): void {
  const below = x + (<usize>w << 2);
  const right = i32x4.splat(1);
  const down = i32x4.splat(w);
  const first = i32x4.add(i32x4.splat(top), i32x4(0, 2, 4, 6));
  for (let next: u32 = 0; next < ow; next += 4) {
    const j = min(next, ow - 4);
    const at = <usize>j << 3;
    const p = v128.load(x + at);
    const q = v128.load(x + at, 16);
    const r = v128.load(below + at);
    const s = v128.load(below + at, 16);
    const a = v128.shuffle<f32>(p, q, 0, 2, 4, 6);
    const b = v128.shuffle<f32>(p, q, 1, 3, 5, 7);
    const c = v128.shuffle<f32>(r, s, 0, 2, 4, 6);
    const d = v128.shuffle<f32>(r, s, 1, 3, 5, 7);
    // a later one takes over where it is greater or not a number
    const second = v128.or(f32x4.gt(b, a), f32x4.ne(b, b));
    const fourth = v128.or(f32x4.gt(d, c), f32x4.ne(d, d));
    const upper = v128.bitselect(b, a, second);
    const lower = v128.bitselect(d, c, fourth);
    const under = v128.or(f32x4.gt(lower, upper), f32x4.ne(lower, lower));
    v128.store(y + (<usize>j << 2), v128.bitselect(lower, upper, under));
    const across = v128.and(right, v128.bitselect(fourth, second, under));
    const place = i32x4.add(first, i32x4.splat(j << 1));
    v128.store(index + (<usize>j << 2), i32x4.add(place, i32x4.add(across, v128.and(down, under))));
  }
}

/** y and index of max_pool; [begin, end) counts planes. */
export function max_pool(
  x: usize, y: usize, index: usize,
  planes: u32, h: u32, w: u32, oh: u32, ow: u32, kh: u32, kw: u32, sh: u32, sw: u32, ph: u32, pw: u32, begin: u32, end: u32,
): void {
  const pairs = kh == 2 && kw == 2 && sw == 2 && ph == 0 && pw == 0 && ow >= 4;
  for (let plane = begin; plane < end; plane++) {
    const start = x + (<usize>plane * h * w << 2);
    let out = <usize>plane * oh * ow << 2;
    for (let i: u32 = 0; i < oh; i++, out += <usize>ow << 2) {
      const top = firstOf(i, sh, ph);
      const bottom = endOf(i, sh, ph, kh, h);
      if (pairs) {
        rowOfPairs(start + (<usize>top * w << 2), y + out, index + out, top * w, w, ow);
        continue;
      }
      for (let j: u32 = 0; j < ow; j++) {
        const left = firstOf(j, sw, pw);
        const right = endOf(j, sw, pw, kw, w);
        let place = top * w + left;
        let best = f32.load(start + (<usize>place << 2));
        for (let r = top; r < bottom; r++)
          for (let k = left; k < right; k++) {
            const v = f32.load(start + (<usize>(r * w + k) << 2));
            if (v > best || v != v) {
              best = v;
              place = r * w + k;
            }
          }
        f32.store(y + out + (<usize>j << 2), best);
        i32.store(index + out + (<usize>j << 2), place);
      }
    }
  }
}

/** The gradient of `rowOfPairs`: two rows of dx, each written once. */
function rowOfPairsBackward(index: usize, dy: usize, dx: usize, top: u32, w: u32, ow: u32): void {
  const below = dx + (<usize>w << 2);
  const one = i32x4.splat(1);
  const down = i32x4.splat(w);
  const first = i32x4.add(i32x4.splat(top), i32x4(0, 2, 4, 6));
  for (let next: u32 = 0; next < ow; next += 4) {
    const j = min(next, ow - 4);
    const g = v128.load(dy + (<usize>j << 2));
    const place = i32x4.sub(v128.load(index + (<usize>j << 2)), i32x4.add(first, i32x4.splat(j << 1)));
    const a = v128.and(g, i32x4.eq(place, i32x4.splat(0)));
    const b = v128.and(g, i32x4.eq(place, one));
    const c = v128.and(g, i32x4.eq(place, down));
    const d = v128.and(g, i32x4.eq(place, i32x4.add(down, one)));
    const at = <usize>j << 3;
    v128.store(dx + at, v128.shuffle<f32>(a, b, 0, 4, 1, 5));
    v128.store(dx + at, v128.shuffle<f32>(a, b, 2, 6, 3, 7), 16);
    v128.store(below + at, v128.shuffle<f32>(c, d, 0, 4, 1, 5));
    v128.store(below + at, v128.shuffle<f32>(c, d, 2, 6, 3, 7), 16);
  }
  if (w > 2 * ow) {
    const rest = <usize>(w - 2 * ow) << 2;
    memory.fill(dx + (<usize>ow << 3), 0, rest);
    memory.fill(below + (<usize>ow << 3), 0, rest);
  }
}

/** dx of max_pool: windows 2 x 2 side by side by rows, others scattered one by one; [begin, end) counts planes. */
export function max_pool_backward(
  index: usize, dy: usize, dx: usize,
  planes: u32, h: u32, w: u32, oh: u32, ow: u32, kh: u32, kw: u32, sh: u32, sw: u32, ph: u32, pw: u32, begin: u32, end: u32,
): void {
  const pairs = kh == 2 && kw == 2 && sh == 2 && sw == 2 && ph == 0 && pw == 0 && ow >= 4;
  const area = <usize>h * w << 2;
  const windows = <usize>oh * ow << 2;
  for (let plane = begin; plane < end; plane++) {
    const out = dx + plane * area;
    const from = plane * windows;
    if (pairs) {
      for (let i: u32 = 0; i < oh; i++) {
        const at = from + (<usize>i * ow << 2);
        rowOfPairsBackward(index + at, dy + at, out + (<usize>(2 * i * w) << 2), 2 * i * w, w, ow);
      }
      const done = <usize>(2 * oh * w) << 2;
      memory.fill(out + done, 0, area - done);
      continue;
    }
    memory.fill(out, 0, area);
    for (let at: usize = 0; at < windows; at += 4) {
      const place = out + (<usize>i32.load(index + from + at) << 2);
      f32.store(place, f32.load(place) + f32.load(dy + from + at));
    }
  }
}

/** y of avg_pool; [begin, end) counts planes. */
export function avg_pool(
  x: usize, y: usize,
  planes: u32, h: u32, w: u32, oh: u32, ow: u32, kh: u32, kw: u32, sh: u32, sw: u32, ph: u32, pw: u32, begin: u32, end: u32,
): void {
  const area = <f32>(kh * kw);
  for (let plane = begin; plane < end; plane++) {
    const start = x + (<usize>plane * h * w << 2);
    let out = y + (<usize>plane * oh * ow << 2);
    for (let i: u32 = 0; i < oh; i++) {
      const top = firstOf(i, sh, ph);
      const bottom = endOf(i, sh, ph, kh, h);
      for (let j: u32 = 0; j < ow; j++, out += 4) {
        const left = firstOf(j, sw, pw);
        const right = endOf(j, sw, pw, kw, w);
        let sum: f32 = 0;
        for (let r = top; r < bottom; r++)
          for (let k = left; k < right; k++) sum += f32.load(start + (<usize>(r * w + k) << 2));
        f32.store(out, sum / area);
      }
    }
  }
}

/** dx of avg_pool, scattered window by window; [begin, end) counts planes. */
export function avg_pool_backward(
  dy: usize, dx: usize,
  planes: u32, h: u32, w: u32, oh: u32, ow: u32, kh: u32, kw: u32, sh: u32, sw: u32, ph: u32, pw: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>h * w << 2;
  const area = <f32>(kh * kw);
  for (let plane = begin; plane < end; plane++) {
    const start = dx + plane * bytes;
    let from = dy + (<usize>plane * oh * ow << 2);
    memory.fill(start, 0, bytes);
    for (let i: u32 = 0; i < oh; i++) {
      const top = firstOf(i, sh, ph);
      const bottom = endOf(i, sh, ph, kh, h);
      for (let j: u32 = 0; j < ow; j++, from += 4) {
        const g = f32.load(from) / area;
        const left = firstOf(j, sw, pw);
        const right = endOf(j, sw, pw, kw, w);
        for (let r = top; r < bottom; r++)
          for (let k = left; k < right; k++) {
            const at = start + (<usize>(r * w + k) << 2);
            f32.store(at, f32.load(at) + g);
          }
      }
    }
  }
}
