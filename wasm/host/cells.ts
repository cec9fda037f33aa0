// What is made of the non-zero cells of a contingency table: all of it, and sums.

/** table f64[r, c] with the strides given (in elements): scale * n_ij, the zeros included. */
export function dense_table(
  cellRow: usize, cellColumn: usize, cellCount: usize, cells: u32, table: usize, size: u32, rowStride: u32, columnStride: u32, scale: f64,
): void {
  memory.fill(table, 0, <usize>size << 3);
  for (let p: usize = 0; p < <usize>cells << 2; p += 4) {
    const place = <usize>load<u32>(cellRow + p) * rowStride + <usize>load<u32>(cellColumn + p) * columnStride;
    store<f64>(table + (place << 3), scale * <f64>load<u32>(cellCount + p));
  }
}

/** sum of counts[i]^2, exact for a total below 2^32. */
export function sum_of_squares(counts: usize, k: u32): u64 {
  let sum: u64 = 0;
  for (let p: usize = 0; p < <usize>k << 2; p += 4) {
    const count = <u64>load<u32>(counts + p);
    sum += count * count;
  }
  return sum;
}

/** sum_ij n_ij^2 / size of column j. */
export function sum_of_squares_over_size(cellColumn: usize, cellCount: usize, cells: u32, columnSizes: usize): f64 {
  let sum: f64 = 0;
  for (let p: usize = 0; p < <usize>cells << 2; p += 4) {
    const count = <u64>load<u32>(cellCount + p);
    sum += <f64>(count * count) / <f64>load<u32>(columnSizes + (<usize>load<u32>(cellColumn + p) << 2));
  }
  return sum;
}

/** sum_j max_i n_ij. best: u32[c]. */
export function sum_of_column_maxima(cellColumn: usize, cellCount: usize, cells: u32, c: u32, best: usize): f64 {
  memory.fill(best, 0, <usize>c << 2);
  for (let p: usize = 0; p < <usize>cells << 2; p += 4) {
    const slot = best + (<usize>load<u32>(cellColumn + p) << 2);
    store<u32>(slot, max(load<u32>(slot), load<u32>(cellCount + p)));
  }
  let sum: u64 = 0;
  for (let p: usize = 0; p < <usize>c << 2; p += 4) sum += load<u32>(best + p);
  return <f64>sum;
}
