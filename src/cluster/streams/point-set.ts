import { isRowSource } from "../../data/datasets/row-source";
import type { RowSource } from "../../data/datasets/row-source";
import type { Device } from "../../device";
import { empty, run, takeTensor } from "../../tensor";
import type { Tensor } from "../../tensor";
import type { Random } from "../../random";
import { meanVariance } from "../kmeans/centers";
import { frameOf } from "../frame";
import type { Frame } from "../frame";
import { Lloyd } from "../kmeans/lloyd";
import type { LloydPasses } from "../kmeans/lloyd";
import { readRows, takeRows, withPoints } from "../points";
import type { DeviceFor, PointSource } from "../points";

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
  /** Points among which centres begin: all there are where they are on the device or few, else as many random ones as a quarter of the memory holds, with their numbers. */
  sample<R>(least: number, random: Random, use: (points: Tensor, rows?: Uint32Array) => Promise<R>): Promise<R>;
  /** Lloyd's algorithm on all of them. */
  lloyd(k: number): Promise<LloydPasses>;
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
  if (isRowSource(x)) return withSource(x, deviceFor, op, use, rest);
  return withPoints(x, deviceFor, op, (points, _n, _d, frame) => use(onDevice(points, frame)));
}

/** The same of the rows of a source. */
export async function withSource<R>(
  x: RowSource,
  deviceFor: DeviceFor,
  op: string,
  use: (points: PointSet) => Promise<R>,
  rest?: () => Promise<void>,
): Promise<R> {
  const { StreamedPoints } = await import("./streamed-points");
  const points = await StreamedPoints.open(x, await deviceFor(x), op, { takeTensor, frameOf, Lloyd }, rest);
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
    gather: async (rows) => takeRows(points, rows),
    read: (rows) => readRows(points, rows),
    sample: (_least, _random, use) => use(points),
    lloyd: async (k) =>
      (points.device.type === "webgpu" ? k > 256 : d > 63 && k < 32)
        ? (await import("../kmeans/faster-lloyd")).passesOf(points, k, { Lloyd, empty, run })
        : new Lloyd(points, k),
  };
}
