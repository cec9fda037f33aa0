import { rowMajorStride, sizeOf, type TypedArray } from "../../../ndarray";
import { extentOf, runsOf, type Region } from "../region";

/** The tiles of an image, numbered in row-major order; those at an edge are cut. */
export class TileGrid {
  readonly shape: readonly number[];
  readonly #tile: readonly number[];
  readonly #counts: readonly number[];

  /** @throws unless tiles of that shape, as many as the table has rows, make up the image */
  constructor(shape: readonly number[], tile: readonly number[], rows: number, where: string) {
    if (shape.length === 0 || !tile.every((size) => size >= 1))
      throw new Error(`fits: ZTILE of ${where} must be sizes from 1, got [${tile.join(", ")}]`);
    this.shape = shape;
    this.#tile = tile.map((size, axis) => Math.min(size, Math.max(1, shape[axis]!)));
    this.#counts = shape.map((size, axis) => Math.ceil(size / this.#tile[axis]!));
    const count = sizeOf(this.#counts);
    if (count !== rows)
      throw new Error(
        `fits: ${where} must have a row for each of the ${count} tiles of [${shape.join(", ")}], got ${rows}`,
      );
  }

  /** Pixels of a whole tile. */
  get tileSize(): number {
    return sizeOf(this.#tile);
  }

  /** The box of a tile. */
  tile(index: number): Region {
    const start = new Array<number>(this.shape.length);
    for (let axis = this.shape.length - 1, rest = index; axis >= 0; axis--) {
      start[axis] = (rest % this.#counts[axis]!) * this.#tile[axis]!;
      rest = Math.floor(rest / this.#counts[axis]!);
    }
    return { start, stop: start.map((from, axis) => Math.min(from + this.#tile[axis]!, this.shape[axis]!)) };
  }

  /** Numbers of the tiles that a box meets, in their order. */
  meeting({ start, stop }: Region): number[] {
    if (start.some((from, axis) => from >= stop[axis]!)) return [];
    const first = start.map((from, axis) => Math.floor(from / this.#tile[axis]!));
    const last = stop.map((to, axis) => Math.ceil(to / this.#tile[axis]!));
    const found: number[] = [];
    for (const { at, length } of runsOf({ start: first, stop: last }, this.#counts))
      for (let i = 0; i < length; i++) found.push(at + i);
    return found;
  }
}

/** Copies what a tile and a box have in common into the box's array. */
export function placeTile(values: TypedArray, tile: Region, box: Region, out: TypedArray): void {
  const start = tile.start.map((from, axis) => Math.max(from, box.start[axis]!));
  const stop = tile.stop.map((to, axis) => Math.min(to, box.stop[axis]!));
  const within = ({ start: origin }: Region): Region => ({
    start: start.map((from, axis) => from - origin[axis]!),
    stop: stop.map((to, axis) => to - origin[axis]!),
  });
  const strides = rowMajorStride(extentOf(box));
  const target = within(box);
  const width = (stop.at(-1) ?? 0) - (start.at(-1) ?? 0);
  const rows = extentOf(target).slice(0, -1);
  const tileStrides = rowMajorStride(extentOf(tile));
  const source = within(tile);
  const count = sizeOf(rows);
  for (let row = 0; row < count; row++) {
    let from = source.start.at(-1)!;
    let to = target.start.at(-1)!;
    for (let axis = rows.length - 1, rest = row; axis >= 0; axis--) {
      const i = rest % rows[axis]!;
      rest = Math.floor(rest / rows[axis]!);
      from += (source.start[axis]! + i) * tileStrides[axis]!;
      to += (target.start[axis]! + i) * strides[axis]!;
    }
    (out as Float64Array).set((values as Float64Array).subarray(from, from + width), to);
  }
}
