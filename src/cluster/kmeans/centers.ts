import { toContiguous } from "../../matrix";
import type { MatrixLike } from "../../matrix";
import { NdArray } from "../../ndarray";
import { empty, format, indices, tensor, untidied } from "../../tensor";
import type { Tensor } from "../../tensor";
import type { Frame, Matrix } from "../frame";
import { distancesToRows } from "./kmeans-init";
import { Lloyd, total } from "./lloyd";
import { readRows } from "../points";
import { mapPoints } from "../streams/map-points";
import type { DeviceFor, PointSource } from "../points";
import { generate, mapTo } from "../../typed-arrays";

/** @throws when x has another number of columns than the centres */
export function checkColumns(op: string, d: number, centers: Matrix): void {
  if (d !== centers.shape[1]) throw new Error(`${op}: x must have ${centers.shape[1]} columns, got ${d}`);
}

/** Centres as the caller gave them, in the frame of the points. @throws unless they are finite numbers [k, d] */
export function givenCenters(init: MatrixLike, k: number, frame: Frame, d: number, op: string): Float32Array {
  const centers = toContiguous(init, op, "init");
  if (centers.shape.length !== 2 || centers.shape[0] !== k || centers.shape[1] !== d)
    throw new Error(`${op}: init must be centres ${format([k, d])}, got ${format(centers)}`);
  const values = frame.into(mapTo(Float64Array, centers.data as ArrayLike<number>, Number));
  const bad = values.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0)
    throw new Error(
      `${op}: init must be finite, got ${centers.data[bad]} at row ${Math.floor(bad / d)}, column ${bad % d}`,
    );
  return values;
}

/** The shift at which points are held against centres: none for those that float32 holds. */
export function shiftOf({ data, shape }: Matrix): Float64Array | null {
  if (data instanceof Float32Array) return null;
  const [k = 0, d = 0] = shape;
  const shift = new Float64Array(d);
  data.forEach((v, at) => (shift[at % d]! += v / k));
  return shift;
}

/** What `result` reads of the nearest of k centres [k, d] of each point x [n, d], as they lie on a device. */
export async function withAssigned<R>(
  x: Tensor,
  k: number,
  centers: Float32Array,
  result: (lloyd: Lloyd) => Promise<R>,
): Promise<R> {
  const lloyd = new Lloyd(x, k);
  try {
    lloyd.setCenters(centers);
    lloyd.assign();
    return await result(lloyd);
  } finally {
    lloyd.dispose();
  }
}

/**
 * What `result` reads of the nearest of the centres [k, d] of each row of x [n, d], of a source block by block; distances are in units of the frame.
 * @throws when x has another d
 */
async function withNearest<R>(
  x: PointSource,
  centers: Matrix,
  deviceFor: DeviceFor,
  op: string,
  result: (lloyd: Lloyd, frame: Frame) => Promise<R>,
): Promise<R[]> {
  const nearest = (points: Tensor, _: number, d: number, frame: Frame): Promise<R> => {
    checkColumns(op, d, centers);
    return withAssigned(points, centers.shape[0]!, frame.into(centers.data), (lloyd) => result(lloyd, frame));
  };
  return mapPoints(x, deviceFor, op, nearest, shiftOf(centers));
}

/** The nearest of the centres [k, d] of each row of x [n, d], the lowest of equally near ones. @throws when x has another d */
export async function nearestCenters(
  x: PointSource,
  centers: Matrix,
  deviceFor: DeviceFor,
  op: string,
): Promise<Int32Array<ArrayBuffer>> {
  const parts = await withNearest(x, centers, deviceFor, op, (lloyd) => lloyd.labels());
  return joined(parts, (length) => new Int32Array(length));
}

/** Σ ‖x − c‖² to the nearest centres. @throws when x has another d */
export async function inertiaOf(x: PointSource, centers: Matrix, deviceFor: DeviceFor, op: string): Promise<number> {
  const parts = await withNearest(
    x,
    centers,
    deviceFor,
    op,
    async (lloyd, { scale }) => scale ** 2 * (await lloyd.inertia()),
  );
  return parts.reduce((sum, part) => sum + part, 0);
}

/** Arrays one after the other; a single one as it is. */
export function joined<T extends Int32Array | Float32Array>(parts: readonly T[], make: (length: number) => T): T {
  if (parts.length === 1) return parts[0]!;
  const whole = make(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** ‖x_i − c_j‖ of rows of x [n, d] and centres [k, d]: [n, k]. @throws when x has another d */
export async function distancesToCenters(
  x: PointSource,
  centers: Matrix,
  deviceFor: DeviceFor,
  op: string,
): Promise<NdArray> {
  const k = centers.shape[0]!;
  const measured = async (points: Tensor, n: number, d: number, frame: Frame): Promise<Float32Array> => {
    checkColumns(op, d, centers);
    const made = untidied((): readonly [Tensor, Tensor, Tensor] => [
      tensor(points.device, frame.into(centers.data), centers.shape),
      indices(
        points.device,
        generate(Uint32Array, k, (j) => j),
      ),
      empty(points.device, [k, n], "f32", op),
    ]);
    try {
      const [y, rows, out] = made;
      distancesToRows(points, y, rows, out);
      const squared = await out.data();
      const distances = new Float32Array(n * k);
      for (let j = 0; j < k; j++)
        for (let i = 0; i < n; i++) distances[i * k + j] = frame.scale * Math.sqrt(squared[j * n + i]!);
      return distances;
    } finally {
      for (const tensor of made) tensor.dispose();
    }
  };
  const distances = joined(
    await mapPoints(x, deviceFor, op, measured, shiftOf(centers)),
    (length) => new Float32Array(length),
  );
  return new NdArray(distances, [distances.length / k, k]);
}

/** The mean of the biased variances of the columns of x [n, d]: the inertia of one cluster over n·d. */
export async function meanVariance(x: Tensor): Promise<number> {
  const lloyd = new Lloyd(x, 1);
  try {
    lloyd.setCenters(await readRows(x, [0]));
    lloyd.assign();
    await lloyd.update(false);
    lloyd.setCenters(await lloyd.centers());
    lloyd.assign();
    return total(await lloyd.distances()) / (lloyd.n * lloyd.d);
  } finally {
    lloyd.dispose();
  }
}
