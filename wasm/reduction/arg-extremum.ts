// @ts-ignore: decorator
@inline
function load(p: usize, sign: v128, wide: bool): v128 {
  return f32x4.mul(sign, wide ? v128.load(p) : v128.load32_splat(p));
}

/** Lanes in which v comes before `best`: it is larger, or NaN while that is not. */
// @ts-ignore: decorator
@inline
function better4(v: v128, best: v128): v128 {
  return v128.andnot(f32x4.eq(best, best), f32x4.le(v, best));
}

/** The same of one, and at a lower place where neither comes before the other. */
// @ts-ignore: decorator
@inline
function better(v: f32, place: u32, best: f32, bestPlace: u32): bool {
  if (v != v) return best == best || place < bestPlace;
  return v > best || (v == best && place < bestPlace);
}

/** The lowest index of the largest sign · x in a contiguous series, or of NaN: four candidates side by side, then the best of them. */
function placeInRow(x: usize, n: u32, sign: f32): u32 {
  let best = sign * f32.load(x);
  let place: u32 = 0;
  let j: u32 = 0;
  if (n >= 8) {
    const signs = f32x4.splat(sign);
    let bests = load(x, signs, true);
    let current = i32x4(0, 1, 2, 3);
    let places = current;
    const four = i32x4.splat(4);
    for (j = 4; j + 4 <= n; j += 4) {
      const v = load(x + (<usize>j << 2), signs, true);
      current = i32x4.add(current, four);
      const change = better4(v, bests);
      bests = v128.bitselect(v, bests, change);
      places = v128.bitselect(current, places, change);
    }
    best = f32x4.extract_lane(bests, 0);
    place = i32x4.extract_lane(places, 0);
    const v1 = f32x4.extract_lane(bests, 1), p1 = <u32>i32x4.extract_lane(places, 1);
    if (better(v1, p1, best, place)) { best = v1; place = p1; }
    const v2 = f32x4.extract_lane(bests, 2), p2 = <u32>i32x4.extract_lane(places, 2);
    if (better(v2, p2, best, place)) { best = v2; place = p2; }
    const v3 = f32x4.extract_lane(bests, 3), p3 = <u32>i32x4.extract_lane(places, 3);
    if (better(v3, p3, best, place)) { best = v3; place = p3; }
  }
  for (; j < n; j++) {
    const v = sign * f32.load(x + (<usize>j << 2));
    if (better(v, j, best, place)) { best = v; place = j; }
  }
  return place;
}

/** y[o, i] = the lowest j with the largest sign · x[o, j, i]; [begin, end) counts series. */
export function arg_extremum(
  x: usize, y: usize, series: u32, n: u32, inner: u32, lanes: u32, sign: f32, begin: u32, end: u32,
): void {
  if (inner == 1) {
    for (let s = begin; s < end; s++)
      store<u32>(y + (<usize>s << 2), placeInRow(x + (<usize>s * n << 2), n, sign));
    return;
  }
  const step = <usize>inner << 2;
  const signs = f32x4.splat(sign);
  let s = begin;
  while (s < end) {
    const i = s % inner;
    const wide = i + 4 <= inner && s + 4 <= end; // four neighbouring series at once
    let p = x + (<usize>(s - i) * n + i << 2);
    let best = load(p, signs, wide);
    let place = i32x4.splat(0);
    for (let j: u32 = 1; j < n; j++) {
      p += step;
      const v = load(p, signs, wide);
      const change = better4(v, best);
      best = v128.bitselect(v, best, change);
      place = v128.bitselect(i32x4.splat(j), place, change);
    }
    if (wide) v128.store(y + (<usize>s << 2), place);
    else v128.store32_lane(y + (<usize>s << 2), place, 0);
    s += wide ? 4 : 1;
  }
}
