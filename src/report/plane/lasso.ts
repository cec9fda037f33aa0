// A line drawn around items.
import type { PointGrid } from "./point-grid";

/**
 * Which of a grid's points lie inside a closed line x, y, x, y, … of the plane, by the even-odd rule, in ascending order. A point is compared with the
 * edges that reach its row of the grid; where none of these comes near a cell, one point of it speaks for all.
 */
export function inside(line: readonly number[], grid: PointGrid): number[] {
  const { xy, side, begins, items } = grid;
  const n = line.length;
  const edges = Array.from({ length: side }, (): number[] => []);
  for (let a = 0; a < n; a += 2) {
    const [from, to] = [line[a + 1]!, line[(a + 3) % n]!];
    const last = grid.rowOf(Math.max(from, to));
    for (let row = grid.rowOf(Math.min(from, to)); row <= last; row++) edges[row]!.push(a);
  }
  const found = new Uint8Array(xy.length / 2);
  const touched = new Uint8Array(side);
  for (const [row, own] of edges.entries()) {
    if (own.length === 0) continue;
    touched.fill(0);
    for (const a of own) touched.fill(1, ...columnsOf(line, a, row, grid));
    const within = (item: number): boolean => {
      const [x, y] = [xy[2 * item]!, xy[2 * item + 1]!];
      let odd = false;
      for (const a of own) {
        const [ax, ay, bx, by] = [line[a]!, line[a + 1]!, line[(a + 2) % n]!, line[(a + 3) % n]!];
        if (ay > y !== by > y && x < ax + ((bx - ax) * (y - ay)) / (by - ay)) odd = !odd;
      }
      return odd;
    };
    for (let column = 0; column < side; column++) {
      const [begin, end] = [begins[row * side + column]!, begins[row * side + column + 1]!];
      if (begin === end) continue;
      if (touched[column]) for (let at = begin; at < end; at++) found[items[at]!] = Number(within(items[at]!));
      else if (within(items[begin]!)) for (let at = begin; at < end; at++) found[items[at]!] = 1;
    }
  }
  const all: number[] = [];
  for (let item = 0; item < found.length; item++) if (found[item]) all.push(item);
  return all;
}

/** The columns that an edge passes through in a row, and one more each way, for what rounding does at their borders. */
function columnsOf(line: readonly number[], a: number, row: number, grid: PointGrid): [from: number, to: number] {
  const n = line.length;
  const [ax, ay, bx, by] = [line[a]!, line[a + 1]!, line[(a + 2) % n]!, line[(a + 3) % n]!];
  const [low, high] = grid.heightsOf(row);
  const at = (y: number): number => {
    const share = ay === by ? 0 : Math.max(0, Math.min(1, (y - ay) / (by - ay)));
    return ax + (bx - ax) * share;
  };
  const ends = ay === by ? [ax, bx] : [at(low), at(high)];
  return [grid.columnOf(Math.min(...ends)) - 1, grid.columnOf(Math.max(...ends)) + 2].map((column) =>
    Math.max(0, column),
  ) as [number, number];
}
