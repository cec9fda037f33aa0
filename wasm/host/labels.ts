// Labels (any integers, as float64) to codes 0 .. k - 1 in the order of the labels; sorting by float64 keys and grouping by such codes.

/** range f64[2] = smallest and largest of labels f64[n]. Returns n, or the index of the first label that is not an integer below 2^53. */
export function label_range(labels: usize, n: u32, range: usize): u32 {
  let low = Infinity;
  let high = -Infinity;
  for (let i: u32 = 0; i < n; i++) {
    const label = load<f64>(labels + (<usize>i << 3));
    if (!(NativeMath.abs(label) <= 9007199254740991.0 && NativeMath.trunc(label) == label)) return i;
    low = NativeMath.min(low, label);
    high = NativeMath.max(high, label);
  }
  store<f64>(range, low);
  store<f64>(range, high, 8);
  return n;
}

/** codes u32[n] and distinct f64[k] of labels in [low, low + width). table: u32[width]. Returns k. */
export function encode_dense(labels: usize, n: u32, low: f64, width: u32, table: usize, codes: usize, distinct: usize): u32 {
  memory.fill(table, 0, <usize>width << 2);
  for (let i: u32 = 0; i < n; i++) {
    store<u32>(table + (<usize>(load<f64>(labels + (<usize>i << 3)) - low) << 2), 1);
  }
  let k: u32 = 0;
  for (let v: u32 = 0; v < width; v++) {
    const slot = table + (<usize>v << 2);
    if (load<u32>(slot) == 0) continue;
    store<u32>(slot, k);
    store<f64>(distinct + (<usize>k << 3), low + <f64>v);
    k++;
  }
  for (let i: u32 = 0; i < n; i++) {
    const slot = table + (<usize>(load<f64>(labels + (<usize>i << 3)) - low) << 2);
    store<u32>(codes + (<usize>i << 2), load<u32>(slot));
  }
  return k;
}

/**
 * The same for labels far apart, by a hash table with open addressing. slots: u32[2^bits] with 2^bits >= 2 n; distinct: f64[n];
 * unsorted: f64[n]; order: u32[n]; scratch: 20 n + 1024 bytes. Returns k.
 */
export function encode_sparse(
  labels: usize, n: u32, slots: usize, bits: u32, codes: usize, distinct: usize, unsorted: usize, order: usize, scratch: usize,
): u32 {
  memory.fill(slots, 0, <usize>4 << bits);
  const mask = (<u32>1 << bits) - 1;
  let k: u32 = 0;
  for (let i: u32 = 0; i < n; i++) {
    const label = load<f64>(labels + (<usize>i << 3)) + 0.0; // -0 is 0
    let slot = <u32>((reinterpret<u64>(label) * 0x9e3779b97f4a7c15) >> (64 - bits));
    let code: u32 = 0;
    while (true) {
      const entry = load<u32>(slots + (<usize>slot << 2));
      if (entry == 0) {
        code = k++;
        store<u32>(slots + (<usize>slot << 2), k);
        store<f64>(unsorted + (<usize>code << 3), label);
        break;
      }
      code = entry - 1;
      if (load<f64>(unsorted + (<usize>code << 3)) == label) break;
      slot = (slot + 1) & mask;
    }
    store<u32>(codes + (<usize>i << 2), code);
  }
  sort_order(unsorted, k, order, scratch);
  const rank = slots;
  for (let r: u32 = 0; r < k; r++) {
    const code = load<u32>(order + (<usize>r << 2));
    store<f64>(distinct + (<usize>r << 3), load<f64>(unsorted + (<usize>code << 3)));
    store<u32>(rank + (<usize>code << 2), r);
  }
  for (let i: u32 = 0; i < n; i++) {
    const slot = codes + (<usize>i << 2);
    store<u32>(slot, load<u32>(rank + (<usize>load<u32>(slot) << 2)));
  }
  return k;
}

/**
 * order[i] = index of the i-th smallest of keys f64[n], equal keys in index order. No NaN.
 * A radix sort on the bits, 8 digits of 8 bits, digits that all keys share left out.
 * scratch: 20 n + 1024 bytes, aligned to 8.
 */
export function sort_order(keys: usize, n: u32, order: usize, scratch: usize): void {
  const bytes = <usize>n << 3;
  let from = scratch;
  let to = scratch + bytes;
  let index = order;
  let spare = scratch + 2 * bytes;
  const counts = spare + (bytes >> 1);
  for (let i: u32 = 0; i < n; i++) {
    // Adding 0 makes -0 into 0; the flip makes unsigned order the order of the numbers.
    const bits = reinterpret<u64>(load<f64>(keys + (<usize>i << 3)) + 0.0);
    store<u64>(from + (<usize>i << 3), bits >> 63 ? ~bits : bits | (1 << 63));
    store<u32>(index + (<usize>i << 2), i);
  }
  for (let shift: u64 = 0; shift < 64; shift += 8) {
    memory.fill(counts, 0, 1024);
    for (let i: u32 = 0; i < n; i++) {
      const slot = counts + (<usize>((load<u64>(from + (<usize>i << 3)) >> shift) & 255) << 2);
      store<u32>(slot, load<u32>(slot) + 1);
    }
    if (n == 0 || load<u32>(counts + (<usize>((load<u64>(from) >> shift) & 255) << 2)) == n) continue;
    let begin: u32 = 0;
    for (let digit: usize = 0; digit < 1024; digit += 4) {
      const count = load<u32>(counts + digit);
      store<u32>(counts + digit, begin);
      begin += count;
    }
    for (let i: u32 = 0; i < n; i++) {
      const key = load<u64>(from + (<usize>i << 3));
      const slot = counts + (<usize>((key >> shift) & 255) << 2);
      const place = load<u32>(slot);
      store<u32>(slot, place + 1);
      store<u64>(to + (<usize>place << 3), key);
      store<u32>(spare + (<usize>place << 2), load<u32>(index + (<usize>i << 2)));
    }
    const keysBefore = from;
    from = to;
    to = keysBefore;
    const indexBefore = index;
    index = spare;
    spare = indexBefore;
  }
  if (index != order) memory.copy(order, index, bytes >> 1);
}

/** Indices of codes u32[n] < k grouped by code: group g is order[starts[g] .. starts[g + 1]], in index order. starts u32[k + 1]. */
export function group_order(codes: usize, n: u32, k: u32, starts: usize, order: usize): void {
  memory.fill(starts, 0, (<usize>k + 1) << 2);
  for (let i: u32 = 0; i < n; i++) {
    const slot = starts + (<usize>load<u32>(codes + (<usize>i << 2)) << 2);
    store<u32>(slot, load<u32>(slot) + 1);
  }
  let begin: u32 = 0;
  for (let g: u32 = 0; g <= k; g++) {
    const slot = starts + (<usize>g << 2);
    const count = load<u32>(slot);
    store<u32>(slot, begin);
    begin += count;
  }
  for (let i: u32 = 0; i < n; i++) {
    const slot = starts + (<usize>load<u32>(codes + (<usize>i << 2)) << 2);
    const place = load<u32>(slot);
    store<u32>(order + (<usize>place << 2), i);
    store<u32>(slot, place + 1);
  }
  // Every start has moved to its group's end, which is the next group's start.
  memory.copy(starts + 4, starts, <usize>k << 2);
  store<u32>(starts, 0);
}
