import type { Random } from "../../../random";

/** Cells of a grid: x, y of the first one, then how many along each axis. */
export interface Cells {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A grid, and the cells in which each group is drawn. */
export interface Layout {
  readonly columns: number;
  readonly rows: number;
  readonly places: readonly Cells[];
}

/** The cell alone; with one beside it, with those of a corner, and with those of a side and its corners. */
const EXPANSIONS: readonly Cells[] = [
  { x: 0, y: 0, width: 1, height: 1 },
  { x: -1, y: 0, width: 2, height: 1 },
  { x: 0, y: 0, width: 2, height: 1 },
  { x: 0, y: -1, width: 1, height: 2 },
  { x: 0, y: 0, width: 1, height: 2 },
  { x: -1, y: -1, width: 2, height: 2 },
  { x: 0, y: -1, width: 2, height: 2 },
  { x: -1, y: 0, width: 2, height: 2 },
  { x: 0, y: 0, width: 2, height: 2 },
  { x: -1, y: -1, width: 3, height: 2 },
  { x: -1, y: 0, width: 3, height: 2 },
  { x: -1, y: -1, width: 2, height: 3 },
  { x: 0, y: -1, width: 2, height: 3 },
];

/**
 * Groups in cells of their own of a random grid, each of which may have grown into free cells around it.
 * @param overlapping blocks of 2 × 3 cells are drawn as 3 × 2, as in the code of the thesis: over the next cells or out of the square
 */
export function placeGroups(groups: number, overlapping: boolean, random: Random): Layout {
  const least = Math.ceil(Math.sqrt(groups));
  const size = (): number => least + random.integer(Math.floor(least / 2) + 1);
  const [columns, rows] = [size(), size()];
  const cells = [...random.permutation(columns * rows).subarray(0, groups)].map((cell) => ({
    x: cell % columns,
    y: Math.floor(cell / columns),
  }));
  const taken = new Set(cells.map(({ x, y }) => y * columns + x));
  const places = cells.map((cell): Cells => {
    const own = cell.y * columns + cell.x;
    const possible = EXPANSIONS.map((by) => ({ ...by, x: cell.x + by.x, y: cell.y + by.y })).filter((place) => {
      const inside = place.x >= 0 && place.y >= 0 && place.x + place.width <= columns && place.y + place.height <= rows;
      return inside && cellsOf(place, columns).every((index) => index === own || !taken.has(index));
    });
    const place = possible[random.integer(possible.length)]!;
    for (const index of cellsOf(place, columns)) taken.add(index);
    return overlapping && place.height === 3 ? { ...place, width: 3, height: 2 } : place;
  });
  return { columns, rows, places };
}

function cellsOf({ x, y, width, height }: Cells, columns: number): number[] {
  return Array.from({ length: width * height }, (_, i) => (y + Math.floor(i / width)) * columns + x + (i % width));
}
