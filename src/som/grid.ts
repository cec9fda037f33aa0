import { checkChoice, checkFlag, checkInteger } from "../checks";

/** How units touch: in rows and columns, or as honeycombs with odd rows shifted by half a unit. */
export type Topology = "rectangular" | "hexagonal";

/** What a grid is made of. */
export interface GridOptions {
  readonly rows: number;
  readonly columns: number;
  /** Default "rectangular". */
  readonly topology?: Topology;
  /** The grid closes on itself, the last row beside the first and the last column beside the first. Default false. */
  readonly toroid?: boolean;
}

/** Units of a map at most. */
const MOST = 2 ** 24;
/** Height of a row of honeycombs whose width is 1. */
const HEXAGON_HEIGHT = Math.sqrt(3) / 2;
/** Neighbours lie nearer than this: the eight around a square, or four, or the six around a hexagon. */
const REACH = { 4: 1.2, 6: 1.2, 8: 1.5 } as const;

/**
 * The units of a map, numbered row by row: unit u is in row ⌊u / columns⌋ and column u mod columns. Its place is (column, row) on a rectangular grid, and
 * (column + ½ in odd rows, row·√3/2) on a hexagonal one. On a toroid the distance is that of the shortest way around.
 */
export class Grid {
  readonly rows: number;
  readonly columns: number;
  readonly topology: Topology;
  readonly toroid: boolean;
  /** Number of units. */
  readonly units: number;
  /** Width and height around a toroid; zeros on a plane. */
  readonly period: readonly [number, number];
  #positions: Float64Array | undefined;

  /** @param op begins the errors. @throws for sizes that are not whole or more than 2^24 units, an unknown topology, and a hexagonal toroid of an odd number of rows */
  constructor({ rows, columns, topology = "rectangular", toroid = false }: GridOptions, op = "Grid") {
    checkFlag(op, { toroid });
    checkInteger(op, { rows, columns }, 1);
    checkChoice(op, { topology }, ["rectangular", "hexagonal"]);
    const hexagonal = topology === "hexagonal";
    if (hexagonal && toroid && rows % 2 !== 0)
      throw new Error(`${op}: rows must be even on a hexagonal toroid, got ${rows}`);
    [this.rows, this.columns, this.topology, this.toroid] = [rows, columns, topology, toroid];
    this.units = rows * columns;
    if (this.units > MOST)
      throw new Error(`${op}: rows × columns must be at most 2^24 units, got ${rows} × ${columns}`);
    const height = hexagonal ? HEXAGON_HEIGHT : 1;
    this.period = toroid ? [columns, rows * height] : [0, 0];
  }

  /** Places (x, y) of the units, [units, 2]. */
  get positions(): Float64Array {
    return (this.#positions ??= this.#places()); // not before it is asked for: the sizes may come from a file of anyone
  }

  /** Squared distance of two units. */
  squaredDistance(a: number, b: number): number {
    const { positions: at, period } = this;
    const dx = around(at[2 * a]! - at[2 * b]!, period[0]);
    const dy = around(at[2 * a + 1]! - at[2 * b + 1]!, period[1]);
    return dx * dx + dy * dy;
  }

  #places(): Float64Array {
    const { columns, units } = this;
    const hexagonal = this.topology === "hexagonal";
    const height = hexagonal ? HEXAGON_HEIGHT : 1;
    const positions = new Float64Array(2 * units);
    for (let u = 0; u < units; u++) {
      const row = Math.floor(u / columns);
      positions[2 * u] = (u % columns) + (hexagonal && row % 2 === 1 ? 0.5 : 0);
      positions[2 * u + 1] = row * height;
    }
    return positions;
  }

  /** Neighbours of a unit that most measures take: 8 on a rectangular grid, 6 on a hexagonal one. */
  get neighbourhood(): 6 | 8 {
    return this.topology === "hexagonal" ? 6 : 8;
  }

  /** The neighbours of each unit that exist, in ascending order. @throws for a count that the topology does not have */
  neighbours(count: 4 | 6 | 8 = this.neighbourhood): readonly (readonly number[])[] {
    const { rows, columns, topology, toroid } = this;
    if ((topology === "hexagonal") !== (count === 6))
      throw new Error(`Grid.neighbours: count must be ${topology === "hexagonal" ? "6" : "4 or 8"} here, got ${count}`);
    const limit = REACH[count] ** 2;
    return Array.from({ length: this.units }, (_, u) => {
      const [row, column] = [Math.floor(u / columns), u % columns];
      const found = new Set<number>();
      for (let r = row - 1; r <= row + 1; r++)
        for (let c = column - 1; c <= column + 1; c++) {
          if (!toroid && (r < 0 || r >= rows || c < 0 || c >= columns)) continue;
          const other = ((r + rows) % rows) * columns + ((c + columns) % columns);
          if (other !== u && this.squaredDistance(u, other) < limit) found.add(other);
        }
      return [...found].sort((a, b) => a - b);
    });
  }
}

function around(difference: number, period: number): number {
  const way = Math.abs(difference);
  return period > 0 ? Math.min(way, period - way) : way;
}
