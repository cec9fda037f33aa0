// The contingency table as a list of its non-zero cells.

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
