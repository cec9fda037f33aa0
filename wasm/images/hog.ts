/** y of hog_cells; [begin, end) counts rows of cells over all images. */
export function hog_cells(
  x: usize, directions: usize, y: usize, n: u32, channels: u32, h: u32, w: u32, rows: u32, columns: u32, bins: u32,
  cell: u32, begin: u32, end: u32,
): void {
  const width = <usize>w << 2;
  const plane = width * h;
  const share = <f32>1 / <f32>(cell * cell);
  for (let row = begin; row < end; row++) {
    const image = x + <usize>(row / rows) * channels * plane;
    const out = y + (<usize>row * columns * bins << 2);
    memory.fill(out, 0, <usize>columns * bins << 2);
    const top = row % rows * cell;
    for (let r = top; r < top + cell; r++) {
      const inside = r > 0 && r + 1 < h;
      for (let c: u32 = 0; c < columns * cell; c++) {
        let dr: f32 = 0, dc: f32 = 0, square: f32 = -1;
        let at = image + r * width + (<usize>c << 2);
        for (let channel: u32 = 0; channel < channels; channel++, at += plane) {
          const down: f32 = inside ? f32.load(at + width) - f32.load(at - width) : 0;
          const across: f32 = c > 0 && c + 1 < w ? f32.load(at + 4) - f32.load(at - 4) : 0;
          const s = down * down + across * across;
          if (s > square || s != s) { square = s; dr = down; dc = across; }
        }
        if (square == 0) continue;
        if (dr < 0) { dr = -dr; dc = -dc; }
        let bin: u32 = 0;
        if (dr > 0) {
          // the bounds go once around: the bin is how many of them lie before the gradient
          let bound = directions;
          while (bin + 1 < bins && f32.load(bound) * dr - f32.load(bound, 4) * dc >= 0) { bin++; bound += 8; }
        }
        const to = out + (<usize>(c / cell * bins + bin) << 2);
        f32.store(to, f32.load(to) + sqrt<f32>(square));
      }
    }
    for (let at: usize = 0; at < <usize>columns * bins << 2; at += 4) f32.store(out + at, f32.load(out + at) * share);
  }
}
