import type { Grid } from "./grid";
import { mapTo } from "../typed-arrays";

/** Labels of units, and what they are made from. */
export interface UMatrix {
  /** Mean Euclidean distance of each unit's vector to those of its neighbours; 0 for a unit without neighbours. */
  readonly mean: Float64Array;
  /** Their sum, divided by the largest sum of the map: as MiniSom shows it, with low values at the border of a plane. */
  readonly scaledSum: Float64Array;
}

/** ‖w_a − w_b‖ of two rows of d numbers. */
export function distance(codebook: ArrayLike<number>, d: number, a: number, b: number): number {
  let sum = 0;
  for (let c = 0; c < d; c++) {
    const difference = codebook[a * d + c]! - codebook[b * d + c]!;
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}

/**
 * The unified distance matrix: how far each unit's vector lies from those of its neighbours on the grid (Ultsch and Siemon, "Kohonen's self organizing
 * feature maps for exploratory data analysis", INNC 1990). codebook [units, d]; `count` neighbours, default 8 on a rectangular grid and 6 on a hexagonal one.
 */
export function uMatrix(codebook: ArrayLike<number>, grid: Grid, count?: 4 | 6 | 8): UMatrix {
  const d = codebook.length / grid.units;
  const neighbours = grid.neighbours(count);
  const sums = mapTo(Float64Array, neighbours, (near, u) =>
    near.reduce((sum, other) => sum + distance(codebook, d, u, other), 0),
  );
  const largest = sums.reduce((a, b) => Math.max(a, b), 0);
  return {
    mean: sums.map((sum, u) => (neighbours[u]!.length > 0 ? sum / neighbours[u]!.length : 0)),
    scaledSum: sums.map((sum) => (largest > 0 ? sum / largest : 0)),
  };
}

/** Connected components of a graph over `count` nodes of which those in `included` take part, numbered from 0 by their first node; −1 for the others. */
export function components(
  count: number,
  included: (node: number) => boolean,
  linked: (node: number) => Iterable<number>,
): Int32Array<ArrayBuffer> {
  const labels = new Int32Array(count).fill(-1);
  let next = 0;
  for (let first = 0; first < count; first++) {
    if (labels[first] !== -1 || !included(first)) continue;
    const queue = [first];
    labels[first] = next;
    for (let node = queue.pop(); node !== undefined; node = queue.pop())
      for (const other of linked(node))
        if (labels[other] === -1 && included(other)) {
          labels[other] = next;
          queue.push(other);
        }
    next++;
  }
  return labels;
}

/** Clusters of units. */
export interface UnitClusters {
  /** Of each unit; −1 where the rule leaves it out. */
  readonly labels: Int32Array<ArrayBuffer>;
  /** The same with a cluster for each unit: those left out take that of the unit with the nearest vector that has one. */
  readonly assigned: Int32Array<ArrayBuffer>;
}

/** Gives units without a cluster that of the labelled unit whose vector is nearest, the lowest of equally near ones. All −1 stays so. */
export function assignLeftOver(codebook: ArrayLike<number>, labels: Int32Array): Int32Array<ArrayBuffer> {
  const d = codebook.length / labels.length;
  return mapTo(Int32Array, labels, (label, u) => {
    if (label !== -1) return label;
    let [best, nearest] = [Infinity, -1];
    labels.forEach((other, v) => {
      if (other === -1) return;
      const away = distance(codebook, d, u, v);
      if (away < best) [best, nearest] = [away, other];
    });
    return nearest;
  });
}

/** Units of a U-matrix value of at most `threshold` that are joined through neighbours, numbered by their first unit. */
export function uMatrixComponents(
  codebook: ArrayLike<number>,
  grid: Grid,
  threshold: number,
  count?: 4 | 6 | 8,
): UnitClusters {
  const { mean } = uMatrix(codebook, grid, count);
  const neighbours = grid.neighbours(count);
  const labels = components(
    grid.units,
    (u) => mean[u]! <= threshold,
    (u) => neighbours[u]!,
  );
  return { labels, assigned: assignLeftOver(codebook, labels) };
}

/**
 * Watershed of the U-matrix: its strict local minima are flooded from the lowest value up, each unit joining the basin that reaches it first (Meyer,
 * "Color image segmentation", 1992); no unit is left as a border. Basins are numbered in the order of their minima. On a map without any strict minimum
 * all units are one cluster.
 */
export function uMatrixWatershed(
  codebook: ArrayLike<number>,
  grid: Grid,
  count?: 4 | 6 | 8,
): { readonly labels: Int32Array<ArrayBuffer>; readonly markers: Int32Array<ArrayBuffer> } {
  const { mean } = uMatrix(codebook, grid, count);
  const neighbours = grid.neighbours(count);
  const minima = Array.from({ length: grid.units }, (_, u) => u).filter((u) =>
    neighbours[u]!.every((other) => mean[u]! < mean[other]!),
  );
  const markers = Int32Array.from(minima);
  if (minima.length === 0) return { labels: new Int32Array(grid.units), markers };
  const labels = new Int32Array(grid.units).fill(-1);
  const queue: number[] = [];
  minima.forEach((u, label) => {
    labels[u] = label;
    queue.push(u);
  });
  while (queue.length > 0) {
    let lowest = 0;
    for (let i = 1; i < queue.length; i++) if (mean[queue[i]!]! < mean[queue[lowest]!]!) lowest = i;
    const [unit] = queue.splice(lowest, 1) as [number];
    for (const other of neighbours[unit]!)
      if (labels[other] === -1) {
        labels[other] = labels[unit]!;
        queue.push(other);
      }
  }
  // a unit out of every basin's reach, which a connected grid does not have
  return { labels, markers };
}

/**
 * Two winners linkage: units are linked where they are nearest and second nearest unit of at least `minLinks` rows, in either order, and clusters are the
 * connected components, numbered by their first unit. A unit that is neither of any row has none, −1.
 */
export function twoWinnersLinkage(links: WinnerLinks, minLinks = 1): Int32Array<ArrayBuffer> {
  const { units, used } = links;
  const linked = Array.from({ length: units }, (): number[] => []);
  for (const [a, b, count] of links.pairs()) {
    if (count < minLinks) continue;
    linked[a]!.push(b);
    linked[b]!.push(a);
  }
  return components(
    units,
    (u) => used[u] === 1,
    (u) => linked[u]!,
  );
}

/** Places of the table of pairs at first, at most. */
const PLACES = 2 ** 16;

/** How many rows have which two units as nearest and second nearest. */
export class WinnerLinks {
  readonly units: number;
  /** A table of open addresses: nearest · (units + 1) + second + 1, or −1, and how many rows. */
  #keys: Float64Array;
  #rows: Float64Array;
  #filled = 0;

  constructor(units: number) {
    this.units = units;
    const places = 2 ** Math.ceil(Math.log2(Math.min(PLACES, units * (units + 1))));
    [this.#keys, this.#rows] = [new Float64Array(places).fill(-1), new Float64Array(places)];
  }

  /** Counts rows; −1 is no unit. */
  add(nearest: Int32Array, second: Int32Array): void {
    const width = this.units + 1;
    for (let i = 0; i < nearest.length; i++) if (nearest[i]! >= 0) this.#count(nearest[i]! * width + second[i]! + 1, 1);
  }

  /** Nearest and second nearest units in this order, a second of −1 where there is none, and their rows. */
  *ordered(): Generator<readonly [number, number, number]> {
    const [width, keys, rows] = [this.units + 1, this.#keys, this.#rows];
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at]!;
      if (key >= 0) yield [Math.floor(key / width), (key % width) - 1, rows[at]!];
    }
  }

  /** Pairs a < b and their rows. */
  *pairs(): Generator<readonly [number, number, number]> {
    const counts = new Map<number, number>();
    for (const [a, b, rows] of this.ordered()) {
      const key = Math.min(a, b) * this.units + Math.max(a, b);
      if (b >= 0) counts.set(key, (counts.get(key) ?? 0) + rows);
    }
    for (const [key, count] of counts) yield [Math.floor(key / this.units), key % this.units, count];
  }

  /** 1 where a unit is nearest or second nearest of any row. */
  get used(): Uint8Array {
    const used = new Uint8Array(this.units);
    for (const [a, b] of this.ordered()) {
      used[a] = 1;
      if (b >= 0) used[b] = 1;
    }
    return used;
  }

  /** Rows of all pairs. */
  get total(): number {
    let sum = 0;
    for (const [, b, rows] of this.ordered()) if (b >= 0) sum += rows;
    return sum;
  }

  #count(key: number, rows: number): void {
    const keys = this.#keys;
    const last = keys.length - 1;
    let at = key & last;
    while (keys[at] !== key && keys[at] !== -1) at = (at + 1) & last;
    this.#rows[at]! += rows;
    if (keys[at] === key) return;
    keys[at] = key;
    if (++this.#filled > keys.length / 2) this.#grow();
  }

  #grow(): void {
    const [keys, rows] = [this.#keys, this.#rows];
    this.#keys = new Float64Array(4 * keys.length).fill(-1);
    [this.#rows, this.#filled] = [new Float64Array(4 * keys.length), 0];
    keys.forEach((key, at) => key >= 0 && this.#count(key, rows[at]!));
  }
}

/** What tells how well a map fits its rows. */
export class MapQuality {
  readonly links: WinnerLinks;
  readonly #grid: Grid;
  #distance = 0;
  #rows = 0;

  constructor(grid: Grid) {
    this.#grid = grid;
    this.links = new WinnerLinks(grid.units);
  }

  /** Adds rows; −1 is no unit. */
  add(nearest: Int32Array, second: Int32Array, squaredDistances: Float32Array): void {
    this.links.add(nearest, second);
    let [distance, rows] = [this.#distance, this.#rows];
    for (let i = 0; i < nearest.length; i++) {
      if (nearest[i]! < 0) continue;
      distance += Math.sqrt(squaredDistances[i]!);
      rows++;
    }
    [this.#distance, this.#rows] = [distance, rows];
  }

  /** Rows of which each unit is the nearest. */
  get hits(): Int32Array {
    const hits = new Int32Array(this.links.units);
    for (const [unit, , rows] of this.links.ordered()) hits[unit]! += rows;
    return hits;
  }
  /** Rows that have a unit. */
  get rows(): number {
    return this.#rows;
  }
  /** Mean distance of a row to its nearest unit. */
  get quantizationError(): number {
    return this.#distance / this.#rows;
  }
  /** Share of the rows whose nearest and second nearest units are no neighbours. */
  get topographicError(): number {
    const adjacent = this.#grid.neighbours();
    let torn = 0;
    for (const [unit, second, rows] of this.links.ordered()) if (!adjacent[unit]!.includes(second)) torn += rows;
    return torn / this.#rows;
  }
}
