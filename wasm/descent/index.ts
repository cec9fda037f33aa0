// Approximate neighbours: lists from the leaves of trees, candidates by chance, and rounds of comparing neighbours of neighbours.
import { mix } from "../base/mix";
import { at } from "../base/pointers";
import { scratch } from "../base/scratch";
import { squaredDistance } from "../neighbours/squared-distance";

/** What stands where no point does. */
const NONE: u32 = u32.MAX_VALUE;
/** Points that were offered before, by their bits, in the work area: most come again, and need not be measured. */
const SEEN: u32 = 2048;
const SEEN_SHIFT: u32 = 21;

// @ts-ignore: decorator
@inline
function load(base: usize, i: u32): u32 {
  return <u32>i32.load(at(base, i));
}

/** Whether j was offered, as far as is known; from now on it was. */
// @ts-ignore: decorator
@inline
function seen(j: u32): bool {
  const place = at(scratch, (j * 0x9e3779b1) >> SEEN_SHIFT);
  if (<u32>i32.load(place) == j) return true;
  i32.store(place, j);
  return false;
}

/** Puts j into the list of i, where it is near enough and not there; returns whether it was. */
function offer(x: usize, indices: usize, squared: usize, fresh: usize, d: u32, k: u32, i: u32, j: u32): u32 {
  const row = <usize>d << 2, value = min<f32>(squaredDistance(d, x + i * row, x + j * row), f32.MAX_VALUE);
  const list = <usize>i * (<usize>k << 2), last = <usize>(k - 1) << 2;
  const places = indices + list, lengths = squared + list, flags = fresh + list;
  const worst = f32.load(lengths + last);
  if (value > worst || (value == worst && j >= <u32>i32.load(places + last))) return 0;
  for (let p = places; p <= places + last; p += 4) if (<u32>i32.load(p) == j) return 0;
  let to = last;
  for (; to > 0; to -= 4) {
    const before = f32.load(lengths + to - 4);
    if (before < value || (before == value && <u32>i32.load(places + to - 4) < j)) break;
    f32.store(lengths + to, before);
    i32.store(places + to, i32.load(places + to - 4));
    i32.store(flags + to, i32.load(flags + to - 4));
  }
  f32.store(lengths + to, value);
  i32.store(places + to, j);
  i32.store(flags + to, 1);
  return 1;
}

/** Lists from the leaf of each position; see kernels/descent/leaf_neighbours.wgsl. Rows: positions from `first` on. */
export function leaf_neighbours(
  x: usize, order: usize, leaves: usize, indices: usize, squared: usize, fresh: usize,
  n: u32, d: u32, k: u32, first: u32, count: u32, begins: u32, begin: u32, end: u32,
): void {
  for (let p = first + begin; p < first + end; p++) {
    const i = load(order, p);
    if (begins) {
      for (let e = i * k; e < (i + 1) * k; e++) {
        f32.store(at(squared, e), f32.MAX_VALUE);
        i32.store(at(indices, e), NONE);
        i32.store(at(fresh, e), 0);
      }
      for (let step: u32 = 1; step <= k; step++) offer(x, indices, squared, fresh, d, k, i, (i + step) % n);
    }
    for (let q = load(leaves, 2 * p), last = load(leaves, 2 * p + 1); q < last; q++)
      if (q != p) offer(x, indices, squared, fresh, d, k, i, load(order, q));
  }
}

/** Some of the new and of the old neighbours of each point; see kernels/descent/candidate_samples.wgsl. */
export function candidate_samples(
  indices: usize, fresh: usize, order: usize, starts: usize, samples: usize,
  n: u32, k: u32, candidates: u32, key: u32, begin: u32, end: u32,
): void {
  for (let i = begin; i < end; i++) {
    const own = at(samples, i * 2 * candidates);
    memory.fill(own, 0xff, <usize>candidates << 3);
    const ownKey = mix(key ^ mix(i)), from = load(starts, i), offered = k + load(starts, i + 1) - from;
    let news: u32 = 0, olds: u32 = 0;
    for (let t: u32 = 0; t < offered; t++) {
      const e = t < k ? i * k + t : load(order, from + t - k);
      const isNew = load(fresh, e) != 0, before = isNew ? news++ : olds++;
      const place = before < candidates ? before : mix(ownKey ^ mix(t)) % (before + 1);
      if (place < candidates) i32.store(at(own, isNew ? place : candidates + place), t < k ? load(indices, e) : e / k);
    }
  }
}

/** A round of comparing neighbours of neighbours; see kernels/descent/nn_descent.wgsl. Rows: positions from `first` on. */
export function nn_descent(
  x: usize, order: usize, samples: usize, indices: usize, squared: usize, fresh: usize, changed: usize,
  n: u32, d: u32, k: u32, candidates: u32, first: u32, count: u32, begin: u32, end: u32,
): void {
  for (let p = first + begin; p < first + end; p++) {
    const i = load(order, p), own = at(samples, i * 2 * candidates);
    memory.fill(scratch, 0xff, SEEN << 2);
    for (let e = i * k; e < (i + 1) * k; e++) {
      const j = load(indices, e);
      seen(j);
      for (let s: u32 = 0; s < candidates; s++) if (load(own, s) == j) i32.store(at(fresh, e), 0);
    }
    let came: u32 = 0;
    for (let s: u32 = 0; s < 2 * candidates; s++) {
      const v = load(own, s);
      if (v == NONE) continue; // i is not among its own
      if (!seen(v)) came += offer(x, indices, squared, fresh, d, k, i, v);
      const others = at(samples, v * 2 * candidates);
      const most: u32 = s < candidates ? 2 * candidates : candidates;
      for (let r: u32 = 0; r < most; r++) {
        const u = load(others, r);
        if (u != NONE && u != i && !seen(u)) came += offer(x, indices, squared, fresh, d, k, i, u);
      }
    }
    i32.store(at(changed, i), came);
  }
}
