// Rows sorted by label: a stable counting sort, a digit of eight bits at a time, and where each label begins.
import { at } from "../base/pointers";
import { scratch } from "../base/scratch";

/** Digits. */
const DIGITS: u32 = 256;

// @ts-ignore: decorator
@inline
function rowOf(order: usize, p: u32, ordered: u32): u32 {
  return ordered ? <u32>i32.load(at(order, p)) : p;
}

/** How many positions of a chunk have each digit; see kernels/sorting/digit_counts.wgsl. */
export function digit_counts(
  labels: usize, order: usize, halted: usize, counts: usize,
  n: u32, length: u32, chunks: u32, shift: u32, ordered: u32, begin: u32, end: u32,
): void {
  if (i32.load(halted)) return;
  for (let chunk = begin; chunk < end; chunk++) {
    const own = at(counts, chunk * DIGITS);
    memory.fill(own, 0, DIGITS << 2);
    for (let p = chunk * length, last = min(p + length, n); p < last; p++) {
      const bin = at(own, (<u32>i32.load(at(labels, rowOf(order, p, ordered))) >> shift) & 255);
      i32.store(bin, i32.load(bin) + 1);
    }
  }
}

/** Where each digit of each chunk begins; see kernels/sorting/digit_starts.wgsl. One row. */
export function digit_starts(counts: usize, halted: usize, starts: usize, chunks: u32, begin: u32, end: u32): void {
  if (begin == end || i32.load(halted)) return;
  let sum: u32 = 0;
  for (let v: u32 = 0; v < DIGITS; v++)
    for (let c: u32 = 0; c < chunks; c++) {
      i32.store(at(starts, c * DIGITS + v), sum);
      sum += i32.load(at(counts, c * DIGITS + v));
    }
}

/** Rows by digit, those of equal digits as they stood; see kernels/sorting/digit_scatter.wgsl. Changes nothing but its output. */
export function digit_scatter(
  labels: usize, order: usize, starts: usize, halted: usize, sorted: usize,
  n: u32, length: u32, chunks: u32, shift: u32, ordered: u32, begin: u32, end: u32,
): void {
  if (i32.load(halted)) return;
  for (let chunk = begin; chunk < end; chunk++) {
    memory.copy(scratch, at(starts, chunk * DIGITS), DIGITS << 2);
    for (let p = chunk * length, last = min(p + length, n); p < last; p++) {
      const row = rowOf(order, p, ordered);
      const place = at(scratch, (<u32>i32.load(at(labels, row)) >> shift) & 255);
      const to = <u32>i32.load(place);
      i32.store(at(sorted, to), row);
      i32.store(place, to + 1);
    }
  }
}

/** The first position of each label; see kernels/sorting/label_starts.wgsl. Rows: positions, and one behind them. */
export function label_starts(
  labels: usize, order: usize, halted: usize, starts: usize, n: u32, k: u32, begin: u32, end: u32,
): void {
  if (i32.load(halted)) return;
  for (let p = begin; p < end; p++) {
    let j = p > 0 ? <u32>i32.load(at(labels, <u32>i32.load(at(order, p - 1)))) + 1 : 0;
    const to = p < n ? <u32>i32.load(at(labels, <u32>i32.load(at(order, p)))) : k;
    for (; j <= to; j++) i32.store(at(starts, j), p);
  }
}
