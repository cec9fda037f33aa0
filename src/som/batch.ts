import type { Device } from "../device";
import type { Grid } from "./grid";
import { batchStep } from "./neighbourhood";
import type { Neighbourhood } from "./neighbourhood";
import type { Blocks } from "./rows";
import { takeTensor } from "../tensor";
import type { Tensor } from "../tensor";
import { MapQuality } from "./u-matrix";
import { UnitSums, UnitsOnDevice, chunkRows } from "./units";

/** Where an epoch of a batch map stands: rows that came in any pieces, cut into chunks of one size, so that the pieces change nothing. */
export class BatchEpoch {
  readonly sums: UnitSums;
  readonly #units: UnitsOnDevice;
  readonly #chunk: number;
  /** Rows that do not fill a chunk yet. */
  #left: Float32Array<ArrayBufferLike> = new Float32Array(0);

  constructor(units: UnitsOnDevice) {
    this.#units = units;
    this.#chunk = chunkRows(units.units, units.d);
    this.sums = new UnitSums(units.units, units.d);
  }

  /** Adds rows that come after those before, [n, d]. */
  async add(rows: Float32Array): Promise<void> {
    const { d } = this.#units;
    const joined = new Float32Array(this.#left.length + rows.length);
    joined.set(this.#left);
    joined.set(rows, this.#left.length);
    const complete = Math.floor(joined.length / (this.#chunk * d)) * this.#chunk * d;
    this.#left = joined.slice(complete);
    await this.#take(joined.subarray(0, complete));
  }

  /** The sums of all rows; nothing can be added after it. */
  async finish(): Promise<UnitSums> {
    const rest = this.#left;
    this.#left = new Float32Array(0);
    await this.#take(rest);
    return this.sums;
  }

  async #take(rows: Float32Array): Promise<void> {
    if (rows.length === 0) return;
    const { d, device } = this.#units;
    const x = await takeTensor(device, rows, [rows.length / d, d]);
    try {
      this.sums.add(await this.#units.partials(x));
    } finally {
      x.dispose();
    }
  }
}

/** How far and how a winner pulls in an epoch. */
export interface Pull {
  readonly sigma: number;
  readonly cutoff?: number | undefined;
  readonly neighbourhood?: Neighbourhood | undefined;
}

/** What `find` gives of each block, in order; the next block is on its way while one is waited for. */
async function* foundIn<R>(
  blocks: Blocks,
  find: (x: Tensor) => Promise<R>,
  signal?: AbortSignal,
): AsyncGenerator<{ readonly found: R; readonly first: number; readonly rows: number }, void, undefined> {
  let ahead: { readonly found: Promise<R>; readonly first: number; readonly rows: number } | undefined;
  try {
    for await (const { x, first, rows } of blocks.pass(signal)) {
      const [before, found] = [ahead, find(x)];
      found.catch(() => undefined);
      ahead = { found, first, rows };
      if (before) yield { ...before, found: await before.found };
    }
    if (ahead) yield { ...ahead, found: await ahead.found };
  } finally {
    await ahead?.found.catch(() => undefined); // where it was stopped, what is on its way must have left the device
  }
}

/** One epoch of a batch map over all rows: the sums that its step, in place on `codebook`, was made of. */
export async function batchEpoch(
  blocks: Blocks,
  units: UnitsOnDevice,
  codebook: Float64Array,
  grid: Grid,
  { sigma, cutoff, neighbourhood }: Pull,
  onBlock?: (rows: number) => void | Promise<void>,
  signal?: AbortSignal,
): Promise<UnitSums> {
  const sums = new UnitSums(units.units, units.d);
  units.set(codebook);
  for await (const { found, first, rows } of foundIn(blocks, (x) => units.partials(x), signal)) {
    sums.add(found);
    await onBlock?.(first + rows);
  }
  batchStep(codebook, sums.sums, sums.counts, grid, sigma, cutoff, neighbourhood);
  return sums;
}

/** Nearest units of all rows with a code book as it is, and how well it fits them. */
export async function winnersOf(
  blocks: Blocks,
  n: number,
  units: UnitsOnDevice,
  grid: Grid,
  signal?: AbortSignal,
): Promise<{ nearest: Int32Array<ArrayBuffer>; quality: MapQuality }> {
  const nearest = new Int32Array(n);
  const quality = new MapQuality(grid);
  for await (const { found, first } of foundIn(blocks, (x) => units.winners(x), signal)) {
    nearest.set(found.nearest, first);
    quality.add(found.nearest, found.second, found.squaredDistances);
  }
  return { nearest, quality };
}

/** The nearest unit of each of n rows. */
export async function nearestOf(blocks: Blocks, n: number, units: UnitsOnDevice): Promise<Int32Array<ArrayBuffer>> {
  const nearest = new Int32Array(n);
  for await (const { found, first } of foundIn(blocks, (x) => units.nearest(x))) nearest.set(found, first);
  return nearest;
}

/** The rows of a chunk of such a map, for those who cut data. */
export { chunkRows };

/** Runs `use` with a code book on the device. */
export async function withUnits<R>(
  device: Device,
  codebook: ArrayLike<number>,
  units: number,
  use: (units: UnitsOnDevice) => Promise<R>,
): Promise<R> {
  const made = new UnitsOnDevice(device, units, codebook.length / units, codebook);
  try {
    return await use(made);
  } finally {
    made.dispose();
  }
}
