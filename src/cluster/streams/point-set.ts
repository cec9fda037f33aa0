import { isRowSource, ROW_MEMORY } from "../../data/datasets/row-source";
import type { RowSource } from "../../data/datasets/row-source";
import type { Device } from "../../device";
import { gatherRows } from "../../ops/indexing";
import { takeTensor, untidied } from "../../tensor";
import type { Tensor } from "../../tensor";
import type { Random } from "../../random";
import { meanVariance } from "../centers";
import type { Frame } from "../frame";
import { randomRows } from "../kmeans-init";
import { CHUNK, Lloyd } from "../lloyd";
import type { LloydPasses } from "../lloyd";
import { readRows, withPoints } from "../points";
import type { DeviceFor, PointSource } from "../points";
import { Blocks, openSource } from "./blocks";
import { blockBytes, StreamedLloyd } from "./lloyd";
import { survey } from "./survey";

/** Points that a fit goes over: on a device, or read when they are needed. What it gives is in the frame. */
export interface PointSet {
  readonly device: Device;
  readonly n: number;
  readonly d: number;
  readonly frame: Frame;
  /** Whether they are read pass by pass. */
  readonly streamed: boolean;
  /** The mean of the biased variances of the columns. */
  meanVariance(): Promise<number>;
  /** Rows by number, for the caller to dispose of. */
  gather(rows: Uint32Array): Promise<Tensor>;
  /** The same on the host. */
  read(rows: Uint32Array): Promise<Float32Array>;
  /** Points among which centres begin: all there are where they are on the device or few, else as many random ones as a quarter of the memory holds. */
  sample<R>(least: number, random: Random, use: (points: Tensor) => Promise<R>): Promise<R>;
  /** Lloyd's algorithm on all of them. */
  lloyd(k: number): LloydPasses;
}

/**
 * Runs `use` with points in the frame that they need.
 * @param rest what is awaited between two blocks of a source: the caller may stop it there
 * @throws as `withPoints`, and what reading throws
 */
export async function withPointSet<R>(
  x: PointSource,
  deviceFor: DeviceFor,
  op: string,
  use: (points: PointSet) => Promise<R>,
  rest?: () => Promise<void>,
): Promise<R> {
  if (!isRowSource(x)) return withPoints(x, deviceFor, op, (points, _n, _d, frame) => use(onDevice(points, frame)));
  const points = await StreamedPoints.open(x, await deviceFor(x), op, rest);
  try {
    return await use(points);
  } finally {
    points.dispose();
  }
}

/** Points that lie on a device. */
export function onDevice(points: Tensor, frame: Frame): PointSet {
  const [n, d] = points.shape as [number, number];
  return {
    ...{ device: points.device, n, d, frame, streamed: false },
    meanVariance: () => meanVariance(points),
    gather: async (rows) => untidied(() => gatherRows(points, rows)),
    read: (rows) => readRows(points, rows),
    sample: (_least, _random, use) => use(points),
    lloyd: (k) => new Lloyd(points, k),
  };
}

/** Points of a source: read in blocks of whole chunks, or by number. */
class StreamedPoints implements PointSet {
  readonly device: Device;
  readonly n: number;
  readonly d: number;
  readonly frame: Frame;
  readonly streamed = true;
  readonly #source: RowSource;
  readonly #variance: number;
  readonly #rest: (() => Promise<void>) | undefined;
  /** By the most bytes of a block. */
  #blocks: Blocks | undefined;

  private constructor(
    source: RowSource,
    device: Device,
    d: number,
    frame: Frame,
    variance: number,
    rest?: () => Promise<void>,
  ) {
    [this.#source, this.device, this.n, this.d] = [source, device, source.length, d];
    [this.frame, this.#variance, this.#rest] = [frame, variance, rest];
  }

  static async open(
    source: RowSource,
    device: Device,
    op: string,
    rest?: () => Promise<void>,
  ): Promise<StreamedPoints> {
    const rows = openSource(source, op);
    const { frame, squares } = await survey(rows, op, rest);
    const variance = squares.reduce((sum, value) => sum + value, 0) / (rows.n * rows.d) / frame.scale ** 2;
    return new StreamedPoints(source, device, rows.d, frame, variance, rest);
  }

  async meanVariance(): Promise<number> {
    return this.#variance;
  }

  async gather(rows: Uint32Array): Promise<Tensor> {
    return takeTensor(this.device, await this.read(rows), [rows.length, this.d]);
  }

  async read(rows: Uint32Array): Promise<Float32Array> {
    return this.frame.points(await this.#source.rows(rows));
  }

  async sample<R>(least: number, random: Random, use: (points: Tensor) => Promise<R>): Promise<R> {
    const { n, d } = this;
    const most = Math.max(least, Math.floor((this.#source.memory ?? ROW_MEMORY) / 16 / d));
    const rows = n <= most ? undefined : Uint32Array.from(randomRows(n, most, random)).sort();
    const points = rows
      ? await this.gather(rows)
      : await takeTensor(this.device, this.frame.points(await this.#source.range(0, n)), [n, d]);
    try {
      return await use(points);
    } finally {
      points.dispose();
    }
  }

  lloyd(k: number): LloydPasses {
    const { n, d } = this;
    const read = async (begin: number, end: number): Promise<Float32Array> =>
      this.frame.points(await this.#source.range(begin, end));
    this.#blocks?.dispose();
    this.#blocks = new Blocks(this.device, { n, d, memory: this.#source.memory, read }, CHUNK, blockBytes(k, d));
    return new StreamedLloyd(this.#blocks, { n, d, k }, (rows) => this.read(rows), this.#rest);
  }

  dispose(): void {
    this.#blocks?.dispose();
  }
}
