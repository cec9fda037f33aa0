// Sorting by float64 keys and grouping by integer codes.

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
