// Copies between layouts, and rows by index. Elements are moved as words; only scatter_add_rows computes.

/** y[i] = bits; [begin, end) counts vectors of four. */
export function fill(y: usize, n: u32, bits: u32, begin: u32, end: u32): void {
  const v = i32x4.splat(bits);
  const last = <usize>end << 4;
  for (let at = <usize>begin << 4; at < last; at += 16) v128.store(y + at, v);
}

/** y[y_first + Σ i_k yk] = x[x_first + Σ i_k xk] over a box; [begin, end) counts its points, taken as runs along the innermost axis. */
export function copy(
  x: usize, y: usize, n: u32, d1: u32, d2: u32, d3: u32, d4: u32, d5: u32,
  x_first: u32, x0: u32, x1: u32, x2: u32, x3: u32, x4: u32, x5: u32,
  y_first: u32, y0: u32, y1: u32, y2: u32, y3: u32, y4: u32, y5: u32, begin: u32, end: u32,
): void {
  let i = begin;
  while (i < end) {
    const i5 = i % d5;
    let rest = i / d5;
    const i4 = rest % d4;
    rest /= d4;
    const i3 = rest % d3;
    rest /= d3;
    const i2 = rest % d2;
    rest /= d2;
    const i1 = rest % d1;
    const i0 = rest / d1;
    const count = min(d5 - i5, end - i);
    let from = x + (<usize>(x_first + i0 * x0 + i1 * x1 + i2 * x2 + i3 * x3 + i4 * x4 + i5 * x5) << 2);
    let to = y + (<usize>(y_first + i0 * y0 + i1 * y1 + i2 * y2 + i3 * y3 + i4 * y4 + i5 * y5) << 2);
    if (x5 == 1 && y5 == 1) memory.copy(to, from, <usize>count << 2);
    else
      for (let j: u32 = 0; j < count; j++) {
        store<u32>(to, load<u32>(from));
        from += <usize>x5 << 2;
        to += <usize>y5 << 2;
      }
    i += count;
  }
}

/** y[i, c] = x[index[i], c], rows of an index of n or more filled with `outside`; [begin, end) counts rows of y. */
export function gather_rows(
  x: usize, index: usize, y: usize, m: u32, n: u32, width: u32, outside: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>width << 2;
  for (let i = begin; i < end; i++) {
    const row = load<u32>(index + (<usize>i << 2));
    const to = y + i * bytes;
    if (row < n) memory.copy(to, x + row * bytes, bytes);
    else for (let at: usize = 0; at < bytes; at += 4) store<u32>(to + at, outside);
  }
}

/** y[index[i], c] += src[i, c] in order of i; an index of n or more turns row 0 into `outside`; [begin, end) counts rows of y. */
export function scatter_add_rows(
  index: usize, src: usize, y: usize, m: u32, n: u32, width: u32, columns: u32, owners: u32, outside: f32,
  begin: u32, end: u32,
): void {
  const bytes = <usize>width << 2;
  const whole = bytes & ~15;
  for (let i: u32 = 0; i < m; i++) {
    const row = load<u32>(index + (<usize>i << 2));
    const isOutside = row >= n;
    if (isOutside ? begin > 0 : row < begin || row >= end) continue;
    const to = y + (isOutside ? 0 : row * bytes);
    const from = src + i * bytes;
    if (isOutside) {
      for (let at: usize = 0; at < bytes; at += 4) store<f32>(to + at, outside);
      continue;
    }
    let at: usize = 0;
    for (; at < whole; at += 16) v128.store(to + at, f32x4.add(v128.load(to + at), v128.load(from + at)));
    for (; at < bytes; at += 4) store<f32>(to + at, load<f32>(to + at) + load<f32>(from + at));
  }
}

/** y[b, j, i] = x[b, i, j]; [begin, end) counts bands of 16 rows of y over all batches, done in squares of four. */
export function transpose(x: usize, y: usize, batch: u32, rows: u32, columns: u32, begin: u32, end: u32): void {
  const bands = (columns + 15) / 16;
  const step = <usize>columns << 2;
  const stepY = <usize>rows << 2;
  for (let band = begin; band < end; band++) {
    const base = (<usize>(band / bands) * rows * columns) << 2;
    const first = (band % bands) * 16;
    const last = min(first + 16, columns);
    let i: u32 = 0;
    for (; i + 4 <= rows; i += 4) {
      let j = first;
      for (; j + 4 <= last; j += 4) {
        const from = x + base + i * step + (<usize>j << 2);
        const to = y + base + j * stepY + (<usize>i << 2);
        const a = v128.load(from);
        const b = v128.load(from + step);
        const c = v128.load(from + 2 * step);
        const d = v128.load(from + 3 * step);
        const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
        const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
        const ef = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
        const gh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
        v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
        v128.store(to + stepY, v128.shuffle<i64>(ab, cd, 1, 3));
        v128.store(to + 2 * stepY, v128.shuffle<i64>(ef, gh, 0, 2));
        v128.store(to + 3 * stepY, v128.shuffle<i64>(ef, gh, 1, 3));
      }
      for (; j < last; j++)
        for (let k: u32 = i; k < i + 4; k++)
          store<u32>(y + base + j * stepY + (<usize>k << 2), load<u32>(x + base + k * step + (<usize>j << 2)));
    }
    for (; i < rows; i++)
      for (let j = first; j < last; j++)
        store<u32>(y + base + j * stepY + (<usize>i << 2), load<u32>(x + base + i * step + (<usize>j << 2)));
  }
}
