// Points that are read pass by pass: loaded where a source is given. It brings its own copy of what it imports, so it is handed the classes that the
// program tells by.
import { ROW_MEMORY } from "../../data/datasets/row-source";
import type { RowSource } from "../../data/datasets/row-source";
import type { Device } from "../../device";
import type { Tensor } from "../../tensor";
import type { Random } from "../../random";
import type { Frame, frameOf } from "../frame";
import { randomRows } from "../kmeans/kmeans-init";
import { CHUNK } from "../kmeans/lloyd";
import type { Lloyd, LloydPasses } from "../kmeans/lloyd";
import { blockBytes, StreamedLloyd } from "./lloyd";
import type { PointSet } from "./point-set";
import { openSource, TakenBlocks } from "./reading";
import type { TakeTensor } from "./reading";
import { survey } from "./survey";

export { blockRows, openSource, readBlocks, TakenBlocks } from "./reading";
export { survey } from "./survey";

/** What it is handed. */
export interface StreamTools {
  readonly takeTensor: TakeTensor;
  readonly frameOf: typeof frameOf;
  readonly Lloyd: typeof Lloyd;
}

/** Points of a source: read in blocks of whole chunks, or by number. */
export class StreamedPoints implements PointSet {
  readonly device: Device;
  readonly n: number;
  readonly d: number;
  readonly frame: Frame;
  readonly streamed = true;
  readonly #source: RowSource;
  readonly #variance: number;
  readonly #tools: StreamTools;
  readonly #rest: (() => Promise<void>) | undefined;
  /** By the most bytes of a block. */
  #blocks: TakenBlocks | undefined;

  private constructor(
    source: RowSource,
    device: Device,
    d: number,
    frame: Frame,
    variance: number,
    tools: StreamTools,
    rest?: () => Promise<void>,
  ) {
    [this.#source, this.#tools, this.device, this.n, this.d] = [source, tools, device, source.length, d];
    [this.frame, this.#variance, this.#rest] = [frame, variance, rest];
  }

  static async open(
    source: RowSource,
    device: Device,
    op: string,
    tools: StreamTools,
    rest?: () => Promise<void>,
  ): Promise<StreamedPoints> {
    const rows = openSource(source, op);
    const { low, high, mean, squares } = await survey(rows, op, rest);
    const frame = tools.frameOf(low, high, mean, op);
    const variance = squares.reduce((sum, value) => sum + value, 0) / (rows.n * rows.d) / frame.scale ** 2;
    return new StreamedPoints(source, device, rows.d, frame, variance, tools, rest);
  }

  async meanVariance(): Promise<number> {
    return this.#variance;
  }

  async gather(rows: Uint32Array): Promise<Tensor> {
    return this.#tools.takeTensor(this.device, await this.read(rows), [rows.length, this.d]);
  }

  async read(rows: Uint32Array): Promise<Float32Array> {
    return this.frame.points(await this.#source.rows(rows));
  }

  async sample<R>(least: number, random: Random, use: (points: Tensor, rows?: Uint32Array) => Promise<R>): Promise<R> {
    const { n, d } = this;
    const most = Math.max(least, Math.floor((this.#source.memory ?? ROW_MEMORY) / 16 / d));
    const rows = n <= most ? undefined : Uint32Array.from(randomRows(n, most, random)).sort();
    const points = rows
      ? await this.gather(rows)
      : await this.#tools.takeTensor(this.device, this.frame.points(await this.#source.range(0, n)), [n, d]);
    try {
      return await use(points, rows);
    } finally {
      points.dispose();
    }
  }

  async lloyd(k: number): Promise<LloydPasses> {
    const { n, d } = this;
    const read = async (begin: number, end: number, into?: Float32Array): Promise<Float32Array> =>
      this.frame.points(await this.#source.range(begin, end, into));
    this.#blocks?.dispose();
    this.#blocks = new TakenBlocks(
      this.#tools.takeTensor,
      this.device,
      { n, d, memory: this.#source.memory, read },
      CHUNK,
      blockBytes(k, d),
    );
    return new StreamedLloyd(this.#tools.Lloyd, this.#blocks, { n, d, k }, (rows) => this.read(rows), this.#rest);
  }

  dispose(): void {
    this.#blocks?.dispose();
  }
}
