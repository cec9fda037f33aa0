// Where points of the plane lie, by the cells of a grid: what is near a place, or inside a line, is found without looking at all of them.
import { runAtOnce, type Cooperative } from "../../event-loop";

/** Points of a cell, were they spread evenly. */
const PER_CELL = 2;
/** Cells of a side at most. */
const MOST_CELLS = 1024;
/** Points that are put into the grid at a stretch. */
const PIECE = 16_384;

/** The corners of those of points [n, 2] that have a place; `left` is greater than `right` where none has. */
export function cornersOf(xy: Float32Array): [left: number, right: number, low: number, high: number] {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < xy.length; i += 2) {
    const [x, y] = [xy[i]!, xy[i + 1]!];
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < low) low = y;
    if (y > high) high = y;
  }
  return [left, right, low, high];
}

/** Points [n, 2] by the cells that they lie in. Points without a place are in none. */
export class PointGrid {
  readonly xy: Float32Array;
  /** Cells of a row, and rows. */
  readonly side: number;
  /** Points of cell c, which is the (c % side)-th of row ⌊c / side⌋, are those at begins[c] to begins[c + 1] of `items`, in ascending order. */
  readonly begins: Uint32Array;
  readonly items: Uint32Array;
  readonly #left: number;
  readonly #low: number;
  /** Cells for a unit of the plane. */
  readonly #across: number;
  readonly #up: number;

  private constructor(xy: Float32Array, corners: ReturnType<typeof cornersOf>, side: number) {
    const [left, right, low, high] = corners;
    this.xy = xy;
    this.side = side;
    [this.#left, this.#low] = [left, low];
    [this.#across, this.#up] = [side / (right - left || 1), side / (high - low || 1)];
    this.begins = new Uint32Array(side * side + 1);
    this.items = new Uint32Array(xy.length / 2);
  }

  /** The grid of points, piece by piece (a counting sort by cells). */
  static *making(xy: Float32Array): Cooperative<PointGrid> {
    const n = xy.length / 2;
    const corners = cornersOf(xy);
    yield;
    const side = Math.max(1, Math.min(MOST_CELLS, Math.ceil(Math.sqrt(n / PER_CELL))));
    const grid = new PointGrid(xy, corners, side);
    const { begins, items } = grid;
    const cells = new Int32Array(n);
    for (let i = 0; i < n; i++) {
      const cell = grid.#cellOf(i);
      cells[i] = cell;
      if (cell >= 0) begins[cell + 1]!++;
      if (i % PIECE === PIECE - 1) yield;
    }
    for (let cell = 0; cell < side * side; cell++) begins[cell + 1]! += begins[cell]!;
    yield;
    const next = begins.slice(0, -1);
    for (let i = 0; i < n; i++) {
      const cell = cells[i]!;
      if (cell >= 0) items[next[cell]!++] = i;
      if (i % PIECE === PIECE - 1) yield;
    }
    return grid;
  }

  /** The same at once. */
  static of(xy: Float32Array): PointGrid {
    return runAtOnce(PointGrid.making(xy));
  }

  #cellOf(i: number): number {
    const [x, y] = [this.xy[2 * i]!, this.xy[2 * i + 1]!];
    if (!Number.isFinite(x) || !Number.isFinite(y)) return -1;
    return this.rowOf(y) * this.side + this.columnOf(x);
  }

  /** The column that a place across lies in; of places outside of the grid, the nearest. */
  columnOf(x: number): number {
    return Math.max(0, Math.min(this.side - 1, Math.floor((x - this.#left) * this.#across)));
  }

  /** The row that a height lies in; of heights outside of the grid, the nearest. */
  rowOf(y: number): number {
    return Math.max(0, Math.min(this.side - 1, Math.floor((y - this.#low) * this.#up)));
  }

  /** Where a row begins and ends. */
  heightsOf(row: number): [low: number, high: number] {
    return [this.#low + row / this.#up, this.#low + (row + 1) / this.#up];
  }

  /**
   * The point nearest to a place, among those nearer than `radius`; −1 where there is none. Of those that are `preferred` the nearest, where there is
   * one. Of equal distances the first point's.
   */
  nearest(x: number, y: number, radius: number, preferred?: (item: number) => boolean): number {
    let [best, least, wanted] = [-1, radius * radius, false];
    const [from, to] = [this.columnOf(x - radius), this.columnOf(x + radius)];
    const last = this.rowOf(y + radius);
    for (let row = this.rowOf(y - radius); row <= last; row++)
      // the cells of a row lie one after another
      for (let at = this.begins[row * this.side + from]!; at < this.begins[row * this.side + to + 1]!; at++) {
        const i = this.items[at]!;
        const squared = (this.xy[2 * i]! - x) ** 2 + (this.xy[2 * i + 1]! - y) ** 2;
        if (squared >= radius * radius) continue;
        const nearer = squared < least || (squared === least && i < best);
        if (!nearer && (wanted || !preferred)) continue;
        const own = preferred?.(i) ?? false;
        if (wanted ? own : own || nearer) [best, least, wanted] = [i, squared, own];
      }
    return best;
  }
}
