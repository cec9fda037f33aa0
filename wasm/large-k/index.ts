// Lloyd's passes over many centres: nearest centres, sums of the runs of a label, new centres, and whether the passes end.
import { PIECE } from "../../kernels/large-k/label_sums.wgsl";
import { EMPTY, HEAD, RESTS } from "../../kernels/large-k/lloyd_state.wgsl";
import { at } from "../base/pointers";

/** labels[i] = argmin_j ‖x_i − c_j‖², ties to the lowest j, and the distances; see kernels/large-k/large_assign.wgsl. */
export function large_assign(
  x: usize, centers: usize, origin: usize, facts: usize, halted: usize, labels: usize, distances: usize,
  n: u32, d: u32, k: u32, begin: u32, end: u32,
): void {
  if (i32.load(halted)) return;
  const row = <usize>d << 2, offsets = at(facts, HEAD + 2 * k);
  for (let i = begin; i < end; i++) {
    const own = x + i * row;
    let best = f32.MAX_VALUE, label: u32 = 0;
    for (let j: u32 = 0, c = centers; j < k; j++, c += row) {
      let sum: f32 = 0;
      for (let a: usize = 0; a < row; a += 4) sum += f32.load(own + a) * (f32.load(c + a) - f32.load(origin + a));
      const score = f32.load(at(offsets, j)) - sum;
      if (score < best) best = score, label = j;
    }
    let square: f32 = 0;
    const c = centers + label * row;
    for (let a: usize = 0; a < row; a += 4) {
      const difference = f32.load(own + a) - f32.load(c + a);
      square += difference * difference;
    }
    i32.store(at(labels, i), label);
    f32.store(at(distances, i), square);
  }
}

/** Sums of the runs of a label in pieces of the order; see kernels/large-k/label_sums.wgsl. Rows: pieces. */
export function label_sums(
  x: usize, labels: usize, previous: usize, distances: usize, weights: usize, order: usize, halted: usize, runs: usize,
  n: u32, d: u32, k: u32, pieces: u32, weighted: u32, begin: u32, end: u32,
): void {
  if (i32.load(halted)) return;
  const width = d + 1, found = at(runs, (pieces + k) * width);
  for (let piece = begin; piece < end; piece++) {
    let run: usize = 0, inertia: f32 = 0, changed: f32 = 0, before: u32 = u32.MAX_VALUE;
    for (let p = piece * PIECE, last = min(p + PIECE, n); p < last; p++) {
      const row = <u32>i32.load(at(order, p)), label = <u32>i32.load(at(labels, row)), own = at(x, row * d);
      const w: f32 = weighted ? f32.load(at(weights, row)) : 1;
      inertia += w * f32.load(at(distances, row));
      changed += <f32>u32(label != <u32>i32.load(at(previous, row)));
      if (label != before) memory.fill((run = at(runs, (piece + label) * width)), 0, <usize>width << 2);
      before = label;
      for (let c: u32 = 0; c < d; c++) f32.store(at(run, c), f32.load(at(run, c)) + w * f32.load(at(own, c)));
      f32.store(at(run, d), f32.load(at(run, d)) + w);
    }
    f32.store(at(found, 2 * piece), inertia);
    f32.store(at(found, 2 * piece + 1), changed);
  }
}

/** The means of the clusters and what is known of them; see kernels/large-k/large_centers.wgsl. Rows: centres. */
export function large_centers(
  runs: usize, starts: usize, old: usize, origin: usize, halted: usize, centers: usize, facts: usize,
  k: u32, d: u32, moves: u32, begin: u32, end: u32,
): void {
  if (i32.load(halted)) return;
  const width = d + 1;
  for (let j = begin; j < end; j++) {
    let first: u32 = 0, behind: u32 = 0;
    if (moves) {
      const from = <u32>i32.load(at(starts, j)), to = <u32>i32.load(at(starts, j + 1));
      if (from < to) first = from / PIECE, behind = (to + PIECE - 1) / PIECE;
    }
    let count: f32 = 0, shift: f32 = 0, offset: f32 = 0;
    for (let q = first; q < behind; q++) count += f32.load(at(runs, (q + j) * width + d));
    for (let c: u32 = 0; c < d; c++) {
      let sum: f32 = 0;
      for (let q = first; q < behind; q++) sum += f32.load(at(runs, (q + j) * width + c));
      const before = f32.load(at(old, j * d + c)), o = f32.load(at(origin, c));
      const value = count > 0 ? sum / count : before, moved = value - o;
      f32.store(at(centers, j * d + c), value);
      shift += (value - before) * (value - before);
      offset += moved * (<f32>0.5 * moved + o);
    }
    f32.store(at(facts, HEAD + j), count);
    f32.store(at(facts, HEAD + k + j), shift);
    f32.store(at(facts, HEAD + 2 * k + j), offset);
  }
}

/** Whether the passes end, and what they found; see kernels/large-k/lloyd_state.wgsl. One row. */
export function lloyd_state(
  runs: usize, facts: usize, halted: usize,
  k: u32, d: u32, pieces: u32, relocates: u32, threshold: f32, begin: u32, end: u32,
): void {
  if (begin == end || i32.load(halted)) return;
  const found = at(runs, (pieces + k) * (d + 1));
  memory.fill(facts, 0, <usize>HEAD << 2);
  let inertia: f32 = 0, changed: f32 = 0, shift: f32 = 0, empty: f32 = 0;
  for (let q: u32 = 0; q < pieces; q++) {
    const value = f32.load(at(found, 2 * q)), part = at(facts, 4 + (q & 255));
    f32.store(part, f32.load(part) + value);
    inertia += value;
    changed += f32.load(at(found, 2 * q + 1));
  }
  for (let j: u32 = 0; j < k; j++) {
    shift += f32.load(at(facts, HEAD + k + j));
    empty += <f32>u32(f32.load(at(facts, HEAD + j)) == 0);
  }
  let why: u32 = changed == 0 || shift <= threshold ? RESTS : 0;
  if (relocates && empty > 0 && inertia > 0) why = EMPTY;
  f32.store(facts, <f32>why);
  f32.store(facts, shift, 4);
  f32.store(facts, changed, 8);
  f32.store(facts, empty, 12);
  i32.store(halted, why);
}
