/** y of resample; [begin, end) counts the pixels of each band. */
export function resample(
  x: usize, cells: usize, parts: usize, y: usize, n: u32, b: u32, h: u32, w: u32, begin: u32, end: u32,
): void {
  const plane = <usize>h * w << 2;
  for (let band: u32 = 0; band < b; band++) {
    const image = x + band * plane;
    const out = y + (<usize>band * n << 2);
    for (let i = begin; i < end; i++) {
      const cell = load<u32>(cells + (<usize>i << 2));
      if (cell == 0xffffffff) {
        f32.store(out + (<usize>i << 2), f32.NaN);
        continue;
      }
      const part = parts + (<usize>i << 3);
      const down = f32.load(part);
      const across = f32.load(part, 4);
      const upper = max<u32>(cell >> 16, 1) - 1;
      const left = max<u32>(cell & 0xffff, 1) - 1;
      const lower = down > 0 ? min<u32>(cell >> 16, h - 1) : upper;
      const right = across > 0 ? min<u32>(cell & 0xffff, w - 1) : left;
      const first = image + (<usize>upper * w << 2);
      const second = image + (<usize>lower * w << 2);
      const p = f32.load(first + (<usize>left << 2));
      const q = f32.load(first + (<usize>right << 2));
      const r = f32.load(second + (<usize>left << 2));
      const s = f32.load(second + (<usize>right << 2));
      const above = p + across * (q - p);
      const below = r + across * (s - r);
      f32.store(out + (<usize>i << 2), above + down * (below - above));
    }
  }
}
