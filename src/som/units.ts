import * as kernels from "../kernels/som";
import type { Device } from "../device";
import type { Kernel } from "../kernel";
import { empty, run, tensor, untidied } from "../tensor";
import type { Tensor } from "../tensor";

/** Rows whose sums are taken in one go, at least. */
const CHUNK = 4096;
/** Sums that a thread's work area holds, 4 MiB of float64. */
const WORK_SUMS = 400_000;

/**
 * Rows of a chunk: sums are taken chunk by chunk and added in the order of rows, so that how the rows were cut into blocks or strips changes nothing.
 * At least 4,096, and enough that a chunk's sums are no more than half its rows.
 */
export function chunkRows(units: number, d: number): number {
  let length = CHUNK;
  while (length * d < 2 * units * (d + 2)) length *= 2;
  return length;
}

/** A device with the kernels of maps loaded and compiled. */
export async function preparedForMaps(device: Device, ...more: readonly Kernel[]): Promise<Device> {
  await device.prepare([kernels.nearestCenters, kernels.unitSums, ...more]);
  return device;
}

/** What rows gave their units: of each the sum of its rows [units, d], how many they are, and the sum of their distances ‖x − w‖. Added up in float64. */
export class UnitSums {
  readonly units: number;
  readonly d: number;
  readonly sums: Float64Array;
  readonly counts: Float64Array;
  readonly distances: Float64Array;

  constructor(units: number, d: number) {
    [this.units, this.d] = [units, d];
    this.sums = new Float64Array(units * d);
    this.counts = new Float64Array(units);
    this.distances = new Float64Array(units);
  }

  /** Adds chunks of [units, d + 2], in their order. */
  add(partials: Float32Array): void {
    const { units, d, sums, counts, distances } = this;
    for (let at = 0; at < partials.length;)
      for (let j = 0; j < units; j++) {
        for (let c = j * d; c < (j + 1) * d; c++) sums[c]! += partials[at++]!;
        counts[j]! += partials[at++]!;
        distances[j]! += partials[at++]!;
      }
  }

  /** Rows that have a unit. */
  get rows(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** Mean distance of a row to its unit. */
  get quantizationError(): number {
    return this.distances.reduce((sum, distance) => sum + distance, 0) / this.rows;
  }
}

/** The nearest and second nearest units of rows; −1 for none: of a row that is masked, or the second of a map of one unit. */
export interface Winners {
  readonly nearest: Int32Array;
  readonly second: Int32Array;
  /** Squared distances to the nearest, where there is one. */
  readonly squaredDistances: Float32Array;
}

/** A code book [units, d] on a device, with the search for the nearest unit. */
export class UnitsOnDevice {
  readonly device: Device;
  readonly units: number;
  readonly d: number;
  readonly #codebook: Tensor;

  constructor(device: Device, units: number, d: number, codebook?: ArrayLike<number>) {
    [this.device, this.units, this.d] = [device, units, d];
    this.#codebook = untidied(() =>
      codebook ? tensor(device, Float32Array.from(codebook), [units, d]) : empty(device, [units, d], "f32", "SOM"),
    );
  }

  set(codebook: ArrayLike<number>): void {
    this.device.write(this.#codebook.buffer, Float32Array.from(codebook));
  }

  dispose(): void {
    this.#codebook.dispose();
  }

  #search(x: Tensor, ranks: 1 | 2): { labels: Tensor; distances: Tensor } {
    const n = x.shape[0]!;
    const [labels, distances] = untidied(() => [
      empty(this.device, [ranks, n], "u32", "nearestCenters"),
      empty(this.device, [ranks, n], "f32", "nearestCenters"),
    ]) as [Tensor, Tensor];
    try {
      run(kernels.nearestCenters, {
        x,
        centers: this.#codebook,
        labels,
        distances,
        n,
        d: this.d,
        k: this.units,
        ranks,
      });
    } catch (error) {
      for (const used of [labels, distances]) used.dispose();
      throw error;
    }
    return { labels, distances };
  }

  /** The sums that rows x give their units, chunk by chunk: [chunks, units, d + 2]. */
  async partials(x: Tensor): Promise<Float32Array> {
    const n = x.shape[0]!;
    const { units: k, d } = this;
    const length = chunkRows(k, d);
    const chunks = Math.ceil(n / length);
    const width = Math.max(1, Math.min(d + 2, Math.floor(WORK_SUMS / k)));
    const { labels, distances } = this.#search(x, 1);
    const partials = untidied(() => empty(this.device, [chunks * k * (d + 2)], "f32", "unitSums"));
    try {
      run(kernels.unitSums, { x, labels, distances, partials, n, d, k, chunks, length, width });
      return (await partials.data()) as Float32Array;
    } finally {
      for (const used of [labels, distances, partials]) used.dispose();
    }
  }

  /** The nearest unit of each row of x; −1 for none. */
  async nearest(x: Tensor): Promise<Int32Array<ArrayBuffer>> {
    const { labels, distances } = this.#search(x, 1);
    try {
      return new Int32Array(await this.device.read(labels.buffer, 0, 4 * labels.size));
    } finally {
      for (const used of [labels, distances]) used.dispose();
    }
  }

  /** The nearest and second nearest units of rows x. */
  async winners(x: Tensor): Promise<Winners> {
    const n = x.shape[0]!;
    const { labels, distances } = this.#search(x, 2);
    try {
      const [found, squares] = await Promise.all([
        this.device.read(labels.buffer, 0, 8 * n),
        this.device.read(distances.buffer, 0, 4 * n),
      ]);
      const [nearest, second] = [new Int32Array(found, 0, n), new Int32Array(found, 4 * n, n)];
      return { nearest, second, squaredDistances: new Float32Array(squares, 0, n) };
    } finally {
      for (const used of [labels, distances]) used.dispose();
    }
  }
}
