// The contingency table as a list of its non-zero cells, and what is a sum over them.

/**
 * Cells (cellRow, cellColumn, cellCount), grouped by row, of two codings of n items; columnSizes u32[c] are the column sums.
 * starts u32[r + 1] and order u32[n] are group_order's of the rows. mark: u32[c]. The cell arrays hold min(n, r c) entries. Returns their number.
 */
export function contingency_cells(
  starts: usize, order: usize, r: u32, columns: usize, c: u32,
  columnSizes: usize, mark: usize, cellRow: usize, cellColumn: usize, cellCount: usize,
): u32 {
  memory.fill(columnSizes, 0, <usize>c << 2);
  memory.fill(mark, 0, <usize>c << 2);
  let cells: u32 = 0;
  for (let i: u32 = 0; i < r; i++) {
    const first = cells;
    const end = load<u32>(starts + (<usize>i << 2), 4);
    for (let p = load<u32>(starts + (<usize>i << 2)); p < end; p++) {
      const j = <usize>load<u32>(columns + (<usize>load<u32>(order + (<usize>p << 2)) << 2)) << 2;
      store<u32>(columnSizes + j, load<u32>(columnSizes + j) + 1);
      // mark[j] is one more than the cell of column j in the last row that had one.
      const cell = load<u32>(mark + j);
      if (cell > first) {
        const slot = cellCount + (<usize>(cell - 1) << 2);
        store<u32>(slot, load<u32>(slot) + 1);
      } else {
        store<u32>(cellRow + (<usize>cells << 2), i);
        store<u32>(cellColumn + (<usize>cells << 2), <u32>(j >> 2));
        store<u32>(cellCount + (<usize>cells << 2), 1);
        store<u32>(mark + j, ++cells);
      }
    }
  }
  return cells;
}

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
