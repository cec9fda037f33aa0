// Connected components of masks and what is known of them. Rows are images, or components.
import { scratch } from "../base/scratch";

/** The first pixel of the set that p is in, by the tree of `parents`; halves the way for those who come after. */
function rootOf(parents: usize, p: u32): u32 {
  let at = p;
  let above = load<u32>(parents + (<usize>at << 2));
  while (above != at) {
    const next = load<u32>(parents + (<usize>above << 2));
    store<u32>(parents + (<usize>at << 2), next);
    at = next;
    above = load<u32>(parents + (<usize>at << 2));
  }
  return at;
}

/** Puts two sets into one, under the earlier of their first pixels. */
function unite(parents: usize, a: u32, b: u32): void {
  const first = rootOf(parents, a);
  const second = rootOf(parents, b);
  if (first < second) store<u32>(parents + (<usize>second << 2), first);
  else store<u32>(parents + (<usize>first << 2), second);
}

/** labels and count of connected_components; [begin, end) counts images. */
export function connected_components(
  mask: usize, labels: usize, work: usize, count: usize, n: u32, h: u32, w: u32, neighbours: u32, begin: u32, end: u32,
): void {
  const area = h * w;
  const diagonal = neighbours == 8;
  for (let image = begin; image < end; image++) {
    const start = <usize>image * area << 2;
    const given = mask + start;
    const parents = work + start;
    const out = labels + start;
    for (let p: u32 = 0; p < area; p++) {
      const at = <usize>p << 2;
      store<u32>(parents + at, p);
      if (!load<u32>(given + at)) continue;
      const r = p / w, c = p % w;
      if (c > 0 && load<u32>(given + at - 4)) unite(parents, p, p - 1);
      if (r == 0) continue;
      const above = given + at - (<usize>w << 2);
      if (load<u32>(above)) unite(parents, p, p - w);
      if (diagonal && c > 0 && load<u32>(above - 4)) unite(parents, p, p - w - 1);
      if (diagonal && c + 1 < w && load<u32>(above + 4)) unite(parents, p, p - w + 1);
    }
    let found: u32 = 0;
    for (let p: u32 = 0; p < area; p++) {
      const at = <usize>p << 2;
      let label: u32 = 0;
      if (load<u32>(given + at)) {
        const root = rootOf(parents, p);
        label = root == p ? ++found : load<u32>(out + (<usize>root << 2));
      }
      store<u32>(out + at, label);
    }
    store<u32>(count + (<usize>image << 2), found);
  }
}

/** Labels whose pixels are counted at a time, in the work area. */
const COUNTED: u32 = 1 << 20;

/** chosen of select_component; [begin, end) counts images. */
export function select_component(
  labels: usize, count: usize, chosen: usize, n: u32, h: u32, w: u32, by: u32, row: u32, column: u32,
  begin: u32, end: u32,
): void {
  const area = h * w;
  for (let image = begin; image < end; image++) {
    const start = labels + (<usize>image * area << 2);
    let best: u32 = u32.MAX_VALUE;
    let number: u32 = u32.MAX_VALUE;
    if (by == 0)
      for (let p: u32 = 0; p < area; p++) {
        const label = load<u32>(start + (<usize>p << 2));
        if (!label) continue;
        const dr = p / w - row, dc = p % w - column; // wraps where negative, and so does its square
        const score = dr * dr + dc * dc;
        if (score < best || (score == best && label < number)) { best = score; number = label; }
      }
    else {
      const found = load<u32>(count + (<usize>image << 2));
      for (let first: u32 = 0; first < found; first += COUNTED) {
        const held = min(COUNTED, found - first);
        memory.fill(scratch, 0, <usize>held << 2);
        for (let p: u32 = 0; p < area; p++) {
          const place = load<u32>(start + (<usize>p << 2)) - 1 - first; // wraps to beyond the end where there is none
          if (place >= held) continue;
          const size = scratch + (<usize>place << 2);
          store<u32>(size, load<u32>(size) + 1);
        }
        for (let k: u32 = 0; k < held; k++) {
          const rest = area - load<u32>(scratch + (<usize>k << 2));
          if (rest < best) { best = rest; number = first + k + 1; }
        }
      }
    }
    const out = chosen + (<usize>image * area << 2);
    for (let p: u32 = 0; p < area; p++)
      store<u32>(out + (<usize>p << 2), load<u32>(start + (<usize>p << 2)) == number ? 1 : 0);
  }
}

/** statistics of component_statistics; [begin, end) counts components. */
export function component_statistics(
  labels: usize, statistics: usize, n: u32, h: u32, w: u32, slots: u32, nothing: u32, begin: u32, end: u32,
): void {
  for (let item = begin; item < end; item++) {
    const start = labels + (<usize>(item / slots) * h * w << 2);
    const number = item % slots + 1;
    let area: u32 = 0, top: u32 = h, left: u32 = w, bottom: u32 = 0, right: u32 = 0;
    let rows: u64 = 0, columns: u64 = 0;
    let at = start;
    for (let r: u32 = 0; r < h; r++)
      for (let c: u32 = 0; c < w; c++, at += 4) {
        if (load<u32>(at) != number) continue;
        area++;
        rows += r;
        columns += c;
        top = min(top, r);
        bottom = r + 1;
        left = min(left, c);
        right = max(right, c + 1);
      }
    const to = statistics + <usize>item * 40;
    f32.store(to, <f32>area);
    if (area == 0) {
      for (let i: usize = 4; i < 40; i += 4) store<u32>(to + i, i < 12 || i > 24 ? nothing : 0);
      continue;
    }
    const row = <f64>rows / <f64>area, column = <f64>columns / <f64>area;
    let rr: f64 = 0, rc: f64 = 0, cc: f64 = 0;
    for (let r = top; r < bottom; r++)
      for (let c = left; c < right; c++) {
        if (load<u32>(start + (<usize>(r * w + c) << 2)) != number) continue;
        const dr = <f64>r - row, dc = <f64>c - column;
        rr += dr * dr;
        rc += dr * dc;
        cc += dc * dc;
      }
    f32.store(to, <f32>row, 4);
    f32.store(to, <f32>column, 8);
    f32.store(to, <f32>top, 12);
    f32.store(to, <f32>left, 16);
    f32.store(to, <f32>bottom, 20);
    f32.store(to, <f32>right, 24);
    f32.store(to, <f32>(rr / <f64>area), 28);
    f32.store(to, <f32>(rc / <f64>area), 32);
    f32.store(to, <f32>(cc / <f64>area), 36);
  }
}

/** y of component_sums; [begin, end) counts its elements. */
export function component_sums(
  image: usize, labels: usize, y: usize, n: u32, bands: u32, h: u32, w: u32, slots: u32, begin: u32, end: u32,
): void {
  const area = h * w;
  for (let item = begin; item < end; item++) {
    const which = item / bands / slots;
    const number = item / bands % slots + 1;
    const plane = image + (<usize>(which * bands + item % bands) * area << 2);
    const numbers = labels + (<usize>which * area << 2);
    let sum: f64 = 0;
    for (let at: usize = 0; at < <usize>area << 2; at += 4)
      if (load<u32>(numbers + at) == number) sum += <f64>f32.load(plane + at);
    f32.store(y + (<usize>item << 2), <f32>sum);
  }
}
